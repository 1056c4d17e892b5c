/* program.c: an ordinary C program for WASI; tests/toolchains.py builds it, runs it and compares what it prints. */
#include <errno.h>
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

static int descending(const void *a, const void *b)
{
    const double x = *(const double *)a, y = *(const double *)b;
    return (x < y) - (x > y);
}

static void say(const char *format, ...)
{
    char text[200];
    va_list arguments;
    va_start(arguments, format);
    const int size = vsnprintf(text, sizeof text, format, arguments);
    va_end(arguments);
    printf("%d: %s\n", size, text);
}

static void at_exit(void)
{
    puts("the end");
}

int main(int argc, char **argv)
{
    atexit(at_exit);
    for (int i = 1; i < argc; i++) {
        say("argument %d of %d is %-8s|%6.3f|%lld", i, argc - 1, argv[i], strtod(argv[i], NULL), atoll(argv[i]));
    }
    double *values = malloc(3 * sizeof *values);
    for (int i = 0; i < 500; i++) {
        values = realloc(values, (size_t)(i + 1) * sizeof *values);
        values[i] = sin(i) * pow(1.01, i);
    }
    qsort(values, 500, sizeof *values, descending);
    say("%.6f %.6f %g %e %a", values[0], values[499], values[250], values[100], floor(values[10]));
    char *copy = malloc(100000);
    memset(copy, 'x', 100000);
    memmove(copy + 1, copy, 99998);
    copy[99999] = 0;
    say("%zu %c %p", strlen(copy), copy[5], (void *)0);
    free(copy);
    free(values);

    FILE *file = fopen("/data/new", "w");
    if (!file) {
        printf("no file: %s\n", strerror(errno));
        return 3;
    }
    for (int i = 0; i < 1000; i++) {
        fprintf(file, "%d %s\n", i * i, i % 2 ? "odd" : "even");
    }
    fclose(file);
    file = fopen("/data/new", "r");
    long sum = 0;
    int number;
    char word[8];
    while (fscanf(file, "%d %7s", &number, word) == 2) {
        sum += word[0] == 'o' ? number : -number;
    }
    fclose(file);
    const time_t day = 86400 * 365;
    strftime(word, sizeof word, "%Y", gmtime(&day));
    say("%ld in %s, %s", sum, word, getenv("NAME"));
    fprintf(stderr, "%s\n", strerror(ENOENT));
    return 7;
}

/* wasi_words: an ordinary C program, for any compiler that makes WASI programs: counts words.
 *
 *     zcwasm run --dir texts examples/wasi_words.wasm -n 3 texts/a.txt texts/b.txt
 *     zcwasm run --writable-dir out examples/wasi_words.wasm -o out/report.txt < text
 *
 * Built by `python buildtools/guests.py`, that is by `python -m ziglang cc -target wasm32-wasi`. */
#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define BUCKETS 4096
#define LONGEST 64

typedef struct word {
    struct word *next;
    unsigned long count;
    char text[];
} word;

static word *buckets[BUCKETS];
static size_t different;

static void add(const char *text)
{
    unsigned hash = 5381;
    for (const char *c = text; *c; c++) {
        hash = hash * 33 + (unsigned char)*c;
    }
    word **at = &buckets[hash % BUCKETS];
    while (*at && strcmp((*at)->text, text) != 0) {
        at = &(*at)->next;
    }
    if (!*at) {
        *at = calloc(1, sizeof **at + strlen(text) + 1);
        if (!*at) {
            fputs("no memory\n", stderr);
            exit(3);
        }
        strcpy((*at)->text, text);
        different++;
    }
    (*at)->count++;
}

static void count_words(FILE *file)
{
    char text[LONGEST + 1];
    size_t size = 0;
    int c;
    do {
        c = getc(file);
        if (c != EOF && (isalnum(c) || c == '\'')) {
            if (size < LONGEST) {
                text[size++] = (char)tolower(c);
            }
        } else if (size > 0) {
            text[size] = 0;
            add(text);
            size = 0;
        }
    } while (c != EOF);
}

static int by_count(const void *a, const void *b)
{
    const word *one = *(const word *const *)a, *other = *(const word *const *)b;
    if (one->count != other->count) {
        return one->count < other->count ? 1 : -1;
    }
    return strcmp(one->text, other->text);
}

static int report(FILE *out, size_t most)
{
    word **all = calloc(different + 1, sizeof *all);
    if (!all) {
        return 3;
    }
    size_t found = 0;
    for (size_t i = 0; i < BUCKETS; i++) {
        for (word *at = buckets[i]; at; at = at->next) {
            all[found++] = at;
        }
    }
    qsort(all, found, sizeof *all, by_count);
    for (size_t i = 0; i < found && i < most; i++) {
        fprintf(out, "%8lu %s\n", all[i]->count, all[i]->text);
    }
    free(all);
    return 0;
}

int main(int argc, char **argv)
{
    size_t most = 10;
    FILE *out = stdout;
    int files = 0;
    for (int i = 1; i < argc; i++) {
        if (strcmp(argv[i], "-n") == 0 && i + 1 < argc) {
            most = strtoul(argv[++i], NULL, 10);
        } else if (strcmp(argv[i], "-o") == 0 && i + 1 < argc) {
            out = fopen(argv[++i], "w");
            if (!out) {
                fprintf(stderr, "%s: %s\n", argv[i], strerror(errno));
                return 2;
            }
        } else {
            FILE *file = fopen(argv[i], "r");
            if (!file) {
                fprintf(stderr, "%s: %s\n", argv[i], strerror(errno));
                return 2;
            }
            count_words(file);
            fclose(file);
            files++;
        }
    }
    if (files == 0) {
        count_words(stdin);
    }
    int code = report(out, most);
    return out != stdout && fclose(out) != 0 ? 2 : code;
}

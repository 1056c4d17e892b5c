/* The guest of `zcwasm demo`: two matrices that it fills, a product that it checks. Freestanding, so that any C
 * compiler for WebAssembly will do; how demo.wasm is built: README.md here.
 *
 * It owns its memory: setup lays A, B and C (n by n float32, row after row) behind each other with a bump
 * allocator over memory.grow. It never multiplies matrices: the product is somebody else's work, done where
 * the matrices lie.
 *
 * The pattern is A[i][k] = a(i) + u(k) and B[k][j] = v(k) + b(j), where a, u, v, b are hashes from -3 to 3. Then
 *     C[i][j] = sum over k of A[i][k] * B[k][j] = n*a(i)*b(j) + a(i)*sum(v) + b(j)*sum(u) + sum(u*v),
 * three sums and four terms per element, none of which a matrix product computes. Every partial sum is an
 * integer below 36 * 18,918 < 2^24, exact in float32 in any order of addition: one wrong, missing, doubled or
 * misplaced element shows, and verify needs no tolerance. */

#define EXPORT(name) __attribute__((export_name(#name))) name

typedef unsigned int u32;
typedef unsigned long long u64;

enum { ALIGNMENT = 64, PAGE = 65536, LARGEST = 18918 /* 3 * 4 * n^2 bytes, and a little more, in 4 GiB */ };

extern unsigned char __heap_base; /* where the linker's own data end */

static u32 size; /* n of the last setup */
static float *A, *B, *C;
static int *row_a, *inner_u, *inner_v, *column_b;

/* --- memory --- */

static u64 heap_end;

static void *allocate(u64 bytes)
{
    u64 start = (heap_end + ALIGNMENT - 1) / ALIGNMENT * ALIGNMENT;
    u64 end = start + bytes;
    u64 have = (u64)__builtin_wasm_memory_size(0) * PAGE;
    if (end > have) {
        u64 pages = (end - have + PAGE - 1) / PAGE;
        if (pages > 65536 || __builtin_wasm_memory_grow(0, (u32)pages) == (unsigned long)-1)
            return 0;
    }
    heap_end = end;
    return (void *)(unsigned long)start;
}

/* --- the pattern --- */

static int hash(u32 which, u32 index)
{
    u32 x = (index * 4 + which + 1) * 2654435761u;
    x ^= x >> 15;
    x *= 2246822519u;
    x ^= x >> 13;
    return (int)(x % 7) - 3;
}

/* Allocates everything for size n; what an earlier setup allocated is used again. 1, or 0 when n is 0 or too
 * large or memory cannot grow enough. */
int EXPORT(setup)(u32 n)
{
    size = 0;
    if (n == 0 || n > LARGEST)
        return 0;
    heap_end = (unsigned long)&__heap_base;
    u64 vector = (u64)n * sizeof(int), matrix = (u64)n * n * sizeof(float);
    row_a = allocate(vector);
    inner_u = allocate(vector);
    inner_v = allocate(vector);
    column_b = allocate(vector);
    A = allocate(matrix);
    B = allocate(matrix);
    C = allocate(matrix);
    if (!row_a || !inner_u || !inner_v || !column_b || !A || !B || !C)
        return 0;
    for (u32 i = 0; i < n; i++) {
        row_a[i] = hash(0, i);
        inner_u[i] = hash(1, i);
        inner_v[i] = hash(2, i);
        column_b[i] = hash(3, i);
    }
    size = n;
    return 1;
}

float *EXPORT(a)(void)
{
    return A;
}
float *EXPORT(b)(void)
{
    return B;
}
float *EXPORT(c)(void)
{
    return C;
}

/* row[i] = x + y[i] */
static void fill_row(float *row, int x, const int *y, u32 n)
{
    for (u32 i = 0; i < n; i++)
        row[i] = (float)(x + y[i]);
}

/* Fills A and B, and C with a value that no product has, so that a device which does nothing is found out.
 * 1, or 0 when n is not what setup was called with. */
int EXPORT(fill)(u32 n)
{
    if (n == 0 || n != size)
        return 0;
    for (u32 i = 0; i < n; i++) {
        fill_row(A + (u64)i * n, row_a[i], inner_u, n);
        fill_row(B + (u64)i * n, inner_v[i], column_b, n);
    }
    u64 count = (u64)n * n;
    for (u64 i = 0; i < count; i++)
        C[i] = 0.5f;
    return 1;
}

/* How many of the n * n elements of C are not exactly what they must be; -1 when n is not setup's. */
int EXPORT(verify)(u32 n)
{
    if (n == 0 || n != size)
        return -1;
    int sum_u = 0, sum_v = 0, sum_uv = 0;
    for (u32 k = 0; k < n; k++) {
        sum_u += inner_u[k];
        sum_v += inner_v[k];
        sum_uv += inner_u[k] * inner_v[k];
    }
    u32 wrong = 0;
    for (u32 i = 0; i < n; i++) {
        const float *row = C + (u64)i * n;
        int constant = row_a[i] * sum_v + sum_uv;
        int slope = row_a[i] * (int)n + sum_u;
        for (u32 j = 0; j < n; j++)
            wrong += row[j] != (float)(constant + slope * column_b[j]);
    }
    return (int)wrong;
}

/* FNV-1a over the 32-bit words of C: equal results have equal checksums. 0 when n is not setup's. */
u32 EXPORT(checksum)(u32 n)
{
    if (n == 0 || n != size)
        return 0;
    const u32 *words = (const u32 *)C;
    u64 count = (u64)n * n;
    u32 sum = 2166136261u;
    for (u64 i = 0; i < count; i++)
        sum = (sum ^ words[i]) * 16777619u;
    return sum;
}

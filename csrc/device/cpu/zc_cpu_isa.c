/* zc_cpu_isa: which instruction set this process uses, chosen once.
 *
 * The choice is an atomic pointer to a constant table; threads that race for the first use find the same
 * answer. AVX registers count only when the operating system saves them (XCR0), which the compiler's
 * __builtin_cpu_supports checks as well; the check is spelled out because that builtin's answer for
 * AVX-512 state has differed between compiler runtimes. ZCWASM_ISA is read at the first use only.
 *
 * Tiles of AMX are state that Linux keeps for those processes only that have asked for it, once, for all of their
 * threads and the children of forks. It is asked for where AMX would be chosen, or its presence is wanted; a refusal,
 * of an old system, of a sandbox, or because a thread's stack for signals is too small, counts as no AMX.
 */
#if defined(__linux__)
#define _GNU_SOURCE
#endif
#include <stdatomic.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "device/cpu/zc_cpu_ops.h"

#if defined(__x86_64__)
#include <cpuid.h>

static uint64_t enabled_state(void)
{
    uint32_t low, high;
    __asm__ volatile("xgetbv" : "=a"(low), "=d"(high) : "c"(0));
    return (uint64_t)high << 32 | low;
}

#if ZC_HAS_AMX
#include <sys/syscall.h>
#include <unistd.h>

#define REQUEST_STATE 0x1023 /* ARCH_REQ_XCOMP_PERM, which is younger than some systems' headers */
#define TILE_DATA 18

/* Asking again is harmless, and answered the same. */
static bool may_use_tiles(void)
{
    return syscall(SYS_arch_prctl, REQUEST_STATE, TILE_DATA) == 0;
}
#endif

static bool available(const zc_cpu_ops *ops)
{
    uint32_t a, b, c, d, b7, c7, d7;
    uint64_t state;
    if (ops == &zc_cpu_ops_baseline) {
        return true;
    }
    if (!__get_cpuid(1, &a, &b, &c, &d) || !(c & bit_OSXSAVE) || !(c & bit_AVX) || !(c & bit_FMA) || !(c & bit_F16C) ||
        !__get_cpuid_count(7, 0, &a, &b7, &c7, &d7) || !(b7 & bit_AVX2)) {
        return false;
    }
    state = enabled_state();
    if ((state & 0x6) != 0x6) { /* xmm, ymm */
        return false;
    }
    if (ops == &zc_cpu_ops_avx2) {
        return true;
    }
#if ZC_HAS_AVX_VNNI
    if (ops == &zc_cpu_ops_avx2vnni) {
        uint32_t a1;
        return a >= 1 && __get_cpuid_count(7, 1, &a1, &b, &c, &d) && (a1 & 1u << 4);
    }
#endif
    if ((state & 0xe6) != 0xe6 || /* and opmask, the upper zmm halves, the upper zmm registers */
        !(b7 & bit_AVX512F) || !(b7 & bit_AVX512DQ) || !(b7 & bit_AVX512BW) || !(b7 & bit_AVX512VL)) {
        return false;
    }
    if (ops == &zc_cpu_ops_avx512 || !(c7 & bit_AVX512VNNI)) {
        return ops == &zc_cpu_ops_avx512;
    }
#if ZC_HAS_AMX
    if (ops == &zc_cpu_ops_amx) {
        const uint32_t all = 1u << 22 | 1u << 24 | 1u << 25; /* of BF16, tiles, of bytes */
        return (d7 & all) == all && (state & 0x60000) == 0x60000 && may_use_tiles();
    }
#endif
    return true;
}

/* The best first. */
static const zc_cpu_ops *const known[] = {
#if ZC_HAS_AMX
    &zc_cpu_ops_amx,
#endif
    &zc_cpu_ops_vnni,     &zc_cpu_ops_avx512,
#if ZC_HAS_AVX_VNNI
    &zc_cpu_ops_avx2vnni,
#endif
    &zc_cpu_ops_avx2,     &zc_cpu_ops_baseline,
};
#elif defined(__aarch64__)
#if defined(__linux__)
#include <sys/auxv.h>

/* The bits' names are younger than the kernels that set them. */
#define HAS_DOT() ((getauxval(AT_HWCAP) & 1ul << 20) != 0)
#define HAS_I8MM() ((getauxval(AT_HWCAP2) & 1ul << 13) != 0)
#elif defined(__APPLE__)
#include <sys/sysctl.h>

static bool has(const char *feature)
{
    int value = 0;
    size_t size = sizeof value;
    return sysctlbyname(feature, &value, &size, NULL, 0) == 0 && value != 0;
}

#define HAS_DOT() has("hw.optional.arm.FEAT_DotProd")
#define HAS_I8MM() has("hw.optional.arm.FEAT_I8MM")
#else
#define HAS_DOT() false
#define HAS_I8MM() false
#endif

static bool available(const zc_cpu_ops *ops)
{
#if defined(ZC_NEON_DOT)
    if (ops == &zc_cpu_ops_neondot) {
        return HAS_DOT();
    }
#endif
#if defined(ZC_NEON_I8MM)
    if (ops == &zc_cpu_ops_neoni8mm) {
        return HAS_DOT() && HAS_I8MM();
    }
#endif
    return ops == &zc_cpu_ops_neon;
}

static const zc_cpu_ops *const known[] = {
#if defined(ZC_NEON_I8MM)
    &zc_cpu_ops_neoni8mm,
#endif
#if defined(ZC_NEON_DOT)
    &zc_cpu_ops_neondot,
#endif
    &zc_cpu_ops_neon,
};
#else
static bool available(const zc_cpu_ops *ops)
{
    (void)ops;
    return true;
}

static const zc_cpu_ops *const known[] = {&zc_cpu_ops_baseline};
#endif

static _Atomic(const zc_cpu_ops *) chosen;

static const zc_cpu_ops *choose(void)
{
    const char *forced = getenv("ZCWASM_ISA");
    const size_t count = sizeof known / sizeof *known;
    for (size_t i = 0; forced != NULL && i < count; i++) {
        if (strcmp(forced, known[i]->name) == 0 && available(known[i])) {
            return known[i];
        }
    }
    for (size_t i = 0; i < count; i++) {
        if (available(known[i])) {
            return known[i];
        }
    }
    return NULL; /* not reached: the last one is always there */
}

const zc_cpu_ops *zc_cpu_get_ops(void)
{
    const zc_cpu_ops *ops = atomic_load_explicit(&chosen, memory_order_acquire);
    if (ops == NULL) {
        ops = choose();
        atomic_store_explicit(&chosen, ops, memory_order_release);
    }
    return ops;
}

const char *zc_cpu_isa(void)
{
    return zc_cpu_get_ops()->name;
}

const char *zc_cpu_known_isa(size_t i, bool *here)
{
    if (i >= sizeof known / sizeof *known) {
        return NULL;
    }
    *here = available(known[i]);
    return known[i]->name;
}

/* accelerate.c: that Apple declares cblas_sgemm as csrc/device/cpu/zc_cpu_blas.h has it. Compiled, never run, on a Mac by
 * `python buildtools/metal.py apple`, with the declarations of both names that are looked up: that of macOS 13.3 needs
 * -DACCELERATE_NEW_LAPACK. A declaration that differs from an earlier one is an error. */
#include <Accelerate/Accelerate.h>

#include "device/cpu/zc_cpu_blas.h"

void cblas_sgemm(enum CBLAS_ORDER, enum CBLAS_TRANSPOSE, enum CBLAS_TRANSPOSE, int, int, int, float, const float *, int,
                 const float *, int, float, float *, int);

_Static_assert(sizeof(enum CBLAS_ORDER) == sizeof(int) && sizeof(enum CBLAS_TRANSPOSE) == sizeof(int), "passed as int");
_Static_assert(CblasRowMajor == 101 && CblasNoTrans == 111 && CblasTrans == 112, "as in zc_cpu_blas.c");

zc_cpu_sgemm zc_is_called_with(void);
zc_cpu_sgemm zc_is_called_with(void)
{
    return (zc_cpu_sgemm)cblas_sgemm;
}

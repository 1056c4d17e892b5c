/* gemm: the matrix task of `zcwasm demo`, driven wholly by the guest: it fills two matrices, has the device multiply
 * them where they lie, and checks every element. examples/gemm.py runs it. */
#include "../zcwasm/guests/demo.c"

#include <zcwasm_helpers.h>

/* C = A * B of the last setup. 0 or a negative zcg_errno. */
int32_t EXPORT(multiply)(void)
{
    int32_t code = zcg_matmul(0, A, B, C, size, size, size);
    return code < 0 ? code : zcg_run();
}

/* All of it for n by n matrices: the number of wrong elements, or a negative zcg_errno. */
int32_t EXPORT(run)(u32 n)
{
    if (!setup(n))
        return -ZCG_ENOMEM;
    fill(n);
    int32_t code = multiply();
    if (code < 0) {
        char text[200];
        int32_t length = zcg_error_text(text, sizeof text);
        zcg_log(ZCG_LOG_ERROR, text, length < (int32_t)sizeof text ? (u32)length : sizeof text);
        return code;
    }
    return verify(n);
}

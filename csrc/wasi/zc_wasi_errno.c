/* zc_wasi_errno: the host's error numbers as those of WASI; the table is in zc_wasi_internal.h. */
#include "wasi/zc_wasi_internal.h"

#include <errno.h>

zc_wasi_errno zc_wasi_from_host(int host_errno)
{
#define X(name, number, host)                  \
    if ((host) != 0 && host_errno == (host)) { \
        return W_##name;                       \
    }
    ZC_WASI_ERRNO_LIST(X)
#undef X
    return host_errno == ENOTSUP ? W_NOTSUP : W_IO;
}

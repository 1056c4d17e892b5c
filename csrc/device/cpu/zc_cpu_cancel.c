/* zc_cpu_cancel: see zc_cpu_cancel.h. */
#include "device/cpu/zc_cpu_cancel.h"

_Thread_local zc_cpu_flag *zc_cpu_cancel;

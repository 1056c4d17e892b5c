/* csrc/region/zc_region_mach.c, compiled against the fake of macOS beside this file. */
#define __APPLE__ 1
#include "region/zc_region_mach.c"

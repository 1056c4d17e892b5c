/* zc_driver: see zc_driver.h. */
#include "device/zc_driver.h"

static _Atomic unsigned inside;

void zc_driver_enter(void)
{
    inside++;
}

void zc_driver_leave(void)
{
    inside--;
}

bool zc_driver_inside(void)
{
    return inside != 0;
}

void zc_driver_reset(void)
{
    inside = 0;
}

/* zc_kernel_elementwise: fill, affine, axpby, add and mul.
 *
 * All bindings are of one length, and the parameters begin with the count. An access costs as much as the
 * multiply-add, the first of a page more. Pure functions, any thread.
 */
#include "kernel/zc_kernel_internal.h"

static uint64_t work_fill(const void *params)
{
    return zc_times(((const zc_fill_params *)params)->count, 2);
}

ZC_KERNEL_FUNCTIONS(fill, zc_extent_elementwise, zc_groups_elementwise, work_fill)

static uint64_t work_affine(const void *params)
{
    return zc_times(((const zc_affine_params *)params)->count, 2);
}

ZC_KERNEL_FUNCTIONS(affine, zc_extent_elementwise, zc_groups_elementwise, work_affine)

static uint64_t work_axpby(const void *params)
{
    return zc_times(((const zc_axpby_params *)params)->count, 3);
}

ZC_KERNEL_FUNCTIONS(axpby, zc_extent_elementwise, zc_groups_elementwise, work_axpby)

static uint64_t work_of_two(const void *params)
{
    return zc_times(((const zc_elementwise_params *)params)->count, 3);
}

ZC_KERNEL_FUNCTIONS(add, zc_extent_elementwise, zc_groups_elementwise, work_of_two)
ZC_KERNEL_FUNCTIONS(mul, zc_extent_elementwise, zc_groups_elementwise, work_of_two)

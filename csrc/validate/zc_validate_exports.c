/* zc_validate_exports: export names are unique.
 *
 * By sorting indices and comparing neighbours. A heap sort, because neither its time nor its memory can be
 * made worse by the names chosen, which is more than qsort promises. The index array is the only allocation
 * and is gone on return. Ownership and threads: zc_validate_internal.h.
 */
#include "validate/zc_validate_internal.h"

#include <string.h>

#include "base/zc_alloc.h"

static int compare_exports(const zc_export *exports, uint32_t a, uint32_t b)
{
    const zc_name *left = &exports[a].name;
    const zc_name *right = &exports[b].name;
    if (left->size != right->size) {
        return left->size < right->size ? -1 : 1;
    }
    return memcmp(left->bytes, right->bytes, left->size);
}

static void sift_down(const zc_export *exports, uint32_t *order, uint32_t root, uint32_t count)
{
    const uint32_t moving = order[root];
    for (;;) {
        uint32_t child = 2 * root + 1;
        if (child >= count) {
            break;
        }
        if (child + 1 < count && compare_exports(exports, order[child], order[child + 1]) < 0) {
            child++;
        }
        if (compare_exports(exports, moving, order[child]) >= 0) {
            break;
        }
        order[root] = order[child];
        root = child;
    }
    order[root] = moving;
}

zc_status zc_check_unique_exports(const uint8_t *module, const zc_module_info *info, zc_error *error)
{
    const zc_export *exports = info->exports;
    const uint32_t count = info->export_count;
    if (count < 2) {
        return ZC_OK;
    }
    uint32_t *order = zc_calloc(count, sizeof *order);
    if (!order) {
        return zc_fail(error, ZC_NO_MEMORY, "no memory for %u export names", count);
    }
    for (uint32_t i = 0; i < count; i++) {
        order[i] = i;
    }
    for (uint32_t i = count / 2; i > 0; i--) {
        sift_down(exports, order, i - 1, count);
    }
    for (uint32_t i = count - 1; i > 0; i--) {
        const uint32_t largest = order[0];
        order[0] = order[i];
        order[i] = largest;
        sift_down(exports, order, 0, i);
    }
    zc_status status = ZC_OK;
    for (uint32_t i = 1; i < count && status == ZC_OK; i++) {
        if (compare_exports(exports, order[i - 1], order[i]) == 0) {
            char quoted[96];
            const zc_name name = exports[order[i]].name;
            status = zc_fail_at(error, ZC_INVALID, (uint64_t)(name.bytes - module), "duplicate export name %s",
                                zc_quote_name(quoted, sizeof quoted, name));
        }
    }
    zc_free(order);
    return status;
}

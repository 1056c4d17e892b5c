/* zc_device_registry: which devices there are, and which one is opened. The only file here that names the backends.
 *
 * Owns nothing. Threads: any.
 */
#include <ctype.h>
#include <string.h>

#include "device/zc_device_internal.h"
#include "device/zc_driver.h"

/* Best first. */
static const zc_device_backend *const backends[] = {&zc_device_metal, &zc_device_vulkan, &zc_device_cpu};
#define BACKENDS (sizeof backends / sizeof backends[0])

/* The devices of one kind, best first; at least one entry, which may be an absent one. */
static size_t list_kind(const zc_device_backend *backend, zc_device_info *out, size_t capacity)
{
    size_t count = 1;
    zc_driver_enter();
    if (backend->list) {
        count = backend->list(out, capacity);
    } else if (capacity) {
        memset(out, 0, sizeof *out);
        out->kind = backend->kind;
        backend->probe(out);
    }
    zc_driver_leave();
    return count;
}

size_t zc_device_list(zc_device_info *out, size_t capacity)
{
    size_t count = 0;
    for (size_t i = 0; i < BACKENDS; i++) {
        size_t room = count < capacity ? capacity - count : 0;
        count += list_kind(backends[i], room ? out + count : NULL, room);
    }
    return count;
}

int64_t zc_device_validation(const char *kind, char *out, size_t size)
{
    for (size_t i = 0; i < BACKENDS; i++) {
        if (strcmp(backends[i]->kind, kind) == 0 && backends[i]->validation) {
            return backends[i]->validation(out, size);
        }
    }
    return -1;
}

/* Whether `text` contains `part`, letters of either case being equal. */
static bool contains(const char *text, const char *part)
{
    for (; *text; text++) {
        size_t i = 0;
        while (part[i] && tolower((unsigned char)text[i]) == tolower((unsigned char)part[i])) {
            i++;
        }
        if (!part[i]) {
            return true;
        }
    }
    return !*part;
}

/* Which of the kind's devices the options ask for: an index, or ZC_BAD_VALUE. */
static zc_status choose(const char *kind, const zc_device_info *infos, size_t count, const zc_device_options *options,
                        size_t *out, zc_error *error)
{
    *out = 0;
    if (options->by_index) {
        if (options->index >= count) {
            return zc_fail(error, ZC_BAD_VALUE, "there is no device %s number %u: there are %zu, counted from 0", kind,
                           options->index, count);
        }
        *out = options->index;
        return ZC_OK;
    }
    const char *wish = options->uuid ? options->uuid : options->name;
    if (!wish) {
        return ZC_OK;
    }
    for (size_t i = 0; i < count; i++) {
        const zc_device_info *info = &infos[i];
        if (options->uuid ? info->uuid[0] && strcmp(info->uuid, wish) == 0
                          : info->name[0] && (contains(info->name, wish) || contains(info->driver, wish))) {
            *out = i;
            return ZC_OK;
        }
    }
    return zc_fail(error, infos[0].available ? ZC_BAD_VALUE : ZC_DEVICE,
                   "no device %s has the %s \"%.60s\"; of %zu the first is %s", kind, options->uuid ? "UUID" : "name",
                   wish, count, infos[0].available || !infos[0].reason[0] ? infos[0].name : infos[0].reason);
}

#define MAX_OF_KIND 16

zc_status zc_device_open(const char *kind, const zc_device_options *options, zc_device **out, zc_error *error)
{
    static const zc_device_options none = {0};
    zc_device_info infos[MAX_OF_KIND];
    zc_error why;
    if (!options) {
        options = &none;
    }
    for (size_t i = 0; kind && i < BACKENDS; i++) {
        if (strcmp(backends[i]->kind, kind) == 0) {
            size_t which, count = list_kind(backends[i], infos, MAX_OF_KIND);
            zc_status status = choose(kind, infos, count < MAX_OF_KIND ? count : MAX_OF_KIND, options, &which, error);
            return status == ZC_OK ? zc_device_open_on(backends[i], &infos[which], options, out, error) : status;
        }
    }
    if (kind) {
        return zc_fail(error, ZC_BAD_VALUE, "there is no device kind \"%.40s\": metal, vulkan and cpu are known", kind);
    }
    if (options->by_index || options->name || options->uuid) {
        return zc_fail(error, ZC_BAD_VALUE,
                       "index, name and uuid choose among devices of one kind: give the kind, too");
    }
    for (size_t i = 0; i + 1 < BACKENDS; i++) {
        size_t count = list_kind(backends[i], infos, MAX_OF_KIND);
        for (size_t j = 0; j < count && j < MAX_OF_KIND; j++) {
            if (infos[j].available && !infos[j].software &&
                zc_device_open_on(backends[i], &infos[j], options, out, &why) == ZC_OK) {
                return ZC_OK;
            }
        }
    }
    (void)list_kind(backends[BACKENDS - 1], infos, 1);
    return zc_device_open_on(backends[BACKENDS - 1], &infos[0], options, out, error);
}

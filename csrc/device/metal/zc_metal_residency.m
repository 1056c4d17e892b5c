/* zc_metal_residency: keeps buffers from being unwired while they are in use, from macOS 15 on.
 *
 * The buffers that work named in the last KEEP_NS are in one residency set, as many as the system wants wired: first those
 * of files, which are weights, then those that were named last. A set alone does not keep them: about a second after the
 * last request the system may let go of them again, and the first work after a pause then waits for all of it. So the
 * device's second thread (zc_device_metal.m) requests every BEAT_NS, as long as work came in the last KEEP_NS. It does that, and
 * all changes of the set, alone and without a lock: a request takes as long as the reading of a model's file. What was
 * never named by work is not in the set, so that opening a model reads nothing.
 *
 * Functions named _macos15 are called only where the system has what they use; who calls them asks at run time.
 *
 * Ownership: the set is the device's. A buffer belongs to the list here from zc_metal_resident_add on, and is freed here.
 * Threads: any for the list, whose lock is held for moments; that thread only for the set.
 */
#include <objc/runtime.h>
#include <stdlib.h>

#include "base/zc_alloc.h"
#include "device/metal/zc_metal.h"

/* Memory of the system is unwired after about a second. */
#define BEAT_NS ((int64_t)200 * 1000 * 1000)
/* Longer than people think about an answer; after that the memory is others'. */
#define KEEP_NS ((int64_t)180 * 1000 * 1000 * 1000)

void zc_metal_make_residency_macos15(zc_metal_device *self)
{
    /* The class is looked up by name, so that nothing links to it on older systems. */
    Class descriptor_class = objc_getClass("MTLResidencySetDescriptor");
    NSError *problem = nil;
    if (!descriptor_class) {
        return;
    }
    id descriptor = [[descriptor_class alloc] init];
    id<MTLDevice_macos15> device = (id<MTLDevice_macos15>)self->device;
    self->residency = [device newResidencySetWithDescriptor:descriptor error:&problem];
    [descriptor release];
    if (self->residency) { /* without it everything works, with pauses after idle time */
        zc_metal_keep_resident_macos15(self, self->queue);
    }
}

void zc_metal_keep_resident_macos15(zc_metal_device *self, id<MTLCommandQueue> queue)
{
    [(id<MTLCommandQueue_macos15>)queue addResidencySet:self->residency];
}

void zc_metal_resident_add(zc_metal_device *self, zc_metal_buffer *buffer)
{
    void *address = [buffer->buffer contents];
    pthread_mutex_lock(&self->resident_lock);
    for (zc_metal_buffer *each = self->buffers; each; each = each->next) {
        each->replaced = each->replaced || [each->buffer contents] == address; /* its memory has grown */
    }
    buffer->next = self->buffers;
    self->buffers = buffer;
    pthread_mutex_unlock(&self->resident_lock);
}

static void unlink_buffer(zc_metal_device *self, zc_metal_buffer *buffer)
{
    zc_metal_buffer **at = &self->buffers;
    while (*at != buffer) {
        at = &(*at)->next;
    }
    *at = buffer->next;
}

static void free_buffer(zc_metal_buffer *buffer)
{
    [buffer->buffer release];
    zc_free(buffer);
}

bool zc_metal_resident_release(zc_metal_device *self, zc_metal_buffer *buffer)
{
    pthread_mutex_lock(&self->resident_lock);
    bool later = buffer->resident;
    buffer->released = true;
    if (!later) {
        unlink_buffer(self, buffer);
    }
    pthread_mutex_unlock(&self->resident_lock);
    if (!later) {
        free_buffer(buffer);
    }
    return later;
}

bool zc_metal_resident_use(zc_metal_device *self, const zc_device_piece *work)
{
    bool first = false;
    int64_t now = zc_clock_ns();
    for (size_t i = 0; i < work->count; i++) {
        for (unsigned j = 0; j < work->commands[i].kernel->binding_count; j++) {
            zc_metal_buffer *buffer = work->commands[i].bindings[j].buffer;
            if (buffer) {
                first = first || atomic_load_explicit(&buffer->used, memory_order_relaxed) == 0;
                atomic_store_explicit(&buffer->used, now, memory_order_relaxed);
            }
        }
    }
    int64_t before = atomic_exchange_explicit(&self->used, now, memory_order_relaxed);
    return first || now - before > ZC_METAL_AWAKE_NS;
}

/* A buffer that could be resident, as it was when it was looked at. */
typedef struct candidate {
    zc_metal_buffer *buffer;
    int64_t used;
} candidate;

static int better(const void *a, const void *b)
{
    const candidate *x = a, *y = b;
    if (x->buffer->read_only != y->buffer->read_only) {
        return x->buffer->read_only ? -1 : 1;
    }
    return x->used > y->used ? -1 : x->used < y->used;
}

/* What is to be resident, `wanted`; with the lock held. False when there is no memory to think in. */
static bool choose(zc_metal_device *self, int64_t now)
{
    size_t count = 0;
    uint64_t limit = self->resident_limit, bytes = 0;
    for (zc_metal_buffer *each = self->buffers; each; each = each->next) {
        count++;
        each->wanted = false;
    }
    candidate *all = zc_malloc((count + 1) * sizeof *all);
    if (!all) {
        return false;
    }
    count = 0;
    for (zc_metal_buffer *each = self->buffers; each; each = each->next) {
        int64_t used = atomic_load_explicit(&each->used, memory_order_relaxed);
        if (used && now - used <= KEEP_NS && !each->replaced && !each->released) {
            all[count++] = (candidate){.buffer = each, .used = used};
        }
    }
    qsort(all, count, sizeof *all, better);
    for (size_t i = 0; i < count; i++) {
        uint64_t size = all[i].buffer->size;
        if (size <= limit && bytes <= limit - size) { /* more the system pages as it sees fit */
            all[i].buffer->wanted = true;
            bytes += size;
        }
    }
    zc_free(all);
    return true;
}

/* One buffer that is not where it is wanted, from now on marked as if it were; NULL when there is none. */
static zc_metal_buffer *next_change(zc_metal_device *self)
{
    zc_metal_buffer *found = NULL;
    pthread_mutex_lock(&self->resident_lock);
    for (zc_metal_buffer *each = self->buffers; each && !found; each = each->next) {
        if (each->resident != (each->wanted && !each->released)) {
            found = each;
        }
    }
    if (found) {
        found->resident = !found->resident;
    }
    pthread_mutex_unlock(&self->resident_lock);
    return found;
}

/* Make the set what it is to be. What was released while it was in, or about to be, is freed here, after the commit:
 * until then it is still in the set, and nobody says that a set retains what is. */
static void settle_macos15(zc_metal_device *self)
{
    zc_metal_buffer *buffer, *released = NULL;
    bool changed = false;
    while ((buffer = next_change(self))) {
        if (buffer->resident) {
            [self->residency addAllocation:buffer->buffer];
        } else {
            [self->residency removeAllocation:buffer->buffer];
            pthread_mutex_lock(&self->resident_lock);
            bool gone = buffer->released;
            if (gone) {
                unlink_buffer(self, buffer);
            }
            pthread_mutex_unlock(&self->resident_lock);
            if (gone) {
                buffer->next = released;
                released = buffer;
            }
        }
        changed = true;
    }
    if (changed) {
        [self->residency commit];
    }
    while ((buffer = released)) {
        released = buffer->next;
        free_buffer(buffer);
    }
}

int64_t zc_metal_resident_beat_macos15(zc_metal_device *self)
{
    int64_t now = zc_clock_ns(), used = atomic_load_explicit(&self->used, memory_order_relaxed);
    bool keeps = used && now - used <= KEEP_NS;
    pthread_mutex_lock(&self->resident_lock);
    bool chosen = choose(self, now);
    pthread_mutex_unlock(&self->resident_lock);
    if (chosen) {
        settle_macos15(self);
    }
    if (keeps) {
        [self->residency requestResidency];
    }
    return keeps ? zc_clock_ns() + BEAT_NS : ZC_NO_DEADLINE;
}

void zc_metal_residency_destroy(zc_metal_device *self)
{
    if (self->residency) { /* all buffers were released; some wait to be taken out */
        settle_macos15(self);
    }
    [self->residency release];
}

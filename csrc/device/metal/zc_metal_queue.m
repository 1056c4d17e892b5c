/* zc_metal_queue: submitting works, and reporting them done.
 *
 * A work becomes command buffers of some dispatches each, so that the GPU begins while the rest is encoded and none takes
 * so long that the system's watchdog ends it: the generic layer has cut what is long by itself (zc_device_backend.watched).
 * A command buffer has one concurrent compute encoder; a fence, which each encoder waits for and then updates, orders
 * them. Nothing polls: completion handlers report. Command buffers beyond MAX_IN_FLIGHT are not encoded yet, since a queue
 * that is full blocks whoever asks it for more.
 *
 * After an error nobody says whether the failed encoder has updated the fence. So nothing more is encoded until all that
 * is in flight has come back, and then queue and fence are replaced. The device is lost when there are no others, when the
 * system ignores this process (for causing errors), and when nothing comes back: then what waits is reported with that,
 * and all that is submitted later is refused. zc_metal_look, which a thread of the device's calls, sees the last of these.
 *
 * Ownership: a piece is the queue's from submit until it is reported; a zc_metal_work beside it lives until its last
 * command buffer has come back, and each of these holds the device: should one never come, both stay, with all that it
 * uses. Command buffers retain what they use. Threads: any; `lock` guards the queue. Completion handlers run on Metal's
 * threads and close the device when theirs was the last work.
 *
 * Environment: ZCWASM_METAL_CAPTURE=FILE.gputrace writes the first work of each device to that file, for
 * Xcode; the system demands MTL_CAPTURE_ENABLED=1 beside it. ZCWASM_METAL_PATIENCE=SECONDS: how long nothing may come back
 * while something is in flight.
 */
#include <stdio.h>
#include <stdlib.h>

#include "base/zc_alloc.h"
#include "device/metal/zc_metal.h"
#include "device/metal/zc_msl.h"

/* A queue holds 64 command buffers and blocks at the next. */
#define MAX_IN_FLIGHT 48u

/* Dispatches of a work's first command buffer, which takes a tenth of a millisecond to encode, and of the others. */
#define FIRST_DISPATCHES 64u
#define MOST_DISPATCHES 256u
/* What the dispatches of one may read and write, each once: a GPU needs some hundredths of a second for that at most. */
#define MOST_BYTES ((uint64_t)1 << 30)

/* MTLCommandBufferError: the process is ignored for its errors, or there is no such GPU any more. */
#define ERROR_ACCESS_REVOKED 4
#define ERROR_DEVICE_REMOVED 11

/* How often zc_metal_look looks. A longer time between two looks is that of a computer that slept, and is not counted. */
#define LOOK_NS ((int64_t)100 * 1000 * 1000)
#define PATIENCE_SECONDS 60

/* A piece, from submit to its report, and on until the last of its command buffers has come back. */
typedef struct zc_metal_work {
    struct zc_metal_work *next, *previous; /* of those not reported, in order */
    struct zc_metal_work *next_reported;
    zc_device_piece *piece;
    size_t at; /* commands encoded */
    bool encoded; /* all that will be */
    bool reported;
    unsigned outstanding; /* command buffers that have not come back */
    zc_status status;
    double seconds;
    zc_error error;
} zc_metal_work;

/* ZC_DEVICE when a trace is wanted and cannot be made: silence would leave its reader waiting. */
static zc_status start_capture(zc_metal_device *self, zc_error *error)
{
    MTLCaptureManager *manager = [MTLCaptureManager sharedCaptureManager];
    NSError *problem = nil;
    char why[sizeof error->message];
    if (![manager supportsDestination:MTLCaptureDestinationGPUTraceDocument]) {
        return zc_fail(error, ZC_DEVICE, "metal: cannot write the trace %s: MTL_CAPTURE_ENABLED=1 must be set",
                       self->capture);
    }
    MTLCaptureDescriptor *descriptor = [[[MTLCaptureDescriptor alloc] init] autorelease];
    [descriptor setCaptureObject:self->queue];
    [descriptor setDestination:MTLCaptureDestinationGPUTraceDocument];
    [descriptor setOutputURL:[NSURL fileURLWithPath:zc_metal_string(self->capture)]];
    if (![manager startCaptureWithDescriptor:descriptor error:&problem]) {
        zc_metal_why(problem, why, sizeof why);
        return zc_fail(error, ZC_DEVICE, "metal: cannot write the trace %s: %s", self->capture, why);
    }
    return ZC_OK;
}

static void completed(zc_metal_device *self, zc_metal_work *work, id<MTLCommandBuffer> commands);

/* ---- works; all with the lock held ---- */

static void finish_encoding(zc_metal_device *self, zc_metal_work *work)
{
    if (work->encoded) {
        return;
    }
    work->encoded = true;
    if (self->to_encode == work) {
        self->to_encode = work->next;
    }
    if (self->captured == work) {
        [[MTLCaptureManager sharedCaptureManager] stopCapture];
        self->captured = NULL;
    }
}

/* The first thing that goes wrong is what the work says. */
static void fail_work(zc_metal_device *self, zc_metal_work *work, zc_status status, const zc_error *error)
{
    if (work->status == ZC_OK) {
        work->status = status;
        work->error = *error;
    }
    finish_encoding(self, work);
}

/* Take it from those not reported. */
static void take(zc_metal_device *self, zc_metal_work *work, zc_metal_work **reports)
{
    *(work->previous ? &work->previous->next : &self->works) = work->next;
    *(work->next ? &work->next->previous : &self->last_work) = work->previous;
    work->reported = true;
    while (*reports) {
        reports = &(*reports)->next_reported;
    }
    work->next_reported = NULL;
    *reports = work;
}

/* Those that are done, in order. `all`: those, too, whose command buffers have not come back. */
static zc_metal_work *take_done(zc_metal_device *self, bool all)
{
    zc_metal_work *reports = NULL;
    for (zc_metal_work *each = self->works, *next; each; each = next) {
        next = each->next;
        if (each->encoded && (each->outstanding == 0 || all)) {
            take(self, each, &reports);
        }
    }
    return reports;
}

/* Without the lock. The last report may close the device: the caller holds it. */
static void report(zc_metal_device *self, zc_metal_work *reports)
{
    while (reports) {
        zc_metal_work *work = reports;
        zc_device_piece *piece = work->piece;
        zc_status status = work->status;
        zc_error error = work->error;
        double seconds = work->seconds;
        reports = work->next_reported;
        pthread_mutex_lock(&self->lock);
        bool over = work->outstanding == 0;
        work->piece = NULL;
        pthread_mutex_unlock(&self->lock);
        if (over) {
            zc_free(work);
        }
        atomic_fetch_sub_explicit(&self->unfinished, 1, memory_order_release);
        zc_device_piece_done(piece, status, seconds, &error);
    }
}

/* ---- losing the device ---- */

static zc_status lost_error(const zc_metal_device *self, zc_error *error, const char *advice)
{
    return zc_fail(error, ZC_DEVICE, "metal: the device is lost: %s%s", self->why, advice);
}

/* From now on nothing is encoded, and what was not is reported with `self->why`. */
static void lose(zc_metal_device *self)
{
    zc_error error;
    atomic_store_explicit(&self->lost, true, memory_order_release);
    (void)lost_error(self, &error, "");
    for (zc_metal_work *each = self->works; each; each = each->next) {
        if (!each->encoded) {
            fail_work(self, each, ZC_DEVICE, &error);
        }
    }
}

bool zc_metal_lost(void *device)
{
    zc_metal_device *self = device;
    return atomic_load_explicit(&self->lost, memory_order_acquire);
}

zc_status zc_metal_make_queue(zc_metal_device *self, zc_error *error)
{
    id<MTLCommandQueue> queue = [self->device newCommandQueue];
    id<MTLFence> fence = [self->device newFence];
    if (!queue || !fence) {
        [fence release];
        [queue release];
        return zc_fail(error, ZC_DEVICE, "metal: cannot make a %s", !queue ? "command queue" : "fence");
    }
    if (self->residency) {
        zc_metal_keep_resident_macos15(self, queue);
    }
    [self->fence release];
    [self->queue release];
    self->queue = queue;
    self->fence = fence;
    return ZC_OK;
}

/* After an error, when all has come back. */
static void renew(zc_metal_device *self)
{
    zc_error error;
    if (zc_metal_make_queue(self, &error) != ZC_OK) {
        lose(self);
        return;
    }
    self->failed = false;
    self->why[0] = 0;
}

int64_t zc_metal_look(zc_metal_device *self)
{
    zc_metal_work *reports = NULL;
    int64_t now = zc_clock_ns();
    pthread_mutex_lock(&self->lock);
    int64_t passed = now - self->looked;
    self->looked = now;
    if (self->in_flight == 0 || self->completions != self->seen) {
        self->stalled = 0;
        self->seen = self->completions;
    } else {
        self->stalled += passed < 2 * LOOK_NS ? passed : 2 * LOOK_NS;
    }
    if (self->stalled > self->patience && self->works) {
        zc_error error;
        if (!self->why[0]) {
            (void)snprintf(self->why, sizeof self->why, "nothing was done for %lld s",
                           (long long)(self->patience / 1000000000));
        }
        lose(self);
        (void)lost_error(self, &error, "");
        for (zc_metal_work *each = self->works; each; each = each->next) {
            fail_work(self, each, ZC_DEVICE, &error);
        }
        reports = take_done(self, true);
    }
    /* Also a while after the last work, which saves waking this thread for each that comes. */
    bool looks = self->works || now - atomic_load_explicit(&self->used, memory_order_relaxed) < 2 * ZC_METAL_AWAKE_NS;
    pthread_mutex_unlock(&self->lock);
    report(self, reports);
    return looks ? now + LOOK_NS : ZC_NO_DEADLINE;
}

/* ---- encoding ---- */

/* How many of the work's commands the next command buffer has. */
static size_t next_count(const zc_metal_work *work)
{
    const zc_device_piece *piece = work->piece;
    size_t most = work->at ? MOST_DISPATCHES : FIRST_DISPATCHES, count = 0;
    uint64_t bytes = 0;
    while (work->at + count < piece->count && count < most && bytes < MOST_BYTES) {
        const zc_device_command *command = &piece->commands[work->at + count];
        for (unsigned i = 0; i < command->kernel->binding_count; i++) {
            bytes += command->bindings[i].length < MOST_BYTES ? command->bindings[i].length : MOST_BYTES;
        }
        count++;
    }
    return count;
}

/* Encode and commit the next command buffer; with the lock held. */
static zc_status start(zc_metal_device *self, zc_metal_work *work, zc_error *error)
{
    char label[160];
    if (self->capture) {
        zc_status status = start_capture(self, error);
        self->capture = NULL;
        if (status != ZC_OK) {
            return status;
        }
        self->captured = work;
    }
    zc_msl_label(work->piece, label, sizeof label);
    /* Retained references: this work owns what it uses, whatever happens outside. */
    id<MTLCommandBuffer> commands = [self->queue commandBuffer];
    id<MTLComputeCommandEncoder> encoder = [commands computeCommandEncoderWithDispatchType:MTLDispatchTypeConcurrent];
    if (!encoder) {
        return zc_fail(error, ZC_DEVICE, "metal: cannot make a %s for %s",
                       commands ? "compute encoder" : "command buffer", label);
    }
    zc_device_piece part = *work->piece;
    part.count = next_count(work);
    part.commands = part.count ? part.commands + work->at : NULL;
    NSString *name = zc_metal_string(label);
    [commands setLabel:name];
    [encoder setLabel:name];
    if (self->in_flight) { /* else all earlier work is done */
        [encoder waitForFence:self->fence];
    }
    zc_metal_record(self, encoder, &part);
    [encoder updateFence:self->fence];
    [encoder endEncoding];
    zc_metal_hold(self); /* for the handler */
    [commands addCompletedHandler:^(id<MTLCommandBuffer> done) {
      completed(self, work, done);
    }];
    self->in_flight++;
    work->outstanding++;
    work->at += part.count;
    [commands commit];
    if (work->at == work->piece->count) { /* not before: a trace has only what was committed by then */
        finish_encoding(self, work);
    }
    return ZC_OK;
}

/* Start what may be started; with the lock held. */
static void pump(zc_metal_device *self)
{
    while (self->to_encode && self->in_flight < MAX_IN_FLIGHT && !self->failed) {
        zc_metal_work *work = self->to_encode;
        zc_error error;
        zc_status status = start(self, work, &error);
        if (status != ZC_OK) {
            fail_work(self, work, status, &error);
        }
    }
}

/* Why the command buffer failed, into `out`: whether it did; `code` is that of its error. */
static bool failure(id<MTLCommandBuffer> commands, char *out, size_t size, long *code)
{
    NSError *problem = [commands error];
    if ([commands status] == MTLCommandBufferStatusCompleted && !problem) {
        return false;
    }
    zc_metal_why(problem, out, size);
    *code = problem ? (long)[problem code] : 0;
    return true;
}

/* With the lock held. */
static void failed(zc_metal_device *self, zc_metal_work *work, id<MTLCommandBuffer> commands, const char *why,
                   long code)
{
    if (!work->reported) {
        char label[160];
        zc_error error;
        zc_msl_label(work->piece, label, sizeof label);
        (void)zc_fail(&error, ZC_DEVICE, "metal: %s failed with status %llu: %s", label, (ull)[commands status], why);
        fail_work(self, work, ZC_DEVICE, &error);
    }
    if (!self->failed || code == ERROR_ACCESS_REVOKED) { /* the first, from which the others may follow */
        (void)snprintf(self->why, sizeof self->why, "%s", why);
    }
    self->failed = true;
    if (code == ERROR_ACCESS_REVOKED || code == ERROR_DEVICE_REMOVED) {
        lose(self);
    }
}

/* On a thread of Metal's, once for each committed command buffer. */
static void completed(zc_metal_device *self, zc_metal_work *work, id<MTLCommandBuffer> commands)
{
    @autoreleasepool {
        char why[sizeof self->why];
        long code;
        bool fails = failure(commands, why, sizeof why, &code);
        double seconds = fails ? 0 : [commands GPUEndTime] - [commands GPUStartTime];
        pthread_mutex_lock(&self->lock);
        self->in_flight--;
        self->completions++;
        work->outstanding--;
        work->seconds += seconds > 0 ? seconds : 0;
        if (fails) {
            failed(self, work, commands, why, code);
        }
        if (self->failed && self->in_flight == 0 && !zc_metal_lost(self)) {
            renew(self);
        }
        /* Reported as lost meanwhile, and the last to know of it. */
        bool over = work->reported && !work->piece && work->outstanding == 0;
        pump(self);
        zc_metal_work *reports = take_done(self, false);
        pthread_mutex_unlock(&self->lock);
        if (over) {
            zc_free(work);
        }
        report(self, reports);
    }
    zc_metal_drop(self);
}

/* ---- submitting ---- */

/* Pipelines for all that the piece dispatches: outside the lock, since compiling takes milliseconds; and a shader's error
 * is the submitter's. */
static zc_status prepare(zc_metal_device *self, const zc_device_piece *piece, zc_error *error)
{
    for (size_t i = 0; i < piece->count; i++) {
        const zc_device_command *command = &piece->commands[i];
        const zc_metal_kernel *own = command->kernel->compiled;
        zc_kernel_plan plan = {.count = 0};
        zc_status status = ZC_OK;
        if (own) {
            status = zc_msl_check_grid(command, own->threads, error);
        } else {
            zc_kernel_plan_make(command->kernel, command->params, &self->gpu, &plan);
        }
        for (uint32_t stage = 0; stage < plan.count && status == ZC_OK; stage++) {
            status = zc_metal_pipeline_ready(self, command->kernel, &plan.stages[stage], error);
        }
        if (status != ZC_OK) {
            return status;
        }
    }
    return ZC_OK;
}

static void enter(zc_metal_device *self, zc_metal_work *work)
{
    work->previous = self->last_work;
    *(self->last_work ? &self->last_work->next : &self->works) = work;
    self->last_work = work;
    if (!self->to_encode) {
        self->to_encode = work;
    }
    atomic_fetch_add_explicit(&self->unfinished, 1, memory_order_relaxed);
}

zc_status zc_metal_submit(void *device, zc_device_piece *piece, zc_error *error)
{
    zc_metal_device *self = device;
    zc_metal_work *work = zc_calloc(1, sizeof *work);
    zc_metal_work *reports = NULL;
    bool wakes = false;
    zc_status status;
    if (!work) {
        return zc_fail(error, ZC_NO_MEMORY, "cannot allocate a submission's bookkeeping");
    }
    @autoreleasepool {
        status = prepare(self, piece, error);
        if (status == ZC_OK) {
            wakes = zc_metal_resident_use(self, piece);
            pthread_mutex_lock(&self->lock);
            status = zc_metal_lost(self) ? lost_error(self, error, ": open it anew")
                                         : zc_metal_workspace_ready(self, zc_metal_workspace_size(self, piece), error);
            if (status == ZC_OK) {
                work->piece = piece;
                enter(self, work);
                zc_metal_hold(self);
                pump(self);
                reports = take_done(self, false);
            }
            pthread_mutex_unlock(&self->lock);
        }
        if (wakes) { /* whatever became of it: what comes soon after relies on it */
            zc_metal_wake(self);
        }
        if (status != ZC_OK) {
            zc_free(work);
            return status;
        }
        report(self, reports);
    }
    zc_metal_drop(self);
    return ZC_OK;
}

zc_status zc_metal_queue_init(zc_metal_device *self, zc_error *error)
{
    const char *given = getenv("ZCWASM_METAL_PATIENCE");
    long long seconds = given ? strtoll(given, NULL, 10) : 0;
    self->patience = (seconds > 0 && seconds < 1000000 ? seconds : PATIENCE_SECONDS) * INT64_C(1000000000);
    return zc_metal_make_queue(self, error);
}

bool zc_metal_busy(void *device)
{
    zc_metal_device *self = device;
    return atomic_load_explicit(&self->unfinished, memory_order_acquire) != 0;
}

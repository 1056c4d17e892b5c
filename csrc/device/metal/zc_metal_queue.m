/* zc_metal_queue: submitting works, and reporting them done.
 *
 * A work is one command buffer with one concurrent compute encoder; a fence, which each encoder waits for and then
 * updates, orders the command buffers. Nothing polls: a completion handler reports each work. Works beyond
 * MAX_IN_FLIGHT wait in a list here, since a queue that is full blocks whoever asks it for more.
 *
 * Ownership: a work is the queue's from submit until it is reported; command buffers retain what they use. Threads:
 * any; `lock` guards the queue. Completion handlers run on Metal's threads and close the device when theirs was the
 * last work.
 *
 * Environment: ZCWASM_METAL_CAPTURE=FILE.gputrace writes the first work of each device to that file, for
 * Xcode; the system demands MTL_CAPTURE_ENABLED=1 beside it.
 */
#include "device/metal/zc_metal.h"
#include "device/metal/zc_msl.h"

/* A queue holds 64 command buffers and blocks at the next. */
#define MAX_IN_FLIGHT 48u

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

static void completed(zc_metal_device *self, zc_device_piece *work, id<MTLCommandBuffer> commands);

/* Encode and commit; with the lock held. */
static zc_status start(zc_metal_device *self, zc_device_piece *work, zc_error *error)
{
    char label[160];
    bool capturing = self->capture != NULL;
    if (capturing) {
        zc_status status = start_capture(self, error);
        self->capture = NULL;
        if (status != ZC_OK) {
            return status;
        }
    }
    zc_msl_label(work, label, sizeof label);
    /* Retained references: this work owns what it uses, whatever happens outside. */
    id<MTLCommandBuffer> commands = [self->queue commandBuffer];
    id<MTLComputeCommandEncoder> encoder = [commands computeCommandEncoderWithDispatchType:MTLDispatchTypeConcurrent];
    zc_status status = ZC_OK;
    if (!encoder) {
        status = zc_fail(error, ZC_DEVICE, "metal: cannot make a %s for %s",
                         commands ? "compute encoder" : "command buffer", label);
    } else {
        NSString *name = zc_metal_string(label);
        [commands setLabel:name];
        [encoder setLabel:name];
        if (self->in_flight) { /* else all earlier work is done */
            [encoder waitForFence:self->fence];
        }
        zc_metal_record(self, encoder, work);
        [encoder updateFence:self->fence];
        [encoder endEncoding];
        [commands addCompletedHandler:^(id<MTLCommandBuffer> done) {
          completed(self, work, done);
        }];
        self->in_flight++;
        [commands commit];
    }
    if (capturing) {
        [[MTLCaptureManager sharedCaptureManager] stopCapture];
    }
    return status;
}

/* Start what may be started; with the lock held. */
static void pump(zc_metal_device *self)
{
    while (self->head && self->in_flight < MAX_IN_FLIGHT) {
        zc_device_piece *work = self->head;
        zc_error error;
        self->head = work->next;
        if (!self->head) {
            self->tail = NULL;
        }
        zc_status status = start(self, work, &error);
        if (status != ZC_OK) {
            /* Whoever called holds another work of this device, so this is not the last. */
            atomic_fetch_sub_explicit(&self->unfinished, 1, memory_order_release);
            pthread_mutex_unlock(&self->lock);
            zc_device_piece_done(work, status, 0, &error);
            pthread_mutex_lock(&self->lock);
        }
    }
}

/* On a thread of Metal's, once for each committed work. */
static void completed(zc_metal_device *self, zc_device_piece *work, id<MTLCommandBuffer> commands)
{
    zc_status status = ZC_OK;
    zc_error error;
    double seconds = 0;
    @autoreleasepool {
        MTLCommandBufferStatus state = [commands status];
        NSError *problem = [commands error];
        if (state != MTLCommandBufferStatusCompleted || problem) {
            char why[sizeof error.message / 2], label[160];
            zc_msl_label(work, label, sizeof label);
            zc_metal_why(problem, why, sizeof why);
            status = zc_fail(&error, ZC_DEVICE, "metal: %s failed with status %llu: %s", label, (ull)state, why);
        } else {
            seconds = [commands GPUEndTime] - [commands GPUStartTime];
        }
        pthread_mutex_lock(&self->lock);
        self->in_flight--;
        pump(self);
        pthread_mutex_unlock(&self->lock);
        atomic_fetch_sub_explicit(&self->unfinished, 1, memory_order_release);
    }
    zc_device_piece_done(work, status, seconds > 0 ? seconds : 0, &error); /* may close the device */
}

zc_status zc_metal_submit(void *device, zc_device_piece *work, zc_error *error)
{
    zc_metal_device *self = device;
    @autoreleasepool {
        /* Outside the lock, since compiling takes milliseconds; and a shader's error is the submitter's. */
        for (size_t i = 0; i < work->count; i++) {
            const zc_device_command *command = &work->commands[i];
            const zc_metal_kernel *own = command->kernel->compiled;
            zc_kernel_plan plan = {.count = 0};
            zc_status status = ZC_OK;
            if (own) {
                status = zc_msl_check_grid(command, own->threads, error);
            } else {
                zc_kernel_plan_make(command->kernel, command->params, &self->gpu, &plan);
            }
            for (uint32_t stage = 0; stage < plan.count && status == ZC_OK; stage++) {
                status = zc_metal_pipeline_ready(self, command->kernel, plan.stages[stage].variant, error);
            }
            if (status != ZC_OK) {
                return status;
            }
        }
        work->next = NULL;
        pthread_mutex_lock(&self->lock);
        zc_status status = zc_metal_workspace_ready(self, zc_metal_workspace_size(self, work), error);
        if (status != ZC_OK) {
            pthread_mutex_unlock(&self->lock);
            return status;
        }
        atomic_fetch_add_explicit(&self->unfinished, 1, memory_order_relaxed);
        if (self->tail) {
            self->tail->next = work;
        } else {
            self->head = work;
        }
        self->tail = work;
        pump(self);
        pthread_mutex_unlock(&self->lock);
    }
    return ZC_OK;
}

bool zc_metal_busy(void *device)
{
    zc_metal_device *self = device;
    return atomic_load_explicit(&self->unfinished, memory_order_acquire) != 0;
}

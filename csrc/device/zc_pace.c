/* zc_pace: how much of guests' work a driver is given at a time.
 *
 * What a GPU's driver has cannot be taken back. So guests' work goes there in pieces of at most so many multiply-adds
 * (zc_device.c says how many), and no more than two such pieces at a time, so that the device need not wait for the next:
 * a deadline takes effect between them. It is cut between dispatches; a dispatch that is larger by itself is cut
 * between its workgroups, whose results do not depend on which others run with them. A workgroup is not cut:
 * zc_dispatch_check_work bounds it, and a piece has a number of them however long they are, for one alone would leave
 * most of a device idle. A kernel that the host compiled is not cut either. What has no room waits in the device's
 * list; while something does, all that is submitted waits behind it, the host's work too, which keeps the order. The
 * usual case costs nothing: what a guest submits is less than a piece, nothing waits, and it goes to the backend at
 * once and as a whole. The host's own work is not cut and does not count, unless the system ends what a driver has for
 * too long (zc_device_backend.watched). Backends that can cancel (zc_device_backend.cancels) get everything at once.
 *
 * Whoever submits or reports a piece done hands over what fits then (zc_pace_pump), one thread per device at a time.
 * Threads: any, under the submissions' lock, which is given up while the backend is called.
 */
#include "device/zc_pace.h"

#include "device/zc_dispatch.h"
#include "kernel/zc_kernel_tiles.h"

static uint64_t plus(uint64_t a, uint64_t b)
{
    return a > UINT64_MAX - b ? UINT64_MAX : a + b;
}

static uint64_t work_of(const zc_device *device, const zc_device_command *command)
{
    return command->kernel->compiled ? zc_dispatch_work(command)
                                     : zc_kernel_work_on(command->kernel, command->params, &device->info.gpu);
}

uint64_t zc_pace_size(const zc_device *device, const zc_device_command *commands, size_t count)
{
    uint64_t size = 0;
    for (size_t i = 0; i < count && !device->backend->cancels; i++) {
        size = plus(size, work_of(device, &commands[i]));
    }
    return size;
}

/* What comes next of a submission: its commands up to `end`, or a part of the command that it is at. */
typedef struct stretch {
    size_t end;
    uint64_t groups_end; /* of command `end`, the workgroups up to there, of all stages one after the other */
    uint64_t size;
    zc_device_part part;
} stretch;

/* At most `most` of the workgroups `all`, from number `at` on in the order of x, y, z: as many whole slabs, else rows,
 * else workgroups of a row as that has. Returns how many. */
static uint64_t box(const uint32_t all[3], uint64_t at, uint64_t most, zc_device_part *part)
{
    uint64_t size[3] = {1, all[0], (uint64_t)all[0] * all[1]}; /* of a step along each axis */
    unsigned axis = 2;
    while (axis > 0 && (at % size[axis] || most < size[axis])) {
        axis--;
    }
    uint64_t left = all[axis] - at / size[axis] % all[axis], steps = most / size[axis];
    for (unsigned i = 0; i < 3; i++) {
        part->first[i] = (uint32_t)(at / size[i] % all[i]);
        part->groups[i] = i < axis ? all[i] : 1;
    }
    part->groups[axis] = (uint32_t)(steps < left ? steps : left);
    return part->groups[axis] * size[axis];
}

/* Whether the command that the submission is at is more than a piece: then a part of it. */
static bool next_part(const zc_submission *submission, stretch *out)
{
    const zc_device *device = submission->device;
    const zc_device_command *command = &submission->commands[submission->at];
    uint64_t work = work_of(device, command);
    zc_kernel_plan plan;
    if (work <= device->most || command->kernel->compiled) {
        return false;
    }
    for (unsigned i = 0; i < command->kernel->binding_count && zc_kernel_is_elementwise(command->kernel); i++) {
        if (command->bindings[i].length > device->info.max_buffer / 2) {
            return false; /* the backend may have to cut it by its bytes, and it takes no longer than they do */
        }
    }
    zc_kernel_plan_make(command->kernel, command->params, &device->info.gpu, &plan);
    uint64_t count = zc_kernel_plan_groups(&plan), before = 0, at = submission->groups_at;
    if (count <= device->most_groups) {
        return false;
    }
    uint64_t each = work / count + 1, fit = device->most / each;
    fit = fit > device->most_groups ? fit : device->most_groups;
    for (out->part.stage = 0;; out->part.stage++) {
        const uint32_t *groups = plan.stages[out->part.stage].groups;
        uint64_t here = (uint64_t)groups[0] * groups[1] * groups[2];
        if (at < before + here) {
            break;
        }
        before += here;
    }
    uint64_t taken = box(plan.stages[out->part.stage].groups, at - before, fit, &out->part);
    bool last = at + taken == count;
    out->end = submission->at + last;
    out->groups_end = last ? 0 : at + taken;
    out->size = each * taken;
    return true;
}

/* As much as a piece may have, from the submission's present place on; all, when it is the host's. */
static stretch next_piece(const zc_submission *submission)
{
    stretch next = {.end = submission->at};
    if (submission->owner == 0 && !submission->device->paces_all) {
        next.end = submission->count;
        return next;
    }
    if (submission->at < submission->count && next_part(submission, &next)) {
        return next;
    }
    while (next.end < submission->count) {
        uint64_t more = plus(next.size, work_of(submission->device, &submission->commands[next.end]));
        if (next.size && more > submission->device->most) {
            break;
        }
        next.size = more;
        next.end++;
    }
    return next;
}

/* Whether so much more has room in the driver: two pieces, or one that is larger. */
static bool fits(const zc_device *device, uint64_t size)
{
    uint64_t limit = 2 * device->most;
    return size == 0 || device->in_driver == 0 || (size <= limit && device->in_driver <= limit - size);
}

static void take(zc_submission *submission, zc_piece *piece, const stretch *next)
{
    bool part = next->part.groups[0] != 0, whole = submission->at == 0 && next->end == submission->count && !part;
    piece->given =
        (zc_device_piece){.commands = submission->at ? submission->commands + submission->at : submission->commands,
                          .count = part ? 1 : next->end - submission->at,
                          .part = next->part,
                          .prepared = whole ? submission->prepared : NULL,
                          .cancelled = &submission->cancelled};
    piece->submission = submission;
    piece->size = next->size;
    piece->busy = true;
    submission->at = next->end;
    submission->groups_at = next->groups_end;
    submission->begun = true;
    submission->outstanding++;
    submission->device->in_driver = plus(submission->device->in_driver, next->size);
}

bool zc_pace_admit(zc_submission *submission)
{
    zc_device *device = submission->device;
    if (device->backend->cancels ||
        (!device->waiting && !device->pumping && submission->size <= device->most && fits(device, submission->size))) {
        take(submission, &submission->pieces[0], &(stretch){.end = submission->count, .size = submission->size});
        return true;
    }
    submission->waits = true;
    if (device->last_waiting) {
        device->last_waiting->next_waiting = submission;
    } else {
        device->waiting = submission;
    }
    device->last_waiting = submission;
    atomic_store_explicit(&device->held, true, memory_order_release);
    return false;
}

/* The first of those that wait has nothing more to hand over. */
static void leave(zc_device *device)
{
    zc_submission *first = device->waiting;
    device->waiting = first->next_waiting;
    if (!device->waiting) {
        device->last_waiting = NULL;
    }
    first->next_waiting = NULL;
    first->waits = false;
}

void zc_pace_pump(zc_device *device)
{
    zc_submission *first;
    if (device->pumping) {
        return; /* that thread will see what is new */
    }
    device->pumping = true;
    while ((first = device->waiting)) {
        zc_piece *piece = !first->pieces[0].busy   ? &first->pieces[0]
                          : !first->pieces[1].busy ? &first->pieces[1]
                                                   : NULL;
        stretch next = next_piece(first);
        if ((first->begun && first->at == first->count) || first->status != ZC_OK ||
            atomic_load_explicit(&first->cancelled, memory_order_relaxed)) {
            leave(device);
            if (first->outstanding == 0) {
                zc_submission_unlock();
                zc_submission_finish(first);
                zc_submission_lock();
            }
            continue;
        }
        if (!piece || !fits(device, next.size)) {
            break;
        }
        take(first, piece, &next);
        if (first->at == first->count) {
            leave(device); /* and may be gone as soon as the backend has it */
        }
        zc_submission_unlock();
        zc_error error;
        zc_status status = device->backend->submit(device->self, &piece->given, &error);
        if (status != ZC_OK) {
            zc_device_piece_done(&piece->given, status, 0, &error);
        }
        zc_submission_lock();
    }
    device->pumping = false;
    atomic_store_explicit(&device->held, device->waiting != NULL, memory_order_release);
}

void zc_pace_done(zc_piece *piece)
{
    zc_device *device = piece->submission->device;
    piece->busy = false;
    piece->submission->outstanding--;
    device->in_driver -= piece->size < device->in_driver ? piece->size : device->in_driver;
}

void zc_device_piece_done(zc_device_piece *given, zc_status status, double seconds, const zc_error *error)
{
    zc_piece *piece = (zc_piece *)given;
    zc_submission *submission = piece->submission;
    zc_device *pumped = NULL;
    zc_submission_lock();
    submission->seconds += seconds;
    if (status != ZC_OK && submission->status == ZC_OK) {
        submission->status = status;
        if (error) {
            submission->error = *error;
        } else {
            (void)zc_fail(&submission->error, status, "device %s failed without saying why",
                          submission->device->info.kind);
        }
    }
    zc_pace_done(piece);
    if (submission->device->waiting) {
        pumped = zc_device_retain(submission->device);
    }
    bool over = submission->outstanding == 0 && !submission->waits;
    zc_submission_unlock();
    if (over) {
        zc_submission_finish(submission);
    }
    if (pumped) {
        zc_submission_lock();
        zc_pace_pump(pumped);
        zc_submission_unlock();
        zc_device_release(pumped);
    }
}

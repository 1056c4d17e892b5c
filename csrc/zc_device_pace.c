/* zc_device_pace: how much of guests' work a driver is given at a time.
 *
 * What a GPU's driver has cannot be taken back. So guests' work goes there in pieces, cut between dispatches, of at most
 * MOST multiply-adds (but one dispatch at least), and no more than two such pieces at a time, so that the device need
 * not wait for the next: a deadline takes effect between them. What has no room waits in the device's list; while
 * something does, all that is submitted waits behind it, the host's work too, which keeps the order. The usual case costs
 * nothing: what a guest submits is less than a piece, nothing waits, and it goes to the backend at once and as a whole.
 * The host's own work is never cut and does not count. Backends that can cancel (zc_device_backend.cancels) get
 * everything at once.
 *
 * Whoever submits or reports a piece done hands over what fits then (zc_pace_pump), one thread per device at a time.
 * Threads: any, under the submissions' lock, which is given up while the backend is called.
 */
#include "zc_device_internal.h"

/* On a GPU some milliseconds to some tens of them, beside which handing over costs nothing; a GPU that is emulated is a
 * thousand times slower. */
#define MOST ((uint64_t)1 << 35)
#define MOST_SOFTWARE ((uint64_t)1 << 25)

static uint64_t most(const zc_device *device)
{
    return device->info.software ? MOST_SOFTWARE : MOST;
}

static uint64_t plus(uint64_t a, uint64_t b)
{
    return a > UINT64_MAX - b ? UINT64_MAX : a + b;
}

uint64_t zc_pace_size(const zc_device *device, const zc_device_command *commands, size_t count)
{
    uint64_t size = 0;
    for (size_t i = 0; i < count && !device->backend->cancels; i++) {
        size = plus(size, zc_device_work_of(&commands[i]));
    }
    return size;
}

/* As many commands as a piece may have, from the submission's present place on; all, when it is the host's. */
static size_t next_piece(const zc_submission *submission, uint64_t *size)
{
    size_t end = submission->at;
    *size = 0;
    if (submission->owner == 0) {
        return submission->count;
    }
    while (end < submission->count) {
        uint64_t more = plus(*size, zc_device_work_of(&submission->all[end]));
        if (*size && more > most(submission->device)) {
            break;
        }
        *size = more;
        end++;
    }
    return end;
}

/* Whether so much more has room in the driver: two pieces, or one dispatch that is larger. */
static bool fits(const zc_device *device, uint64_t size)
{
    uint64_t limit = 2 * most(device);
    return size == 0 || device->in_driver == 0 || (size <= limit && device->in_driver <= limit - size);
}

static void take(zc_submission *submission, zc_piece *piece, size_t end, uint64_t size)
{
    bool whole = submission->at == 0 && end == submission->count;
    piece->work = (zc_device_work){.commands = submission->all + submission->at,
                                   .count = end - submission->at,
                                   .prepared = whole ? submission->prepared : NULL,
                                   .cancelled = &submission->cancelled};
    piece->submission = submission;
    piece->size = size;
    piece->busy = true;
    submission->at = end;
    submission->begun = true;
    submission->outstanding++;
    submission->device->in_driver = plus(submission->device->in_driver, size);
}

bool zc_pace_admit(zc_submission *submission)
{
    zc_device *device = submission->device;
    if (device->backend->cancels || (!device->waiting && !device->pumping && submission->size <= most(device) &&
                                     fits(device, submission->size))) {
        take(submission, &submission->pieces[0], submission->count, submission->size);
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
        zc_piece *piece = !first->pieces[0].busy ? &first->pieces[0] : !first->pieces[1].busy ? &first->pieces[1] : NULL;
        uint64_t size;
        size_t end = next_piece(first, &size);
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
        if (!piece || !fits(device, size)) {
            break;
        }
        take(first, piece, end, size);
        if (end == first->count) {
            leave(device); /* and may be gone as soon as the backend has it */
        }
        zc_submission_unlock();
        zc_error error;
        zc_status status = device->backend->submit(device->self, &piece->work, &error);
        if (status != ZC_OK) {
            zc_device_work_done(&piece->work, status, 0, &error);
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

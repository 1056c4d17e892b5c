/* zc_table: tables of functions, which instances share with each other and with the host (zc_guest.h).
 *
 * An element is the engine's own function, of whatever instance of it, so that calls through a table cost what they cost
 * when it is shared with nobody; the array of them is the engine's, too (zc_engine.h). What is put there from another instance than the table's own is counted, in one entry for each
 * instance (zc_table_user): while it has elements there, its owner keeps it, and what the engine has of it stays even when
 * it is freed. Functions of the table's own instance (`home`) are not counted: who has the table keeps that one.
 *
 * Threads: once another instance has imported it, a table is executed over like a memory: by the thread that has its mark,
 * which every call of the instances that share it takes. Until then it goes with its instance's own mark. The list of
 * entries changes under the mark and, where owners keep instances, their lock.
 */
#include "base/zc_alloc.h"
#include "guest/zc_guest_internal.h"

/* --- whose functions they are --- */

zc_instance *zc_instance_retain_rest(zc_instance *instance)
{
    atomic_fetch_add_explicit(&instance->references, 1, memory_order_relaxed);
    return instance;
}

void zc_instance_release_rest(zc_instance *instance)
{
    if (atomic_fetch_sub_explicit(&instance->references, 1, memory_order_acq_rel) == 1) {
        if (instance->engine->destroy_rest) {
            instance->engine->destroy_rest(instance);
        }
        zc_module_release(instance->module);
        zc_free(instance);
    }
}

struct zc_table_user {
    zc_table_user *next;
    zc_instance *instance; /* a reference, if only to what is left of it */
    uint64_t count;        /* of elements; without any it is forgotten when it can be */
    void *kept;            /* what `drop` gets, or NULL */
    void (*drop)(void *context);
};

/* Most often asked of an instance about the one table that it has. */
static zc_table_user *find_user(const zc_table *table, const zc_instance *instance)
{
    if (instance->table == table) {
        return instance->user;
    }
    zc_table_user *user = table->users;
    while (user && user->instance != instance) {
        user = user->next;
    }
    return user;
}

static zc_table_user *make_user(zc_table *table, zc_instance *instance)
{
    zc_table_user *user = zc_calloc(1, sizeof *user);
    if (!user) {
        return NULL;
    }
    user->instance = zc_instance_retain_rest(instance);
    if (instance->owner.keep) {
        user->kept = instance->owner.context;
        user->drop = instance->owner.drop;
        instance->owner.keep(user->kept);
    }
    user->next = table->users;
    table->users = user;
    if (instance->table == table) {
        instance->user = user;
    }
    return user;
}

static void let_go(zc_table_user *user)
{
    void *kept = user->kept;
    user->kept = NULL;
    if (kept) {
        user->drop(kept);
    }
}

/* Take those without elements off the list; under the mark. */
static zc_table_user *forget_users(zc_table *table)
{
    zc_table_user **at = &table->users, *forgotten = NULL;
    while (*at) {
        zc_table_user *user = *at;
        if (user->count) {
            at = &user->next;
            continue;
        }
        *at = user->next;
        user->next = forgotten;
        forgotten = user;
        if (user->instance->table == table) {
            user->instance->user = NULL;
        }
    }
    return forgotten;
}

/* What is let go of may run the host's code, and that may come here again, so nothing is held. */
static void free_users(zc_table_user *user)
{
    while (user) {
        zc_table_user *next = user->next;
        let_go(user);
        zc_instance_release_rest(user->instance);
        zc_free(user);
        user = next;
    }
}

void zc_table_drop_users(zc_table *table)
{
    zc_table_user *user = table->users;
    while (user) {
        if (user->kept) {
            let_go(user);
            user = table->users; /* the list may have changed */
        } else {
            user = user->next;
        }
    }
}

int zc_table_visit_users(const zc_table *table, int (*visit)(void *kept, void *context), void *context)
{
    int code = 0;
    for (const zc_table_user *user = table->users; user && code == 0; user = user->next) {
        code = user->kept ? visit(user->kept, context) : 0;
    }
    return code;
}

bool zc_table_has_users(const zc_table *table)
{
    return table->users != NULL;
}

/* The one place where an element changes while others than the table's own instance have functions there. An instance other
 * than that has its entry already. */
static void put(zc_table *table, uint32_t index, zc_instance *instance, uint32_t function)
{
    uint32_t unused;
    const zc_instance *was = table->engine->get_element(table, index, &unused);
    if (instance && instance != table->home) {
        find_user(table, instance)->count++;
    }
    if (was && was != table->home) {
        find_user(table, was)->count--;
    }
    table->engine->set_element(table, index, instance, function);
}

/* --- for engines --- */

zc_status zc_table_put(zc_instance *instance, uint32_t index, uint32_t function, zc_error *error)
{
    zc_table *table = instance->table;
    if (table->home != instance && !instance->user) {
        if (instance->owner.lock) {
            instance->owner.lock(instance->owner.context);
        }
        if (!make_user(table, instance)) {
            return zc_fail(error, ZC_NO_MEMORY, "cannot allocate an entry of a table");
        }
    }
    put(table, index, instance, function);
    return ZC_OK;
}

void zc_table_move(zc_table *table, uint32_t destination, uint32_t source, uint32_t size)
{
    for (uint32_t i = 0; i < size; i++) {
        uint32_t at = destination > source ? size - 1 - i : i, function = 0;
        zc_instance *instance = table->engine->get_element(table, source + at, &function);
        put(table, destination + at, instance, function);
    }
}

/* --- threads --- */

zc_status zc_table_own(zc_table *table, zc_table_hold *hold, zc_error *error)
{
    uintptr_t me = zc_thread_mark(), found = 0;
    _Atomic uintptr_t *mark = table->shared ? &table->owner : &table->home->executor->owner;
    hold->mark = NULL;
    if (!atomic_compare_exchange_strong_explicit(mark, &found, me, memory_order_acquire, memory_order_relaxed) &&
        found != me) {
        return zc_fail(error, ZC_CONCURRENT, "%s",
                       found == ZC_HELD
                           ? "the table is held: a snapshot or a fork is being made of an instance that has it"
                           : "the table is in use: an instance that has it is running on another thread");
    }
    *hold = (zc_table_hold){mark, found};
    return ZC_OK;
}

zc_status zc_table_share(zc_table *table, zc_error *error)
{
    zc_table_hold hold;
    if (table->shared) {
        return ZC_OK;
    }
    zc_status status = zc_table_own(table, &hold, error);
    if (status != ZC_OK) {
        return status;
    }
    zc_instance *home = table->home;
    zc_call_state *call = zc_current(home);
    if (call) { /* of this thread: the outermost one has the mark from now on, as if it had taken it when it began */
        while (call->outer) {
            call = call->outer;
        }
        call->table = (zc_table_hold){&table->owner, 0};
        atomic_store_explicit(&table->owner, zc_thread_mark(), memory_order_relaxed);
    }
    table->shared = true;
    home->shared_table = table;
    zc_table_disown(hold);
    return ZC_OK;
}

/* --- tables --- */

static bool is_shareable(const zc_engine *engine)
{
    return engine->set_element != NULL;
}

static zc_status check_shareable(const zc_table *table, zc_error *error)
{
    return is_shareable(table->engine)
               ? ZC_OK
               : zc_fail(error, ZC_BAD_VALUE,
                         "the table is an instance's of the engine %s, which keeps tables to itself: only its size is "
                         "seen from outside",
                         table->engine->name);
}

static zc_status make(const zc_engine *engine, const zc_limits_type *type, uint32_t maximum, zc_table **out,
                      zc_error *error)
{
    zc_table *table = zc_calloc(1, engine->table_bytes);
    if (!table || (is_shareable(engine) && !engine->resize_table(table, type->minimum))) {
        zc_free(table);
        return zc_fail(error, ZC_NO_MEMORY, "cannot allocate a table of %u elements", type->minimum);
    }
    table->engine = engine;
    atomic_init(&table->references, 1);
    atomic_init(&table->size, type->minimum);
    table->type = *type;
    table->maximum = maximum;
    *out = table;
    return ZC_OK;
}

/* What it may grow to. */
static uint32_t most(const zc_limits_type *type, uint64_t limit)
{
    uint32_t declared = type->has_maximum ? type->maximum : UINT32_MAX;
    return limit < declared ? (uint32_t)limit : declared;
}

zc_status zc_table_new(const zc_engine *engine, const zc_limits_type *type, zc_table **out, zc_error *error)
{
    uint32_t maximum = most(type, ZC_DEFAULT_TABLE);
    if (type->minimum > maximum) {
        return zc_fail(error, ZC_BAD_VALUE,
                       "a table of %u to %u elements: the minimum is at most %u and not above the maximum",
                       type->minimum, type->has_maximum ? type->maximum : ZC_DEFAULT_TABLE, ZC_DEFAULT_TABLE);
    }
    zc_status status = make(engine, type, maximum, out, error);
    if (status == ZC_OK) {
        (*out)->shared = true;
    }
    return status;
}

zc_status zc_table_make_own(zc_instance *instance, zc_error *error)
{
    const zc_module_info *info = instance->module->info;
    const zc_limits_type *type = &info->table;
    uint64_t limit = instance->limits.table;
    const uint64_t elements = zc_table_elements(info);
    if (instance->table) {
        return ZC_OK;
    }
    if (elements > limit) {
        return zc_fail(error, ZC_LINK, "the module's table has %llu elements, the limit is %llu", (ull)elements,
                       (ull)limit);
    }
    if (!info->has_table) {
        return ZC_OK;
    }
    zc_status status = make(instance->engine, type, most(type, limit), &instance->table, error);
    if (status == ZC_OK) {
        instance->table->home = zc_instance_retain_rest(instance);
    }
    return status;
}

zc_status zc_table_import(zc_instance *instance, const zc_import *import, zc_table *table, zc_error *error)
{
    const zc_limits_type *wanted = &instance->module->info->table;
    bool declared;
    if (!is_shareable(instance->engine)) {
        return zc_fail(error, ZC_LINK, "import %.*s.%.*s: the engine %s imports no tables", ZC_NAME(import->module),
                       ZC_NAME(import->field), instance->engine->name);
    }
    if (table->engine != instance->engine) {
        return zc_fail(error, ZC_LINK, "import %.*s.%.*s: the table is of the engine %s, the instance of %s",
                       ZC_NAME(import->module), ZC_NAME(import->field), table->engine->name, instance->engine->name);
    }
    uint32_t size = zc_table_size(table), maximum = zc_table_maximum(table, &declared);
    if (size < wanted->minimum) {
        return zc_fail(error, ZC_LINK, "import %.*s.%.*s: the table has %u elements, at least %u are needed",
                       ZC_NAME(import->module), ZC_NAME(import->field), size, wanted->minimum);
    }
    if (wanted->has_maximum && (!declared || maximum > wanted->maximum)) {
        return zc_fail(error, ZC_LINK, "import %.*s.%.*s: the table's maximum is %u elements%s, at most %u are allowed",
                       ZC_NAME(import->module), ZC_NAME(import->field), maximum, declared ? "" : " (none declared)",
                       wanted->maximum);
    }
    zc_status status = zc_table_share(table, error);
    if (status == ZC_OK) {
        instance->table = instance->shared_table = zc_table_retain(table);
    }
    return status;
}

void zc_table_leave(zc_instance *instance)
{
    zc_table *table = instance->table;
    instance->table = NULL;
    instance->shared_table = NULL;
    instance->user = NULL;
    if (table && table->home == instance) {
        table->shared = true; /* its mark is its own now */
    }
    zc_table_release(table);
}

zc_table *zc_table_retain(zc_table *table)
{
    atomic_fetch_add_explicit(&table->references, 1, memory_order_relaxed);
    return table;
}

void zc_table_release(zc_table *table)
{
    if (!table || atomic_fetch_sub_explicit(&table->references, 1, memory_order_acq_rel) != 1) {
        return;
    }
    free_users(table->users); /* none of their instances has this table */
    if (table->home) {
        zc_instance_release_rest(table->home);
    }
    if (is_shareable(table->engine)) {
        table->engine->free_table(table);
    }
    zc_free(table);
}

uint32_t zc_table_size(const zc_table *table)
{
    return atomic_load_explicit(&table->size, memory_order_relaxed);
}

uint32_t zc_table_maximum(const zc_table *table, bool *declared)
{
    *declared = table->type.has_maximum;
    return *declared ? table->type.maximum : table->maximum;
}

zc_instance *zc_table_home(const zc_table *table)
{
    return table->home && !table->home->ended ? table->home : NULL;
}

void **zc_table_object(zc_table *table)
{
    return &table->object;
}

zc_status zc_table_grow(zc_table *table, uint32_t delta, uint32_t *previous, zc_error *error)
{
    zc_table_hold hold;
    zc_status status = check_shareable(table, error);
    if (status != ZC_OK || (status = zc_table_own(table, &hold, error)) != ZC_OK) {
        return status;
    }
    uint32_t size = *previous = zc_table_size(table);
    if (delta > table->maximum - size) {
        status = zc_fail(error, ZC_OUT_OF_BOUNDS, "cannot grow a table of %u elements by %u: its maximum is %u", size,
                         delta, table->maximum);
    } else if (delta > 0 && !table->engine->resize_table(table, size + delta)) {
        status = zc_fail(error, ZC_NO_MEMORY, "cannot allocate %u more elements of a table", delta);
    } else {
        atomic_store_explicit(&table->size, size + delta, memory_order_relaxed);
    }
    zc_table_disown(hold);
    return status;
}

static zc_status check_index(const zc_table *table, uint32_t index, zc_error *error)
{
    uint32_t size = zc_table_size(table);
    return index < size ? ZC_OK : zc_fail(error, ZC_OUT_OF_BOUNDS, "element %u of a table of %u", index, size);
}

zc_status zc_table_get(zc_table *table, uint32_t index, zc_instance **instance, uint32_t *function, zc_error *error)
{
    zc_table_hold hold;
    *instance = NULL;
    zc_status status = check_shareable(table, error);
    if (status != ZC_OK || (status = zc_table_own(table, &hold, error)) != ZC_OK) {
        return status;
    }
    status = check_index(table, index, error);
    zc_instance *owner = status == ZC_OK ? table->engine->get_element(table, index, function) : NULL;
    if (owner && owner->ended) {
        status =
            zc_fail(error, ZC_CLOSED, "element %u of the table is a function of an instance that is closed", index);
    } else {
        *instance = owner;
    }
    zc_table_disown(hold);
    return status;
}

static zc_status check_engine(const zc_table *table, const zc_instance *instance, zc_error *error)
{
    return !instance || instance->engine == table->engine
               ? ZC_OK
               : zc_fail(error, ZC_BAD_VALUE,
                         "the function is of an instance of the engine %s, the table has functions of the engine %s",
                         instance->engine->name, table->engine->name);
}

zc_status zc_table_set(zc_table *table, uint32_t index, zc_instance *instance, uint32_t function, zc_error *error)
{
    zc_table_hold hold;
    zc_status status = check_shareable(table, error);
    if (status != ZC_OK || (status = check_engine(table, instance, error)) != ZC_OK ||
        (status = zc_table_own(table, &hold, error)) != ZC_OK) {
        return status;
    }
    status = check_index(table, index, error);
    if (status == ZC_OK && instance && instance != table->home && !find_user(table, instance) &&
        !make_user(table, instance)) {
        status = zc_fail(error, ZC_NO_MEMORY, "cannot allocate an entry of a table");
    }
    if (status == ZC_OK) {
        put(table, index, instance, function);
    }
    zc_table_user *forgotten = forget_users(table);
    zc_table_disown(hold);
    free_users(forgotten);
    return status;
}

/* run.h: executes a threadgroup on one CPU thread. Included by metal_stdlib, inside namespace metal.
 *
 * Each thread of the group is a fiber with a stack of its own; a barrier or SIMD-group function lets the
 * others run until all that must arrive have. Odd groups run their threads in reverse order and threadgroup
 * memory starts as garbage, so that what is right only by luck fails. Of every four groups two give each thread
 * a turn, and two run one SIMD group until it waits at a barrier before the next one starts: with turns a
 * SIMD-group function hides that a barrier is missing. A thread that leaves while others wait for it at a barrier
 * is an error, as on a GPU it would be undefined.
 * One group at a time: the caller holds a lock. No third-party code, nothing allocated after the first run. */

extern "C" {
void *mmap(void *, size_t, int, int, int, long);
void *memcpy(void *, const void *, size_t);
void *memset(void *, int, size_t);
}

struct group {
    enum { MAX = 1024, STACK = 65536, SLOT = 16, MAX_WIDTH = 64 };
    struct fiber {
        void *sp;
        bool done, waiting;
        unsigned char slot[SLOT]; /* what it gave to a SIMD-group function */
    };
    struct simd {
        uint arrived, alive, generation;
    };
    fiber fibers[MAX];
    simd simds[MAX];
    uint count, width, alive, me, arrived, generation, number;
    bool divergent;
    void *main_sp;
    unsigned char *stacks;
    uint poisoned; /* number of the group for which each local array was last filled, see below */
    void (*body)(uint thread_index, const void *context);
    const void *context;

    void yield();
    void barrier()
    {
        uint generation_then = generation;
        if (++arrived == count) {
            arrived = 0;
            generation++;
            return;
        }
        while (generation == generation_then) yield();
    }
    void simd_sync()
    {
        simd &s = simds[me / width];
        uint generation_then = s.generation;
        if (++s.arrived >= s.alive) {
            s.arrived = 0;
            s.generation++;
            return;
        }
        while (s.generation == generation_then) yield();
    }
    /* Calls each(lane, value) for every thread of this SIMD group that is still there, in lane order. */
    template <class T, class F> void exchange(T mine, F each)
    {
        static_assert(sizeof(T) <= SLOT, "a SIMD-group function of more than 16 bytes");
        uint first = me - me % width;
        memcpy(fibers[me].slot, &mine, sizeof mine);
        simd_sync();
        for (uint i = first; i < first + width && i < count; i++) {
            if (!fibers[i].done) {
                T value;
                memcpy(&value, fibers[i].slot, sizeof value);
                each(i - first, value);
            }
        }
        simd_sync();
    }
    /* Greater when somebody has gone on: a barrier that is passed counts more than all who have arrived at it. */
    uint state()
    {
        uint sum = generation * (count + 1) + arrived + (count - alive);
        for (uint i = 0; i * width < count; i++) sum += simds[i].generation;
        return sum;
    }
    void turn(uint from, uint to); /* once each of these threads, in this group's order */
    bool run(uint threads);
};
static group the_group;

#if defined(__APPLE__)
#define ZC_MSL_HIDDEN ".private_extern"
enum { ANONYMOUS = 0x1002 }; /* MAP_PRIVATE | MAP_ANON */
#else
#define ZC_MSL_HIDDEN ".hidden"
enum { ANONYMOUS = 0x22 };
#endif
/* By this name on every system: some put an underscore before those of C. */
extern "C" __attribute__((visibility("hidden"))) void zc_msl_switch(void **save, void *to) asm("zc_msl_switch");
#if defined(__x86_64__)
asm(ZC_MSL_HIDDEN " zc_msl_switch\n.globl zc_msl_switch\nzc_msl_switch:\n push %rbp\n push %rbx\n push %r12\n push %r13\n"
    " push %r14\n push %r15\n mov %rsp,(%rdi)\n mov %rsi,%rsp\n pop %r15\n pop %r14\n pop %r13\n pop %r12\n"
    " pop %rbx\n pop %rbp\n ret\n");
enum { SAVED = 6, ENTRY = 6 };
#elif defined(__aarch64__)
asm(ZC_MSL_HIDDEN " zc_msl_switch\n.globl zc_msl_switch\nzc_msl_switch:\n sub sp,sp,#160\n stp x19,x20,[sp]\n"
    " stp x21,x22,[sp,#16]\n stp x23,x24,[sp,#32]\n stp x25,x26,[sp,#48]\n stp x27,x28,[sp,#64]\n"
    " stp x29,x30,[sp,#80]\n stp d8,d9,[sp,#96]\n stp d10,d11,[sp,#112]\n stp d12,d13,[sp,#128]\n"
    " stp d14,d15,[sp,#144]\n mov x9,sp\n str x9,[x0]\n mov sp,x1\n ldp x19,x20,[sp]\n ldp x21,x22,[sp,#16]\n"
    " ldp x23,x24,[sp,#32]\n ldp x25,x26,[sp,#48]\n ldp x27,x28,[sp,#64]\n ldp x29,x30,[sp,#80]\n"
    " ldp d8,d9,[sp,#96]\n ldp d10,d11,[sp,#112]\n ldp d12,d13,[sp,#128]\n ldp d14,d15,[sp,#144]\n"
    " add sp,sp,#160\n ret\n");
enum { SAVED = 20, ENTRY = 11 }; /* words; the return address is x30 */
#else
#error "fibers are written for x86-64 and arm64"
#endif

inline void group::yield()
{
    uint who = me;
    zc_msl_switch(&fibers[who].sp, main_sp);
    me = who;
}

static void fiber_main()
{
    group &g = the_group;
    uint me = g.me;
    g.body(me, g.context);
    g.me = me;
    g.fibers[me].done = true;
    g.alive--;
    group::simd &s = g.simds[me / g.width];
    s.alive--;
    if (s.alive && s.arrived >= s.alive) { /* those who wait waited for this one only */
        s.arrived = 0;
        s.generation++;
    }
    void *never;
    zc_msl_switch(&never, g.main_sp);
    __builtin_trap();
}

inline void group::turn(uint from, uint to)
{
    for (uint i = from; i < to; i++) {
        uint next = number & 1 ? to - 1 - (i - from) : i;
        if (!fibers[next].done) {
            me = next;
            zc_msl_switch(&main_sp, fibers[next].sp);
        }
    }
}

inline bool group::run(uint threads)
{
    count = alive = threads;
    arrived = generation = 0;
    divergent = false;
    number++;
    if (!stacks) {
        stacks = (unsigned char *)mmap(nullptr, (size_t)MAX * STACK, 3 /* read, write */, ANONYMOUS, -1, 0);
    }
    for (uint i = 0; i < threads; i++) {
        void **top = (void **)(stacks + (size_t)(i + 1) * STACK) - 2; /* as after a call: 16 n + 8 on x86-64 */
        if (SAVED == 20) top += 2;
        fibers[i].done = false;
#if defined(__x86_64__)
        *top = (void *)fiber_main;
        fibers[i].sp = top - SAVED;
#else
        fibers[i].sp = top - SAVED;
        ((void **)fibers[i].sp)[ENTRY] = (void *)fiber_main;
#endif
        simds[i / width] = simd{0, i % width + 1, 0};
    }
    while (alive) {
        uint progress = state();
        if (number & 2) {
            /* Each SIMD group until it can go on no more, which is at a barrier. */
            uint groups = (threads + width - 1) / width;
            for (uint i = 0; i < groups; i++) {
                uint first = (number & 1 ? groups - 1 - i : i) * width, mine;
                do {
                    mine = state();
                    turn(first, first + width < threads ? first + width : threads);
                } while (state() != mine);
            }
        } else {
            turn(0, threads);
        }
        if (state() == progress) {
            return false; /* nobody can go on */
        }
    }
    return true;
}

/* A local threadgroup array starts as garbage: the first thread of each group that comes by fills it. */
static inline void threadgroup_memory(void *array, size_t size, uint &filled_for)
{
    if (filled_for != the_group.number) {
        filled_for = the_group.number;
        memset(array, 0xff, size); /* NaN as floats */
    }
}

static inline void threadgroup_barrier(mem_flags::flags) { the_group.barrier(); }
template <class T> static inline T simd_sum(T mine)
{
    T sum = 0;
    the_group.exchange(mine, [&](uint, T value) { sum += value; });
    return sum;
}
static inline void simdgroup_barrier(mem_flags::flags) { (void)simd_sum(0u); }
template <class T> static inline T simd_max(T mine)
{
    T best = mine;
    the_group.exchange(mine, [&](uint, T value) { best = value > best ? value : best; });
    return best;
}
template <class T> static inline T simd_min(T mine)
{
    T best = mine;
    the_group.exchange(mine, [&](uint, T value) { best = value < best ? value : best; });
    return best;
}
template <class T> static inline T simd_prefix_exclusive_sum(T mine)
{
    T sum = 0;
    uint lane = the_group.me % the_group.width;
    the_group.exchange(mine, [&](uint other, T value) { sum += other < lane ? value : T(0); });
    return sum;
}
template <class T> static inline T simd_shuffle(T mine, ushort from)
{
    T got;
    memset(&got, 0xff, sizeof got); /* of a thread that is not there: undefined */
    the_group.exchange(mine, [&](uint other, T value) { if (other == from) got = value; });
    return got;
}
template <class T> static inline T simd_broadcast(T mine, ushort from) { return simd_shuffle(mine, from); }
template <class T> static inline T simd_shuffle_xor(T mine, ushort mask)
{
    return simd_shuffle(mine, ushort((the_group.me % the_group.width) ^ mask));
}
template <class T> static inline T simd_shuffle_down(T mine, ushort delta)
{
    return simd_shuffle(mine, ushort(the_group.me % the_group.width + delta));
}
template <class T> static inline T simd_broadcast_first(T mine)
{
    T got = mine;
    bool first = true;
    the_group.exchange(mine, [&](uint, T value) { if (first) got = value, first = false; });
    return got;
}
static inline bool simd_is_first()
{
    uint lane = the_group.me % the_group.width;
    return simd_broadcast_first(lane) == lane;
}
static inline bool simd_any(bool mine) { return simd_max<uint>(mine) != 0; }
static inline bool simd_all(bool mine) { return simd_min<uint>(mine) != 0; }

/* For msl.py's entry points. */
struct position {
    uint3 group, groups, local, threads;
    uint index, lane, simd_index, simds;
};

static inline uint3 triple(uint x, uint y, uint z)
{
    uint3 v;
    v.x = x, v.y = y, v.z = z;
    return v;
}
static inline uint pick(uint v, uint) { return v; }
static inline uint pick(uint3 v, uint) { return v.x; }
static inline uint3 pick(uint3 v, uint3) { return v; }

struct launch {
    void *const *buffers;
    const uint *groups, *threads;
    uint at[3];
};

static inline position where(const launch &l, uint index)
{
    position p;
    p.group = triple(l.at[0], l.at[1], l.at[2]);
    p.groups = triple(l.groups[0], l.groups[1], l.groups[2]);
    p.threads = triple(l.threads[0], l.threads[1], l.threads[2]);
    p.local = triple(index % l.threads[0], index / l.threads[0] % l.threads[1], index / l.threads[0] / l.threads[1]);
    p.index = index;
    p.lane = index % the_group.width;
    p.simd_index = index / the_group.width;
    p.simds = (the_group.count + the_group.width - 1) / the_group.width;
    return p;
}

/* 0, or 1 when threads did not all arrive at a barrier. */
static inline int run_groups(void (*body)(uint, const void *), void *const *buffers, const uint groups[3],
                             const uint threads[3], uint width)
{
    launch l = {buffers, groups, threads, {0, 0, 0}};
    group &g = the_group;
    g.body = body;
    g.context = &l;
    g.width = width;
    for (l.at[2] = 0; l.at[2] < groups[2]; l.at[2]++)
        for (l.at[1] = 0; l.at[1] < groups[1]; l.at[1]++)
            for (l.at[0] = 0; l.at[0] < groups[0]; l.at[0]++)
                if (!g.run(threads[0] * threads[1] * threads[2])) return 1;
    return 0;
}

/* py_heap: see py_heap.h. */
#include "py_heap.h"
#include "py_error.h"
#include "py_function.h"
#include "py_memory.h"

#include <string.h>

/* What `free` takes, in order: the pointer, the size that was asked for, the alignment that was asked for. */
#define ROLES "psa"
#define MAX_ROLES 3

typedef struct block {
    uint32_t pointer, size, alignment; /* as the allocator gave and was asked */
    struct block *next;                /* of those that are due, or spare */
} block;

typedef struct py_heap {
    PyObject_HEAD
    py_store *store; /* borrowed; NULL when its instance has ended */
    PyObject *allocator; /* as Python describes it, or None */
    bool ready;
    bool has_free;
    bool draining;
    uint32_t free_function;
    char roles[MAX_ROLES + 1];
    block **blocks; /* all that the guest has not got back, by their pointers */
    size_t count, capacity;
    block *due, *spare;
} py_heap;

typedef struct py_block {
    PyObject_HEAD
    py_heap *heap;
    block *block; /* NULL once it was given back by hand */
    zc_region *region;
    uint8_t *address;
    Py_ssize_t size;
} py_block;

/* --- the blocks in order --- */

/* How many begin below the pointer. */
static size_t below(const py_heap *heap, uint64_t pointer)
{
    size_t low = 0, high = heap->count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (heap->blocks[middle]->pointer < pointer) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    return low;
}

/* A block that has part of [pointer, pointer + size), or NULL. */
static const block *overlapping(const py_heap *heap, uint64_t pointer, uint64_t size)
{
    size_t i = below(heap, pointer);
    if (i < heap->count && heap->blocks[i]->pointer < pointer + size) {
        return heap->blocks[i];
    }
    return i > 0 && (uint64_t)heap->blocks[i - 1]->pointer + heap->blocks[i - 1]->size > pointer ? heap->blocks[i - 1]
                                                                                                 : NULL;
}

/* NULL with a MemoryError when there is no room for it. */
static block *insert(py_heap *heap, uint32_t pointer, uint32_t size, uint32_t alignment)
{
    if (heap->count == heap->capacity) {
        size_t capacity = heap->capacity ? 2 * heap->capacity : 8;
        block **blocks = PyMem_Realloc(heap->blocks, capacity * sizeof(block *));
        if (!blocks) {
            return (block *)PyErr_NoMemory();
        }
        heap->blocks = blocks;
        heap->capacity = capacity;
    }
    block *made = PyMem_Malloc(sizeof *made);
    if (!made) {
        return (block *)PyErr_NoMemory();
    }
    *made = (block){.pointer = pointer, .size = size, .alignment = alignment};
    size_t i = below(heap, pointer);
    memmove(heap->blocks + i + 1, heap->blocks + i, (heap->count - i) * sizeof(block *));
    heap->blocks[i] = made;
    heap->count++;
    return made;
}

static void drop(py_heap *heap, block *gone)
{
    size_t i = below(heap, gone->pointer);
    while (heap->blocks[i] != gone) { /* empty ones may share a pointer */
        i++;
    }
    heap->count--;
    memmove(heap->blocks + i, heap->blocks + i + 1, (heap->count - i) * sizeof(block *));
    PyMem_Free(gone);
}

/* --- giving back --- */

/* Call the guest's `free` for what is due. A block counts as given back when the call begins, however it ends. */
static int drain(zc_state *state, py_heap *heap)
{
    if (heap->draining) {
        return 0; /* `free` calls the host, which calls the guest */
    }
    int code = 0;
    py_store *store = (py_store *)Py_XNewRef((PyObject *)heap->store); /* the guest's calls may end both */
    Py_INCREF(heap);
    heap->draining = true;
    while (code == 0 && heap->due && heap->store && zc_py_callable_now(store, heap->free_function)) {
        block *next = heap->due;
        uint64_t arguments[MAX_ROLES];
        for (int i = 0; heap->roles[i]; i++) {
            arguments[i] = heap->roles[i] == 'p' ? next->pointer : heap->roles[i] == 's' ? next->size : next->alignment;
        }
        heap->due = next->next;
        drop(heap, next);
        PyObject *result = zc_py_call(state, store, heap->free_function, arguments);
        code = result ? 0 : -1;
        Py_XDECREF(result);
    }
    heap->draining = false;
    if (heap->store && !heap->due) {
        heap->store->due = NULL;
    }
    Py_DECREF(heap);
    Py_XDECREF((PyObject *)store);
    return code;
}

/* What a store with something due calls before an outermost call. */
static int drain_store(zc_state *state, py_store *store)
{
    return drain(state, (py_heap *)store->heap);
}

/* No view of it is left. Allocates nothing and runs nothing: it may be called by the garbage collector. */
static void give_back(py_heap *heap, block *gone)
{
    if (!heap->store) {
        return; /* its instance has ended: heap_dealloc frees it */
    }
    block **list = heap->has_free ? &heap->due : &heap->spare;
    gone->next = *list;
    *list = gone;
    if (heap->has_free) {
        heap->store->due = drain_store;
    }
}

/* --- a block, as Python has it --- */

static void block_dealloc(PyObject *object)
{
    py_block *self = (py_block *)object;
    PyTypeObject *type = Py_TYPE(object);
    if (self->block) {
        give_back(self->heap, self->block);
    }
    zc_region_unpin(self->region);
    Py_DECREF(self->heap);
    PyObject_Free(object);
    Py_DECREF(type);
}

static int block_buffer(PyObject *object, Py_buffer *buffer, int flags)
{
    py_block *self = (py_block *)object;
    return PyBuffer_FillInfo(buffer, object, self->address, self->size, 0, flags);
}

static PyObject *block_repr(PyObject *object)
{
    py_block *self = (py_block *)object;
    return PyUnicode_FromFormat("<memory of a guest's allocator: %zd bytes at %p>", self->size, (void *)self->address);
}

static PyType_Slot block_slots[] = {
    {Py_tp_dealloc, block_dealloc},
    {Py_tp_repr, block_repr},
    {Py_bf_getbuffer, block_buffer},
    {0, NULL},
};

static PyType_Spec block_spec = {
    .name = "zcwasm._core._Block",
    .basicsize = sizeof(py_block),
    .flags = Py_TPFLAGS_DEFAULT | Py_TPFLAGS_DISALLOW_INSTANTIATION | Py_TPFLAGS_IMMUTABLETYPE,
    .slots = block_slots,
};

/* --- the heap --- */

static py_heap *heap_new(zc_state *state, py_store *store)
{
    py_heap *heap = PyObject_New(py_heap, state->heap_type);
    if (heap) {
        memset((char *)heap + offsetof(py_heap, store), 0, sizeof *heap - offsetof(py_heap, store));
        heap->store = store;
        heap->allocator = Py_NewRef(Py_None);
    }
    return heap;
}

PyObject *zc_py_heap_of(zc_state *state, py_store *store)
{
    if (!store->heap) {
        store->heap = (PyObject *)heap_new(state, store);
    }
    return Py_XNewRef(store->heap);
}

int zc_py_heap_fork(zc_state *state, py_store *parent, py_store *child)
{
    const py_heap *from = (py_heap *)parent->heap;
    if (!from || (!from->due && !from->spare)) {
        return 0;
    }
    py_heap *heap = heap_new(state, child);
    if (!heap) {
        return -1;
    }
    child->heap = (PyObject *)heap; /* which the store's end takes with it */
    Py_SETREF(heap->allocator, Py_NewRef(from->allocator));
    heap->ready = from->ready;
    heap->has_free = from->has_free;
    heap->free_function = from->free_function;
    memcpy(heap->roles, from->roles, sizeof heap->roles);
    for (const block *each = from->has_free ? from->due : from->spare; each; each = each->next) {
        block *copy = insert(heap, each->pointer, each->size, each->alignment);
        if (!copy) {
            return -1;
        }
        give_back(heap, copy);
    }
    return 0;
}

void zc_py_heap_end(PyObject *object)
{
    if (object) {
        ((py_heap *)object)->store->due = NULL;
        ((py_heap *)object)->store = NULL;
    }
}

static void heap_dealloc(PyObject *object)
{
    py_heap *self = (py_heap *)object;
    PyTypeObject *type = Py_TYPE(object);
    for (size_t i = 0; i < self->count; i++) {
        PyMem_Free(self->blocks[i]);
    }
    PyMem_Free(self->blocks);
    Py_DECREF(self->allocator);
    PyObject_Free(object);
    Py_DECREF(type);
}

static py_store *store_of(PyObject *object)
{
    py_store *store = ((py_heap *)object)->store;
    if (!store) {
        PyErr_SetString(zc_state_of(object)->closed_error, "the instance is closed");
    }
    return store;
}

/* The export of this name, which must be a function that takes so many i32 and gives nothing; -1 with an exception. */
static int64_t find_free(const py_store *store, PyObject *name, Py_ssize_t params)
{
    PyObject *position = PyDict_GetItemWithError(((py_module *)store->module)->export_index, name);
    const zc_module_info *info = zc_py_store_info(store);
    const zc_export *export = position ? &info->exports[PyLong_AsSsize_t(position)] : NULL;
    if (export && export->kind == ZC_EXTERN_FUNC) {
        const zc_func_type *type = &info->types[info->funcs[export->index].type_index];
        bool fits = type->result_count == 0 && type->param_count == params;
        for (uint32_t i = 0; fits && i < type->param_count; i++) {
            fits = type->params[i] == ZC_I32;
        }
        if (fits) {
            return export->index;
        }
    }
    if (!PyErr_Occurred()) {
        PyErr_Format(PyExc_ValueError, "no export %R takes %zd i32 and gives nothing", name, params);
    }
    return -1;
}

static const char begin_doc[] = //
    "begin($self, allocator, free, roles, /)\n--\n\n"
    "Say what the allocator is, once. free: the export that takes blocks back, or None; roles: what it takes, of p\n"
    "(pointer), s (size), a (alignment).";

static PyObject *heap_begin(PyObject *object, PyObject *arguments)
{
    py_heap *self = (py_heap *)object;
    PyObject *allocator, *name;
    const char *roles;
    py_store *store = store_of(object);
    if (!store || !PyArg_ParseTuple(arguments, "OOs:begin", &allocator, &name, &roles)) {
        return NULL;
    }
    size_t count = strlen(roles);
    if (count > MAX_ROLES || strspn(roles, ROLES) != count || self->ready) {
        return PyErr_Format(PyExc_ValueError, "roles '%s'", roles);
    }
    if (name != Py_None) {
        int64_t found = find_free(store, name, (Py_ssize_t)count);
        if (found < 0) {
            return NULL;
        }
        self->free_function = (uint32_t)found;
        self->has_free = true;
        memcpy(self->roles, roles, count + 1);
    }
    Py_SETREF(self->allocator, Py_NewRef(allocator));
    self->ready = true;
    Py_RETURN_NONE;
}

static const char block_doc[] = //
    "block($self, pointer, size, alignment, start, length, /)\n--\n\n"
    "What the allocator gave, `size` bytes at `pointer`, as an object with the buffer of `length` bytes at `start`.\n"
    "The one check of it: Error when it does not lie in the memory, or overlaps what was given before.";

static PyObject *heap_block(PyObject *object, PyObject *arguments)
{
    py_heap *self = (py_heap *)object;
    zc_state *state = zc_state_of(object);
    unsigned int pointer, size, alignment, start, length;
    py_store *store = store_of(object);
    if (!store || !PyArg_ParseTuple(arguments, "IIIII:block", &pointer, &size, &alignment, &start, &length)) {
        return NULL;
    }
    if (!store->memory || !self->ready) {
        PyErr_SetString(state->error, "the module has no memory, or no allocator");
        return NULL;
    }
    zc_region *region = zc_memory_region(((py_memory *)store->memory)->memory);
    uint64_t end = (uint64_t)pointer + size, there = zc_region_size(region);
    if (pointer == 0 || end > there) {
        PyErr_Format(state->error, "the guest's allocator gave %u byte%s at %u, in a memory of %llu bytes", size,
                     zc_py_plural(size), pointer, (ull)there);
        return NULL;
    }
    const block *other = overlapping(self, pointer, size);
    if (other) {
        PyErr_Format(state->error,
                     "the guest's allocator gave %u byte%s at %u, but has not got back %u byte%s at %u, which overlap",
                     size, zc_py_plural(size), pointer, other->size, zc_py_plural(other->size), other->pointer);
        return NULL;
    }
    if (start < pointer || (uint64_t)start + length > end) {
        PyErr_Format(PyExc_ValueError, "%u bytes at %u are not in %u bytes at %u", length, start, size, pointer);
        return NULL;
    }
    py_block *made = PyObject_New(py_block, state->block_type);
    if (!made) {
        return NULL;
    }
    made->heap = (py_heap *)Py_NewRef(object);
    made->region = region;
    zc_region_pin(region);
    made->address = zc_region_base(region) + start;
    made->size = (Py_ssize_t)length;
    made->block = insert(self, pointer, size, alignment);
    if (!made->block) {
        Py_CLEAR(made);
    }
    return (PyObject *)made;
}

static const char spare_doc[] = //
    "spare($self, size, /)\n--\n\n"
    "(pointer, size) of a block that was given back, of at least so many bytes and not twice as many, where the\n"
    "allocator takes none back; else None. It is the caller's then.";

static PyObject *heap_spare(PyObject *object, PyObject *value)
{
    py_heap *self = (py_heap *)object;
    unsigned long size = PyLong_AsUnsignedLong(value);
    if (PyErr_Occurred()) {
        return NULL;
    }
    block **best = NULL;
    for (block **at = &self->spare; *at; at = &(*at)->next) {
        if ((*at)->size >= size && (*at)->size / 2 <= size && (!best || (*at)->size < (*best)->size)) {
            best = at;
        }
    }
    if (!best) {
        Py_RETURN_NONE;
    }
    block *found = *best;
    PyObject *pair = Py_BuildValue("II", found->pointer, found->size);
    if (pair) {
        *best = found->next;
        drop(self, found);
    }
    return pair;
}

static const char retire_doc[] = //
    "retire($self, block, /)\n--\n\n"
    "Give a block back while views of it may be left: it is due from now on. ValueError when it was before.";

static PyObject *heap_retire(PyObject *object, PyObject *value)
{
    zc_state *state = zc_state_of(object);
    if (!Py_IS_TYPE(value, state->block_type)) {
        return PyErr_Format(PyExc_TypeError, "a _Block is needed, not %s", Py_TYPE(value)->tp_name);
    }
    py_block *given = (py_block *)value;
    if ((PyObject *)given->heap != object || !given->block) {
        PyErr_SetString(PyExc_ValueError, given->block ? "array is of another instance" : "array was freed before");
        return NULL;
    }
    give_back(given->heap, given->block);
    given->block = NULL;
    Py_RETURN_NONE;
}

static PyObject *heap_drain(PyObject *object, PyObject *unused)
{
    (void)unused;
    if (!store_of(object) || drain(zc_state_of(object), (py_heap *)object) < 0) {
        return NULL;
    }
    Py_RETURN_NONE;
}

static Py_ssize_t heap_length(PyObject *object)
{
    return (Py_ssize_t)((py_heap *)object)->count;
}

static PyMethodDef heap_methods[] = {
    {"begin", heap_begin, METH_VARARGS, begin_doc},
    {"block", heap_block, METH_VARARGS, block_doc},
    {"spare", heap_spare, METH_O, spare_doc},
    {"retire", heap_retire, METH_O, retire_doc},
    {"drain", heap_drain, METH_NOARGS, "drain($self)\n--\n\nCall the guest's `free` for what is due, now."},
    {NULL, NULL, 0, NULL},
};

static PyMemberDef heap_members[] = {
    {"allocator", T_OBJECT, offsetof(py_heap, allocator), READONLY, "What begin() was given, or None."},
    {"ready", T_BOOL, offsetof(py_heap, ready), READONLY, "Whether begin() was called."},
    {NULL, 0, 0, 0, NULL},
};

static PyType_Slot heap_slots[] = {
    {Py_tp_doc, (void *)"A guest's allocator, and what it gave; len() says how many blocks it has not got back."},
    {Py_tp_dealloc, heap_dealloc},
    {Py_tp_methods, heap_methods},
    {Py_tp_members, heap_members},
    {Py_sq_length, heap_length},
    {0, NULL},
};

static PyType_Spec heap_spec = {
    .name = "zcwasm._core._Heap",
    .basicsize = sizeof(py_heap),
    .flags = Py_TPFLAGS_DEFAULT | Py_TPFLAGS_DISALLOW_INSTANTIATION | Py_TPFLAGS_IMMUTABLETYPE,
    .slots = heap_slots,
};

int zc_py_add_heap(PyObject *module, zc_state *state)
{
    state->heap_type = (PyTypeObject *)PyType_FromModuleAndSpec(module, &heap_spec, NULL);
    state->block_type = (PyTypeObject *)PyType_FromModuleAndSpec(module, &block_spec, NULL);
    if (!state->heap_type || !state->block_type) {
        return -1;
    }
    return PyModule_AddType(module, state->heap_type) < 0 ? -1 : PyModule_AddType(module, state->block_type);
}

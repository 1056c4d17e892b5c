/* zc_spirv: see zc_spirv.h. One pass finds where each id is defined; the questions are then answered by
 * further passes over the words, so that nothing is kept but that one table. Bounded: modules of at most
 * MAX_WORDS words, MAX_VARIABLES buffer variables, types nested at most MAX_DEPTH deep, and MAX_SCANNED words
 * looked at in all, so that no bytes make it slow. */
#include "device/vulkan/zc_spirv.h"

#include <stdio.h>
#include <string.h>

#include "base/zc_alloc.h"

#define MAX_WORDS (1u << 20)
#define MAX_VARIABLES 64u
#define MAX_DEPTH 8u
#define MAX_SCANNED ((uint64_t)64 << 20)
#define MAGIC 0x07230203u
#define HEADER 5u

enum {
    OP_ENTRY_POINT = 15,
    OP_EXECUTION_MODE = 16,
    OP_CAPABILITY = 17,
    OP_TYPE_INT = 21,
    OP_TYPE_FLOAT = 22,
    OP_TYPE_VECTOR = 23,
    OP_TYPE_MATRIX = 24,
    OP_TYPE_ARRAY = 28,
    OP_TYPE_STRUCT = 30,
    OP_TYPE_POINTER = 32,
    OP_CONSTANT = 43,
    OP_CONSTANT_COMPOSITE = 44,
    OP_SPEC_CONSTANT = 50,
    OP_SPEC_CONSTANT_COMPOSITE = 51,
    OP_FUNCTION = 54,
    OP_FUNCTION_END = 56,
    OP_VARIABLE = 59,
    OP_DECORATE = 71,
    OP_MEMBER_DECORATE = 72,
    OP_EXECUTION_MODE_ID = 331,

    MODEL_GLCOMPUTE = 5,
    MODE_LOCAL_SIZE = 17,
    MODE_LOCAL_SIZE_ID = 38,
    BUILTIN_WORKGROUP_SIZE = 25,
    STORAGE_UNIFORM_CONSTANT = 0,
    STORAGE_UNIFORM = 2,
    STORAGE_PUSH_CONSTANT = 9,
    STORAGE_STORAGE_BUFFER = 12,
    DECORATION_BUFFER_BLOCK = 3,
    DECORATION_ARRAY_STRIDE = 6,
    DECORATION_MATRIX_STRIDE = 7,
    DECORATION_BUILTIN = 11,
    DECORATION_NON_WRITABLE = 24,
    DECORATION_NON_READABLE = 25,
    DECORATION_BINDING = 33,
    DECORATION_DESCRIPTOR_SET = 34,
    DECORATION_OFFSET = 35,
};

typedef struct module {
    const char *name; /* of the kernel, for messages */
    const uint32_t *words;
    uint32_t count;
    uint32_t bound;
    uint64_t *scanned; /* words looked at so far */
    uint32_t *defined; /* by id: where its instruction starts; 0 for ids without one that matters here */
} module;

#define REFUSE(...) zc_fail(error, ZC_BAD_VALUE, __VA_ARGS__)

/* Instructions were checked to fit when the table was made: at(i) starts one of length_at(i) words. */
static uint32_t op_at(const module *m, uint32_t i)
{
    return m->words[i] & 0xFFFF;
}
static uint32_t length_at(const module *m, uint32_t i)
{
    return m->words[i] >> 16;
}
#define EACH_INSTRUCTION(m, i) (uint32_t i = HEADER; i < (m)->count; i += length_at(m, i))

/* Word `n` of the instruction at `i`, 0 beyond its end: no id, and no valid value where it matters. */
static uint32_t word(const module *m, uint32_t i, uint32_t n)
{
    return n < length_at(m, i) ? m->words[i + n] : 0;
}

/* Where `id` is defined by one of these instructions, or 0. */
static uint32_t find(const module *m, uint32_t id, uint32_t op)
{
    uint32_t i = id < m->bound ? m->defined[id] : 0;
    return i && op_at(m, i) == op ? i : 0;
}

static uint32_t result_word(uint32_t op)
{
    switch (op) {
    case OP_TYPE_INT:
    case OP_TYPE_FLOAT:
    case OP_TYPE_VECTOR:
    case OP_TYPE_MATRIX:
    case OP_TYPE_ARRAY:
    case OP_TYPE_STRUCT:
    case OP_TYPE_POINTER:
        return 1;
    case OP_CONSTANT:
    case OP_CONSTANT_COMPOSITE:
    case OP_SPEC_CONSTANT:
    case OP_SPEC_CONSTANT_COMPOSITE:
    case OP_FUNCTION:
    case OP_VARIABLE:
        return 2;
    default:
        return 0;
    }
}

static zc_status index_module(module *m, zc_error *error)
{
    if (m->words[0] != MAGIC) {
        return REFUSE("kernel %s: the bytes are not SPIR-V: they start with 0x%08x, not 0x%08x", m->name, m->words[0],
                      MAGIC);
    }
    if (m->count > MAX_WORDS) {
        return REFUSE("kernel %s: a module of %u words, at most %u are supported", m->name, m->count, MAX_WORDS);
    }
    m->bound = m->words[3];
    if (m->bound > m->count) { /* every id takes an instruction of two words or more to define */
        return REFUSE("kernel %s: the module claims %u ids in %u words", m->name, m->bound, m->count);
    }
    m->defined = zc_calloc(m->bound ? m->bound : 1, sizeof *m->defined);
    if (!m->defined) {
        return zc_fail(error, ZC_NO_MEMORY, "cannot allocate the table of %u ids", m->bound);
    }
    bool inside = false; /* a function; drivers crash on one that does not end */
    for (uint32_t i = HEADER; i < m->count;) {
        uint32_t length = length_at(m, i), op = op_at(m, i);
        if (length == 0 || length > m->count - i) {
            return REFUSE("kernel %s: the instruction at word %u has %u words, %u are left", m->name, i, length,
                          m->count - i);
        }
        if ((op == OP_FUNCTION && inside) || (op == OP_FUNCTION_END && !inside)) {
            return REFUSE("kernel %s: the instruction at word %u %s a function, where it cannot", m->name, i,
                          inside ? "starts" : "ends");
        }
        inside = op == OP_FUNCTION || (inside && op != OP_FUNCTION_END);
        uint32_t at = result_word(op);
        if (at) {
            uint32_t id = word(m, i, at);
            if (id == 0 || id >= m->bound) {
                return REFUSE("kernel %s: the instruction at word %u defines id %u, the module's bound is %u", m->name,
                              i, id, m->bound);
            }
            m->defined[id] = i;
        }
        i += length;
    }
    return inside ? REFUSE("kernel %s: the module ends inside a function", m->name) : ZC_OK;
}

/* ---- decorations and constants ---- */

/* Whether another pass is allowed. */
static bool may_scan(const module *m)
{
    *m->scanned += m->count;
    return *m->scanned <= MAX_SCANNED;
}

static bool decoration(const module *m, uint32_t id, uint32_t which, uint32_t *value)
{
    *value = 0;
    if (!may_scan(m)) {
        return false;
    }
    for
        EACH_INSTRUCTION(m, i)
        {
            if (op_at(m, i) == OP_DECORATE && word(m, i, 1) == id && word(m, i, 2) == which) {
                *value = word(m, i, 3);
                return true;
            }
        }
    return false;
}

static bool member_decoration(const module *m, uint32_t type, uint32_t member, uint32_t which, uint32_t *value)
{
    *value = 0;
    if (!may_scan(m)) {
        return false;
    }
    for
        EACH_INSTRUCTION(m, i)
        {
            if (op_at(m, i) == OP_MEMBER_DECORATE && word(m, i, 1) == type && word(m, i, 2) == member &&
                word(m, i, 3) == which) {
                *value = word(m, i, 4);
                return true;
            }
        }
    return false;
}

static bool constant(const module *m, uint32_t id, uint32_t *value)
{
    uint32_t i = find(m, id, OP_CONSTANT);
    i = i ? i : find(m, id, OP_SPEC_CONSTANT);
    *value = i ? word(m, i, 3) : 0;
    return i != 0;
}

/* Bytes of a type as laid out in a block; 0 when it cannot be told. */
static uint64_t size_of(const module *m, uint32_t id, unsigned depth)
{
    uint32_t i = id < m->bound ? m->defined[id] : 0;
    if (!i || depth > MAX_DEPTH) {
        return 0;
    }
    uint32_t value = 0, length = 0;
    switch (op_at(m, i)) {
    case OP_TYPE_INT:
    case OP_TYPE_FLOAT:
        return word(m, i, 2) / 8;
    case OP_TYPE_VECTOR:
        return size_of(m, word(m, i, 2), depth + 1) * word(m, i, 3);
    case OP_TYPE_ARRAY:
        return constant(m, word(m, i, 3), &length) && decoration(m, id, DECORATION_ARRAY_STRIDE, &value)
                   ? (uint64_t)value * length
                   : 0;
    case OP_TYPE_STRUCT: {
        uint64_t end = 0;
        for (uint32_t member = 0; member + 2 < length_at(m, i) && member < 256; member++) {
            uint64_t size = size_of(m, word(m, i, member + 2), depth + 1);
            uint32_t type = word(m, i, member + 2);
            uint32_t matrix = find(m, type, OP_TYPE_MATRIX);
            if (matrix && member_decoration(m, id, member, DECORATION_MATRIX_STRIDE, &value)) {
                size = (uint64_t)value * word(m, matrix, 3);
            }
            if (!size || !member_decoration(m, id, member, DECORATION_OFFSET, &value)) {
                return 0;
            }
            end = end > value + size ? end : value + size;
        }
        return end;
    }
    default:
        return 0;
    }
}

/* ---- the comparison ---- */

static zc_status check_capabilities(const module *m, const zc_spirv_device *device, zc_error *error)
{
    for
        EACH_INSTRUCTION(m, i)
        {
            if (op_at(m, i) != OP_CAPABILITY) {
                continue;
            }
            uint32_t capability = word(m, i, 1);
            bool good = false;
            switch (capability) {
            case 0: /* Matrix */
            case 1: /* Shader */
                good = true;
                break;
            case 9: /* Float16 */
                good = device->float16;
                break;
            case 11: /* Int64 */
                good = device->int64;
                break;
            case 22: /* Int16 */
                good = device->int16;
                break;
            case 39: /* Int8 */
                good = device->int8;
                break;
            case 61: /* GroupNonUniform, then Vote, Arithmetic, Ballot, Shuffle, ShuffleRelative, Clustered, Quad */
            case 62:
            case 63:
            case 64:
            case 65:
            case 66:
            case 67:
            case 68:
                good = device->subgroup_operations >> (capability - 61) & 1;
                break;
            case 4433: /* StorageBuffer16BitAccess */
                good = device->storage16;
                break;
            case 4448: /* StorageBuffer8BitAccess */
                good = device->storage8;
                break;
            default:
                break;
            }
            if (!good) {
                return REFUSE(
                    "kernel %s: the SPIR-V needs capability %u, which the device does not have or kernels may "
                    "not use",
                    m->name, capability);
            }
        }
    return ZC_OK;
}

/* The name in words [first, end of instruction) into `out`; false when it has no end there or is too long. */
static bool name_at(const module *m, uint32_t i, uint32_t first, char out[ZC_SPIRV_NAME])
{
    for (uint32_t n = 0; n < ZC_SPIRV_NAME; n++) {
        if (first + n / 4 >= length_at(m, i)) {
            return false;
        }
        out[n] = (char)(m->words[i + first + n / 4] >> (8 * (n % 4)) & 0xFF);
        if (!out[n]) {
            return true;
        }
    }
    return false;
}

static zc_status find_entry(const module *m, const char *wanted, char out[ZC_SPIRV_NAME], uint32_t *id, zc_error *error)
{
    unsigned found = 0;
    char name[ZC_SPIRV_NAME];
    for
        EACH_INSTRUCTION(m, i)
        {
            if (op_at(m, i) != OP_ENTRY_POINT || word(m, i, 1) != MODEL_GLCOMPUTE || !name_at(m, i, 3, name) ||
                (wanted && strcmp(wanted, name) != 0)) {
                continue;
            }
            if (found++ == 0) {
                *id = word(m, i, 2);
                memcpy(out, name, sizeof name);
            }
        }
    if (found == 1) {
        return find(m, *id, OP_FUNCTION) ? ZC_OK
                                         : REFUSE("kernel %s: entry point \"%s\" is id %u, which is no function of the "
                                                  "module",
                                                  m->name, out, *id);
    }
    if (wanted) {
        return REFUSE("kernel %s: the SPIR-V has %u compute entry points named \"%.63s\"", m->name, found, wanted);
    }
    return REFUSE("kernel %s: the SPIR-V has %u compute entry points%s", m->name, found,
                  found ? "; name one" : " with a name of 1 to 63 bytes");
}

static zc_status check_workgroup(const module *m, const zc_kernel_source *source, uint32_t entry, zc_error *error)
{
    uint32_t size[3] = {0, 0, 0}, builtin = 0;
    for
        EACH_INSTRUCTION(m, i)
        {
            uint32_t op = op_at(m, i);
            if (op == OP_EXECUTION_MODE && word(m, i, 1) == entry && word(m, i, 2) == MODE_LOCAL_SIZE) {
                for (unsigned k = 0; k < 3; k++) {
                    size[k] = word(m, i, 3 + k);
                }
            } else if (op == OP_EXECUTION_MODE_ID && word(m, i, 1) == entry && word(m, i, 2) == MODE_LOCAL_SIZE_ID) {
                for (unsigned k = 0; k < 3; k++) {
                    (void)constant(m, word(m, i, 3 + k), &size[k]);
                }
            } else if (op == OP_DECORATE && word(m, i, 2) == DECORATION_BUILTIN &&
                       word(m, i, 3) == BUILTIN_WORKGROUP_SIZE) {
                builtin = word(m, i, 1); /* it overrides the modes */
            }
        }
    uint32_t composite = find(m, builtin, OP_CONSTANT_COMPOSITE);
    composite = composite ? composite : find(m, builtin, OP_SPEC_CONSTANT_COMPOSITE);
    for (unsigned k = 0; composite && k < 3; k++) {
        (void)constant(m, word(m, composite, 3 + k), &size[k]);
    }
    if (memcmp(size, source->workgroup, sizeof size) != 0) {
        return REFUSE("kernel %s: the signature's workgroup is %u x %u x %u, the SPIR-V's is %u x %u x %u", m->name,
                      source->workgroup[0], source->workgroup[1], source->workgroup[2], size[0], size[1], size[2]);
    }
    return ZC_OK;
}

static bool all_members(const module *m, uint32_t type, uint32_t which)
{
    uint32_t i = find(m, type, OP_TYPE_STRUCT), value;
    uint32_t members = i ? length_at(m, i) - 2 : 0;
    if (members == 0 || members > 256) {
        return false;
    }
    for (uint32_t member = 0; member < members; member++) {
        if (!member_decoration(m, type, member, which, &value)) {
            return false;
        }
    }
    return true;
}

static const char *access_name(uint8_t access)
{
    return access == (ZC_ACCESS_READ | ZC_ACCESS_WRITE) ? "read and written"
           : access == ZC_ACCESS_WRITE                  ? "written"
                                                        : "read";
}

/* A buffer variable at `i` whose block is `type`; adds what it may do to `seen`, by binding. */
static zc_status check_buffer(const module *m, const zc_kernel_source *source, uint32_t i, uint32_t type, uint8_t *seen,
                              zc_error *error)
{
    uint32_t id = word(m, i, 2), set = 0, number = 0, value;
    if (!find(m, type, OP_TYPE_STRUCT)) {
        return REFUSE("kernel %s: the SPIR-V has an array of buffers; a binding is one", m->name);
    }
    if (!decoration(m, id, DECORATION_DESCRIPTOR_SET, &set) || !decoration(m, id, DECORATION_BINDING, &number) ||
        set != 0 || number < 1 || number > source->binding_count) {
        return REFUSE("kernel %s: the SPIR-V binds a buffer at set %u, binding %u; the signature's %u bindings are at "
                      "set 0, bindings 1 to %u",
                      m->name, set, number, source->binding_count, source->binding_count);
    }
    const zc_binding_signature *binding = &source->bindings[number - 1];
    bool reads = !decoration(m, id, DECORATION_NON_READABLE, &value) && !all_members(m, type, DECORATION_NON_READABLE);
    bool writes = !decoration(m, id, DECORATION_NON_WRITABLE, &value) && !all_members(m, type, DECORATION_NON_WRITABLE);
    if (writes && !(binding->access & ZC_ACCESS_WRITE)) {
        return REFUSE("kernel %s: the signature says that binding %u, %s, is read, the SPIR-V may write it (declare it "
                      "readonly there)",
                      m->name, number, binding->name);
    }
    seen[number - 1] |= (uint8_t)((reads ? ZC_ACCESS_READ : 0) | (writes ? ZC_ACCESS_WRITE : 0) | 0x80);
    return ZC_OK;
}

/* What the module's variables outside functions are. */
typedef struct variables {
    uint8_t seen[ZC_KERNEL_MAX_BINDINGS]; /* 0x80 and what the module does with it */
    unsigned pushes;                      /* blocks of push constants */
    uint64_t push_size;                   /* of the last one */
} variables;

static zc_status find_variables(const module *m, const zc_kernel_source *source, variables *found, zc_error *error)
{
    unsigned buffers = 0;
    for
        EACH_INSTRUCTION(m, i)
        {
            if (op_at(m, i) != OP_VARIABLE) {
                continue;
            }
            uint32_t storage = word(m, i, 3), value;
            if (storage != STORAGE_UNIFORM_CONSTANT && storage != STORAGE_UNIFORM && storage != STORAGE_PUSH_CONSTANT &&
                storage != STORAGE_STORAGE_BUFFER) {
                continue;
            }
            uint32_t pointer = find(m, word(m, i, 1), OP_TYPE_POINTER);
            uint32_t type = pointer ? word(m, pointer, 3) : 0;
            if (++buffers > MAX_VARIABLES) {
                return REFUSE("kernel %s: the SPIR-V has more than %u buffers", m->name, MAX_VARIABLES);
            }
            if (storage == STORAGE_PUSH_CONSTANT) {
                found->pushes++;
                found->push_size = size_of(m, type, 0);
            } else if (storage == STORAGE_STORAGE_BUFFER ||
                       (storage == STORAGE_UNIFORM && decoration(m, type, DECORATION_BUFFER_BLOCK, &value))) {
                zc_status status = check_buffer(m, source, i, type, found->seen, error);
                if (status != ZC_OK) {
                    return status;
                }
            } else {
                return REFUSE(
                    "kernel %s: the SPIR-V has a uniform buffer, image or sampler; only storage buffers can be "
                    "bound",
                    m->name);
            }
        }
    return ZC_OK;
}

static zc_status check_variables(const module *m, const zc_kernel_source *source, zc_error *error)
{
    variables found = {0};
    unsigned offsets = zc_kernel_offset_words(source->binding_count);
    uint64_t wanted = 4u * offsets + source->params_size;
    zc_status status = find_variables(m, source, &found, error);
    if (status != ZC_OK) {
        return status;
    }
    for (unsigned b = 0; b < source->binding_count; b++) {
        const zc_binding_signature *binding = &source->bindings[b];
        uint8_t seen = found.seen[b];
        if (!seen) {
            return REFUSE("kernel %s: the signature has binding %u, %s, the SPIR-V has no buffer there", m->name, b + 1,
                          binding->name);
        }
        if ((binding->access & ~seen) != 0) {
            return REFUSE("kernel %s: the signature says that binding %u, %s, is %s, in the SPIR-V it is %s", m->name,
                          b + 1, binding->name, access_name(binding->access),
                          seen & 3 ? access_name(seen & 3) : "neither read nor written");
        }
    }
    if (found.pushes != 1 || found.push_size != wanted) {
        return REFUSE("kernel %s: the signature needs push constants of %u bytes (uint offset[%u], then %u bytes of "
                      "parameters), the SPIR-V has %s%llu",
                      m->name, (unsigned)wanted, offsets, source->params_size,
                      found.pushes > 1 ? "several, the last of " : "", (ull)found.push_size);
    }
    return ZC_OK;
}

zc_status zc_spirv_check(const zc_kernel_source *source, const zc_spirv_device *device, char entry_point[ZC_SPIRV_NAME],
                         zc_error *error)
{
    module m = {.name = source->name, .words = source->spirv, .count = (uint32_t)(source->spirv_size / 4)};
    uint64_t scanned = 0;
    uint32_t entry = 0;
    m.scanned = &scanned;
    if (source->spirv_size / 4 > MAX_WORDS || m.count < HEADER) {
        return REFUSE("kernel %s: a module of %zu bytes, %u to %u are supported", m.name, source->spirv_size,
                      4 * HEADER, 4 * MAX_WORDS);
    }
    zc_status status = index_module(&m, error);
    if (status == ZC_OK && m.words[1] > device->version) {
        status =
            REFUSE("kernel %s: the module is SPIR-V %u.%u, the device takes at most %u.%u", m.name,
                   m.words[1] >> 16 & 255, m.words[1] >> 8 & 255, device->version >> 16, device->version >> 8 & 255);
    }
    if (status == ZC_OK) {
        status = check_capabilities(&m, device, error);
    }
    if (status == ZC_OK) {
        status = find_entry(&m, source->entry_point, entry_point, &entry, error);
    }
    if (status == ZC_OK) {
        status = check_workgroup(&m, source, entry, error);
    }
    if (status == ZC_OK) {
        status = check_variables(&m, source, error);
    }
    if (scanned > MAX_SCANNED) {
        status = REFUSE("kernel %s: the module takes too long to check", m.name);
    }
    zc_free(m.defined);
    return status;
}

/* py_values: values and names of a guest, from and to Python.
 *
 * The one place where arguments and results are checked for type and range. Floats keep their bits: NaN
 * payloads survive, signalling ones too, so f32 and f64 are converted by hand where the hardware would
 * quieten them. Threads: with the GIL. */
#ifndef PY_VALUES_H
#define PY_VALUES_H

#include "py_state.h"

#include "guest/zc_guest.h"

/* "i32" ... as interned strings in a tuple. */
PyObject *zc_py_value_types(const uint8_t *types, uint32_t count);
PyObject *zc_py_name(zc_name name);
/* "(i32, i64) -> f32", or "() -> ()"; and what an import or export is: "function (i32) -> ()", "global i64", ... */
PyObject *zc_py_signature(const zc_func_type *type);
PyObject *zc_py_describe_extern(const zc_module_info *info, zc_extern_kind kind, uint32_t index);
/* Value type of a name such as "i32", or -1 with an exception. */
int zc_py_value_type(PyObject *name);

/* One value of a guest from and to Python; -1 with an exception when it is of the wrong type or range.
 * `what` describes the place for the message, `position` its number from 1 (0 to leave it out). */
int zc_py_to_bits(PyObject *value, uint8_t type, uint64_t *bits, const char *what, Py_ssize_t position);
/* What an export's argument is that zc_py_to_bits has just refused: where the guest wants an i32, an array that lies in its
 * memory is its pointer. Otherwise -1, with that exception or a better one. `memory`: the guest's, or NULL. */
int zc_py_to_pointer(PyObject *memory, PyObject *value, uint8_t type, uint64_t *bits, Py_ssize_t position);
/* Whether Python has such values: i32, i64, f32 and f64; of functions, whether all that they take and give are. */
bool zc_py_is_number(uint8_t type);
bool zc_py_all_numbers(const zc_func_type *type);
PyObject *zc_py_from_bits(uint64_t bits, uint8_t type);

#endif

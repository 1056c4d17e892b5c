/* py_shape: see py_shape.h. */
#include "py_shape.h"

#include <stdio.h>
#include <string.h>

zc_py_shape zc_py_shape_text(const Py_ssize_t *shape, int ndim)
{
    zc_py_shape out;
    size_t used = 1;
    out.text[0] = '(';
    for (int i = 0; i < ndim; i++) {
        char number[24];
        int length = snprintf(number, sizeof number, "%s%zd", i ? ", " : "", shape[i]);
        if (used + (size_t)length + 8 > sizeof out.text) {
            memcpy(out.text + used, ", ...", 5);
            used += 5;
            break;
        }
        memcpy(out.text + used, number, (size_t)length);
        used += (size_t)length;
    }
    (void)snprintf(out.text + used, sizeof out.text - used, ndim == 1 ? ",)" : ")");
    return out;
}

/* SPDX-License-Identifier: Apache-2.0 */
/* Any bytes as a .npy file: finite numbers, or a sentence. */
#include <math.h>
#include <stdlib.h>
#include "quality/array.h"

int LLVMFuzzerTestOneInput(const unsigned char *bytes, size_t size)
{
    erg_error err = { 0 };
    erg_array *array = erg_array_parse("fuzz.npy", bytes, size, &err);
    size_t count = array ? array->dims[0] * array->dims[1] * array->dims[2] : 0;

    if (!array && (err.code == ERG_OK || !err.text[0]))
        abort();
    for (size_t i = 0; i < count; i++)
        if (!isfinite(array->values[i]))
            abort();
    erg_array_free(array);
    return 0;
}

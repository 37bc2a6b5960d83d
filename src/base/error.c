/* SPDX-License-Identifier: Apache-2.0 */
/* One sentence for people; control characters of bad input never reach a terminal. */
#include "base/base.h"
#undef erg_fail

bool erg_fail(erg_error *err, erg_code code, const char *format, ...)
{
    if (!err)
        return false;

    va_list arguments;
    va_start(arguments, format);
    vsnprintf(err->text, sizeof(err->text), format, arguments);
    va_end(arguments);

    for (char *c = err->text; *c; c++)
        if ((unsigned char)*c < ' ' || *c == 127)
            *c = '?';
    err->code = code;
    return false;
}

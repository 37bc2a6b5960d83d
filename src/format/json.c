/* SPDX-License-Identifier: Apache-2.0 */
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include "format/json.h"

json_t *erg_json_parse(const char *name, const char *bytes, size_t count, erg_error *err)
{
    json_error_t fault;
    json_t *root = json_loadb(bytes, count, JSON_REJECT_DUPLICATES, &fault);

    if (!root)
        erg_fail(err, ERG_BAD_INPUT, "%.200s:%d: %.160s (byte %d): mend the file there, or "
                 "write it again", name, fault.line, fault.text, fault.position);
    return root;
}

json_t *erg_json_load(const char *path, size_t most, erg_error *err)
{
    size_t count;
    char *bytes = erg_file_read(path, most, &count, err);
    json_t *root = bytes ? erg_json_parse(path, bytes, count, err) : NULL;

    free(bytes);
    return root;
}

bool erg_json_begins(const char *head, size_t count, char with)
{
    size_t at = 0;

    while (at < count && head[at] && strchr(" \t\r\n", head[at]))
        at++;
    return at < count && head[at] == with;
}

double erg_json_number_of(const json_t *object, const char *key)
{
    const json_t *value = json_object_get(object, key);

    return json_is_number(value) ? json_number_value(value) : NAN;
}

json_t *erg_json_real(double value)
{
    return isfinite(value) ? json_real(value) : json_null();
}

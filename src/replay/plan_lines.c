/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/types.h>
#include "format/json.h"
#include "import/formats/importer.h"
#include "replay/plan_lines.h"

static bool is_blank(const char *text, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (!strchr(" \t\r\n", text[i]) || !text[i]) return false;
    return true;
}

static bool take_line(const erg_plan_lines *how, size_t number, const char *text,
                      size_t count, erg_error *err)
{
    json_error_t fault;

    if (is_blank(text, count)) return true;
    json_t *object = json_loadb(text, count, JSON_REJECT_DUPLICATES, &fault);
    bool good = object
        || erg_fail(err, ERG_BAD_INPUT, "%.200s:%zu: %.120s (byte %d): mend the line, "
                    "or write it again%s", how->path, number, fault.text, fault.position,
                    erg_is_of_cr(text, count) ? "; its lines end in CR alone" : "");
    good = good && (json_is_object(object)
                    || erg_fail(err, ERG_BAD_INPUT, "%.200s:%zu: not an object",
                                how->path, number))
        && how->line(how->self, &(erg_plan_place){ how->path, number }, object, err);
    json_decref(object);
    return good;
}

bool erg_plan_lines_read(const erg_plan_lines *how, erg_error *err)
{
    FILE *file = fopen(how->path, "re");
    if (!file)
        return erg_fail(err, ERG_BAD_INPUT, "cannot read %s: %s", how->path,
                        strerror(errno));
    char *text = NULL;
    size_t capacity = 0, number = 0;
    ssize_t count;
    bool good = true;

    while (good && (count = getline(&text, &capacity, file)) >= 0)
        good = take_line(how, ++number, text, (size_t)count, err);
    free(text);
    fclose(file);
    return good;
}

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Results to bytes: the table of writers.
 *
 * printf obeys the locale of the program we are loaded into, where the decimal
 * point may be a comma; the thread's locale is C while a writer runs.
 */
#include <errno.h>
#include <locale.h>
#include <stdlib.h>
#include <string.h>
#include "report/writer.h"

static const erg_writer *const writers[] = {
    &erg_writer_text, &erg_writer_json, &erg_writer_csv, &erg_writer_html,
    &erg_writer_prometheus, &erg_writer_openmetrics,
};

size_t erg_writer_count(void) { return ERG_COUNT(writers); }

const char *erg_writer_name(size_t index)
{
    return index < ERG_COUNT(writers) ? writers[index]->name : NULL;
}

static const erg_writer *find_writer(const char *format, erg_error *err)
{
    for (size_t i = 0; i < ERG_COUNT(writers); i++)
        if (strcmp(writers[i]->name, format) == 0)
            return writers[i];
    erg_fail(err, ERG_BAD_INPUT,
             "unknown format '%s': take text, json, csv, html, prometheus "
             "or openmetrics", format);
    return NULL;
}

static bool find_table(const erg_result *result, const char *name, const erg_table **only,
                       erg_error *err)
{
    *only = name ? erg_result_find(result, name) : NULL;
    if (!name || *only)
        return true;

    erg_text known = { 0 };
    for (size_t i = 0; i < erg_result_table_count(result); i++)
        erg_text_add(&known, "%s%s", i ? ", " : "",
                     erg_table_name(erg_result_table(result, i)));
    char *list = erg_text_take(&known);
    erg_fail(err, ERG_BAD_INPUT, "there is no table '%s': this result has %s", name,
             list && *list ? list : "none");
    free(list);
    return false;
}

bool erg_write(const erg_result *result, const char *format,
               const erg_write_options *options, FILE *out, erg_error *err)
{
    static const erg_write_options plain = { 0 };
    const erg_write_options *chosen = options ? options : &plain;
    const erg_writer *writer = find_writer(format, err);
    const erg_table *only;

    if (!writer || !find_table(result, chosen->table, &only, err))
        return false;
    locale_t c_locale = newlocale(LC_NUMERIC_MASK, "C", (locale_t)0);
    if (!c_locale)
        return erg_fail(err, ERG_NO_MEMORY, "out of memory");

    locale_t before = uselocale(c_locale);
    bool good = writer->write(result, only, chosen, out, err);
    uselocale(before);
    freelocale(c_locale);
    if (good && (fflush(out) != 0 || ferror(out)))
        return erg_fail(err, ERG_IO, "cannot write the result: %s", strerror(errno));
    return good;
}

bool erg_write_file(const char *path, erg_file_body *body, const void *what,
                    const void *how, erg_error *err)
{
    erg_aside aside;

    if (!erg_aside_begin(&aside, path, err))
        return false;
    bool good = body(what, how, aside.stream, err);
    return erg_aside_end(&aside, good, good ? err : NULL) && good;
}

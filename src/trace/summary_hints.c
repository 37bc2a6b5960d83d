/* SPDX-License-Identifier: Apache-2.0 */
/* What a run asked of the hardware and what came of it: a table only where it did. */
#include <math.h>
#include <string.h>
#include "format/json.h"
#include "trace/summary.h"

static const char prefix[] = "hint:";

static const erg_column columns[] = {
    { "device", ERG_TEXT, "name of the device" },
    { "knob", ERG_TEXT, "name of the knob" },
    { "unit", ERG_TEXT, "SI unit" },
    { "was", ERG_REAL, "before the run" },
    { "requested", ERG_REAL, "as asked for" },
    { "clamped", ERG_REAL, "the nearest that the device supports: what was set" },
    { "enforced", ERG_REAL, "what the device then said is in force; n/a: it does not say" },
    { "state", ERG_TEXT,
      "enforced, unread, not_taken, refused, no_ergd, or ergd's own word" },
    { "by", ERG_TEXT, "who turned it: erg, or ergd" },
    { "reason", ERG_TEXT, "why it is in that state, and the cure" },
};

static const char *text_of(const json_t *row, const char *key)
{
    const char *text = json_string_value(json_object_get(row, key));
    return text && *text ? text : NULL;
}

static bool add_row(erg_table *table, const json_t *row, erg_error *err)
{
    bool good = erg_table_row(table, err);

    for (size_t i = 0; good && i < ERG_COUNT(columns); i++)
        good = columns[i].type == ERG_TEXT
            ? erg_table_text(table, columns[i].name, text_of(row, columns[i].name), err)
            : erg_table_real(table, columns[i].name,
                             erg_json_number_of(row, columns[i].name), err);
    return good;
}

static bool note_row(summary *all, const json_t *row)
{
    const char *device = text_of(row, "device"), *knob = text_of(row, "knob");
    const char *state = text_of(row, "state"), *reason = text_of(row, "reason");
    const char *unit = text_of(row, "unit"), *by = text_of(row, "by");
    double requested = erg_json_number_of(row, "requested");
    double enforced = erg_json_number_of(row, "enforced");
    char figures[120] = "";

    if (!isnan(requested) && !isnan(enforced))
        snprintf(figures, sizeof(figures), ", %g %.8s asked for, %g %.8s in force",
                 requested, unit ? unit : "", enforced, unit ? unit : "");
    else if (!isnan(requested))
        snprintf(figures, sizeof(figures), ", %g %.8s asked for", requested,
                 unit ? unit : "");
    return erg_result_note(all->result, all->err, "%s%s%s: %s%s, by %s%s%s.",
                           device ? device : "", device ? ": " : "", knob ? knob : "?",
                           state ? state : "unknown", figures, by ? by : "?",
                           reason ? ": " : "", reason ? reason : "");
}

static bool add(summary *all, erg_table **table, const char *text)
{
    json_t *row = erg_json_parse("hint", text, strlen(text), NULL);
    bool good = true;

    if (row && !*table)
        good = (*table = erg_result_add(all->result, "hints", columns, ERG_COUNT(columns),
                                        all->err)) != NULL;
    good = good && (!row || (add_row(*table, row, all->err) && note_row(all, row)));
    json_decref(row);
    return good;
}

bool erg_summary_hints(summary *all)
{
    const char *key, *text;
    erg_table *table = NULL;
    bool good = true;

    for (size_t i = 0; good && erg_trace_meta_at(all->trace, i, &key, &text); i++)
        if (strncmp(key, prefix, sizeof(prefix) - 1) == 0)
            good = add(all, &table, text);
    return good;
}

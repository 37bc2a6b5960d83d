/* SPDX-License-Identifier: Apache-2.0 */
/* How well the workload answers in each precision, as somebody measured it. */
#include <math.h>
#include "estimate/grid.h"
#include "estimate/study.h"

typedef struct accuracy_list {
    const char *workload, *name;    /* as typed, and the graph's own */
    double *of;                     /* each precision; NAN: no row */
    const char *path;
} accuracy_list;

static bool take_accuracy(void *self, const erg_field cells[], erg_error *err)
{
    accuracy_list *list = self;
    char word[16];
    erg_precision precision;

    snprintf(word, sizeof(word), "%.*s", (int)cells[1].count, cells[1].text);
    if (!erg_field_is(cells[0], list->workload) && !erg_field_is(cells[0], list->name))
        return true;
    if (!erg_precision_parse(word, &precision))
        return erg_fail(err, ERG_BAD_INPUT, "%s: '%s' is no precision", list->path, word);
    if (!isnan(list->of[precision]))
        return erg_fail(err, ERG_BAD_INPUT, "%s: two rows of %.*s in %s", list->path,
                        (int)cells[0].count, cells[0].text, word);
    list->of[precision] = erg_field_number(cells[2]);
    return isfinite(list->of[precision])
        || erg_fail(err, ERG_BAD_INPUT,
                    "%s: the accuracy of %.*s in %s is no number: '%.*s'",
                    list->path, (int)cells[0].count, cells[0].text, word,
                    (int)cells[2].count, cells[2].text);
}

bool erg_desk_accuracy(erg_desk *desk)
{
    static const char *const columns[] = { "workload", "precision", "accuracy" };
    accuracy_list list = { .workload = desk->study->workload, .name = "",
                           .of = desk->accuracy, .path = desk->study->accuracy_path };
    const erg_grid grid = { .columns = columns, .column_count = ERG_COUNT(columns),
                            .needed = ERG_COUNT(columns), .row = take_accuracy,
                            .self = &list };

    for (int i = 0; i < ERG_PRECISIONS; i++)
        desk->accuracy[i] = NAN;
    for (size_t i = 0; i < desk->case_count; i++)
        list.name = desk->cases[i].graph ? desk->cases[i].graph->name : list.name;
    return !desk->study->accuracy_path
        || erg_grid_read(&grid, desk->study->accuracy_path, desk->err);
}

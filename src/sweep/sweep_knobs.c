/* SPDX-License-Identifier: Apache-2.0 */
/* What a sweep asked of each knob, what it was set to, and what was then in force. */
#include <math.h>
#include <stdlib.h>
#include "sweep/sweep_inside.h"

static const erg_column columns[] = {
    { "device", ERG_TEXT, "name of the device" },
    { "knob", ERG_TEXT, "name of the knob" },
    { "unit", ERG_TEXT, "SI unit" },
    { "requested", ERG_REAL, "as asked for" },
    { "clamped", ERG_REAL, "the nearest that the device supports: what was set" },
    { "enforced", ERG_REAL, "what the device then said is in force; n/a: it does not say" },
    { "turns", ERG_INTEGER, "how often it was set" },
    { "took_s", ERG_REAL, "the longest that it took, from the call to the read back" },
};

bool erg_sweep_knobs_add(erg_sweep_setup *setup, const erg_sweep_dial *dial,
                         const erg_sweep_axis *axis, erg_error *err)
{
    for (size_t v = 0; v < axis->count; v++)
        for (size_t d = 0; d < dial->count; d++) {
            if (!erg_grow((void **)&setup->turned, &setup->turned_capacity,
                          setup->turned_count, sizeof(erg_sweep_turned), err))
                return false;
            setup->turned[setup->turned_count++] = (erg_sweep_turned){
                .device = dial->devices[d],
                .knob = dial->knob,
                .requested = axis->requested[v],
                .clamped = axis->values[v],
                .enforced = NAN,
                .took_s = NAN,
            };
        }
    return true;
}

void erg_sweep_knobs_note(erg_sweep_setup *setup, size_t device, const erg_turn *turn)
{
    for (size_t i = 0; i < setup->turned_count; i++) {
        erg_sweep_turned *row = &setup->turned[i];
        if (row->device != device || row->knob != turn->knob
            || row->clamped != turn->clamped)
            continue;
        row->enforced = turn->enforced;
        row->took_s = fmax(row->took_s, turn->took_s);
        row->turns++;
    }
}

bool erg_sweep_knobs_table(const erg_sweep_setup *setup, erg_result *result, erg_error *err)
{
    erg_table *table = erg_result_add(result, "knobs", columns, ERG_COUNT(columns), err);
    bool good = table;

    for (size_t i = 0; good && i < setup->turned_count; i++) {
        const erg_sweep_turned *row = &setup->turned[i];
        const erg_knob_info *info = &erg_knob_infos[row->knob];
        const char *device = erg_devices_info(setup->devices, row->device)->name;
        good = erg_table_row(table, err) && erg_table_text(table, "device", device, err)
            && erg_table_text(table, "knob", info->name, err)
            && erg_table_text(table, "unit", info->unit, err)
            && erg_table_real(table, "requested", row->requested, err)
            && erg_table_real(table, "clamped", row->clamped, err)
            && erg_table_real(table, "enforced", row->enforced, err)
            && erg_table_integer(table, "turns", row->turns, err)
            && erg_table_real(table, "took_s", row->took_s, err);
    }
    return good;
}

void erg_sweep_put_setting(const erg_knob_setting *setting, char *to, size_t size)
{
    erg_text text = { 0 };

    for (size_t k = 0; k < ERG_KNOBS; k++)
        if (!isnan(setting->at[k]))
            erg_text_add(&text, k < ERG_OTHER_SETTING ? ", %s %g %s" : ", %s %g",
                         k < ERG_OTHER_SETTING ? erg_knob_infos[k].name
                                               : erg_knob_infos[k].column,
                         setting->at[k] / erg_knob_infos[k].per_column_unit,
                         erg_knob_infos[k].per_column_unit == 1e6 ? "MHz" : "W");
    erg_text_put(to, size, text.data ? text.data : "");
    erg_text_free(&text);
}

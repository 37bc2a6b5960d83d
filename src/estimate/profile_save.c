/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Writes what was fitted, nothing that was filled in: a saved profile loaded on
 * another day takes the shared constants of that day.
 */
#include <math.h>
#include <stdlib.h>
#include "base/base.h"
#include "estimate/profile_json.h"
#include "estimate/unit.h"
#include "format/json.h"

/* Digits: coefficients are known to a few per cent, the file is read by people. */
enum { DIGITS = 7 };

static json_t *operations_of(const erg_energy_terms *energy)
{
    json_t *table = json_object();

    for (int class = 0; class < ERG_UNIT_CLASSES; class++)
        for (int precision = 0; precision < ERG_PRECISIONS; precision++) {
            char key[ERG_TERM_KEY];
            int rows = energy->op_rows[class][precision];

            if (!rows)
                continue;
            erg_term_key(class, precision, key);
            json_object_set_new(table, key, json_pack("{s:o,s:i}", "value",
                erg_json_real(energy->op_j_per_flop[class][precision]), "rows", rows));
        }
    return table;
}

static json_t *energy_of(const erg_energy_terms *energy)
{
    return json_pack("{s:i,s:o,s:o,s:o,s:o,s:o}", "rows", energy->rows, "half_width",
                     erg_json_real(energy->half_width), "op_j_per_flop",
                     operations_of(energy), "byte_j", erg_json_real(energy->byte_j),
                     "far_byte_j", erg_json_real(energy->far_byte_j), "static_w",
                     erg_json_real(energy->static_w));
}

static json_t *time_of(const erg_time_terms *time)
{
    json_t *terms = json_object(), *bandwidth = json_object();

    for (size_t i = 0; i < erg_time_key_count; i++) {
        const double *member =
            (const double *)((const char *)time + erg_time_keys[i].offset);
        json_object_set_new(terms, erg_time_keys[i].name, erg_json_real(*member));
    }
    for (int i = 0; i < ERG_BYTE_CLASSES; i++)
        json_object_set_new(bandwidth, erg_byte_class_names[i],
                            erg_json_real(time->bandwidth[i]));
    json_object_set_new(terms, "bandwidth", bandwidth);
    json_object_set_new(terms, "rows", json_integer(time->rows));
    return terms;
}

static json_t *profile_of(const erg_profile *profile)
{
    json_t *root = json_pack(
        "{s:i,s:s,s:s,s:s,s:s,s:s,s:s,s:o,s:o}", "profile", ERG_PROFILE_FORMAT, "name",
        profile->name, "hardware", profile->hardware, "date", profile->date, "source",
        profile->source, "byte_rule", profile->byte_rule, "runtime",
        erg_runtime_names[profile->runtime], "clock_hz", erg_json_real(profile->clock_hz),
        "cap_w", erg_json_real(profile->cap_w));
    json_t *time = json_object();

    if (profile->energy.rows)
        json_object_set_new(root, "energy", energy_of(&profile->energy));
    for (int class = 0; class < ERG_UNIT_CLASSES; class++)
        if (profile->time[class].rows)
            json_object_set_new(time, erg_unit_class_name(class),
                                time_of(&profile->time[class]));
    json_object_set_new(root, "time", time);
    return root;
}

bool erg_profile_save(const erg_profile *profile, const char *path, erg_error *err)
{
    json_t *root = profile_of(profile);
    erg_aside aside;

    if (!root)
        return erg_fail(err, ERG_NO_MEMORY, "no memory to write profile %s", path);
    bool begun = erg_aside_begin(&aside, path, err), written = false, kept = false;
    if (begun) {
        written = json_dumpf(root, aside.stream,
                             JSON_INDENT(2) | JSON_REAL_PRECISION(DIGITS)) == 0
            && fputc('\n', aside.stream) != EOF;
        kept = erg_aside_end(&aside, written, err);
    }
    json_decref(root);
    if (begun && !written)
        return erg_fail(err, ERG_IO, "cannot write profile %s", path);
    return kept;
}

/* SPDX-License-Identifier: Apache-2.0 */
/* kernel_energy_report.json, which older tools call gpu_energy_report.json. */
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include "replay/fields.h"
#include "replay/meter.h"

#define AT(field) offsetof(erg_kernel_energies, field)

static const erg_json_field whole_fields[] = {
    { "num_runs", AT(runs), ERG_FIELD_COUNT, false },
    { "total_energy_j", AT(total_j), ERG_FIELD_PLAIN, false },
    { "energy_per_inference_j", AT(inference_j), ERG_FIELD_PLAIN, false },
    { "duration_s", AT(duration_s), ERG_FIELD_PLAIN, false },
    { "power_samples", AT(samples), ERG_FIELD_COUNT, false },
};

static const erg_json_field isolated_fields[] = {
    { "num_unique_kernels", AT(unique), ERG_FIELD_COUNT, false },
    { "num_processed", AT(processed), ERG_FIELD_COUNT, true },
    { "num_skipped", AT(skipped), ERG_FIELD_COUNT, true },
    { "num_measured", AT(measured), ERG_FIELD_COUNT, true },
    { "num_estimated", AT(estimated), ERG_FIELD_COUNT, true },
    { "predicted_energy_per_inference_j", AT(predicted_j), ERG_FIELD_PLAIN, false },
    { "estimated_energy_excluded_j", AT(excluded_j), ERG_FIELD_PLAIN, true },
    { "avg_power_during_benchmark_w", AT(mean_w), ERG_FIELD_PLAIN, true },
};

static const erg_json_field compared_fields[] = {
    { "full_model_energy_j", AT(whole_j), ERG_FIELD_PLAIN, false },
    { "predicted_energy_j", AT(compared_j), ERG_FIELD_PLAIN, false },
    { "error_j", AT(error_j), ERG_FIELD_PLAIN, false },
    { "error_percent", AT(error), ERG_FIELD_PERCENT, false },
    { "ratio_predicted_to_actual", AT(ratio), ERG_FIELD_PLAIN, false },
};

#undef AT
#define AT(field) offsetof(erg_kernel_energy, field)

static const erg_json_field row_fields[] = {
    { "invocation_count", AT(count), ERG_FIELD_COUNT, false },
    { "benchmark_runs", AT(runs), ERG_FIELD_COUNT, false },
    { "benchmark_duration_s", AT(duration_s), ERG_FIELD_PLAIN, false },
    { "benchmark_total_energy_j", AT(total_j), ERG_FIELD_PLAIN, false },
    { "energy_per_execution_j", AT(execution_j), ERG_FIELD_PLAIN, false },
    { "energy_per_inference_j", AT(inference_j), ERG_FIELD_PLAIN, false },
    { "power_samples", AT(samples), ERG_FIELD_COUNT, false },
};

#undef AT

static const char *const top_others[] = { "full_model", "isolated_kernels", "comparison",
                                          "per_kernel_energies", NULL };
static const char *const row_others[] = { "name", "tier", "method", NULL };
static const erg_json_shape top_shape = { NULL, 0, top_others };
static const erg_json_shape row_shape = { row_fields, ERG_COUNT(row_fields), row_others };

/* The three objects of numbers. */
static const struct {
    const char *key;
    erg_json_shape shape;
} parts[] = {
    { "full_model", { whole_fields, ERG_COUNT(whole_fields), NULL } },
    { "isolated_kernels", { isolated_fields, ERG_COUNT(isolated_fields), NULL } },
    { "comparison", { compared_fields, ERG_COUNT(compared_fields), NULL } },
};

static erg_kernel_energies *energies_new(erg_error *err)
{
    erg_kernel_energies *new = calloc(1, sizeof(*new));

    if (!new)
        erg_fail(err, ERG_NO_MEMORY, "no memory for the energies of kernels");
    for (size_t i = 0; new &&i < ERG_COUNT(parts); i++)
        for (size_t k = 0; k < parts[i].shape.count; k++)
            *(double *)(void *)((char *)new + parts[i].shape.fields[k].at) = NAN;
    return new;
}

void erg_kernel_energies_free(erg_kernel_energies *energies)
{
    if (!energies)
        return;
    for (size_t i = 0; i < energies->row_count; i++)
        json_decref(energies->rows[i].kept);
    json_decref(energies->kept);
    free(energies->rows);
    free(energies);
}

static bool add_row(erg_kernel_energies *to, const erg_kernel_energy *row, erg_error *err)
{
    if (!erg_grow((void **)&to->rows, &to->row_capacity, to->row_count, sizeof(*row), err))
        return false;
    to->rows[to->row_count++] = *row;
    return true;
}

/* ---- reading ------------------------------------------------------------ */

static bool read_rows(const erg_replay_reading *reading, const json_t *root,
                      erg_kernel_energies *to, erg_error *err)
{
    size_t index;
    json_t *one;

    json_array_foreach(json_object_get(root, "per_kernel_energies"), index, one)
    {
        erg_kernel_energy row = { 0 };
        bool ok =
            erg_name_read(reading, one, row.name, &row.kept, err)
            && erg_tier_read(reading, one, row.name, &row.tier, err)
            && erg_text_read(reading, one, "method", row.method, sizeof(row.method), err)
            && erg_fields_read(&row_shape, reading, one, &row, err)
            && erg_fields_keep(&row_shape, one, &row.kept, err) && add_row(to, &row, err);
        if (!ok) {
            json_decref(row.kept);
            return false;
        }
    }
    return true;
}

static bool read_energies(const erg_replay_reading *reading, const json_t *root,
                          erg_error *err)
{
    erg_kernel_energies *to = energies_new(err);

    if (!to)
        return false;
    erg_kernel_energies_free(reading->into->energies);
    reading->into->energies = to;
    for (size_t i = 0; i < ERG_COUNT(parts); i++)
        if (!erg_fields_read(&parts[i].shape, reading, json_object_get(root, parts[i].key),
                             to, err))
            return false;
    bool ok = read_rows(reading, root, to, err)
              && erg_fields_keep(&top_shape, root, &to->kept, err);
    for (size_t i = 0; i < ERG_COUNT(parts) && ok; i++)
        ok = erg_fields_keep_part(&parts[i].shape, json_object_get(root, parts[i].key),
                                  parts[i].key, &to->kept, err);
    return ok;
}

/* ---- writing ------------------------------------------------------------ */

static json_t *row_of(const erg_kernel_energy *row)
{
    json_t *one = json_object();
    bool ok = json_object_set_new(one, "name", erg_name_write(row->name, row->kept)) == 0
              && json_object_set_new(one, "tier", json_integer(row->tier)) == 0
              && erg_fields_write(&row_shape, row, one)
              && (!row->method[0]
                  || json_object_set_new(one, "method", json_string(row->method)) == 0)
              && erg_fields_put_own(one, NULL, row->kept);
    if (ok)
        return one;
    json_decref(one);
    return NULL;
}

static json_t *write_energies(const erg_replay *replay)
{
    const erg_kernel_energies *from = replay->energies;
    json_t *root = json_object(), *rows = json_array();
    bool ok = root && rows;

    for (size_t i = 0; i < ERG_COUNT(parts) && ok; i++) {
        json_t *part = json_object();
        ok = erg_fields_write(&parts[i].shape, from, part);
        ok = json_object_set_new(root, parts[i].key, part) == 0 && ok;
    }
    for (size_t i = 0; i < from->row_count && ok; i++)
        ok = json_array_append_new(rows, row_of(&from->rows[i])) == 0;
    ok = json_object_set_new(root, "per_kernel_energies", rows) == 0 && ok;
    if (ok && erg_fields_put_own(root, NULL, from->kept))
        return root;
    json_decref(root);
    return NULL;
}

static bool holds_energies(const erg_replay *replay) { return replay->energies != NULL; }

const erg_replay_file erg_replay_file_energies = { "kernel_energy_report.json",
                                                   read_energies, write_energies,
                                                   holds_energies };

/* ---- from what was measured --------------------------------------------- */

static erg_kernel_energy row_from(const erg_replay *replay, const erg_kernel_timing *kernel)
{
    double steps = erg_replay_steps_or_one(replay);
    double runs =
        isnan(kernel->runs_used) ? erg_replay_stated_runs(kernel) : kernel->runs_used;
    erg_kernel_energy row = {
        .tier = kernel->tier,
        .count = kernel->count,
        .runs = runs,
        .duration_s = kernel->span.end_ns > kernel->span.begin_ns
                          ? erg_s_from_ns(kernel->span.end_ns - kernel->span.begin_ns)
                          : NAN,
        .total_j = erg_kernel_is_metered(kernel) ? kernel->gross_j * runs : NAN,
        .execution_j = kernel->gross_j,
        .inference_j = kernel->gross_j * kernel->count / steps,
        .samples = kernel->updates,
    };
    erg_text_put(row.name, sizeof(row.name), kernel->name);
    erg_text_put(row.method, sizeof(row.method), kernel->method);
    return row;
}

static void add_up(const erg_kernel_timing *kernel, const erg_kernel_energy *row,
                   erg_kernel_energies *to)
{
    to->unique++;
    if (erg_kernel_is_metered(kernel)) {
        to->measured++;
        to->predicted_j += row->inference_j;
    } else if (!isnan(row->inference_j)) {
        to->estimated++;
        to->excluded_j += row->inference_j;
    }
}

static void compare(const erg_replay *replay, erg_kernel_energies *to)
{
    const erg_whole_timing *whole = &replay->whole;

    to->runs = whole->runs;
    to->inference_j = to->whole_j = whole->energy_j;
    to->total_j = whole->energy_j * whole->runs;
    to->duration_s = whole->span.end_ns > whole->span.begin_ns
                         ? erg_s_from_ns(whole->span.end_ns - whole->span.begin_ns)
                         : NAN;
    to->compared_j = to->predicted_j;
    to->error_j = fabs(to->compared_j - to->whole_j);
    to->error = to->error_j / to->whole_j;
    to->ratio = to->compared_j / to->whole_j;
}

bool erg_kernel_energies_of(erg_replay *replay, erg_error *err)
{
    erg_kernel_energies *to = energies_new(err);
    double energy_j = 0, time_s = 0;

    if (!to)
        return false;
    erg_kernel_energies_free(replay->energies);
    replay->energies = to;
    to->unique = to->measured = to->estimated = to->predicted_j = to->excluded_j = 0;
    for (size_t i = 0; i < replay->kernel_count; i++) {
        const erg_kernel_timing *kernel = &replay->kernels[i];
        if (!erg_kernel_is_summed(replay, kernel))
            continue;
        erg_kernel_energy row = row_from(replay, kernel);
        if (!add_row(to, &row, err))
            return false;
        add_up(kernel, &row, to);
        if (erg_kernel_is_metered(kernel) && row.duration_s > 0) {
            energy_j += row.total_j;
            time_s += row.duration_s;
        }
    }
    if (to->measured == 0) /* unknown is never 0 */
        to->predicted_j = NAN;
    to->mean_w = energy_j / time_s;
    compare(replay, to);
    return true;
}

/* SPDX-License-Identifier: Apache-2.0 */
/* comparison_report.json: the sum of the kernels beside the whole. */
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include "replay/fields.h"

#define AT(field) offsetof(erg_comparison, field)

static const erg_json_field top_fields[] = {
    { "full_model_inference_us", AT(whole_s), ERG_FIELD_US, false },
    { "full_model_inference_ms", AT(whole_s), ERG_FIELD_MS, false },
    { "predicted_from_kernels_us", AT(predicted_s), ERG_FIELD_US, false },
    { "predicted_from_kernels_ms", AT(predicted_s), ERG_FIELD_MS, false },
    { "error_us", AT(error_s), ERG_FIELD_OFF_US, false },
    { "error_percent", AT(error), ERG_FIELD_PERCENT, false },
};

static const char *const top_others[] = { "tier_breakdown", "top_kernels", NULL };
static const erg_json_shape top_shape = { top_fields, ERG_COUNT(top_fields), top_others };

static const erg_json_field own_fields[] = {
    { "steps", AT(steps), ERG_FIELD_COUNT, false },
    { "e_n", AT(e_n), ERG_FIELD_PLAIN, false },
};

static const erg_json_shape own_shape = { own_fields, ERG_COUNT(own_fields), NULL };

#undef AT
#define AT(field) offsetof(erg_comparison_tier, field)

static const erg_json_field tier_fields[] = {
    { "unique_kernels", AT(kernels), ERG_FIELD_COUNT, false },
    { "total_us", AT(total_s), ERG_FIELD_US, false },
    { "percentage_of_predicted", AT(share), ERG_FIELD_PERCENT, false },
};

static const char *const tier_others[] = { "method", NULL };
static const erg_json_shape tier_shape = { tier_fields, ERG_COUNT(tier_fields),
                                           tier_others };

#undef AT
#define AT(field) offsetof(erg_comparison_row, field)

static const erg_json_field row_fields[] = {
    { "count", AT(count), ERG_FIELD_COUNT, false },
    { "single_us", AT(single_s), ERG_FIELD_US, false },
    { "total_us", AT(total_s), ERG_FIELD_US, false },
    { "percentage_of_predicted", AT(share), ERG_FIELD_PERCENT, false },
};

static const char *const row_others[] = { "name", "tier", NULL };
static const erg_json_shape row_shape = { row_fields, ERG_COUNT(row_fields), row_others };

#undef AT

/* As the guide names them; ours for what it has no name for. */
static const char *const tier_keys[ERG_TIERS] = {
    "unknown", "tier1_cuda_runtime", "tier2_cublas", "tier3_libtorch", "tier4_collective",
};

static const erg_comparison_tier no_tier = { "", NAN, NAN, NAN };

static erg_comparison *comparison_new(erg_error *err)
{
    erg_comparison *new = calloc(1, sizeof(*new));

    if (!new) {
        erg_fail(err, ERG_NO_MEMORY, "no memory for a comparison");
        return NULL;
    }
    new->whole_s = new->predicted_s = new->error_s = new->error = NAN;
    new->steps = new->e_n = new->low_s = new->high_s = NAN;
    for (size_t i = 0; i < ERG_TIERS; i++)
        new->tiers[i] = no_tier;
    return new;
}

void erg_comparison_free(erg_comparison *comparison)
{
    if (!comparison)
        return;
    for (size_t i = 0; i < comparison->row_count; i++)
        json_decref(comparison->rows[i].kept);
    json_decref(comparison->audit);
    json_decref(comparison->kept);
    free(comparison);
}

/* ---- reading ------------------------------------------------------------ */

static bool read_tiers(const erg_replay_reading *reading, const json_t *root,
                       erg_comparison *to, erg_error *err)
{
    const json_t *all = json_object_get(root, "tier_breakdown");

    for (size_t i = 0; i < ERG_TIERS; i++) {
        const json_t *one = json_object_get(all, tier_keys[i]);
        if (one
            && (!erg_text_read(reading, one, "method", to->tiers[i].method,
                               sizeof(to->tiers[i].method), err)
                || !erg_fields_read(&tier_shape, reading, one, &to->tiers[i], err)))
            return false;
    }
    return true;
}

static bool read_rows(const erg_replay_reading *reading, const json_t *root,
                      erg_comparison *to, erg_error *err)
{
    size_t index;
    json_t *one;

    json_array_foreach(json_object_get(root, "top_kernels"), index, one)
    {
        if (index >= ERG_TOP_KERNELS)
            return erg_fail(err, ERG_BAD_INPUT, "%s: more than %d top_kernels",
                            reading->name, ERG_TOP_KERNELS);
        erg_comparison_row *row = &to->rows[to->row_count++];
        if (!erg_name_read(reading, one, row->name, &row->kept, err)
            || !erg_tier_read(reading, one, row->name, &row->tier, err)
            || !erg_fields_read(&row_shape, reading, one, row, err)
            || !erg_fields_keep(&row_shape, one, &row->kept, err))
            return false;
    }
    return true;
}

static void read_interval(const json_t *own, erg_comparison *to)
{
    const json_t *interval = json_object_get(own, "interval");

    if (json_array_size(interval) != 2)
        return;
    to->low_s = json_number_value(json_array_get(interval, 0)) / 1e6;
    to->high_s = json_number_value(json_array_get(interval, 1)) / 1e6;
}

static bool keep_foreign(const json_t *root, erg_comparison *to, erg_error *err)
{
    const json_t *tiers = json_object_get(root, "tier_breakdown");
    bool ok = erg_fields_keep(&top_shape, root, &to->kept, err);

    for (size_t i = 0; i < ERG_TIERS && ok; i++)
        ok = erg_fields_keep_part(&tier_shape, json_object_get(tiers, tier_keys[i]),
                                  tier_keys[i], &to->kept, err);
    return ok;
}

static bool read_comparison(const erg_replay_reading *reading, const json_t *root,
                            erg_error *err)
{
    erg_comparison *to = comparison_new(err);
    const json_t *own = json_object_get(root, "erg");

    if (!to)
        return false;
    erg_comparison_free(reading->into->comparison);
    reading->into->comparison = to;
    to->audit = json_incref(json_object_get(own, "audit"));
    read_interval(own, to);
    return erg_fields_read(&top_shape, reading, root, to, err)
           && erg_fields_read(&own_shape, reading, own, to, err)
           && read_tiers(reading, root, to, err) && read_rows(reading, root, to, err)
           && keep_foreign(root, to, err);
}

/* ---- writing ------------------------------------------------------------ */

static bool put_tiers(const erg_comparison *from, json_t *root)
{
    json_t *all = json_object();
    bool ok = all != NULL;

    for (size_t i = 0; i < ERG_TIERS && ok; i++) {
        const erg_comparison_tier *tier = &from->tiers[i];
        bool of_guide = i >= ERG_TIER_MOVE && i <= ERG_TIER_OTHER;
        if (!of_guide && !(tier->kernels > 0))
            continue;
        json_t *one = json_object();
        ok = json_object_set_new(one, "method", json_string(tier->method)) == 0
             && erg_fields_write(&tier_shape, tier, one);
        ok = json_object_set_new(all, tier_keys[i], one) == 0 && ok;
    }
    return json_object_set_new(root, "tier_breakdown", all) == 0 && ok;
}

static json_t *row_of(const erg_comparison_row *row)
{
    json_t *one = json_object();
    bool ok = json_object_set_new(one, "name", erg_name_write(row->name, row->kept)) == 0
              && json_object_set_new(one, "tier", json_integer(row->tier)) == 0
              && erg_fields_write(&row_shape, row, one)
              && erg_fields_put_own(one, NULL, row->kept);
    if (ok)
        return one;
    json_decref(one);
    return NULL;
}

static bool put_rows(const erg_comparison *from, json_t *root)
{
    json_t *rows = json_array();
    bool ok = rows != NULL;

    for (size_t i = 0; i < from->row_count && ok; i++)
        ok = json_array_append_new(rows, row_of(&from->rows[i])) == 0;
    return json_object_set_new(root, "top_kernels", rows) == 0 && ok;
}

static bool put_own(const erg_comparison *from, json_t *own)
{
    bool is_ours = from->audit || !isnan(from->steps) || !isnan(from->e_n);

    if (!is_ours)
        return true;
    json_t *interval = json_array();
    json_array_append_new(interval, erg_json_real(erg_unscaled(from->low_s, 1e6)));
    json_array_append_new(interval, erg_json_real(erg_unscaled(from->high_s, 1e6)));
    bool ok = json_object_set_new(own, "interval", interval) == 0;
    return ok && erg_fields_write(&own_shape, from, own)
           && json_object_set_new(own, "audit",
                                  from->audit ? json_incref(from->audit) : json_array())
                  == 0;
}

static json_t *write_comparison(const erg_replay *replay)
{
    const erg_comparison *from = replay->comparison;
    json_t *root = json_object(), *own = json_object();
    bool ok = erg_fields_write(&top_shape, from, root) && put_tiers(from, root)
              && put_rows(from, root) && put_own(from, own);

    if (erg_fields_put_own(root, own, from->kept) && ok)
        return root;
    json_decref(root);
    return NULL;
}

static bool holds_comparison(const erg_replay *replay)
{
    return replay->comparison != NULL;
}

const erg_replay_file erg_replay_file_comparison = { "comparison_report.json",
                                                     read_comparison, write_comparison,
                                                     holds_comparison };

/* ---- from what was measured --------------------------------------------- */

/* How the guide's tool runs each; ours is named by the tier itself. */
static void sum_up(erg_replay *replay, erg_comparison *to)
{
    double steps = erg_replay_steps_or_one(replay);

    to->predicted_s = 0;
    for (size_t i = 0; i < replay->kernel_count; i++) {
        const erg_kernel_timing *kernel = &replay->kernels[i];
        double total_s = kernel->time_s * kernel->count / steps;
        erg_comparison_tier *tier = &to->tiers[kernel->tier];
        if (!erg_kernel_is_summed(replay, kernel) || isnan(total_s))
            continue;
        if (isnan(tier->kernels)) {
            *tier = (erg_comparison_tier){ "", 0, 0, NAN };
            erg_text_put(tier->method, sizeof(tier->method), erg_tier_name(kernel->tier));
        }
        tier->kernels++;
        tier->total_s += total_s;
        to->predicted_s += total_s;
    }
    for (size_t i = 0; i < ERG_TIERS; i++)
        to->tiers[i].share = to->tiers[i].total_s / to->predicted_s;
}

typedef struct ranked {
    double total_s;
    const erg_kernel_timing *kernel;
} ranked;

static int larger_first(const void *a, const void *b)
{
    const ranked *x = a, *y = b;
    if (x->total_s != y->total_s)
        return x->total_s > y->total_s ? -1 : 1;
    return x->kernel < y->kernel ? -1 : x->kernel > y->kernel;
}

static bool rank(erg_replay *replay, erg_comparison *to, erg_error *err)
{
    ranked *all = malloc((replay->kernel_count + 1) * sizeof(*all));
    double steps = erg_replay_steps_or_one(replay);
    size_t count = 0;

    if (!all)
        return erg_fail(err, ERG_NO_MEMORY, "no memory for the kernels of a report");
    for (size_t i = 0; i < replay->kernel_count; i++) {
        const erg_kernel_timing *kernel = &replay->kernels[i];
        double total_s = kernel->time_s * kernel->count / steps;
        if (erg_kernel_is_summed(replay, kernel) && !isnan(total_s))
            all[count++] = (ranked){ total_s, kernel };
    }
    qsort(all, count, sizeof(*all), larger_first);
    for (size_t i = 0; i < count && i < ERG_TOP_KERNELS; i++) {
        erg_comparison_row *row = &to->rows[to->row_count++];
        const erg_kernel_timing *kernel = all[i].kernel;
        *row = (erg_comparison_row){ .tier = kernel->tier,
                                     .count = kernel->count / steps,
                                     .single_s = kernel->time_s,
                                     .total_s = all[i].total_s,
                                     .share = all[i].total_s / to->predicted_s };
        erg_text_put(row->name, sizeof(row->name), kernel->name);
    }
    free(all);
    return true;
}

bool erg_comparison_of(erg_replay *replay, erg_error *err)
{
    erg_comparison *to = comparison_new(err);

    if (!to)
        return false;
    erg_comparison_free(replay->comparison);
    replay->comparison = to;
    to->whole_s = replay->whole.time_s;
    to->steps = replay->steps;
    sum_up(replay, to);
    to->error_s = fabs(to->predicted_s - to->whole_s);
    to->error = to->error_s / to->whole_s;
    return rank(replay, to, err);
}

/* SPDX-License-Identifier: Apache-2.0 */
/* isolated_kernels_timing.json: each kernel alone. Of two states the hot one stands in the
 * guide's list, for who adds the list up; the cold ones are ours. */
#include <math.h>
#include <string.h>
#include "replay/fields.h"

#define AT(field) offsetof(erg_kernel_timing, field)

static const erg_json_field kernel_fields[] = {
    { "invocation_count", AT(count), ERG_FIELD_COUNT, false },
    { "single_time_us", AT(time_s), ERG_FIELD_US, false },
    { "benchmark_runs", AT(runs_requested), ERG_FIELD_COUNT, false },
};

static const char *const kernel_others[] = { "name",          "tier",
                                             "total_time_us", "start_timestamp",
                                             "end_timestamp", NULL };
static const erg_json_shape kernel_shape = { kernel_fields, ERG_COUNT(kernel_fields),
                                             kernel_others };

static const erg_json_field kernel_own_fields[] = {
    { "runs_requested", AT(runs_requested), ERG_FIELD_COUNT, true },
    { "runs_executed", AT(runs_executed), ERG_FIELD_COUNT, true },
    { "interrupted_s", AT(lost_s), ERG_FIELD_PLAIN, true },
    { "t_empty_us", AT(empty_s), ERG_FIELD_US, true },
    { "median_us", AT(median_s), ERG_FIELD_US, true },
    { "min_us", AT(min_s), ERG_FIELD_US, true },
    { "max_us", AT(max_s), ERG_FIELD_US, true },
    { "drift_factor", AT(drift), ERG_FIELD_PLAIN, true },
    { "clock_hz", AT(clock_hz), ERG_FIELD_PLAIN, true },
    { "flop", AT(flop), ERG_FIELD_COUNT, true },
    { "bytes", AT(bytes), ERG_FIELD_COUNT, true },
};

static const erg_json_shape kernel_own = { kernel_own_fields, ERG_COUNT(kernel_own_fields),
                                           NULL };

static const char *const state_names[] = { "", "hot", "cold" };

static erg_replay_state state_of(const json_t *own)
{
    const char *name = json_string_value(json_object_get(own, "state"));

    for (size_t i = 1; name && i < ERG_COUNT(state_names); i++)
        if (strcmp(name, state_names[i]) == 0)
            return (erg_replay_state)i;
    return ERG_STATE_UNKNOWN;
}

static bool keep_shape(const json_t *own, json_t **kept, erg_error *err)
{
    static const char *const keys[] = { "dims", "dtype" };
    bool ok = true;

    for (size_t i = 0; i < ERG_COUNT(keys); i++) {
        json_t *value = json_object_get(own, keys[i]);
        if (value && !*kept)
            *kept = json_object();
        ok = ok && (!value || json_object_set(*kept, keys[i], value) == 0);
    }
    return ok || erg_fail(err, ERG_NO_MEMORY, "no memory for the keys of a file");
}

static void read_own(const json_t *own, erg_kernel_timing *kernel)
{
    const json_t *interval = json_object_get(own, "ci_us");
    const json_t *at = json_object_get(own, "kernel");

    kernel->low_s = kernel->high_s = NAN;
    if (json_array_size(interval) == 2) {
        kernel->low_s = json_number_value(json_array_get(interval, 0)) / 1e6;
        kernel->high_s = json_number_value(json_array_get(interval, 1)) / 1e6;
    }
    kernel->state = state_of(own);
    kernel->launch_bound = json_is_true(json_object_get(own, "launch_bound"));
    kernel->kernel = json_is_integer(at) && json_integer_value(at) >= 0
                             && json_integer_value(at) <= INT32_MAX
                         ? (int32_t)json_integer_value(at)
                         : -1;
    kernel->mono = erg_mono_read(own);
}

static bool fill_kernel(const erg_replay_reading *reading, const json_t *row,
                        erg_kernel_timing *kernel, erg_error *err)
{
    const json_t *own = json_object_get(row, "erg");

    if (!json_is_object(row))
        return erg_fail(err, ERG_BAD_INPUT, "%s: a kernel is no object", reading->name);
    if (!erg_name_read(reading, row, kernel->name, &kernel->kept, err)
        || !erg_tier_read(reading, row, kernel->name, &kernel->tier, err)
        || !erg_fields_read(&kernel_shape, reading, row, kernel, err)
        || !erg_span_read(reading, row, &kernel->span, err)
        || !erg_fields_keep(&kernel_shape, row, &kernel->kept, err))
        return false;
    if (!own)
        return true;
    read_own(own, kernel);
    double stated = kernel->runs_requested;
    if (!erg_fields_read(&kernel_own, reading, own, kernel, err)
        || !keep_shape(own, &kernel->kept, err))
        return false;
    if (isnan(kernel->runs_requested))
        kernel->runs_requested = stated;
    return true;
}

static bool read_rows(const erg_replay_reading *reading, const json_t *rows, erg_error *err)
{
    size_t index;
    json_t *row;

    json_array_foreach((json_t *)rows, index, row)
    {
        erg_kernel_timing kernel = erg_kernel_timing_unknown();
        bool ok = fill_kernel(reading, row, &kernel, err);
        if (!ok)
            json_decref(kernel.kept);
        if (!ok || !erg_replay_add(reading->into, &kernel, err))
            return false;
        erg_replay_note_end(reading->into, kernel.span);
    }
    return true;
}

#undef AT
#define AT(field) offsetof(erg_replay, field)

static const erg_json_field list_fields[] = {
    { "predicted_total_us", AT(predicted_s), ERG_FIELD_US, false },
    { "predicted_total_ms", AT(predicted_s), ERG_FIELD_MS, false },
    { "num_runs", AT(runs), ERG_FIELD_COUNT, false },
};

#undef AT

static const char *const list_others[] = {
    "start_timestamp", "end_timestamp",  "kernels",     "tier1_total_us",
    "tier1_count",     "tier2_total_us", "tier2_count", "tier3_total_us",
    "tier3_count",     "tier4_total_us", "tier4_count", NULL
};
static const erg_json_shape list_shape = { list_fields, ERG_COUNT(list_fields),
                                           list_others };

static bool read_kernels(const erg_replay_reading *reading, const json_t *root,
                         erg_error *err)
{
    erg_replay *into = reading->into;
    const json_t *rows = json_object_get(root, "kernels"),
                 *own = json_object_get(root, "erg");
    double steps = erg_json_number_of(own, "steps");

    into->predicted_s = NAN;
    if (!json_is_array(rows))
        return erg_fail(err, ERG_BAD_INPUT, "%s: there is no list of kernels",
                        reading->name);
    if (!erg_fields_read(&list_shape, reading, root, into, err)
        || !erg_span_read(reading, root, &into->kernels_span, err)
        || !erg_fields_keep(&list_shape, root, &into->kept[ERG_KEPT_KERNELS], err)
        || !read_rows(reading, rows, err)
        || !read_rows(reading, json_object_get(own, "cold"), err))
        return false;
    if (steps > 0)
        into->steps = steps;
    if (json_is_string(json_object_get(own, "hardware")))
        erg_text_put(into->hardware, sizeof(into->hardware),
                     json_string_value(json_object_get(own, "hardware")));
    erg_replay_note_end(into, into->kernels_span);
    return true;
}

/* ---- writing ------------------------------------------------------------ */

static json_t *dims_of(const erg_signature *signature)
{
    json_t *all = json_array();
    int count = signature->input_count + signature->output_count;

    for (int i = 0; i < count && i < ERG_SIGNATURE_TENSORS; i++) {
        const erg_signature_tensor *tensor = &signature->tensors[i];
        json_t *dims = json_array();
        for (int k = 0; k < tensor->rank && k < ERG_SIGNATURE_RANK; k++)
            json_array_append_new(dims, json_integer(tensor->dims[k]));
        json_array_append_new(all, dims);
    }
    return all;
}

/* As its plan says, else as its file said. */
static bool put_shape(const erg_replay *from, const erg_kernel_timing *kernel, json_t *own)
{
    const erg_replay_plan *plan = from->plan;
    json_t *dims = json_object_get(kernel->kept, "dims");
    json_t *dtype = json_object_get(kernel->kept, "dtype");

    if (plan && kernel->kernel >= 0 && (size_t)kernel->kernel < plan->kernel_count
        && plan->kernels[kernel->kernel].signature.shape_known) {
        const erg_signature *signature = &plan->kernels[kernel->kernel].signature;
        return json_object_set_new(own, "dims", dims_of(signature)) == 0
               && json_object_set_new(own, "dtype",
                                      json_string(erg_precision_name(signature->precision)))
                      == 0;
    }
    return (!dims || json_object_set(own, "dims", dims) == 0)
           && (!dtype || json_object_set(own, "dtype", dtype) == 0);
}

static json_t *interval_of(const erg_kernel_timing *kernel)
{
    json_t *interval = json_array();
    json_array_append_new(interval, erg_json_real(erg_unscaled(kernel->low_s, 1e6)));
    json_array_append_new(interval, erg_json_real(erg_unscaled(kernel->high_s, 1e6)));
    return interval;
}

/* NULL: its file said nothing of ours. */
static bool own_of(const erg_replay *from, const erg_kernel_timing *kernel, json_t *own)
{
    bool is_ours = kernel->state != ERG_STATE_UNKNOWN || !isnan(kernel->runs_executed);

    if (!is_ours)
        return true;
    return erg_fields_write(&kernel_own, kernel, own)
           && json_object_set_new(own, "state", json_string(state_names[kernel->state]))
                  == 0
           && json_object_set_new(own, "launch_bound", json_boolean(kernel->launch_bound))
                  == 0
           && (isnan(kernel->low_s)
               || json_object_set_new(own, "ci_us", interval_of(kernel)) == 0)
           && (kernel->kernel < 0
               || json_object_set_new(own, "kernel", json_integer(kernel->kernel)) == 0)
           && put_shape(from, kernel, own) && erg_mono_write(own, kernel->mono);
}

/* total = single x count, of the numbers as they stand in the file. */
static double total_us(const erg_kernel_timing *kernel)
{
    return erg_unscaled(kernel->time_s, 1e6) * kernel->count;
}

static json_t *row_of(const erg_replay *from, const erg_kernel_timing *kernel)
{
    erg_kernel_timing shown = *kernel;
    json_t *row = json_object(), *own = json_object();

    if (!isnan(kernel->runs_executed)) /* who divides by it divides rightly */
        shown.runs_requested = kernel->runs_executed;
    bool ok =
        json_object_set_new(row, "name", erg_name_write(kernel->name, kernel->kept)) == 0
        && json_object_set_new(row, "tier", json_integer(kernel->tier)) == 0
        && erg_fields_write(&kernel_shape, &shown, row)
        && json_object_set_new(row, "total_time_us", erg_json_real(total_us(kernel))) == 0
        && erg_span_write(row, kernel->span, from->local_time) && own_of(from, kernel, own);
    if (erg_fields_put_own(row, own, kernel->kept) && ok)
        return row;
    json_decref(row);
    return NULL;
}

static bool put_tier(const erg_replay *from, erg_tier tier, json_t *root, double *sum_us)
{
    char total[24], count[24];
    double us = 0;
    int64_t kernels = 0;

    for (size_t i = 0; i < from->kernel_count; i++) {
        const erg_kernel_timing *kernel = &from->kernels[i];
        if (kernel->tier != tier || !erg_kernel_is_summed(from, kernel))
            continue;
        kernels++;
        us += isnan(kernel->time_s) ? 0 : total_us(kernel);
    }
    *sum_us += us;
    if (tier == ERG_TIER_UNKNOWN || (tier == ERG_TIER_COLLECTIVE && !kernels))
        return true;
    snprintf(total, sizeof(total), "tier%d_total_us", (int)tier);
    snprintf(count, sizeof(count), "tier%d_count", (int)tier);
    return json_object_set_new(root, total, erg_json_real(us)) == 0
           && json_object_set_new(root, count, json_integer(kernels)) == 0;
}

static bool put_rows(const erg_replay *from, json_t *root, json_t *own)
{
    json_t *rows = json_array(), *cold = json_array();
    bool ok = rows && cold;

    for (size_t i = 0; i < from->kernel_count && ok; i++) {
        json_t *to = erg_kernel_is_summed(from, &from->kernels[i]) ? rows : cold;
        ok = json_array_append_new(to, row_of(from, &from->kernels[i])) == 0;
    }
    ok = json_object_set_new(root, "kernels", rows) == 0 && ok;
    if (json_array_size(cold) == 0)
        json_decref(cold);
    else
        ok = json_object_set_new(own, "cold", cold) == 0 && ok;
    return ok;
}

static bool put_sums(const erg_replay *from, json_t *root)
{
    erg_json_shape stated = { list_fields, ERG_COUNT(list_fields), NULL };
    double sum_us = 0;
    bool ok = true;

    for (int tier = 0; tier < ERG_TIERS && ok; tier++)
        ok = put_tier(from, (erg_tier)tier, root, &sum_us);
    if (!ok || !isnan(from->predicted_s))
        return ok && erg_fields_write(&stated, from, root);
    return json_object_set_new(root, "predicted_total_us", erg_json_real(sum_us)) == 0
           && json_object_set_new(root, "predicted_total_ms", erg_json_real(sum_us / 1e3))
                  == 0
           && json_object_set_new(root, "num_runs", erg_json_count(from->runs)) == 0;
}

static json_t *write_kernels(const erg_replay *from)
{
    json_t *root = json_object(), *own = json_object();
    bool ok =
        put_sums(from, root) && erg_span_write(root, from->kernels_span, from->local_time)
        && put_rows(from, root, own)
        && (isnan(from->steps)
            || json_object_set_new(own, "steps", erg_json_count(from->steps)) == 0)
        && (!from->hardware[0]
            || json_object_set_new(own, "hardware", json_string(from->hardware)) == 0);
    if (erg_fields_put_own(root, own, from->kept[ERG_KEPT_KERNELS]) && ok)
        return root;
    json_decref(root);
    return NULL;
}

static bool holds_kernels(const erg_replay *from) { return from->kernel_count > 0; }

const erg_replay_file erg_replay_file_kernels = { "isolated_kernels_timing.json",
                                                  read_kernels, write_kernels,
                                                  holds_kernels };

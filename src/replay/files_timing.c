/* SPDX-License-Identifier: Apache-2.0 */
/* full_model_timing.json: the whole. */
#include <math.h>
#include <string.h>
#include "replay/fields.h"

#define AT(field) offsetof(erg_whole_timing, field)

static const erg_json_field whole_fields[] = {
    { "full_model_inference_us", AT(time_s), ERG_FIELD_US, false },
    { "full_model_inference_ms", AT(time_s), ERG_FIELD_MS, false },
    { "min_time_us", AT(min_s), ERG_FIELD_US, false },
    { "max_time_us", AT(max_s), ERG_FIELD_US, false },
    { "num_runs", AT(runs), ERG_FIELD_COUNT, false },
};

static const char *const whole_others[] = { "energy_joules", "start_timestamp",
                                            "end_timestamp", NULL };
static const erg_json_shape whole_shape = { whole_fields, ERG_COUNT(whole_fields),
                                            whole_others };

static const erg_json_field whole_own_fields[] = {
    { "median_us", AT(median_s), ERG_FIELD_US, true },
    { "low_us", AT(low_s), ERG_FIELD_OFF_US, true },
    { "high_us", AT(high_s), ERG_FIELD_US, true },
    { "energy_per_run_j", AT(energy_j), ERG_FIELD_PLAIN, true },
    { "energy_per_run_u_j", AT(energy_u_j), ERG_FIELD_PLAIN, true },
    { "mean_w", AT(mean_w), ERG_FIELD_PLAIN, true },
};

static const erg_json_shape whole_own = { whole_own_fields, ERG_COUNT(whole_own_fields),
                                          NULL };

#undef AT

static bool read_whole(const erg_replay_reading *reading, const json_t *root,
                       erg_error *err)
{
    erg_whole_timing *whole = &reading->into->whole;
    const json_t *own = json_object_get(root, "erg");
    erg_json_shape total = {
        &(erg_json_field){ "energy_joules", 0, ERG_FIELD_PLAIN, false }, 1, NULL
    };

    whole->time_s = NAN;
    if (!erg_fields_read(&whole_shape, reading, root, whole, err)
        || !erg_fields_read(&total, reading, root, &reading->into->stated_j, err)
        || !erg_fields_read(&whole_own, reading, own, whole, err)
        || !erg_span_read(reading, root, &whole->span, err)
        || !erg_fields_keep(&whole_shape, root, &reading->into->kept[ERG_KEPT_WHOLE], err))
        return false;
    if (isnan(whole->energy_j))
        whole->energy_j = reading->into->stated_j / whole->runs;
    whole->mono = erg_mono_read(own);
    erg_replay_note_end(reading->into, whole->span);
    return true;
}

static json_t *write_whole(const erg_replay *from)
{
    const erg_whole_timing *whole = &from->whole;
    double total_j = isnan(from->stated_j) ? whole->energy_j * whole->runs : from->stated_j;
    json_t *root = json_object(), *own = json_object();
    bool ok = root && erg_fields_write(&whole_shape, whole, root)
              && json_object_set_new(root, "energy_joules", erg_json_real(total_j)) == 0
              && erg_span_write(root, whole->span, from->local_time);

    /* What a file of others gave is not repeated as ours. */
    bool is_ours = whole->energy_j != total_j / whole->runs || !isnan(whole->median_s)
                   || !isnan(whole->mean_w);
    ok = ok && (!is_ours || erg_fields_write(&whole_own, whole, own))
         && erg_mono_write(own, whole->mono);
    if (erg_fields_put_own(root, own, from->kept[ERG_KEPT_WHOLE]) && ok)
        return root;
    json_decref(root);
    return NULL;
}

static bool holds_whole(const erg_replay *from) { return !isnan(from->whole.time_s); }

const erg_replay_file erg_replay_file_whole = { "full_model_timing.json", read_whole,
                                                write_whole, holds_whole };

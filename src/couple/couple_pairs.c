/* SPDX-License-Identifier: Apache-2.0 */
/* Which pairs are studied: the default ones, or any two columns. */
#include <math.h>
#include <string.h>
#include "couple/couple_inside.h"

enum { NAME_MOST = 32 };

static const char *const default_pairs[] = {
    "grad_norm:rle_raw", "grad_norm:temp", "grad_norm:power", "loss:rle_raw",
    "throttle:step_s", "clock:step_s", "temp:step_s", "power:temp",
};

/* Names as files have them. */
static const struct { const char *theirs, *ours; } aliases[] = {
    { "temp_c", "temp" },       { "power_w", "power" }, { "util_pct", "use" },
    { "util", "use" },          { "fan_pct", "fan" },   { "a_load", "load" },
    { "clock_mhz", "clock" },   { "t_sustain_s", "t_sustain" }, { "rolling_peak", "peak" },
    { "learning_rate", "lr" },  { "E_th", "e_th" },     { "E_pw", "e_pw" },
    { "cpu_freq_ghz", "clock" }, { "gpu_clock_mhz", "clock" }, { "gpu_fan_pct", "fan" },
};

static const char *our_name(const char *name)
{
    for (size_t i = 0; i < ERG_COUNT(aliases); i++)
        if (strcmp(aliases[i].theirs, name) == 0)
            return aliases[i].ours;
    return name;
}

static bool split(const char *text, char x[NAME_MOST], char y[NAME_MOST], erg_error *err)
{
    const char *colon = strchr(text, ':');
    char first[NAME_MOST];

    if (!colon || colon == text || (size_t)(colon - text) >= NAME_MOST || !colon[1]
        || strlen(colon + 1) >= NAME_MOST)
        return erg_fail(err, ERG_BAD_INPUT, "'%s' is no pair as in grad_norm:temp", text);
    memcpy(first, text, (size_t)(colon - text));
    first[colon - text] = '\0';
    erg_text_put(x, NAME_MOST, our_name(first));
    erg_text_put(y, NAME_MOST, our_name(colon + 1));
    return true;
}

/* Of the training log, else of the device; -1: nobody has it. */
static int find(const erg_joint *joint, int device, const char *name)
{
    const erg_joint_channel *of = erg_joint_find(joint, -1, name);

    if (!of || of->count == 0)
        of = erg_joint_find(joint, device, name);
    return of && (of->count > 0 || of->device >= 0) ? (int)(of - joint->channels) : -1;
}

static bool is_still(const erg_joint *joint, const erg_joint_channel *of)
{
    double first = NAN;

    for (size_t k = joint->run_begin; k < joint->run_end; k++) {
        if (!isnan(of->bins[k]) && !isnan(first) && of->bins[k] != first)
            return false;
        first = isnan(first) ? of->bins[k] : first;
    }
    return true;
}

/* Why a channel cannot be one of a pair; NULL: it can. */
static const char *trouble(const erg_joint *joint, int channel, char *to, size_t size)
{
    const erg_joint_channel *of = channel < 0 ? NULL : &joint->channels[channel];

    if (!of || of->count == 0)
        return "it was not logged";
    if (of->is_void) {
        snprintf(to, size, "%s: %s", erg_check_describe(of->refused)->name,
                 erg_check_describe(of->refused)->advice);
        return to;
    }
    /* Logs of other times leave no value to stand still: their pairs say so. */
    bool apart = of->device >= 0
        && erg_joint_hits(joint, ERG_CHECK_NO_OVERLAP,
                          joint->devices[of->device].log->name);
    return !apart && is_still(joint, of) ? "it does not change during the run" : NULL;
}

static bool drop(erg_joint *joint, int device, const char *pair, const char *name,
                 const char *why, erg_error *err)
{
    return erg_result_note(
        joint->result, err, "%s of %s is left out: %s: %s", pair,
        device < 0 ? "the training log" : joint->devices[device].log->name, name, why);
}

static bool add(erg_joint *joint, int device, const int channels[2], erg_error *err)
{
    if (!erg_grow((void **)&joint->pairs, &joint->pair_capacity, joint->pair_count,
                  sizeof(*joint->pairs), err))
        return false;
    joint->pairs[joint->pair_count++] = (erg_joint_pair){
        .x = channels[0],
        .y = channels[1],
        .device = device,
        .q_value = NAN,
        .driven_p = NAN,
        .u_lag_s = NAN,
        .placebo_run_r = NAN,
        .placebo_median_r = NAN,
    };
    return true;
}

/* Asked for by name, a pair that cannot be tested still has its row. */
static bool take(erg_joint *joint, int device, const char *text, bool was_asked,
                 erg_error *err)
{
    char names[2][NAME_MOST], room[120];
    int channels[2];

    if (!split(text, names[0], names[1], err))
        return false;
    for (int i = 0; i < 2; i++) {
        channels[i] = find(joint, device, names[i]);
        const char *why = trouble(joint, channels[i], room, sizeof(room));
        if (why
            && (!was_asked || channels[i] < 0 || joint->channels[channels[i]].count == 0))
            return drop(joint, device, text, names[i], why, err);
    }
    bool of_log = joint->channels[channels[0]].device < 0
               && joint->channels[channels[1]].device < 0;
    for (int d = 0; of_log && d < device; d++)
        if (joint->devices[d].is_studied)
            return true;        /* it was taken with that device */
    return add(joint, of_log ? -1 : device, channels, err);
}

/* A name that no log has is a slip of the pen. */
static bool is_known(const erg_joint *joint, const char *text, erg_error *err)
{
    char names[2][NAME_MOST];

    if (!split(text, names[0], names[1], err))
        return false;
    for (int i = 0; i < 2; i++) {
        bool found = false;
        for (int device = 0; device < (int)joint->device_count && !found; device++) {
            if (!joint->devices[device].is_studied)
                continue;
            int at = find(joint, device, names[i]);
            found = at >= 0 && joint->channels[at].count > 0;
        }
        if (!found)
            return erg_fail(err, ERG_BAD_INPUT, "--pair %s: no log has a column '%s'", text,
                            names[i]);
    }
    return true;
}

bool erg_joint_list_pairs(erg_joint *joint, erg_error *err)
{
    const erg_couple_options *options = joint->options;
    bool asked = options->pair_count > 0;
    const char *const *pairs = asked ? options->pairs : default_pairs;
    size_t count = asked ? options->pair_count : ERG_COUNT(default_pairs);

    for (size_t i = 0; asked && i < count; i++)
        if (!is_known(joint, pairs[i], err))
            return false;
    for (size_t d = 0; d < joint->device_count; d++)
        for (size_t i = 0; joint->devices[d].is_studied && i < count; i++)
            if (!take(joint, (int)d, pairs[i], asked, err))
                return false;
    return true;
}

/* ---- columns that only a pair names ------------------------------------- */

static bool is_of_a_log(const char *name)
{
    for (int v = 0; v < ERG_TRAINING_VALUES; v++)
        if (strcmp(erg_training_value_name((erg_training_value)v), name) == 0)
            return true;
    return erg_joint_is_sensor(name);
}

bool erg_couple_columns_of(const char *const pairs[], size_t count,
                           erg_monitor_columns *out, erg_error *err)
{
    *out = (erg_monitor_columns){ .count = 0 };
    for (size_t i = 0; i < 2 * count; i++) {
        char names[2][NAME_MOST];
        if (!split(pairs[i / 2], names[0], names[1], err))
            return false;
        if (!is_of_a_log(names[i % 2]) && !erg_monitor_columns_add(out, names[i % 2], err))
            return false;
    }
    return true;
}

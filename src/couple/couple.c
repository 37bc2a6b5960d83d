/* SPDX-License-Identifier: Apache-2.0 */
/* A coupling study: clock, what is no measurement, grid, checks, pairs, verdicts. */
#include <glob.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include "erg/session.h"
#include "couple/couple_inside.h"

void erg_joint_free(erg_joint *joint)
{
    for (size_t i = 0; i < joint->channel_count; i++) {
        free(joint->channels[i].points);
        free(joint->channels[i].bins);
    }
    for (size_t i = 0; i < joint->pair_count; i++) {
        if (joint->pairs[i].is_tested)
            erg_pair_free(&joint->pairs[i].test);
        free(joint->pairs[i].placebos);
    }
    free(joint->channels);
    free(joint->devices);
    free(joint->pairs);
    free(joint->checks);
}

static bool check_options(const erg_couple_options *options, erg_error *err)
{
    static const char *const ways[] = { "linear", "none", "diff" };
    bool known = !options->detrend;

    for (size_t i = 0; !known && i < ERG_COUNT(ways); i++)
        known = strcmp(options->detrend, ways[i]) == 0;
    if (!known)
        return erg_fail(err, ERG_BAD_INPUT, "--detrend is linear, none or diff, not '%s'",
                        options->detrend);
    return options->smallest < 1 && options->alpha < 1
        ? true : erg_fail(err, ERG_BAD_INPUT, "--smallest and alpha are below 1");
}

bool erg_joint_open(erg_joint *joint, const erg_training *log, erg_error *err)
{
    bool (*const steps[])(erg_joint *, erg_error *) = {
        erg_joint_take_devices, erg_joint_check_channels, erg_joint_align, erg_joint_grid,
        erg_joint_check_devices, erg_joint_flag,
    };
    bool ok = check_options(joint->options, err) && erg_joint_take_log(joint, log, err);

    for (size_t i = 0; ok && i < ERG_COUNT(steps); i++)
        ok = steps[i](joint, err);
    return ok;
}

bool erg_joint_decide(erg_joint *joint, erg_error *err)
{
    return erg_joint_list_pairs(joint, err) && erg_joint_test_pairs(joint, err)
        && erg_joint_judge(joint, err);
}

bool erg_joint_study(erg_joint *joint, const erg_training *log, erg_error *err)
{
    return erg_joint_open(joint, log, err) && erg_joint_decide(joint, err);
}

/* ---- other sessions ----------------------------------------------------------------- */

typedef struct company {
    erg_joint *joints;
    erg_joint_other *others;
    size_t count;
} company;

/* What is noted of them does not stand under the study. */
static bool open_other(company *to, const erg_session *session,
                       const erg_couple_options *options, erg_error *err)
{
    erg_joint *fresh = &to->joints[to->count];

    if (!erg_session_monitor(session) || !erg_session_training(session))
        return erg_fail(err, ERG_BAD_INPUT, "%s holds figures alone: no rows for a placebo",
                        erg_session_name(session));
    *fresh = (erg_joint){ .monitor = erg_session_monitor(session), .options = options,
                          .edge_device = -1, .result = erg_result_new("couple", err) };
    to->others[to->count++] = (erg_joint_other){ erg_session_name(session), fresh };
    return fresh->result && erg_joint_open(fresh, erg_session_training(session), err);
}

static bool open_others(company *to, const erg_couple_options *options, erg_error *err)
{
    size_t count = options->other_count;
    bool ok = true;

    to->joints = calloc(count + 1, sizeof(*to->joints));
    to->others = calloc(count + 1, sizeof(*to->others));
    if (!to->joints || !to->others)
        return erg_fail(err, ERG_NO_MEMORY, "out of memory");
    for (size_t i = 0; ok && i < count; i++)
        ok = open_other(to, options->others[i], options, err);
    return ok;
}

static void close_others(company *of)
{
    for (size_t i = 0; i < of->count; i++) {
        erg_result_free(of->joints[i].result);
        erg_joint_free(&of->joints[i]);
    }
    free(of->joints);
    free(of->others);
}

/* ---- public -------------------------------------------------------------------------- */

erg_result *erg_couple_study(const erg_monitor *monitor, const erg_training *log,
                             const erg_couple_options *options, erg_error *err)
{
    static const erg_couple_options none;
    erg_joint joint = { .monitor = monitor, .options = options ? options : &none,
                        .edge_device = -1 };
    company others = { .count = 0 };

    if (!monitor || !log) {
        erg_fail(err, ERG_BAD_INPUT, "a study needs a monitor log and a training log");
        return NULL;
    }
    joint.result = erg_result_new("couple", err);
    bool ok = joint.result && erg_joint_open(&joint, log, err)
           && open_others(&others, joint.options, err);
    joint.others = others.others;
    joint.other_count = others.count;
    ok = ok && erg_joint_decide(&joint, err) && erg_joint_tables(&joint, err)
      && (!joint.options->secondary || erg_joint_beside(&joint, err))
      && erg_joint_notes(&joint, err) && erg_joint_pictures(&joint, err)
      && erg_joint_responses(&joint, err);
    erg_joint_free(&joint);
    close_others(&others);
    if (ok)
        return joint.result;
    erg_result_free(joint.result);
    return NULL;
}

bool erg_couple_is_shown(const erg_result *study)
{
    static const char shown[] = "coupling shown";
    const erg_table *table = erg_result_find(study, "verdict");

    for (size_t i = 0; table && i < erg_table_row_count(table); i++) {
        const char *text = erg_table_find(table, i, "verdict").text;
        if (text && strncmp(text, shown, sizeof(shown) - 1) == 0)
            return true;
    }
    return false;
}

/* ---- a session's folder ------------------------------------------------------------ */

static bool find_one(const char *folder, const char *pattern, char *to, erg_error *err)
{
    char path[ERG_COUPLE_PATH_MOST];
    glob_t found = { 0 };

    if ((size_t)snprintf(path, sizeof(path), "%s/%s", folder, pattern) >= sizeof(path))
        return erg_fail(err, ERG_BAD_INPUT, "%s: the name is too long", folder);
    int status = glob(path, 0, NULL, &found);
    bool ok = status == 0 && found.gl_pathc == 1
           && strlen(found.gl_pathv[0]) < ERG_COUPLE_PATH_MOST;
    if (ok)
        erg_text_put(to, ERG_COUPLE_PATH_MOST, found.gl_pathv[0]);
    else if (status == 0)
        erg_fail(err, ERG_BAD_INPUT,
                 "%s: %zu files are called %s: name the one to read and its "
                 "--log",
                 folder, (size_t)found.gl_pathc, pattern);
    else
        erg_fail(err, ERG_BAD_INPUT, "%s: no file is called %s", folder, pattern);
    globfree(&found);
    return ok;
}

bool erg_couple_find_files(const char *folder, erg_couple_files *out, erg_error *err)
{
    return find_one(folder, "rle_*.csv", out->monitor, err)
        && find_one(folder, "training_log_*.json", out->training, err);
}

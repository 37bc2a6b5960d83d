/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the blocks of a job array were asked for and none of them can do alone: each only
 * measures, and says in its file what is to be done with all of them.
 */
#include <string.h>
#include "sweep/sweep_inside.h"

/* ---- the wish in the file ------------------------------------------------------------ */

static bool put_number(erg_store *store, const char *key, double value, erg_error *err)
{
    char text[40];

    if (!(value > 0))
        return true;
    snprintf(text, sizeof(text), "%.17g", value);
    return erg_store_meta(store, key, text, err);
}

/* An adaptive sweep has chosen by the time that its file is read. */
bool erg_sweep_put_wish(const erg_sweep_options *options, erg_store *store, erg_error *err)
{
    if (options->drift_correct && !erg_store_meta(store, "drift_correct", "1", err))
        return false;
    if (!options->only_block || !options->objective)
        return true;
    return erg_store_meta(store, "objective", options->objective, err)
           && put_number(store, "slowdown", options->slowdown, err)
           && put_number(store, "power_cap_w", options->power_cap_w, err);
}

static bool get_number(const char *path, const char *key, double *out, erg_error *err)
{
    char text[40];

    if (!erg_sweep_meta(path, key, text, sizeof(text), err))
        return false;
    *out = 0;
    return !*text || erg_number_parse(text, strlen(text), '.', out)
           || erg_fail(err, ERG_BAD_INPUT, "%s: %s is '%s', no number", path, key, text);
}

bool erg_sweep_choose_joined(erg_points *points, const char *first, erg_error *err)
{
    char objective[16];
    erg_sweep_options wish = { .objective = objective };

    if (!erg_sweep_meta(first, "objective", objective, sizeof(objective), err)
        || !get_number(first, "slowdown", &wish.slowdown, err)
        || !get_number(first, "power_cap_w", &wish.power_cap_w, err))
        return false;
    if (!*objective)
        return true;
    if (!erg_sweep_objective_is(objective))
        return erg_fail(err, ERG_BAD_INPUT, "%s: its objective is '%s', which is none",
                        first, objective);
    return erg_sweep_tell_choice(points, &wish, "submit it with a higher --repeat", err);
}

/* ---- drift --------------------------------------------------------------------------- */

/* Each application of each node under a name of its own: nodes warm up as they like. */
static erg_points *apart(const erg_points *points, const erg_sweep_joined *from,
                         erg_error *err)
{
    erg_points *own = erg_points_new(err);
    bool good = own != NULL;

    for (size_t i = 0; good && i < erg_points_visits(points); i++) {
        erg_visit visit = *erg_points_visit_at(points, i);
        erg_application app = { 0 };
        snprintf(app.name, sizeof(app.name), "%zu on node %d", visit.application,
                 from->nodes[i]);
        good = erg_points_application(own, &app, &visit.application, err)
               && erg_points_add(own, &visit, err);
    }
    if (good)
        return own;
    erg_points_free(own);
    return NULL;
}

bool erg_sweep_correct_nodes(erg_points *points, const erg_sweep_joined *from,
                             erg_error *err)
{
    char corrects[8];

    if (!erg_sweep_meta(from->first, "drift_correct", corrects, sizeof(corrects), err))
        return false;
    erg_points *own = *corrects ? apart(points, from, err) : NULL;
    bool good = !*corrects || (own && erg_points_correct_drift(own, err));
    for (size_t i = 0; good && own && i < erg_points_visits(points); i++) {
        erg_visit *visit = erg_points_visit_edit(points, i);
        size_t application = visit->application;
        *visit = *erg_points_visit_at(own, i);
        visit->application = application;
    }
    if (good && own && erg_points_notes(own))
        good = erg_points_note(points, err, "%s, each on each of %zu %s",
                               erg_points_note_at(own, 0),
                               from->node_count, from->node_count == 1 ? "node" : "nodes");
    erg_points_free(own);
    return good;
}

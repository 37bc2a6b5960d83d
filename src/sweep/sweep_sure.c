/* SPDX-License-Identifier: Apache-2.0 */
/*
 * When a sweep of all settings knows which is best: the bootstrap of erg_choose over the
 * blocks so far picks the same in nine draws of ten, or one that costs as good as nothing
 * more. Up to three visits a point draw hardly anything, and are never enough.
 */
#include "erg/choose.h"
#include "sweep/sweep_inside.h"

static const double sure_share = 0.9;
enum { SURE_BLOCKS_LEAST = 4 };

typedef struct certainty {
    double chosen, near_best;   /* shares of the draws */
    erg_knob_setting setting;
    bool is_found;
} certainty;

static void take_pick(const erg_choice *choice, certainty *out)
{
    const erg_pick *pick = &choice->picks[0];

    *out = (certainty){ .is_found = pick->chosen != ERG_NO_OPTION };
    if (!out->is_found)
        return;
    out->setting = choice->options[pick->chosen].setting;
    out->chosen = pick->draws ? pick->confidence : 1;
    for (size_t i = pick->first; i < pick->first + pick->count; i++)
        if (choice->options[i].is_near_best)
            out->near_best += pick->draws ? choice->options[i].share : 1;
}

static bool choose_of(const erg_sweep_options *options, const erg_points *points,
                      size_t application, certainty *out, erg_error *err)
{
    erg_wish wish = erg_wish_default();
    erg_choice choice;
    erg_error none = { 0 };
    erg_points *own = erg_points_part(points, application, false, err);

    *out = (certainty){ .is_found = false };
    if (!own)
        return false;
    wish.objective = options->objective;
    if (options->slowdown > 0)
        wish.slowdown = options->slowdown;
    if (options->power_cap_w > 0)
        wish.power_cap_w = options->power_cap_w;
    bool good = erg_choose(own, &wish, &choice, &none);
    if (good) {
        take_pick(&choice, out);
        erg_choice_free(&choice);
    }
    erg_points_free(own);       /* nothing to choose from yet is no failure */
    return good || none.code == ERG_NO_DATA || erg_fail(err, none.code, "%s", none.text);
}

static bool is_sure(const certainty *of)
{
    return of->is_found && (of->chosen >= sure_share || of->near_best >= sure_share);
}

bool erg_sweep_by_choice(const erg_sweep_options *options)
{
    return options->objective && !options->adaptive && !options->only_block;
}

bool erg_sweep_is_sure(const erg_sweep *s, const erg_points *before, size_t job, int block,
                       bool *sure, erg_error *err)
{
    certainty seen;

    *sure = false;
    if (block < SURE_BLOCKS_LEAST || erg_points_visits(before) == 0)
        return true;
    if (!choose_of(s->options, before, s->applications[job], &seen, err))
        return false;
    *sure = is_sure(&seen);
    return true;
}

static bool tell_one(erg_points *points, const erg_sweep_options *options,
                     size_t application, const char *remedy, erg_error *err)
{
    const char *name = erg_points_application_at(points, application)->name;
    char setting[100];
    certainty seen;

    if (!choose_of(options, points, application, &seen, err))
        return false;
    if (!seen.is_found)
        return erg_points_note(points, err, "CHOICE: no setting of %s keeps the limits",
                               name);
    erg_sweep_put_setting(&seen.setting, setting, sizeof(setting));
    return erg_points_note(points, err,
                           "CHOICE: %s of %s is least at %s: chosen in "
                           "%.0f %% of the draws; with those within 1 %% of it %.0f %%%s%s",
                           options->objective, name,
                           *setting ? setting + 2 : "the only setting", 100 * seen.chosen,
                           100 * seen.near_best,
                           is_sure(&seen) ? "" : "; that is not sure: ",
                           is_sure(&seen) ? "" : remedy);
}

bool erg_sweep_tell_choice(erg_points *points, const erg_sweep_options *options,
                           const char *remedy, erg_error *err)
{
    for (size_t i = 0; i < erg_points_applications(points); i++)
        if (!tell_one(points, options, i, remedy, err))
            return false;
    return true;
}

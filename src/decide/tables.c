/* SPDX-License-Identifier: Apache-2.0 */
/* A choice as tables: what was chosen, the front it lies on, what was refused and why. */
#include <math.h>
#include <string.h>
#include "decide/tables.h"

enum { REJECTED_SHOWN = 30 };

static const erg_column choice_columns[] = {
    { "application", ERG_TEXT, "command or job, its settings and its device" },
    { "objective", ERG_TEXT, "what was to be least" },
    { "sm_clock_mhz", ERG_REAL, "clock of the cores" },
    { "power_cap_w", ERG_REAL, "power limit" },
    { "time_s", ERG_REAL, "mean time" },
    { "energy_j", ERG_REAL, "mean energy" },
    { "mean_w", ERG_REAL, "mean power" },
    { "quality_loss", ERG_REAL, "1 less the lower bound of the quality kept" },
    { "energy_saving", ERG_REAL, "1 less energy over that of the reference" },
    { "slowdown", ERG_REAL, "time over that of the reference, less 1; below 0 is faster" },
    { "confidence", ERG_REAL, "share of the draws of visits that choose the same" },
    { "note", ERG_TEXT, "what is to be doubted" },
    { "method", ERG_TEXT, "measured, simulated or model" },
    { "reference_sm_clock_mhz", ERG_REAL, "clock that savings refer to" },
    { "reference_power_cap_w", ERG_REAL, "power limit that savings refer to" },
    { "reference_time_s", ERG_REAL, "time there" },
    { "reference_energy_j", ERG_REAL, "energy there" },
    { "set", ERG_TEXT, "fewest settings with 90 % of the draws" },
    { "near_best", ERG_TEXT, "settings within 1 % of the best score" },
    { "hypervolume", ERG_REAL,
      "room between the front and 1.1 x the worst of each figure" },
    { "knee", ERG_TEXT, "where the front bends" },
    { "cpu_clock_mhz", ERG_REAL, "clock of the CPU" },
    { "mem_clock_mhz", ERG_REAL, "clock of the memory" },
    { "energy_per_unit_j", ERG_REAL, "mean energy of one unit of work" },
    { "setting", ERG_REAL, "the further setting" },
};

static const char *const flag_notes[ERG_CHOICE_FLAGS] = {
    "NO_REFERENCE: no visit at the highest setting is kept, so there is nothing that a "
    "saving "
    "could refer to.",
    "REFERENCE_SUSPECT: another setting is more than 5 % faster than the highest one: a "
    "power "
    "cap, a cold start or noise. Savings against it flatter.",
    "ONE_POINT: there was one setting to choose from.",
    "FEW_REPEATS: three visits or fewer behind the choice or its reference; the confidence "
    "knows only what they scatter.",
    "MODEL: the chosen setting was not measured; measure it before you rely on it.",
    "MEAN_POWER: the highest power of a second is not known; the limit was held against "
    "the "
    "mean.",
    "NOT_ALLOWED: no setting keeps all limits; the table relaxations says what would help.",
    "PER_UNIT: time and energy are of one unit of work, of which the "
    "commands said how many they did; so are limits on time.",
};

/* ---- choice --------------------------------------------------------------------- */

static void add_flags(const erg_choice *choice, const erg_points *points,
                      const erg_pick *pick, erg_text *to)
{
    for (int bit = 0; bit < ERG_CHOICE_FLAGS; bit++)
        if (pick->flags >> bit & 1)
            erg_text_add(to, "%s%s", to->count ? " " : "", erg_choice_flag_name(bit));
    if (pick->flags & ERG_REFERENCE_SUSPECT) {
        const erg_option *fastest = &choice->options[pick->fastest];
        char name[96];
        erg_setting_name(points, &fastest->setting, name, sizeof(name));
        erg_text_add(to, " (%s is %.1f %% faster)", name, -100 * fastest->slowdown);
    }
}

static void add_name(const erg_choice *choice, const erg_points *points, size_t option,
                     erg_text *to)
{
    char name[96];

    if (option == ERG_NO_OPTION)
        return;
    erg_setting_name(points, &choice->options[option].setting, name, sizeof(name));
    erg_text_add(to, "%s%s", to->count ? "; " : "", name);
}

/* The most often chosen, until they hold 90 % of the draws. */
static void add_set(const erg_choice *choice, const erg_points *points,
                    const erg_pick *pick, erg_text *to)
{
    double last = INFINITY;
    size_t last_at = 0;

    for (size_t told = 0; told < pick->set_count; told++) {
        size_t next = ERG_NO_OPTION;
        for (size_t i = pick->first; i < pick->first + pick->count; i++) {
            double share = choice->options[i].share;
            bool is_left = share < last || (share <= last && i > last_at);
            if (is_left && (next == ERG_NO_OPTION || share > choice->options[next].share))
                next = i;
        }
        add_name(choice, points, next, to);
        last = next == ERG_NO_OPTION ? -1 : choice->options[next].share;
        last_at = next;
    }
}

static bool put_text(erg_table *table, const char *column, erg_text *text, erg_error *err)
{
    char *made = text->count ? erg_text_take(text) : NULL;
    bool ok = erg_table_text(table, column, made, err);

    free(made);
    erg_text_free(text);
    return ok;
}

static bool put_words(const erg_choice *choice, const erg_points *points,
                      const erg_pick *pick, erg_table *table, erg_error *err)
{
    erg_text note = { 0 }, set = { 0 }, near = { 0 }, knee = { 0 };

    add_flags(choice, points, pick, &note);
    add_set(choice, points, pick, &set);
    for (size_t i = pick->first; i < pick->first + pick->count; i++)
        if (choice->options[i].is_near_best)
            add_name(choice, points, i, &near);
    add_name(choice, points, pick->knee, &knee);
    bool ok = put_text(table, "note", &note, err);
    ok = put_text(table, "set", &set, err) && ok;
    ok = put_text(table, "near_best", &near, err) && ok;
    return put_text(table, "knee", &knee, err) && ok;
}

static bool put_reference(const erg_choice *choice, const erg_pick *pick, erg_table *table,
                          erg_error *err)
{
    if (pick->reference == ERG_NO_OPTION)
        return true;
    const erg_option *from = &choice->options[pick->reference];
    const erg_real cells[] = {
        { "reference_sm_clock_mhz", from->setting.at[ERG_SM_CLOCK] / 1e6 },
        { "reference_power_cap_w", from->setting.at[ERG_POWER_LIMIT] },
        { "reference_time_s", from->time_s },
        { "reference_energy_j", from->energy_j },
    };
    return erg_put_reals(table, cells, ERG_COUNT(cells), err);
}

static bool put_pick(const erg_choice *choice, const erg_points *points,
                     const erg_pick *pick, erg_table *table, erg_error *err)
{
    size_t shown = pick->chosen == ERG_NO_OPTION ? pick->first : pick->chosen;
    const erg_option *one = &choice->options[shown];

    if (!erg_table_row(table, err)
        || !erg_table_text(table, "application", erg_option_application(points, one), err)
        || !erg_table_text(table, "objective", choice->wish.objective, err)
        || !erg_table_real(table, "hypervolume", pick->hypervolume, err)
        || !put_reference(choice, pick, table, err)
        || !put_words(choice, points, pick, table, err))
        return false;
    if (pick->chosen == ERG_NO_OPTION)
        return true;
    const erg_real cells[] = {
        { "time_s", one->time_s }, { "energy_j", one->energy_j }, { "mean_w", one->mean_w },
        { "quality_loss", one->quality_loss }, { "energy_saving", one->energy_saving },
        { "slowdown", one->slowdown }, { "confidence", pick->confidence },
        { "energy_per_unit_j", one->energy_per_unit_j },
    };
    return erg_choice_put_knobs(points, table, &one->setting, err)
        && erg_put_reals(table, cells, ERG_COUNT(cells), err)
        && erg_table_text(table, "method", erg_option_method(points, one), err);
}

static bool add_choice(const erg_choice *choice, const erg_points *points,
                       erg_result *result, erg_error *err)
{
    erg_table *table = erg_add_with_other(points, result, "choice", choice_columns,
                                          ERG_COUNT(choice_columns), err);
    bool ok = table != NULL;

    for (size_t i = 0; ok && i < choice->pick_count; i++)
        ok = put_pick(choice, points, &choice->picks[i], table, err);
    return ok;
}

/* ---- notes ---------------------------------------------------------------------- */

bool erg_choice_notes(const erg_choice *choice, const erg_points *points,
                      erg_result *result, erg_error *err)
{
    unsigned flags = 0;
    bool ok = true, throttled = false;

    for (size_t i = 0; i < choice->pick_count; i++) {
        flags |= choice->picks[i].flags;
        throttled |= choice->picks[i].chosen != ERG_NO_OPTION
                  && choice->options[choice->picks[i].chosen].is_throttled;
    }
    for (int bit = 0; ok && bit < ERG_CHOICE_FLAGS; bit++)
        if (flags >> bit & 1)
            ok = erg_result_note(result, err, "%s", flag_notes[bit]);
    if (throttled)
        ok = ok
             && erg_result_note(result, err,
                                "A chosen setting was throttled: the card cannot "
                                "run faster there.");
    if (erg_limit_is_set(&choice->wish, ERG_WISH_TEMP) && !isnan(choice->wish.heat.k_per_w))
        ok = ok
             && erg_result_note(result, err,
                                "Temperatures that were not measured: %.2f C + "
                                "%.4f K/W x power.",
                                choice->wish.heat.ambient_c, choice->wish.heat.k_per_w);
    for (size_t i = 0; ok && i < erg_points_notes(points); i++)
        ok = erg_result_note(result, err, "%s", erg_points_note_at(points, i));
    return ok;
}

/* How many lines the table of what was refused would have. */
static size_t rejected_count(const erg_choice *choice, const erg_points *points)
{
    size_t count = erg_points_rejections(points);

    for (size_t i = 0; i < erg_points_visits(points); i++)
        count += erg_points_visit_at(points, i)->state != ERG_VISIT_OK;
    for (size_t i = 0; i < choice->option_count; i++)
        count += choice->options[i].refusal != ERG_REFUSED_NOT;
    return count;
}

static bool add_rest(const erg_choice *choice, const erg_points *points, bool brief,
                     erg_result *result, erg_error *err)
{
    size_t count = rejected_count(choice, points);

    if (brief && count > REJECTED_SHOWN)
        return erg_result_note(result, err, "%zu rows, visits and settings were refused: "
                               "--table rejected lists each with its reason.", count);
    return erg_choice_rejected(choice, points, result, err)
        && (brief || erg_choice_options(choice, points, result, false, err));
}

static bool add_all(const erg_choice *choice, const erg_points *points, bool brief,
                    erg_result *result, erg_error *err)
{
    return add_choice(choice, points, result, err)
        && erg_choice_options(choice, points, result, true, err)
        && erg_choice_relaxations(choice, points, result, err)
        && add_rest(choice, points, brief, result, err)
        && erg_choice_notes(choice, points, result, err);
}

erg_result *erg_choice_result(const erg_choice *choice, const erg_points *points,
                              bool brief, erg_error *err)
{
    erg_result *result = erg_result_new("choose", err);
    erg_result *full = brief && result ? erg_result_new("choose", err) : result;
    bool ok = full && add_all(choice, points, brief, full, err)
           && (!brief || erg_choice_shorten(full, result, err));

    if (brief)
        erg_result_free(full);
    if (ok)
        return result;
    erg_result_free(result);
    return NULL;
}

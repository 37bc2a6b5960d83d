/* SPDX-License-Identifier: Apache-2.0 */
/* What tests of choices share: sweeps that are made, and what is chosen of one. */
#ifndef ERG_TESTS_DECIDE_CHOICES_H
#define ERG_TESTS_DECIDE_CHOICES_H

#include "decide/decide.h"
#include "test.h"

static inline const erg_pick *pick_of(const erg_choice *choice, const erg_points *points,
                                      const char *name)
{
    for (size_t i = 0; i < choice->pick_count; i++)
        if (strstr(erg_points_application_at(points, choice->picks[i].application)->name,
                   name))
            return &choice->picks[i];
    print_message("# no application %s\n", name);
    CHECK(false);
    return NULL;
}

static inline double chosen_mhz(const erg_choice *choice, const erg_pick *pick)
{
    return pick->chosen == ERG_NO_OPTION
               ? NAN : choice->options[pick->chosen].setting.at[ERG_SM_CLOCK] / 1e6;
}

static inline double choose_mhz(const erg_points *points, const char *name,
                                const char *objective,
                                double slowdown, double *saving)
{
    erg_wish wish = erg_wish_default();
    erg_choice choice;
    erg_error err = { 0 };

    wish.objective = objective;
    wish.slowdown = slowdown;
    wish.draws = 0;
    CHECK_OK(erg_choose(points, &wish, &choice, &err), err);
    const erg_pick *pick = pick_of(&choice, points, name);
    double mhz = chosen_mhz(&choice, pick);
    if (saving)
        *saving = choice.options[pick->chosen].energy_saving;
    erg_choice_free(&choice);
    return mhz;
}

typedef struct row { double mhz, time_s, energy_j; } row;

static inline void add(erg_points *points, const char *name, const row *one)
{
    erg_application app = { .retention = NAN, .retention_low = NAN };
    erg_visit visit = { .setting = erg_knob_setting_none(),
                        .block = -1,
                        .place = -1,
                        .start_ns = INT64_MIN,
                        .time_s = one->time_s,
                        .energy_j = one->energy_j,
                        .mean_w = one->energy_j / one->time_s,
                        .peak_w = NAN,
                        .temp_c = NAN,
                        .energy_listed_j = NAN,
                        .samples = NAN,
                        .sm_clock_seen_hz = NAN,
                        .fp_active = NAN,
                        .dram_active = NAN };

    visit.setting.at[ERG_SM_CLOCK] = one->mhz * 1e6;
    snprintf(app.name, sizeof(app.name), "%s", name);
    CHECK(erg_points_application(points, &app, &visit.application, NULL));
    CHECK(erg_points_add(points, &visit, NULL));
}

static inline erg_points *made(const row rows[], size_t count)
{
    erg_points *points = erg_points_new(NULL);

    for (size_t i = 0; i < count; i++)
        add(points, "made", &rows[i]);
    return points;
}

#endif

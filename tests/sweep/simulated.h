/* SPDX-License-Identifier: Apache-2.0 */
/* A sweep of simulated work, whose truth is known, on a clock that needs no waiting. */
#ifndef ERG_TESTS_SWEEP_SIMULATED_H
#define ERG_TESTS_SWEEP_SIMULATED_H

#include "test.h"
#include "erg/sweep.h"

static const char *const a100[] = { "sim:a100-sxm4-80gb" };
static const char *const coarse[] = { "sm_clock=510:1410:150" };
static const erg_sweep_job simulated = { .name = "work" };

static inline const char *file_in(const char *folder)
{
    static char path[400];
    snprintf(path, sizeof(path), "%s/s.erg", folder);
    return path;
}

static inline erg_sweep_options plain(const char *work, const char *output)
{
    return (erg_sweep_options){ .sensors = a100,
                                .sensor_count = 1,
                                .jobs = &simulated,
                                .job_count = 1,
                                .knobs = coarse,
                                .knob_count = 1,
                                .work = work,
                                .output = output };
}

static inline erg_points *sweep(const erg_sweep_options *options)
{
    erg_error err = { 0 };
    erg_sweep_outcome outcome;
    erg_points *points = erg_points_new(&err);
    CHECK_OK(erg_sweep_run(NULL, options, points, &outcome, &err), err);
    return points;
}

static inline size_t count_state(const erg_points *points, erg_visit_state state,
                                 double clock_hz)
{
    size_t count = 0;
    for (size_t i = 0; i < erg_points_visits(points); i++) {
        const erg_visit *visit = erg_points_visit_at(points, i);
        count += visit->state == state
                 && (isnan(clock_hz) || visit->setting.at[ERG_SM_CLOCK] == clock_hz);
    }
    return count;
}

/* The first note that begins so, in to; "" if there is none. */
static inline const char *note_of(const erg_points *points, const char *word, char *to,
                                  size_t size)
{
    *to = '\0';
    for (size_t i = 0; i < erg_points_notes(points) && !*to; i++)
        if (strncmp(erg_points_note_at(points, i), word, strlen(word)) == 0)
            snprintf(to, size, "%s", erg_points_note_at(points, i));
    return to;
}

static inline bool has_note(const erg_points *points, const char *word)
{
    char text[300];
    return *note_of(points, word, text, sizeof(text)) != '\0';
}

#endif

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Jobs that ask before they start, so that their watts fit beside what is drawn. It is a
 * promise among those who ask, a scheduler's prolog for one: nobody is stopped.
 *
 *   Source   docs/govern.md.
 */
#include <math.h>
#include <string.h>
#include "govern/govern.h"

static const erg_column job_columns[] = {
    { "job", ERG_TEXT, "its name" },
    { "state", ERG_TEXT, "admitted, queued, or too_large for the present limit" },
    { "power_w", ERG_REAL, "what it is expected to draw" },
    { "least_w", ERG_REAL, "what it draws even when it is held down" },
    { "class", ERG_INTEGER, "the higher goes first" },
    { "left_s", ERG_REAL, "of its stated time; none: it states none" },
    { "place", ERG_INTEGER, "in the queue" },
};

/* New work is for cool nodes, where the configuration says so. */
static bool is_hot(const erg_governor *governor)
{
    bool is = false;

    for (size_t i = 0; governor->config->thermal.prefer_cool && i < governor->count; i++)
        is |= governor->items[i].guard.is_hot;
    return is;
}

static erg_admission_room room_of(const erg_governor *governor)
{
    const erg_govern_room *rack = &governor->room;

    if (governor->has_room)
        return (erg_admission_room){ rack->cap_w, rack->limit_w, 0, rack->power_w };
    return (erg_admission_room){ governor->limit_w, governor->limit_w,
                                 isnan(governor->base_w) ? 0 : governor->base_w,
                                 governor->power_w - erg_govern_burnt_w(governor),
                                 is_hot(governor) };
}

static const char *state_of(const erg_governor *governor, const erg_job *job)
{
    const erg_admission_room room = room_of(governor);

    if (job->is_running)
        return "admitted";
    return erg_admission_too_large(&governor->jobs, &room, job) ? "too_large" : "queued";
}

static bool put_job(erg_table *table, const erg_job *job, const char *state, int64_t place,
                    erg_error *err)
{
    double left_s = isinf(job->left_s) ? NAN : job->left_s;

    return erg_table_row(table, err) && erg_table_text(table, "job", job->name, err)
           && erg_table_text(table, "state", state, err)
           && erg_table_real(table, "power_w", job->power_w, err)
           && erg_table_real(table, "least_w", job->least_w, err)
           && erg_table_integer(table, "class", job->class, err)
           && erg_table_real(table, "left_s", left_s, err)
           && (job->is_running || erg_table_integer(table, "place", place, err));
}

bool erg_govern_add_jobs(const erg_governor *governor, erg_result *result, erg_error *err)
{
    erg_table *table =
        erg_result_add(result, "jobs", job_columns, ERG_COUNT(job_columns), err);
    bool good = table != NULL;
    int64_t place = 0;

    for (size_t i = 0; good && i < governor->jobs.count; i++) {
        const erg_job *job = &governor->jobs.jobs[i];
        good = put_job(table, job, state_of(governor, job), job->is_running ? 0 : ++place,
                       err);
    }
    return good;
}

/* ---- room ------------------------------------------------------------------------ */

void erg_governor_room(erg_governor *governor, const erg_govern_room *room)
{
    governor->room = *room;
    governor->has_room = true;
}

void erg_govern_jobs_step(erg_governor *governor, double dt_s)
{
    const erg_admission_room room = room_of(governor);
    erg_admission *jobs = &governor->jobs;

    erg_admission_step(jobs, &room, dt_s);
    for (size_t i = 0; i < jobs->count && jobs->jobs[i].is_running; i++) {
        if (jobs->jobs[i].is_told)
            continue;
        jobs->jobs[i].is_told = true;
        erg_govern_note(governor,
                        &(erg_govern_change){ NULL, "admit", jobs->jobs[i].name, NAN,
                                              jobs->jobs[i].power_w, NAN, NAN });
    }
}

/* ---- asking ---------------------------------------------------------------------- */

bool erg_govern_admit(erg_governor *governor, const erg_govern_request *request,
                      erg_error *err)
{
    erg_job job = { .power_w = request->power_w,
                    .least_w = isnan(request->least_w) ? 0 : request->least_w,
                    .left_s = request->for_s,
                    .class = request->priority };

    const erg_job *known = erg_admission_find(&governor->jobs, request->job);
    if (known && known->power_w == job.power_w && known->least_w == job.least_w)
        return true; /* it asks how it stands */
    if (known)
        return erg_fail(err, ERG_REFUSED,
                        "job %s has said %g W, and at least %g W: "
                        "say that it is done first",
                        known->name, known->power_w, known->least_w);
    erg_text_put(job.name, sizeof(job.name), request->job);
    return erg_admission_ask(&governor->jobs, &job)
           || erg_fail(err, ERG_REFUSED, "%d jobs run or wait: more are not kept",
                       ERG_JOBS_MOST);
}

bool erg_govern_done(erg_governor *governor, const erg_govern_request *request,
                     erg_error *err)
{
    erg_job *job = erg_admission_find(&governor->jobs, request->job);

    if (!job)
        return erg_fail(err, ERG_NOT_FOUND,
                        "there is no job %s: erg govern status names them", request->job);
    erg_admission_end(&governor->jobs, job);
    return true;
}

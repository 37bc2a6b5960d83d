/* SPDX-License-Identifier: Apache-2.0 */
/* Which jobs may start: by hand, by chance against the rule,
 * and with and without passing. */
#include <math.h>
#include "shape/admission.h"
#include "test.h"

static const erg_admission_room kilowatt = { 1000, 1000, 0, NAN }; /* 950 W of jobs */

static void ask(erg_admission *state, const char *name, double power_w, double left_s,
                int64_t class)
{
    erg_job job = { .power_w = power_w, .left_s = left_s, .class = class };

    snprintf(job.name, sizeof(job.name), "%s", name);
    CHECK(erg_admission_ask(state, &job));
}

static bool runs(erg_admission *state, const char *name)
{
    const erg_job *job = erg_admission_find(state, name);
    return job && job->is_running;
}

static void a_job_starts_if_its_watts_fit_what_is_left(void)
{
    erg_admission state = { 0 };

    ask(&state, "a", 500, INFINITY, 0);
    ask(&state, "b", 450, INFINITY, 0);
    ask(&state, "c", 1, INFINITY, 0);
    erg_admission_step(&state, &kilowatt, 0);
    CHECK(runs(&state, "a") && runs(&state, "b") && !runs(&state, "c"));
    erg_admission_end(&state, erg_admission_find(&state, "a"));
    erg_admission_step(&state, &kilowatt, 1);
    CHECK(!erg_admission_find(&state, "a") && runs(&state, "c") && state.count == 2);
}

static void what_is_measured_and_not_announced_counts(void)
{
    erg_admission state = { 0 };
    erg_admission_room room = { 1000, 1000, 100, 600 };

    ask(&state, "a", 360, INFINITY, 0);
    erg_admission_step(&state, &room, 0);
    CHECK(!runs(&state, "a"));
    room.power_w = 590;
    erg_admission_step(&state, &room, 61);
    CHECK(runs(&state, "a"));         /* 590 + 360 */
    ask(&state, "b", 1, INFINITY, 0); /* a does not draw yet: the 590 are still others' */
    erg_admission_step(&state, &room, 30);
    CHECK(!runs(&state, "b"));
    erg_admission_step(&state, &room, 31); /* by now they are a's, and 130 W of others */
    CHECK(runs(&state, "b"));
    room.power_w = NAN;
    ask(&state, "c", 360, INFINITY, 0);
    erg_admission_step(&state, &room, 1000);
    CHECK(!runs(&state, "c")); /* unknown is not zero */
}

static void the_least_of_all_must_fit_the_budget(void)
{
    erg_admission state = { 0 };
    const erg_admission_room room = { 300, INFINITY, 0, NAN };

    for (int i = 0; i < 4; i++) {
        erg_job job = { .power_w = 500, .least_w = 100, .left_s = INFINITY };
        snprintf(job.name, sizeof(job.name), "%d", i);
        CHECK(erg_admission_ask(&state, &job));
    }
    erg_admission_step(&state, &room, 0);
    CHECK(runs(&state, "2") && !runs(&state, "3"));
}

static void the_queue_goes_by_class_and_then_by_arrival(void)
{
    static const char *const order[] = { "full", "high", "low1", "low2" };
    erg_admission state = { 0 };

    ask(&state, "full", 950, INFINITY, 0);
    erg_admission_step(&state, &kilowatt, 0);
    ask(&state, "low1", 900, INFINITY, 1);
    ask(&state, "low2", 900, INFINITY, 1);
    ask(&state, "high", 900, INFINITY, 5);
    erg_admission_step(&state, &kilowatt, 0);
    for (size_t i = 0; i < ERG_COUNT(order); i++)
        CHECK(strcmp(state.jobs[i].name, order[i]) == 0);
}

/* 600 W for 10 s run; 500 W wait for them. */
static erg_admission with_a_head(double running_s)
{
    erg_admission state = { 0 };

    ask(&state, "running", 600, running_s, 0);
    erg_admission_step(&state, &kilowatt, 0);
    ask(&state, "head", 500, INFINITY, 0);
    return state;
}

static void a_smaller_job_passes_only_if_the_first_starts_no_later(void)
{
    static const struct {
        double running_s, power_w, left_s;
        bool passes;
    } rows[] = {
        { 10, 300, 10, true },       /* over by then */
        { 10, 300, 11, true },       /* 500 + 300 fit */
        { 10, 350, INFINITY, true }, /* 850 fit for ever */
        { INFINITY, 1, 1, false },   /* nobody knows when the head may start */
        { 10, 360, 10, false },      /* does not fit now */
    };

    for (size_t i = 0; i < ERG_COUNT(rows); i++) {
        erg_admission state = with_a_head(rows[i].running_s);
        ask(&state, "small", rows[i].power_w, rows[i].left_s, 0);
        erg_admission_step(&state, &kilowatt, 0);
        CHECK(!runs(&state, "head") && runs(&state, "small") == rows[i].passes);
    }
    erg_admission state = { 0 }; /* beside the head there is room for 50 W alone */
    ask(&state, "running", 600, 10, 0);
    erg_admission_step(&state, &kilowatt, 0);
    ask(&state, "head", 900, 5, 0);
    ask(&state, "long", 51, 11, 0);
    ask(&state, "slim", 50, 11, 0);
    ask(&state, "short", 300, 10, 0);
    erg_admission_step(&state, &kilowatt, 0);
    CHECK(!runs(&state, "long") && runs(&state, "slim") && runs(&state, "short"));
    erg_admission_step(&state, &kilowatt, 10);
    CHECK(runs(&state, "head"));
}

static void one_that_can_never_fit_holds_nobody_up(void)
{
    erg_admission state = { 0 };

    ask(&state, "huge", 2000, INFINITY, 9);
    ask(&state, "small", 100, INFINITY, 0);
    erg_admission_step(&state, &kilowatt, 0);
    CHECK(!runs(&state, "huge") && runs(&state, "small"));
}

/* ---- by chance ----------------------------------------------------------------------- */

static erg_job job_by_chance(test_random *random, int number)
{
    erg_job job = { .power_w = 50 + 850 * test_uniform(random),
                    .left_s = floor(1 + 20 * test_uniform(random)),
                    .class = (int64_t)(3 * test_uniform(random)) };

    job.least_w = job.power_w * test_uniform(random);
    snprintf(job.name, sizeof(job.name), "%d", number);
    return job;
}

/* Jobs that run and came after the first of the queue, though of no higher class. */
static int passers(const erg_admission *state, const erg_job *head)
{
    int count = 0;

    for (size_t i = 0; i < state->count && state->jobs[i].is_running; i++)
        count += atoi(state->jobs[i].name) > atoi(head->name)
                 && state->jobs[i].class <= head->class;
    return count;
}

static void check_sums(const erg_admission *state)
{
    double power_w = 0, least_w = 0;

    for (size_t i = 0; i < state->count; i++)
        if (state->jobs[i].is_running) {
            power_w += state->jobs[i].power_w;
            least_w += state->jobs[i].least_w;
        }
    CHECK(power_w <= 950 + 1e-9 && least_w <= 1000 + 1e-9);
}

static const erg_job *first_waiting(const erg_admission *state)
{
    for (size_t i = 0; i < state->count; i++)
        if (!state->jobs[i].is_running)
            return &state->jobs[i];
    return NULL;
}

/* When the first of the queue starts if nobody passes it and nobody else comes. */
static double alone_starts_in(erg_admission state)
{
    const erg_job *head = first_waiting(&state);
    char name[ERG_JOB_NAME];
    double after_s = 0;

    snprintf(name, sizeof(name), "%s", head->name);
    while (state.count > 0 && first_waiting(&state) != &state.jobs[state.count - 1])
        erg_admission_end(&state, &state.jobs[state.count - 1]);
    for (erg_admission_step(&state, &kilowatt, 0); !runs(&state, name); after_s++)
        erg_admission_step(&state, &kilowatt, 1);
    return after_s;
}

/* Every job that comes first in the queue starts when it would without those behind it. */
static void no_sum_is_passed_and_no_first_is_delayed(void)
{
    test_random random = { 7 };
    int passed = 0;

    for (int world = 0; world < 300; world++) {
        erg_admission state = { 0 };
        char head[ERG_JOB_NAME] = "";
        double due_s = 0;
        for (int t = 0, number = 0; t < 60; t++) {
            if (test_uniform(&random) < 0.6 && state.count < 20) {
                erg_job job = job_by_chance(&random, number++);
                CHECK(erg_admission_ask(&state, &job));
            }
            const erg_job *waits = first_waiting(&state);
            if (waits && strcmp(waits->name, head) != 0) {
                snprintf(head, sizeof(head), "%s", waits->name);
                due_s = t + alone_starts_in(state);
            }
            size_t before = state.count;
            erg_admission_step(&state, &kilowatt, 0);
            CHECK(state.count == before);
            check_sums(&state);
            if (waits) {
                bool has_started = runs(&state, head);
                CHECK(has_started == (t >= due_s));
                passed += has_started ? 0 : passers(&state, first_waiting(&state));
            }
            erg_admission_step(&state, &kilowatt, 1);
            check_sums(&state);
        }
    }
    CHECK(passed > 100);
}

static void a_full_house_says_so(void)
{
    erg_admission state = { 0 };

    for (int i = 0; i < ERG_JOBS_MOST; i++)
        ask(&state, "x", 1, INFINITY, i % 7);
    CHECK(!erg_admission_ask(&state, &(erg_job){ .power_w = 1, .left_s = INFINITY }));
    erg_admission_step(&state, &kilowatt, 0);
    CHECK(state.count == ERG_JOBS_MOST && !first_waiting(&state));
}

int main(void)
{
    static const test tests[] = {
        TEST(a_job_starts_if_its_watts_fit_what_is_left),
        TEST(what_is_measured_and_not_announced_counts),
        TEST(the_least_of_all_must_fit_the_budget),
        TEST(the_queue_goes_by_class_and_then_by_arrival),
        TEST(a_smaller_job_passes_only_if_the_first_starts_no_later),
        TEST(one_that_can_never_fit_holds_nobody_up),
        TEST(no_sum_is_passed_and_no_first_is_delayed),
        TEST(a_full_house_says_so),
    };
    return test_run(tests, ERG_COUNT(tests));
}

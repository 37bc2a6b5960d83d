/* SPDX-License-Identifier: Apache-2.0 */
/* Joules shared among what ran: against brute force, to the last joule. */
#include "timeline/sharing.h"

/* ---- the sweep against brute force -------------------------------------------------- */

static int by_begin(const void *a, const void *b)
{
    const erg_work *x = a, *y = b;
    return x->begin_ns < y->begin_ns ? -1 : x->begin_ns > y->begin_ns;
}

/* Anything goes: at once, before and behind the steps, without length. */
static void random_works(test_random *random, erg_work works[], size_t count,
                         uint32_t classes, double span_ns)
{
    for (size_t i = 0; i < count; i++) {
        double begin = span_ns * (1.2 * test_uniform(random) - 0.1);
        double length = test_uniform(random) < 0.1
            ? 0 : 0.2 * span_ns * test_uniform(random);
        works[i] = (erg_work){ (int64_t)begin, (int64_t)(begin + length),
                               (uint32_t)(classes * test_uniform(random)),
                               test_uniform(random) < 0.5
                                   ? 0 : (float)(0.1 + test_uniform(random)) };
    }
    qsort(works, count, sizeof(works[0]), by_begin);
}

static void random_steps(test_random *random, erg_sensor_step steps[], size_t count,
                         int64_t span_ns)
{
    int64_t at_ns = 0;

    for (size_t i = 0; i < count; i++) {
        double most_ns = 2 * (double)span_ns / (double)count;
        int64_t end_ns = at_ns + 1 + (int64_t)(test_uniform(random) * most_ns);
        int64_t look_ns = at_ns
            + (int64_t)(test_uniform(random) * (double)(end_ns - at_ns));
        steps[i] = (erg_sensor_step){ at_ns, look_ns, end_ns,
                                      50 + 300 * test_uniform(random),
                                      test_uniform(random) < 0.05
                                          ? 0 : 9 * test_uniform(random) };
        at_ns = end_ns;
    }
}

/* Nanosecond by nanosecond. */
static double brute_s(const erg_work works[], size_t count, uint32_t class, erg_span span)
{
    double sum = 0;

    for (int64_t t = span.begin_ns; t < span.end_ns; t++) {
        double all = 0, own = 0;
        for (size_t i = 0; i < count; i++) {
            double weight = works[i].weight > 0 ? (double)works[i].weight : 1;
            bool runs = works[i].begin_ns <= t && t < works[i].end_ns;
            all += runs ? weight : 0;
            own += runs && works[i].class == class ? weight : 0;
        }
        sum += all > 0 ? own / all : 0;
    }
    return 1e-9 * sum;
}

typedef struct compared {
    const erg_work *works;
    size_t count, seen;
    uint32_t classes;
} compared;

static void compare(void *self, const erg_step_view *view)
{
    compared *own = self;
    erg_span whole = { view->step->begin_ns, view->step->end_ns };
    erg_span look = { view->step->look_ns, view->step->end_ns };
    double busy_s = 0, length_s = erg_s_from_ns(whole.end_ns - whole.begin_ns);

    for (size_t i = 0; i < view->count; i++) {
        const erg_class_time *time = &view->time[view->classes[i]];
        CHECK_NEAR(time->all_s, brute_s(own->works, own->count, view->classes[i], whole),
                   1e-16);
        CHECK_NEAR(time->look_s, brute_s(own->works, own->count, view->classes[i], look),
                   1e-16);
        busy_s += time->all_s;
    }
    CHECK_NEAR(busy_s + view->free_s, length_s, 1e-16);
    for (uint32_t class = 0; class < own->classes; class++) {
        bool is_there = false;
        for (size_t i = 0; i < view->count; i++)
            is_there |= view->classes[i] == class;
        CHECK(is_there || brute_s(own->works, own->count, class, whole) == 0);
    }
    own->seen++;
}

static void one_sweep_finds_what_every_nanosecond_says(void)
{
    erg_sensor_step steps[8];
    erg_work works[30];

    for (uint64_t seed = 1; seed <= 30; seed++) {
        test_random random = { seed };
        erg_error err = { 0 };
        random_steps(&random, steps, ERG_COUNT(steps), 400);
        random_works(&random, works, ERG_COUNT(works), 5, 400);
        compared own = { works, ERG_COUNT(works), 0, 5 };
        CHECK_OK(erg_overlaps_sweep(&(erg_work_list){ works, ERG_COUNT(works), 5 },
                                    &(erg_step_list){ steps, ERG_COUNT(steps) },
                                    compare, &own, &err), err);
        CHECK(own.seen == ERG_COUNT(steps));
    }
}

/* ---- to the last joule -------------------------------------------------------------- */

static void parts_and_remainder_are_the_whole(void)
{
    static erg_sensor_step steps[300];
    static erg_work works[2000];
    erg_part parts[CLASSES_MOST + 1];

    for (uint64_t seed = 1; seed <= 60; seed++) {
        test_random random = { seed };
        size_t classes = 1 + (size_t)(test_uniform(&random) * CLASSES_MOST);
        size_t count = (size_t)(test_uniform(&random) * ERG_COUNT(works));
        double total_j = 0, sum_j = 0;
        random_steps(&random, steps, ERG_COUNT(steps), 30 * ERG_NS_PER_S);
        random_works(&random, works, count, (uint32_t)classes,
                     30e9 * test_uniform(&random));
        share(&(erg_work_list){ works, count, classes },
              &(erg_step_list){ steps, ERG_COUNT(steps) }, parts);
        for (size_t i = 0; i < ERG_COUNT(steps); i++)
            total_j += steps[i].energy_j;
        for (size_t i = 0; i <= classes; i++) {
            sum_j += parts[i].energy_j;
            CHECK(parts[i].energy_j >= 0 && parts[i].u_j >= 0);
            CHECK(parts[i].energy_j <= parts[i].most_j * (1 + 1e-9));
        }
        CHECK_NEAR(sum_j, total_j, 1e-9 * total_j);
    }
}

static void without_work_all_is_unattributed(void)
{
    erg_sensor_step steps[] = { { 0, 0, 100, 10, 1 }, { 100, 175, 200, NAN, 2 } };
    erg_part part;

    share(&(erg_work_list){ NULL, 0, 0 }, &(erg_step_list){ steps, 2 }, &part);
    CHECK_NEAR(part.energy_j, 3, 1e-15);
    CHECK_NEAR(part.duration_s, 200e-9, 1e-20);
    share(&(erg_work_list){ NULL, 0, 0 }, &(erg_step_list){ steps, 0 }, &part);
    CHECK(part.energy_j == 0);
}

/* Two streams at once: by occupancy, else alike. */
static void what_runs_at_once_shares_the_time_by_occupancy(void)
{
    erg_sensor_step step = { 0, 0, ERG_NS_PER_S, 100, 100 };
    erg_work works[] = { { 0, ERG_NS_PER_S, 0, 0.75f }, { 0, ERG_NS_PER_S, 1, 0.25f } };
    erg_part parts[3];

    share(&(erg_work_list){ works, 2, 2 }, &(erg_step_list){ &step, 1 }, parts);
    CHECK_NEAR(parts[0].duration_s, 0.75, 1e-12);
    CHECK_NEAR(parts[0].energy_j, 75, 1e-9);
    CHECK_NEAR(parts[1].energy_j, 25, 1e-9);
    works[0].weight = works[1].weight = 0;
    share(&(erg_work_list){ works, 2, 2 }, &(erg_step_list){ &step, 1 }, parts);
    CHECK_NEAR(parts[0].energy_j, 50, 1e-9);
}

int main(void)
{
    static const test tests[] = {
        TEST(one_sweep_finds_what_every_nanosecond_says),
        TEST(parts_and_remainder_are_the_whole),
        TEST(without_work_all_is_unattributed),
        TEST(what_runs_at_once_shares_the_time_by_occupancy),
    };
    return test_run(tests, ERG_COUNT(tests));
}

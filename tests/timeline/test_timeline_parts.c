/* SPDX-License-Identifier: Apache-2.0 */
/* Joules shared among what ran: against brute force, against planted energies, to the last
 * joule. */
#include "test.h"
#include "timeline/timeline.h"

enum { STEPS_MOST = 2000, WORKS_MOST = 8000, CLASSES_MOST = 64 };

/* ---- the sweep against brute force ---------------------------------------------------------- */

static int by_begin(const void *a, const void *b)
{
    const erg_work *x = a, *y = b;
    return x->begin_ns < y->begin_ns ? -1 : x->begin_ns > y->begin_ns;
}

/* Anything goes: at once, before and behind the steps, without length. */
static void random_works(test_random *random, erg_work works[], size_t count, uint32_t classes,
                         double span_ns)
{
    for (size_t i = 0; i < count; i++) {
        double begin = span_ns * (1.2 * test_uniform(random) - 0.1);
        double length = test_uniform(random) < 0.1 ? 0 : 0.2 * span_ns * test_uniform(random);
        works[i] = (erg_work){ (int64_t)begin, (int64_t)(begin + length),
                               (uint32_t)(classes * test_uniform(random)),
                               test_uniform(random) < 0.5 ? 0 : (float)(0.1 + test_uniform(random)) };
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
        int64_t look_ns = at_ns + (int64_t)(test_uniform(random) * (double)(end_ns - at_ns));
        steps[i] = (erg_sensor_step){ at_ns, look_ns, end_ns, 50 + 300 * test_uniform(random),
                                      test_uniform(random) < 0.05 ? 0 : 9 * test_uniform(random) };
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
        CHECK_NEAR(time->all_s, brute_s(own->works, own->count, view->classes[i], whole), 1e-16);
        CHECK_NEAR(time->look_s, brute_s(own->works, own->count, view->classes[i], look), 1e-16);
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
                                    &(erg_step_list){ steps, ERG_COUNT(steps) }, compare, &own,
                                    &err), err);
        CHECK(own.seen == ERG_COUNT(steps));
    }
}

/* ---- to the last joule ----------------------------------------------------------------------- */

static erg_sharing share(const erg_work_list *work, const erg_step_list *steps, erg_part parts[])
{
    erg_prior prior = { .free_w = NAN };
    erg_error err = { 0 };
    erg_sharing out;

    CHECK_OK(erg_share_energy(work, steps, &prior, parts, &out, &err), err);
    return out;
}

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
        random_works(&random, works, count, (uint32_t)classes, 30e9 * test_uniform(&random));
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

/* ---- planted watts ---------------------------------------------------------------------------- */

/* A device with a sensor of 100 ms that looks for `look` of them. */
typedef struct plant {
    double watts[CLASSES_MOST], free_w, spread, noise_w;
    double kernel_s, idle_share;
    uint32_t classes;
    int64_t look_ns;
    erg_work works[WORKS_MOST];
    size_t work_count;
    erg_sensor_step steps[STEPS_MOST];
    size_t step_count;
    double joules[CLASSES_MOST + 1];
} plant;

/* Joules until t, by a second walk over the same pieces: they come in order of time. */
typedef struct piece { int64_t begin_ns, end_ns; double w; } piece;
static piece pieces[2 * WORKS_MOST];
static size_t piece_count;

static void run_load(plant *own, test_random *random, int64_t span_ns)
{
    int64_t t_ns = 0;

    own->work_count = piece_count = 0;
    memset(own->joules, 0, sizeof(own->joules));
    while (t_ns < span_ns && own->work_count < WORKS_MOST) {
        bool idles = test_uniform(random) < own->idle_share;
        uint32_t class = idles ? own->classes : (uint32_t)(own->classes * test_uniform(random));
        /* Each class has a length of its own, as kernels do. */
        double own_s = own->kernel_s * (0.3 + 1.4 * (class + 0.5) / (own->classes + 1));
        int64_t end_ns = t_ns + (int64_t)(1e9 * own_s * (0.8 + 0.4 * test_uniform(random)));
        double w = idles ? own->free_w
                         : own->watts[class] * (1 + own->spread * test_normal(random));
        end_ns = end_ns < span_ns ? end_ns : span_ns;
        if (!idles)
            own->works[own->work_count++] = (erg_work){ t_ns, end_ns, class, 0 };
        pieces[piece_count++] = (piece){ t_ns, end_ns, w };
        own->joules[class] += w * erg_s_from_ns(end_ns - t_ns);
        t_ns = end_ns;
    }
}

static double mean_w(erg_span span, size_t *at)
{
    double joules = 0;

    while (*at > 0 && pieces[*at].begin_ns > span.begin_ns)
        --*at;
    for (; *at < piece_count && pieces[*at].begin_ns < span.end_ns; ++*at) {
        int64_t from_ns = pieces[*at].begin_ns, to_ns = pieces[*at].end_ns;
        from_ns = from_ns > span.begin_ns ? from_ns : span.begin_ns;
        to_ns = to_ns < span.end_ns ? to_ns : span.end_ns;
        joules += to_ns > from_ns ? pieces[*at].w * erg_s_from_ns(to_ns - from_ns) : 0;
    }
    *at -= *at > 0;
    return joules / erg_s_from_ns(span.end_ns - span.begin_ns);
}

static void read_sensor(plant *own, test_random *random, int64_t span_ns)
{
    const int64_t update_ns = 100 * ERG_NS_PER_MS;
    size_t at = 0;

    own->step_count = 0;
    for (int64_t t_ns = 0; t_ns + update_ns <= span_ns; t_ns += update_ns) {
        erg_sensor_step step = { t_ns, t_ns + update_ns - own->look_ns, t_ns + update_ns, 0, 0 };
        step.look_w = mean_w((erg_span){ step.look_ns, step.end_ns }, &at)
                    + own->noise_w * test_normal(random);
        step.energy_j = step.look_w * erg_s_from_ns(update_ns);
        own->steps[own->step_count++] = step;
    }
}

static void run(plant *own, test_random *random, double seconds)
{
    int64_t span_ns = erg_ns_from_s(seconds);

    for (uint32_t i = 0; i < own->classes; i++)
        own->watts[i] = 80 + 320 * test_uniform(random);
    run_load(own, random, span_ns);
    read_sensor(own, random, span_ns);
}

static void share_plant(const plant *own, erg_part parts[])
{
    share(&(erg_work_list){ own->works, own->work_count, own->classes },
          &(erg_step_list){ own->steps, own->step_count }, parts);
}

/* Share of (seed, class) whose joules lie within two standard uncertainties. */
static double coverage(plant *own, int seeds, double seconds, double *width)
{
    double inside = 0, all = 0;
    erg_part parts[CLASSES_MOST + 1];

    *width = 0;
    for (int seed = 0; seed < seeds; seed++) {
        test_random random = { (uint64_t)(77 + seed) };
        run(own, &random, seconds);
        share_plant(own, parts);
        for (uint32_t c = 0; c < own->classes; c++) {
            inside += fabs(parts[c].energy_j - own->joules[c]) <= 2 * parts[c].u_j;
            *width += 2 * parts[c].u_j / own->joules[c];
            all++;
        }
    }
    *width /= all;
    return inside / all;
}

static plant one;

static void planted_energies_lie_in_their_intervals(void)
{
    static const struct { double kernel_s, idle_share, spread; uint32_t classes;
                          int64_t look_ms; int seeds; double seconds; } rows[] = {
        { 0.030, 0.1, 0.02, 4, 25, 1000, 20 },      /* an A100's sensor, kernels of its window */
        { 0.030, 0.1, 0.02, 4, 100, 200, 20 },      /* one that sees all */
        { 0.003, 0.1, 0.02, 4, 25, 100, 10 },       /* ten kernels a look */
        { 0.200, 0.3, 0.05, 6, 25, 200, 60 },       /* longer than the sensor's step */
        { 0.030, 0.1, 0.02, 40, 25, 60, 30 },       /* more than have watts of their own */
    };

    for (size_t i = 0; i < ERG_COUNT(rows); i++) {
        double width;
        one = (plant){ .free_w = 60, .spread = rows[i].spread, .noise_w = 1,
                       .kernel_s = rows[i].kernel_s, .idle_share = rows[i].idle_share,
                       .classes = rows[i].classes, .look_ns = rows[i].look_ms * ERG_NS_PER_MS };
        double inside = coverage(&one, rows[i].seeds, rows[i].seconds, &width);
        print_message("# kernels of %g ms, look %d ms: %.1f %% inside, half-width %.1f %%\n",
                      1e3 * rows[i].kernel_s, (int)rows[i].look_ms, 100 * inside, 100 * width);
        CHECK(inside >= 0.95);
    }
}

static void a_longer_recording_narrows_the_interval(void)
{
    double few, many;

    one = (plant){ .free_w = 60, .spread = 0.02, .noise_w = 1, .kernel_s = 0.03,
                   .idle_share = 0.1, .classes = 4, .look_ns = 25 * ERG_NS_PER_MS };
    coverage(&one, 20, 5, &few);
    coverage(&one, 20, 80, &many);
    CHECK(many < 0.5 * few);
    CHECK(many < 0.05);
}

/* One kernel of 4 us under a sensor of 100 ms: next to nothing is known. */
static void one_short_kernel_is_said_to_be_unknown(void)
{
    test_random random = { 3 };
    erg_part parts[CLASSES_MOST + 1];

    one = (plant){ .free_w = 60, .spread = 0.02, .noise_w = 1, .kernel_s = 0.03,
                   .idle_share = 0.1, .classes = 4, .look_ns = 25 * ERG_NS_PER_MS };
    run(&one, &random, 20);
    one.works[100].end_ns = one.works[100].begin_ns + 4000;
    one.works[100].class = 4;
    one.classes = 5;
    share_plant(&one, parts);
    CHECK(parts[4].energy_j > 0);
    CHECK(2 * parts[4].u_j > 0.7 * parts[4].energy_j);
}

/* In step with each other: only their sum can be known. */
static void kernels_in_equal_proportion_cannot_be_told_apart(void)
{
    static erg_work works[400];
    static erg_sensor_step steps[200];
    erg_part parts[3];

    for (size_t i = 0; i < 200; i++) {      /* 20 ms of 300 W, 80 ms of 100 W: 140 W */
        int64_t t_ns = (int64_t)i * 100 * ERG_NS_PER_MS;
        works[2 * i] = (erg_work){ t_ns, t_ns + 20 * ERG_NS_PER_MS, 0, 0 };
        works[2 * i + 1] = (erg_work){ t_ns + 20 * ERG_NS_PER_MS, t_ns + 100 * ERG_NS_PER_MS, 1, 0 };
        steps[i] = (erg_sensor_step){ t_ns, t_ns, t_ns + 100 * ERG_NS_PER_MS, 140, 14 };
    }
    share(&(erg_work_list){ works, 400, 2 }, &(erg_step_list){ steps, 200 }, parts);
    CHECK(fabs(parts[0].energy_j - 0.020 * 300 * 200) <= 2 * parts[0].u_j * 1.3);
    CHECK(parts[0].u_j > 0.3 * parts[0].energy_j);
    CHECK_NEAR(parts[0].energy_j + parts[1].energy_j, 2800, 1e-6);
}

/* All spikes come while one of two kernels runs: less is known of that one. */
static void errors_that_come_with_one_kernel_are_its_own(void)
{
    static erg_work works[400];
    static erg_sensor_step steps[400];
    erg_part parts[3];

    for (size_t i = 0; i < 400; i++) {
        int64_t t_ns = (int64_t)i * 100 * ERG_NS_PER_MS, end_ns = t_ns + 100 * ERG_NS_PER_MS;
        double w = i % 40 == 0 ? 300 : 100;
        works[i] = (erg_work){ t_ns, end_ns, (uint32_t)(i % 2), 0 };
        steps[i] = (erg_sensor_step){ t_ns, t_ns, end_ns, w, 0.1 * w };
    }
    share(&(erg_work_list){ works, 400, 2 }, &(erg_step_list){ steps, 400 }, parts);
    CHECK_NEAR(parts[0].energy_j, 20 * 110, 2);
    CHECK(parts[0].u_j > 1.25 * parts[1].u_j);
}

int main(void)
{
    static const test tests[] = {
        TEST(one_sweep_finds_what_every_nanosecond_says),
        TEST(parts_and_remainder_are_the_whole),
        TEST(without_work_all_is_unattributed),
        TEST(what_runs_at_once_shares_the_time_by_occupancy),
        TEST(planted_energies_lie_in_their_intervals),
        TEST(a_longer_recording_narrows_the_interval),
        TEST(one_short_kernel_is_said_to_be_unknown),
        TEST(errors_that_come_with_one_kernel_are_its_own),
        TEST(kernels_in_equal_proportion_cannot_be_told_apart),
    };
    return test_run(tests, ERG_COUNT(tests));
}

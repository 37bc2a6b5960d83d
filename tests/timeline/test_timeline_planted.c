/* SPDX-License-Identifier: Apache-2.0 */
/* Joules shared among what ran, against energies that were planted. */
#include "timeline/sharing.h"

enum { STEPS_MOST = 2000, WORKS_MOST = 8000 };

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
        uint32_t class = idles
            ? own->classes : (uint32_t)(own->classes * test_uniform(random));
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
        erg_sensor_step step = { t_ns, t_ns + update_ns - own->look_ns,
                                 t_ns + update_ns, 0, 0 };
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
        { 0.030, 0.1, 0.02, 4, 25, 1000, 20 }, /* an A100's sensor, kernels of its window */
        { 0.030, 0.1, 0.02, 4, 100, 200, 20 },      /* one that sees all */
        { 0.003, 0.1, 0.02, 4, 25, 100, 10 },       /* ten kernels a look */
        { 0.200, 0.3, 0.05, 6, 25, 200, 60 },       /* longer than the sensor's step */
        { 0.030, 0.1, 0.02, 40, 25, 60, 30 },       /* more than have watts of their own */
    };

    for (size_t i = 0; i < ERG_COUNT(rows); i++) {
        double width;
        one = (plant){ .free_w = 60, .spread = rows[i].spread, .noise_w = 1,
                       .kernel_s = rows[i].kernel_s, .idle_share = rows[i].idle_share,
                       .classes = rows[i].classes,
                       .look_ns = rows[i].look_ms * ERG_NS_PER_MS };
        double inside = coverage(&one, rows[i].seeds, rows[i].seconds, &width);
        print_message("# kernels of %g ms, look %d ms: %.1f %% inside, "
                      "half-width %.1f %%\n",
                      1e3 * rows[i].kernel_s, (int)rows[i].look_ms, 100 * inside,
                      100 * width);
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
        works[2 * i + 1] = (erg_work){ t_ns + 20 * ERG_NS_PER_MS,
                                       t_ns + 100 * ERG_NS_PER_MS, 1, 0 };
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
        int64_t t_ns = (int64_t)i * 100 * ERG_NS_PER_MS,
                end_ns = t_ns + 100 * ERG_NS_PER_MS;
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
        TEST(planted_energies_lie_in_their_intervals),
        TEST(a_longer_recording_narrows_the_interval),
        TEST(one_short_kernel_is_said_to_be_unknown),
        TEST(errors_that_come_with_one_kernel_are_its_own),
        TEST(kernels_in_equal_proportion_cannot_be_told_apart),
    };
    return test_run(tests, ERG_COUNT(tests));
}

/* SPDX-License-Identifier: Apache-2.0 */
/* A damaged recording may hold any numbers: an answer or an error, nothing undefined. */
#include "series.h"

static const double odd[] = { 0, -1, 1e-12, 1e-300, 1e300, 1e9, 0.1, 1, 100, 5e-324, 1e12,
                              INFINITY, -INFINITY, NAN };

static double any(test_random *random)
{
    return odd[(size_t)(test_uniform(random) * (double)ERG_COUNT(odd))];
}

/* Every order of magnitude is as likely as the next. */
static int64_t any_ns(test_random *random)
{
    double size = pow(10, 18.9 * test_uniform(random));
    return (int64_t)((test_uniform(random) - 0.5) * size);
}

static void add_any_channel(erg_trace *trace, test_random *random)
{
    erg_channel_info info = {
        .quantity = test_uniform(random) < 0.5 ? ERG_POWER : ERG_ENERGY,
        .kind = (erg_kind)(test_uniform(random) * 4),
        .method = (erg_method)(test_uniform(random) * 4),
        .scope = (erg_scope)(test_uniform(random) * 9),
        .update_s = any(random), .window_s = any(random), .delay_s = any(random),
        .gain = any(random), .offset = any(random), .gain_u = any(random),
        .offset_u = any(random), .range_j = any(random), .resolution = any(random),
        .max_w = any(random),
    };
    int64_t t_ns = any_ns(random);
    int channel = erg_trace_add_channel(trace, &info, NULL);

    for (int i = 0; i < 20; i++) {
        double value = test_uniform(random) < 0.7
            ? 100 * test_uniform(random) : any(random);
        erg_sample sample = { t_ns, any_ns(random), value };
        erg_trace_add_samples(trace, channel, &sample, 1, NULL);
        t_ns += llabs(any_ns(random)) % (ERG_NS_PER_S << 20);
    }
}

static void add_any_event(erg_trace *trace, test_random *random)
{
    static const char *const names[] = { "run", "idle_before", "idle_after", "decode" };
    erg_region region = { .begin_ns = any_ns(random), .end_ns = any_ns(random),
                          .runs = any(random) };

    strcpy(region.name, names[(int)(4 * test_uniform(random))]);
    if (test_uniform(random) < 0.2)
        region.end_ns = INT64_MAX;
    erg_trace_add_region(trace, &region, NULL);
    erg_trace_add_mark(trace, &(erg_mark_row){ any_ns(random), "single_s", any(random) },
                       NULL);
    erg_trace_add_anchor(trace,
                         &(erg_anchor){ any_ns(random), any_ns(random), any_ns(random),
                                        any_ns(random) }, NULL);
}

static void any_numbers_give_an_answer_or_an_error(void)
{
    test_random random = { 7 };
    int answers = 0, errors = 0;

    for (int round = 0; round < 1500; round++) {
        erg_error err = { 0 };
        erg_energy energy;
        erg_trace *trace = erg_trace_new(&err);
        erg_trace_add_device(trace, &(erg_device_info){ .name = "x" }, &err);
        add_any_channel(trace, &random);
        add_any_channel(trace, &random);
        for (int i = 0; i < 8; i++)
            add_any_event(trace, &random);
        erg_span span = erg_trace_span(trace);
        for (int i = 0; i < 4; i++) {
            bool found = erg_trace_energy(trace, i % 2, span, &energy, &err);
            answers += found;
            errors += !found;
            CHECK(found || (isnan(energy.energy_j) && err.code != ERG_OK));
            span = (erg_span){ any_ns(&random), any_ns(&random) };
        }
        CHECK_OK(erg_trace_check(trace, &err), err);
        erg_trace_free(trace);
    }
    CHECK(answers > 100 && errors > 100);
}

static void stamps_beyond_any_clock_are_refused(void)
{
    erg_error err = { 0 };
    erg_trace *trace = erg_trace_new(&err);
    erg_energy energy;

    erg_trace_add_device(trace, &(erg_device_info){ .name = "x" }, &err);
    erg_trace_add_channel(trace, &(erg_channel_info){ .name = "power" }, &err);
    CHECK(!erg_trace_add_samples(trace, 0, &(erg_sample){ INT64_MAX, 0, 1 }, 1, &err));
    CHECK(err.code == ERG_BAD_INPUT);
    CHECK(!erg_trace_add_mark(trace, &(erg_mark_row){ .t_ns = INT64_MIN }, &err));
    CHECK(!erg_trace_add_region(trace, &(erg_region){ .begin_ns = INT64_MIN }, &err));
    CHECK(!erg_trace_energy(trace, 0, (erg_span){ INT64_MIN, INT64_MAX }, &energy, &err));
    CHECK(err.code == ERG_BAD_INPUT);
    erg_trace_free(trace);
}

int main(void)
{
    static const test tests[] = {
        TEST(any_numbers_give_an_answer_or_an_error),
        TEST(stamps_beyond_any_clock_are_refused),
    };
    return test_run(tests, ERG_COUNT(tests));
}

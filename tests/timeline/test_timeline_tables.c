/* SPDX-License-Identifier: Apache-2.0 */
/* erg timeline from a recording: joules of kernels and regions through a polled sensor. */
#include "plant/sensor.h"
#include "trace/told.h"
#include "timeline/timeline.h"

enum { KERNELS_MOST = 20000, NAMES = 4 };
static const char *const names[NAMES] = { "gemm", "softmax", "ncclAllReduce", "copy" };
static const int32_t kinds[NAMES] = { ERG_EVENT_KERNEL, ERG_EVENT_KERNEL,
                                      ERG_EVENT_COLLECTIVE, ERG_EVENT_COPY };

/* Power that is constant between edges. */
typedef struct load {
    double end_s[KERNELS_MOST], w[KERNELS_MOST], joules[NAMES + 1];
    int class[KERNELS_MOST];    /* NAMES: nothing runs */
    size_t count;
} load;
static load played;

static size_t piece_at(const load *of, double t_s)
{
    size_t low = 0, high = of->count - 1;

    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (of->end_s[middle] > t_s)
            high = middle;
        else
            low = middle + 1;
    }
    return low;
}

static double power_at(const void *self, double t_s)
{
    const load *own = self;
    return own->w[piece_at(own, t_s)];
}

static double energy_in(const void *self, double begin_s, double end_s)
{
    const load *own = self;
    double sum = 0;

    for (size_t i = piece_at(own, begin_s); begin_s < end_s && i < own->count; i++) {
        double to_s = i + 1 == own->count ? end_s : fmin(end_s, own->end_s[i]);
        sum += own->w[i] * (to_s - begin_s);
        begin_s = to_s;
    }
    return sum;
}

static void play(test_random *random, double seconds)
{
    double watts[NAMES + 1], t_s = 0;

    played.count = 0;
    memset(played.joules, 0, sizeof(played.joules));
    for (int i = 0; i < NAMES; i++)
        watts[i] = 90 + 300 * test_uniform(random);
    watts[NAMES] = 60;
    while (t_s < seconds) {
        double pick = test_uniform(random);
        int class = pick < 0.1 ? NAMES : (int)(NAMES * test_uniform(random));
        double length_s = 0.01 * (1 + class) * (0.6 + 0.8 * test_uniform(random));
        length_s = fmin(length_s, seconds - t_s);
        double w = watts[class] * (1 + 0.02 * test_normal(random));
        size_t i = played.count++;
        played.end_s[i] = t_s += length_s;
        played.class[i] = class;
        played.w[i] = w;
        played.joules[class] += w * length_s;
    }
}

static void add_events(erg_trace *trace, const load *from)
{
    erg_trace_event *events = calloc(from->count, sizeof(*events));
    erg_error err = { 0 };
    size_t count = 0;
    double begin_s = 0;

    for (int i = 0; i < NAMES; i++)
        CHECK(erg_trace_add_event_name(trace, names[i], &err) == i);
    int32_t by = erg_trace_add_event_name(trace, "aten::all", &err);
    erg_track info = { .name = "GPU 0 stream 7", .device = 0, .stream = 7 };
    int32_t track = erg_trace_add_track(trace, &info, &err);
    for (size_t i = 0; i < from->count; begin_s = from->end_s[i++])
        if (from->class[i] < NAMES)
            events[count++] = (erg_trace_event){
                erg_ns_from_s(begin_s), erg_ns_from_s(from->end_s[i] - begin_s),
                from->class[i], from->class[i] ? by : ERG_EVENT_NOBODY, track,
                kinds[from->class[i]] };
    CHECK_OK(erg_trace_add_events(trace, events, count, &err), err);
    free(events);
}

/* An A100's sensor, polled every 10 ms or so by a program that is late at times. */
static erg_trace *record(const load *from, test_random *random, double seconds,
                         double gain_u)
{
    erg_plant_sensor sensor = { .update_s = 0.1, .window_s = 0.025, .noise_w = 0.5,
                                .phase_s = 0.1 * test_uniform(random),
                                .resolution_w = 0.001,
                                .gain = 1 + gain_u * test_normal(random),
                                .seed = random->state };
    erg_plant_view view = { from, power_at, energy_in };
    series polls = { 0 };

    for (double t_s = 0.2; t_s < seconds; t_s += 0.009 + 0.002 * test_uniform(random)) {
        int64_t t_ns = erg_ns_from_s(t_s);
        series_add(&polls, t_ns, erg_plant_sensor_see(&sensor, view, t_ns));
    }
    erg_trace *trace = trace_of((erg_channel_info){ .kind = ERG_INSTANT, .update_s = 0.1,
                                                    .window_s = 0.025, .gain_u = gain_u },
                                &polls);
    add_events(trace, from);
    return trace;
}

/* ---- joules ------------------------------------------------------------------------- */

static void rows_and_remainder_are_what_erg_show_says(void)
{
    static const char *const ways[] = { "kernel", "operator", NULL };
    test_random random = { 5 };

    play(&random, 30);
    erg_trace *trace = record(&played, &random, 30, 0.05);
    erg_energy whole = energy_of(trace, erg_trace_span(trace));
    for (size_t way = 0; way < ERG_COUNT(ways); way++)
        for (size_t top = 0; top < 3; top++) {
            erg_result *result = timeline(trace, (erg_timeline_options){ .by = ways[way],
                                                                         .top = top });
            const erg_table *table = table_of(result, "attribution");
            double sum_j = 0, share = 0;
            for (size_t i = 0; i < erg_table_row_count(table); i++) {
                sum_j += real(table, i, "energy_j");
                share += real(table, i, "share");
                CHECK(real(table, i, "energy_low_j") <= real(table, i, "energy_j"));
                CHECK(real(table, i, "energy_high_j") >= real(table, i, "energy_j"));
            }
            CHECK_NEAR(sum_j, whole.energy_j, 1e-9 * whole.energy_j);
            CHECK_NEAR(share, 1, 1e-9);
            row_named(table, "name", "unattributed");
            erg_result_free(result);
        }
    erg_trace_free(trace);
}

static void kernels_are_counted_with_their_kind_and_operator(void)
{
    test_random random = { 6 };
    size_t count = 0;

    play(&random, 10);
    erg_trace *trace = record(&played, &random, 10, 0);
    erg_result *result = timeline(trace, (erg_timeline_options){ 0 });
    const erg_table *table = table_of(result, "attribution");
    size_t row = row_named(table, "name", "ncclAllReduce");
    for (size_t i = 0; i < played.count; i++)
        count += played.class[i] == 2;
    CHECK(erg_table_find(table, row, "count").integer == (int64_t)count);
    CHECK_TEXT(erg_table_find(table, row, "kind").text, "collective");
    CHECK_TEXT(erg_table_find(table, row_named(table, "name", "copy"), "kind").text,
               "copy");
    erg_result_free(result);

    result = timeline(trace, (erg_timeline_options){ .by = "operator" });
    table = table_of(result, "attribution");
    CHECK(erg_table_row_count(table) == 3);
    row_named(table, "name", "aten::all");
    row_named(table, "name", "(no operator)");
    erg_result_free(result);
    erg_trace_free(trace);
}

/* From polls to rows: the comb of the sensor is found, its gain is one of 5 %. */
static void planted_kernels_lie_in_the_intervals_of_the_table(void)
{
    enum { SEEDS = 60 };
    double inside = 0, width = 0;

    for (uint64_t seed = 1; seed <= SEEDS; seed++) {
        test_random random = { 100 + seed };
        play(&random, 30);
        erg_trace *trace = record(&played, &random, 30, 0.05);
        erg_result *result = timeline(trace, (erg_timeline_options){ 0 });
        const erg_table *table = table_of(result, "attribution");
        for (int c = 0; c < NAMES; c++) {
            size_t row = row_named(table, "name", names[c]);
            double low_j = real(table, row, "energy_low_j");
            double high_j = real(table, row, "energy_high_j");
            inside += low_j <= played.joules[c] && played.joules[c] <= high_j;
            width += (high_j - low_j) / 2 / played.joules[c];
        }
        erg_result_free(result);
        erg_trace_free(trace);
    }
    print_message("# %.1f %% inside, half-width %.1f %%\n", 100 * inside / (NAMES * SEEDS),
                  100 * width / (NAMES * SEEDS));
    CHECK(inside >= 0.95 * NAMES * SEEDS);
}

static void a_counter_is_shared_to_its_exact_difference(void)
{
    erg_error err = { 0 };
    series readings = { 0 };

    for (int i = 0; i <= 100; i++)      /* 100 W, and 300 W from 4 to 6 s */
        series_add(&readings, i * 100 * ERG_NS_PER_MS,
                   i <= 40   ? 10.0 * i
                   : i <= 60 ? 400 + 30.0 * (i - 40)
                             : 1000 + 10.0 * (i - 60));
    erg_trace *trace = trace_of((erg_channel_info){ .kind = ERG_COUNTER, .update_s = 0.1 },
                                &readings);
    erg_region region = { .name = "step", .begin_ns = 4 * ERG_NS_PER_S,
                          .end_ns = 6 * ERG_NS_PER_S };
    CHECK_OK(erg_trace_add_region(trace, &region, &err), err);
    erg_result *result = timeline(trace, (erg_timeline_options){ 0 });
    const erg_table *table = table_of(result, "attribution");
    CHECK_NEAR(real(table, row_named(table, "name", "step"), "energy_j"), 600, 1);
    CHECK_NEAR(real(table, row_named(table, "name", "unattributed"), "energy_j"), 800, 1);
    erg_result_free(result);
    erg_trace_free(trace);
}

/* A region within a region: the joules are the inner one's. */
static void of_nested_regions_the_innermost_has_the_joules(void)
{
    erg_error err = { 0 };
    series polls = { 0 };

    for (int i = 0; i <= 1000; i++)
        series_add(&polls, i * 10 * ERG_NS_PER_MS, 200);
    erg_trace *trace = trace_of((erg_channel_info){ .kind = ERG_INSTANT }, &polls);
    const erg_region regions[] = {
        { .id = 1, .name = "outer", .begin_ns = ERG_NS_PER_S, .end_ns = 9 * ERG_NS_PER_S },
        { .id = 2, .parent = 1, .name = "inner", .begin_ns = 2 * ERG_NS_PER_S,
          .end_ns = 5 * ERG_NS_PER_S },
        { .id = 3, .thread = 2, .name = "other", .begin_ns = 8 * ERG_NS_PER_S,
          .end_ns = 10 * ERG_NS_PER_S },
    };
    for (size_t i = 0; i < ERG_COUNT(regions); i++)
        CHECK_OK(erg_trace_add_region(trace, &regions[i], &err), err);
    erg_result *result = timeline(trace, (erg_timeline_options){ .by = "region" });
    const erg_table *table = table_of(result, "attribution");
    CHECK_NEAR(real(table, row_named(table, "name", "inner"), "energy_j"), 600, 0.1);
    CHECK_NEAR(real(table, row_named(table, "name", "outer"), "energy_j"), 900, 0.1);
    CHECK_NEAR(real(table, row_named(table, "name", "other"), "energy_j"), 300, 0.1);
    CHECK_NEAR(real(table, row_named(table, "name", "unattributed"), "energy_j"), 200, 0.1);
    erg_result_free(result);
    erg_trace_free(trace);
}

/* A minute of power that nothing explains; region_s of it are named. */
static erg_result *of_wild_power(double region_s)
{
    erg_error err = { 0 };
    test_random random = { 9 };
    series polls = { 0 };

    for (int i = 0; i <= 600; i++)
        series_add(&polls, i * 100 * ERG_NS_PER_MS, 100 + 200 * test_uniform(&random));
    erg_trace *trace = trace_of((erg_channel_info){ .kind = ERG_INSTANT, .update_s = 0.1 },
                                &polls);
    erg_region region = { .name = "step", .begin_ns = 20 * ERG_NS_PER_S,
                          .end_ns = 20 * ERG_NS_PER_S + erg_ns_from_s(region_s) };
    if (region_s > 0)
        CHECK_OK(erg_trace_add_region(trace, &region, &err), err);
    erg_result *result = timeline(trace, (erg_timeline_options){ 0 });
    erg_trace_free(trace);
    return result;
}

static double half_of(const erg_table *table, size_t row)
{
    return (real(table, row, "energy_high_j") - real(table, row, "energy_low_j")) / 2;
}

/* How much a look scatters says nothing of joules that are shared with nobody. */
static void a_remainder_of_all_is_as_sure_as_the_total(void)
{
    static const char *const tables[] = { "attribution", "split" };
    erg_result *result = of_wild_power(0);
    double total_j = half_of(table_of(result, "summary"), 0);

    for (size_t i = 0; i < ERG_COUNT(tables); i++)
        CHECK_NEAR(half_of(table_of(result, tables[i]), 0) / total_j, 1, 1e-9);
    erg_result_free(result);
}

/* Both have what the other lacks. */
static void a_remainder_errs_by_no_more_than_the_rows_and_the_total(void)
{
    erg_result *result = of_wild_power(2);
    const erg_table *table = table_of(result, "attribution");
    double total_j = half_of(table_of(result, "summary"), 0);
    double step_j = half_of(table, row_named(table, "name", "step"));
    double rest_j = half_of(table, row_named(table, "name", "unattributed"));

    CHECK(step_j > 0 && rest_j <= hypot(step_j, total_j) * (1 + 1e-9));
    erg_result_free(result);
}

/* Where the looks cannot tell, an estimate of the kernels' watts decides. */
static void an_estimate_divides_what_the_sensor_cannot(void)
{
    static erg_work works[200];
    static erg_sensor_step steps[100];
    const double watts[] = { 300, 100 };
    erg_prior prior = { .class_w = watts, .free_w = NAN };
    erg_error err = { 0 };
    erg_part parts[3];
    erg_sharing out;

    for (int64_t i = 0; i < 100; i++) {     /* 20 ms of 300 W, 80 ms of 100 W: 140 W */
        int64_t t_ns = i * 100 * ERG_NS_PER_MS, middle_ns = t_ns + 20 * ERG_NS_PER_MS;
        int64_t end_ns = t_ns + 100 * ERG_NS_PER_MS;
        works[2 * i] = (erg_work){ t_ns, middle_ns, 0, 0 };
        works[2 * i + 1] = (erg_work){ middle_ns, end_ns, 1, 0 };
        steps[i] = (erg_sensor_step){ t_ns, t_ns, end_ns, 140, 14 };
    }
    CHECK_OK(erg_share_energy(&(erg_work_list){ works, 200, 2 },
                              &(erg_step_list){ steps, 100 },
                              &prior, parts, &out, &err), err);
    CHECK_NEAR(parts[0].energy_j, 600, 6);
    CHECK_NEAR(parts[1].energy_j, 800, 6);
    CHECK(parts[0].u_j > 0.2 * parts[0].energy_j); /* and is not taken for a measurement */
}

int main(void)
{
    static const test tests[] = {
        TEST(rows_and_remainder_are_what_erg_show_says),
        TEST(kernels_are_counted_with_their_kind_and_operator),
        TEST(planted_kernels_lie_in_the_intervals_of_the_table),
        TEST(a_counter_is_shared_to_its_exact_difference),
        TEST(an_estimate_divides_what_the_sensor_cannot),
        TEST(of_nested_regions_the_innermost_has_the_joules),
        TEST(a_remainder_of_all_is_as_sure_as_the_total),
        TEST(a_remainder_errs_by_no_more_than_the_rows_and_the_total),
    };
    return test_run(tests, ERG_COUNT(tests));
}

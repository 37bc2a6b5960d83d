/* SPDX-License-Identifier: Apache-2.0 */
/* erg timeline over more events than memory should hold: the same figures, from a file. */
#include "erg/report.h"
#include "trace/told.h"
#include "timeline/timeline.h"

/* Works of 4.8 MB; looks in blocks. */
enum { WORKS = 200000, STEPS = 210000, CLASSES = 5 };

/* ---- shares ------------------------------------------------------------------------- */

static const int64_t step_ns = 10 * ERG_NS_PER_US;

static void lay_out(erg_work works[], erg_sensor_step steps[])
{
    test_random random = { 3 };

    for (int64_t i = 0; i < STEPS; i++) {
        int64_t t_ns = i * step_ns;
        double w = 100 + 50 * test_uniform(&random);
        steps[i] = (erg_sensor_step){ t_ns, t_ns + step_ns / 2, t_ns + step_ns, w,
                                      w * 1e-5 };
    }
    for (int64_t i = 0; i < WORKS; i++) {
        int64_t t_ns = i * step_ns + (int64_t)(1e3 * test_uniform(&random));
        works[i] = (erg_work){ t_ns, t_ns + (int64_t)(3e4 * test_uniform(&random)),
                               (uint32_t)(CLASSES * test_uniform(&random)), 0 };
    }
}

static void works_in_a_file_are_shared_as_those_in_memory(void)
{
    erg_work *works = calloc(WORKS, sizeof(*works));
    erg_sensor_step *steps = calloc(STEPS, sizeof(*steps));
    erg_spill aside = { .size = sizeof(*works) };
    erg_part held[CLASSES + 1], filed[CLASSES + 1];
    erg_prior prior = { .free_w = NAN };
    erg_step_list list = { steps, STEPS };
    erg_error err = { 0 };
    erg_sharing a, b;

    lay_out(works, steps);
    CHECK_OK(erg_spill_add(&aside, works, WORKS, &err), err);
    CHECK(aside.filed > 0);
    CHECK_OK(erg_share_energy(&(erg_work_list){ works, WORKS, CLASSES }, &list, &prior,
                              held, &a, &err), err);
    CHECK_OK(erg_share_energy(&(erg_work_list){ .aside = &aside, .count = WORKS,
                                                .classes = CLASSES },
                              &list, &prior, filed, &b, &err), err);
    CHECK(a.has_learnt && a.noise_w == b.noise_w && held[0].energy_j > 0);
    for (int i = 0; i <= CLASSES; i++) {
        CHECK(held[i].energy_j == filed[i].energy_j && held[i].u_j == filed[i].u_j);
        CHECK(held[i].duration_s == filed[i].duration_s);
    }
    erg_spill_free(&aside);
    free(works);
    free(steps);
}

/* ---- tables ------------------------------------------------------------------------- */

enum { EVENTS = 150000, NAMES = 6, THREADS = 3 };     /* 6 MB: more than one run */

/* Streams of kernels, or threads of nested operators. */
static erg_trace *recorded(bool on_device)
{
    test_random random = { 11 };
    series readings = { 0 };
    erg_trace_event *events = calloc(EVENTS, sizeof(*events));

    for (int64_t i = 0; i < 1000; i++)
        series_add(&readings, 3 * i * ERG_NS_PER_MS,
                   200 + 20 * test_uniform(&random) + (i % 100 < 2 ? 300 : 0));
    erg_trace *trace = trace_of((erg_channel_info){ .quantity = ERG_POWER }, &readings);
    for (int i = 0; i < NAMES; i++) {
        const char name[] = { (char)('a' + i), 0 };
        CHECK(erg_trace_add_event_name(trace, name, NULL) == i);
    }
    for (int i = 0; i < THREADS; i++)
        CHECK(erg_trace_add_track(trace, &(erg_track){ .device = on_device ? 0 : -1,
                                                       .stream = i }, NULL) == i);
    for (int64_t i = 0; i < EVENTS; i++)
        events[i] = (erg_trace_event){
            .begin_ns = 20 * ERG_NS_PER_US * i, .name = (int32_t)(i * i % NAMES),
            .duration_ns = (int64_t)(1e5 * test_uniform(&random)),
            .by = i % 7 ? ERG_EVENT_NOBODY : 1, .track = (int32_t)(i % THREADS),
            .kind = on_device ? ERG_EVENT_KERNEL : ERG_EVENT_OPERATOR };
    CHECK(erg_trace_add_events(trace, events, EVENTS, NULL));
    free(events);
    return trace;
}

static char *told(const erg_trace *trace, const char *by)
{
    erg_result *result = timeline(trace, (erg_timeline_options){ .by = by });
    size_t size;
    char *text = NULL;
    FILE *out = open_memstream(&text, &size);

    CHECK(out && erg_write(result, "json", NULL, out, NULL) && fclose(out) == 0);
    erg_result_free(result);
    return text;
}

static void events_aside_give_the_same_tables(void)
{
    static const struct { bool on_device; const char *by; } ways[] = {
        { true, "kernel" }, { true, "operator" }, { false, "operator" },
    };

    for (size_t i = 0; i < ERG_COUNT(ways); i++) {
        erg_trace *trace = recorded(ways[i].on_device);
        char *held = told(trace, ways[i].by);
        CHECK(erg_trace_put_events_aside(trace, NULL));
        char *aside = told(trace, ways[i].by);
        CHECK_TEXT(aside, held);
        CHECK(strstr(held, "\"name\": \"b\"") != NULL);
        free(held);
        free(aside);
        erg_trace_free(trace);
    }
}

static void a_run_file_is_told_alike_however_it_is_loaded(void)
{
    char path[300];
    erg_error err = { 0 };
    erg_trace *trace = recorded(true);

    snprintf(path, sizeof(path), "%s/run.erg", test_folder());
    CHECK_OK(erg_trace_save(trace, path, &err), err);
    erg_trace_free(trace);
    trace = erg_trace_load(path, &err);
    erg_trace *aside = erg_trace_load_aside(path, &err);
    CHECK(trace && aside && !erg_trace_has_aside(trace) && erg_trace_has_aside(aside));
    CHECK(erg_trace_event_count(aside) == EVENTS);
    char *held = told(trace, NULL), *read = told(aside, NULL);
    CHECK_TEXT(read, held);
    free(held);
    free(read);
    erg_trace_free(trace);
    erg_trace_free(aside);
    unlink(path);
}

/* ---- begins ------------------------------------------------------------------------- */

static void a_million_begins_take_no_more_spans_than_reaches_fit(void)
{
    enum { BEGINS = 1000000, LENGTH_NS = 1000000, NEAR = 300 };
    static const erg_reach reach = { .span = { 5000, 5000 + LENGTH_NS }, .before_ns = 900,
                                     .after_ns = 100 };
    test_random random = { 17 };
    int64_t few[NEAR];
    erg_cover many = { 0 }, some = { 0 };

    for (int64_t i = 0; i < BEGINS; i++)
        if (i / 3000 % 2 == 0)
            CHECK(erg_cover_add(&many, 5000 + i, &reach, NULL));
    CHECK(many.begins > BEGINS / 2);
    CHECK(many.spans.count <= LENGTH_NS / 1000 && many.spans.count > 100);
    for (int64_t i = 0, t_ns = 0; i < NEAR; i++) {
        few[i] = t_ns += (int64_t)(6000 * test_uniform(&random));
        CHECK(erg_cover_add(&some, 5000 + t_ns, &reach, NULL));
    }
    for (int64_t t_ns = 0; t_ns < LENGTH_NS; t_ns += 37) {
        bool is_near = false;
        for (int i = 0; i < NEAR; i++)
            is_near |= few[i] >= t_ns - reach.before_ns && few[i] <= t_ns + reach.after_ns;
        CHECK(erg_cover_holds(&some, t_ns) == is_near);
    }
    erg_cover_free(&many);
    erg_cover_free(&some);
}

int main(void)
{
    static const test tests[] = {
        TEST(works_in_a_file_are_shared_as_those_in_memory),
        TEST(events_aside_give_the_same_tables),
        TEST(a_run_file_is_told_alike_however_it_is_loaded),
        TEST(a_million_begins_take_no_more_spans_than_reaches_fit),
    };
    return test_run(tests, ERG_COUNT(tests));
}

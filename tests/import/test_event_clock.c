/* SPDX-License-Identifier: Apache-2.0 */
/* Events that count from no date (ONNX Runtime) find their place by the power. */
#include <math.h>
#include "erg/import.h"
#include "test.h"

enum { BURSTS = 14, READINGS = 600 };
#define BEGIN_UTC_S 1772445600      /* 2026-03-02 10:00:00 */

/* When the device was busy, seconds after the first event. */
typedef struct load { double begin_s[BURSTS], end_s[BURSTS]; } load;

static load random_load(uint64_t seed)
{
    test_random random = { seed };
    load out;
    double at_s = 0;

    for (int i = 0; i < BURSTS; i++) {
        out.begin_s[i] = at_s;
        out.end_s[i] = at_s += 0.4 + 3 * test_uniform(&random);
        at_s += 0.4 + 3 * test_uniform(&random);
    }
    return out;
}

static load square_load(int bursts)
{
    load out = { 0 };

    for (int i = 0; i < bursts; i++) {
        out.begin_s[i] = 2 * i;
        out.end_s[i] = 2 * i + 1;
    }
    return out;
}

/* Nodes of 20 ms, as ONNX Runtime writes them: microseconds after its own start. */
static char *trace_of(const load *of)
{
    erg_text text = { 0 };

    erg_text_add(&text, "[");
    for (int i = 0; i < BURSTS; i++)
        for (double at_s = of->begin_s[i]; at_s < of->end_s[i]; at_s += 0.02)
            erg_text_add(&text,
                         "%s{\"ph\":\"X\",\"cat\":\"Node\","
                         "\"name\":\"conv_%d_kernel_time\",\"pid\":1,\"tid\":1,\"ts\":%.0f,"
                         "\"dur\":%.0f,\"args\":{\"op_name\":\"Conv\"}}",
                         text.count > 1 ? "," : "", i, 777 + 1e6 * at_s,
                         1e6 * fmin(0.02, of->end_s[i] - at_s));
    erg_text_add(&text, "]");
    return erg_text_take(&text);
}

static double power_w(const load *of, double t_s, test_random *random)
{
    double w = 60 + 3 * (test_uniform(random) - 0.5);

    for (int i = 0; i < BURSTS; i++)
        if (t_s >= of->begin_s[i] && t_s < of->end_s[i])
            w += 150;
    return w;
}

/* Five readings a second; the first event is late_s after the first of them. */
static char *log_of(const load *of, double late_s, uint64_t seed)
{
    test_random random = { seed };
    erg_text text = { 0 };

    erg_text_add(&text, "timestamp,gpu,power_w\n");
    for (int i = 0; i < READINGS; i++)
        erg_text_add(&text, "%d.%d00,0,%.2f\n", BEGIN_UTC_S + i / 5, 2 * (i % 5),
                     power_w(of, 0.2 * i - late_s, &random));
    return erg_text_take(&text);
}

static bool add(erg_trace *trace, const char *name, const char *bytes, erg_error *err)
{
    const erg_import_options options = { .align = true };
    return erg_import_bytes(trace, name, bytes, strlen(bytes), &options, err);
}

static double first_event_s(const erg_trace *trace)
{
    size_t count;
    const erg_trace_event *events = erg_trace_events(trace, &count);

    CHECK(count > 0);
    return 1e-9 * (double)(erg_trace_utc_ns(trace, events[0].begin_ns)
                           - (int64_t)BEGIN_UTC_S * 1000000000);
}

static double meta_of(const erg_trace *trace, const char *key)
{
    const char *text = erg_trace_meta(trace, key);

    CHECK(text != NULL);
    return text ? atof(text) : NAN;
}

static void events_are_put_where_the_power_follows_them(void)
{
    static const double lates_s[] = { 3.217, 31.4, 60.055 };
    double squares = 0;

    for (size_t i = 0; i < ERG_COUNT(lates_s); i++) {
        double late_s = lates_s[i];
        load ran = random_load(40 + i);
        char *events = trace_of(&ran), *power = log_of(&ran, late_s, 90 + i);
        erg_trace *trace = erg_trace_new(NULL);
        erg_error err = { 0 };
        const char *first = i % 2 ? events : power, *second = i % 2 ? power : events;
        CHECK_OK(add(trace, i % 2 ? "ort.json" : "p.csv", first, &err)
                     && add(trace, i % 2 ? "p.csv" : "ort.json", second, &err), err);
        double off_s = first_event_s(trace) - late_s;
        CHECK_NEAR(off_s, 0, 0.1);
        CHECK_NEAR(meta_of(trace,
                           i % 2 ? "events_begin_s:events" : "events_begin_s:ort.json"),
                   late_s, 0.1);
        CHECK_TEXT(erg_trace_meta(trace, i % 2 ? "events_by:events" : "events_by:ort.json"),
                   "gpu:0/power");
        double u_s = meta_of(trace, "events_clock_u_s");
        CHECK(u_s > 0 && u_s < 0.1);
        squares += pow(off_s / u_s, 2);
        erg_trace_free(trace);
        free(events);
        free(power);
    }
    CHECK(squares / ERG_COUNT(lates_s) < 4);
}

static void refused(const load *events_of, const load *power_of, const char *word)
{
    char *events = trace_of(events_of), *power = log_of(power_of, 20, 5);
    erg_trace *trace = erg_trace_new(NULL);
    erg_error err = { 0 };

    CHECK_OK(add(trace, "p.csv", power, &err), err);
    CHECK(!add(trace, "ort.json", events, &err));
    CHECK(err.code == ERG_REFUSED && strstr(err.text, "--start") && strstr(err.text, word));
    CHECK(erg_trace_event_count(trace) == 0 && erg_trace_channel_count(trace) == 1);
    erg_trace_free(trace);
    free(events);
    free(power);
}

static void a_place_that_would_be_a_guess_is_refused(void)
{
    load one = random_load(1), other = random_load(2), none = { 0 };
    load square = square_load(BURSTS), part = square_load(BURSTS / 3);

    refused(&one, &other, "does not follow");
    refused(&one, &none, "does not follow");
    refused(&part, &square, "ambiguous");
}

static void a_meter_behind_events_that_cannot_be_placed_leaves_the_trace_as_it_was(void)
{
    load ran = random_load(3), none = { 0 };
    char *events = trace_of(&ran), *power = log_of(&none, 20, 5);
    erg_trace *trace = erg_trace_new(NULL);
    erg_error err = { 0 };

    CHECK_OK(add(trace, "ort.json", events, &err), err);
    size_t before = erg_trace_event_count(trace);
    CHECK(!add(trace, "p.csv", power, &err));
    CHECK(erg_trace_event_count(trace) == before && erg_trace_channel_count(trace) == 0);
    erg_trace_free(trace);
    free(events);
    free(power);
}

/* In either order: a run that begins in 1970 and ends today is no run. */
static void without_a_date_and_without_asking_for_a_place_nothing_is_joined(void)
{
    load ran = random_load(4);
    char *texts[] = { trace_of(&ran), log_of(&ran, 20, 5) };
    static const char *const names[] = { "ort.json", "p.csv" };

    for (int first = 0; first < 2; first++) {
        const erg_import_options plain = { .tz = NULL };
        const char *a = texts[first], *b = texts[1 - first];
        erg_trace *trace = erg_trace_new(NULL);
        erg_error err = { 0 };
        CHECK_OK(erg_import_bytes(trace, names[first], a, strlen(a), &plain, &err), err);
        size_t before = erg_trace_event_count(trace) + erg_trace_channel_count(trace);
        CHECK(!erg_import_bytes(trace, names[1 - first], b, strlen(b), &plain, &err));
        CHECK(err.code == ERG_BAD_INPUT && strstr(err.text, "counts from nowhere")
              && strstr(err.text, "--start") && strstr(err.text, "--align"));
        CHECK(erg_trace_event_count(trace) + erg_trace_channel_count(trace) == before);
        erg_trace_free(trace);
    }
    free(texts[0]);
    free(texts[1]);
}

/* The same trace with a date that is ahead_s wrong. */
static char *dated_trace_of(const load *of, double late_s, double ahead_s)
{
    char *plain = trace_of(of);
    erg_text text = { 0 };

    erg_text_add(&text, "{\"baseTimeNanoseconds\":%.0f,\"traceEvents\":%s}",
                 1e9 * (BEGIN_UTC_S + late_s + ahead_s) - 777e3, plain);
    free(plain);
    return erg_text_take(&text);
}

/* Whichever comes first; the one that comes second is moved. */
static void a_date_that_is_seconds_wrong_is_put_right_where_that_is_asked_for(void)
{
    static const double aheads_s[] = { 3, -2.2, 0 };

    for (size_t i = 0; i < 2 * ERG_COUNT(aheads_s); i++) {
        double ahead_s = aheads_s[i / 2];
        load ran = random_load(70 + i / 2);
        char *events = dated_trace_of(&ran, 20, ahead_s), *power = log_of(&ran, 20, 7);
        bool power_first = i % 2 == 0;
        erg_trace *trace = erg_trace_new(NULL);
        erg_error err = { 0 };
        CHECK_OK(add(trace, power_first ? "p.csv" : "torch.json",
                     power_first ? power : events, &err)
                     && add(trace, power_first ? "torch.json" : "p.csv",
                            power_first ? events : power, &err), err);
        size_t count;
        const erg_sample *at = erg_trace_samples(trace, 0, &count);
        double apart_s = first_event_s(trace)
            - 1e-9 * (double)(erg_trace_utc_ns(trace, at[0].t_ns)
                              - (int64_t)BEGIN_UTC_S * 1000000000);
        CHECK_NEAR(apart_s, 20, 0.12);
        if (power_first) {
            double moved_s = meta_of(trace, "events_moved_s:torch.json");
            CHECK_NEAR(moved_s, -ahead_s, 0.12);
            CHECK(ahead_s != 0 || moved_s == 0);
            CHECK(ahead_s == 0 || meta_of(trace, "events_clock_u_s") > 0);
        } else {
            CHECK_NEAR(meta_of(trace, "clock_offset_s:gpu:0"), ahead_s, 0.12);
            CHECK_TEXT(erg_trace_meta(trace, "clock_offset_by:gpu:0"), "events");
        }
        erg_trace_free(trace);
        free(events);
        free(power);
    }
}

static void a_date_that_no_power_can_judge_is_left_and_said(void)
{
    load ran = random_load(8), other = random_load(9);
    char *events = dated_trace_of(&ran, 20, 3), *power = log_of(&other, 20, 7);
    erg_trace *trace = erg_trace_new(NULL);
    erg_error err = { 0 };

    CHECK_OK(add(trace, "p.csv", power, &err)
             && add(trace, "torch.json", events, &err), err);
    CHECK_NEAR(first_event_s(trace), 23, 1e-3);
    CHECK(erg_trace_meta(trace, "events_doubt:torch.json"));
    CHECK(!erg_trace_meta(trace, "events_clock_u_s"));
    erg_trace_free(trace);
    free(events);
    free(power);
}

int main(void)
{
    static const test tests[] = {
        TEST(events_are_put_where_the_power_follows_them),
        TEST(a_place_that_would_be_a_guess_is_refused),
        TEST(a_meter_behind_events_that_cannot_be_placed_leaves_the_trace_as_it_was),
        TEST(a_date_that_is_seconds_wrong_is_put_right_where_that_is_asked_for),
        TEST(a_date_that_no_power_can_judge_is_left_and_said),
        TEST(without_a_date_and_without_asking_for_a_place_nothing_is_joined),
    };
    return test_run(tests, ERG_COUNT(tests));
}

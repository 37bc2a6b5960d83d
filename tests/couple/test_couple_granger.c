/* SPDX-License-Identifier: Apache-2.0 */
/* What a study knows of a run file: its sensors' windows are taken off before Granger's
 * test, or it is not asked; and that its recording was killed. */
#include "erg/couple.h"
#include "test.h"

enum { SECONDS = 600, TICKS = 10 * SECONDS };       /* of 0.1 s */

/* Gradient and power of one and the same cause, at the same time: neither foretells the
 * other. The sensor tells means of the last 2 s, every `update` ticks. */
static erg_trace *recording(double window_s, int update, int record)
{
    static double cause[TICKS];
    const erg_device_info device = { .name = "gpu" };
    erg_channel_info power = { .name = "power", .unit = "W", .quantity = ERG_POWER,
                               .kind = ERG_AVG_PREV, .gain = 1, .window_s = window_s };
    test_random random = { 7 };
    erg_trace *trace = erg_trace_new(NULL);

    CHECK(trace && erg_trace_add_device(trace, &device, NULL) == 0
          && erg_trace_add_channel(trace, &power, NULL) == 0);
    CHECK(erg_trace_add_anchor(trace, &(erg_anchor){ .utc_ns = 1700000000 * ERG_NS_PER_S },
                               NULL));
    for (int t = 0; t < TICKS; t++) {
        double sum = 0;
        cause[t] = (t ? 0.98 * cause[t - 1] : 0) + test_normal(&random);
        for (int i = 0; i < 20 && t >= 20; i++)
            sum += cause[t - 1 - i] / 20;
        erg_sample sample = { .t_ns = t * ERG_NS_PER_S / 10, .value = 150 + 5 * sum };
        if (t % update == 0)
            CHECK(erg_trace_add_samples(trace, 0, &sample, 1, NULL));
        /* Of the mean of 2 s, the middle is 1 s ago. */
        erg_mark_row mark = { .t_ns = (t - 10) * ERG_NS_PER_S / 10, .name = "loss",
                              .value = 9 - 0.01 * t };
        if (t % record != 0 || t < 20)
            continue;
        CHECK(erg_trace_add_mark(trace, &mark, NULL));
        mark.t_ns += 1000;
        snprintf(mark.name, sizeof(mark.name), "grad_norm");
        mark.value = 20 + sum + 0.3 * test_normal(&random);
        CHECK(erg_trace_add_mark(trace, &mark, NULL));
    }
    return trace;
}

typedef struct answer {
    double f, p_value, shift_s;     /* of grad_norm, and of power's stamps */
    char note[160], checks[400];
    size_t rows;
} answer;

static answer ask(double window_s, int update, int record)
{
    static const char *const pair[] = { "grad_norm:power" };
    const erg_couple_options options = { .pairs = pair, .pair_count = 1, .draws = 199 };
    erg_error err = { 0 };
    erg_trace *trace = recording(window_s, update, record);
    erg_monitor *monitor = erg_monitor_of_trace(trace, &err);
    erg_training *log = erg_training_of_trace(trace, &err);
    erg_result *result = erg_couple_study(monitor, log, &options, &err);
    CHECK_OK(result != NULL, err);
    const erg_table *granger = erg_result_find(result, "granger");
    const erg_table *checks = erg_result_find(result, "checks");
    answer out = { .rows = erg_table_row_count(granger) };

    CHECK(out.rows > 0);
    out.f = erg_table_find(granger, 0, "f").real;
    out.p_value = erg_table_find(granger, 0, "p_value").real;
    out.shift_s = erg_table_find(granger, 0, "y_shift_s").real;
    const char *note = erg_table_find(granger, 0, "note").text;
    snprintf(out.note, sizeof(out.note), "%s", note ? note : "");
    for (size_t i = 0, at = 0; i < erg_table_row_count(checks); i++)
        if (strcmp(erg_table_find(checks, i, "state").text, "flag") == 0)
            at += (size_t)snprintf(out.checks + at, sizeof(out.checks) - at, "%s ",
                                   erg_table_find(checks, i, "check").text);
    erg_result_free(result);
    erg_training_free(log);
    erg_monitor_free(monitor);
    erg_trace_free(trace);
    return out;
}

/* Half a window late, power seems to follow the gradient. */
static void a_known_window_is_taken_off_the_stamps(void)
{
    answer unknown = ask(0, 20, 20), known = ask(2, 20, 20);

    CHECK(unknown.rows == 2 && known.rows == 2);
    CHECK_NEAR(unknown.shift_s, 0, 0);
    CHECK_NEAR(known.shift_s, 1, 1e-12);
    CHECK(unknown.p_value < 0.05 && known.p_value > 0.05);
    CHECK(known.f < unknown.f / 3);
    CHECK(!strstr(known.checks, "SMOOTHED"));
}

static void a_window_longer_than_a_bin_is_not_asked_and_why_is_said(void)
{
    answer long_window = ask(2, 5, 5);

    CHECK(long_window.rows == 1 && isnan(long_window.f));
    CHECK(strstr(long_window.note, "sensor of power gives means of 2 s"));
    CHECK(strstr(long_window.note, "--grid 2s"));
    CHECK(strstr(long_window.checks, "SMOOTHED"));
}

static bool says_interrupted(bool is_cut)
{
    const erg_flag flag = { .code = ERG_FLAG_INTERRUPTED, .channel = -1 };
    erg_trace *trace = recording(0, 20, 20);
    erg_error err = { 0 };

    if (is_cut)
        CHECK_OK(erg_trace_add_flag(trace, &flag, &err), err);
    erg_monitor *monitor = erg_monitor_of_trace(trace, &err);
    CHECK_OK(monitor != NULL, err);
    erg_result *result = erg_result_new("couple", &err);
    CHECK_OK(erg_monitor_notes(monitor, result, &err), err);
    bool is_said = false;
    for (size_t i = 0; i < erg_result_note_count(result); i++)
        is_said |= strncmp(erg_result_note_at(result, i), "INTERRUPTED", 11) == 0;
    erg_result_free(result);
    erg_monitor_free(monitor);
    erg_trace_free(trace);
    return is_said;
}

static void a_recording_that_was_killed_says_so(void)
{
    CHECK(says_interrupted(true));
    CHECK(!says_interrupted(false));
}

int main(void)
{
    static const test tests[] = {
        TEST(a_known_window_is_taken_off_the_stamps),
        TEST(a_window_longer_than_a_bin_is_not_asked_and_why_is_said),
        TEST(a_recording_that_was_killed_says_so),
    };
    return test_run(tests, ERG_COUNT(tests));
}

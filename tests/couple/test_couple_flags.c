/* SPDX-License-Identifier: Apache-2.0 */
/* Each flag of a study: raised by a recording that has the fault,
 * and not by one without. */
#include "erg/couple.h"
#include "test.h"

enum { OFF = 60, RUN = 200, ALL = 2 * OFF + RUN };

/* What is wrong with a recording at 1 Hz. Zero: nothing is. */
typedef struct faults {
    double ambient_k;
    double cooling_k_per_s;     /* before the run */
    double fan_to;              /* percent, from half of the run on; 0: 40 as before */
    bool is_restarted;          /* a gap of 5 s behind which rolling_peak is 0 */
    bool has_gap;               /* the same gap, and the logger goes on */
    bool is_torn, is_held, is_naive, loss_rises, grad_rises;
    int second_from;            /* a second program writes rows, too; 0: never */
    const char *pair;           /* grad_norm:power */
} faults;

static void write_row(const faults *of, int t, double at_s, test_random *random,
                      erg_text *to)
{
    bool on = t >= OFF && t < OFF + RUN, late = t >= OFF + RUN / 2;
    static double power, temp;
    double noise = test_normal(random), other = test_normal(random);

    if (!of->is_held || t % 3 == 0) {
        power = (on ? 150 : 30) + 8 * noise;
        temp = (t < OFF ? 45 - of->cooling_k_per_s * (t - OFF) : 55) + 3 * on * other
             + 0.01 * noise;
    }
    double fan = of->fan_to > 0 && late ? of->fan_to : 40;
    double peak = of->is_restarted && t == OFF + RUN / 2 + 5 ? 0 : 0.5;
    erg_text_add(to, "%.3f,gpu,%.3f,%.2f,%.1f,%.0f,%.4f,%.4f,%.3f%s", at_s, temp, power,
                 on ? 88 + other : 3, fan, 0.4 + 0.05 * noise, 0.4 + 0.02 * noise, peak,
                 of->is_torn && t == OFF + 7 ? "" : "\n");
}

static void write_step(const faults *of, int t, double at_s, test_random *random,
                       erg_text *to)
{
    double loss = (of->loss_rises ? 0.01 : -0.01) * t,
           grad = (of->grad_rises ? 1 : -1) * 0.02 * t;
    long clock = (long)at_s % 86400 + 5 * 3600;

    if (of->is_naive)
        erg_text_add(to, "{\"timestamp_iso\": \"2025-10-29T%02ld:%02ld:%02ld.5\"",
                     clock / 3600 % 24, clock / 60 % 60, clock % 60);
    else
        erg_text_add(to, "{\"t\": %.3f", at_s);
    erg_text_add(to, ", \"loss\": %.5f, \"grad_norm\": %.5f}\n",
                 9 + loss + 0.1 * test_normal(random), 20 + grad + test_normal(random));
}

static erg_result *study(const faults *of)
{
    const char *pair = of->pair ? of->pair : "grad_norm:power";
    const erg_couple_options options = { .pairs = &pair, .pair_count = 1, .draws = 40,
                                         .ambient_k = of->ambient_k };
    test_random random = { 17 };
    erg_text rows = { 0 }, steps = { 0 };
    erg_error err = { 0 };

    erg_text_add(&rows, "timestamp,device,temp_c,power_w,util_pct,fan_pct,rle_raw,"
                        "rle_smoothed,rolling_peak\n");
    for (int t = 0; t < ALL; t++) {
        double at_s = 1761699200 + t + 0.5;
        bool is_out = (of->has_gap || of->is_restarted) && t >= OFF + RUN / 2
                   && t < OFF + RUN / 2 + 5;
        if (!is_out)
            write_row(of, t, at_s, &random, &rows);
        if (of->second_from && t >= of->second_from)
            write_row(of, t, at_s + 0.37, &random, &rows);
        if (t >= OFF && t < OFF + RUN)
            write_step(of, t, at_s, &random, &steps);
    }
    erg_monitor *monitor = erg_monitor_parse("m.csv", rows.data, rows.count, NULL, &err);
    erg_training *log = erg_training_parse("t", steps.data, steps.count, NULL, &err);
    CHECK_OK(monitor && log, err);
    erg_result *result = erg_couple_study(monitor, log, &options, &err);
    CHECK_OK(result != NULL, err);
    erg_text_free(&rows);
    erg_text_free(&steps);
    erg_training_free(log);
    erg_monitor_free(monitor);
    return result;
}

/* A run of 100 s at 1 Hz off, on and off; power swings by 28 W as it is on. Limits of 0 are
 * not recorded. */
static erg_trace *recorded(double default_w, double limit_w)
{
    const struct { const char *name; erg_quantity quantity; double value; } channels[] = {
        { "power", ERG_POWER, 0 }, { "power_limit", ERG_OTHER, limit_w },
        { "power_limit_default", ERG_OTHER, default_w },
    };
    const erg_device_info device = { .name = "gpu" };
    test_random random = { 3 };
    erg_trace *trace = erg_trace_new(NULL);

    CHECK(trace && erg_trace_add_device(trace, &device, NULL) == 0);
    CHECK(erg_trace_add_anchor(trace, &(erg_anchor){ .utc_ns = 1700000000 * ERG_NS_PER_S },
                               NULL));
    for (size_t i = 0; i < ERG_COUNT(channels); i++) {
        erg_channel_info one = { .unit = "W", .quantity = channels[i].quantity,
                                 .kind = ERG_INSTANT, .gain = 1 };
        snprintf(one.name, sizeof(one.name), "%s", channels[i].name);
        CHECK(erg_trace_add_channel(trace, &one, NULL) == (int)i);
    }
    for (int64_t t = 0; t < 300; t++) {
        bool on = t >= 100 && t < 200;
        for (size_t i = 0; i < ERG_COUNT(channels); i++) {
            erg_sample one = { .t_ns = t * ERG_NS_PER_S, .value = channels[i].value };
            if (i == 0)
                one.value = on ? 150 + 8.5 * test_normal(&random) : 30;
            CHECK(one.value == 0 || erg_trace_add_samples(trace, (int)i, &one, 1, NULL));
        }
        erg_mark_row mark = { .t_ns = t * ERG_NS_PER_S, .name = "grad_norm",
                              .value = 20 + test_normal(&random) };
        CHECK(!on || erg_trace_add_mark(trace, &mark, NULL));
    }
    return trace;
}

/* Of power alone: there is no thermometer. */
static const char *excitation(double default_w, double limit_w, double rated_w,
                              double *least_w)
{
    const char *pair = "grad_norm:power", *state = "";
    const erg_couple_options options = { .pairs = &pair, .pair_count = 1, .draws = 40,
                                         .rated_w = rated_w };
    erg_error err = { 0 };
    erg_trace *trace = recorded(default_w, limit_w);
    erg_monitor *monitor = erg_monitor_of_trace(trace, &err);
    erg_training *log = erg_training_of_trace(trace, &err);
    CHECK_OK(monitor && log, err);
    erg_result *result = erg_couple_study(monitor, log, &options, &err);
    CHECK_OK(result != NULL, err);
    const erg_table *checks = erg_result_find(result, "checks");

    for (size_t i = 0; i < erg_table_row_count(checks); i++) {
        const char *what = erg_table_find(checks, i, "what").text;
        if (!what || strncmp(what, "P95 - P5 of power", 17) != 0)
            continue;
        *least_w = erg_table_find(checks, i, "limit").real;
        state = strcmp(erg_table_find(checks, i, "state").text, "refused") == 0 ? "refused"
                                                                                : "ok";
        CHECK((strstr(what, "5 % of rated") != NULL) == (*least_w > 10));
    }
    erg_result_free(result);
    erg_training_free(log);
    erg_monitor_free(monitor);
    erg_trace_free(trace);
    return state;
}

static void what_excites_a_device_is_held_against_its_rated_power(void)
{
    static const struct { double default_w, limit_w, rated_w, least_w; } cases[] = {
        { 0, 0, 0, 10 },        /* nobody knows it */
        { 150, 0, 0, 10 },      /* 5 % are less than 10 W */
        { 400, 0, 0, 20 }, { 700, 0, 0, 35 }, { 0, 700, 0, 35 },
        { 700, 300, 0, 35 },    /* a limit that was lowered is no rating */
        { 700, 0, 400, 20 },    /* whoever states it knows */
    };

    for (size_t i = 0; i < ERG_COUNT(cases); i++) {
        double least_w = NAN;
        const char *state = excitation(cases[i].default_w, cases[i].limit_w,
                                       cases[i].rated_w, &least_w);
        CHECK_NEAR(least_w, cases[i].least_w, 1e-9);
        CHECK_TEXT(state, cases[i].least_w > 28 ? "refused" : "ok");
    }
}

/* "flag", "refused", or "" where the code is nowhere raised. */
static const char *state_of(const erg_result *result, const char *code)
{
    const erg_table *checks = erg_result_find(result, "checks");

    for (size_t i = 0; i < erg_table_row_count(checks); i++) {
        const char *state = erg_table_find(checks, i, "state").text;
        if (strcmp(erg_table_find(checks, i, "check").text, code) == 0
            && (strcmp(state, "flag") == 0 || strcmp(state, "refused") == 0))
            return strcmp(state, "flag") == 0 ? "flag" : "refused";
    }
    return "";
}

/* With the fault it is raised as `state`, without it is not. */
static void check_fault(const faults *of, const char *code, const char *state)
{
    const faults none = { .ambient_k = 294, .pair = of->pair };
    erg_result *with = study(of), *without = study(&none);

    CHECK_TEXT(state_of(with, code), state);
    CHECK_TEXT(state_of(without, code), "");
    erg_result_free(with);
    erg_result_free(without);
}

static void an_ambient_that_nobody_measured_is_flagged(void)
{
    check_fault(&(faults){ 0 }, "NO_AMBIENT", "flag");
}

static void a_logger_that_began_anew_is_flagged(void)
{
    check_fault(&(faults){ .is_restarted = true }, "RESTARTED", "flag");
    erg_result *gap = study(&(faults){ .has_gap = true });
    CHECK_TEXT(state_of(gap, "RESTARTED"), "");     /* it went on where it was */
    erg_result_free(gap);
}

static void two_programs_that_wrote_one_log_are_refused(void)
{
    static const int from[] = { 1, 100, 240 };      /* most of the time, or the least */

    for (size_t i = 0; i < ERG_COUNT(from); i++)
        check_fault(&(faults){ .second_from = from[i] }, "TWO_WRITERS", "refused");
}

static void rows_that_are_missing_are_flagged_as_gaps(void)
{
    check_fault(&(faults){ .has_gap = true }, "GAPS", "flag");
}

/* At lag 0 nobody leads: power follows the gradient of its own second. */
static void a_lag_that_the_clocks_do_not_resolve_is_flagged(void)
{
    erg_result *result = study(&(faults){ .pair = "rle_raw:power" });
    const erg_table *verdict = erg_result_find(result, "verdict");
    bool is_zero = erg_table_find(verdict, 0, "lag_s").real == 0;

    CHECK(is_zero);
    CHECK_TEXT(state_of(result, "LAG_UNRESOLVED"), "flag");
    CHECK(!strstr(erg_table_find(verdict, 0, "verdict").text, "leads"));
    erg_result_free(result);
}

static void a_sensor_slower_than_its_logger_is_flagged(void)
{
    check_fault(&(faults){ .is_held = true }, "HELD", "flag");
}

static void torn_rows_are_flagged(void)
{
    check_fault(&(faults){ .is_torn = true }, "TORN", "flag");
}

static void a_zone_that_was_guessed_is_flagged(void)
{
    check_fault(&(faults){ .is_naive = true }, "ZONE_GUESSED", "flag");
}

/* 0.1 K/min is the limit. */
static void a_device_that_still_cools_before_the_run_is_flagged(void)
{
    check_fault(&(faults){ .cooling_k_per_s = 0.4 / 60 }, "NOT_SETTLED", "flag");
}

static void a_loss_that_does_not_fall_is_flagged(void)
{
    check_fault(&(faults){ .loss_rises = true }, "NOT_CONVERGING", "flag");
    check_fault(&(faults){ .grad_rises = true }, "NOT_CONVERGING", "flag");
}

static void a_moving_mean_is_flagged(void)
{
    erg_result *smooth = study(&(faults){ .pair = "grad_norm:rle_smoothed" });
    erg_result *raw = study(&(faults){ .pair = "grad_norm:rle_raw" });

    CHECK_TEXT(state_of(smooth, "SMOOTHED"), "flag");
    CHECK_TEXT(state_of(raw, "SMOOTHED"), "");
    erg_result_free(smooth);
    erg_result_free(raw);
}

/* 15 points are the limit. */
static void a_fan_that_moves_is_flagged(void)
{
    check_fault(&(faults){ .fan_to = 60 }, "MIXED_REGIME", "flag");
    erg_result *little = study(&(faults){ .fan_to = 50 });
    CHECK_TEXT(state_of(little, "MIXED_REGIME"), "");
    erg_result_free(little);
}

/* An index without temperature and power below it is no measurement, asked for or not. */
static void an_index_without_any_sensor_is_refused(void)
{
    static const char log[] = "{\"t\": %d, \"loss\": %d, \"grad_norm\": %d}\n";
    static const char *const asked[] = { "grad_norm:rle_raw" };
    erg_text rows = { 0 }, steps = { 0 };
    erg_error err = { 0 };

    erg_text_add(&rows, "timestamp,device,temp_c,power_w,util_pct,rle_raw\n");
    for (int t = 0; t < 120; t++) {
        erg_text_add(&rows, "%d,gpu,,nan,%d,0.%d\n", 1761699200 + t, 50 + t % 7,
                     100 + t * 37 % 500);
        if (t > 30 && t < 100)
            erg_text_add(&steps, log, 1761699200 + t, 200 - t, 10 + t * 13 % 17);
    }
    erg_monitor *monitor = erg_monitor_parse("m.csv", rows.data, rows.count, NULL, &err);
    erg_training *training = erg_training_parse("t", steps.data, steps.count, NULL, &err);
    CHECK_OK(monitor && training, err);
    for (size_t count = 0; count < 2; count++) {
        const erg_couple_options options = { .pairs = asked, .pair_count = count,
                                             .draws = 40 };
        erg_result *result = erg_couple_study(monitor, training, &options, &err);
        CHECK_OK(result != NULL, err);
        const erg_table *verdict = erg_result_find(result, "verdict");
        bool is_refused = erg_table_row_count(verdict) == 0;
        if (!is_refused)
            is_refused = strstr(erg_table_find(verdict, 0, "verdict").text, "PLACEHOLDER")
                != NULL;
        CHECK(is_refused);
        erg_result_free(result);
    }
    erg_text_free(&rows);
    erg_text_free(&steps);
    erg_training_free(training);
    erg_monitor_free(monitor);
}

int main(void)
{
    static const test tests[] = {
        TEST(an_ambient_that_nobody_measured_is_flagged),
        TEST(a_logger_that_began_anew_is_flagged),
        TEST(two_programs_that_wrote_one_log_are_refused),
        TEST(rows_that_are_missing_are_flagged_as_gaps),
        TEST(a_lag_that_the_clocks_do_not_resolve_is_flagged),
        TEST(a_sensor_slower_than_its_logger_is_flagged),
        TEST(torn_rows_are_flagged),
        TEST(a_zone_that_was_guessed_is_flagged),
        TEST(a_device_that_still_cools_before_the_run_is_flagged),
        TEST(a_loss_that_does_not_fall_is_flagged),
        TEST(a_moving_mean_is_flagged),
        TEST(a_fan_that_moves_is_flagged),
        TEST(what_excites_a_device_is_held_against_its_rated_power),
        TEST(an_index_without_any_sensor_is_refused),
    };
    return test_run(tests, ERG_COUNT(tests));
}

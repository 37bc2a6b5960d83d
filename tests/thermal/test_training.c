/* SPDX-License-Identifier: Apache-2.0 */
/* Training logs: three shapes of one log, stamps of every kind, and what is refused. */
#include "erg/training.h"
#include "test.h"

static erg_training *parse(const char *text, const char *zone, erg_error *err)
{
    return erg_training_parse("log", text, strlen(text), zone, err);
}

static const char *const array =
    "[{\"step\": 1, \"timestamp_shared\": 1761699262.25, \"loss\": 6.5, \"grad_norm\": "
    "NaN,\n"
    "  \"learning_rate\": 5e-05, \"model\": \"NaN \\\" Infinity\"},\n"
    " {\"step\": 2, \"timestamp_shared\": 1761699262.75, \"loss\": -Infinity, "
    "\"grad_norm\": 25},\n"
    " {\"step\": 4, \"timestamp_shared\": 1761699263.75, \"loss\": null, \"grad_norm\": "
    "24.5,\n"
    "  \"learning_rate\": 4e-5}]\n";
static const char *const lines =
    "{\"step\": 1, \"timestamp_shared\": 1761699262.25, \"loss\": 6.5, \"grad_norm\": NaN, "
    "\"lr\": 5e-05}\n\n"
    "{\"step\": 2, \"timestamp_shared\": 1761699262.75, \"loss\": Infinity, \"grad_norm\": "
    "25}\n"
    "{\"step\": 4, \"timestamp_shared\": 1761699263.75, \"grad_norm\": 24.5, \"lr\": 4e-5}";
static const char *const table =
    "step,timestamp_shared,loss,grad_norm,learning_rate,model\n"
    "1,1761699262.25,6.5,nan,5e-05,distil\n2,1761699262.75,inf,25,,\n"
    "4,1761699263.75,,24.5,0.00004,\n";

static bool are_same(const erg_training *a, const erg_training *b)
{
    size_t n, m;
    const erg_training_row *x = erg_training_rows(a, &n), *y = erg_training_rows(b, &m);

    for (size_t i = 0; i < n && n == m; i++)
        for (size_t v = 0; v < ERG_TRAINING_VALUES; v++)
            if (x[i].t_ns != y[i].t_ns
                || (isnan(x[i].value[v]) ? !isnan(y[i].value[v])
                                         : x[i].value[v] != y[i].value[v]))
                return false;
    return n == m;
}

static void array_lines_and_csv_give_equal_rows(void)
{
    erg_error err = { 0 };
    erg_training *a = parse(array, NULL, &err), *b = parse(lines, NULL, &err),
                 *c = parse(table, NULL, &err);
    size_t n;
    CHECK(a && b && c);
    const erg_training_row *rows = erg_training_rows(a, &n);

    CHECK(n == 3 && are_same(a, b) && are_same(a, c));
    CHECK(rows[0].t_ns == 1761699262250000000);
    CHECK(isnan(rows[0].value[ERG_TRAINING_GRAD_NORM])
          && isnan(rows[1].value[ERG_TRAINING_LOSS]));
    CHECK(isnan(rows[1].value[ERG_TRAINING_LR]) && rows[0].value[ERG_TRAINING_LR] == 5e-5);
    CHECK(erg_training_clock_of(a) == ERG_TRAINING_UTC && erg_training_torn(a) == 0);
    erg_training_free(a);
    erg_training_free(b);
    erg_training_free(c);
}

static void step_time_is_the_time_between_records_over_their_steps(void)
{
    erg_training *log = parse(array, NULL, NULL);
    size_t n;
    const erg_training_row *rows = erg_training_rows(log, &n);

    CHECK(erg_training_has_derived_step_s(log)
          && isnan(rows[0].value[ERG_TRAINING_STEP_S]));
    CHECK_NEAR(rows[1].value[ERG_TRAINING_STEP_S], 0.5, 1e-9);
    CHECK_NEAR(rows[2].value[ERG_TRAINING_STEP_S], 0.5, 1e-9);
    erg_training_free(log);
}

static void a_stamp_with_a_zone_wins_over_local_time(void)
{
    erg_training *log = parse("{\"timestamp_iso\": \"2025-10-28T19:54:22.5\", \"loss\": 1, "
                              "\"timestamp_shared\": 1761699262.5, \"t\": 3}\n",
                              NULL, NULL);
    size_t n;

    CHECK(log && erg_training_clock_of(log) == ERG_TRAINING_UTC);
    CHECK(erg_training_rows(log, &n)[0].t_ns == 1761699262500000000);
    erg_training_free(log);
    log = parse("timestamp_iso,loss\n2025-10-28T19:54:22.5,1\n", "-05:00", NULL);
    CHECK(log && erg_training_clock_of(log) == ERG_TRAINING_UTC);
    CHECK(erg_training_rows(log, &n)[0].t_ns == 1761699262500000000);
    erg_training_free(log);
    log = parse("t,loss\n0.5,1\n1.5,2\n", NULL, NULL);
    CHECK(log && erg_training_clock_of(log) == ERG_TRAINING_SINCE_START);
    erg_training_free(log);
}

static void a_zone_is_guessed_from_the_run_and_only_from_one_that_fits(void)
{
    const int64_t begin_ns = 1761699262500000000;
    erg_training *log = parse("timestamp_iso,loss\n2025-10-28T19:54:22.4,2\n"
                              "2025-10-28T19:55:42.4,1\n", NULL, NULL);
    int64_t by_ns = 0;
    size_t n;

    CHECK(log && erg_training_clock_of(log) == ERG_TRAINING_LOCAL);
    CHECK(!erg_training_guess_zone(
        log, (erg_span){ begin_ns + 450 * ERG_NS_PER_S, begin_ns + 530 * ERG_NS_PER_S },
        &by_ns));
    CHECK(erg_training_guess_zone(log, (erg_span){ begin_ns, begin_ns + 80 * ERG_NS_PER_S },
                                  &by_ns));
    CHECK(by_ns == 5 * 3600 * ERG_NS_PER_S);
    CHECK(erg_training_rows(log, &n)[0].t_ns == begin_ns - 100000000);
    erg_training_free(log);
}

static void a_log_without_stamps_is_refused(void)
{
    erg_error err = { 0 };

    CHECK(!parse("[{\"step\": 1, \"loss\": 2}, {\"step\": 2, \"loss\": 1}]", NULL, &err));
    CHECK(err.code == ERG_BAD_INPUT && strstr(err.text, "timestamp_shared"));
    CHECK(!parse("", NULL, NULL) && !parse("[]", NULL, NULL) && !parse("[{]", NULL, NULL));
}

static void torn_records_are_counted_and_left_out(void)
{
    erg_training *log =
        parse("{\"timestamp\": 1761699262, \"loss\": 1}\n{\"timestamp\": 17616\n"
              "{\"timestamp\": 1761699263, \"loss\": \"x\"}\n"
              "{\"timestamp\": 1761699264, \"loss\": \"nan\"}\n{\"loss\": 3}\n",
              NULL, NULL);
    size_t n;

    CHECK(log && erg_training_torn(log) == 3);
    erg_training_rows(log, &n);
    CHECK(n == 2);
    erg_training_free(log);
}

static void mark(erg_trace *trace, int64_t t_ns, const char *name, double value)
{
    erg_mark_row row = { .t_ns = t_ns, .value = value };

    snprintf(row.name, sizeof(row.name), "%s", name);
    CHECK(erg_trace_add_mark(trace, &row, NULL));
}

static void marks_of_a_run_file_become_records(void)
{
    erg_trace *trace = erg_trace_new(NULL);
    const erg_anchor anchor = { .utc_ns = 1761699262000000000 };
    size_t n;

    CHECK(erg_trace_add_anchor(trace, &anchor, NULL));
    for (int64_t step = 0; step < 6; step++) {
        int64_t t_ns = (1 + step) * 500 * ERG_NS_PER_MS;
        mark(trace, t_ns, "loss", 6 - (double)step);
        mark(trace, t_ns + 1000, "step", (double)step);
        mark(trace, t_ns + 1500, "other", 1);
        if (step % 2)
            mark(trace, t_ns + 2000, "grad_norm", step == 5 ? INFINITY : (double)step);
    }
    erg_training *log = erg_training_of_trace(trace, NULL);
    CHECK(log != NULL);
    const erg_training_row *rows = erg_training_rows(log, &n);
    CHECK(n == 6 && rows[0].t_ns == 1761699262500000000);
    CHECK(rows[3].value[ERG_TRAINING_GRAD_NORM] == 3
          && rows[3].value[ERG_TRAINING_STEP] == 3);
    CHECK(isnan(rows[4].value[ERG_TRAINING_GRAD_NORM])
          && isnan(rows[5].value[ERG_TRAINING_GRAD_NORM]));
    erg_training_free(log);
    erg_trace_free(trace);
}

static void the_joint_fixtures_hold_201_records_and_200_gradients(void)
{
    erg_training *log = erg_training_load(test_data("thermal/joint/reproducibility_test_1/"
                                                    "training_log_20251028_195412.json"),
                                          NULL, NULL);
    size_t n, finite = 0;
    const erg_training_row *rows = erg_training_rows(log, &n);

    for (size_t i = 0; i < n; i++)
        finite += isfinite(rows[i].value[ERG_TRAINING_GRAD_NORM]);
    CHECK(n == 201 && finite == 200);
    CHECK_NEAR((double)(rows[0].t_ns - 1761699262000000000), 488280500, 300);
    erg_training_free(log);
}

int main(void)
{
    static const test tests[] = {
        TEST(array_lines_and_csv_give_equal_rows),
        TEST(step_time_is_the_time_between_records_over_their_steps),
        TEST(a_stamp_with_a_zone_wins_over_local_time),
        TEST(a_zone_is_guessed_from_the_run_and_only_from_one_that_fits),
        TEST(a_log_without_stamps_is_refused),
        TEST(torn_records_are_counted_and_left_out),
        TEST(marks_of_a_run_file_become_records),
        TEST(the_joint_fixtures_hold_201_records_and_200_gradients),
    };
    return test_run(tests, ERG_COUNT(tests));
}

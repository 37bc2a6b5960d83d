/* SPDX-License-Identifier: Apache-2.0 */
/* The gate on a real change: one record of each side, and several that took turns. */
#include "govern/shaped.h"

enum { PAIRS = 3, RECORDS = 2 * PAIRS, STEPS = 16, SAMPLES = 200 };
#define TURN_S 20.0

/* Records of steps: three quarters at high watts, the rest at 300 W. The k-th is slower by
 * drift a record, and a new one by loss besides. */
typedef struct plan {
    double loss, drift, high_w[2];
    double from_s;              /* of the first; NAN: each begins at 0 */
    const char *order;          /* b and n as they were recorded */
    double sample_s;
} plan;

typedef struct files {
    char names[2][PAIRS][200];
    const char *base[PAIRS], *new[PAIRS];
} files;

static void record(const char *path, double begin_s, double step_s, double high_w,
                   double sample_s)
{
    FILE *file = fopen(path, "w");

    CHECK(file);
    fprintf(file, "t_s,power_w\n");
    for (int i = 0; i * sample_s < STEPS * step_s; i++) {
        double t_s = i * sample_s, in_step = t_s / step_s - floor(t_s / step_s);
        fprintf(file, "%.4f,%.2f\n", begin_s + t_s, in_step < 0.75 ? high_w : 300);
    }
    fclose(file);
}

/* Steps of a second, or as long as turns leave room for. */
static void make(const plan *of, files *to)
{
    size_t made[2] = { 0 };
    char folder[160];

    snprintf(folder, sizeof(folder), "%s", test_folder());
    for (size_t i = 0; i < RECORDS; i++) {
        int side = of->order[i] == 'n';
        char *name = to->names[side][made[side]];
        double step_s = exp(of->drift * (double)i) * (side ? 1 + of->loss : 1);
        snprintf(name, sizeof(to->names[0][0]), "%s/%c%zu.csv", folder, of->order[i],
                 made[side]);
        record(name, isnan(of->from_s) ? 0 : of->from_s + (double)i * TURN_S, step_s,
               of->high_w[side], of->sample_s);
        *(side ? &to->new[made[side]] : &to->base[made[side]]) = name;
        made[side]++;
    }
}

static const plan usual = { .high_w = { 1000, 800 }, .from_s = NAN, .order = "bnbnbn",
                            .sample_s = 0.005 };
static const erg_load_options plainly = { .units = 1 };
static const erg_shape_options strict = { .strict = true, .explain = true };

typedef struct verdict_of { erg_result *result; erg_verdict verdict; } judged;

static judged judge(const files *of)
{
    erg_error err = { 0 };
    judged out = { 0 };

    out.result = erg_shape_compare_turns(of->base, of->new, PAIRS, &plainly, &strict,
                                         &out.verdict, &err);
    CHECK_OK(out.result != NULL, err);
    return out;
}

static double change(const judged *of, const char *figure, const char *column)
{
    const erg_table *table = erg_result_find(of->result, "changes");

    for (size_t i = 0; i < erg_table_row_count(table); i++)
        if (strcmp(erg_table_find(table, i, "figure").text, figure) == 0)
            return erg_table_find(table, i, column).real;
    return NAN;
}

static erg_verdict judge_two(const files *of, bool *says_turns)
{
    erg_error err = { 0 };
    erg_verdict verdict;
    erg_scenario *base = erg_scenario_record(of->base[0], &plainly, &err);
    erg_scenario *changed = erg_scenario_record(of->new[0], &plainly, &err);
    CHECK_OK(base && changed, err);
    erg_result *result = erg_shape_compare(base, changed, &strict, &verdict, &err);
    CHECK_OK(result, err);
    *says_turns = test_has_note(result, "one was recorded after the other")
        && test_has_note(result, "record 3 or more of each");
    erg_result_free(result);
    erg_scenario_free(base);
    erg_scenario_free(changed);
    return verdict;
}

/* Each record is 3 % slower than the one before; nothing is lost by the change. Two alone
 * say 3 % (strict: at most 2 %), six that took turns say none. */
static void a_drift_that_two_records_take_for_a_loss_is_out_of_turns(void)
{
    plan is = usual;
    files made;
    bool says_turns;

    is.drift = 0.03;
    make(&is, &made);
    CHECK(judge_two(&made, &says_turns) == ERG_REJECTED && says_turns);
    judged got = judge(&made);
    CHECK(got.verdict == ERG_ACCEPTED);
    CHECK(!test_has_note(got.result, "recorded after the other"));
    CHECK(!test_has_note(got.result, "did not take turns"));
    CHECK(test_has_note(got.result, "a straight line"));
    CHECK_NEAR(change(&got, "steps_per_s", "change"), 0, 2e-3);
    CHECK_NEAR(change(&got, "steps_per_s", "drift"), expm1(-0.15), 5e-3);
    CHECK_NEAR(change(&got, "peak_10ms_w", "change"), -0.2, 1e-9);
    CHECK_NEAR(change(&got, "peak_10ms_w", "base"), 1000, 1e-6);
    /* 0.75 of a step at high watts: 825 and 675 J. */
    CHECK_NEAR(change(&got, "energy_per_step_j", "change"), 675 / 825. - 1, 4e-3);
    erg_result_free(got.result);
}

/* And the other way: a drift to faster steps hides a loss of 4 % from two records. */
static void a_loss_that_a_drift_hides_is_found_by_turns(void)
{
    plan is = usual;
    files made;
    bool says_turns;

    is.drift = -0.03;
    is.loss = 0.04;
    make(&is, &made);
    CHECK(judge_two(&made, &says_turns) == ERG_ACCEPTED && says_turns);
    judged got = judge(&made);
    CHECK(got.verdict == ERG_REJECTED);
    const erg_table *table = erg_result_find(got.result, "policies");
    CHECK_NEAR(erg_table_find(table, 1, "throughput_loss").real, 1 - 1 / 1.04, 3e-3);
    CHECK(strstr(erg_table_find(table, 1, "reason").text, "steps lost +"));
    CHECK(change(&got, "steps_per_s", "low") < 1 / 1.04 - 1);
    CHECK(change(&got, "steps_per_s", "high") > 1 / 1.04 - 1);
    erg_result_free(got.result);
}

/* Where the files tell their times by one clock, it is these that count, however they are
 * named. */
static void records_are_put_in_the_order_of_their_times(void)
{
    static const double from_s[] = { 1.77e9, 5000 };    /* Unix, and since some start */

    for (size_t i = 0; i < ERG_COUNT(from_s); i++) {
        plan is = usual;
        files made;
        is.from_s = from_s[i];
        is.drift = 0.01;
        make(&is, &made);
        judged got = judge(&made);
        const char *first = made.base[0];
        made.base[0] = made.base[2], made.base[2] = first;
        judged again = judge(&made);
        CHECK(test_has_note(got.result, "in the order of their own times"));
        CHECK(change(&got, "steps_per_s", "change")
              == change(&again, "steps_per_s", "change"));
        const erg_table *table = erg_result_find(again.result, "records");
        CHECK(erg_table_row_count(table) == RECORDS);
        CHECK_TEXT(erg_table_find(table, 0, "record").text, first);
        erg_result_free(got.result);
        erg_result_free(again.result);
    }
    files undated;
    make(&usual, &undated);
    judged got = judge(&undated);
    CHECK(test_has_note(got.result, "do not say by one clock"));
    erg_result_free(got.result);
}

static void records_that_did_not_take_turns_are_said_to_be_that(void)
{
    static const struct { const char *order; bool is_in_turns; } rows[] = {
        { "bbbnnn", false }, { "bbnbnn", false }, { "bnnbbn", true }, { "nbnbnb", true },
    };
    for (size_t i = 0; i < ERG_COUNT(rows); i++) {
        plan is = usual;
        files made;
        is.from_s = 1.77e9;
        is.order = rows[i].order;
        make(&is, &made);
        judged got = judge(&made);
        CHECK(test_has_note(got.result, "did not take turns") == !rows[i].is_in_turns);
        erg_result_free(got.result);
    }
}

static void refused(const char *const base[], const char *const new[], size_t pairs,
                    const char *says)
{
    erg_error err = { 0 };

    CHECK(!erg_shape_compare_turns(base, new, pairs, &plainly, &strict, NULL, &err));
    CHECK(err.code == ERG_BAD_INPUT);
    if (!strstr(err.text, says))
        test_text(err.text, says, "sentence", __FILE__, __LINE__);
}

static void what_says_too_little_is_refused(void)
{
    files made;

    make(&usual, &made);
    refused(made.base, made.new, 2, "2 records of each side are too few: compare one with");
    refused(made.base, made.base, 3, "named twice");
    made.base[2] = made.base[0];
    refused(made.base, made.new, 3, "b0.csv is named twice: each record counts once");
    made.base[2] = "/nonexistent.csv";
    erg_error err = { 0 };
    CHECK(!erg_shape_compare_turns(made.base, made.new, 3, &plainly, &strict, NULL, &err));
    CHECK(strstr(err.text, "/nonexistent.csv"));
}

/* A limit in watts is met by each record, not by their mean; a meter of 100 ms sees no peak
 * of 10 ms, however many records there are. */
static void limits_hold_for_each_record_and_slow_meters_see_none(void)
{
    erg_shape_options options = { .strict = true, .peak_cut = 0.5 };
    plan is = usual;
    files made;
    erg_error err = { 0 };
    erg_verdict verdict;

    make(&is, &made);
    for (int met = 0; met < 2; met++) {
        options.ramp_w_per_s = met ? 55e3 : 45e3;   /* 500 W in 10 ms */
        erg_result *result = erg_shape_compare_turns(made.base, made.new, PAIRS, &plainly,
                                                     &options, &verdict, &err);
        CHECK_OK(result, err);
        CHECK(verdict == (met ? ERG_ACCEPTED : ERG_REJECTED));
        erg_result_free(result);
    }
    is.sample_s = 0.1;
    make(&is, &made);
    judged slow = judge(&made);
    CHECK(slow.verdict == ERG_NOT_ASSESSABLE);
    erg_result_free(slow.result);
}

int main(void)
{
    static const test tests[] = {
        TEST(a_drift_that_two_records_take_for_a_loss_is_out_of_turns),
        TEST(a_loss_that_a_drift_hides_is_found_by_turns),
        TEST(records_are_put_in_the_order_of_their_times),
        TEST(records_that_did_not_take_turns_are_said_to_be_that),
        TEST(what_says_too_little_is_refused),
        TEST(limits_hold_for_each_record_and_slow_meters_see_none),
    };
    return test_run(tests, ERG_COUNT(tests));
}

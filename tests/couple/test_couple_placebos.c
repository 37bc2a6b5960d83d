/* SPDX-License-Identifier: Apache-2.0 */
/* Placebos by y of other sessions: what they are, and what they refuse. */
#include "couple/made_session.h"

static const char *const power[] = { "grad_norm:power" },
    *const temp[] = { "grad_norm:temp" };

static erg_result *study(const erg_session *of, const erg_session *const others[],
                         size_t count, const char *const *pair)
{
    erg_error err = { 0 };
    const erg_couple_options options = { .pairs = pair, .pair_count = 1, .draws = 199,
                                         .key = 5, .others = others, .other_count = count };
    erg_result *result = erg_couple_study(erg_session_monitor(of), erg_session_training(of),
                                          &options, &err);
    CHECK_OK(result != NULL, err);
    return result;
}

/* The first row of `placebo` with y of another session. */
static size_t first_other(const erg_table *placebo)
{
    size_t i = 0;

    while (i < erg_table_row_count(placebo)
           && !erg_table_find(placebo, i, "y_session").text)
        i++;
    return i;
}

static const char *verdict_of(const erg_result *result)
{
    return erg_table_find(erg_result_find(result, "verdict"), 0, "verdict").text;
}

/* The row of a check about the pair. */
static size_t check_of(const erg_table *checks, const char *code)
{
    size_t i = 0;

    while (i < erg_table_row_count(checks)
           && strcmp(erg_table_find(checks, i, "check").text, code) != 0)
        i++;
    return i;
}

/* Both at whole seconds and a half, so bin 1 of the run
 * holds record 1 and row BEGIN + 1. */
static double reckoned(const erg_session *x, const erg_session *y)
{
    const erg_monitor_device *gpu = erg_monitor_find(erg_session_monitor(y), "gpu");
    size_t records, n = END - BEGIN - 2;
    const erg_training_row *rows = erg_training_rows(erg_session_training(x), &records);
    double sx = 0, sy = 0, xx = 0, yy = 0, xy = 0;

    CHECK(records == END - BEGIN);
    for (size_t i = 1; i <= n; i++) {
        double a = rows[i].value[ERG_TRAINING_GRAD_NORM];
        double b = gpu->rows[BEGIN + i].value[ERG_MONITOR_POWER_W];
        sx += a, sy += b, xx += a * a, yy += b * b, xy += a * b;
    }
    double m = (double)n;
    return (xy - sx * sy / m) / sqrt((xx - sx * sx / m) * (yy - sy * sy / m));
}

static void y_of_another_session_stands_beside_the_shifts(void)
{
    erg_session *own = made_session(&(made_one){ .seed = 21, .strength = 1 });
    const erg_session *others[] = { made_session(&(made_one){ .seed = 121, .strength = 1 }),
                                    made_session(&(made_one){ .seed = 221,
                                                              .strength = 1 }) };
    erg_result *result = study(own, others, 2, power);
    const erg_table *placebo = erg_result_find(result, "placebo");
    size_t at = first_other(placebo), rows = erg_table_row_count(placebo);

    CHECK(at > 10 && rows == at + 2);       /* shifts before them */
    for (size_t i = 0; i < 2; i++) {
        CHECK_NEAR(erg_table_find(placebo, at + i, "r").real,
                   reckoned(own, others[i]), 1e-9);
        CHECK(erg_table_find(placebo, at + i, "shift_s").real == 0);
        CHECK(erg_table_find(placebo, at + i, "p_value").real > 0);
        CHECK_TEXT(erg_table_find(placebo, at + i, "y_session").text,
                   erg_session_name(others[i]));
    }
    CHECK(strncmp(verdict_of(result), "coupling shown", 14) == 0);
    erg_result_free(result);
    for (size_t i = 0; i < 2; i++)
        erg_session_free((erg_session *)(uintptr_t)others[i]);
    erg_session_free(own);
}

/* The tie of x and y is in the other's y as well: it would refuse what is there. */
static void a_session_with_the_same_x_counts_for_nothing(void)
{
    erg_session *own =
        made_session(&(made_one){ .seed = 21, .strength = 1, .no_off = true });
    const erg_session *twin = made_session(&(made_one){ .seed = 21, .strength = 1 });
    erg_result *result = study(own, &twin, 1, power);
    const erg_table *placebo = erg_result_find(result, "placebo");
    const erg_table *checks = erg_result_find(result, "checks");
    size_t at = first_other(placebo), row = check_of(checks, "PLACEBO_FAILS");

    CHECK_TEXT(erg_table_find(placebo, at, "note").text,
               "x is the same in both: no placebo");
    CHECK(isnan(erg_table_find(checks, row, "value").real));
    CHECK_TEXT(erg_table_find(checks, row, "state").text, "unknown");
    erg_result_free(result);
    erg_session_free((erg_session *)(uintptr_t)twin);
    erg_session_free(own);
}

/* Gradients fall and power rises in all of them: that alone correlates as well. */
static void what_every_session_shows_is_no_coupling_of_one(void)
{
    const made_one own_of = { .seed = 21, .strength = 1.5, .trend = 12, .no_off = true },
                   other_of = { .seed = 121, .trend = 12, .no_off = true };
    erg_session *own = made_session(&own_of);
    const erg_session *other = made_session(&other_of);
    erg_result *alone = study(own, NULL, 0, power), *beside = study(own, &other, 1, power);

    CHECK(!strstr(verdict_of(alone), "PLACEBO_FAILS"));
    CHECK(strstr(verdict_of(beside), "cannot be decided: PLACEBO_FAILS"));
    erg_result_free(alone);
    erg_result_free(beside);
    erg_session_free((erg_session *)(uintptr_t)other);
    erg_session_free(own);
}

static void what_another_session_lacks_is_said(void)
{
    erg_session *own = made_session(&(made_one){ .seed = 21, .strength = 1 });
    const erg_session *other = made_session(&(made_one){ .seed = 121, .no_temp = true });
    erg_result *result = study(own, &other, 1, temp);
    const erg_table *placebo = erg_result_find(result, "placebo");
    bool is_said = false;

    CHECK(first_other(placebo) == erg_table_row_count(placebo));
    for (size_t i = 0; i < erg_result_note_count(result); i++)
        is_said |= strstr(erg_result_note_at(result, i),
                          "is no placebo of grad_norm:temp: it has no such y") != NULL;
    CHECK(is_said);
    erg_result_free(result);
    erg_session_free((erg_session *)(uintptr_t)other);
    erg_session_free(own);
}

int main(void)
{
    static const test tests[] = {
        TEST(y_of_another_session_stands_beside_the_shifts),
        TEST(a_session_with_the_same_x_counts_for_nothing),
        TEST(what_every_session_shows_is_no_coupling_of_one),
        TEST(what_another_session_lacks_is_said),
    };
    return test_run(tests, ERG_COUNT(tests));
}

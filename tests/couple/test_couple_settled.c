/* SPDX-License-Identifier: Apache-2.0 */
/* How long before a run the temperature must hold still: by the time constant of heat. */
#include "erg/couple.h"
#include "test.h"

/* A load of before, cold again 100 s ahead of the run; heat of one pole. In the run power
 * moves in chips of 15 s, unless it is steady: then no fit knows tau. */
static erg_text worked_before(double tau_s, bool is_steady)
{
    erg_text rows = { 0 };
    test_random random = { 23 };
    double temp = 30, power = 30;

    erg_text_add(&rows, "timestamp,device,temp_c,power_w,util_pct\n");
    for (int t = 0; t < 1000; t++) {
        bool on = t >= 400 && t < 700, before = t >= 100 && t < 250;
        if (t % 15 == 0 || t == 400 || t == 700)
            power = on ? 110 + 60 * (test_uniform(&random) < 0.5) : before ? 130 : 30;
        if (is_steady)
            power = 100 + test_normal(&random);
        double drive = is_steady ? (before ? 130 : 30) : power;
        temp += (1 - exp(-1 / tau_s)) * (20 + 0.25 * drive - temp);
        erg_text_add(&rows, "%.1f,gpu,%.3f,%.2f,%.1f\n", 1761699200 + t + 0.5,
                     temp + 0.02 * test_normal(&random), power,
                     (on ? 90 : 3) + test_uniform(&random));
    }
    return rows;
}

/* The row of NOT_SETTLED: its state and what it says. */
static void settled(double tau_s, bool is_steady, double given_s, char to[200])
{
    const char *pair = "grad_norm:power";
    const erg_couple_options options = { .pairs = &pair, .pair_count = 1, .draws = 40,
                                         .tau_s = given_s };
    erg_text rows = worked_before(tau_s, is_steady), steps = { 0 };
    erg_error err = { 0 };
    test_random random = { 5 };

    for (int t = 400; t < 700; t++)
        erg_text_add(&steps, "{\"t\": %d.5, \"grad_norm\": %.4f}\n", 1761699200 + t,
                     20 + test_normal(&random));
    erg_monitor *monitor = erg_monitor_parse("m.csv", rows.data, rows.count, NULL, &err);
    erg_training *log = erg_training_parse("t", steps.data, steps.count, NULL, &err);
    CHECK_OK(monitor && log, err);
    erg_result *result = erg_couple_study(monitor, log, &options, &err);
    CHECK_OK(result != NULL, err);
    const erg_table *checks = erg_result_find(result, "checks");
    to[0] = '\0';
    for (size_t i = 0; i < erg_table_row_count(checks); i++)
        if (strcmp(erg_table_find(checks, i, "check").text, "NOT_SETTLED") == 0)
            snprintf(to, 200, "%s: %s", erg_table_find(checks, i, "state").text,
                     erg_table_find(checks, i, "what").text);
    erg_result_free(result);
    erg_training_free(log);
    erg_monitor_free(monitor);
    erg_text_free(&rows);
    erg_text_free(&steps);
}

static void what_cooled_five_time_constants_before_the_run_is_settled(void)
{
    static const struct { double tau_s; bool is_steady; double given_s; const char *says; }
        cases[] = {
        { 10, false, 0, "ok: K/s over 4" },     /* tau by the fit: 150 s will do */
        { 60, false, 0, "flag: K/s over 29" },  /* and here they are not */
        { 10, true, 0, "flag: K/s over 297 s before the run (300 s asked for: no tau" },
        { 10, true, 20, "ok: K/s over 97 s before the run (5 tau of 20 s, as given)" },
        { 10, false, 60, "flag: K/s over 297 s before the run (5 tau of 60 s, as given)" },
    };
    char said[200];

    for (size_t i = 0; i < ERG_COUNT(cases); i++) {
        settled(cases[i].tau_s, cases[i].is_steady, cases[i].given_s, said);
        if (strncmp(said, cases[i].says, strlen(cases[i].says)) != 0)
            CHECK_TEXT(said, cases[i].says);
        CHECK((strstr(said, ", fitted)") != NULL)
              == (!cases[i].is_steady && cases[i].given_s == 0));
    }
}

int main(void)
{
    static const test tests[] = {
        TEST(what_cooled_five_time_constants_before_the_run_is_settled),
    };
    return test_run(tests, ERG_COUNT(tests));
}

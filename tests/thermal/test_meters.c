/* SPDX-License-Identifier: Apache-2.0 */
/* The same joules by several meters, and heat by a coolant: what was lost on the way. */
#include "erg/joint.h"
#include "erg/thermal.h"
#include "test.h"

static double gpu_w(double t_s) { return fmod(t_s, 40) < 20 ? 200 : 60; }
static double cpu_w(double t_s) { return fmod(t_s, 30) < 15 ? 90 : 30; }

/* The means of what a meter saw over the second before. */
static double mean_w(double (*of)(double), double t_s)
{
    double sum = 0;

    for (int i = 0; i < 100; i++)
        sum += of(t_s - 1 + (i + 0.5) / 100);
    return sum / 100;
}

static erg_monitor *parse(const erg_text *text, const char *const columns[], size_t count)
{
    erg_error err = { 0 };
    erg_monitor *log = erg_monitor_parse("meters", text->data, text->count,
        &(erg_monitor_options){ .extra = columns, .extra_count = count }, &err);

    CHECK_OK(log != NULL, err);
    return log;
}

/* The wall sees what the parts draw over `efficiency`, and 10 W of fans. The wall is silent
 * from 200 to 230 s; cpu is a counter that starts anew at 400 s. */
static erg_text machine_text(double efficiency)
{
    erg_text text = { 0 };
    double joules = 1000;

    erg_text_add(&text, "timestamp,device,power_w,energy_j\n");
    for (int t = 1; t <= 600; t++) {
        double both_w = mean_w(gpu_w, t) + mean_w(cpu_w, t);
        joules = t == 400 ? 0 : joules + mean_w(cpu_w, t);
        if (t < 200 || t > 230)
            erg_text_add(&text, "%d,wall,%.4f,\n", t, (both_w + 10) / efficiency);
        erg_text_add(&text, "%d.2,gpu,%.4f,\n", t, mean_w(gpu_w, t + 0.2));
        erg_text_add(&text, "%d.3,cpu,,%.4f\n", t, joules + 0.3 * mean_w(cpu_w, t + 1));
    }
    return text;
}

static erg_monitor *machine(double efficiency)
{
    erg_text text = machine_text(efficiency);
    erg_monitor *log = parse(&text, NULL, 0);

    erg_text_free(&text);
    return log;
}

static void what_a_supply_loses_is_found_at_the_wall(void)
{
    static const double efficiency[] = { 1, 0.8 };

    for (size_t i = 0; i < ERG_COUNT(efficiency); i++) {
        erg_monitor *log = machine(efficiency[i]);
        erg_error err = { 0 };
        erg_balance of;
        CHECK_OK(erg_meters_balance(log, "wall=gpu+cpu", &(erg_thermal_options){ 0 }, &of,
                                    &err), err);
        double wall_w = of.in_j / of.span_s, rest_w = (of.in_j - of.out_j) / of.span_s;
        CHECK(of.kind == ERG_BALANCE_INDEPENDENT && of.stored_j == 0);
        CHECK_NEAR(wall_w, 200 / efficiency[i], 3);
        CHECK_NEAR(rest_w, 200 / efficiency[i] - 190, 1.5);
        CHECK_NEAR(of.closure, 1 - 0.95 * efficiency[i], 0.008);
        CHECK((of.closure_low > 0) == (efficiency[i] < 1) && !of.closes);
        /* The gap of the wall and the reset of the counter are in nobody's joules. */
        CHECK_NEAR(of.span_s, 599 - 32 - 1, 1.5);
        erg_monitor_free(log);
    }
}

/* As RAPL in a recording: a device of joules and nothing else. */
static void a_counter_in_a_run_file_is_a_meter(void)
{
    erg_text text = machine_text(0.8);
    erg_error err = { 0 };
    erg_balance of;
    char path[64];
    snprintf(path, sizeof(path), "/tmp/erg-meters-%ld.csv", (long)getpid());
    FILE *file = fopen(path, "w");
    CHECK(file && fwrite(text.data, 1, text.count, file) == text.count
          && fclose(file) == 0);
    erg_text_free(&text);
    erg_trace *trace = erg_trace_new(&err);
    CHECK_OK(trace && erg_joint_import(trace, path, NULL, &err), err);
    CHECK(unlink(path) == 0);

    erg_monitor *log = erg_monitor_of_trace(trace, &err);
    CHECK_OK(log != NULL, err);
    const erg_monitor_device *cpu = erg_monitor_find(log, "cpu");
    CHECK(cpu && cpu->count == 600 && isnan(cpu->rows[0].value[ERG_MONITOR_POWER_W]));
    CHECK_OK(erg_meters_balance(log, "wall=gpu+cpu", &(erg_thermal_options){ 0 },
                                &of, &err),
             err);
    CHECK_NEAR((of.in_j - of.out_j) / of.span_s, 200 / 0.8 - 190, 1.5);
    CHECK_NEAR(of.span_s, 599 - 32 - 1, 1.5);
    erg_monitor_free(log);
    erg_trace_free(trace);
}

static void without_a_loss_meters_close(void)
{
    static const char *const names[] = { "VR in [W]", "Package [W]" };
    static const double lost[] = { 0, 0.02, 0.20 };

    for (size_t i = 0; i < ERG_COUNT(lost); i++) {
        erg_text text = { 0 };
        erg_error err = { 0 };
        erg_balance of;
        erg_text_add(&text, "time,VR in [W],Package [W]\n");
        for (int t = 0; t < 300; t++)
            erg_text_add(&text, "%d,%.4f,%.4f\n", t, gpu_w(t), gpu_w(t) * (1 - lost[i]));
        erg_monitor *log = parse(&text, names, 2);
        CHECK_OK(erg_meters_balance(log, " VR in [W] = Package [W]",
                                    &(erg_thermal_options){ .begin_s = 20, .end_s = 180 },
                                    &of, &err), err);
        CHECK_NEAR(of.closure, lost[i], 1e-6);
        CHECK_NEAR(of.begin_s, 20, 0);
        CHECK_NEAR(of.span_s, 160, 1e-9);
        CHECK(of.closes == (lost[i] < 0.05));
        erg_monitor_free(log);
        erg_text_free(&text);
    }
}

static void meters_that_are_not_there_are_told(void)
{
    static const struct { const char *text, *says; erg_code code; } cases[] = {
        { "wall", "as in wall=gpu+cpu", ERG_BAD_INPUT },
        { "wall=", "no name of a meter", ERG_BAD_INPUT },
        { "=gpu", "no name of a meter", ERG_BAD_INPUT },
        { "wall=gpu+", "no name of a meter", ERG_BAD_INPUT },
        { "wall=gpu+psu", "'psu' is neither", ERG_NOT_FOUND },
        { "wall=a+b+c+d+e+f+g+h+i", "more than 8", ERG_BAD_INPUT },
    };
    erg_monitor *log = machine(1);

    for (size_t i = 0; i < ERG_COUNT(cases); i++) {
        erg_error err = { 0 };
        erg_balance of;
        CHECK(!erg_meters_balance(log, cases[i].text, &(erg_thermal_options){ 0 }, &of,
                                  &err));
        CHECK(err.code == cases[i].code && strstr(err.text, cases[i].says));
    }
    erg_monitor_free(log);
}

/* ---- a coolant ----------------------------------------------------------------------- */

static const char *const loop_columns[] = { "flow_lpm", "supply_c", "return_c" };
#define LOOP "flow=flow_lpm,in=supply_c,out=return_c"

/* One pole of 28 s behind 0.13 K/W; a litre a minute takes what leaves it but a share. */
static erg_monitor *cooled(double share_lost)
{
    erg_text text = { 0 };
    test_random luck = { 7 };
    double x = 50, p = 50;

    erg_text_add(&text, "time,temp_c,power_w,flow_lpm,supply_c,return_c\n");
    for (int k = 0; k < 900; k++) {
        double before = p, a = exp(-1 / 28.0), c = 28 * (1 - a);
        if (k % 15 == 0)
            p = test_uniform(&luck) < 0.5 ? 50 : 200;
        x = k ? a * x + (c - a) * before + (1 - c) * p : p;
        erg_text_add(&text, "%d,%.9f,%.1f,1.0,30.00,%.4f\n", k,
                     30 + 0.13 * x + 0.1 * test_normal(&luck), p,
                     30 + x * (1 - share_lost) * 60 / 4169);
    }
    erg_monitor *log = parse(&text, loop_columns, 3);
    erg_text_free(&text);
    return log;
}

static void heat_that_a_coolant_does_not_carry_is_found(void)
{
    static const double lost[] = { 0, 0.25 };

    for (size_t i = 0; i < ERG_COUNT(lost); i++) {
        erg_monitor *log = cooled(lost[i]);
        const erg_thermal_options options = { .coolant = LOOP };
        erg_error err = { 0 };
        erg_result *result = erg_thermal_fit_tables(log, NULL, &options, &err);
        CHECK_OK(result != NULL, err);
        const erg_table *table = erg_result_find(result, "balance");
        CHECK(table && erg_table_row_count(table) == 2);
        CHECK_TEXT(erg_table_find(table, 1, "against").text, "coolant");
        CHECK_TEXT(erg_table_find(table, 1, "kind").text, "independent");
        double left = 1 - erg_table_find(table, 1, "stored_j").real
                              / erg_table_find(table, 1, "in_j").real;
        CHECK_NEAR(erg_table_find(table, 1, "closure").real, lost[i] * left, 0.003);
        CHECK(erg_table_find(table, 1, "closes").integer == (lost[i] == 0));
        CHECK((erg_table_find(table, 1, "closure_low").real > 0) == (lost[i] > 0));
        erg_result_free(result);
        erg_monitor_free(log);
    }
}

static void what_is_stored_is_unknown_without_a_model(void)
{
    erg_monitor *log = cooled(0);
    const erg_thermal_options options = { .coolant = LOOP ",heat=2084.5" };
    erg_error err = { 0 };
    erg_balance of;

    CHECK_OK(erg_coolant_balance(log, erg_monitor_device_at(log, 0), &options, NULL, &of,
                                 &err), err);
    CHECK(isnan(of.stored_j) && isnan(of.closure) && !of.closes);
    CHECK_NEAR(of.out_j / of.in_j, 0.5, 0.02);      /* half of the heat a litre takes */
    erg_monitor_free(log);
}

static void a_coolant_that_is_misspelt_is_told(void)
{
    static const struct { const char *text, *says; erg_code code; } cases[] = {
        { "flow=flow_lpm,in=supply_c", "needs out=COLUMN", ERG_BAD_INPUT },
        { LOOP ",heat=-1", "'heat=-1' is not", ERG_BAD_INPUT },
        { LOOP ",heat=water", "'heat=water' is not", ERG_BAD_INPUT },
        { "flow=,in=a,out=b", "'flow=' is not", ERG_BAD_INPUT },
        { "flow=flow_lpm,in=supply_c,out=other", "no column 'other'", ERG_NOT_FOUND },
    };
    erg_monitor *log = cooled(0);

    for (size_t i = 0; i < ERG_COUNT(cases); i++) {
        const erg_thermal_options options = { .coolant = cases[i].text };
        erg_error err = { 0 };
        erg_balance of;
        CHECK(!erg_coolant_balance(log, erg_monitor_device_at(log, 0), &options, NULL, &of,
                                   &err));
        CHECK(err.code == cases[i].code && strstr(err.text, cases[i].says));
    }
    erg_monitor_free(log);
}

int main(void)
{
    static const test tests[] = {
        TEST(what_a_supply_loses_is_found_at_the_wall),
        TEST(a_counter_in_a_run_file_is_a_meter),
        TEST(without_a_loss_meters_close),
        TEST(meters_that_are_not_there_are_told),
        TEST(heat_that_a_coolant_does_not_carry_is_found),
        TEST(what_is_stored_is_unknown_without_a_model),
        TEST(a_coolant_that_is_misspelt_is_told),
    };
    return test_run(tests, ERG_COUNT(tests));
}

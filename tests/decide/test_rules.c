/* SPDX-License-Identifier: Apache-2.0 */
/* Published rules against their published choices, row by row. */
#include "decide/decide.h"
#include "format/csv.h"
#include "test.h"

enum { COLUMNS = 15 };

typedef struct ledger {
    const erg_points *points;
    size_t rows, equal, big, refused, flattering;
} ledger;

static double number(const erg_csv_row *row, size_t column)
{
    double value = NAN;
    erg_field field = erg_field_trim(row->fields[column]);
    return field.count && erg_number_parse(field.text, field.count, '.', &value) ? value
                                                                                 : NAN;
}

static void text(const erg_csv_row *row, size_t column, char to[64])
{
    erg_field field = row->fields[column];
    snprintf(to, 64, "%.*s", (int)field.count, field.text);
}

static size_t find(const erg_points *points, const char *gpu, const char *workload)
{
    char name[160];
    snprintf(name, sizeof(name), "%s/%s", gpu, workload);
    for (size_t i = 0; i < erg_points_applications(points); i++)
        if (strcmp(erg_points_application_at(points, i)->name, name) == 0)
            return i;
    CHECK(false);
    return 0;
}

static bool agrees(double got, double want, double most)
{
    return isnan(want) ? isnan(got) : fabs(got - want) <= most;
}

static bool check_row(void *self, const erg_csv_row *row, erg_error *err)
{
    ledger *to = self;
    char rule[64], param[64], gpu[64], workload[64];
    erg_rule_pick got;

    CHECK(row->count == COLUMNS);
    if (row->line == 1)
        return true;
    text(row, 0, rule);
    text(row, 1, param);
    text(row, 2, gpu);
    text(row, 3, workload);
    bool is_run = strncmp(param, "run", 3) == 0;
    int repetition = is_run ? atoi(param + 3) : 0;
    double slowdown = is_run ? NAN : atof(param) / 100;
    if (!erg_rule_apply(rule, to->points, find(to->points, gpu, workload), slowdown,
                        repetition, &got, err))
        return false;
    /* Half of the last digit printed, and what means of printed figures may lose. */
    bool equal = agrees(got.base_hz / 1e6, number(row, 4), 0)
        && agrees(got.base_s, number(row, 5), 0.0051)
        && agrees(got.base_j, number(row, 6), 0.0051)
        && agrees(got.edp_hz / 1e6, number(row, 7), 0)
        && agrees(got.time_s, number(row, 9), 0.0051)
        && agrees(got.energy_j, number(row, 10), 0.0051)
        && agrees(got.ed2p_hz / 1e6, number(row, 11), 0)
        && agrees(100 * got.energy_saving, number(row, 12), 0.0051)
        && agrees(100 * got.time_change, number(row, 13), 0.0051)
        && agrees(got.fastest_hz / 1e6, number(row, 14), 0);
    to->rows++;
    to->equal += equal;
    to->big += number(row, 12) > 90;
    to->refused += number(row, 12) > 90 && got.refused[0];
    to->flattering += number(row, 12) > 50 && !got.refused[0];
    if (!equal)
        print_message(
            "# line %zu: %s %s %s/%s: base %g MHz %.3f s %.3f J, %g MHz %.3f s %.3f J\n",
            row->line, rule, param, gpu, workload, got.base_hz / 1e6, got.base_s,
            got.base_j, got.edp_hz / 1e6, got.time_s, got.energy_j);
    return true;
}

static erg_points *load_runs(void)
{
    erg_points *points = erg_points_new(NULL);
    CHECK(erg_points_read_csv(points, test_data("dvfs/runs_v100_a100.csv"), NULL, NULL));
    return points;
}

static void all_96_published_choices_come_out_and_big_savings_are_refused(void)
{
    erg_points *points = load_runs();
    ledger to = { .points = points };
    erg_error err = { 0 };
    size_t size;
    char *bytes =
        erg_file_read(test_data("dvfs/selections_v100_a100.csv"), 1 << 20, &size, &err);
    erg_csv csv = {
        .name = "selections", .keep_last = true, .row = check_row, .self = &to
    };

    CHECK_OK(bytes && erg_csv_read(&csv, bytes, size, NULL, &err), err);
    print_message("# %zu of %zu rows equal; %zu savings above 90 %%, %zu refused\n",
                  to.equal, to.rows, to.big, to.refused);
    CHECK(to.rows == 96 && to.equal == 96);
    CHECK(to.big >= 3 && to.refused == to.big);
    CHECK(to.flattering == 0);
    free(bytes);
    erg_points_free(points);
}

static void unknown_rules_and_missing_limits_are_named(void)
{
    erg_points *points = load_runs();
    erg_rule_pick got;
    erg_error err = { 0 };

    CHECK(!erg_rule_apply("best", points, 0, 0.05, 1, &got, &err));
    CHECK(err.code == ERG_BAD_INPUT && strstr(err.text, "v1_per_run"));
    CHECK(!erg_rule_apply("v1_per_run", points, 0, NAN, 1, &got, &err));
    CHECK(strstr(err.text, "--slowdown"));
    CHECK(!erg_rule_apply("single_run_unconstrained", points, 0, NAN, 9, &got, &err));
    CHECK(err.code == ERG_NO_DATA);
    erg_points_free(points);
}

int main(void)
{
    static const test tests[] = {
        TEST(all_96_published_choices_come_out_and_big_savings_are_refused),
        TEST(unknown_rules_and_missing_limits_are_named),
    };
    return test_run(tests, ERG_COUNT(tests));
}

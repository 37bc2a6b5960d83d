/* SPDX-License-Identifier: Apache-2.0 */
/* Results as metrics: base units, whole families, no series twice,
 * words beside the numbers. */
#include <math.h>
#include "erg/report.h"
#include "test.h"

static const erg_column columns[] = {
    { "device", ERG_TEXT, "of \"the\" node" },
    { "power_w", ERG_REAL, "what it\ndraws" },
    { "used_total_j", ERG_REAL, "since the start" },
    { "sm_clock_mhz", ERG_REAL, "" },
    { "energy_j", ERG_REAL, "" },
    { "energy_wh", ERG_REAL, "once more" },
    { "count", ERG_INTEGER, "" },
    { "accepted", ERG_TRUTH, "" },
    { "reason", ERG_TEXT, "" },
    { "limit=850W_power_w", ERG_REAL, "a name of a policy" },
};

static void put_row(erg_table *table, const char *device, double power_w)
{
    CHECK(erg_table_row(table, NULL));
    CHECK(erg_table_text(table, "device", device, NULL));
    CHECK(erg_table_real(table, "power_w", power_w, NULL));
    CHECK(erg_table_real(table, "used_total_j", 12.5, NULL));
    CHECK(erg_table_real(table, "sm_clock_mhz", 1410, NULL));
    CHECK(erg_table_real(table, "energy_j", 7200, NULL));
    CHECK(erg_table_real(table, "energy_wh", 2, NULL));
    CHECK(erg_table_integer(table, "count", 3, NULL));
    CHECK(erg_table_truth(table, "accepted", true, NULL));
    CHECK(erg_table_text(table, "reason", "a \"quote\" \\ and\na line \xff", NULL));
    CHECK(erg_table_real(table, "limit=850W_power_w", 850, NULL));
}

static erg_result *made(const char *second)
{
    erg_result *result = erg_result_new("node", NULL);
    erg_table *table = erg_result_add(result, "grants", columns, ERG_COUNT(columns), NULL);

    put_row(table, "nvml:0", 250.25);
    put_row(table, second, NAN);
    CHECK(erg_result_note(result, NULL, "simulated: nothing was measured"));
    return result;
}

static char *write_as(const erg_result *result, const char *format)
{
    char *bytes = NULL;
    size_t size = 0;
    FILE *out = open_memstream(&bytes, &size);
    erg_error err = { 0 };

    CHECK_OK(erg_write(result, format, NULL, out, &err), err);
    fclose(out);
    return bytes;
}

static void columns_become_families_in_base_units(void)
{
    erg_result *result = made("nvml:1");
    char *text = write_as(result, "openmetrics");

    CHECK(strstr(text, "\nerg_node_grants_power_watts{device=\"nvml:0\"} 250.25\n"));
    CHECK(strstr(text, "# UNIT erg_node_grants_power_watts watts\n"));
    CHECK(strstr(text, "\nerg_node_grants_sm_clock_hertz{device=\"nvml:0\"} 1410000000\n"));
    CHECK(strstr(text, "\nerg_node_grants_accepted{device=\"nvml:1\"} 1\n"));
    CHECK(strstr(text, "erg_node_grants_limit_850w_power_watts{device=\"nvml:0\"} 850\n"));
    CHECK(strstr(text, "# TYPE erg_node_grants_energy_joules gauge\n"));
    CHECK(!strstr(text, "once more"));
    CHECK(strstr(text, "\nerg_node_grants_number{device=\"nvml:1\"} 3\n"));
    free(text);
    erg_result_free(result);
}

static void what_was_not_measured_has_no_sample(void)
{
    erg_result *result = made("nvml:1");
    char *text = write_as(result, "prometheus");

    CHECK(!strstr(text, "erg_node_grants_power_watts{device=\"nvml:1\"}"));
    CHECK(!strstr(text, "nan") && !strstr(text, "NaN"));
    free(text);
    erg_result_free(result);
}

static void a_counter_is_typed_as_each_format_wants(void)
{
    erg_result *result = made("nvml:1");
    char *open = write_as(result, "openmetrics"), *text = write_as(result, "prometheus");
    const char *const sample =
        "\nerg_node_grants_used_joules_total{device=\"nvml:0\"} 12.5\n";

    CHECK(strstr(open, "# TYPE erg_node_grants_used_joules counter\n"));
    CHECK(strstr(text, "# TYPE erg_node_grants_used_joules_total counter\n"));
    CHECK(strstr(text, sample) && strstr(open, sample));
    free(open);
    free(text);
    erg_result_free(result);
}

static void words_stand_beside_the_numbers(void)
{
    erg_result *result = made("nvml:1");
    char *open = write_as(result, "openmetrics"), *text = write_as(result, "prometheus");

    CHECK(strstr(open, "# TYPE erg_node_grants info\n"));
    CHECK(strstr(text, "# TYPE erg_node_grants_info gauge\n"));
    CHECK(strstr(open,
                 "erg_node_grants_info{device=\"nvml:0\",reason=\"a \\\"quote\\\" \\\\ and"
                       "\\na line \xef\xbf\xbd\"} 1\n"));
    CHECK(strstr(open, "erg_node_note_info{note=\"simulated: nothing was measured\"} 1\n"));
    CHECK(strstr(open, "# HELP erg_node_grants_power_watts what it draws\n"));
    free(open);
    free(text);
    erg_result_free(result);
}

/* Rows that differ in nothing but numbers would be one series twice. */
static void equal_rows_are_numbered(void)
{
    erg_result *result = made("nvml:0");
    char *text = write_as(result, "prometheus");

    CHECK(strstr(text, "used_joules_total{device=\"nvml:0\",row=\"0\"} 12.5\n"));
    CHECK(strstr(text, "used_joules_total{device=\"nvml:0\",row=\"1\"} 12.5\n"));
    free(text);
    erg_result_free(result);
}

/* Every family once and in one piece, every sample of the
 * family last begun, EOF at the end. */
static void families_are_whole(void)
{
    erg_result *result = made("nvml:1");
    char *text = write_as(result, "openmetrics"), family[200] = "", *place = NULL;
    size_t size = strlen(text);

    CHECK(size > 6 && strcmp(text + size - 6, "# EOF\n") == 0);
    for (char *line = strtok_r(text, "\n", &place); line;
         line = strtok_r(NULL, "\n", &place)) {
        char name[200];
        if (sscanf(line, "# HELP %199s", name) == 1) {
            CHECK(strcmp(name, family) != 0);
            snprintf(family, sizeof(family), "%s", name);
        } else if (sscanf(line, "# TYPE %199s", name) == 1
                   || sscanf(line, "# UNIT %199s", name) == 1) {
            CHECK_TEXT(name, family);
        } else if (strcmp(line, "# EOF") != 0) {
            CHECK(strncmp(line, family, strlen(family)) == 0);
        }
    }
    free(text);
    erg_result_free(result);
}

int main(void)
{
    static const test tests[] = {
        TEST(columns_become_families_in_base_units),
        TEST(what_was_not_measured_has_no_sample),
        TEST(a_counter_is_typed_as_each_format_wants),
        TEST(words_stand_beside_the_numbers),
        TEST(equal_rows_are_numbered),
        TEST(families_are_whole),
    };
    return test_run(tests, ERG_COUNT(tests));
}

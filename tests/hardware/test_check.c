/* SPDX-License-Identifier: Apache-2.0 */
/* The checks against wrong values that were met in the wild, each put into the record of
 * its device: all must be caught, and nothing else may be. */
#include <jansson.h>
#include <sys/stat.h>
#include "hardware/node.h"
#include "hardware/record.h"
#include "test.h"

static const char data_dir[] = ERG_TEST_SOURCE "/data";

typedef struct wrong_row {
    const char *device, *key;
    double value;
    const char *check;
} wrong_row;

static const wrong_row wrongs[] = {
    /* counted twice */
    { "v100-sxm2-32gb", "peak_flop_per_s.tensor.fp16", 251e12, "peak" },
    { "t4", "peak_flop_per_s.tensor.fp16", 130e12, "peak" },
    { "t4", "peak_flop_per_s.tensor.int8", 261e12, "peak" },
    { "a100-sxm4-80gb", "peak_flop_per_s.vector.fp32", 39e12, "peak" },
    { "a100-sxm4-80gb", "peak_flop_per_s.tensor.fp64", 156e12, "peak" },
    { "a100-sxm4-80gb", "lanes_per_unit", 128, "lanes" },
    /* another device's, another precision's, a sparse one */
    { "h100-pcie-80gb", "peak_flop_per_s.tensor.bf16", 410e12, "peak" },
    { "h100-sxm5-80gb", "peak_flop_per_s.tensor.bf16", 535e12, "peak" },
    { "h100-sxm5-80gb", "peak_flop_per_s.tensor.fp8", 1070e12, "peak" },
    { "h100-sxm5-80gb", "levels.memory.bw_bytes_per_s", 2000e9, "bandwidth" },
    { "h100-sxm5-80gb", "peak_flop_per_s.tensor.fp16", 1979e12, "sparse" },
    { "h100-sxm5-80gb", "peak_flop_per_s.tensor.fp16", 1979e12, "peak" },
    { "b100", "peak_flop_per_s.tensor.bf16", 1140e12, "peak" },
    { "b100", "cap_w", 1000, "caps" },
    { "mi300x", "peak_flop_per_s.vector.fp32", 81.7e12, "peak" },
    { "jetson-orin-nx-16gb", "lanes_per_unit", 256, "lanes" },
    { "jetson-orin-nx-16gb", "units", 16, "peak" },
    { "jetson-thor", "lanes_per_unit", 870, "lanes" },
    { "jetson-thor", "levels.memory.bw_bytes_per_s", 450e9, "bandwidth" },
    { "tpu-v4", "peak_flop_per_s.tensor.bf16", 68.8e12, "peak" },
    { "tpu-v4", "cap_w", 350, "caps" },
    { "coral", "peak_flop_per_s.tensor.int8", 0.004e12, "peak" },
    { "epyc-9654", "peak_flop_per_s.vector.fp32", 1.84e12, "peak" },
    { "jetson-orin-agx-64gb", "peak_flop_per_s.tensor.int8", 8e12, "peak" },
    { "jetson-orin-agx-64gb", "peak_flop_per_s.tensor.int8", 10e12, "precision" },
    /* an accelerator that was never built evaluates to 0 */
    { "jetson-orin-nano-8gb", "thermal.0.sustained_hz", 0, "load" },
    { "jetson-orin-nano-8gb", "thermal.0.efficiency", -1, "points" },
    { "jetson-orin-nano-8gb", "thermal.0.cap_w", 80, "caps" },
    { "a100-pcie-40gb", "idle_w", 234, "caps" },
    { "a100-pcie-40gb", "cap_w", 20, "power" },
};

/* The number object at a dotted path; "0" is an index. */
static json_t *member_at(json_t *root, const char *path)
{
    char copy[120], *word, *rest = copy;

    snprintf(copy, sizeof(copy), "%s", path);
    while (root && (word = strsep(&rest, ".")))
        root = json_is_array(root) ? json_array_get(root, (size_t)atoi(word))
                                   : json_object_get(root, word);
    return root;
}

/* A record with one number changed; value below 0: left out. */
static void record_write(const char *folder, const wrong_row *wrong)
{
    char from[400], to[400];
    snprintf(from, sizeof(from), "%s/hardware/%s.json", data_dir, wrong->device);
    snprintf(to, sizeof(to), "%s/hardware/%s.json", folder, wrong->device);
    json_t *root = json_load_file(from, 0, NULL), *number = member_at(root, wrong->key);

    if (!number && strcmp(wrong->key, "idle_w") == 0) {
        number = json_deep_copy(json_object_get(root, "cap_w"));
        json_object_set_new(root, wrong->key, number);
    }
    if (!number)
        fail_msg("%s has no %s", wrong->device, wrong->key);
    if (wrong->value < 0)
        json_object_del(member_at(root, "thermal.0"), strrchr(wrong->key, '.') + 1);
    else
        json_object_set_new(number, "value", json_real(wrong->value));
    CHECK(json_dump_file(root, to, 0) == 0);
    json_decref(root);
}

static bool has_fault(const erg_result *result, const char *check)
{
    const erg_table *table = erg_result_find(result, "checks");

    for (size_t i = 0; i < erg_table_row_count(table); i++)
        if (strcmp(erg_table_find(table, i, "state").text, "fault") == 0
            && strcmp(erg_table_find(table, i, "check").text, check) == 0)
            return true;
    return false;
}

static void every_wrong_value_met_in_the_wild_is_caught(void)
{
    char folder[300], below[320];
    snprintf(folder, sizeof(folder), "%s", test_folder());
    snprintf(below, sizeof(below), "%s/hardware", folder);
    CHECK(mkdir(below, 0700) == 0);
    const erg_catalog catalog = { .data_dir = data_dir, .user_dir = folder };

    for (size_t i = 0; i < ERG_COUNT(wrongs); i++) {
        erg_error err = { 0 };
        bool passed = true;
        record_write(folder, &wrongs[i]);
        erg_result *result =
            erg_hardware_check(NULL, &catalog, &wrongs[i].device, 1, &passed, &err);
        if (!result)
            fail_msg("%s: %s", wrongs[i].device, err.text);
        if (passed || !has_fault(result, wrongs[i].check))
            fail_msg("%s: %s = %g is not caught by %s", wrongs[i].device, wrongs[i].key,
                     wrongs[i].value, wrongs[i].check);
        erg_result_free(result);
    }
}

static void no_record_of_the_catalogue_has_a_fault(void)
{
    const erg_catalog catalog = { .data_dir = data_dir };
    erg_error err = { 0 };
    bool passed = false;
    erg_result *result = erg_hardware_check(NULL, &catalog, NULL, 0, &passed, &err);
    const erg_table *table = result ? erg_result_find(result, "checks") : NULL;

    CHECK_OK(result != NULL, err);
    for (size_t i = 0; i < erg_table_row_count(table); i++)
        if (strcmp(erg_table_find(table, i, "state").text, "fault") == 0)
            fail_msg("%s %s: %s", erg_table_find(table, i, "device").text,
                     erg_table_find(table, i, "check").text,
                     erg_table_find(table, i, "why").text);
    CHECK(passed);
    erg_result_free(result);
}

/* fp32 on the a100 comes to more than its cap: it must throttle, and it does. */
static void bottom_up_power_of_an_a100_is_above_its_cap(void)
{
    const erg_catalog catalog = { .data_dir = data_dir };
    const char *name = "a100-pcie-40gb";
    bool passed;
    erg_result *result = erg_hardware_check(NULL, &catalog, &name, 1, &passed, NULL);
    const erg_table *table = erg_result_find(result, "checks");
    double watts = NAN;

    for (size_t i = 0; i < erg_table_row_count(table); i++)
        if (strstr(erg_table_find(table, i, "why").text, "vector fp32:"))
            watts = erg_table_find(table, i, "value").real;
    CHECK_NEAR(watts, 360, 3);
    erg_result_free(result);
}

static void an_unknown_device_is_an_error_not_a_fault(void)
{
    const erg_catalog catalog = { .data_dir = data_dir };
    const char *name = "a101";
    erg_error err = { 0 };
    bool passed;

    assert_null(erg_hardware_check(NULL, &catalog, &name, 1, &passed, &err));
    CHECK(err.code == ERG_NOT_FOUND);
}

static void the_table_has_a_row_a_device_and_every_number_by_name(void)
{
    const erg_catalog catalog = { .data_dir = data_dir };
    const char *name = "l4";
    erg_error err = { 0 };
    erg_result *all = erg_hardware_table(NULL, &catalog, NULL, 0, &err);
    erg_result *one = erg_hardware_table(NULL, &catalog, &name, 1, &err);

    CHECK_OK(all && one, err);
    CHECK(erg_table_row_count(erg_result_find(all, "hardware")) >= 53);
    assert_null(erg_result_find(all, "numbers"));
    CHECK(erg_table_row_count(erg_result_find(one, "hardware")) == 1);
    const erg_table *numbers = erg_result_find(one, "numbers");
    for (size_t i = 0; i < erg_table_row_count(numbers); i++) {
        CHECK(erg_table_find(numbers, i, "source").text != NULL);
        CHECK(erg_table_find(numbers, i, "value").real > 0);
    }
    CHECK_NEAR(erg_table_find(erg_result_find(one, "hardware"), 0, "cap_w").real, 72, 0);
    erg_result_free(all);
    erg_result_free(one);
}

static void an_empty_catalogue_says_where_it_looked(void)
{
    const erg_catalog catalog = { .data_dir = "/nonesuch" };
    erg_error err = { 0 };

    assert_null(erg_hardware_table(NULL, &catalog, NULL, 0, &err));
    CHECK(err.code == ERG_NOT_FOUND);
    assert_non_null(strstr(err.text, "/nonesuch"));
    assert_non_null(strstr(err.text, "ERG_DATA"));
}

static void energy_by_node_is_the_fitted_one_where_there_is_one(void)
{
    CHECK_NEAR(erg_node_op_j(7, ERG_UNIT_TENSOR), 0.71e-12, 1e-18);
    CHECK_NEAR(erg_node_op_j(8, ERG_UNIT_VECTOR), 8.7e-12, 1e-18);
    CHECK_NEAR(erg_node_op_j(16, ERG_UNIT_VECTOR), 15e-12, 1e-18);
    CHECK_NEAR(erg_node_op_j(4, ERG_UNIT_TENSOR), 0.71e-12 * 1.3 / 1.8, 1e-18);
    CHECK_NEAR(erg_node_alu_pj(9), 2.0, 1e-12);
    CHECK_NEAR(erg_node_alu_pj(40), 4.0, 0);
    CHECK(isnan(erg_node_alu_pj(NAN)));
}

int main(void)
{
    static const test tests[] = {
        TEST(every_wrong_value_met_in_the_wild_is_caught),
        TEST(no_record_of_the_catalogue_has_a_fault),
        TEST(bottom_up_power_of_an_a100_is_above_its_cap),
        TEST(an_unknown_device_is_an_error_not_a_fault),
        TEST(the_table_has_a_row_a_device_and_every_number_by_name),
        TEST(an_empty_catalogue_says_where_it_looked),
        TEST(energy_by_node_is_the_fitted_one_where_there_is_one),
    };
    return test_run(tests, ERG_COUNT(tests));
}

/* SPDX-License-Identifier: Apache-2.0 */
/* The catalogue's own records, and records that must be refused with the reason. */
#include <jansson.h>
#include "hardware/record.h"
#include "test.h"

static const erg_catalog catalog = { .data_dir = ERG_TEST_SOURCE "/data" };

static erg_hardware *loaded(const char *name)
{
    erg_error err = { 0 };
    erg_hardware *hardware = erg_hardware_load(NULL, &catalog, name, &err);

    if (!hardware)
        fail_msg("%s: %s", name, err.text);
    return hardware;
}

static void every_record_of_the_catalogue_loads(void)
{
    erg_names names = { 0 };
    erg_error err = { 0 };

    CHECK_OK(erg_names_list(&catalog, &names, &err), err);
    CHECK(names.count >= 12);
    for (size_t i = 0; i < names.count; i++) {
        erg_hardware *hardware = loaded(names.items[i]);
        CHECK(erg_hardware_number_count(hardware) >= 5);
        erg_hardware_free(hardware);
    }
    erg_names_free(&names);
}

/* What a source calls a share of another rate is that share of it. */
static void a_rate_that_follows_from_another_is_that_share_of_it(void)
{
    static const struct { const char *says, *of; double share; } rules[] = {
        { "1/64 of fp32", "vector.fp32", 1 / 64.0 },
        { "1/32 of fp32", "vector.fp32", 1 / 32.0 },
        { "packed fp16, twice fp32", "vector.fp32", 2 },
        { "twice int8", "tensor.int8", 2 },
        { "tf32 at half the rate of fp16", "tensor.fp16", 0.5 },
        { "bf16 at the rate of fp16", "tensor.fp16", 1 },
    };
    static const char peaks[] = "peak_flop_per_s.";
    size_t held[ERG_COUNT(rules)] = { 0 };
    erg_names names = { 0 };
    erg_error err = { 0 };

    CHECK_OK(erg_names_list(&catalog, &names, &err), err);
    for (size_t i = 0; i < names.count; i++) {
        erg_hardware *hardware = loaded(names.items[i]);
        for (size_t k = 0; k < erg_hardware_number_count(hardware); k++) {
            const erg_number *number = erg_hardware_number_at(hardware, k);
            for (size_t r = 0; r < ERG_COUNT(rules); r++) {
                char of[64];
                if (strncmp(number->key, peaks, strlen(peaks)) != 0
                    || !strstr(number->source, rules[r].says))
                    continue;
                snprintf(of, sizeof(of), "%s%s", peaks, rules[r].of);
                double want = rules[r].share * erg_hardware_number(hardware, of)->value;
                if (fabs(number->value / want - 1) > 0.015)
                    fail_msg("%s: %s is %g, not %g", names.items[i], number->key,
                             number->value, want);
                held[r]++;
            }
        }
        erg_hardware_free(hardware);
    }
    for (size_t r = 0; r < ERG_COUNT(rules); r++)
        CHECK(held[r] > 0);
    erg_names_free(&names);
}

static void an_a100_says_what_its_sheet_says(void)
{
    erg_hardware *a100 = loaded("a100-pcie-40gb");

    CHECK(a100->kind == ERG_GPU);
    CHECK_TEXT(a100->boundary, "board");
    CHECK(a100->units == 108 && a100->warp == 32);
    CHECK_NEAR(a100->peak_flop_per_s[ERG_UNIT_TENSOR][ERG_BF16], 312e12, 1);
    CHECK_NEAR(a100->peak_flop_per_s[ERG_UNIT_VECTOR][ERG_FP32], 19.5e12, 1);
    CHECK(isnan(a100->peak_flop_per_s[ERG_UNIT_TENSOR][ERG_FP8]));
    CHECK_NEAR(a100->memory_bytes_per_s, 1555e9, 1);
    CHECK_NEAR(a100->cap_w, 250, 0);
    CHECK_NEAR(a100->top_clock_hz, 1410e6, 0);
    CHECK(a100->clock_count == 81 && a100->clocks_hz[0] == 210e6);
    CHECK(isnan(a100->launch_s));
    erg_hardware_free(a100);
}

/* A number by precision stands at that precision. */
static void a_processor_says_what_it_emulates(void)
{
    erg_hardware *epyc = loaded("epyc-9654"), *mi250 = loaded("mi250");

    for (int p = 0; p < ERG_PRECISIONS; p++)
        CHECK(p == ERG_FP16 ? epyc->emulated_share[p] > 0.009
              && epyc->emulated_share[p] < 0.011 : isnan(epyc->emulated_share[p]));
    CHECK(mi250->devices == 2 && epyc->devices == 0);
    erg_hardware_free(mi250);
    erg_hardware_free(epyc);
}

/* The table of s(f): (V/V_ref)^2 and idle power as the estimates use them. */
static void curves_of_the_a100_give_the_known_points(void)
{
    static const struct { double mhz, ratio; } squares[] = {
        { 510, 1 }, { 1020, 1 }, { 1050, 1.036 }, { 1140, 1.111 }, { 1230, 1.248 },
        { 1320, 1.436 }, { 1410, 1.660 },
    };
    static const erg_knot idle[] = { { 510, 45.28 }, { 900, 47.35 }, { 1050, 49.24 },
                                      { 1230, 55.09 }, { 1410, 67.34 } };
    erg_hardware *a100 = loaded("a100-pcie-40gb");
    double low_v = erg_curve_at(&a100->voltage_v, 510e6);

    CHECK_NEAR(low_v, 0.69375, 1e-6);
    for (size_t i = 0; i < ERG_COUNT(squares); i++) {
        double v = erg_curve_at(&a100->voltage_v, squares[i].mhz * 1e6) / low_v;
        CHECK_NEAR(v * v, squares[i].ratio, 0.001);
    }
    for (size_t i = 0; i < ERG_COUNT(idle); i++)
        CHECK_NEAR(erg_curve_at(&a100->idle_curve_w, idle[i].x * 1e6), idle[i].y, 0.11);
    CHECK_NEAR(a100->idle_w, 44.47, 0.01);
    erg_hardware_free(a100);
}

static void a_voltage_nobody_could_read_is_absent(void)
{
    erg_hardware *h100 = loaded("h100-sxm5-80gb");

    CHECK(h100->voltage_v.count == 0);
    CHECK(isnan(erg_curve_at(&h100->voltage_v, 1e9)));
    CHECK(h100->idle_curve_w.count > 10);
    /* The first reading, 117 W, was taken before the clock had settled. */
    CHECK_NEAR(erg_curve_at(&h100->idle_curve_w, 345e6), 72.5, 0.5);
    erg_hardware_free(h100);
}

/* ---- each sentence of refusal ------------------------------------------------------ */

#define TAIL "\"source\": \"x\", \"grade\": \"measured\", \"date\": \"2025-06\""
#define HEAD "{\"name\": \"x\", \"maker\": \"m\", \"kind\": \"gpu\", \"about\": \"a\", " \
             "\"boundary\": \"board\""

static const struct { const char *text, *sentence;
} refusals[] = {
    { HEAD ", \"cap_w\": {\"value\": 1, \"unit\": \"w\", \"grade\": \"measured\", "
           "\"date\": \"2025\"}}",
      "cap_w has no source" },
    { HEAD ", \"cap_w\": {\"value\": 1, \"unit\": \"w\", \"source\": \"  \", "
           "\"grade\": \"measured\", \"date\": \"2025\"}}",
      "cap_w has no source" },
    { HEAD ", \"cap_w\": {\"value\": 1, \"unit\": \"kw\", " TAIL "}}",
      "must be in w, not in kw" },
    { HEAD ", \"cap_w\": {\"value\": 1, " TAIL "}}", "must be in w, not in nothing" },
    { HEAD ", \"cap_w\": {\"value\": 0, \"unit\": \"w\", " TAIL "}}", "cap_w cannot be 0" },
    { HEAD ", \"cap_w\": {\"value\": 1e-300, \"unit\": \"w\", " TAIL "}}",
      "cap_w cannot be 1e-300" },
    { HEAD ", \"cap_w\": {\"value\": -1, \"unit\": \"w\", " TAIL "}}",
      "cap_w cannot be -1" },
    { HEAD ", \"cap_w\": {\"value\": \"1\", \"unit\": \"w\", " TAIL "}}",
      "value is no number" },
    { HEAD ", \"cap_w\": {\"value\": null, \"unit\": \"w\", " TAIL "}}",
      "value is no number" },
    { HEAD ", \"cap_w\": {\"valeu\": 1, \"unit\": \"w\", " TAIL "}}", "cap_w.valeu" },
    { HEAD ", \"cap_w\": {\"value\": 1, \"unit\": \"w\", \"why\": 1, " TAIL "}}",
      "unknown key why" },
    { HEAD ", \"cap_w\": 250}", "a number is an object" },
    { HEAD ", \"cap_w\": {\"value\": 1, \"unit\": \"w\", \"source\": \"s\", "
           "\"grade\": \"guess\", \"date\": \"2025\"}}",
      "grade must be" },
    { HEAD ", \"cap_w\": {\"value\": 1, \"unit\": \"w\", \"source\": \"s\", "
           "\"grade\": \"measured\", \"date\": \"June\"}}",
      "has no date" },
    { HEAD ", \"units\": {\"value\": 1.5, \"unit\": \"1\", " TAIL "}}",
      "units cannot be 1.5" },
    { HEAD ", \"peak_flop_per_s\": {\"matrix\": {\"fp32\": {\"value\": 1, "
           "\"unit\": \"flop_per_s\", " TAIL "}}}}",
      "unknown key peak_flop_per_s.matrix.fp32" },
    { HEAD ", \"peak_flop_per_s\": {\"vector\": {\"fp31\": {\"value\": 1, "
           "\"unit\": \"flop_per_s\", " TAIL "}}}}",
      "unknown key peak_flop_per_s.vector.fp31" },
    { HEAD ", \"peak_flop_per_s\": {}}", "peak_flop_per_s" },
    { HEAD ", \"tdp\": \"250\"}", "unknown key tdp" },
    { HEAD ", \"maker\": \"n\"}", "duplicate" },
    { "{\"name\": \"x\"}", "maker is missing" },
    { HEAD "}", NULL },
    { "[1]", "must be one object" },
    { "{", ":1: " },
    { HEAD ", \"voltage_v\": {\"x_unit\": \"hz\", \"unit\": \"v\", " TAIL
           ", \"points\": [[2e8, null]]}}",
      "two numbers" },
    { HEAD ", \"voltage_v\": {\"x_unit\": \"hz\", \"unit\": \"v\", " TAIL
           ", \"points\": [[2e8, 1], [2e8, 1]]}}",
      "clocks must rise" },
    { HEAD ", \"voltage_v\": {\"x_unit\": \"hz\", \"unit\": \"mv\", " TAIL
           ", \"points\": [[2e8, 1]]}}",
      "voltage_v must be in v" },
    { HEAD
      ", \"voltage_v\": {\"x_unit\": \"hz\", \"unit\": \"v\", \"grade\": \"measured\", "
      "\"date\": \"2025\", \"points\": [[2e8, 1]]}}",
      "no source" },
    { HEAD
      ", \"clocks_hz\": {\"from\": 2e8, \"to\": 1e8, \"step\": 1e6, \"unit\": \"hz\", " TAIL
      "}}",
      "from, to and step" },
    { HEAD
      ", \"thermal\": [{\"name\": \"a\", \"tdp\": {\"value\": 1, \"unit\": \"w\", " TAIL
      "}}]}",
      "unknown key thermal.a.tdp" },
    { HEAD ", \"thermal\": [{\"name\": \"a\", \"sustained_hz\": {\"value\": 0, "
           "\"unit\": \"hz\", " TAIL "}}]}",
      "thermal.a.sustained_hz cannot be 0" },
    { HEAD ", \"thermal\": [{\"name\": \"a\"}, {\"name\": \"a\"}]}", "two thermal points" },
};

static void a_bad_record_is_refused_with_file_and_key(void)
{
    for (size_t i = 0; i < ERG_COUNT(refusals); i++) {
        erg_error err = { 0 };
        const char *text = refusals[i].text, *sentence = refusals[i].sentence;
        erg_hardware *hardware = erg_hardware_parse(text, strlen(text), "x.json", &err);

        if ((hardware != NULL) != (sentence == NULL))
            fail_msg("%s: %s", text, err.text);
        if (sentence
            && (!strstr(err.text, sentence) || strncmp(err.text, "x.json", 6) != 0))
            fail_msg("%s: %s, not '%s'", text, err.text, sentence);
        erg_hardware_free(hardware);
    }
}

static void an_unknown_name_hears_of_near_ones(void)
{
    static const struct { const char *asked, *near;
    } rows[] = {
        { "a100", "a100-pcie-40gb" },
        { "t5", "near it are t4" },
        { "h100-sxm", "h100-sxm5-80gb" },
        { "a100-pcie-40bg", "a100-pcie-40gb" },
    };

    for (size_t i = 0; i < ERG_COUNT(rows); i++) {
        erg_error err = { 0 };
        assert_null(erg_hardware_load(NULL, &catalog, rows[i].asked, &err));
        CHECK(err.code == ERG_NOT_FOUND);
        if (!strstr(err.text, rows[i].near))
            fail_msg("%s: %s", rows[i].asked, err.text);
    }
    erg_error err = { 0 };
    assert_null(erg_hardware_load(NULL, &catalog, "zzzzzzzzzzzz", &err));
    assert_null(strstr(err.text, "near"));
}

static void curves_are_straight_between_and_flat_outside(void)
{
    static const erg_knot points[] = { { 1, 10 }, { 2, 20 }, { 4, 0 } };
    erg_curve curve = { points, 3 }, none = { NULL, 0 };

    CHECK_NEAR(erg_curve_at(&curve, 0), 10, 0);
    CHECK_NEAR(erg_curve_at(&curve, 1.5), 15, 1e-12);
    CHECK_NEAR(erg_curve_at(&curve, 2), 20, 0);
    CHECK_NEAR(erg_curve_at(&curve, 3), 10, 1e-12);
    CHECK_NEAR(erg_curve_at(&curve, 9), 0, 0);
    CHECK(isnan(erg_curve_at(&none, 1)));
    CHECK(isnan(erg_curve_at(&curve, NAN)));
}

/* What the record holds of the measured files is those files, settled. */
static void idle_curve_is_the_measured_one_settled(void)
{
    static const char *const pairs[][2] = {
        { "a100-pcie-40gb", "energy/idle_power_yz8.json" },
        { "a100-sxm4-80gb", "energy/idle_power_netsres117.json" },
        { "h100-sxm5-80gb", "energy/idle_power_h100.json" },
    };

    for (size_t i = 0; i < ERG_COUNT(pairs); i++) {
        json_t *root = json_load_file(test_data(pairs[i][1]), 0, NULL), *value;
        erg_hardware *hardware = loaded(pairs[i][0]);
        const char *key;
        erg_knot points[200];
        size_t count = 0;
        CHECK(root && json_object_size(root) < ERG_COUNT(points));
        json_object_foreach(root, key, value)
            points[count++] = (erg_knot){ atof(key) * 1e6, json_number_value(value) };
        erg_curve_settle(points, count);
        for (size_t k = 0; k < count; k++)
            CHECK_NEAR(erg_curve_at(&hardware->idle_curve_w, points[k].x), points[k].y,
                       1e-4);
        json_decref(root);
        erg_hardware_free(hardware);
    }
}

int main(void)
{
    static const test tests[] = {
        TEST(every_record_of_the_catalogue_loads),
        TEST(a_rate_that_follows_from_another_is_that_share_of_it),
        TEST(an_a100_says_what_its_sheet_says),
        TEST(a_processor_says_what_it_emulates),
        TEST(curves_of_the_a100_give_the_known_points),
        TEST(a_voltage_nobody_could_read_is_absent),
        TEST(a_bad_record_is_refused_with_file_and_key),
        TEST(an_unknown_name_hears_of_near_ones),
        TEST(curves_are_straight_between_and_flat_outside),
        TEST(idle_curve_is_the_measured_one_settled),
    };
    return test_run(tests, ERG_COUNT(tests));
}

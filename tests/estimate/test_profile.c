/* SPDX-License-Identifier: Apache-2.0 */
/* Profiles: files that load, files that are refused, devices that have none. */
#include "estimate/estimate_room.h"

static void a_saved_profile_loads_as_it_was(void)
{
    erg_hardware *a10 = room_hardware("a10");
    erg_error err = { 0 };
    erg_profile *one = erg_profile_load(&room_catalog, a10, NULL, &err);
    CHECK_OK(one != NULL, err);
    const char *path = test_file("profile.json", "");
    CHECK_OK(erg_profile_save(one, path, &err), err);
    erg_profile *other = erg_profile_load(NULL, a10, path, &err);
    CHECK_OK(other != NULL, err);

    CHECK(one->energy.rows > 0 && other->energy.rows == one->energy.rows);
    CHECK_NEAR(other->energy.byte_j / one->energy.byte_j, 1, 1e-6);
    CHECK_NEAR(other->energy.static_w / one->energy.static_w, 1, 1e-6);
    CHECK_NEAR(other->energy.half_width / one->energy.half_width, 1, 1e-6);
    for (int class = 0; class < ERG_UNIT_CLASSES; class++)
        for (int precision = 0; precision < ERG_PRECISIONS; precision++) {
            CHECK_NEAR(other->energy.op_j_per_flop[class][precision]
                           / one->energy.op_j_per_flop[class][precision], 1, 1e-6);
            CHECK(other->energy.op_rows[class][precision]
                  == one->energy.op_rows[class][precision]);
        }
    CHECK_NEAR(other->clock_hz, one->clock_hz, 1);
    CHECK_TEXT(other->source, one->source);
    CHECK_TEXT(other->byte_rule, one->byte_rule);
    erg_profile_free(other);
    erg_profile_free(one);
    erg_hardware_free(a10);
}

#define HEAD                                                                               \
    "{\"profile\":1,\"name\":\"n\",\"hardware\":\"a10\",\"date\":\"d\",\"source\":\"s\","
#define RULE "\"byte_rule\":\"unfused\",\"runtime\":\"eager\","

static void what_is_no_profile_is_refused_with_its_fault(void)
{
    static const struct { const char *text, *word; } cases[] = {
        { "", ":1: " },
        { "[]", "object" },
        { "{", "byte 1" },
        { "{\"profile\":2}", "later erg" },
        { "{\"profile\":1}", "name" },
        { HEAD "\"byte_rule\":\"cache-filtered\",\"runtime\":\"eager\"}", "another way" },
        { HEAD "\"byte_rule\":\"unfused\",\"runtime\":\"slow\"}", "runtime" },
        { HEAD RULE "\"energy\":{\"byte_j\":-1}}", "byte_j" },
        { HEAD RULE "\"energy\":{\"byte_j\":\"much\"}}", "byte_j" },
        { HEAD RULE "\"energy\":{\"rows\":1e12}}", "rows" },
        { HEAD RULE "\"energy\":{\"byte_j\":1e300}}", "byte_j is no number from 0 to 1" },
        { HEAD RULE "\"energy\":{\"half_width\":1e3}}", "half_width" },
        { HEAD RULE "\"time\":{\"tensor\":{\"share\":0}}}", "share is no number from" },
        { HEAD RULE "\"time\":{\"vector\":{\"batched_columns\":1.5}}}",
          "batched_columns is no number from 0 to 1" },
        { HEAD RULE "\"time\":{\"vector\":{\"bandwidth\":{\"norm\":0}}}}", "norm" },
        { HEAD RULE "\"energy\":{\"op_j_per_flop\":{\"tensor_bf16\":{\"value\":-2}}}}",
          "value" },
        { HEAD RULE "\"time\":{\"tensor\":{\"launch_s\":[]}}}", "launch_s" },
        { HEAD RULE "\"name\":\"twice\"}", "duplicate" },
    };
    erg_hardware *a10 = room_hardware("a10");

    for (size_t i = 0; i < ERG_COUNT(cases); i++) {
        erg_error err = { 0 };
        CHECK(!erg_profile_load(NULL, a10, test_file("profile.json", cases[i].text), &err));
        CHECK(err.code == ERG_BAD_INPUT);
        CHECK(strstr(err.text, cases[i].word) && !strchr(err.text, '\n'));
    }
    erg_error err = { 0 };
    CHECK(!erg_profile_load(NULL, a10, "/no/such.json", &err) && err.code == ERG_NOT_FOUND);
    erg_hardware_free(a10);
}

static void a_user_profile_comes_before_the_shipped_one(void)
{
    char folder[ERG_PATH_MOST], path[ERG_PATH_MOST + 32];
    erg_hardware *a10 = room_hardware("a10");
    erg_error err = { 0 };

    snprintf(folder, sizeof(folder), "%s", test_folder());
    snprintf(path, sizeof(path), "%s/profiles", folder);
    CHECK(system((snprintf(path, sizeof(path), "mkdir %s/profiles", folder), path)) == 0);
    snprintf(path, sizeof(path), "%s/profiles/a10.json", folder);
    test_write(path, HEAD RULE "\"energy\":{\"rows\":7,\"byte_j\":1e-10}}");
    erg_catalog catalog = { .data_dir = room_catalog.data_dir, .user_dir = folder };
    erg_profile *profile = erg_profile_load(&catalog, a10, NULL, &err);
    CHECK_OK(profile != NULL, err);
    CHECK_TEXT(profile->name, "n");
    CHECK_NEAR(profile->energy.byte_j, 1e-10, 1e-20);
    CHECK(profile->energy.far_byte_j == 0);     /* one coefficient is of all bytes */
    erg_profile_free(profile);
    erg_hardware_free(a10);
}

/* However it was taken, it says little of a device that it was not taken on. */
static void a_profile_of_another_device_makes_no_calibrated_estimate(void)
{
    static const char *const names[] = { "a100-pcie-40gb", "a100-pcie-80gb" };
    erg_hardware *own = room_hardware(names[0]);
    erg_graph *graph = room_graph("zoo:bert_base", 1, ERG_BF16);
    const erg_estimate_options options = { .clock_hz = 900e6 };
    double widths[ERG_COUNT(names)];

    for (size_t i = 0; i < ERG_COUNT(names); i++) {
        erg_hardware *on = room_hardware(names[i]);
        erg_profile *profile = erg_profile_load(
            NULL, on, ERG_TEST_SOURCE "/data/profiles/a100-pcie-40gb.json", NULL);
        erg_estimation *made = erg_estimate_run(graph, on, profile, &options, NULL);
        CHECK(made->grade == (i ? ERG_THEORETICAL : ERG_CALIBRATED));
        CHECK((i != 0) == (strstr(made->notes[0], "calibrated on a100-pcie-40gb") != NULL));
        widths[i] = made->total.high_j / made->total.low_j;
        erg_estimation_free(made);
        erg_profile_free(profile);
        erg_hardware_free(on);
    }
    CHECK(widths[1] > widths[0] && widths[1] >= exp(2 * 0.5) * (1 - 1e-9));
    erg_graph_free(graph);
    erg_hardware_free(own);
}

/* Nobody measured them: by node, and every coefficient that is asked for is there. */
static void devices_without_rows_get_coefficients_by_node(void)
{
    static const struct { const char *name; double tensor_pj, vector_pj; } known[] = {
        { "t4", 0.71 * 2.5 / 1.8, 12 },
        { "p4", 0.71 * 2.7 / 1.8, 15 },
        { "h100-sxm5-80gb", 0.71 * 1.3 / 1.8, 9.1 * 1.3 / 1.8 },
        { "a100-sxm4-80gb", 0.71, 9.1 },
        { "rtx-3090", 1.21, 8.7 },
    };

    for (size_t i = 0; i < ERG_COUNT(known); i++) {
        erg_hardware *hardware = room_hardware(known[i].name);
        erg_error err = { 0 };
        erg_profile *profile = erg_profile_load(&room_catalog, hardware, NULL, &err);
        CHECK_OK(profile != NULL, err);
        const erg_energy_terms *e = &profile->energy;
        const double *tensor = e->op_j_per_flop[ERG_UNIT_TENSOR];

        CHECK(e->rows == 0 && e->byte_j > 20e-12 && e->byte_j < 300e-12);
        CHECK_NEAR(tensor[ERG_BF16] * 1e12, known[i].tensor_pj, 1e-9);
        CHECK_NEAR(e->op_j_per_flop[ERG_UNIT_VECTOR][ERG_FP32] * 1e12,
                   known[i].vector_pj, 1e-9);
        CHECK_NEAR(tensor[ERG_INT8] / tensor[ERG_BF16], 0.5, 1e-12);
        CHECK_NEAR(tensor[ERG_FP16] / tensor[ERG_BF16], 1, 1e-12);
        for (int precision = 0; precision < ERG_PRECISIONS; precision++)
            CHECK(tensor[precision] > 0
                  && e->op_j_per_flop[ERG_UNIT_VECTOR][precision] > 0);
        erg_profile_free(profile);
        erg_hardware_free(hardware);
    }
}

int main(void)
{
    static const test tests[] = {
        TEST(a_saved_profile_loads_as_it_was),
        TEST(what_is_no_profile_is_refused_with_its_fault),
        TEST(a_user_profile_comes_before_the_shipped_one),
        TEST(a_profile_of_another_device_makes_no_calibrated_estimate),
        TEST(devices_without_rows_get_coefficients_by_node),
    };
    return test_run(tests, ERG_COUNT(tests));
}

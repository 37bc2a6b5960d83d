/* SPDX-License-Identifier: Apache-2.0 */
/* Advice is the difference of two runs, and worth its name. */
#include "studies.h"

static void consumers_fall_and_hints_are_worth_it(void)
{
    erg_study what = small;
    what.top = 10;
    erg_result *result = study(&what, NULL);
    const erg_table *consumers = erg_result_find(result, "consumers");
    const erg_table *hints = erg_result_find(result, "hints");

    double peak_bytes =
        (double)erg_table_find(erg_result_find(result, "memory"), 0, "peak_bytes").integer;
    assert_int_equal(erg_table_row_count(consumers), 10);
    for (size_t i = 1; i < 10; i++)
        CHECK(real(consumers, i, "energy_j") <= real(consumers, i - 1, "energy_j"));
    CHECK(erg_table_row_count(hints) > 0);
    for (size_t i = 0; i < erg_table_row_count(hints); i++) {
        bool pays = real(hints, i, "saving") >= 0.05
            && real(hints, i, "energy_saving_j") > real(hints, i, "interval");
        CHECK(pays || real(hints, i, "memory_change_bytes") <= -0.05 * peak_bytes);
        if (i)
            CHECK(real(hints, i, "energy_saving_j")
                  <= real(hints, i - 1, "energy_saving_j"));
    }
    erg_result_free(result);
}

static size_t hint_row(const erg_table *hints, const char *name)
{
    size_t row = 0;

    while (row < erg_table_row_count(hints)
           && strcmp(erg_table_find(hints, row, "hint").text, name) != 0)
        row++;
    assert_true(row < erg_table_row_count(hints));
    return row;
}

/* One forward pass more is a third of a training step, and no more than that. */
static void memory_is_saved_for_a_price_that_is_computed(void)
{
    static const erg_study train = { .workload = "zoo:gpt2", .hardware = both,
        .hardware_count = 1, .batches = &batches[1], .batch_count = 1,
        .graph = { .phase = ERG_TRAIN, .seq = 256 } };
    erg_study decode = train;
    erg_result *result = study(&train, NULL);
    const erg_table *hints = erg_result_find(result, "hints");
    size_t row = hint_row(hints, "checkpointing");

    CHECK(real(hints, row, "saving") < 0 && real(hints, row, "saving") > -0.34);
    CHECK(real(hints, row, "latency_change_s") > 0);
    CHECK(real(hints, row, "memory_change_bytes") < 0);
    erg_result_free(result);

    decode.graph.phase = ERG_DECODE;
    result = study(&decode, NULL);
    hints = erg_result_find(result, "hints");
    row = hint_row(hints, "weight quantization");
    CHECK(real(hints, row, "memory_change_bytes") < 0);
    CHECK(real(hints, row, "energy_saving_j") > 0);
    erg_result_free(result);
}

/* A hint's saving is the difference of the two rows it compares. */
static void a_hint_is_a_run_with_one_change(void)
{
    erg_study what = small;
    what.precisions = precisions;
    what.precision_count = 2;
    what.batches = &batches[1];
    what.batch_count = 1;
    erg_result *result = study(&what, NULL);
    const erg_table *summary = erg_result_find(result, "summary");
    const erg_table *hints = erg_result_find(result, "hints");
    bool found = false;

    for (size_t i = 0; i < erg_table_row_count(hints); i++)
        if (strcmp(erg_table_find(hints, i, "change").text, "fp32 -> fp16") == 0) {
            CHECK_NEAR(real(hints, i, "energy_saving_j"),
                       real(summary, 0, "energy_j") - real(summary, 1, "energy_j"), 1e-12);
            found = true;
        }
    CHECK(found);
    erg_result_free(result);
}

static void a_hint_of_a_precision_says_the_accuracy_that_was_given(void)
{
    char path[ERG_PATH_MOST + 16];
    erg_study what = small;
    static const int64_t many[] = { 64 };

    snprintf(path, sizeof(path), "%s/accuracy.csv", test_folder());
    test_write(path, "workload,precision,accuracy\nresnet18,fp32,0.7\n"
                     "resnet18,bf16,0.69\nresnet34,int8,0.1\n");
    what.accuracy_path = path;
    what.batches = many;
    what.batch_count = 1;
    erg_result *result = study(&what, NULL);
    const erg_table *hints = erg_result_find(result, "hints");
    int found = 0;

    for (size_t i = 0; i < erg_table_row_count(hints); i++) {
        const char *change = erg_table_find(hints, i, "change").text;
        const char *condition = erg_table_find(hints, i, "condition").text;
        if (strcmp(change, "fp32 -> bf16") == 0)
            found += strcmp(condition, "accuracy 0.69, now 0.7") == 0;
        if (strcmp(change, "fp32 -> int8") == 0)
            found += strcmp(condition, "accuracy not known") == 0;
    }
    CHECK(found == 2);
    erg_result_free(result);
}

int main(void)
{
    static const test tests[] = {
        TEST(consumers_fall_and_hints_are_worth_it),
        TEST(memory_is_saved_for_a_price_that_is_computed),
        TEST(a_hint_is_a_run_with_one_change),
        TEST(a_hint_of_a_precision_says_the_accuracy_that_was_given),
    };
    return test_run(tests, ERG_COUNT(tests));
}

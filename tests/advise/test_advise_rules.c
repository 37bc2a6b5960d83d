/* SPDX-License-Identifier: Apache-2.0 */
/* Recompute and offload: the two sides of each rule, and where they are equal. */
#include "advise/advise.h"
#include "test.h"

/* H100: 700 W / 989 TFLOP/s = 0.71 pJ a FLOP at most. */
static void recompute_is_the_work_once_more_against_two_trips(void)
{
    const erg_energy_costs h100 = { 700 / 989e12, 20e-12, 100 };
    erg_recompute_item item = {
        .flop = 1e9, .bytes = 1e6, .time_s = 1e-6, .input_bytes = 2e6
    };

    CHECK_NEAR(h100.flop_j, 0.71e-12, 0.005e-12);
    erg_recompute_judge(&item, &h100);
    CHECK_NEAR(item.recompute_j, 1e9 * 700 / 989e12 + 1e-6 * 100, 1e-15);
    CHECK_NEAR(item.store_j, 2 * 1e6 * 20e-12, 1e-18);
    CHECK_NEAR(item.inputs_j, item.store_j, 1e-18);
}

static void rows_come_by_margin_and_say_when_inputs_must_be_at_hand(void)
{
    static const char csv[] = "tensor,flop,bytes,time_s,input_bytes\n"
                              "dear,1e9,1e6,0,0\ncheap,1e6,1e6,0,1e5\nfar,1e6,1e6,0,1e7\n";
    const erg_energy_costs costs = { 1e-12, 20e-12, 0 };
    static const char *const advice[] = { "recompute", "recompute if inputs are at hand",
                                          "store" };
    size_t count;
    erg_error err = { 0 };
    erg_recompute_item *items =
        erg_rows_parse(&erg_recompute_layout, "c", csv, sizeof(csv) - 1, &count, &err);

    CHECK_OK(items && count == 3, err);
    for (size_t i = 0; i < count; i++)
        erg_recompute_judge(&items[i], &costs);
    erg_result *result = erg_recompute_result(items, count, 20, "given", &err);
    CHECK_OK(result != NULL, err);
    for (size_t i = 0; i < count; i++)
        CHECK_TEXT(erg_table_find(erg_result_table(result, 0), i, "advice").text,
                   advice[i]);
    CHECK(strstr(erg_result_note_at(result, 0), "2 of 3"));
    erg_result_free(result);
    free(items);
}

static void an_operator_moves_only_in_time_and_for_fewer_joules(void)
{
    const erg_offload_item good = { "", 2, 1, 3, 4, 1, 6 };
    erg_offload_item late = good, dear = good;

    late.slack_s = 2.9;
    dear.gpu_j = 5; /* no fewer there: stays */
    CHECK(erg_offload_pays(&good));
    CHECK(!erg_offload_pays(&late));
    CHECK(!erg_offload_pays(&dear));
}

int main(void)
{
    static const test tests[] = {
        TEST(recompute_is_the_work_once_more_against_two_trips),
        TEST(rows_come_by_margin_and_say_when_inputs_must_be_at_hand),
        TEST(an_operator_moves_only_in_time_and_for_fewer_joules),
    };
    return test_run(tests, ERG_COUNT(tests));
}

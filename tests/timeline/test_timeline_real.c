/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A real A100 under a square wave: a meter of 1 ms and the edges of the load. Every rise of
 * the power has a begin of work near it, if the error of the clocks is counted; power leads
 * the stamps by up to 4 ms (shaping specification, section 9).
 */
#include "timeline/timeline.h"
#include "trace/recording.h"

enum { BEGINS = 77, RISES = 76 };

static recording meter, edges;
static erg_power_point points[RECORDING_MOST];
static int64_t begins_ns[BEGINS], rises_ns[RISES];

/* Work begins at every other one of the distinct edges. */
static void read_begins(int64_t late_ns)
{
    size_t distinct = 0, count = 0;
    int64_t last_ns = INT64_MIN;

    recording_read(&edges, "sensors/yang_a100_5050_load_edges.csv", 0);
    for (size_t i = 0; i < edges.count; i++) {
        if (edges.at[i].t_ns == last_ns)
            continue;
        last_ns = edges.at[i].t_ns;
        if (distinct++ % 2 == 0 && count < BEGINS)
            begins_ns[count++] = last_ns + late_ns;
    }
    CHECK(distinct == 153 && count == BEGINS);
}

/* More than 60 W within 10 ms. */
static void read_rises(void)
{
    const erg_spike_rule rule = { .above_w = INFINITY, .ramp_w_per_s = 6000 };
    erg_rows rows = { 0 };
    erg_error err = { 0 };

    recording_read(&meter, "sensors/yang_a100_5050_pmd_1ms.csv", 1);
    for (size_t i = 0; i < meter.count; i++)
        points[i] = (erg_power_point){ meter.at[i].t_ns, meter.at[i].value };
    CHECK_OK(erg_spikes_find(&(erg_rows){ .items = points, .count = meter.count }, &rule,
                             &rows, &err), err);
    CHECK(rows.count == RISES);
    for (size_t i = 0; i < RISES; i++)
        rises_ns[i] = ((const erg_spike *)rows.items)[i].begin_ns;
    free(rows.items);
}

/* Rises with a begin at most 10 ms before them, the clocks being right to unsure_ms. */
static erg_lift lift_of(int64_t unsure_ms, int64_t late_ns)
{
    erg_lift lift = { 0 };
    erg_error err = { 0 };

    read_begins(late_ns);
    read_rises();
    const erg_reach reach = {
        .span = { points[0].t_ns, points[meter.count - 1].t_ns },
        .before_ns = (10 + unsure_ms) * ERG_NS_PER_MS,
        .after_ns = unsure_ms * ERG_NS_PER_MS, .shifts = ERG_SHIFTS,
    };
    CHECK_OK(erg_lift_of(&(erg_moments){ begins_ns, BEGINS },
                         &(erg_moments){ rises_ns, RISES }, &reach, 1, &lift, &err), err);
    return lift;
}

static void every_rise_has_its_begin_of_work(void)
{
    erg_lift lift = lift_of(5, 0);

    print_message("# %zu of %d, lift %.2f, p %.3f\n", lift.near, RISES, lift.lift,
                  lift.p_value);
    CHECK(lift.near == RISES && lift.lift > 5);
}

static void begins_that_are_moved_by_a_quarter_period_explain_nothing(void)
{
    CHECK(lift_of(5, 26 * ERG_NS_PER_MS).near == 0);
}

static void clocks_that_are_trusted_too_much_lose_three_of_four(void)
{
    CHECK_NEAR((double)lift_of(1, 0).near / RISES, 0.24, 0.01);
}

int main(void)
{
    static const test tests[] = {
        TEST(every_rise_has_its_begin_of_work),
        TEST(begins_that_are_moved_by_a_quarter_period_explain_nothing),
        TEST(clocks_that_are_trusted_too_much_lose_three_of_four),
    };
    return test_run(tests, ERG_COUNT(tests));
}

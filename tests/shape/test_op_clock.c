/* SPDX-License-Identifier: Apache-2.0 */
/* The policy op_clock: by hand, and in worlds of regions by chance. */
#include "shape/op_clock.h"
#include "test.h"

#define DELTA_HZ (-200e6)
#define LEAST_S 0.5

/* Two rows of one table; op 3 stands in none. */
static erg_op_clock_in in_of(int op)
{
    static const erg_op_clock_in rows[] = {
        { 0, DELTA_HZ, LEAST_S, NAN }, { 1, DELTA_HZ, LEAST_S, NAN },
        { 2, 2 * DELTA_HZ, 4 * LEAST_S, NAN }, { 3, NAN, 0, NAN },
    };
    return op < 0 ? (erg_op_clock_in){ .op = -1, .delta_hz = NAN } : rows[op];
}

/* A region of that many seconds, told at its begin and its end; what it was run at. */
static double region(erg_op_clock *state, int op, double seconds, double rest_s)
{
    const erg_op_clock_in begins = in_of(op), ends = in_of(-1);
    double delta_hz = erg_op_clock_step(state, &begins, rest_s);
    erg_op_clock_step(state, &ends, seconds);
    return delta_hz;
}

static void a_long_name_is_lowered_from_its_second_region_on(void)
{
    erg_op_clock state;
    erg_op_clock_begin(&state);
    CHECK(region(&state, 0, 1, 1) == 0);
    for (int i = 0; i < 5; i++) {
        CHECK(region(&state, 0, 1, 1) == DELTA_HZ);
        CHECK(state.delta_hz == 0);         /* restored at its end */
    }
    CHECK(region(&state, 3, 10, 1) == 0 && region(&state, 3, 10, 1) == 0);
}

static void the_duration_is_smoothed_by_a_fifth(void)
{
    erg_op_clock state;
    erg_op_clock_begin(&state);
    region(&state, 0, 1, 1);
    region(&state, 0, 2, 1);
    CHECK_NEAR(state.mean_s[0], 1.2, 1e-12);
    region(&state, 0, 0.2, 1);
    CHECK_NEAR(state.mean_s[0], 1.0, 1e-12);
    region(&state, 1, 5, 1);
    CHECK_NEAR(state.mean_s[0], 1.0, 1e-12);    /* of each name by itself */
}

static void ten_times_what_a_switch_takes_must_fit(void)
{
    static const struct { double switch_s, want_hz; } rows[] = {
        { NAN, DELTA_HZ }, { 0, DELTA_HZ }, { 0.099, DELTA_HZ }, { 0.1, DELTA_HZ },
        { 0.101, 0 }, { 2, 0 },
    };
    for (size_t i = 0; i < ERG_COUNT(rows); i++) {
        erg_op_clock state;
        erg_op_clock_begin(&state);
        region(&state, 0, 1, 1);
        erg_op_clock_in in = in_of(0);
        in.switch_s = rows[i].switch_s;
        CHECK(erg_op_clock_step(&state, &in, 1) == rows[i].want_hz);
    }
}

static void one_that_ends_early_is_restored_when_the_least_is_over(void)
{
    const erg_op_clock_in none = in_of(-1), first = in_of(0), same = in_of(1);
    erg_op_clock state;
    erg_op_clock_begin(&state);
    region(&state, 0, 1, 1);
    region(&state, 1, 1, 1);
    CHECK(region(&state, 0, 0.1, 1) == DELTA_HZ && state.delta_hz == DELTA_HZ);
    CHECK(erg_op_clock_step(&state, &none, 0.25) == DELTA_HZ);
    CHECK(erg_op_clock_step(&state, &none, 0.25) == 0);
    /* What comes too soon stays at the base clock, to its end. */
    CHECK(erg_op_clock_step(&state, &first, 0.25) == 0);
    CHECK(erg_op_clock_step(&state, &first, 0.9) == 0);
    CHECK(erg_op_clock_step(&state, &none, 0.1) == 0);
    /* Another name with the same delta goes on with it: no change. */
    CHECK(erg_op_clock_step(&state, &first, 1) == DELTA_HZ);
    CHECK(erg_op_clock_step(&state, &same, 0.1) == DELTA_HZ);
    CHECK(erg_op_clock_step(&state, &same, 5) == DELTA_HZ);
    CHECK(erg_op_clock_step(&state, &none, 0.1) == 0);
}

static void who_is_forgotten_leaves_the_clock_as_it_was(void)
{
    const erg_op_clock_in none = in_of(-1), first = in_of(0);
    erg_op_clock state;
    erg_op_clock_begin(&state);
    region(&state, 0, 1, 1);
    CHECK(erg_op_clock_step(&state, &first, 1) == DELTA_HZ);
    erg_op_clock_forget(&state);
    CHECK(erg_op_clock_step(&state, &none, 0.1) == DELTA_HZ);   /* no sooner than allowed */
    CHECK(erg_op_clock_step(&state, &none, 1) == 0);
    CHECK(region(&state, 0, 1, 1) == 0);            /* and learns anew */
    CHECK(region(&state, 0, 1, 1) == DELTA_HZ);
}

static void no_clock_is_below_the_least_nor_above_the_base(void)
{
    CHECK(erg_op_clock_hz(1410e6, -200e6, 210e6) == 1210e6);
    CHECK(erg_op_clock_hz(1410e6, -2e9, 210e6) == 210e6);
    CHECK(erg_op_clock_hz(1410e6, 0, 210e6) == 1410e6);
    CHECK(erg_op_clock_hz(1410e6, 5e8, 210e6) == 1410e6);
    CHECK(erg_op_clock_hz(200e6, -1e6, 210e6) == 200e6);    /* it is never raised */
}

/* ---- by chance ---------------------------------------------------------------------- */

typedef struct world {
    test_random random;
    double step_s, scale_s[4];      /* how long regions of each op are */
    int op;
    double left_s;
} world;

static void world_next(world *of)
{
    of->left_s -= of->step_s;
    if (of->left_s > 0)
        return;
    of->op = (int)(5 * test_uniform(&of->random)) - 1;
    of->left_s = (of->op < 0 ? 0.3 : of->scale_s[of->op]) * 2 * test_uniform(&of->random);
}

static world world_of(uint64_t seed)
{
    world of = { .random = { seed }, .op = -1 };
    of.step_s = 0.005 + 0.1 * test_uniform(&of.random);
    for (int i = 0; i < 4; i++)
        of.scale_s[i] = 3 * test_uniform(&of.random);
    return of;
}

static void changes_are_never_closer_than_the_least_region(void)
{
    size_t changes = 0;
    for (uint64_t seed = 1; seed <= 300; seed++) {
        world of = world_of(seed);
        erg_op_clock state;
        double was_hz = 0, last_s = -INFINITY, low_s = NAN, t_s = 0;
        erg_op_clock_begin(&state);
        for (int i = 0; i < 2000; i++, t_s += of.step_s) {
            world_next(&of);
            const erg_op_clock_in in = in_of(of.op);
            double now_hz = erg_op_clock_step(&state, &in, of.step_s);
            CHECK(now_hz == 0 || now_hz == DELTA_HZ || now_hz == 2 * DELTA_HZ);
            if (now_hz == was_hz)
                continue;
            changes++;
            CHECK(t_s - last_s > LEAST_S - 1e-9);
            /* The row that lowers sets how long it holds. */
            CHECK(was_hz != 2 * DELTA_HZ || t_s - low_s > 4 * LEAST_S - 1e-9);
            CHECK(now_hz == 0 || now_hz == in.delta_hz);    /* lowered for what runs */
            last_s = low_s = t_s;
            was_hz = now_hz;
        }
    }
    print_message("# %zu changes\n", changes);
    CHECK(changes > 1000);
}

/* No region of these names lasts as long as their rows ask for. */
static void short_names_never_turn_a_clock(void)
{
    for (uint64_t seed = 1; seed <= 100; seed++) {
        world of = world_of(seed);
        erg_op_clock state;
        double lag_s = 0;
        erg_op_clock_begin(&state);
        for (int i = 0; i < 4; i++)
            of.scale_s[i] = 0.19;           /* twice it, and a step: below 0.49 s */
        for (int i = 0; i < 2000; i++) {
            world_next(&of);
            erg_op_clock_in in = in_of(of.op);
            if (of.op == state.op && lag_s + of.step_s > 0.4)
                in = in_of(-1);             /* by chance the same name again: an end */
            lag_s = in.op == state.op ? lag_s + of.step_s : 0;
            CHECK(erg_op_clock_step(&state, &in, of.step_s) == 0);
        }
    }
}

static void after_the_end_the_clock_is_the_base_one(void)
{
    for (uint64_t seed = 1; seed <= 300; seed++) {
        const erg_op_clock_in none = in_of(-1);
        world of = world_of(seed);
        erg_op_clock state;
        erg_op_clock_begin(&state);
        for (int i = 0; i < 500; i++) {
            world_next(&of);
            const erg_op_clock_in in = in_of(of.op);
            erg_op_clock_step(&state, &in, of.step_s);
        }
        erg_op_clock_step(&state, &none, of.step_s);
        CHECK(erg_op_clock_step(&state, &none, 4 * LEAST_S) == 0);
        CHECK(erg_op_clock_step(&state, &none, 100) == 0);
    }
}

static void a_copy_goes_on_as_the_first(void)
{
    for (uint64_t seed = 1; seed <= 50; seed++) {
        world of = world_of(seed);
        erg_op_clock state, copy;
        erg_op_clock_begin(&state);
        for (int i = 0; i < 2000; i++) {
            world_next(&of);
            const erg_op_clock_in in = in_of(of.op);
            memcpy(&copy, &state, sizeof(copy));
            double first_hz = erg_op_clock_step(&state, &in, of.step_s);
            CHECK(erg_op_clock_step(&copy, &in, of.step_s) == first_hz);
            CHECK(copy.op == state.op && copy.held_s == state.held_s);
            CHECK(copy.hold_s == state.hold_s && copy.is_wanted == state.is_wanted);
        }
    }
}

static void what_is_no_number_turns_nothing(void)
{
    static const double bad[] = { NAN, INFINITY, -INFINITY, -1 };
    erg_op_clock state;
    erg_op_clock_begin(&state);
    for (size_t i = 0; i < ERG_COUNT(bad); i++)
        for (int op = -3; op < ERG_OPS_MOST + 3; op++) {
            const erg_op_clock_in in = { op, bad[i] < 0 ? NAN : bad[i], bad[i], bad[i] };
            CHECK(erg_op_clock_step(&state, &in, bad[i]) == 0);
            CHECK(state.held_s >= 0 && state.region_s >= 0);
        }
}

int main(void)
{
    static const test tests[] = {
        TEST(a_long_name_is_lowered_from_its_second_region_on),
        TEST(the_duration_is_smoothed_by_a_fifth),
        TEST(ten_times_what_a_switch_takes_must_fit),
        TEST(one_that_ends_early_is_restored_when_the_least_is_over),
        TEST(who_is_forgotten_leaves_the_clock_as_it_was),
        TEST(no_clock_is_below_the_least_nor_above_the_base),
        TEST(changes_are_never_closer_than_the_least_region),
        TEST(short_names_never_turn_a_clock),
        TEST(after_the_end_the_clock_is_the_base_one),
        TEST(a_copy_goes_on_as_the_first),
        TEST(what_is_no_number_turns_nothing),
    };
    return test_run(tests, ERG_COUNT(tests));
}

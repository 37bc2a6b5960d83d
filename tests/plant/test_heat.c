/* SPDX-License-Identifier: Apache-2.0 */
/* The warm board against closed forms, and its energy against itself. */
#include "plant/heat.h"
#include "test.h"

typedef struct square { double watts, period_s; } square;

static double square_w(void *self, double t_s)
{
    const square *of = self;
    return fmod(t_s, of->period_s) < of->period_s / 2 ? of->watts : 0;
}

static double constant_w(void *self, double t_s)
{
    (void)t_s;
    return *(double *)self;
}

static erg_heat_facts board(void)
{
    return erg_heat_of_board(60, 400, 20);
}

/* Two nodes under constant power P from rest at ambient: x = x_inf - V exp(L t) V^-1 x_inf,
 * with the eigenvalues of the 2 x 2 matrix. The die's rise. */
static double rise_k(const erg_heat_facts *of, double power_w, double t_s)
{
    double g1 = 1 / of->die_k_per_w;
    double g2 = 1 / of->still_k_per_w
                + of->fan * (1 / of->full_k_per_w - 1 / of->still_k_per_w);
    double a = -g1 / of->die_j_per_k, b = g1 / of->die_j_per_k;
    double c = g1 / of->sink_j_per_k, d = -(g1 + g2) / of->sink_j_per_k;
    double half = (a + d) / 2, root = sqrt(half * half - (a * d - b * c));
    double fast = half - root, slow = half + root;
    double die_k = power_w * (1 / g1 + 1 / g2), sink_k = power_w / g2;
    /* Eigenvector of l: (b, l - a). */
    double slow_share = (sink_k * b - (fast - a) * die_k) / (b * (slow - fast));
    double fast_share = (die_k - slow_share * b) / b;
    return die_k - b * (slow_share * exp(slow * t_s) + fast_share * exp(fast * t_s));
}

static void the_die_follows_the_closed_form_of_two_nodes(void)
{
    static erg_heat plant;
    erg_heat_facts facts = board();
    double watts = 200;
    facts.fan = 0.7;
    facts.leak_w_per_k = 0;
    facts.limit_k = INFINITY;
    erg_heat_begin(&plant, &facts);
    for (int i = 1; i <= 60; i++) {
        erg_heat_run(&plant, 2 * i, &(erg_heat_demand){ constant_w, &watts });
        CHECK_NEAR(plant.die_k - facts.ambient_k, rise_k(&facts, 260, 2 * i), 1e-3);
    }
    /* 84 K above ambient at the board's power is what its cooler is made for. */
    CHECK_NEAR(rise_k(&facts, 400, 1e4), 84, 1e-9);
}

static void what_goes_in_comes_out_or_is_stored(void)
{
    static erg_heat plant;
    erg_heat_facts facts = board();
    square load = { 340, 7 };
    facts.ambient_k = 308.15; /* so that it throttles, and its fan moves */
    erg_heat_begin(&plant, &facts);
    bool was_throttled = false;
    for (int i = 1; i <= 600; i++) {
        erg_heat_run(&plant, i, &(erg_heat_demand){ square_w, &load });
        CHECK_NEAR(plant.in_j - plant.out_j - plant.stored_j, 0, 1e-9 * plant.in_j);
        was_throttled |= (plant.reasons & ERG_HEAT_THERMAL) != 0;
    }
    CHECK(was_throttled);
    CHECK(plant.out_j > 0.8 * plant.in_j && plant.stored_j > 100);
    CHECK_NEAR(erg_heat_j(&plant, 560, 600),
               plant.in_j - erg_heat_j(&plant, 0, 560), 1e-6);
}

static void one_history_whatever_the_looks(void)
{
    static erg_heat often, seldom;
    erg_heat_facts facts = board();
    square load = { 340, 7 };
    erg_heat_begin(&often, &facts);
    erg_heat_begin(&seldom, &facts);
    for (int i = 0; i <= 6000; i++)
        erg_heat_run(&often, 0.02 * i, &(erg_heat_demand){ square_w, &load });
    erg_heat_run(&seldom, 120, &(erg_heat_demand){ square_w, &load });
    CHECK(memcmp(&often, &seldom, sizeof(often)) == 0);
}

static void heat_takes_the_clock_down_and_work_stretches(void)
{
    static erg_heat plant;
    erg_heat_facts facts = board();
    double watts = 340;
    facts.ambient_k = 313.15;
    erg_heat_begin(&plant, &facts);
    erg_heat_run(&plant, 10, &(erg_heat_demand){ constant_w, &watts });
    CHECK_NEAR(plant.work_s, 10, 1e-9);
    erg_heat_run(&plant, 200, &(erg_heat_demand){ constant_w, &watts });
    double work_s = plant.work_s, in_j = plant.in_j;
    erg_heat_run(&plant, 300, &(erg_heat_demand){ constant_w, &watts });
    CHECK(plant.reasons == ERG_HEAT_THERMAL && plant.clock < 0.99);
    CHECK_NEAR(plant.die_k, facts.limit_k, 2);
    CHECK(plant.work_s - work_s < 99 && plant.work_s - work_s > 50);
    CHECK(plant.in_j - in_j < 100 * 400);
    watts = 0;
    erg_heat_run(&plant, 400, &(erg_heat_demand){ constant_w, &watts });
    CHECK(plant.reasons == ERG_HEAT_IDLE && plant.clock == 1);
}

static void a_power_limit_is_kept_and_named(void)
{
    static erg_heat plant;
    erg_heat_facts facts = board();
    double watts = 340;
    erg_heat_begin(&plant, &facts);
    plant.limit_w = 250;
    for (int i = 1; i <= 100; i++) {
        erg_heat_run(&plant, 0.2 * i, &(erg_heat_demand){ constant_w, &watts });
        CHECK(plant.power_w < 250.5 && plant.power_w > 230);
        CHECK(plant.reasons == ERG_HEAT_POWER_CAP);
    }
    plant.limit_w = INFINITY;
    plant.clock_cap = 0.5;
    erg_heat_run(&plant, 21, &(erg_heat_demand){ constant_w, &watts });
    CHECK(plant.reasons == 0 && plant.clock == 0.5);
}

static void a_sensor_sees_its_past(void)
{
    static erg_heat plant;
    erg_heat_facts facts = board();
    square load = { 200, 10 };
    facts.leak_w_per_k = 0;
    erg_heat_begin(&plant, &facts);
    erg_heat_run(&plant, 100, &(erg_heat_demand){ square_w, &load });
    erg_plant_sensor second = { .update_s = 0.1, .window_s = 1, .delay_s = 2 };
    erg_plant_counter count = { .update_s = 0.1, .step_j = 1e-3 };
    erg_plant_view view = erg_heat_view(&plant);
    /* At 97.55 the window was 94.5..95.5: half of it load. */
    CHECK_NEAR(erg_plant_sensor_see(&second, view, erg_ns_from_s(97.55)), 160, 1e-6);
    CHECK_NEAR(erg_plant_counter_see(&count, view, erg_ns_from_s(100)), 100 * 160, 2e-3);
    /* Older than all that is kept: a mean over what is not known is not made up. */
    CHECK_NEAR(erg_heat_j(&plant, 1, 2), 0, 1e-9);
    CHECK_NEAR(erg_heat_j(&plant, -3, -1), 120, 1e-9);
}

int main(void)
{
    static const test tests[] = {
        TEST(the_die_follows_the_closed_form_of_two_nodes),
        TEST(what_goes_in_comes_out_or_is_stored),
        TEST(one_history_whatever_the_looks),
        TEST(heat_takes_the_clock_down_and_work_stretches),
        TEST(a_power_limit_is_kept_and_named),
        TEST(a_sensor_sees_its_past),
    };
    return test_run(tests, ERG_COUNT(tests));
}

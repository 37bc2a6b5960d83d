/* SPDX-License-Identifier: Apache-2.0 */
/* Laws under limits: joules above a level by hand and against small steps, and turns. */
#include "plant/capped.h"
#include "test.h"

static void joules_above_a_level_are_those_of_small_steps(void)
{
    static const char *const texts[] = {
        "constant:100W", "square:80:400:8s", "square:80:400:104.34ms:0.3", "ramp:50:450:3s",
        "list:80:2s:400:500ms:120W:1s", "square:0:300:1s:25%+ramp:10:200:5s+constant:3",
    };
    static const double levels_w[] = { 0, 90, 110, 250, 500 };
    enum { STEPS = 200000 };
    const double begin_s = 0.37, end_s = 7.75, step_s = (end_s - begin_s) / STEPS;

    for (size_t i = 0; i < ERG_COUNT(texts) * ERG_COUNT(levels_w); i++) {
        double level_w = levels_w[i % ERG_COUNT(levels_w)], sum_j = 0;
        erg_law law;
        CHECK(erg_law_parse(texts[i / ERG_COUNT(levels_w)], &law, NULL));
        for (int k = 0; k < STEPS; k++)
            sum_j += fmax(0, erg_law_w(&law, begin_s + (k + 0.5) * step_s) - level_w)
                * step_s;
        CHECK_NEAR(erg_law_above_j(&law, level_w, begin_s, end_s), sum_j, 0.05);
    }
}

/* 320 W above 80 W half of the time, at a time so late that its edges are rounded. */
static void edges_are_found_however_late(void)
{
    erg_law square = erg_law_square(80, 400, 0.1, 0.5);

    CHECK_NEAR(erg_law_above_j(&square, 200, 0, 100), 200 * 50, 1e-6);
    CHECK_NEAR(erg_law_above_j(&square, 200, 1e6, 1e6 + 100), 200 * 50, 1e-2);
    CHECK_NEAR(erg_law_above_j(&square, 200, 1e6 + 0.02, 1e6 + 0.07), 200 * 0.03, 1e-6);
}

static void a_turn_changes_nothing_before_it(void)
{
    erg_law law = erg_law_constant(400);
    erg_capped capped = { .law = &law };
    erg_plant_view view = erg_capped_view(&capped);

    CHECK_NEAR(view.energy_j(view.self, 0, 10), 4000, 1e-9);
    erg_capped_turn_to(&capped, 10, 250);
    erg_capped_turn_to(&capped, 14, INFINITY);
    CHECK_NEAR(view.power_w(view.self, 9.99), 400, 0);
    CHECK_NEAR(view.power_w(view.self, 10), 250, 0);
    CHECK_NEAR(view.power_w(view.self, 14), 400, 0);
    CHECK_NEAR(view.energy_j(view.self, 0, 10), 4000, 1e-9);
    CHECK_NEAR(view.energy_j(view.self, 9, 11), 650, 1e-9);
    CHECK_NEAR(view.energy_j(view.self, 0, 20), 4000 + 1000 + 2400, 1e-9);
}

/* 100 W more on 100 W: cut by a limit of 150 W, and not before it nor after it. */
static void what_is_added_is_counted_until_it_is_cut(void)
{
    erg_law law = erg_law_square(100, 200, 2, 0.5);
    erg_capped capped = { .law = &law };
    erg_plant_view view = erg_capped_view(&capped);

    double low_w = erg_law_w(&law, 10.5), high_w = erg_law_w(&law, 11.5);
    erg_capped_fill(&capped, 10, 100);
    erg_capped_turn_to(&capped, 20, 250);
    erg_capped_fill(&capped, 30, 0);
    CHECK_NEAR(view.power_w(view.self, 9.5), high_w, 0);
    CHECK_NEAR(view.power_w(view.self, 10.5), low_w + 100, 1e-12);
    CHECK_NEAR(view.power_w(view.self, 20.5), fmin(250, low_w + 100), 1e-12);
    CHECK_NEAR(view.power_w(view.self, 21.5), fmin(250, high_w + 100), 1e-12);
    CHECK_NEAR(view.power_w(view.self, 30.5), low_w, 0);
    CHECK_NEAR(view.energy_j(view.self, 0, 10), 1500, 1e-9);
    CHECK_NEAR(view.energy_j(view.self, 10, 20), 2500, 1e-9);
    CHECK_NEAR(view.energy_j(view.self, 20, 30), 200 * 5 + 250 * 5, 1e-9);
    CHECK_NEAR(view.energy_j(view.self, 30, 40), 1500, 1e-9);
}

/* A governor turns for hours; what a counter counts from the beginning must stay exact. */
static void a_thousand_turns_lose_no_joule(void)
{
    erg_law law = erg_law_square(100, 400, 0.7, 0.5);
    erg_capped capped = { .law = &law };
    erg_plant_view view = erg_capped_view(&capped);
    double sum_j = 0;

    for (int i = 0; i < 1000; i++) {
        double limit_w = i % 3 ? 150.0 + i % 7 * 30 : (double)INFINITY;
        erg_capped_turn_to(&capped, i, limit_w);
        for (double t_s = i + 0.1; t_s < i + 1; t_s += 0.1)
            erg_capped_mark(&capped, t_s);
        sum_j += erg_law_j(&law, i, i + 1) - erg_law_above_j(&law, limit_w, i, i + 1);
    }
    CHECK(capped.count == ERG_CAPPED_MOST);
    CHECK_NEAR(view.energy_j(view.self, 0, 1000), sum_j, 1e-6);
    CHECK_NEAR(view.energy_j(view.self, 990, 1000) + view.energy_j(view.self, 0, 990),
               sum_j, 1e-6);
}

/* Marks on one long limit: the same joules as without. */
static void marks_only_save_work(void)
{
    erg_law law = erg_law_square(100, 400, 0.7, 0.5);
    erg_capped marked = { .law = &law }, plain = { .law = &law };
    erg_plant_view a = erg_capped_view(&marked), b = erg_capped_view(&plain);

    erg_capped_turn_to(&marked, 1, 200);
    erg_capped_turn_to(&plain, 1, 200);
    for (int i = 0; i < 2000; i++)
        erg_capped_mark(&marked, 1 + 0.37 * i);
    CHECK(marked.count == ERG_CAPPED_MOST && plain.count == 1);
    CHECK_NEAR(a.energy_j(a.self, 0, 740), b.energy_j(b.self, 0, 740), 1e-6);
}

int main(void)
{
    static const test tests[] = {
        TEST(joules_above_a_level_are_those_of_small_steps),
        TEST(edges_are_found_however_late),
        TEST(a_turn_changes_nothing_before_it),
        TEST(what_is_added_is_counted_until_it_is_cut),
        TEST(a_thousand_turns_lose_no_joule),
        TEST(marks_only_save_work),
    };
    return test_run(tests, ERG_COUNT(tests));
}

/* SPDX-License-Identifier: Apache-2.0 */
/* Order of operators: by hand, against all orders, and never worse than given. */
#include "advise/advise.h"
#include "erg/estimate.h"
#include "test.h"

enum { FEW = 7 };

static bool is_valid(const erg_order_problem *is, const size_t order[])
{
    size_t place[64] = { 0 };
    bool there[64] = { false };

    for (size_t k = 0; k < is->count; k++) {
        place[order[k]] = k;
        if (there[order[k]])
            return false;
        there[order[k]] = true;
    }
    for (size_t e = 0; e < is->edge_count; e++)
        if (place[is->edges[e].from] >= place[is->edges[e].to])
            return false;
    return true;
}

/* 50 ms at 1000 W, 50 ms at 300 W: over 100 ms one of each is 650 W,
 * two heavy ones 1000 W. */
static void heavy_ones_go_between_light_ones(void)
{
    erg_order_item items[] = {
        { "a", "", 0.05, 1000 }, { "b", "", 0.05, 1000 }, { "c", "", 0.05, 1000 },
        { "x", "", 0.05, 300 },  { "y", "", 0.05, 300 },  { "z", "", 0.05, 300 },
    };
    const erg_order_problem is = { items, 6, NULL, 0, 0.1 };
    size_t order[6], given[] = { 0, 1, 2, 3, 4, 5 };

    CHECK_NEAR(erg_order_peak_w(&is, given, NULL), 1000, 1e-9);
    CHECK(erg_order_solve(&is, order, NULL) && is_valid(&is, order));
    CHECK_NEAR(erg_order_peak_w(&is, order, NULL), 650, 1e-9);
}

static void what_needs_another_stays_behind_it(void)
{
    erg_order_item items[] = {
        { "a", "", 0.05, 1000 }, { "b", "a", 0.05, 1000 }, { "x", "b", 0.05, 300 },
        { "y", "x;a", 0.05, 300 },
    };
    size_t count, order[4];
    erg_error err = { 0 };
    erg_order_edge *edges = erg_order_edges(items, 4, &count, &err);
    CHECK_OK(edges, err);
    const erg_order_problem is = { items, 4, edges, count, 0.1 };

    CHECK(count == 4 && erg_order_solve(&is, order, NULL));
    for (size_t i = 0; i < 4; i++)
        CHECK(order[i] == i);           /* there is no other */
    free(edges);
}

static void a_need_that_comes_later_is_named(void)
{
    const erg_order_item items[] = { { "a", "b", 1, 1 }, { "b", "", 1, 1 } };
    erg_error err = { 0 };
    size_t count;

    CHECK(!erg_order_edges(items, 2, &count, &err));
    CHECK(err.code == ERG_BAD_INPUT && strstr(err.text, "a needs b"));
}

/* Small steps see what the closed form says. */
static void the_peak_is_that_of_small_steps(void)
{
    test_random random = { 5 };
    erg_order_item items[FEW] = { 0 };
    size_t order[FEW];
    double power_w[1000], sum_s = 0;
    const erg_order_problem is = { items, FEW, NULL, 0, 0.1 };
    size_t at = 0;

    for (size_t i = 0; i < FEW; i++) {
        items[i].time_s = 1e-3 * (double)(20 + (int)(100 * test_uniform(&random)));
        items[i].power_w = 100 + 900 * test_uniform(&random);
        order[i] = i;
        sum_s += items[i].time_s;
        for (double t_s = 0; t_s < items[i].time_s - 1e-6; t_s += 1e-3)
            power_w[at++] = items[i].power_w;
    }
    double most_w = 0;
    for (size_t begin = 0; begin + 100 <= at; begin++) {
        double mean_w = 0;
        for (size_t k = 0; k < 100; k++)
            mean_w += power_w[begin + k] / 100;
        most_w = fmax(most_w, mean_w);
    }
    CHECK_NEAR((double)at, 1e3 * sum_s, 0.5);
    CHECK_NEAR(erg_order_peak_w(&is, order, NULL), most_w, 1e-6);
}

static double best_of_all(const erg_order_problem *is, size_t order[], size_t fixed)
{
    double least_w = INFINITY;

    if (fixed == is->count)
        return is_valid(is, order) ? erg_order_peak_w(is, order, NULL) : INFINITY;
    for (size_t k = fixed; k < is->count; k++) {
        size_t swap = order[fixed];
        order[fixed] = order[k], order[k] = swap;
        least_w = fmin(least_w, best_of_all(is, order, fixed + 1));
        swap = order[fixed];
        order[fixed] = order[k], order[k] = swap;
    }
    return least_w;
}

/* Of 40 random ones of six operators most have the least peak of all 720 orders. */
static void it_is_close_to_the_best_of_all_orders(void)
{
    enum { TRIES = 40, SIX = 6 };
    test_random random = { 9 };
    int best = 0;

    for (int t = 0; t < TRIES; t++) {
        erg_order_item items[SIX] = { 0 };
        erg_order_edge edges[3];
        size_t order[SIX] = { 0, 1, 2, 3, 4, 5 }, found[SIX];
        for (size_t i = 0; i < SIX; i++) {
            items[i].time_s = 0.02 + 0.08 * test_uniform(&random);
            items[i].power_w = 100 + 900 * test_uniform(&random);
        }
        for (size_t e = 0; e < 3; e++) {
            size_t to = 1 + (size_t)(5 * test_uniform(&random));
            edges[e] = (erg_order_edge){ (size_t)((double)to * test_uniform(&random)), to };
        }
        const erg_order_problem is = { items, SIX, edges, 3, 0.1 };
        double given_w = erg_order_peak_w(&is, order, NULL);
        CHECK(erg_order_solve(&is, found, NULL) && is_valid(&is, found));
        double peak_w = erg_order_peak_w(&is, found, NULL);
        double least_w = best_of_all(&is, order, 0);
        CHECK(peak_w <= given_w && peak_w >= least_w * (1 - 1e-12));
        best += peak_w <= least_w * (1 + 1e-9);
    }
    print_message("# the best of all orders in %d of %d\n", best, TRIES);
    CHECK(best >= 25);
}

/* By the graph itself: nothing goes before what it needs, and nothing is lost. */
static void check_graph(const char *workload, const erg_advise_device *on)
{
    erg_error err = { 0 };
    erg_result *result = erg_advise_order_of_graph(workload, 0, on, &err);
    CHECK_OK(result, err);
    const erg_table *totals = erg_result_find(result, "totals");
    const erg_table *rows = erg_result_find(result, "order");
    size_t count = erg_table_row_count(rows);
    double mean_w = erg_table_find(totals, 0, "mean_w").real;
    double peak_w = erg_table_find(totals, 0, "peak_w").real;

    CHECK(mean_w > 0 && peak_w >= mean_w * (1 - 1e-9));
    CHECK(peak_w <= erg_table_find(totals, 0, "peak_given_w").real);
    erg_graph *graph = erg_graph_load(workload, &(erg_graph_options){ 0 }, &err);
    CHECK_OK(graph, err);
    erg_partition *cut = erg_graph_partition(graph, ERG_FUSION_NONE, &err);
    CHECK_OK(cut, err);
    CHECK(cut->subgraph_count == (int32_t)count);
    bool *is_over = calloc(count, sizeof(*is_over));
    for (size_t k = 0; k < count; k++) {
        size_t was = (size_t)erg_table_find(rows, k, "was").integer - 1;
        CHECK(was < count && !is_over[was]);
        for (int32_t n = 0; n < cut->subgraphs[was].need_count; n++)
            CHECK(is_over[cut->subgraphs[was].needs[n]]);
        is_over[was] = true;
    }
    free(is_over);
    erg_partition_free(cut);
    erg_graph_free(graph);
    erg_result_free(result);
}

static void launches_of_a_graph_keep_its_needs(void)
{
    static const erg_catalog catalog = { .data_dir = ERG_TEST_SOURCE "/data" };
    const erg_advise_device on = { .catalog = &catalog, .hardware = "a100-pcie-40gb" };
    erg_error err = { 0 };

    check_graph("zoo:yolov8n", &on);
    check_graph("zoo:t5_small", &on);
    CHECK(!erg_advise_order_of_graph("zoo:resnet18", 0, &(erg_advise_device){ 0 }, &err)
          && strstr(err.text, "--on HARDWARE"));
}

int main(void)
{
    static const test tests[] = {
        TEST(heavy_ones_go_between_light_ones),
        TEST(what_needs_another_stays_behind_it),
        TEST(a_need_that_comes_later_is_named),
        TEST(the_peak_is_that_of_small_steps),
        TEST(it_is_close_to_the_best_of_all_orders),
        TEST(launches_of_a_graph_keep_its_needs),
    };
    return test_run(tests, ERG_COUNT(tests));
}

/* SPDX-License-Identifier: Apache-2.0 */
/* Terms of time are found again from times that were made with them. */
#include "estimate/time_fit.h"
#include "test.h"
#include "workload/build.h"

static const int64_t lengths[] = { 64, 512, 4096, 8192, 16384, 65536 };
static const int64_t widths[] = { 64, 1000, 4096, 16384, 65536 };
enum { LENGTHS = ERG_COUNT(lengths), ROWS = LENGTHS * ERG_COUNT(widths) };

static const erg_hardware gpu = {
    .name = "round", .kind = ERG_GPU, .units = 50, .lanes_per_unit = 64,
    .threads_per_unit = 2048, .warp = 32, .memory_bytes_per_s = 1e12, .l2_bytes = 10e6,
    .l2_bytes_per_s = NAN, .launch_s = NAN, .host_s = NAN,
    .peak_flop_per_s = { [ERG_UNIT_VECTOR] = { [ERG_FP32] = 1e13 } },
    .peak_clock_hz = { [ERG_UNIT_VECTOR] = 1e9 },
};

static erg_graph *product(int64_t rows, int64_t inner)
{
    const int64_t dims[] = { rows, inner };
    erg_error err = { 0 };
    erg_builder *b = erg_build_begin("product", "test", NULL, &err);
    int32_t x = erg_build_tensor(b, ERG_INPUT, NULL, 2, dims, 0);

    erg_build_output(b, erg_build_linear(b, "product", x, 1024, false));
    erg_graph *graph = erg_build_end(b, &err);
    CHECK_OK(graph, err);
    return graph;
}

static void single_products_tell_tiles_and_long_rows(void)
{
    erg_graph *graphs[ROWS];
    erg_partition *cuts[ROWS];
    erg_timed_row rows[ROWS];
    erg_time_terms terms[ERG_UNIT_CLASSES], truth[ERG_UNIT_CLASSES];
    erg_error err = { 0 };

    for (int class = 0; class < ERG_UNIT_CLASSES; class++)
        terms[class] = truth[class] = erg_time_shared(&gpu, (erg_unit_class)class);
    truth[ERG_UNIT_VECTOR].share = 0.7;
    truth[ERG_UNIT_VECTOR].tile_64 = 0.6;
    truth[ERG_UNIT_VECTOR].long_cost = 1.5;
    for (size_t i = 0; i < ROWS; i++) {
        graphs[i] = product(widths[i / LENGTHS], lengths[i % LENGTHS]);
        cuts[i] = erg_graph_partition(graphs[i], ERG_FUSION_NONE, &err);
        CHECK_OK(cuts[i], err);
        rows[i] = (erg_timed_row){ .partition = cuts[i], .runtime = ERG_EAGER };
        rows[i].measured_s = erg_time_of_row(&rows[i], &gpu, truth);
    }
    erg_time_fit fit = { &gpu, rows, ROWS, ERG_UNIT_VECTOR, ERG_FREE_TILES };
    CHECK(erg_time_loss(&fit, terms) > 0.15);
    if (!erg_time_fit_terms(&fit, terms, &err) && err.code == ERG_UNSUPPORTED)
        SKIP(err.text);
    CHECK_TEXT(err.text, "");
    CHECK(erg_time_loss(&fit, terms) < 0.05);
    CHECK(terms[ERG_UNIT_VECTOR].long_cost > 1);
    CHECK(terms[ERG_UNIT_VECTOR].tile_64 < 0.75);
    for (size_t i = 0; i < ROWS; i++) {
        erg_partition_free(cuts[i]);
        erg_graph_free(graphs[i]);
    }
}

int main(void)
{
    static const test tests[] = {
        TEST(single_products_tell_tiles_and_long_rows),
    };
    return test_run(tests, ERG_COUNT(tests));
}

/* SPDX-License-Identifier: Apache-2.0 */
/* Pages and tables of very many regions: no step may cost their number squared. */
#include <time.h>
#include "erg/energy.h"
#include "erg/report.h"
#include "test.h"

/* A region of its own name a second, each within the one before where nested; every third
 * of them bears a mark. */
static erg_trace *recording_of(int regions, bool nested)
{
    erg_error err = { 0 };
    erg_trace *trace = erg_trace_new(&err);
    CHECK_OK(trace, err);
    erg_device_info device = { .name = "nvml:0", .driver = "nvml",
                               .scope = ERG_SCOPE_BOARD };
    erg_channel_info info = { .device = erg_trace_add_device(trace, &device, &err),
                              .name = "power", .unit = "W", .quantity = ERG_POWER,
                              .kind = ERG_INSTANT, .method = ERG_METHOD_INTEGRAL,
                              .scope = ERG_SCOPE_BOARD, .gain_u = 0.05 };
    int channel = erg_trace_add_channel(trace, &info, &err);
    for (int i = 0; i <= 2 * regions; i++) {
        erg_sample sample = { .t_ns = i * ERG_NS_PER_S / 2, .value = 100 + i % 7 };
        CHECK_OK(erg_trace_add_samples(trace, channel, &sample, 1, &err), err);
    }
    for (int i = 0; i < regions; i++) {
        erg_region region = { .id = i + 1, .parent = nested ? i : 0, .runs = NAN,
                              .begin_ns = i * ERG_NS_PER_S,
                              .end_ns = (nested ? regions : i + 1) * ERG_NS_PER_S };
        erg_mark_row mark = { .t_ns = region.begin_ns, .value = i };
        snprintf(region.name, sizeof(region.name), "step %d", i);
        snprintf(mark.name, sizeof(mark.name), i < regions / 2 ? "loss" : "accuracy");
        CHECK_OK(erg_trace_add_region(trace, &region, &err), err);
        CHECK_OK(i % 3 || erg_trace_add_mark(trace, &mark, &err), err);
    }
    return trace;
}

static double now_s(void)
{
    struct timespec now;
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
    return (double)now.tv_sec + 1e-9 * (double)now.tv_nsec;
}

/* Seconds of the processor that a page takes, what it says at *page. */
static double page_takes_s(const erg_trace *trace, char **page)
{
    erg_error err = { 0 };
    size_t count;
    double begin_s = now_s();
    FILE *out = open_memstream(page, &count);
    CHECK_OK(erg_report_page(trace, "many", out, &err), err);
    fclose(out);
    return now_s() - begin_s;
}

static double page_of_s(int regions)
{
    double least_s = INFINITY;
    char *page;
    erg_trace *trace = recording_of(regions, false);

    for (int i = 0; i < 3; i++) {
        least_s = fmin(least_s, page_takes_s(trace, &page));
        CHECK(strstr(page, "step 39<"));
        CHECK(strstr(page, "Dashed lines are marks: loss, accuracy."));
        free(page);
    }
    erg_trace_free(trace);
    return least_s;
}

/* 8 if it is linear, 64 if it is squared. */
static void eight_times_the_regions_take_eight_times_as_long(void)
{
    double few_s = page_of_s(500), many_s = page_of_s(4000);

    print_message("# %.3f s of 500, %.3f s of 4000 regions\n", few_s, many_s);
    CHECK(many_s < 24 * few_s);
}

/* Lane after lane, and what lies deeper is in the last. */
static void nested_regions_lie_in_lanes_of_their_depth(void)
{
    char *page;
    erg_trace *trace = recording_of(20, true);

    page_takes_s(trace, &page);
    CHECK(test_count(page, "<div class=\"lane\">") == 7);
    CHECK(test_count(page, "<i class=\"c") == 20);
    CHECK(strstr(page, "<div class=\"lane\"><i class=\"c0\""));
    CHECK(strstr(page, "<div class=\"lane\"><i class=\"c6\""));
    free(page);
    erg_trace_free(trace);
}

static double compared_s(int regions)
{
    erg_error err = { 0 };
    int verdict;
    double least_s = INFINITY;
    erg_trace *trace = recording_of(regions, false);

    for (int i = 0; i < 3; i++) {
        double begin_s = now_s();
        erg_result *result = erg_trace_compare(trace, trace, &verdict, &err);
        CHECK_OK(result, err);
        least_s = fmin(least_s, now_s() - begin_s);
        CHECK(verdict == 0);
        const erg_table *table = erg_result_find(result, "comparison");
        CHECK(erg_table_row_count(table) == (size_t)regions);
        erg_result_free(result);
    }
    erg_trace_free(trace);
    return least_s;
}

static void comparing_takes_no_longer_for_each_of_many(void)
{
    double few_s = compared_s(500), many_s = compared_s(4000);

    print_message("# %.3f s of 500, %.3f s of 4000 regions\n", few_s, many_s);
    CHECK(many_s < 24 * few_s);
}

int main(void)
{
    static const test tests[] = {
        TEST(eight_times_the_regions_take_eight_times_as_long),
        TEST(nested_regions_lie_in_lanes_of_their_depth),
        TEST(comparing_takes_no_longer_for_each_of_many),
    };
    return test_run(tests, ERG_COUNT(tests));
}

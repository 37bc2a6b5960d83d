/* SPDX-License-Identifier: Apache-2.0 */
/* Regions found by name, and moments by anchor, as the slow way finds them. */
#include "summed.h"
#include "trace/region_names.h"

enum { REGIONS = 3000 };

static erg_trace *of_many_names(test_random *random)
{
    erg_trace *trace = new_trace();
    char name[32];

    for (int i = 0; i < REGIONS; i++) {
        snprintf(name, sizeof(name), "step %d", (int)(test_uniform(random) * REGIONS / 4));
        add_region(trace, name, i, i + 1);
    }
    return trace;
}

static void every_region_stands_with_its_namesakes_in_its_order(void)
{
    test_random random = { .state = 1 };
    erg_error err = { 0 };
    erg_trace *trace = of_many_names(&random);
    const erg_region_names *names = erg_region_names_of(trace, &err);
    size_t seen = 0, first = 0;

    CHECK_OK(names, err);
    for (size_t n = 0; n < names->count; n++) {
        erg_namesakes of = erg_namesakes_at(names, n);
        const char *name = erg_trace_region(trace, of.at[0])->name;
        CHECK(erg_region_name_number(names, name) == (int32_t)n);
        CHECK(of.count > 0 && (n == 0 || of.at[0] > first));
        first = of.at[0];
        for (size_t i = 0; i < of.count; i++) {
            CHECK(strcmp(erg_trace_region(trace, of.at[i])->name, name) == 0);
            CHECK(i == 0 || of.at[i] > of.at[i - 1]);
        }
        seen += of.count;
    }
    CHECK(seen == REGIONS);
    CHECK(erg_region_name_number(names, "step") == -1);
    CHECK(erg_namesakes_of(names, "step").count == 0);
    erg_trace_free(trace);
}

static void a_region_that_is_added_is_found_too(void)
{
    erg_trace *trace = new_trace();
    CHECK(erg_region_names_of(trace, NULL)->count == 0);
    add_region(trace, "decode", 0, 1);
    CHECK(erg_namesakes_of(erg_region_names_of(trace, NULL), "decode").count == 1);
    add_region(trace, "decode", 1, 2);
    CHECK(erg_namesakes_of(erg_region_names_of(trace, NULL), "decode").count == 2);
    erg_trace_free(trace);
}

/* Nearest, and of equally near ones the first. */
static int64_t slow_utc_ns(const erg_trace *trace, int64_t at_ns)
{
    const erg_anchor *best = erg_trace_anchor(trace, 0);
    for (size_t i = 1; i < erg_trace_anchor_count(trace); i++) {
        const erg_anchor *one = erg_trace_anchor(trace, i);
        if (llabs(one->mono_ns - at_ns) < llabs(best->mono_ns - at_ns))
            best = one;
    }
    return best->utc_ns + at_ns - best->mono_ns;
}

static void the_nearest_anchor_is_found_in_any_order(void)
{
    for (int sorted = 0; sorted < 2; sorted++) {
        test_random random = { .state = 3 };
        erg_trace *trace = new_trace();
        int64_t at_ns = 0;
        CHECK(erg_trace_utc_ns(trace, 5) == 0);
        for (int i = 0; i < 200; i++) {
            int64_t far_ns = (int64_t)(20 * test_uniform(&random));
            at_ns = sorted ? at_ns + far_ns / 4 : 10 * far_ns;   /* some stand twice */
            erg_anchor anchor = { at_ns, at_ns,
                                  1000000 + (int64_t)(1000 * test_uniform(&random)), 1 };
            CHECK(erg_trace_add_anchor(trace, &anchor, NULL));
        }
        for (int64_t t_ns = -5; t_ns < 600; t_ns++)
            CHECK(erg_trace_utc_ns(trace, t_ns) == slow_utc_ns(trace, t_ns));
        erg_trace_free(trace);
    }
}

/* Marks stand in any order; one at the end of a stretch is of the next. */
static void marks_are_counted_in_the_regions_they_lie_in(void)
{
    erg_trace *trace = new_trace();
    erg_error err = { 0 };
    add_power(trace, &gpu, 100, 12);
    for (int i = 0; i < 10; i++)
        add_region(trace, i % 2 ? "odd" : "even", i, i + 1);
    for (int i = 9; i >= 0; i--) {
        erg_mark_row mark = { erg_ns_from_s(i), "tokens", 1 << i };
        CHECK_OK(erg_trace_add_mark(trace, &mark, &err), err);
    }
    erg_result *result = summary_of(trace, &(erg_summary_options){ .command = "show",
                                                                   .per = "tokens" });
    CHECK_TEXT(text_of(result, "regions", 0, "region"), "even");
    CHECK(real_of(result, "regions", 0, "units") == 1 + 4 + 16 + 64 + 256);
    CHECK(real_of(result, "regions", 1, "units") == 2 + 8 + 32 + 128 + 512);
    erg_result_free(result);
    erg_trace_free(trace);
}

int main(void)
{
    static const test tests[] = {
        TEST(every_region_stands_with_its_namesakes_in_its_order),
        TEST(a_region_that_is_added_is_found_too),
        TEST(the_nearest_anchor_is_found_in_any_order),
        TEST(marks_are_counted_in_the_regions_they_lie_in),
    };
    return test_run(tests, ERG_COUNT(tests));
}

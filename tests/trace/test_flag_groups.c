/* SPDX-License-Identifier: Apache-2.0 */
/* Flags found by where they lie, as the slow way finds them, and in no more time for each
 * where there are many. */
#include <time.h>
#include "summed.h"
#include "trace/flag_groups.h"

enum { FLAGS = 400, CHANNELS = 3, CODES = 4 };

static void add_flag(erg_trace *trace, erg_flag_code code, int channel, int64_t begin_ns,
                     int64_t end_ns)
{
    erg_error err = { 0 };
    erg_flag flag = { code, channel, { begin_ns, end_ns }, "as it is" };
    CHECK_OK(erg_trace_add_flag(trace, &flag, &err), err);
}

static erg_trace *of_many_flags(test_random *random)
{
    erg_trace *trace = new_trace();

    for (int i = 0; i < FLAGS; i++) {
        int64_t begin_ns = (int64_t)(10000 * test_uniform(random));
        int64_t length_ns = (int64_t)(20 * test_uniform(random));
        add_flag(trace, (erg_flag_code)(CODES * test_uniform(random)),
                 (int)(CHANNELS * test_uniform(random)) - 1, begin_ns,
                 begin_ns + length_ns);
    }
    return trace;
}

static uint64_t slow_flags_on(const erg_trace *trace, int channel, erg_span span)
{
    uint64_t flags = 0;

    for (size_t i = 0; i < erg_trace_flag_count(trace); i++) {
        const erg_flag *flag = erg_trace_flag(trace, i);
        bool is_timed = flag->span.end_ns > flag->span.begin_ns;
        if ((flag->channel == channel || flag->channel < 0)
            && (!is_timed || (flag->span.begin_ns < span.end_ns
                              && flag->span.end_ns > span.begin_ns)))
            flags |= UINT64_C(1) << flag->code;
    }
    return flags;
}

static void a_flag_is_found_on_its_channel_and_in_its_time(void)
{
    test_random random = { .state = 1 };
    size_t found = 0, places = 0;

    for (int round = 0; round < 40; round++) {
        erg_trace *trace = of_many_flags(&random);
        const erg_flag_groups *groups = erg_flag_groups_of(trace, NULL);
        for (int i = 0; i < 500; i++) {
            int64_t at_ns = (int64_t)(10100 * test_uniform(&random)) - 50;
            erg_span span = { at_ns, at_ns + 1 + (int64_t)(9 * test_uniform(&random)) };
            int channel = i % CHANNELS - 1;
            uint64_t flags = erg_flags_on(groups, channel, &span, 1);
            CHECK(flags == slow_flags_on(trace, channel, span));
            found += flags != 0;
            places++;
        }
        erg_trace_free(trace);
    }
    CHECK(found > places / 20);
}

static void flags_are_counted_and_the_first_of_each_is_known(void)
{
    erg_trace *trace = new_trace();

    add_flag(trace, ERG_FLAG_PARTIAL, 0, 50, 60);
    add_flag(trace, ERG_FLAG_OPEN_WORK, 0, 0, 10);
    add_flag(trace, ERG_FLAG_PARTIAL, 0, 5, 10);
    add_flag(trace, ERG_FLAG_PARTIAL, 0, 5, 10);    /* is there already */
    const erg_flag_groups *groups = erg_flag_groups_of(trace, NULL);
    const erg_flag_group *partial = erg_flag_group_find(groups, 0, ERG_FLAG_PARTIAL);
    CHECK(partial && partial->count == 2 && partial->first == 0);
    CHECK(!erg_flag_group_find(groups, -1, ERG_FLAG_PARTIAL));
    add_flag(trace, ERG_FLAG_PARTIAL, -1, 0, 0);
    groups = erg_flag_groups_of(trace, NULL);
    CHECK(erg_flag_group_find(groups, -1, ERG_FLAG_PARTIAL)->first == 3);
    CHECK(erg_trace_flag_count(trace) == 4);
    erg_trace_free(trace);
}

static double now_s(void)
{
    struct timespec now;
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
    return (double)now.tv_sec + 1e-9 * (double)now.tv_nsec;
}

/* A flag for each of so many regions, of two codes, and the table of all. */
static double flagged_s(int regions)
{
    double least_s = INFINITY;

    for (int round = 0; round < 3; round++) {
        double begin_s = now_s();
        erg_trace *trace = new_trace();
        add_power(trace, &(meter){ "nvml:0", "nvml", ERG_SCOPE_BOARD,
                                   ERG_METHOD_INTEGRAL }, 100, 1 + regions / 100);
        for (int i = 0; i < regions; i++) {
            int64_t at_ns = i * 10 * ERG_NS_PER_MS;
            add_region(trace, "step", 0.01 * i, 0.01 * i + 0.005);
            add_flag(trace, i < regions / 2 ? ERG_FLAG_TIME_MISMATCH : ERG_FLAG_OPEN_WORK,
                     i % 2 - 1, at_ns, at_ns + 5 * ERG_NS_PER_MS);
        }
        erg_result *result = summary_of(trace, NULL);
        const char *flags = text_of(result, "regions", 0, "flags");
        CHECK(strstr(flags, "TIME_MISMATCH") && strstr(flags, "OPEN_WORK"));
        erg_result_free(result);
        erg_trace_free(trace);
        least_s = fmin(least_s, now_s() - begin_s);
    }
    return least_s;
}

/* 8 if it is linear, 64 if it is squared. */
static void eight_times_the_flags_take_eight_times_as_long(void)
{
    double few_s = flagged_s(1000), many_s = flagged_s(8000);

    print_message("# %.3f s of 1000, %.3f s of 8000 flags\n", few_s, many_s);
    CHECK(many_s < 20 * few_s);
}

int main(void)
{
    static const test tests[] = {
        TEST(a_flag_is_found_on_its_channel_and_in_its_time),
        TEST(flags_are_counted_and_the_first_of_each_is_known),
        TEST(eight_times_the_flags_take_eight_times_as_long),
    };
    return test_run(tests, ERG_COUNT(tests));
}

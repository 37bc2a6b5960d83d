/* SPDX-License-Identifier: Apache-2.0 */
/* The trace in memory: what goes in comes out, and nothing goes back in time. */
#include "erg/trace.h"
#include "test.h"

static erg_trace *trace_of_one_device(void)
{
    erg_error err = { 0 };
    erg_trace *trace = erg_trace_new(&err);
    CHECK_OK(trace != NULL, err);
    CHECK(erg_trace_add_device(trace, &(erg_device_info){ .name = "nvml:0" }, &err) == 0);
    return trace;
}

static void stamps_that_go_back_are_refused_and_nothing_is_added(void)
{
    erg_error err = { 0 };
    erg_trace *trace = trace_of_one_device();
    erg_sample samples[] = { { 10, 0, 1.0 }, { 20, 0, 2.0 }, { 19, 0, 3.0 } };
    size_t count;

    CHECK(erg_trace_add_channel(trace, &(erg_channel_info){ .name = "power" }, &err) == 0);
    CHECK(!erg_trace_add_samples(trace, 0, samples, 3, &err));
    CHECK(err.code == ERG_BAD_INPUT);
    CHECK(strstr(err.text, "power"));
    erg_trace_samples(trace, 0, &count);
    CHECK(count == 0);
    CHECK_OK(erg_trace_add_samples(trace, 0, samples, 2, &err), err);
    CHECK(!erg_trace_add_samples(trace, 0, samples, 1, &err));
    erg_trace_free(trace);
}

static void a_device_is_found_by_its_energy_before_its_power(void)
{
    erg_error err = { 0 };
    erg_trace *trace = trace_of_one_device();

    erg_trace_add_channel(trace, &(erg_channel_info){ .name = "power" }, &err);
    CHECK(erg_trace_find_channel(trace, "nvml:0") == 0);
    erg_trace_add_channel(trace, &(erg_channel_info){
        .name = "energy", .quantity = ERG_ENERGY, .kind = ERG_COUNTER }, &err);
    CHECK(erg_trace_find_channel(trace, "nvml:0") == 1);
    CHECK(erg_trace_find_channel(trace, "nvml:0/power") == 0);
    CHECK(erg_trace_find_channel(trace, "nvml:1") == -1);
    erg_trace_free(trace);
}

static void a_channel_needs_its_device(void)
{
    erg_error err = { 0 };
    erg_trace *trace = trace_of_one_device();

    CHECK(erg_trace_add_channel(trace, &(erg_channel_info){ .device = 1 }, &err) == -1);
    CHECK(err.code == ERG_NOT_FOUND);
    erg_trace_free(trace);
}

static void regions_get_free_ids_and_equal_flags_are_kept_once(void)
{
    erg_error err = { 0 };
    erg_trace *trace = trace_of_one_device();
    erg_flag flag = { .code = ERG_FLAG_SKEWED, .channel = -1 };

    erg_trace_add_region(trace, &(erg_region){ .id = 7, .name = "a" }, &err);
    erg_trace_add_region(trace, &(erg_region){ .name = "b" }, &err);
    CHECK(erg_trace_region(trace, 1)->id == 8);
    CHECK(!erg_trace_add_region(trace, &(erg_region){ .begin_ns = 2, .end_ns = 1 }, &err));
    CHECK_OK(erg_trace_add_flag(trace, &flag, &err), err);
    CHECK_OK(erg_trace_add_flag(trace, &flag, &err), err);
    CHECK(erg_trace_flag_count(trace) == 1);
    erg_trace_free(trace);
}

static void the_span_ignores_the_end_of_an_open_region(void)
{
    erg_error err = { 0 };
    erg_trace *trace = trace_of_one_device();

    erg_trace_add_region(trace, &(erg_region){ .begin_ns = 5, .end_ns = INT64_MAX }, &err);
    erg_trace_add_mark(trace, &(erg_mark_row){ .t_ns = 90, .name = "loss" }, &err);
    CHECK(erg_trace_span(trace).begin_ns == 5);
    CHECK(erg_trace_span(trace).end_ns == 90);
    erg_trace_free(trace);
}

static void universal_time_comes_from_the_nearest_anchor(void)
{
    erg_error err = { 0 };
    erg_trace *trace = trace_of_one_device();

    CHECK(erg_trace_utc_ns(trace, 100) == 0);
    erg_trace_add_anchor(trace, &(erg_anchor){ .mono_ns = 0, .utc_ns = 1000 }, &err);
    erg_trace_add_anchor(trace, &(erg_anchor){ .mono_ns = 100, .utc_ns = 1105 }, &err);
    CHECK(erg_trace_utc_ns(trace, 40) == 1040);
    CHECK(erg_trace_utc_ns(trace, 60) == 1065);
    erg_trace_free(trace);
}

static void meta_is_replaced_not_repeated(void)
{
    erg_error err = { 0 };
    erg_trace *trace = trace_of_one_device();

    CHECK(!erg_trace_meta(trace, "host"));
    CHECK_OK(erg_trace_set_meta(trace, "host", "a", &err), err);
    CHECK_OK(erg_trace_set_meta(trace, "host", "b", &err), err);
    CHECK_TEXT(erg_trace_meta(trace, "host"), "b");
    CHECK(erg_trace_meta_count(trace) == 1);
    erg_trace_free(trace);
}

static void every_flag_has_a_name_and_says_what_to_do(void)
{
    for (int i = 0; i < ERG_FLAG_COUNT_OF; i++) {
        const erg_flag_info *info = erg_flag_describe((erg_flag_code)i);
        CHECK(info && info->name && info->about && strlen(info->about) > 40);
        for (int j = 0; j < i; j++)
            CHECK(strcmp(info->name, erg_flag_describe((erg_flag_code)j)->name) != 0);
    }
    CHECK(!erg_flag_describe(ERG_FLAG_COUNT_OF));
    CHECK(!erg_kind_name((erg_kind)99));
}

int main(void)
{
    static const test tests[] = {
        TEST(stamps_that_go_back_are_refused_and_nothing_is_added),
        TEST(a_device_is_found_by_its_energy_before_its_power),
        TEST(a_channel_needs_its_device),
        TEST(regions_get_free_ids_and_equal_flags_are_kept_once),
        TEST(the_span_ignores_the_end_of_an_open_region),
        TEST(universal_time_comes_from_the_nearest_anchor),
        TEST(meta_is_replaced_not_repeated),
        TEST(every_flag_has_a_name_and_says_what_to_do),
    };
    return test_run(tests, ERG_COUNT(tests));
}

/* SPDX-License-Identifier: Apache-2.0 */
/* What a recording could not keep is told when it is closed. */
#include <math.h>
#include "run/sink.h"
#include "test.h"

static void open_with_channel(erg_sink *sink)
{
    erg_error err = { 0 };
    CHECK(erg_sink_open(sink, &(erg_sink_setup){ .in_memory = true }, &err));
    CHECK(erg_sink_device(sink, &(erg_device_info){ .name = "sim:a" }));
    CHECK(erg_sink_channel(sink, &(erg_channel_info){
        .name = "power", .unit = "W", .quantity = ERG_POWER, .update_s = 0.1, .gain = 1 }));
    erg_sink_sample(sink, 0, &(erg_sample){ .t_ns = 2000, .value = 5 });
}

static void a_row_the_memory_could_not_take_is_told_at_the_end(void)
{
    erg_sink sink;
    erg_error err = { 0 };
    open_with_channel(&sink);
    erg_sink_sample(&sink, 0, &(erg_sample){ .t_ns = 1000, .value = 5 }); /* back in time */
    CHECK(erg_sink_lost(&sink) == NULL);
    CHECK(!erg_sink_close(&sink, true, &err));
    CHECK(err.code == ERG_BAD_INPUT);
    CHECK(err.text[0] != '\0');
}

static void a_recording_that_lost_nothing_closes_well(void)
{
    erg_sink sink;
    erg_error err = { 0 };
    open_with_channel(&sink);
    erg_sink_sample(&sink, 0, &(erg_sample){ .t_ns = 3000, .value = NAN });
    erg_sink_mark(&sink, &(erg_mark_row){ .t_ns = 2500, .name = "tokens", .value = 3 });
    CHECK(erg_sink_lost(&sink));
    CHECK(erg_sink_close(&sink, true, &err));
}

int main(void)
{
    static const test tests[] = {
        TEST(a_row_the_memory_could_not_take_is_told_at_the_end),
        TEST(a_recording_that_lost_nothing_closes_well),
    };
    return test_run(tests, ERG_COUNT(tests));
}

/* SPDX-License-Identifier: Apache-2.0 */
/* Which readings are of one board, and which joules are counted once. */
#include "import/odd_log.h"

/* n1's board 0 and n2's were one, whose watts jumped between the two. */
static void boards_of_several_hosts_are_several(void)
{
    static const odd_log logs[] = {
        { "timestamp,host,gpu,power_w", AT ",n1,0,100\n" AT ",n2,0,300", .watts = 400 },
        { "timestamp, hostname, index, power.draw [W]",
          AT ", n1, 0, 100 W\n" AT ", n2, 0, 300 W", .watts = 400 },
        { "timestamp,node,power_w", AT ",n1,100\n" AT ",n2,300",
          { .power_columns = "power_w" }, 400, NULL },
        { "t,hostname,package-0,package-1", AT ",n1,%02d00,%02d00\n" AT ",n2,%02d00,%02d00",
          { .time_column = "t", .power_columns = "package-0,package-1", .unit = "J" }, 400,
          NULL },
        { "timestamp,gpu,power_w", "2026-02-06T18:32:%02d.500Z,0,100\n"
          "2026-02-06T18:32:%02d.504Z,0,300", .word = "several at a time" },
        { "timestamp,power_w", "2026-02-06T18:32:%02d.500Z,100\n"
          "2026-02-06T18:32:%02d.504Z,300", .word = "several at a time" },
    };

    check_logs(logs, ERG_COUNT(logs));
}

/* A device has 31 bytes for its name; what is alike so far was one board. */
static void boards_whose_long_names_begin_alike_are_several(void)
{
    static const odd_log logs[] = {
        { "timestamp, name, power.draw [W]",
          AT ", NVIDIA GeForce GTX 1660 Ti, 100 W\n"
          AT ", NVIDIA GeForce GTX 1660 SUPER, 300 W", .watts = 400 },
        { "timestamp, uuid, power.draw [W]",
          AT ", GPU-12345678-1234-1234-1234-1234567890ab, 100 W\n"
          AT ", GPU-12345678-1234-1234-1234-1234567890ac, 300 W", .watts = 400 },
    };

    check_logs(logs, ERG_COUNT(logs));
}

/* Each row was a board of one sample: no joules, and no word why. */
static void a_column_that_counts_rows_names_no_board(void)
{
    static const odd_log logs[] = {
        { "timestamp,id,power", AT ",%02d,100", .word = "counts rows" },
        { "index,timestamp,power_w", "%02d," AT ",100", .word = "--power" },
    };

    check_logs(logs, ERG_COUNT(logs));
}

static void a_board_in_slices_is_shared(void)
{
    static const char *const rows[] = { AT ", 0, 100 W, Enabled", AT ", 0, 100 W, Disabled",
                                        AT ", 0, 100 W, [N/A]" };

    for (size_t i = 0; i < ERG_COUNT(rows); i++) {
        erg_error err = { 0 };
        char *text = log_of("timestamp, index, power.draw [W], mig.mode.current", rows[i]);
        erg_trace *trace = import_text(text, NULL, &err);
        CHECK_OK(trace != NULL, err);
        CHECK(erg_trace_device(trace, 0)->shared == (i == 0));
        erg_trace_free(trace);
        free(text);
    }
}

/* Instances repeat the power of their whole board: three times its joules. */
static void a_slice_that_repeats_its_board_is_not_added_to_it(void)
{
    static const odd_log logs[] = {
        { "#Entity POWER TOTEC", "GPU 0 100 1%02d0000\nGPU-I 0 100 1%02d0000\n"
          "GPU-CI 0 100 1%02d0000", { .period_s = 0.1 }, 10, NULL },
        { "#Entity POWER", "GPU-I 0 1%02d\nGPU-I 1 1%02d\nGPU 1 250", { .period_s = 1 },
          355.5, NULL },
        { "#Entity POWER", "GPU-I 0 1%02d\nGPU-I 1 2%02d", { .period_s = 1 }, 311, NULL },
    };

    check_logs(logs, ERG_COUNT(logs));
}

/* The name that DCGM 3.3 and later print for field 157. */
static void dcgmi_calls_instant_power_powinst(void)
{
    static const odd_log logs[] = {
        { "#Entity POWINST", "GPU 0 100", { .period_s = 1 }, 100, NULL },
    };

    check_logs(logs, ERG_COUNT(logs));
}

static void two_wall_meters_without_their_sum_are_added(void)
{
    static const odd_log logs[] = {
        { "time,id,pm1,pm2", AT ",%02d,100,50", .watts = 150 },
        { "time,id,pm1,pm2,sum", AT ",%02d,100,50,150", .watts = 150 },
    };

    check_logs(logs, ERG_COUNT(logs));
}

/* Of processor, boards and memory the first alone was counted, and no note told. */
static void watts_of_several_parts_are_added_and_of_one_part_are_not(void)
{
    static const odd_log logs[] = {
        { "t,cpu_power,gpu_power,ram_power", AT ",50,100,10",
          { .time_column = "t", .power_columns = "cpu_power,gpu_power,ram_power" }, 160,
          NULL },
        { "t,gpu0_w,gpu1_w", AT ",100,200",
          { .time_column = "t", .power_columns = "gpu0_w,gpu1_w" }, 300, NULL },
        { "t,gpu_w,gpu_w_instant", AT ",100,110",
          { .time_column = "t", .power_columns = "gpu_w,gpu_w_instant" }, 100, NULL },
        { "t,package-0,core,dram", AT ",100,60,10",
          { .time_column = "t", .power_columns = "package-0,core,dram" }, 110, NULL },
        { "t,wall_w,gpu_w", AT ",300,100",
          { .time_column = "t", .power_columns = "gpu_w,wall_w" }, 300, NULL },
    };

    check_logs(logs, ERG_COUNT(logs));
}

/* RAPL's zones, and the columns of turbostat. */
static void zones_and_joined_words_are_parts_too(void)
{
    static const odd_log logs[] = {
        { "t,intel-rapl:0,intel-rapl:1,intel-rapl:0:0", AT ",%02d00,%02d00,%02d00",
          { .time_column = "t", .unit = "J",
            .power_columns = "intel-rapl:0,intel-rapl:1,intel-rapl:0:0" }, 200, NULL },
        { "t,PkgWatt,CorWatt,RAMWatt", AT ",50,40,10",
          { .time_column = "t", .power_columns = "PkgWatt,CorWatt,RAMWatt" }, 60, NULL },
    };

    check_logs(logs, ERG_COUNT(logs));
}

/* Milliwatts whose column does not say so: 100 kW a board. */
static void watts_that_no_board_takes_are_asked_for_their_unit(void)
{
    static const odd_log logs[] = {
        { "timestamp,gpu_id,power", AT ",0,100000", .word = "mW" },
        { "timestamp, index, power.draw", AT ", 0, 100000", .word = "mW" },
        { "timestamp,gpu_id,power_mw", AT ",0,100000", .watts = 100 },
        { "timestamp,power_w", AT ",100000", .watts = 100000 },
    };

    check_logs(logs, ERG_COUNT(logs));
}

/* Before its first reading dcgmi has 0 for both: the counter jumped by all it had. */
static void a_row_of_zeros_is_no_reading(void)
{
    erg_text text = { 0 };
    erg_error err = { 0 };

    erg_text_add(&text, "#Entity POWER TOTEC\nID W mJ\nGPU 0 0.000 0\n");
    for (int i = 0; i < 60; i++)
        erg_text_add(&text, "GPU 0 100.0 %d\n", 1000000 + i * 5000);
    erg_trace *trace = import_text(text.data, &(erg_import_options){ .period_s = 0.05 },
                                   &err);
    CHECK_OK(trace != NULL, err);
    CHECK_NEAR(joules_of(trace), 59 * 5, 1e-6);
    CHECK(!flag_of(trace, ERG_FLAG_PERIOD_MISMATCH));
    erg_trace_free(trace);
    erg_text_free(&text);
}

#define DAY "6.2.2026,18:32:%02d.5,"

/* Rails, chips and limits were boards of their own: 15 kJ of 4.35. */
static void hwinfo_counts_each_part_once_and_limits_not_at_all(void)
{
    static const odd_log logs[] = {
        { "Date,Time,CPU Package Power [W],IA Cores Power [W],System Agent Power [W],"
          "Rest-of-Chip Power [W],GPU Power [W],GPU Chip Power [W],GPU Memory Power [W],"
          "GPU Rail Powers (avg) [W],GPU 8-Pin #2 Power [W]",
          DAY "50,40,4,3,100,70,20,95,60", .watts = 150 },
        { "Date,Time,CPU Package Power [W],PL1 Power Limit (Static) [W],"
          "PL2 Power Limit (Dynamic) [W],GPU Power [W]", DAY "50,125,250,100",
          .watts = 150 },
        { "Date,Time,GPU Chip Power [W],GPU Power [W],GPU Chip Power [W],GPU Power [W]",
          DAY "70,100,30,40", .watts = 140 },
        { "Date,Time,CPU PPT [W],CPU Package Power [W],CPU SoC Power (SVI2 TFN) [W],"
          "Core 0 Power [W]", DAY "51,50,9,5", .watts = 51 },
        { "Date,Time,CPU Package Power [W],Total DRAM Power [W],Total System Power [W]",
          DAY "50,10,90", .watts = 90 },
        { "Date,Time,GPU ASIC Power [W],Total Board Power (TBP) [W]", DAY "90,120",
          .watts = 120 },
        { "Date,Time,GPU Chip Power [W],GPU Memory Power [W]", DAY "70,20", .watts = 90 },
    };

    check_logs(logs, ERG_COUNT(logs));
}

static bool has_note(const erg_result *result, const char *word)
{
    for (size_t i = 0; i < erg_result_note_count(result); i++)
        if (strstr(erg_result_note_at(result, i), word))
            return true;
    return false;
}

static void a_reading_that_is_not_counted_is_told(void)
{
    const erg_import_options options = { .time_column = "t", .power_columns = "a,b" };
    char *text = log_of("t,a,b", AT ",100,50");
    erg_error err = { 0 };
    erg_trace *trace = import_text(text, &options, &err);
    CHECK_OK(trace != NULL, err);
    erg_result *result = erg_trace_summary(trace, &(erg_summary_options){ 0 }, &err);
    CHECK_OK(result, err);
    CHECK(has_note(result, "csv:0/b"));
    erg_result_free(result);
    erg_trace_free(trace);
    free(text);
}

int main(void)
{
    static const test tests[] = {
        TEST(boards_of_several_hosts_are_several),
        TEST(boards_whose_long_names_begin_alike_are_several),
        TEST(a_column_that_counts_rows_names_no_board),
        TEST(a_board_in_slices_is_shared),
        TEST(a_slice_that_repeats_its_board_is_not_added_to_it),
        TEST(dcgmi_calls_instant_power_powinst),
        TEST(two_wall_meters_without_their_sum_are_added),
        TEST(watts_of_several_parts_are_added_and_of_one_part_are_not),
        TEST(a_reading_that_is_not_counted_is_told),
        TEST(zones_and_joined_words_are_parts_too),
        TEST(watts_that_no_board_takes_are_asked_for_their_unit),
        TEST(a_row_of_zeros_is_no_reading),
        TEST(hwinfo_counts_each_part_once_and_limits_not_at_all),
    };
    return test_run(tests, ERG_COUNT(tests));
}

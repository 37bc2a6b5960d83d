/* SPDX-License-Identifier: Apache-2.0 */
/*
 * dcgmi dmon: the dialects and faults F1 to F11, one small file each,
 * and the recorded ones where they are.
 */
#include "trace/imported.h"

static const erg_import_options at_50ms = { .period_s = 0.05 };

static erg_trace *read_at_50ms(const char *text)
{
    erg_error err = { 0 };
    erg_trace *trace = import_text(text, &at_50ms, &err);
    CHECK_OK(trace != NULL, err);
    return trace;
}

static double first_of(const erg_trace *trace, const char *name)
{
    size_t count;
    return samples_of(trace, name, &count)[0].value;
}

static void dcgmi_columns_go_by_name_or_by_number(void)
{
    static const char named[] = "#Entity   SMCLK POWER TOTEC\nID  MHz W mJ\n"
                                "GPU 0 1410 100.5 5000\n"
                                "GPU 1 1410 50 1\n\n#Entity SMCLK POWER TOTEC\n"
                                "GPU 0 1410 N/A 6000\n";
    static const char numbered[] = "# Entity A B\n  Id\n GPU 0 5000 100.5\n"
                                   " GPU 0 6000 101.5\n";
    erg_error err = { 0 };
    erg_import_options options = { .period_s = 0.05, .start = "2026-02-06T18:32:23Z" };
    erg_trace *trace = import_text(named, &options, &err);
    CHECK_OK(trace != NULL, err);
    size_t count;
    const erg_sample *power = samples_of(trace, "gpu:0/power", &count);
    CHECK(count == 2 && power[0].value == 100.5 && isnan(power[1].value));
    CHECK(power[1].t_ns - power[0].t_ns == 50000000);
    CHECK(samples_of(trace, "gpu:0/energy", &count)[1].value == 6);
    CHECK(erg_trace_utc_ns(trace, power[0].t_ns) == 1770402743000000000);
    CHECK(flag_of(trace, ERG_FLAG_MADE_UP_STAMPS) != NULL);
    erg_trace_free(trace);

    options.fields = "156,155";
    trace = import_text(numbered, &options, &err);
    CHECK_OK(trace != NULL, err);
    CHECK(samples_of(trace, "gpu:0/power", &count)[1].value == 101.5);
    erg_trace_free(trace);

    options.fields = "155";
    CHECK(!import_text(numbered, &options, &err) && err.code == ERG_BAD_INPUT);
    CHECK(strstr(err.text, "t.log:3: a row of 2 columns, where --fields names 1"));
}

/* 100 W, rows truly 60 ms apart where 50 ms were asked for. */
static void the_true_period_is_found_from_counter_and_power(void)
{
    erg_text text = { 0 };
    erg_text_add(&text, "#Entity POWER TOTEC\n");
    for (int i = 0; i < 200; i++)
        erg_text_add(&text, "GPU 0 100.000 %d\n", 70000 + i * 6000);
    erg_error err = { 0 };
    erg_import_options options = { .period_s = 0.05 };
    erg_trace *trace = import_text(text.data, &options, &err);
    CHECK_OK(trace != NULL, err);
    size_t count;
    const erg_sample *power = samples_of(trace, "gpu:0/power", &count);
    CHECK_NEAR(power[199].t_ns, 199 * 60000000.0, 2);
    CHECK(strstr(flag_of(trace, ERG_FLAG_PERIOD_MISMATCH)->text, "60.000 ms"));
    erg_trace_free(trace);
    erg_text_free(&text);
}

static void the_recorded_h100_gives_its_counter_and_its_period(void)
{
    erg_import_options options = { .period_s = 0.05 };
    erg_trace *trace =
        import_file(test_data("profiles/h100_stablediffusion_1785_run0.dcgm.txt"),
                    &options);
    size_t count;
    const erg_sample *counter = samples_of(trace, "gpu:0/energy", &count);
    CHECK_NEAR(counter[count - 1].value - counter[0].value, 13229.976, 1e-6);
    erg_error err = { 0 };
    erg_energy energy;
    CHECK_OK(erg_trace_energy(trace, erg_trace_find_channel(trace, "gpu:0"),
                              erg_trace_span(trace), &energy, &err), err);
    CHECK_NEAR(energy.energy_j, 13229.976, energy.spread_j);
    const erg_flag *flag = flag_of(trace, ERG_FLAG_PERIOD_MISMATCH);
    CHECK(flag && strstr(flag->text, "51.107 ms") && strstr(flag->text, "12953.5"));
    samples_of(trace, "gpu:0/power", &count);
    CHECK(count == 1285);
    CHECK(!flag_of(trace, ERG_FLAG_CLOCK_NOT_REACHED));
    erg_trace_free(trace);
}

static void a_recording_at_another_clock_than_its_name_says_is_flagged(void)
{
    erg_import_options options = { .period_s = 0.05 };
    erg_trace *trace = import_file(
        test_data("profiles/v100_lstm_named1380_saclk1230_run1.dcgm.txt"), &options);
    const erg_flag *flag = flag_of(trace, ERG_FLAG_CLOCK_NOT_REACHED);
    CHECK(flag && strstr(flag->text, "1380") && strstr(flag->text, "1230"));
    erg_trace_free(trace);
    trace = import_file(test_data("profiles/v100_lstm_1380_run1.dcgm.txt"), &options);
    CHECK(!flag_of(trace, ERG_FLAG_CLOCK_NOT_REACHED));
    erg_trace_free(trace);
    trace = import_file(test_data("profiles/a100_lstm_1410_run0.nvsmi.csv"), NULL);
    CHECK(!flag_of(trace, ERG_FLAG_CLOCK_NOT_REACHED));
    erg_trace_free(trace);
}

static void a_header_has_its_sign_apart_or_joined_and_units_in_any_case(void)
{
    static const char *const texts[] = {
        "# Entity POWER\n      Id     W\nGPU 0 100\nGPU 0 101\n",
        "#Entity POWER\nID W\nGPU 0 100\nGPU 0 101\n",
        "\n   \n#Entity POWER\nid W\n\n#Entity POWER\nID W\nGPU 0 100\nGPU 0 101\n",
    };
    for (size_t i = 0; i < ERG_COUNT(texts); i++) {
        erg_trace *trace = read_at_50ms(texts[i]);
        size_t count;
        CHECK(samples_of(trace, "gpu:0/power", &count)[0].value == 100 && count == 2);
        CHECK(!flag_of(trace, ERG_FLAG_TORN_INPUT));
        erg_trace_free(trace);
    }
}

static void a_header_with_other_names_is_another_table(void)
{
    erg_error err = { 0 };
    CHECK(!import_text("#Entity POWER TOTEC\nGPU 0 100 5\n#Entity TOTEC POWER\n"
                       "GPU 0 5 100\n", &at_50ms, &err));
    CHECK(err.code == ERG_BAD_INPUT && strstr(err.text, "t.log:3:"));
    CHECK(strstr(err.text, "cut the file"));
}

static const char wide_head[] =
    "#Entity  NVIDX  DVNAM            POWER  PMLMT  TOTEC  TMPTR  MMTMP  GPUTL  "
    "MCUTL  FBTTL  FBFRE  FBUSD  SMCLK  MMCLK  SACLK  MACLK  PSTAT  GRACT  SMACT  SMOCC  "
    "TENSO  DRAMA  FP64A  FP32A  FP16A\nID  W  W  mJ  C  C  %  %  MHz\n";
static const char wide_tail[] =
    "310.000  5000  40  60  N/A  N/A  95830  95000  830  1785  2619  1785  2619  0  "
    "N/A  N/A  N/A  N/A  N/A  N/A  N/A  N/A\n";

/* The recorded names have two, three and four words; the limit follows the power. */
static void a_name_with_blanks_does_not_move_the_power(void)
{
    static const char *const names[] = { "Tesla", "NVIDIA A100", "NVIDIA H100 NVL",
                                         "NVIDIA A100-SXM4 40 GB" };
    for (size_t i = 0; i < ERG_COUNT(names); i++) {
        char text[1200];
        int used = snprintf(text, sizeof(text), "%sGPU 0  0  %s  61.500  %s",
                            wide_head, names[i], wide_tail);
        snprintf(text + used, sizeof(text) - (size_t)used,
                 "GPU 0  0  %s  N/A  %s", names[i], wide_tail);
        erg_trace *trace = read_at_50ms(text);
        size_t count;
        const erg_sample *power = samples_of(trace, "gpu:0/power", &count);
        CHECK(count == 2 && power[0].value == 61.5 && isnan(power[1].value));
        CHECK(strcmp(erg_trace_device(trace, 0)->model, names[i]) == 0);
        CHECK_NEAR(first_of(trace, "gpu:0/memory_temp"), 333.15, 1e-9);
        CHECK(first_of(trace, "gpu:0/sm_app_clock") == 1785e6);
        CHECK(first_of(trace, "gpu:0/memory_used") == 830 * 1048576.0);
        CHECK(strcmp(erg_trace_setting(trace, 0)->key, "power_limit_w") == 0);
        CHECK(strcmp(erg_trace_setting(trace, 0)->value, "310") == 0);
        erg_trace_free(trace);
    }
}

static void a_cell_that_is_not_available_drops_no_row(void)
{
    erg_trace *trace = read_at_50ms("#Entity FP32A DRAMA GPUTL POWER TOTEC\n"
                                    "GPU 0 N/A N/A N/A 60 1000\n"
                                    "GPU 0 0.25 N/A N/A 62 4000\n"
                                    "GPU 0 0.0 N/A N/A N/A 7000\n");
    size_t count;
    CHECK(isnan(samples_of(trace, "gpu:0/power", &count)[2].value) && count == 3);
    samples_of(trace, "gpu:0/energy", &count);
    CHECK(count == 3);
    CHECK(samples_of(trace, "gpu:0/fp32_active", &count)[0].value == 0.25 && count == 2);
    CHECK(erg_trace_find_channel(trace, "gpu:0/dram_active") < 0);
    CHECK(!flag_of(trace, ERG_FLAG_TORN_INPUT));
    erg_trace_free(trace);
}

/* dcgmi -d 10 of a sensor with a new value each 100 ms: 25 rows are 2 or 3 readings. */
static void rows_of_a_slow_sensor_are_not_counted_as_its_updates(void)
{
    const erg_import_options at_10ms = { .period_s = 0.01 };
    erg_text text = { 0 };
    erg_error err = { 0 };
    erg_energy energy;

    erg_text_add(&text, "#Entity POWER\nID W\n");
    for (int i = 0; i < 1000; i++)
        erg_text_add(&text, "GPU 0 %d.%d\n", 100 + i / 10 * 37 % 29, i / 10 % 7);
    erg_trace *trace = import_text(text.data, &at_10ms, &err);
    CHECK_OK(trace != NULL, err);
    CHECK_NEAR(erg_trace_channel(trace, 0)->update_s, 0.1, 0.001);
    int64_t begin_ns = erg_trace_span(trace).begin_ns + ERG_NS_PER_S;
    CHECK_OK(erg_trace_energy(trace, 0, (erg_span){ begin_ns,
             begin_ns + 250 * ERG_NS_PER_MS }, &energy, &err), err);
    CHECK(energy.updates <= 3 && energy.quality == ERG_QUALITY_TOO_SHORT);
    erg_trace_free(trace);
    erg_text_free(&text);
}

static void a_slice_of_a_board_is_shared(void)
{
    erg_trace *trace = read_at_50ms("#Entity POWER\nGPU-I 0 100\nGPU-I 0 101\n");
    CHECK(erg_trace_device(trace, 0)->shared);
    erg_trace_free(trace);
}

/* H100: the counter steps every second row; the joules are its difference all the same. */
static void a_counter_that_moves_every_second_row_is_ordinary(void)
{
    erg_text text = { 0 };
    erg_text_add(&text, "#Entity POWER TOTEC\n");
    for (int i = 0; i < 201; i++)
        erg_text_add(&text, "GPU 0 100.000 %d\n", 70000 + i / 2 * 10000);
    erg_trace *trace = read_at_50ms(text.data);
    erg_error err = { 0 };
    erg_energy energy;
    CHECK(!flag_of(trace, ERG_FLAG_PERIOD_MISMATCH));
    CHECK_OK(erg_trace_energy(trace, erg_trace_find_channel(trace, "gpu:0"),
                              erg_trace_span(trace), &energy, &err), err);
    CHECK_NEAR(energy.energy_j, 1000, 10);
    erg_trace_free(trace);
    erg_text_free(&text);
}

static void a_nul_byte_or_a_second_format_refuses_the_whole_file(void)
{
    static const struct {
        const char text[90];
        size_t size;
        const char *place, *what;
    } cases[] = {
        { "#Entity POWER\nGPU 0 100\nGPU 0 1\0\0\nGPU 0 100\n", 44, ":3:", "31 bytes" },
        { "#Entity POWER\nGPU 0 100\n2025/07/08 15:17:23.573, 0, 32.83\n", 58, ":3:",
          "24 bytes" },
        { "timestamp,index,power.draw\n2025/07/08 15:17:23.573, 0, 1\nGPU 0 1.5\n",
          66, ":3:", "57 bytes" },
    };
    for (size_t i = 0; i < ERG_COUNT(cases); i++) {
        erg_error err = { 0 };
        erg_trace *trace = erg_trace_new(&err);
        CHECK(!erg_import_bytes(trace, "t.log", cases[i].text, cases[i].size,
                                &at_50ms, &err));
        CHECK(err.code == ERG_BAD_INPUT && strstr(err.text, cases[i].place));
        if (!strstr(err.text, cases[i].what))
            print_error("%s\n", err.text);
        CHECK(strstr(err.text, cases[i].what));
        CHECK(erg_trace_channel_count(trace) == 0);
        erg_trace_free(trace);
    }
}

static void a_share_in_percent_is_refused(void)
{
    erg_error err = { 0 };
    erg_trace *trace = read_at_50ms("#Entity FP32A POWER\nGPU 0 1.02 60\n");
    CHECK_NEAR(first_of(trace, "gpu:0/fp32_active"), 1.02, 1e-12);
    erg_trace_free(trace);
    CHECK(!import_text("#Entity FP32A POWER\nGPU 0 0.5 60\nGPU 0 12.5 60\n",
                       &at_50ms, &err));
    CHECK(err.code == ERG_BAD_INPUT && strstr(err.text, "t.log:3:")
          && strstr(err.text, "FP32A"));
}

static void the_recorded_file_of_two_formats_is_refused_where_it_breaks(void)
{
    erg_error err = { 0 };
    erg_trace *trace = erg_trace_new(&err);
    CHECK(!erg_import(trace, test_data("profiles/corrupt_mixed_nul_bytes.sample.bin"),
                      NULL, &err));
    CHECK(err.code == ERG_BAD_INPUT && strstr(err.text, ":40:")
          && strstr(err.text, "4396 bytes"));
    erg_trace_free(trace);
}

int main(void)
{
    static const test tests[] = {
        TEST(dcgmi_columns_go_by_name_or_by_number),
        TEST(the_true_period_is_found_from_counter_and_power),
        TEST(the_recorded_h100_gives_its_counter_and_its_period),
        TEST(a_recording_at_another_clock_than_its_name_says_is_flagged),
        TEST(a_header_has_its_sign_apart_or_joined_and_units_in_any_case),
        TEST(a_header_with_other_names_is_another_table),
        TEST(a_name_with_blanks_does_not_move_the_power),
        TEST(a_cell_that_is_not_available_drops_no_row),
        TEST(rows_of_a_slow_sensor_are_not_counted_as_its_updates),
        TEST(a_slice_of_a_board_is_shared),
        TEST(a_counter_that_moves_every_second_row_is_ordinary),
        TEST(a_nul_byte_or_a_second_format_refuses_the_whole_file),
        TEST(a_share_in_percent_is_refused),
        TEST(the_recorded_file_of_two_formats_is_refused_where_it_breaks),
    };
    return test_run(tests, ERG_COUNT(tests));
}

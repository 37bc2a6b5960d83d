/* SPDX-License-Identifier: Apache-2.0 */
/* The clock as a governor turns it: asked for, read back, refused, let go. */
#include "govern/governed.h"
#include "govern/journal.h"

#define ONE(more)                                                                          \
    "node: {id: n, sensors: [\"sim:a100-sxm4-80gb,load=constant:300" more "\"]}\n"

static double clock_hz(const governed *is, size_t row, const char *column)
{
    return real_in(is, "clocks", row, column);
}

static bool clock_says(const governed *is, size_t row, const char *column, const char *want)
{
    erg_result *result = tables(is);
    const char *text = erg_table_find(erg_result_find(result, "clocks"), row, column).text;
    bool good = text ? want && strstr(text, want) : !want;
    if (!good)
        print_message("# %s is %s, not %s\n", column, text ? text : "-", want ? want : "-");
    erg_result_free(result);
    return good;
}

static bool ask_clock(governed *is, double hz, double for_s, const char *device,
                      erg_error *err)
{
    erg_govern_request request = { .verb = ERG_GOVERN_SET, .clock_hz = hz, .for_s = for_s };
    snprintf(request.device, sizeof(request.device), "%s", device);
    erg_result *result = erg_governor_answer(is->governor, &request, "test", err);
    erg_result_free(result);
    return result != NULL;
}

static size_t journal_lines(const governed *is, const char *who, const char *rule)
{
    erg_result *result = tables(is);
    const erg_table *journal = erg_result_find(result, "journal");
    size_t count = 0;
    for (size_t i = 0; i < erg_table_row_count(journal); i++)
        count += strcmp(erg_table_find(journal, i, "who").text, who) == 0
            && strcmp(erg_table_find(journal, i, "rule").text, rule) == 0;
    erg_result_free(result);
    return count;
}

static void a_clock_is_held_read_back_and_let_go(void)
{
    governed is = { 0 };
    erg_error err = { 0 };
    begin(&is, "mode: enforce\n" ONE(""));
    run_for(&is, 1, 0.1);
    CHECK(clock_says(&is, 0, "state", "free") && isnan(clock_hz(&is, 0, "wanted_hz")));
    CHECK_OK(ask_clock(&is, 1001e6, INFINITY, "", &err), err);
    CHECK_NEAR(clock_hz(&is, 0, "requested_hz"), 1005e6, 1);    /* a step of 15 MHz */
    CHECK_NEAR(clock_hz(&is, 0, "enforced_hz"), 1005e6, 1);
    CHECK(clock_says(&is, 0, "state", "enforced") && clock_says(&is, 0, "rule", "set"));
    run_for(&is, 1, 0.1);
    CHECK_NEAR(clock_hz(&is, 0, "seen_hz"), 1005e6, 1);
    CHECK(journal_lines(&is, "ergd", "set") == 1);      /* it is turned once */
    ask(&is, ERG_GOVERN_RELEASE, NAN, NULL);
    run_for(&is, 1.5, 0.1);
    CHECK(clock_says(&is, 0, "state", "free"));
    CHECK_NEAR(clock_hz(&is, 0, "seen_hz"), 1410e6, 1);
    CHECK(journal_lines(&is, "ergd", "free") == 1);
    end(&is);
}

static void a_clock_for_a_time_ends_by_itself(void)
{
    governed is = { 0 };
    erg_error err = { 0 };
    begin(&is, "mode: enforce\n" ONE(""));
    run_for(&is, 1, 0.1);
    CHECK_OK(ask_clock(&is, 900e6, 5, "sim:a100-sxm4-80gb", &err), err);
    run_for(&is, 4, 0.1);
    CHECK_NEAR(clock_hz(&is, 0, "enforced_hz"), 900e6, 1);
    run_for(&is, 2, 0.1);
    CHECK(isnan(clock_hz(&is, 0, "enforced_hz")) && clock_says(&is, 0, "state", "free"));
    end(&is);
}

static void a_device_that_has_no_clock_is_named(void)
{
    governed is = { 0 };
    erg_error err = { 0 };
    begin(&is, "mode: enforce\n" ONE(""));
    run_for(&is, 1, 0.1);
    CHECK(!ask_clock(&is, 900e6, 5, "nvml:7", &err) && err.code == ERG_NOT_FOUND);
    end(&is);
}

static void who_observes_turns_no_clock_and_says_what_it_would(void)
{
    governed is = { 0 };
    erg_error err = { 0 };
    begin(&is, ONE(""));
    run_for(&is, 1, 0.1);
    CHECK_OK(ask_clock(&is, 900e6, INFINITY, "", &err), err);
    run_for(&is, 2, 0.1);
    CHECK(clock_says(&is, 0, "state", "observe"));
    CHECK(clock_says(&is, 0, "reason", "it would be turned to 900 MHz"));
    CHECK_NEAR(clock_hz(&is, 0, "wanted_hz"), 900e6, 1);
    CHECK(isnan(clock_hz(&is, 0, "requested_hz")));
    CHECK_NEAR(clock_hz(&is, 0, "seen_hz"), 1410e6, 1);
    end(&is);
}

/* Some boards accept a clock and stay where they were. */
static void a_clock_that_is_not_taken_is_asked_for_again_and_journalled_once(void)
{
    governed is = { 0 };
    erg_error err = { 0 };
    begin(&is, "mode: enforce\n" ONE(",refuse=1230MHz"));
    run_for(&is, 1, 0.1);
    CHECK_OK(ask_clock(&is, 1230e6, INFINITY, "", &err), err);
    CHECK(clock_says(&is, 0, "state", "not_taken"));
    CHECK_NEAR(clock_hz(&is, 0, "enforced_hz"), 1410e6, 1);
    run_for(&is, 60, 0.5);
    CHECK(clock_says(&is, 0, "state", "not_taken"));
    CHECK(journal_lines(&is, "ergd", "set") == 1);
    ask(&is, ERG_GOVERN_RELEASE, NAN, NULL);
    CHECK(clock_says(&is, 0, "state", "free"));         /* at once */
    CHECK_OK(ask_clock(&is, 1200e6, INFINITY, "", &err), err);
    CHECK(clock_says(&is, 0, "state", "enforced"));
    end(&is);
}

static double cpu_khz(const governed *is, const char *file)
{
    char path[ERG_PATH_MOST], text[64] = "0";
    snprintf(path, sizeof(path), "%s/sys/devices/system/cpu/cpufreq/policy0/%s",
             is->box.root, file);
    CHECK(erg_file_line(path, text, sizeof(text), NULL));
    return strtod(text, NULL);
}

/* Of a captured machine; what is asked of all GPUs is not of its CPU. */
static void the_clock_of_a_cpu_is_held_and_put_back(void)
{
    governed is = { 0 };
    erg_error err = { 0 };
    char text[2 * ERG_PATH_MOST];
    machine_open(&is.box, "xeon-cpufreq");
    int count = snprintf(text, sizeof(text), "version: 1\nstate: %s/state\nmode: enforce\n"
                         "node: {id: n, sensors: [cpufreq]}\n", is.box.root);
    is.config = erg_govern_config_parse("test", text, (size_t)count, &err);
    CHECK_OK(is.config, err);
    is.governor = erg_governor_open(is.config, &is.box.env, &err);
    CHECK_OK(is.governor, err);
    run_for(&is, 1, 0.1);
    const double was_khz = cpu_khz(&is, "scaling_max_freq");
    CHECK(!ask_clock(&is, 1.5e9, INFINITY, "", &err) && strstr(err.text, "no GPU"));
    CHECK_OK(ask_clock(&is, 1.5e9, INFINITY, "cpufreq", &err), err);
    CHECK(was_khz > 1.6e6 && fabs(cpu_khz(&is, "scaling_max_freq") - 1.5e6) < 1e5);
    CHECK(clock_says(&is, 0, "knob", "cpu_clock")
          && clock_says(&is, 0, "state", "enforced"));
    CHECK(!ask_clock(&is, 1e9, INFINITY, "nvml:0", &err));
    erg_governor_free(is.governor);
    CHECK(cpu_khz(&is, "scaling_max_freq") == was_khz);
    erg_govern_config_free(is.config);
}

/* ---- the journal ------------------------------------------------------------------- */

static void a_line_about_a_clock_has_its_hertz_and_others_are_as_they_were(void)
{
    static const char old[] =
        "{\"t_ns\":5,\"utc_ns\":7,\"utc\":\"x\",\"device\":\"nvml:0\",\"rule\":\"cap\","
        "\"who\":\"ergd\",\"text\":\"\",\"old\":400,\"requested\":300,\"clamped\":300,"
        "\"enforced\":300}";
    char path[ERG_PATH_MOST];
    erg_error err = { 0 };
    erg_journal_entry entry;
    size_t size;
    CHECK(erg_journal_parse(old, strlen(old), &entry));
    CHECK(entry.enforced_w == 300 && isnan(entry.enforced_hz));

    snprintf(path, sizeof(path), "%s/journal", test_folder());
    erg_journal *journal = erg_journal_open(path, 1e6, &err);
    CHECK_OK(journal && erg_journal_add(journal, &entry, &err), err);
    entry = (erg_journal_entry){ .t_ns = 6, .old_w = NAN, .requested_w = NAN,
                                 .clamped_w = NAN, .enforced_w = NAN, .old_hz = 1.41e9,
                                 .requested_hz = 1e9, .clamped_hz = 1.005e9,
                                 .enforced_hz = NAN };
    CHECK_OK(erg_journal_add(journal, &entry, &err)
             && erg_journal_sync(journal, &err), err);
    erg_journal_free(journal);
    char *text = erg_file_read(path, 4096, &size, &err);
    CHECK_OK(text, err);
    char *second = strchr(text, '\n');
    CHECK(second && !memmem(text, (size_t)(second - text), "_hz", 3));
    CHECK(strstr(second, "\"clamped_hz\":") && !strstr(second, "enforced_hz"));
    free(text);
    journal = erg_journal_open(path, 1e6, &err);
    CHECK_OK(journal, err);
    CHECK(erg_journal_at(journal, 0)->enforced_w == 300);
    CHECK(erg_journal_at(journal, 1)->clamped_hz == 1.005e9);
    CHECK(isnan(erg_journal_at(journal, 1)->enforced_hz));
    erg_journal_free(journal);
}

int main(void)
{
    static const test tests[] = {
        TEST(a_clock_is_held_read_back_and_let_go),
        TEST(a_clock_for_a_time_ends_by_itself),
        TEST(a_device_that_has_no_clock_is_named),
        TEST(who_observes_turns_no_clock_and_says_what_it_would),
        TEST(a_clock_that_is_not_taken_is_asked_for_again_and_journalled_once),
        TEST(the_clock_of_a_cpu_is_held_and_put_back),
        TEST(a_line_about_a_clock_has_its_hertz_and_others_are_as_they_were),
    };
    return test_run(tests, ERG_COUNT(tests));
}

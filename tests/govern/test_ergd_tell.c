/* SPDX-License-Identifier: Apache-2.0 */
/* A program whose regions are phases, and the daemon that hears of them, or dies. */
#include <fcntl.h>
#include "erg/record.h"
#include "govern/ergd.h"

static const char *const simulated =
    "node: {id: x, sensors: [\"sim:a100-sxm4-80gb,load=constant:300\"]}\n";

static erg_recorder *record(void)
{
    static const char *const sensors[] = { "sim:plain" };
    erg_error err = { 0 };
    erg_recorder *rec = erg_recorder_start(NULL, &(erg_record_options){
        .sensors = sensors, .sensor_count = 1 }, &err);
    CHECK_OK(rec, err);
    return rec;
}

static void start(ergd_box *is)
{
    ergd_program();
    ergd_prepare(is, simulated);
    ergd_start(is);
    CHECK(ergd_await(ergd_listens, is));
}

/* Of the phase of that name; NAN: there is none. The daemon has heard all before it. */
static double phase_real(const ergd_box *is, const char *name, const char *column)
{
    erg_error err = { 0 };
    const erg_govern_request request = { .verb = ERG_GOVERN_STATUS };
    erg_result *result = erg_govern_ask(is->socket, &request, &err);
    CHECK_OK(result, err);
    const erg_table *table = erg_result_find(result, "phases");
    double value = NAN;
    for (size_t i = 0; i < erg_table_row_count(table); i++)
        if (strcmp(erg_table_find(table, i, "phase").text, name) == 0)
            value = erg_table_find(table, i, column).real;
    erg_result_free(result);
    return value;
}

static bool is_in_any(const ergd_box *is)
{
    char *answer = ergd_say(is, "{\"do\": \"status\"}\n");
    CHECK(answer && strstr(answer, "\"is_now\": false"));
    bool is_any = strstr(answer, "\"is_now\": true") != NULL;
    free(answer);
    return is_any;
}

static bool has_heard_all(const ergd_box *is)
{
    return phase_real(is, "decode", "units") == 15;
}

static void generate(erg_recorder *rec)
{
    erg_region_token prefill = erg_region_begin(rec, "prefill");
    erg_region_token layer = erg_region_begin(rec, "layer");
    usleep(30000);
    erg_region_end(rec, layer);
    erg_region_end(rec, prefill);
    usleep(20000);
    erg_region_token decode = erg_region_begin(rec, "decode");
    for (int i = 0; i < 5; i++) {
        usleep(10000);
        erg_mark(rec, "units", 1);
    }
    erg_region_end(rec, decode);
}

static void regions_inside_work_are_phases_and_marks_are_units(void)
{
    ergd_box is;
    erg_error err = { 0 };
    start(&is);
    erg_recorder *rec = record();
    CHECK_OK(erg_recorder_govern(rec, is.socket, NULL, NULL, &err), err);
    erg_region_token load = erg_region_begin(rec, "load");
    erg_region_end(rec, load);
    erg_region_token work = erg_region_begin(rec, "work");
    for (int i = 0; i < 3; i++)
        generate(rec);
    CHECK(ergd_await(has_heard_all, &is));
    CHECK(phase_real(&is, "prefill", "units") == 3);
    CHECK(isnan(phase_real(&is, "load", "units"))
          && isnan(phase_real(&is, "work", "units")));
    CHECK(isnan(phase_real(&is, "layer", "units")));
    double prefill_s = phase_real(&is, "prefill", "time_s");
    print_message("# prefill %.3f s\n", prefill_s);
    /* Three of 30 ms. A busy machine hears of a begin late, and sleeps longer. */
    CHECK(prefill_s >= 0.06 && prefill_s < 3);
    CHECK(phase_real(&is, "prefill", "energy_j") > 0);
    erg_region_end(rec, work);
    /* twice is once */
    CHECK_OK(erg_recorder_govern(rec, is.socket, NULL, NULL, &err), err);
    erg_region_token last = erg_region_begin(rec, "last");
    erg_region_end(rec, last);
    erg_recorder_free(rec);
    CHECK(phase_real(&is, "last", "units") == 1 && !is_in_any(&is));
    CHECK(ergd_stop(&is) == 0);
}

static void without_a_daemon_it_is_said_and_regions_go_on(void)
{
    erg_error err = { 0 };
    erg_recorder *rec = record();
    int is_open = fcntl(STDIN_FILENO, F_GETFD);
    CHECK(!erg_recorder_govern(rec, "/none/s", NULL, NULL, &err)
          && err.code == ERG_NOT_FOUND);
    CHECK(fcntl(STDIN_FILENO, F_GETFD) == is_open);     /* the program's own stays open */
    generate(rec);
    erg_recorder_free(rec);
    CHECK(erg_recorder_govern(NULL, "/none/s", NULL, NULL, &err));    /* nobody records */
}

static void a_gpu_that_is_not_there_is_said(void)
{
    ergd_box is;
    erg_error err = { 0 };
    start(&is);
    erg_recorder *rec = record();
    CHECK(!erg_recorder_govern(rec, is.socket, "nvml:7", NULL, &err));
    CHECK(err.code == ERG_REFUSED && strstr(err.text, "no device nvml:7"));
    erg_recorder_free(rec);
    CHECK(ergd_stop(&is) == 0);
}

static double seconds_of_1000_regions(erg_recorder *rec)
{
    int64_t begin_ns = ergd_now_ns();
    for (int i = 0; i < 1000; i++)
        erg_region_end(rec, erg_region_begin(rec, "decode"));
    return erg_s_from_ns(ergd_now_ns() - begin_ns);
}

/* Neither a daemon that hangs nor one that is dead holds the program up. */
static void no_region_waits_for_the_daemon(void)
{
    ergd_box is;
    erg_error err = { 0 };
    start(&is);
    erg_recorder *rec = record();
    CHECK_OK(erg_recorder_govern(rec, is.socket, "sim:a100-sxm4-80gb", NULL, &err), err);
    print_message("# %.1f us a region\n", 1e3 * seconds_of_1000_regions(rec));
    kill(is.pid, SIGSTOP);
    double hung_s = seconds_of_1000_regions(rec);
    kill(is.pid, SIGKILL);
    CHECK(ergd_await(ergd_all_over, &is));
    double dead_s = seconds_of_1000_regions(rec);
    print_message("# %.1f us while it hangs, %.1f us once it is dead\n", 1e3 * hung_s,
                  1e3 * dead_s);
    CHECK(hung_s < 5 && dead_s < 5);        /* an answer is waited for 5 s */
    erg_recorder_free(rec);
}

int main(void)
{
    static const test tests[] = {
        TEST(regions_inside_work_are_phases_and_marks_are_units),
        TEST(without_a_daemon_it_is_said_and_regions_go_on),
        TEST(a_gpu_that_is_not_there_is_said),
        TEST(no_region_waits_for_the_daemon),
    };
    return test_run(tests, ERG_COUNT(tests));
}

/* SPDX-License-Identifier: Apache-2.0 */
/* What a region asks for, with a daemon, without one, with one that dies; and what a sensor
 * truly gave. */
#include "erg/record.h"
#include "govern/ergd.h"

static const char *const governed =
    "mode: enforce\nnode: {id: x, sensors: [\"sim:a100-sxm4-80gb,load=constant:390\"]}\n";
static const erg_hint cap = { .power_cap_w = 275 };

static erg_recorder *record(const char *sensor)
{
    erg_error err = { 0 };
    erg_recorder *rec = erg_recorder_start(NULL, &(erg_record_options){
        .sensors = &sensor, .sensor_count = 1 }, &err);
    CHECK_OK(rec, err);
    return rec;
}

static erg_recorder *start(ergd_box *is)
{
    erg_error err = { 0 };
    ergd_program();
    ergd_prepare(is, governed);
    ergd_start(is);
    CHECK(ergd_await(ergd_listens, is));
    erg_recorder *rec = record("sim:plain");
    CHECK_OK(erg_recorder_govern(rec, is->socket, NULL, NULL, &err), err);
    return rec;
}

static bool status_has(const ergd_box *is, const char *words)
{
    char *answer = ergd_say(is, "{\"do\": \"status\"}\n");
    bool has = answer && strstr(answer, words);
    free(answer);
    return has;
}

static bool is_held(const ergd_box *is) { return status_has(is, "\"power_cap_w\": 275"); }
static bool is_free(const ergd_box *is) { return !is_held(is); }

static void a_regions_cap_is_in_force_until_it_ends(void)
{
    ergd_box is;
    erg_error err = { 0 };
    erg_recorder *rec = start(&is);
    erg_region_token outer = erg_region_begin(rec, "outer");
    CHECK(is_free(&is));
    CHECK_OK(erg_region_hint(rec, outer, &cap, &err), err);
    CHECK(is_held(&is) && status_has(&is, "\"enforced_w\": 275"));
    erg_region_token inner = erg_region_begin(rec, "inner");
    CHECK_OK(erg_region_hint(rec, inner, &(erg_hint){ .power_cap_w = 200 }, &err), err);
    CHECK(status_has(&is, "\"enforced_w\": 200"));      /* the least */
    erg_region_end(rec, inner);
    CHECK(is_held(&is));
    erg_region_end(rec, outer);
    CHECK(ergd_await(is_free, &is));
    erg_recorder_free(rec);
    CHECK(ergd_stop(&is) == 0);
}

static void the_end_of_the_recorder_takes_back_what_is_held(void)
{
    ergd_box is;
    erg_error err = { 0 };
    erg_recorder *rec = start(&is);
    CHECK_OK(erg_region_hint(rec, erg_region_begin(rec, "open"), &cap, &err), err);
    CHECK(is_held(&is));
    erg_recorder_free(rec);
    CHECK(is_free(&is) && ergd_stop(&is) == 0);
}

static void no_end_of_a_region_waits_for_a_daemon_that_hangs(void)
{
    ergd_box is;
    erg_error err = { 0 };
    erg_recorder *rec = start(&is);
    erg_region_token region = erg_region_begin(rec, "x");
    CHECK_OK(erg_region_hint(rec, region, &cap, &err), err);
    kill(is.pid, SIGSTOP);
    int64_t begin_ns = ergd_now_ns();
    erg_region_end(rec, region);
    double end_s = erg_s_from_ns(ergd_now_ns() - begin_ns);
    print_message("# %.3f ms\n", 1e3 * end_s);
    CHECK(end_s < 2);                   /* an answer is waited for 5 s */
    kill(is.pid, SIGKILL);
    CHECK(ergd_await(ergd_all_over, &is));
    region = erg_region_begin(rec, "y");
    CHECK(!erg_region_hint(rec, region, &cap, &err) && err.code == ERG_NOT_FOUND);
    erg_region_end(rec, region);
    erg_recorder_free(rec);
}

static void what_cannot_be_asked_is_said(void)
{
    erg_error err = { 0 };
    erg_recorder *rec = record("sim:plain");
    CHECK(!erg_region_hint(rec, (erg_region_token){ 0 }, &cap, &err));
    CHECK(err.code == ERG_BAD_INPUT && strstr(err.text, "has begun"));
    erg_region_token region = erg_region_begin(rec, "x");
    CHECK(!erg_region_hint(rec, region, &(erg_hint){ .dvfs = "now" }, &err));
    CHECK(err.code == ERG_BAD_INPUT && strstr(err.text, "auto or off"));
    CHECK(erg_region_hint(NULL, region, &cap, &err));       /* nobody records */
    erg_recorder_free(rec);
}

/* ---- the trace ---------------------------------------------------------------------- */

static void a_power_trace_says_what_the_sensor_gave(void)
{
    erg_error err = { 0 };
    erg_power_samples samples;
    erg_delivery how;
    int64_t begin_ns = ergd_now_ns();
    erg_recorder *rec =
        record("sim:plain,load=constant:200,update=20ms,window=20ms,noise=1W");
    usleep(1500000);     /* more than the second that is asked for by itself below */
    CHECK_OK(erg_power_trace(rec, NULL, begin_ns, INT64_MAX, &samples, &how, &err), err);
    print_message("# %zu samples, interval %.4g s, p99 %.3g s, missed %d, update %.4g s\n",
                  samples.count, how.interval_s, how.jitter_p99_s, (int)how.missed,
                  how.update_s);
    CHECK(samples.count > 20 && how.interval_s > 0 && how.interval_s < 0.1);
    CHECK(how.jitter_p99_s >= 0 && how.missed >= 0);
    CHECK_NEAR(how.update_s, 0.02, 0.002);
    CHECK_NEAR(how.window_s, 0.02, 1e-9);
    for (size_t i = 0; i < samples.count; i++)
        CHECK(samples.at[i].t_ns >= begin_ns);
    size_t all = samples.count;
    erg_power_samples_free(&samples);
    CHECK(samples.count == 0);
    CHECK_OK(erg_power_trace(rec, "sim:plain/power", begin_ns, begin_ns + ERG_NS_PER_S,
                             &samples, NULL, &err), err);
    CHECK(samples.count > 0 && samples.count < all);
    erg_power_samples_free(&samples);
    CHECK(!erg_power_trace(rec, NULL, 0, 1, &samples, &how, &err));
    CHECK(err.code == ERG_NO_DATA && samples.at == NULL);
    CHECK(!erg_power_trace(rec, "sim:plain/none", 0, 1, &samples, &how, &err));
    CHECK(err.code == ERG_NOT_FOUND);
    CHECK(!erg_power_trace(NULL, NULL, 0, 1, &samples, &how, &err));
    CHECK(err.code == ERG_UNSUPPORTED);
    erg_recorder_free(rec);
}

int main(void)
{
    static const test tests[] = {
        TEST(a_regions_cap_is_in_force_until_it_ends),
        TEST(the_end_of_the_recorder_takes_back_what_is_held),
        TEST(no_end_of_a_region_waits_for_a_daemon_that_hangs),
        TEST(what_cannot_be_asked_is_said),
        TEST(a_power_trace_says_what_the_sensor_gave),
    };
    return test_run(tests, ERG_COUNT(tests));
}

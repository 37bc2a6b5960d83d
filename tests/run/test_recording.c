/* SPDX-License-Identifier: Apache-2.0 */
/* Sampler, writer and ring together, on a simulated device. */
#include <pthread.h>
#include "erg/energy.h"
#include "manual.h"
#include "run/recording.h"
#include "trace/calibration.h"
#include "test.h"

typedef struct bench {
    erg_env env;
    erg_devices *devices;
    erg_recording *rec;
    char path[ERG_PATH_MOST];
} bench;

static void open_bench(bench *at, const erg_env *env, const char *sensor, double rate_hz)
{
    erg_error err = { 0 };
    at->env = *env;
    snprintf(at->path, sizeof(at->path), "%s/a.erg", test_folder());
    CHECK_OK(at->devices = erg_devices_find(&at->env, &sensor, 1, &err), err);
    erg_recording_setup setup = { .path = at->path, .rate_hz = rate_hz, .in_memory = true };
    CHECK_OK(at->rec = erg_recording_new(&at->env, at->devices, &setup, &err), err);
    CHECK_OK(erg_recording_begin(at->rec, &err), err);
}

static erg_trace *close_bench(bench *at)
{
    erg_error err = { 0 };
    CHECK_OK(erg_recording_end(at->rec, &err), err);
    erg_recording_free(at->rec);
    erg_devices_free(at->devices);
    erg_trace *trace = erg_trace_load(at->path, &err);
    CHECK_OK(trace, err);
    return trace;
}

static const erg_sample *samples_of(const erg_trace *trace, const char *name, size_t *count)
{
    int channel = erg_trace_find_channel(trace, name);
    CHECK(channel >= 0);
    return erg_trace_samples(trace, channel, count);
}

static const erg_region *region_named(const erg_trace *trace, const char *name)
{
    for (size_t i = 0; i < erg_trace_region_count(trace); i++)
        if (strcmp(erg_trace_region(trace, i)->name, name) == 0)
            return erg_trace_region(trace, i);
    return NULL;
}

static void the_schedule_follows_the_sensor_and_the_clock(void)
{
    manual_clock manual;
    bench at;
    open_bench(&at, &(erg_env){ .clock = manual_start(&manual, 5 * ERG_NS_PER_S) },
               "sim:a100-sxm4-80gb", 0);
    CHECK(erg_recording_run_until(at.rec, 66 * ERG_NS_PER_S, NULL));
    erg_trace *trace = close_bench(&at);

    size_t power, energy, clocks;
    const erg_sample *samples = samples_of(trace, "sim:a100-sxm4-80gb/power", &power);
    samples_of(trace, "sim:a100-sxm4-80gb/energy", &energy);
    samples_of(trace, "sim:a100-sxm4-80gb/sm_clock", &clocks);
    double update_s = erg_trace_channel(trace, erg_trace_find_channel(
        trace, "sim:a100-sxm4-80gb/power"))->update_s;
    CHECK_NEAR((double)power, 61 / (update_s / 2) + 2, 1);
    CHECK_NEAR((double)energy, 61 * 10 + 2, 1);
    CHECK_NEAR((double)clocks, 63, 1);
    for (size_t i = 1; i + 1 < power; i++)
        CHECK_NEAR(samples[i].t_ns - samples[i - 1].t_ns, update_s / 2 * 1e9, 1);
    CHECK(erg_trace_anchor_count(trace) >= 3);      /* begin, after 60 s, end */
    CHECK(erg_trace_setting_count(trace) >= 6 * 2);
    CHECK(strstr(erg_trace_meta(trace, "sampling:sim:a100-sxm4-80gb/power"), "misses=0"));
    erg_trace_free(trace);
}

static void a_stored_calibration_is_applied_and_named(void)
{
    erg_calibration record = { .driver = "sim", .channel = "power", .date = "2026-02-06",
                               .gain = 0.95, .offset = 2, .gain_u = 0.01,
                               .window_s = NAN, .update_s = NAN };
    erg_calibrations stored = { 0 };
    manual_clock manual;
    bench at;
    erg_error err = { 0 };
    erg_env env = { .clock = manual_start(&manual, 5 * ERG_NS_PER_S),
                    .state_dir = test_folder() };

    snprintf(record.uuid, sizeof(record.uuid), "GPU-7");
    CHECK_OK(erg_calibrations_put(&stored, &record, &err), err);
    CHECK_OK(erg_calibrations_save(&env, &stored, &err), err);
    erg_calibrations_free(&stored);
    char folder[ERG_PATH_MOST];
    snprintf(folder, sizeof(folder), "%s", env.state_dir);
    env.state_dir = folder;
    open_bench(&at, &env, "sim:a100-sxm4-80gb,uuid=GPU-7", 0);
    CHECK(erg_recording_run_until(at.rec, 6 * ERG_NS_PER_S, NULL));
    erg_trace *trace = close_bench(&at);

    for (int i = 0; i < (int)erg_trace_channel_count(trace); i++) {
        const erg_channel_info *info = erg_trace_channel(trace, i);
        bool is_power = strcmp(info->name, "power") == 0;
        CHECK_NEAR(info->gain, is_power ? 0.95 : 1, 1e-12);
        CHECK_TEXT(info->calibration, is_power ? "GPU-7 sim 2026-02-06" : "");
    }
    erg_trace_free(trace);
}

static void a_higher_rate_is_a_higher_rate(void)
{
    manual_clock manual;
    bench at;
    open_bench(&at, &(erg_env){ .clock = manual_start(&manual, 0) },
               "sim:a100-sxm4-80gb", 1000);
    CHECK(erg_recording_run_until(at.rec, 2 * ERG_NS_PER_S, NULL));
    erg_trace *trace = close_bench(&at);
    size_t power;
    samples_of(trace, "sim:a100-sxm4-80gb/power", &power);
    CHECK_NEAR((double)power, 2002, 1);
    erg_trace_free(trace);
}

static void a_moving_mean_beside_a_counter_is_read_ten_times_an_update_at_most(void)
{
    manual_clock manual;
    bench at;
    size_t energy, average;
    open_bench(&at, &(erg_env){ .clock = manual_start(&manual, 0) }, "sim:h100-sxm5-80gb",
               1000);
    CHECK(erg_recording_run_until(at.rec, 2 * ERG_NS_PER_S, NULL));
    erg_trace *trace = close_bench(&at);
    samples_of(trace, "sim:h100-sxm5-80gb/energy", &energy);
    samples_of(trace, "sim:h100-sxm5-80gb/power_average", &average);
    CHECK(energy >= 2001 && average >= 201 && average <= 203);
    erg_trace_free(trace);
}

/* Outer and inner on one thread; a second thread's overlaps both. */
static void regions_nest_and_overlap_and_know_their_parents(void)
{
    manual_clock manual;
    bench at;
    open_bench(&at, &(erg_env){ .clock = manual_start(&manual, 0) },
               "sim:a100-sxm4-80gb", 0);
    erg_ring *ring = erg_recording_ring(at.rec);
    int64_t run = erg_recording_region(at.rec, "run", true);
    const erg_event events[] = {
        { .kind = ERG_EVENT_BEGIN, .id = 101, .thread = 7, .t_ns = 10, .name = "outer" },
        { .kind = ERG_EVENT_BEGIN, .id = 102, .thread = 7, .t_ns = 20, .name = "inner" },
        { .kind = ERG_EVENT_BEGIN, .id = 103, .thread = 8, .t_ns = 25, .name = "other" },
        { .kind = ERG_EVENT_MARK, .thread = 7, .t_ns = 27, .name = "loss", .value = 0.5 },
        { .kind = ERG_EVENT_END, .id = 102, .thread = 8, .t_ns = 30 },
        { .kind = ERG_EVENT_END, .id = 101, .thread = 7, .t_ns = 40 },
        { .kind = ERG_EVENT_BEGIN, .id = 104, .thread = 8, .t_ns = 45, .name = "open" },
        { .kind = ERG_EVENT_END, .id = 103, .thread = 8, .t_ns = 50 },
    };
    for (size_t i = 0; i < ERG_COUNT(events); i++)
        CHECK(erg_ring_push(ring, &events[i]));
    erg_recording_region_end(at.rec, run, 1);
    CHECK(erg_recording_run_until(at.rec, ERG_NS_PER_S, NULL));
    erg_trace *trace = close_bench(&at);

    const erg_region *outer = region_named(trace, "outer"),
                     *inner = region_named(trace, "inner");
    const erg_region *other = region_named(trace, "other"),
                     *open = region_named(trace, "open");
    CHECK(outer && inner && other && open);
    CHECK(outer->parent == run && other->parent == run);
    CHECK(inner->parent == 101 && inner->end_ns == 30 && open->parent == 103);
    CHECK(open->end_ns == INT64_MAX);
    CHECK(region_named(trace, "run")->runs == 1);
    CHECK(erg_trace_mark_count(trace) == 1 && erg_trace_mark(trace, 0)->value == 0.5);
    erg_trace_free(trace);
}

enum { THREADS = 3, EACH = 300 };

static void *mark_regions(void *self)
{
    erg_ring *ring = self;
    for (int i = 0; i < EACH; i++) {
        int64_t now_ns = erg_env_now_ns(NULL);
        erg_event event = { .kind = ERG_EVENT_BEGIN, .id = erg_ring_next_id(ring),
                            .name = "work", .thread = (int64_t)(uintptr_t)pthread_self(),
                            .t_ns = now_ns };
        erg_ring_push(ring, &event);
        erg_ring_edge(ring, now_ns);
        usleep(300);
        event.kind = ERG_EVENT_END;
        event.t_ns = erg_env_now_ns(NULL);
        erg_ring_push(ring, &event);
        erg_ring_edge(ring, event.t_ns);
    }
    return NULL;
}

static void threads_mark_while_the_sampler_runs_and_someone_asks(void)
{
    pthread_t threads[THREADS];
    bench at;
    size_t work = 0, energy;
    open_bench(&at, &(erg_env){ 0 }, "sim:a100-sxm4-80gb", 200);
    for (int i = 0; i < THREADS; i++)
        pthread_create(&threads[i], NULL, mark_regions, erg_recording_ring(at.rec));
    for (int i = 0; i < 20; i++) {
        const erg_trace *trace = erg_recording_lock(at.rec);
        CHECK(erg_trace_channel_count(trace) > 0);
        erg_recording_unlock(at.rec);
        usleep(5000);
    }
    for (int i = 0; i < THREADS; i++)
        pthread_join(threads[i], NULL);
    erg_trace *trace = close_bench(&at);
    for (size_t i = 0; i < erg_trace_region_count(trace); i++) {
        const erg_region *region = erg_trace_region(trace, i);
        CHECK(region->end_ns != INT64_MAX && region->end_ns > region->begin_ns);
        work += strcmp(region->name, "work") == 0;
    }
    CHECK(work == THREADS * EACH);
    /* Edges bring counter reads of their own beside those at 200 Hz. */
    samples_of(trace, "sim:a100-sxm4-80gb/energy", &energy);
    erg_span span = erg_trace_span(trace);
    print_message("# %zu counter reads in %.3f s\n", energy,
                  erg_s_from_ns(span.end_ns - span.begin_ns));
    erg_trace_free(trace);
}

static void a_recording_without_devices_is_a_file_too(void)
{
    erg_error err = { 0 };
    char path[ERG_PATH_MOST];
    erg_env env = { .root = test_folder() };
    snprintf(path, sizeof(path), "%s/a.erg", env.root);
    erg_devices *devices = erg_devices_find(&env, NULL, 0, &err);
    CHECK_OK(devices, err);
    erg_recording_setup setup = { .path = path };
    erg_recording *rec = erg_recording_new(&env, devices, &setup, &err);
    CHECK_OK(rec && erg_recording_begin(rec, &err), err);
    CHECK_OK(erg_recording_end(rec, &err), err);
    erg_recording_free(rec);
    erg_devices_free(devices);
    erg_trace *trace = erg_trace_load(path, &err);
    CHECK_OK(trace, err);
    erg_trace_free(trace);
}

static size_t settings_of(const erg_trace *trace, const char *key, int64_t *first_ns,
                          int64_t *last_ns)
{
    size_t count = 0;
    for (size_t i = 0; i < erg_trace_setting_count(trace); i++) {
        const erg_setting *setting = erg_trace_setting(trace, i);
        if (strcmp(setting->key, key) != 0)
            continue;
        if (count++ == 0)
            *first_ns = setting->t_ns;
        *last_ns = setting->t_ns;
    }
    return count;
}

static void settings_are_read_at_begin_each_ten_seconds_and_at_end(void)
{
    static const char *const keys[] = { "power_limit", "sm_clock", "temperature" };
    manual_clock manual;
    bench at;
    open_bench(&at, &(erg_env){ .clock = manual_start(&manual, 5 * ERG_NS_PER_S) },
               "sim:a100-sxm4-80gb", 0);
    CHECK(erg_recording_run_until(at.rec, 40 * ERG_NS_PER_S, NULL));
    erg_trace *trace = close_bench(&at);
    for (size_t i = 0; i < ERG_COUNT(keys); i++) {
        int64_t first_ns = 0, last_ns = 0;
        CHECK(settings_of(trace, keys[i], &first_ns, &last_ns) == 5);
        CHECK_NEAR(erg_s_from_ns(first_ns), 5, 0.1);
        CHECK_NEAR(erg_s_from_ns(last_ns), 40, 0.1);
    }
    erg_trace_free(trace);
}

static void a_run_shorter_than_a_second_has_settings_of_both_ends(void)
{
    manual_clock manual;
    bench at;
    int64_t first_ns = 0, last_ns = 0;
    open_bench(&at, &(erg_env){ .clock = manual_start(&manual, 5 * ERG_NS_PER_S) },
               "sim:a100-sxm4-80gb", 0);
    CHECK(erg_recording_run_until(at.rec, 5 * ERG_NS_PER_S + 300 * ERG_NS_PER_MS, NULL));
    erg_trace *trace = close_bench(&at);
    CHECK(settings_of(trace, "sm_clock", &first_ns, &last_ns) == 2);
    CHECK_NEAR(erg_s_from_ns(first_ns), 5, 0.1);
    CHECK_NEAR(erg_s_from_ns(last_ns), 5.3, 0.1);
    erg_trace_free(trace);
}

static void the_version_of_a_vendors_driver_is_a_setting(void)
{
    char library[ERG_PATH_MOST];
    const char *build = getenv("ERG_BUILD");
    int64_t first_ns = 0, last_ns = 0;
    bench at;
    snprintf(library, sizeof(library), "%s/tests/fake/libnvidia-ml.so.1",
             build ? build : "build");
    setenv("FAKE_NVML", "a100-sxm4-80gb;driver=530", 1);
    open_bench(&at, &(erg_env){ .nvml = library }, "nvml", 0);
    erg_trace *trace = close_bench(&at);
    CHECK(settings_of(trace, "driver", &first_ns, &last_ns) == 2);
    for (size_t i = 0; i < erg_trace_setting_count(trace); i++)
        if (strcmp(erg_trace_setting(trace, i)->key, "driver") == 0)
            CHECK_TEXT(erg_trace_setting(trace, i)->value, "530.54.03");
    erg_trace_free(trace);
}

static void a_machine_that_slept_is_flagged_suspended(void)
{
    manual_clock manual;
    bench at;
    erg_error err = { 0 };
    bool suspended = false;
    open_bench(&at, &(erg_env){ .clock = manual_start(&manual, 5 * ERG_NS_PER_S) },
               "sim:a100-sxm4-80gb", 0);
    CHECK(erg_recording_run_until(at.rec, 20 * ERG_NS_PER_S, NULL));
    manual.asleep_ns = 300 * ERG_NS_PER_S;
    CHECK(erg_recording_run_until(at.rec, 40 * ERG_NS_PER_S, NULL));
    erg_trace *trace = close_bench(&at);
    CHECK_OK(erg_trace_check(trace, &err), err);
    for (size_t i = 0; i < erg_trace_flag_count(trace); i++) {
        const erg_flag *flag = erg_trace_flag(trace, i);
        if (flag->code != ERG_FLAG_SUSPENDED)
            continue;
        suspended = true;
        CHECK(flag->span.begin_ns <= 20 * ERG_NS_PER_S
              && flag->span.end_ns >= 20 * ERG_NS_PER_S);
    }
    CHECK(suspended);
    erg_trace_free(trace);
}

int main(void)
{
    static const test tests[] = {
        TEST(the_schedule_follows_the_sensor_and_the_clock),
        TEST(a_stored_calibration_is_applied_and_named),
        TEST(a_higher_rate_is_a_higher_rate),
        TEST(a_moving_mean_beside_a_counter_is_read_ten_times_an_update_at_most),
        TEST(regions_nest_and_overlap_and_know_their_parents),
        TEST(threads_mark_while_the_sampler_runs_and_someone_asks),
        TEST(a_recording_without_devices_is_a_file_too),
        TEST(settings_are_read_at_begin_each_ten_seconds_and_at_end),
        TEST(a_run_shorter_than_a_second_has_settings_of_both_ends),
        TEST(the_version_of_a_vendors_driver_is_a_setting),
        TEST(a_machine_that_slept_is_flagged_suspended),
    };
    return test_run(tests, ERG_COUNT(tests));
}

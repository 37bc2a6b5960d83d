/* SPDX-License-Identifier: Apache-2.0 */
/* Recordings that are killed, in the middle of a second. */
#include <signal.h>
#include <sys/wait.h>
#include "run/recording.h"
#include "test.h"

#define SENSOR "sim:a100-sxm4-80gb"

static void record_for_ever(const char *path)
{
    const char *sensor = SENSOR;
    erg_env env = { 0 };
    erg_devices *devices = erg_devices_find(&env, &sensor, 1, NULL);
    erg_recording_setup setup = { .path = path, .rate_hz = 100 };
    erg_recording *rec = erg_recording_new(&env, devices, &setup, NULL);
    if (!rec || !erg_recording_begin(rec, NULL))
        _exit(1);
    erg_recording_region(rec, "run", true);
    erg_recording_run_until(rec, INT64_MAX, NULL);
}

static void check_killed(const char *path, int64_t killed_ns)
{
    size_t count;
    erg_error err = { 0 };
    erg_trace *trace = erg_trace_load(path, &err);
    CHECK_OK(trace, err);
    int channel = erg_trace_find_channel(trace, SENSOR "/power");
    CHECK(channel >= 0);
    const erg_sample *samples = erg_trace_samples(trace, channel, &count);
    CHECK(count > 0 && erg_s_from_ns(killed_ns - samples[count - 1].t_ns) < 1.15);
    CHECK(erg_trace_flag(trace, 0)->code == ERG_FLAG_INTERRUPTED);
    CHECK(erg_trace_region_count(trace) == 1);
    CHECK_TEXT(erg_trace_region(trace, 0)->name, "run");
    CHECK(erg_trace_region(trace, 0)->end_ns == INT64_MAX);
    erg_trace_free(trace);
}

/* All at once; each is killed in its own fifth of the second between two commits. */
static void a_killed_recording_keeps_all_but_the_last_second(void)
{
    enum { KILLED = 5 };
    test_random random = { .state = 13 };
    const char *folder = test_folder();
    char paths[KILLED][ERG_PATH_MOST];
    pid_t children[KILLED];
    int64_t begin_ns = erg_env_now_ns(NULL), killed_ns[KILLED];

    for (int i = 0; i < KILLED; i++) {
        snprintf(paths[i], sizeof(paths[i]), "%s/%d.erg", folder, i);
        if ((children[i] = fork()) == 0)
            record_for_ever(paths[i]);
    }
    for (int i = 0; i < KILLED; i++) {
        double at_s = 1.3 + 0.9 * (i + test_uniform(&random)) / KILLED;
        while (erg_s_from_ns(erg_env_now_ns(NULL) - begin_ns) < at_s)
            usleep(1000);
        killed_ns[i] = erg_env_now_ns(NULL);
        kill(children[i], SIGKILL);
        waitpid(children[i], NULL, 0);
    }
    for (int i = 0; i < KILLED; i++)
        check_killed(paths[i], killed_ns[i]);
}

int main(void)
{
    static const test tests[] = {
        TEST(a_killed_recording_keeps_all_but_the_last_second),
    };
    return test_run(tests, ERG_COUNT(tests));
}

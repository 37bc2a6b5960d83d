/* SPDX-License-Identifier: Apache-2.0 */
/* Regions and marks from inside a program: joined, on its own, many at once. */
#include <pthread.h>
#include <sys/wait.h>
#include "erg/record.h"
#include "run/ring.h"
#include "test.h"

#define SIM "sim:a100-sxm4-80gb"
/* Updates at once, so that a tenth of a second has an answer. */
static const char *const sensors[] =
    { SIM ",load=constant:200,counter_update=1ms,noise=0W" };

static void without_a_recorder_every_call_is_harmless(void)
{
    erg_error err = { 0 };
    erg_region_token token = erg_region_begin(NULL, "x");
    erg_region_end(NULL, token);
    erg_mark(NULL, "loss", 1);
    erg_recorder_free(NULL);
    CHECK(token.id == 0);
    CHECK(!erg_recorder_join(&(erg_env){ 0 }, &err) && err.code == ERG_NOT_FOUND);
    CHECK(!erg_recorder_join(&(erg_env){ .ring = "/dev/shm/none" }, &err));
}

static void a_region_of_known_power_has_its_joules(void)
{
    erg_error err = { 0 };
    erg_energy energy;
    erg_record_options options = { .sensors = sensors, .sensor_count = 1, .rate_hz = 100 };
    erg_recorder *rec = erg_recorder_start(NULL, &options, &err);
    CHECK_OK(rec, err);
    int64_t begin_ns = erg_env_now_ns(NULL);
    erg_region_token outer = erg_region_begin(rec, "outer"),
                     inner = erg_region_begin(rec, "inner");
    usleep(100000);
    erg_region_end(rec, inner);
    usleep(100000);
    erg_region_end(rec, outer);
    double s = erg_s_from_ns(erg_env_now_ns(NULL) - begin_ns);
    CHECK_OK(erg_region_energy(rec, outer, NULL, &energy, &err), err);
    /* The region's own window: a busy machine may sleep between the two clocks. */
    CHECK(energy.window_s >= 0.2 && energy.window_s <= s);
    CHECK_NEAR(energy.energy_j, 200 * energy.window_s, 200 * 0.01);
    double outer_j = energy.energy_j;
    CHECK_OK(erg_region_energy(rec, inner, SIM "/power", &energy, &err), err);
    CHECK(energy.energy_j < outer_j + energy.spread_j);
    CHECK(!erg_region_energy(rec, (erg_region_token){ 999 }, NULL, &energy, &err));
    CHECK(err.code == ERG_NOT_FOUND);
    CHECK(!erg_region_energy(rec, inner, "none/power", &energy, &err));
    erg_recorder_free(rec);
}

static void *end_it(void *self)
{
    void **both = self;
    erg_region_end(both[0], *(erg_region_token *)both[1]);
    return NULL;
}

static void a_region_may_end_on_another_thread_and_in_a_forked_child(void)
{
    erg_error err = { 0 };
    char path[ERG_PATH_MOST];
    snprintf(path, sizeof(path), "%s/a.erg", test_folder());
    erg_record_options options = { .sensors = sensors, .sensor_count = 1, .output = path };
    erg_recorder *rec = erg_recorder_start(NULL, &options, &err);
    CHECK_OK(rec, err);
    erg_region_token token = erg_region_begin(rec, "handed");
    pthread_t thread;
    pthread_create(&thread, NULL, end_it, (void *[]){ rec, &token });
    pthread_join(thread, NULL);
    pid_t child = fork();
    if (child == 0) {
        erg_region_end(rec, erg_region_begin(rec, "forked"));
        erg_mark(rec, "loss", 0.25);
        _exit(0);
    }
    waitpid(child, NULL, 0);
    erg_recorder_free(rec);

    erg_trace *trace = erg_trace_load(path, &err);
    CHECK_OK(trace, err);
    CHECK(erg_trace_region_count(trace) == 2 && erg_trace_mark_count(trace) == 1);
    for (size_t i = 0; i < 2; i++)
        CHECK(erg_trace_region(trace, i)->end_ns != INT64_MAX);
    erg_trace_free(trace);
}

static void what_a_meter_tells_becomes_a_mark(void)
{
    static const char *const meters[] = {
        "exec:echo '{\"power_w\": 5}'; echo '{\"event\": \"PSU over-current\"}'; "
        "while echo '{\"power_w\": 6}'; do sleep 0.02; done"
    };
    erg_error err = { 0 };
    char path[ERG_PATH_MOST];
    snprintf(path, sizeof(path), "%s/a.erg", test_folder());
    erg_recorder *rec = erg_recorder_start(NULL, &(erg_record_options){
        .sensors = meters, .sensor_count = 1, .output = path }, &err);
    CHECK_OK(rec, err);
    usleep(600000);
    erg_recorder_free(rec);

    erg_trace *trace = erg_trace_load(path, &err);
    CHECK_OK(trace, err);
    CHECK(erg_trace_mark_count(trace) == 1);
    CHECK_TEXT(erg_trace_mark(trace, 0)->name, "PSU over-current");
    erg_trace_free(trace);
}

static void of_many_processes_of_a_job_one_samples(void)
{
    erg_error err = { 0 };
    char path[ERG_PATH_MOST], job[40];
    snprintf(path, sizeof(path), "%s/a.erg", test_folder());
    snprintf(job, sizeof(job), "test-%ld", (long)getpid());
    erg_record_options options = { .sensors = sensors, .sensor_count = 1, .output = path,
                                   .job = job };
    erg_recorder *rec = erg_recorder_start(NULL, &options, &err);
    CHECK_OK(rec, err);
    for (int i = 0; i < 3; i++)
        if (fork() == 0) {
            erg_energy energy;
            erg_recorder *joined = erg_recorder_start(NULL, &options, &err);
            erg_region_token token = erg_region_begin(joined, "rank");
            erg_region_end(joined, token);
            bool asked = erg_region_energy(joined, token, NULL, &energy, &err);
            _exit(!(joined && !asked && err.code == ERG_UNSUPPORTED));
        }
    for (int i = 0, status; i < 3; i++)
        CHECK(wait(&status) > 0 && status == 0);
    erg_recorder_free(rec);
    erg_trace *trace = erg_trace_load(path, &err);
    CHECK_OK(trace, err);
    CHECK(erg_trace_region_count(trace) == 3);
    erg_trace_free(trace);

    options.job = "no/slash";
    CHECK(!erg_recorder_start(NULL, &options, &err) && err.code == ERG_BAD_INPUT);
    snprintf(path, sizeof(path), "/dev/shm/erg-job-%ld-%s", (long)geteuid(), job);
    unlink(path);
}

enum { RANKS = 4, JOINED = 11, SAMPLED = 10 };

/* Rank r: all begin at once, whoever gets the lock file samples until the rest is done. */
static int rank(const erg_record_options *options)
{
    erg_error err = { 0 };
    erg_energy energy;
    erg_recorder *rec = erg_recorder_start(NULL, options, &err);
    erg_region_token token = erg_region_begin(rec, "rank");
    usleep(700000);
    erg_region_end(rec, token);
    bool asked = erg_region_energy(rec, token, NULL, &energy, &err);
    if (asked)
        usleep(500000);
    erg_recorder_free(rec);
    return !rec ? 1 : asked ? SAMPLED : JOINED;
}

static void of_four_ranks_that_start_at_once_one_samples_and_energy_counts_once(void)
{
    erg_error err = { 0 };
    char path[ERG_PATH_MOST], job[40];
    const char *const constant[] = { "sim:plain,load=constant:100" };
    int sampled = 0, joined = 0, status;

    snprintf(path, sizeof(path), "%s/ranks.erg", test_folder());
    snprintf(job, sizeof(job), "ranks-%ld", (long)getpid());
    erg_record_options options = { .sensors = constant, .sensor_count = 1, .output = path,
                                   .job = job };
    for (int i = 0; i < RANKS; i++)
        if (fork() == 0)
            _exit(rank(&options));
    for (int i = 0; i < RANKS; i++) {
        CHECK(wait(&status) > 0 && WIFEXITED(status));
        sampled += WEXITSTATUS(status) == SAMPLED;
        joined += WEXITSTATUS(status) == JOINED;
    }
    CHECK(sampled == 1 && joined == RANKS - 1);

    erg_trace *trace = erg_trace_load(path, &err);
    CHECK_OK(trace, err);
    CHECK(erg_trace_region_count(trace) == RANKS);
    CHECK(erg_trace_device_count(trace) == 1);
    for (size_t i = 0; i < RANKS; i++) {
        const erg_region *region = erg_trace_region(trace, i);
        erg_span span = { region->begin_ns, region->end_ns };
        erg_energy energy;
        CHECK_OK(erg_trace_energy(trace, erg_trace_find_channel(trace, "sim:plain/energy"),
                                  span, &energy, &err), err);
        /* Its counter moves by 2 J; what a busy machine adds stands in the interval. */
        CHECK_NEAR(energy.energy_j, 100 * erg_s_from_ns(span.end_ns - span.begin_ns),
                   2 + energy.spread_j);
        CHECK(energy.spread_j < 0.5 * energy.energy_j);
    }
    erg_trace_free(trace);
    snprintf(path, sizeof(path), "/dev/shm/erg-job-%ld-%s", (long)geteuid(), job);
    unlink(path);
}

/* Its threads, its file and its lock are the parent's: the parent's regions were lost. */
static void a_forked_child_that_stops_does_not_stop_its_parent(void)
{
    erg_error err = { 0 };
    char path[ERG_PATH_MOST];
    erg_energy energy;
    snprintf(path, sizeof(path), "%s/a.erg", test_folder());
    erg_record_options options = { .sensors = sensors, .sensor_count = 1, .output = path };
    erg_recorder *rec = erg_recorder_start(NULL, &options, &err);
    CHECK_OK(rec, err);
    pid_t child = fork();
    if (child == 0) {
        erg_region_end(rec, erg_region_begin(rec, "child"));
        erg_recorder_free(rec);
        _exit(0);
    }
    waitpid(child, NULL, 0);
    erg_region_token own = erg_region_begin(rec, "own");
    usleep(100000);
    erg_region_end(rec, own);
    CHECK_OK(erg_region_energy(rec, own, NULL, &energy, &err), err);
    CHECK(energy.energy_j > 0);
    erg_recorder_free(rec);
    erg_trace *trace = erg_trace_load(path, &err);
    CHECK_OK(trace, err);
    CHECK(erg_trace_region_count(trace) == 2);
    CHECK(!erg_trace_has_flag(trace, ERG_FLAG_INTERRUPTED));
    erg_trace_free(trace);
}

/* The best of many batches, for the machine is shared, and no more than the ring holds,
 * for what is dropped is cheap. The 3 us of a release build are up to `make bench`. */
static void a_region_costs_little(void)
{
    enum { BATCHES = 20, MANY = 100 };
    erg_error err = { 0 };
    erg_record_options options = { .sensors = sensors, .sensor_count = 1 };
    erg_recorder *rec = erg_recorder_start(NULL, &options, &err);
    double least_us = INFINITY;
    CHECK_OK(rec, err);
    for (int batch = 0; batch < BATCHES; batch++) {
        int64_t begin_ns = erg_env_now_ns(NULL);
        for (int i = 0; i < MANY; i++)
            erg_region_end(rec, erg_region_begin(rec, "tight"));
        double us = 1e6 * erg_s_from_ns(erg_env_now_ns(NULL) - begin_ns) / MANY;
        least_us = us < least_us ? us : least_us;
    }
    print_message("# region begin + end: %.2f us\n", least_us);
    CHECK(least_us < 30);
    erg_recorder_free(rec);
}

int main(void)
{
    static const test tests[] = {
        TEST(without_a_recorder_every_call_is_harmless),
        TEST(a_region_of_known_power_has_its_joules),
        TEST(a_region_may_end_on_another_thread_and_in_a_forked_child),
        TEST(a_forked_child_that_stops_does_not_stop_its_parent),
        TEST(what_a_meter_tells_becomes_a_mark),
        TEST(of_many_processes_of_a_job_one_samples),
        TEST(of_four_ranks_that_start_at_once_one_samples_and_energy_counts_once),
        TEST(a_region_costs_little),
    };
    return test_run(tests, ERG_COUNT(tests));
}

/* SPDX-License-Identifier: Apache-2.0 */
/* The driver's buffer of power samples: all that a poll would miss, and never less. */
#include "hand_clock.h"

enum { MOST = 800 };
/* The script begins with the first that opens the library. */
typedef struct pair {
    erg_devices *first, *found;
} pair;

/* At second 3, when the buffer of 120 samples is full. */
static pair open_at_3(const char *script)
{
    const char *const sensors[] = { "nvml" };
    const erg_env env = { .nvml = library("libnvidia-ml"), .clock = &hand_clock };
    erg_error err = { 0 };

    setenv("FAKE_NVML", script, 1);
    step_all(0);
    erg_devices *first = gpus(script);
    step_all(3 * ERG_NS_PER_S);
    erg_devices *found = erg_devices_find(&env, sensors, 1, &err);
    CHECK_OK(found != NULL, err);
    return (pair){ first, found };
}

static void close_both(pair of)
{
    erg_devices_free(of.found);
    erg_devices_free(of.first);
}

/* By name, each so many ms until that second. */
static size_t collect(erg_devices *found, const char *name, int64_t every_ms,
                      int64_t until_s, erg_sample to[MOST])
{
    int64_t every_ns = every_ms * ERG_NS_PER_MS, until_ns = until_s * ERG_NS_PER_S;
    size_t at, count = 0;
    erg_reading reading;

    CHECK(channel_of(found, name, &at));
    for (int64_t t = now_ns + every_ns; t <= until_ns; t += every_ns) {
        step_all(t);
        CHECK(erg_devices_read(found, 0, at, &reading, NULL));
        for (size_t i = 0; i < reading.count && count < MOST; i++)
            to[count++] = reading.at[i];
    }
    return count;
}

static double sum_j(const erg_sample samples[], size_t count)
{
    double sum = 0;
    for (size_t i = 1; i < count; i++)
        sum += samples[i].value * erg_s_from_ns(samples[i].t_ns - samples[i - 1].t_ns);
    return sum;
}

static double peak_w(const erg_sample samples[], size_t count)
{
    double peak = 0;
    for (size_t i = 0; i < count; i++)
        peak = fmax(peak, samples[i].value);
    return peak;
}

#define V100 "v100-sxm2-32gb,update=10ms,window=0s,noise=0W"

static void a_burst_of_40_ms_is_in_the_buffer_and_in_no_poll(void)
{
    static const char script[] = V100 ",start=0.03s,load=square:60:260:1s:0.04;"
                                      "buffer=0.02,instant=0,architecture=5";
    erg_sample buffered[MOST], polled[MOST];
    pair gpu = open_at_3(script);
    size_t many = collect(gpu.found, "power_samples", 100, 8, buffered);
    close_both(gpu);
    gpu = open_at_3(script);
    size_t few = collect(gpu.found, "power", 100, 8, polled);
    close_both(gpu);

    CHECK(peak_w(buffered, many) > 250 && peak_w(polled, few) < 100);
    CHECK(few == 50 && many >= 245);
    double true_j = 60 * 5 + 200 * 0.04 * 5;
    CHECK_NEAR(sum_j(buffered, many), true_j, 0.03 * true_j);
    CHECK(fabs(sum_j(polled, few) - true_j) > 0.1 * true_j);
}

static void each_sample_comes_once_at_its_own_time(void)
{
    erg_sample samples[MOST];
    pair gpu = open_at_3(V100 ",load=constant:200;"
                                        "buffer=0.02,instant=0,architecture=5");
    size_t at, count = collect(gpu.found, "power_samples", 70, 5, samples);
    CHECK(channel_of(gpu.found, "power_samples", &at)->update_s > 0.0199 && at == 0);
    CHECK(count >= 98 && count <= 100);
    for (size_t i = 0; i < count; i++) {
        CHECK_NEAR(samples[i].value, 200, 1);
        CHECK(samples[i].t_ns % (20 * ERG_NS_PER_MS) == 0);
        CHECK(i == 0 || samples[i].t_ns - samples[i - 1].t_ns == 20 * ERG_NS_PER_MS);
    }
    close_both(gpu);
}

static bool has_buffer(const char *script)
{
    pair gpu = open_at_3(script);
    size_t at;
    bool has = channel_of(gpu.found, "power_samples", &at) != NULL;

    close_both(gpu);
    return has;
}

static void a_buffer_that_shows_less_than_polls_is_left_alone(void)
{
    CHECK(has_buffer(V100 ";buffer=0.02,instant=0,architecture=5"));
    CHECK(!has_buffer(V100 ";instant=0,architecture=5"));            /* there is none */
    CHECK(!has_buffer(V100 ";buffer=0.08,instant=0,architecture=5")); /* too far apart */
    CHECK(!has_buffer(V100 ";buffer=1,instant=0,architecture=5"));   /* and too few */
    /* A mean of a second, where there is an instant value. */
    CHECK(!has_buffer("rtx-3090;buffer=0.02,usage=1,architecture=7"));
}

static void where_the_buffer_runs_dry_the_power_is_polled(void)
{
    erg_sample samples[MOST];
    pair gpu = open_at_3(V100 ",load=square:100:300:2s;"
                                        "buffer=0.02,dry=4,instant=0,architecture=5");
    size_t count = collect(gpu.found, "power_samples", 20, 9, samples);
    double longest_s = 0;

    for (size_t i = 1; i < count; i++) {
        double gap_s = erg_s_from_ns(samples[i].t_ns - samples[i - 1].t_ns);
        CHECK(gap_s > 0);
        longest_s = fmax(longest_s, gap_s);
    }
    CHECK(longest_s < 0.25);
    CHECK(samples[count - 1].t_ns == 9 * ERG_NS_PER_S);
    CHECK_NEAR(sum_j(samples, count), 200 * 6, 0.04 * 200 * 6);
    close_both(gpu);
}

/* Random bursts, at any phase to the polls: the buffer's joules are as near or nearer. */
static void the_buffer_is_never_worse_than_polling(void)
{
    test_random random = { 11 };
    double buffer_worst = 0, buffer_sum = 0, poll_sum = 0;

    for (int trial = 0; trial < 20; trial++) {
        char script[200];
        erg_sample buffered[MOST], polled[MOST];
        double period_s = 0.3 + test_uniform(&random);
        double duty = 0.05 + 0.4 * test_uniform(&random);
        snprintf(script, sizeof(script), V100 ",load=square:60:260:%.3fs:%.3f;"
                 "buffer=0.02,instant=0,architecture=5", period_s, duty);
        double mean_w = 60 + 200 * duty;
        pair gpu = open_at_3(script);
        size_t many = collect(gpu.found, "power_samples", 100, 13, buffered);
        close_both(gpu);
        gpu = open_at_3(script);
        size_t few = collect(gpu.found, "power", 100, 13, polled);
        close_both(gpu);
        double error = fabs(sum_j(buffered, many) / (10 * mean_w) - 1);
        buffer_worst = fmax(buffer_worst, error);
        buffer_sum += error;
        poll_sum += fabs(sum_j(polled, few) / (10 * mean_w) - 1);
    }
    CHECK(buffer_worst < 0.12);
    CHECK(buffer_sum < poll_sum);
}

int main(void)
{
    static const test tests[] = {
        TEST(a_burst_of_40_ms_is_in_the_buffer_and_in_no_poll),
        TEST(each_sample_comes_once_at_its_own_time),
        TEST(a_buffer_that_shows_less_than_polls_is_left_alone),
        TEST(where_the_buffer_runs_dry_the_power_is_polled),
        TEST(the_buffer_is_never_worse_than_polling),
    };
    return test_run(tests, ERG_COUNT(tests));
}

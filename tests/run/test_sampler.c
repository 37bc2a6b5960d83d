/* SPDX-License-Identifier: Apache-2.0 */
/* The sampler alone, on a clock that may lose time between two looks at it. */
#include "erg/device.h"
#include "run/sampler.h"
#include "test.h"

/* Every look takes look_ns; that of number lost_at takes lost_ns. */
typedef struct busy_clock {
    int64_t now_ns, look_ns, lost_ns;
    int looks, lost_at;
} busy_clock;

static int64_t tell(void *self)
{
    busy_clock *clock = self;

    clock->now_ns += ++clock->looks == clock->lost_at ? clock->lost_ns : clock->look_ns;
    return clock->now_ns;
}

static void wait_until(void *self, int64_t at_ns)
{
    busy_clock *clock = self;

    if (at_ns > clock->now_ns)
        clock->now_ns = at_ns;
}

typedef struct bench {
    busy_clock busy;
    erg_clock clock;
    erg_env env;
    erg_devices *devices;
    erg_sampler *sampler;
} bench;

static void open_bench(bench *at, int64_t look_ns)
{
    static const char *const sensor =
        "sim:plain,load=constant:100,counter_update=0s,start=0s";
    erg_error err = { 0 };

    *at = (bench){ .busy = { .now_ns = 5 * ERG_NS_PER_S, .look_ns = look_ns } };
    at->clock = (erg_clock){ tell, tell, wait_until, &at->busy, NULL };
    at->env = (erg_env){ .clock = &at->clock };
    CHECK_OK(at->devices = erg_devices_find(&at->env, &sensor, 1, &err), err);
    CHECK_OK(at->sampler = erg_sampler_new(&at->env, at->devices, 10, &err), err);
    CHECK_OK(at->sampler->queue = erg_queue_new(4096, &err), err);
    erg_sampler_begin(at->sampler, at->busy.now_ns);
}

static void close_bench(bench *at)
{
    erg_queue_free(at->sampler->queue);
    erg_sampler_free(at->sampler);
    erg_devices_free(at->devices);
}

enum { STEPS = 5 };

/* The samples of the counter in so many steps, the clock losing time within the last. How
 * often it was read. */
static int64_t play(bench *at, int lost_look, int64_t lost_ns, erg_sample to[STEPS])
{
    size_t count = 0;
    int64_t polls = 0;
    erg_queued item;

    for (int i = 0; i < STEPS; i++) {
        if (i + 1 == STEPS) {
            at->busy.lost_at = at->busy.looks + lost_look;
            at->busy.lost_ns = lost_ns;
        }
        erg_env_sleep_until_ns(&at->env, erg_sampler_step(at->sampler, false));
    }
    while (erg_queue_get(at->sampler->queue, &item))
        if (at->sampler->channels[item.channel].at_edges) {
            CHECK(count < STEPS);
            to[count++] = item.sample;
        }
    CHECK(count == STEPS);
    for (size_t i = 0; i < at->sampler->count; i++)
        if (at->sampler->channels[i].at_edges)
            polls += at->sampler->channels[i].sampling.polls;
    return polls;
}

static void a_counter_whose_reading_was_interrupted_is_read_again(void)
{
    enum { LOOKS = 12 };
    erg_sample seen[STEPS];
    int again = 0;

    for (int look = 1; look <= LOOKS; look++) {
        bench at;
        open_bench(&at, 1000);
        again += play(&at, look, 84 * ERG_NS_PER_MS, seen) == STEPS + 1;
        for (size_t i = 0; i < STEPS; i++) {
            CHECK(seen[i].half_width_ns < ERG_NS_PER_MS);
            CHECK_NEAR(seen[i].value, 100 * erg_s_from_ns(seen[i].t_ns), 0.01);
        }
        close_bench(&at);
    }
    CHECK(again == 2);      /* before the value was taken, and after */
}

static void a_counter_that_is_always_slow_is_read_once(void)
{
    erg_sample seen[STEPS];
    bench at;

    for (int look = 1; look <= 5; look++) {
        open_bench(&at, 5 * ERG_NS_PER_MS);
        CHECK(play(&at, look, 60 * ERG_NS_PER_MS, seen) == STEPS);
        close_bench(&at);
    }
}

int main(void)
{
    static const test tests[] = {
        TEST(a_counter_whose_reading_was_interrupted_is_read_again),
        TEST(a_counter_that_is_always_slow_is_read_once),
    };
    return test_run(tests, ERG_COUNT(tests));
}

/* SPDX-License-Identifier: Apache-2.0 */
/* Samples that wait: whatever is put in comes out, and a poll takes little. */
#include "test.h"
#include "trace/block_tail.h"

enum { MOST = 2048 };

static erg_sample given[MOST], got[MOST];

static void round_trip(erg_tail *tail, size_t count)
{
    erg_error err = { 0 };

    for (size_t i = 0; i < count; i++)
        CHECK_OK(erg_tail_put(tail, &given[i], &err), err);
    CHECK(tail->count == count);
    erg_tail_get(tail, got);
    for (size_t i = 0; i < count; i++)
        CHECK(given[i].t_ns == got[i].t_ns && given[i].half_width_ns == got[i].half_width_ns
              && memcmp(&given[i].value, &got[i].value, sizeof(double)) == 0);
}

/* Late by some us after each period, read in some us; a new value every twentieth time. */
static void make_poll(int64_t period_ns)
{
    test_random random = { 9 };
    double value = 300;

    for (int i = 0; i < MOST; i++) {
        if (i % 20 == 0)
            value = floor(1e3 * (300 + test_normal(&random))) / 1000;
        given[i].t_ns = 50000 * ERG_NS_PER_S + i * period_ns
                      + (int64_t)(20e3 * test_uniform(&random));
        given[i].half_width_ns = 500 + (int64_t)(4000 * test_uniform(&random));
        given[i].value = value;
    }
}

static void what_is_put_in_comes_out(void)
{
    erg_tail tail = { 0 };

    make_poll(ERG_NS_PER_MS);
    round_trip(&tail, MOST);
    erg_tail_free(&tail);
}

static size_t size_of_a_poll(int64_t period_ns)
{
    erg_tail tail = { 0 };

    make_poll(period_ns);
    round_trip(&tail, MOST);
    size_t size = tail.size;
    erg_tail_free(&tail);
    return size;
}

static void a_poll_takes_a_third_of_its_samples(void)
{
    CHECK(size_of_a_poll(ERG_NS_PER_MS) < 8 * MOST);
    CHECK(size_of_a_poll(ERG_NS_PER_S) < 8 * MOST);
}

static void a_tail_that_was_cleared_begins_anew(void)
{
    erg_tail tail = { 0 };

    make_poll(ERG_NS_PER_MS);
    round_trip(&tail, MOST);
    size_t room = tail.capacity;
    erg_tail_clear(&tail);
    CHECK(tail.count == 0 && tail.size == 0);
    make_poll(20 * ERG_NS_PER_MS);
    round_trip(&tail, MOST / 2);
    CHECK(tail.capacity == room);
    erg_tail_free(&tail);
    CHECK(tail.bytes == NULL && tail.count == 0);
}

/* Gaps, ends of every range, clocks that go back, bits that no sensor gives. */
static void no_sample_is_too_odd(void)
{
    static const int64_t whole[] = { 0, 1, -1, INT64_MAX, INT64_MIN, 1 << 20, -12345 };
    static const double values[] = { 0, -0.0, NAN, INFINITY, -INFINITY, 1e-310,
                                     -1e308, 0.1 };
    erg_tail tail = { 0 };
    test_random random = { 4 };

    for (int i = 0; i < MOST; i++) {
        size_t stamp = (size_t)(test_uniform(&random) * ERG_COUNT(whole));
        size_t width = (size_t)(test_uniform(&random) * ERG_COUNT(whole));
        size_t value = (size_t)(test_uniform(&random) * ERG_COUNT(values));
        given[i] = (erg_sample){ whole[stamp], whole[width], values[value] };
    }
    round_trip(&tail, MOST);
    erg_tail_free(&tail);
}

static void one_sample_takes_less_than_a_cache_line(void)
{
    erg_tail tail = { 0 };

    make_poll(ERG_NS_PER_S);
    round_trip(&tail, 1);
    CHECK(tail.capacity <= 64);
    erg_tail_free(&tail);
}

int main(void)
{
    static const test tests[] = {
        TEST(what_is_put_in_comes_out),
        TEST(a_poll_takes_a_third_of_its_samples),
        TEST(a_tail_that_was_cleared_begins_anew),
        TEST(no_sample_is_too_odd),
        TEST(one_sample_takes_less_than_a_cache_line),
    };
    return test_run(tests, ERG_COUNT(tests));
}

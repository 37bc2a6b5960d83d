/* SPDX-License-Identifier: Apache-2.0 */
/* Samples between two threads: none lost unseen, none twice, in order. */
#include <pthread.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include "run/queue.h"
#include "test.h"

enum { ROOM = 1024, MANY = 200000 };

static erg_queued numbered(int64_t number)
{
    return (erg_queued){ .channel = (int)(number % 7), .sample = { .t_ns = number } };
}

static void take(erg_queue *queue, int64_t expected)
{
    erg_queued got = { 0 };

    CHECK(erg_queue_get(queue, &got));
    CHECK(got.sample.t_ns == expected && got.channel == (int)(expected % 7));
}

static void samples_come_out_in_order_whatever_waits_between(void)
{
    erg_error err = { 0 };
    erg_queue *queue = erg_queue_new(ROOM, &err);
    int64_t put = 0, got = 0;
    erg_queued item;

    CHECK_OK(queue, err);
    for (int turn = 0; turn < 5000; turn++) {
        /* Backlogs of all lengths: emptied sometimes, nearly full sometimes. */
        for (int i = turn * 37 % 400; i > 0 && put - got < ROOM; i--) {
            item = numbered(put++);
            CHECK(erg_queue_put(queue, &item));
        }
        for (int i = turn * 53 % 400; i > 0 && got < put; i--)
            take(queue, got++);
    }
    while (got < put)
        take(queue, got++);
    CHECK(put > 100 * ROOM && !erg_queue_get(queue, &item));
    erg_queue_free(queue);
}

static void a_full_queue_refuses_and_keeps_what_it_has(void)
{
    erg_error err = { 0 };
    erg_queue *queue = erg_queue_new(ROOM, &err);
    erg_queued item = numbered(0);

    CHECK_OK(queue, err);
    for (int64_t before = 0; before < 3; before++) {    /* not at its first item */
        CHECK(erg_queue_put(queue, &item));
        take(queue, 0);
    }
    for (int64_t i = 0; i < ROOM; i++) {
        item = numbered(i);
        CHECK(erg_queue_put(queue, &item));
    }
    CHECK(!erg_queue_put(queue, &item) && erg_queue_is_due(queue));
    for (int64_t i = 0; i < ROOM; i++)
        take(queue, i);
    CHECK(!erg_queue_is_due(queue));
    erg_queue_free(queue);
}

static void the_consumer_is_due_at_half_and_never_later_than_at_a_cache_full(void)
{
    static const size_t rooms[] = { ROOM, 1 << 20 }, due_at[] = { ROOM / 2, 2048 };
    erg_error err = { 0 };

    for (size_t i = 0; i < ERG_COUNT(rooms); i++) {
        erg_queue *queue = erg_queue_new(rooms[i], &err);
        erg_queued item = numbered(0);
        CHECK_OK(queue, err);
        for (size_t k = 0; k < due_at[i]; k++)
            CHECK(erg_queue_put(queue, &item));
        CHECK(!erg_queue_is_due(queue));
        CHECK(erg_queue_put(queue, &item) && erg_queue_is_due(queue));
        erg_queue_free(queue);
    }
}

static long resident_kib(void)
{
    FILE *file = fopen("/proc/self/statm", "r");
    long pages = 0;

    CHECK(file && fscanf(file, "%*d %ld", &pages) == 1);
    fclose(file);
    return pages * 4;
}

/* 32 MiB of room; what passes through it in small backlogs is 160. */
static void room_that_no_backlog_needed_is_never_touched(void)
{
    enum { GREAT = 1 << 20 };
    erg_error err = { 0 };
    erg_queue *queue = erg_queue_new(GREAT, &err);
    long before_kib = resident_kib();

    CHECK_OK(queue, err);
    for (int64_t i = 0; i < 2 * GREAT; i++) {
        erg_queued item = numbered(i);
        CHECK(erg_queue_put(queue, &item));
        if (i % 100 == 99)
            for (int64_t k = i - 99; k <= i; k++)
                take(queue, k);
    }
    CHECK(resident_kib() - before_kib < 8 * 1024);
    erg_queue_free(queue);
}

static void *produce(void *of)
{
    for (int64_t i = 0; i < MANY; i++) {
        erg_queued item = numbered(i);
        while (!erg_queue_put(of, &item))
            sched_yield();
    }
    return NULL;
}

static void a_thread_that_puts_and_one_that_takes_agree(void)
{
    erg_error err = { 0 };
    erg_queue *queue = erg_queue_new(64, &err);
    pthread_t producer;
    erg_queued got;

    CHECK_OK(queue, err);
    CHECK(pthread_create(&producer, NULL, produce, queue) == 0);
    for (int64_t i = 0; i < MANY;) {
        if (!erg_queue_get(queue, &got)) {
            sched_yield();
            continue;
        }
        CHECK(got.sample.t_ns == i);
        i++;
    }
    pthread_join(producer, NULL);
    CHECK(!erg_queue_get(queue, &got));
    erg_queue_free(queue);
}

int main(void)
{
    static const test tests[] = {
        TEST(samples_come_out_in_order_whatever_waits_between),
        TEST(a_full_queue_refuses_and_keeps_what_it_has),
        TEST(the_consumer_is_due_at_half_and_never_later_than_at_a_cache_full),
        TEST(room_that_no_backlog_needed_is_never_touched),
        TEST(a_thread_that_puts_and_one_that_takes_agree),
    };
    return test_run(tests, ERG_COUNT(tests));
}

/* SPDX-License-Identifier: Apache-2.0 */
/* The region ring across threads and processes, full, and after a killed writer. */
#include <pthread.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <time.h>
#include "run/ring.h"
#include "test.h"

static int64_t now_ns(void)
{
    return erg_env_now_ns(NULL);
}

static void events_come_out_as_they_went_in(void)
{
    erg_error err = { 0 };
    erg_ring *ring = erg_ring_create(&err);
    CHECK_OK(ring, err);
    erg_event event = { .t_ns = 7, .kind = ERG_EVENT_BEGIN, .name = "prefill" }, out;

    CHECK(!erg_ring_pop(ring, &out));
    erg_ring_set_run(ring, 42);
    for (int lap = 0; lap < 10000; lap++) {
        event.id = erg_ring_next_id(ring);
        CHECK(event.id == lap + 1);
        CHECK(erg_ring_push(ring, &event));
        CHECK(erg_ring_pop(ring, &out) && out.id == event.id && out.run == 42);
    }
    CHECK_TEXT(out.name, "prefill");
    CHECK(!erg_ring_pop(ring, &out) && erg_ring_dropped(ring) == 0);
    erg_ring_close(ring);
}

static void a_name_that_is_cut_shows_it_and_stays_apart_from_others(void)
{
    static const char text[] =
        "0123456789012345678901234567890123456789012345678901234567890123";
    erg_event mark = { .kind = ERG_EVENT_MARK }, region = { .kind = ERG_EVENT_BEGIN };
    erg_event other = region;

    erg_event_name(&region, text + 1);      /* 63 bytes fit */
    CHECK_TEXT(region.name, text + 1);
    erg_event_name(&region, text);
    CHECK(strlen(region.name) == 63 && strncmp(region.name, text, 56) == 0
          && region.name[56] == '~');
    char longer[80];
    snprintf(longer, sizeof(longer), "%s and on", text);
    erg_event_name(&other, longer);
    CHECK(strcmp(other.name, region.name) != 0);
    erg_event_name(&mark, text);
    CHECK(strlen(mark.name) == 31 && mark.name[24] == '~');
}

static void a_full_ring_drops_and_counts(void)
{
    erg_ring *ring = erg_ring_create(NULL);
    erg_event event = { .kind = ERG_EVENT_MARK }, out;
    int pushed = 0, popped = 0;
    while (pushed < 100000 && erg_ring_push(ring, &event))
        event.id = ++pushed;
    CHECK(pushed == 4096 && erg_ring_dropped(ring) == 1 && erg_ring_is_half_full(ring));
    while (erg_ring_pop(ring, &out))
        CHECK(out.id == popped++);
    CHECK(popped == pushed);
    CHECK(erg_ring_push(ring, &event) && erg_ring_pop(ring, &out));
    erg_ring_close(ring);
}

enum { EACH = 20000, WRITERS = 3 };

static void write_many(erg_ring *ring, int64_t writer)
{
    erg_event event = { .kind = ERG_EVENT_MARK, .thread = writer };
    while (event.id < EACH)
        if (erg_ring_push(ring, &event))
            event.id++;
}

static void *write_from_a_thread(void *ring)
{
    write_many(ring, 0);
    return NULL;
}

static void nothing_is_lost_or_turned_round_between_threads_and_processes(void)
{
    erg_ring *ring = erg_ring_create(NULL);
    pid_t children[WRITERS] = { 0 };
    for (int i = 1; i < WRITERS; i++)
        if ((children[i] = fork()) == 0) {
            erg_ring *joined = erg_ring_open(erg_ring_path(ring), NULL);
            if (joined)
                write_many(joined, i);
            _exit(!joined);
        }
    pthread_t thread;
    pthread_create(&thread, NULL, write_from_a_thread, ring);

    int64_t seen[WRITERS] = { 0 };
    erg_event out;
    int64_t until_ns = now_ns() + 30 * ERG_NS_PER_S;
    for (int total = 0; total < WRITERS * EACH && now_ns() < until_ns;)
        if (erg_ring_pop(ring, &out)) {
            CHECK(out.thread >= 0 && out.thread < WRITERS && out.id == seen[out.thread]++);
            total++;
        }
    pthread_join(thread, NULL);
    for (int i = 0; i < WRITERS; i++)
        CHECK(seen[i] == EACH);
    for (int i = 1; i < WRITERS; i++) {
        int status;
        CHECK(waitpid(children[i], &status, 0) == children[i] && status == 0);
    }
    erg_ring_close(ring);
}

static void an_edge_wakes_the_sampler_before_its_deadline(void)
{
    erg_ring *ring = erg_ring_create(NULL);
    int64_t begin_ns = now_ns();
    CHECK(!erg_ring_wait(ring, begin_ns + 20 * ERG_NS_PER_MS));
    CHECK(now_ns() >= begin_ns + 20 * ERG_NS_PER_MS);

    erg_ring_edge(ring, now_ns());      /* not asked for: no wake */
    CHECK(!erg_ring_wait(ring, now_ns() + ERG_NS_PER_MS));

    erg_ring_want_edges(ring, now_ns());
    erg_ring_edge(ring, now_ns());
    erg_ring_edge(ring, now_ns());      /* one wake for both */
    CHECK(erg_ring_wait(ring, now_ns() + 60 * ERG_NS_PER_S));
    CHECK(!erg_ring_wait(ring, now_ns() + ERG_NS_PER_MS));

    pid_t child = fork();
    if (child == 0) {
        erg_ring *joined = erg_ring_open(erg_ring_path(ring), NULL);
        usleep(20000);
        erg_ring_edge(joined, now_ns());
        _exit(0);
    }
    erg_ring_want_edges(ring, now_ns());
    CHECK(erg_ring_wait(ring, now_ns() + 60 * ERG_NS_PER_S));
    waitpid(child, NULL, 0);
    erg_ring_close(ring);
}

static void joining_where_nobody_records_is_not_found(void)
{
    erg_error err = { 0 };
    CHECK(!erg_ring_open("/dev/shm/erg-ring-none", &err) && err.code == ERG_NOT_FOUND);
    CHECK(!erg_ring_open("/dev/null", &err) && err.code == ERG_NOT_FOUND);

    char path[ERG_PATH_MOST];
    erg_ring *ring = erg_ring_create(NULL);
    erg_text_put(path, sizeof(path), erg_ring_path(ring));
    erg_ring *joined = erg_ring_open(path, NULL);
    erg_ring_close(ring);
    erg_event event = { .kind = ERG_EVENT_MARK };
    CHECK(!erg_ring_push(joined, &event));      /* closed under it: harmless */
    erg_ring_close(joined);
    CHECK(!erg_ring_open(path, &err));
}

int main(void)
{
    static const test tests[] = {
        TEST(events_come_out_as_they_went_in),
        TEST(a_name_that_is_cut_shows_it_and_stays_apart_from_others),
        TEST(a_full_ring_drops_and_counts),
        TEST(nothing_is_lost_or_turned_round_between_threads_and_processes),
        TEST(an_edge_wakes_the_sampler_before_its_deadline),
        TEST(joining_where_nobody_records_is_not_found),
    };
    return test_run(tests, ERG_COUNT(tests));
}

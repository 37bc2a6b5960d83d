/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <math.h>
#include <string.h>
#include <time.h>
#include <unistd.h>
#include "run/hint_asker.h"
#include "run/thread.h"

#define FORGOTTEN_S 30.0
enum { AGAIN_S = 10 };

void erg_hint_row_say(erg_hint_row *row, const char *state, const char *reason)
{
    erg_text_put(row->state, sizeof(row->state), state);
    erg_text_put(row->reason, sizeof(row->reason), reason ? reason : "");
}

/* ---- one hint ------------------------------------------------------------------------ */

static erg_govern_request request_of(const erg_hint *hint, const erg_hint_row *row)
{
    bool is_cap = row->knob == ERG_POWER_LIMIT;
    erg_govern_request request = { .verb = ERG_GOVERN_HINT };

    erg_text_put(request.device, sizeof(request.device), row->device);
    snprintf(request.job, sizeof(request.job), "run-%d%s", (int)getpid(),
             is_cap ? "" : "-clock");
    if (is_cap) {
        request.cap_w = hint->power_cap_w;
        return request;
    }
    request.clock_delta_hz = hint->sm_clock_delta_hz;
    request.slowdown = hint->slowdown;
    erg_text_put(request.objective, sizeof(request.objective),
                 hint->objective ? hint->objective : "");
    erg_text_put(request.dvfs, sizeof(request.dvfs), hint->dvfs ? hint->dvfs : "");
    return request;
}

/* The row of a table of the governor that is about the device; -1: none is. */
static long row_of(const erg_table *table, const char *device)
{
    for (size_t i = 0; table && i < erg_table_row_count(table); i++) {
        const char *node = erg_table_find(table, i, "node").text;
        const char *slash = node ? strchr(node, '/') : NULL;
        if (slash && strcmp(slash + 1, device) == 0)
            return (long)i;
    }
    return -1;
}

static void take_answer(const erg_result *answer, erg_hint_row *row)
{
    bool is_cap = row->knob == ERG_POWER_LIMIT;
    const erg_table *table = erg_result_find(answer, is_cap ? "grants" : "clocks");
    long at = row_of(table, row->device);

    if (at < 0) {
        erg_hint_row_say(row, "refused", "ergd does not tell what it does with it");
        return;
    }
    size_t i = (size_t)at;
    const char *state = erg_table_find(table, i, "state").text;
    row->clamped = erg_table_find(table, i, is_cap ? "requested_w" : "requested_hz").real;
    row->enforced = erg_table_find(table, i, is_cap ? "enforced_w" : "enforced_hz").real;
    if (state && strcmp(state, "free") == 0 && is_cap)
        /* It is turned only where something is above what is asked for. */
        row->enforced = row->clamped = erg_table_find(table, i, "cap_w").real;
    erg_hint_row_say(row, state ? state : "unread",
                     erg_table_find(table, i, "reason").text);
}

/* ---- again and again --------------------------------------------------------------- */

/* A copy, so that nobody who begins or ends a region waits for ergd. */
typedef struct sayings {
    erg_govern_request at[ERG_HINT_ROWS_MOST];
    size_t count;
} sayings;

static void take_back(erg_govern_request *request)
{
    request->cap_w = request->clock_delta_hz = request->slowdown = 0;
    request->dvfs[0] = request->objective[0] = '\0';
}

/* What is over goes; of the rest a copy only where it is time to say it again. */
static void collect(erg_hint_asker *asker, bool is_last, bool is_time, sayings *out)
{
    size_t kept = 0;

    out->count = 0;
    pthread_mutex_lock(&asker->lock);
    for (size_t i = 0; i < asker->count; i++) {
        bool is_over = is_last || asker->held[i].is_over;
        if (is_over || is_time)
            out->at[out->count++] = asker->held[i].request;
        if (is_over)
            take_back(&out->at[out->count - 1]);
        else
            asker->held[kept++] = asker->held[i];
    }
    asker->count = kept;
    pthread_mutex_unlock(&asker->lock);
}

/* One that does not answer is asked no further this time. */
static void say(const erg_hint_asker *asker, const sayings *what)
{
    bool is_heard = true;

    for (size_t i = 0; is_heard && i < what->count; i++) {
        erg_result *answer = erg_govern_ask(asker->socket, &what->at[i], NULL);
        is_heard = answer != NULL;
        erg_result_free(answer);
    }
}

static void *keep_asking(void *self)
{
    erg_hint_asker *asker = self;
    bool is_last = false;
    struct timespec at;
    sayings what;

    while (!is_last) {
        clock_gettime(CLOCK_MONOTONIC, &at);
        at.tv_sec += AGAIN_S;
        int fault = sem_clockwait(&asker->wake, CLOCK_MONOTONIC, &at) == 0 ? 0 : errno;
        is_last = atomic_load(&asker->ends);
        collect(asker, is_last, fault == ETIMEDOUT, &what);
        say(asker, &what);
    }
    return NULL;
}

/* ---- asking -------------------------------------------------------------------------- */

static bool hold(erg_hint_asker *asker, int64_t id, const erg_govern_request *request)
{
    size_t i = 0;

    pthread_mutex_lock(&asker->lock);
    while (i < asker->count && asker->held[i].id != id)
        i++;
    bool has_room = i < ERG_HINT_ROWS_MOST;
    if (has_room) {
        asker->held[i].id = id;
        asker->held[i].is_over = false;
        asker->held[i].request = *request;
        asker->count += i == asker->count;
    }
    if (has_room && !asker->has_thread)
        asker->has_thread = erg_thread_start(&asker->thread, keep_asking, asker) == 0;
    pthread_mutex_unlock(&asker->lock);
    return has_room;
}

bool erg_hint_asker_ask(erg_hint_asker *asker, int64_t id,
                        const erg_govern_request *request, erg_result **answer,
                        erg_error *err)
{
    erg_govern_request asked = *request;

    asked.for_s = FORGOTTEN_S;
    erg_result *result = erg_govern_ask(asker->socket, &asked, err);
    bool good = result
        && (hold(asker, id, &asked)
            || erg_fail(err, ERG_REFUSED, "%d hints are held: more are not kept",
                        ERG_HINT_ROWS_MOST));
    if (good && answer)
        *answer = result;
    else
        erg_result_free(result);
    return good;
}

void erg_hint_asker_over(erg_hint_asker *asker, int64_t id)
{
    bool is_any = false;

    pthread_mutex_lock(&asker->lock);
    for (size_t i = 0; i < asker->count; i++)
        if (asker->held[i].id == id)
            asker->held[i].is_over = is_any = true;
    pthread_mutex_unlock(&asker->lock);
    if (is_any)
        sem_post(&asker->wake);
}

bool erg_hint_asker_add(erg_hint_asker *asker, const erg_hint *hint, erg_hint_row *row)
{
    const erg_govern_request request = request_of(hint, row);
    erg_result *answer = NULL;
    erg_error fault = { 0 };

    if (!erg_hint_asker_ask(asker, (int64_t)asker->count + 1, &request, &answer, &fault)) {
        erg_hint_row_say(row, "refused", fault.text);
        return false;
    }
    take_answer(answer, row);
    erg_result_free(answer);
    return true;
}

/* ---- life ---------------------------------------------------------------------------- */

bool erg_hint_asker_begin(erg_hint_asker *asker, const erg_env *env, const char *socket,
                          erg_error *err)
{
    *asker = (erg_hint_asker){ .count = 0 };
    sem_init(&asker->wake, 0, 0);
    pthread_mutex_init(&asker->lock, NULL);
    erg_text_put(asker->socket, sizeof(asker->socket), socket);
    return *socket || erg_path_join(env, ERG_GOVERN_SOCKET, asker->socket, err);
}

void erg_hint_asker_end(erg_hint_asker *asker)
{
    if (asker->has_thread) {
        atomic_store(&asker->ends, true);
        sem_post(&asker->wake);
        pthread_join(asker->thread, NULL);
    }
    sem_destroy(&asker->wake);
    pthread_mutex_destroy(&asker->lock);
}

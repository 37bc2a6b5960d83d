/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <math.h>
#include <signal.h>
#include <string.h>
#include <time.h>
#include <unistd.h>
#include "base/base.h"
#include "run/hint_asker.h"

#define FORGOTTEN_S 30.0
enum { AGAIN_S = 10, STACK = 256 * 1024 };

/* ---- one hint ------------------------------------------------------------------------ */

static erg_govern_request request_of(const erg_hint *hint, const erg_hint_row *row)
{
    bool is_cap = row->knob == ERG_POWER_LIMIT;
    erg_govern_request request = { .verb = ERG_GOVERN_HINT, .for_s = FORGOTTEN_S };

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

bool erg_hint_asker_add(erg_hint_asker *asker, const erg_hint *hint, erg_hint_row *row)
{
    const erg_govern_request request = request_of(hint, row);
    erg_error fault = { 0 };
    erg_result *answer = asker->count < ERG_HINT_ROWS_MOST
        ? erg_govern_ask(asker->socket, &request, &fault) : NULL;

    if (!answer) {
        erg_hint_row_say(row, "refused", fault.text);
        return false;
    }
    take_answer(answer, row);
    erg_result_free(answer);
    asker->requests[asker->count++] = request;
    return true;
}

/* ---- again and again ----------------------------------------------------------------- */

/* One that does not answer is asked no further this time. */
static void say_all(const erg_hint_asker *asker, bool takes_back)
{
    bool is_heard = true;

    for (size_t i = 0; is_heard && i < asker->count; i++) {
        erg_govern_request request = asker->requests[i];
        if (takes_back) {
            request.cap_w = request.clock_delta_hz = request.slowdown = 0;
            request.dvfs[0] = request.objective[0] = '\0';
        }
        erg_result *answer = erg_govern_ask(asker->socket, &request, NULL);
        is_heard = answer != NULL;
        erg_result_free(answer);
    }
}

static void *keep_asking(void *self)
{
    erg_hint_asker *asker = self;
    struct timespec at;

    for (;;) {
        clock_gettime(CLOCK_MONOTONIC, &at);
        at.tv_sec += AGAIN_S;
        int fault = sem_clockwait(&asker->stop, CLOCK_MONOTONIC, &at) == 0 ? 0 : errno;
        if (fault == 0)
            return NULL;
        if (fault == ETIMEDOUT)
            say_all(asker, false);
    }
}

bool erg_hint_asker_begin(erg_hint_asker *asker, const erg_env *env, erg_error *err)
{
    *asker = (erg_hint_asker){ .count = 0 };
    sem_init(&asker->stop, 0, 0);
    return erg_path_join(env, ERG_GOVERN_SOCKET, asker->socket, err);
}

/* No signal of the program's may land on our thread. */
void erg_hint_asker_keep(erg_hint_asker *asker)
{
    sigset_t all, before;
    pthread_attr_t facts;

    if (asker->count == 0)
        return;
    pthread_attr_init(&facts);
    pthread_attr_setstacksize(&facts, STACK);
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    asker->has_thread = pthread_create(&asker->thread, &facts, keep_asking, asker) == 0;
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    pthread_attr_destroy(&facts);
}

void erg_hint_asker_end(erg_hint_asker *asker)
{
    if (asker->has_thread) {
        sem_post(&asker->stop);
        pthread_join(asker->thread, NULL);
    }
    say_all(asker, true);
    sem_destroy(&asker->stop);
}

/* SPDX-License-Identifier: Apache-2.0 */
#include <math.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include "erg/govern.h"
#include "run/phase_teller.h"

enum { PHASES_MOST = 16 };      /* as many as ergd keeps */
#define GAP_S 0.02              /* between words about marks: each has the sum */

struct erg_phase_teller {
    pthread_mutex_t lock;
    erg_govern_teller *to;
    struct { char name[32]; double units; } phases[PHASES_MOST];
    size_t count, now;
    int64_t id;                 /* of the region that is a phase now; 0: none */
    bool has_marks;             /* it has said its units itself */
    int64_t told_ns;
};

erg_phase_teller *erg_phase_teller_new(const char *socket, const char *device,
                                       const char *job, erg_error *err)
{
    erg_phase_teller *teller = calloc(1, sizeof(*teller));

    if (!teller) {
        erg_fail(err, ERG_NO_MEMORY, "out of memory for telling ergd of phases");
        return NULL;
    }
    pthread_mutex_init(&teller->lock, NULL);
    teller->to = erg_govern_teller_open(socket, device, job, err);
    if (teller->to)
        return teller;
    erg_phase_teller_free(teller);
    return NULL;
}

void erg_phase_teller_free(erg_phase_teller *teller)
{
    if (!teller)
        return;
    erg_govern_tell(teller->to, NULL, NAN);
    erg_govern_teller_free(teller->to);
    pthread_mutex_destroy(&teller->lock);
    free(teller);
}

static bool is_phase(const char *name)
{
    static const char *const others[] = { "run", "work", "load", "warmup" };

    for (size_t i = 0; i < ERG_COUNT(others); i++)
        if (strcmp(name, others[i]) == 0)
            return false;
    return *name != '\0';
}

/* PHASES_MOST: no room for one more. */
static size_t place_of(erg_phase_teller *teller, const char *name)
{
    size_t i = 0;

    while (i < teller->count
           && strncmp(teller->phases[i].name, name, sizeof(teller->phases[i].name) - 1)
                  != 0)
        i++;
    if (i == teller->count && i < PHASES_MOST) {
        erg_text_put(teller->phases[i].name, sizeof(teller->phases[i].name), name);
        teller->count++;
    }
    return i;
}

static void say(erg_phase_teller *teller)
{
    erg_govern_tell(teller->to, teller->phases[teller->now].name,
                    teller->phases[teller->now].units);
    teller->told_ns = erg_env_now_ns(NULL);
}

void erg_phase_teller_begin(erg_phase_teller *teller, int64_t id, const char *name)
{
    if (!teller || !name || !is_phase(name))
        return;
    pthread_mutex_lock(&teller->lock);
    size_t at = teller->id == 0 ? place_of(teller, name) : PHASES_MOST;
    if (at < PHASES_MOST) {
        teller->now = at;
        teller->id = id;
        teller->has_marks = false;
        say(teller);
    }
    pthread_mutex_unlock(&teller->lock);
}

void erg_phase_teller_end(erg_phase_teller *teller, int64_t id)
{
    if (!teller)
        return;
    pthread_mutex_lock(&teller->lock);
    if (id == teller->id) {
        teller->phases[teller->now].units += teller->has_marks ? 0 : 1;
        say(teller);
        erg_govern_tell(teller->to, NULL, NAN);
        teller->id = 0;
    }
    pthread_mutex_unlock(&teller->lock);
}

void erg_phase_teller_mark(erg_phase_teller *teller, const char *name, double value)
{
    if (!teller || !name || !(value > 0 && isfinite(value)))
        return;
    if (strcmp(name, "epoch_s") == 0)
        erg_govern_tell_epoch(teller->to, value);
    if (strcmp(name, "units") != 0)
        return;
    pthread_mutex_lock(&teller->lock);
    if (teller->id) {
        teller->phases[teller->now].units += value;
        teller->has_marks = true;
        if (erg_s_from_ns(erg_env_now_ns(NULL) - teller->told_ns) > GAP_S)
            say(teller);
    }
    pthread_mutex_unlock(&teller->lock);
}

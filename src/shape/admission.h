/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Which jobs may start: one goes when its watts fit beside those of the others, else it
 * queues by class and arrival. A smaller one passes those before it only if the first of
 * them starts no later for it, by the times that jobs state: where a time that decides is
 * not stated, nobody passes.
 *
 *   Source   docs/govern.md.
 */
#ifndef ERG_SHAPE_ADMISSION_H
#define ERG_SHAPE_ADMISSION_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { ERG_JOBS_MOST = 64, ERG_JOB_NAME = 32 };

typedef struct erg_job {
    char name[ERG_JOB_NAME];
    double power_w, least_w;    /* expected; held down by caps it still draws the least */
    double left_s;              /* of its stated time; INFINITY: it states none */
    int64_t class;              /* the higher goes first */
    bool is_running;
    bool is_told;               /* the caller's */
} erg_job;

/* Running ones and the queue, each in the order in which they started or shall start. */
typedef struct erg_admission {
    erg_job jobs[ERG_JOBS_MOST];
    size_t count;
    double other_w, since_start_s;  /* drawn and not announced; since the last start */
} erg_admission;

/* What there is to fit into. INFINITY: no limit. */
typedef struct erg_admission_room {
    double budget_w;            /* C, which the least of all must fit */
    double limit_w;             /* L, of which expected power takes 0.95 at most */
    double base_w;              /* drawn beside all jobs */
    double power_w;             /* measured; NAN: unknown */
    bool is_hot;                /* too hot for new work: whoever comes waits */
} erg_admission_room;

erg_job *erg_admission_find(erg_admission *state, const char *name);
/* job: name, power_w, least_w, left_s, class. False: there are ERG_JOBS_MOST. */
bool erg_admission_ask(erg_admission *state, const erg_job *job);
void erg_admission_end(erg_admission *state, erg_job *job);
/* Too much even alone, as limits are now. */
bool erg_admission_too_large(const erg_admission *state, const erg_admission_room *room,
                             const erg_job *job);
/* Time goes on; jobs whose time is over go, and those that may start. */
void erg_admission_step(erg_admission *state, const erg_admission_room *room, double dt_s);

#endif

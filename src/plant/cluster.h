/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Racks of GPUs at work, as events: jobs whose ranks compute, meet at barriers and wait.
 *
 * Power is constant between events. It is kept as whole nanowatts, so that the sum of a
 * rack is exact, in whatever order it came about, and idle neighbours change no digit of
 * the others. A GPU under a cap lowers its clock to f:
 *
 *   P = P_idle + (P_1 - P_idle) f^gamma        speed = f, memory-bound min(1, f/knee)
 *
 *   Units    SI; f is of the highest clock. Time is ns from the start.
 *   Owning   Everything inside belongs to the cluster: erg_cluster_free.
 */
#ifndef ERG_PLANT_CLUSTER_H
#define ERG_PLANT_CLUSTER_H

#include "plant/agenda.h"

#define ERG_NW_PER_W 1e9

static inline double erg_w_from_nw(int64_t nw)
{
    return (double)nw / ERG_NW_PER_W;
}

typedef enum erg_phase_kind {
    ERG_PHASE_COMPUTE,      /* its items may be made to wait, its clock to fall */
    ERG_PHASE_COLLECTIVE,   /* begins when the last rank of the job has come */
    ERG_PHASE_PAUSE         /* bubble, checkpoint: no barrier */
} erg_phase_kind;

typedef struct erg_phase {
    erg_phase_kind kind;
    double duration_s, power_w;     /* at full speed */
    double knee;                    /* of compute: slower below this clock; 1: at once */
    bool begins_step;
} erg_phase;

typedef struct erg_silicon { double idle_w, gamma; } erg_silicon;

/* Clock that keeps power_w at cap_w, 0..1; what the unit then draws. */
double erg_silicon_clock(const erg_silicon *silicon, double power_w, double cap_w);
double erg_silicon_w(const erg_silicon *silicon, double power_w, double clock);

typedef struct erg_job {
    const erg_phase *phases;
    size_t phase_count;
    uint32_t first, ranks;          /* ranks first .. first + ranks - 1 */
    bool once;                      /* the phases run once, as a record does; else for
                                     * ever */
    double wait_w;                  /* drawn while waiting */
    double period_s;                /* of the step, nominal; NAN: unknown */
    int64_t start_ns;
    /* ---- as it goes */
    uint32_t arrived;
    int64_t arrived_ns;             /* the first of them */
    uint64_t steps;                 /* begun by its first rank */
    int64_t first_step_ns, last_step_ns;    /* begun since the last erg_cluster_mark */
    uint64_t marked_steps;
} erg_job;

/* What a rank asks of whoever shapes it, and the answer. */
typedef struct erg_ask {
    uint32_t rank;
    double dt_s;            /* since it last asked */
    double unpaid_w;        /* drawn meanwhile without an item; 0 while an item ran */
    double power_w;         /* wanted now */
    double drawn_w;         /* since it last asked */
    double item_j;          /* of the item that wants to start; 0: none */
    bool step_begins;
} erg_ask;

typedef struct erg_answer {
    double cap_w, floor_w, wait_s, again_s;
} erg_answer;

typedef struct erg_rank {
    int64_t power_nw, burn_nw, asked_ns;
    double left_s;          /* of this phase's work at full speed, at since_ns */
    double speed;           /* since then; 0: it does not compute */
    int64_t since_ns;
    double unpaid_w, cap_w, floor_w, want_w;
    uint32_t job, rack, phase, serial, asks;
    uint32_t twins;         /* units of this rack that it stands for: all of them alike */
    uint8_t state;
    double lot;                     /* watts above idle at work, of what phases say */
    int64_t free_ns, worked_ns;     /* began to work; worked in this step */
} erg_rank;

typedef struct erg_cluster {
    erg_silicon silicon;
    double item_s;                  /* length of an item of work */
    bool has_items;                 /* somebody admits items one by one */
    erg_job *jobs;
    size_t job_count;
    erg_rank *ranks;
    size_t rank_count;
    int64_t *rack_nw;
    size_t rack_count;
    int64_t total_nw, burn_nw;
    size_t done_count;              /* ranks whose record is over */
    int64_t done_ns;                /* the first of them */
    erg_agenda agenda;
    /* May be NULL: nobody shapes. Fills what it has to say. */
    void (*ask)(void *self, const erg_ask *ask, erg_answer *answer);
    /* Called before the power of a rack changes: what was constant until now. May be
     * NULL. */
    void (*settle)(void *self, uint32_t rack, int64_t now_ns);
    /* A step of this job begins. May be NULL. */
    void (*stepped)(void *self, uint32_t job, int64_t now_ns);
    /* A collective ends that its first rank has entered so long ago. May be NULL. */
    void (*collected)(void *self, uint32_t job, double time_s);
    /* What a rank worked in the step that is over, without waiting for others. May be
     * NULL. */
    bool (*worked)(void *self, uint32_t rank, double time_s, erg_error *err);
    void *self;
} erg_cluster;

/* Room for so many; jobs and ranks are then the caller's to fill (job, rack, and twins if
 * not 1; rank_count may fall). */
bool erg_cluster_begin(erg_cluster *cluster, size_t jobs, size_t ranks, size_t racks,
                       erg_error *err);
/* All ranks begin to wait, each job for its start. */
bool erg_cluster_start(erg_cluster *cluster, erg_error *err);
/* All that happens up to and at until_ns. */
bool erg_cluster_run(erg_cluster *cluster, int64_t until_ns, erg_error *err);
/* What shapes this rank has changed: it asks again, now. */
bool erg_cluster_poke(erg_cluster *cluster, size_t rank, erg_error *err);
/* What this rank draws at work of power_w, uncapped: chips differ. */
double erg_cluster_work_w(const erg_cluster *cluster, const erg_rank *rank, double power_w);
/* Counts steps from here on. */
void erg_cluster_mark(erg_cluster *cluster);
/* Steps a second of a job since the mark, from its first to its last; NAN: under two. */
double erg_job_rate(const erg_job *job);
void erg_cluster_free(erg_cluster *cluster);

#endif

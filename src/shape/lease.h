/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Caps of a rack as leases: a node holds a cap for L seconds from when it asked for it, on
 * its own clock, and falls back to its safe cap by itself. The coordinator believes a
 * lease longer than any node can hold it, so that the sum of enforced caps never passes
 * the limit, whatever a network does. Both sides are pure: they are told the time and what
 * arrived, and answer what to send; nothing here sends, waits or allocates.
 *
 *   Units    Times are int64_t ns on the side's own clock, one that counts sleep.
 *   Source   docs/rack.md: `hold`, the exact factor of two clocks' rates, and that a node
 *            raises nothing while a lowering has not been read back.
 */
#ifndef ERG_SHAPE_LEASE_H
#define ERG_SHAPE_LEASE_H

#include "base/base.h"
#include "shape/balance.h"
#include "shape/gates.h"
#include "shape/water_fill.h"

enum { ERG_LEASE_ASKED = 64, ERG_LEASE_OUT = 4, ERG_LEASE_JOB_MOST = 56 };

typedef struct erg_lease_terms {
    int64_t lease_ns;       /* L: 10 s */
    int64_t period_ns;      /* of requests: 1 s */
    int64_t actuation_ns;   /* from a wish to its read-back, a write under way included */
    double rho;             /* two clocks' rates differ by at most so much: 1e-3 */
} erg_lease_terms;

erg_lease_terms erg_lease_terms_usual(void);
/* L > 3 periods + t_act, all above zero. */
bool erg_lease_terms_check(const erg_lease_terms *terms, erg_error *err);

/* What a node says each period: it is the request, too. */
typedef struct erg_lease_status {
    /* Of the synchronous job that has all of this node's GPUs, the same on all its nodes;
     * "": there is none. Before all else: a step reads the rest. */
    char job[ERG_LEASE_JOB_MOST];
    uint64_t boot, request;
    uint64_t epoch, sequence;       /* of the last grant whose cap has been read back; 0 */
    uint64_t epoch_seen;            /* highest in any grant */
    double enforced_w;              /* read back; NAN: not known */
    double power_w, demand_w;       /* NAN: not known */
    double least_w, most_w, fallback_w;
    int rank;                       /* class: higher ones are served first */
    uint64_t steps;                 /* of the job, told so far */
    double epoch_s;                 /* its own work of a step: the middle one of the last
                                     * five; NAN: not known */
} erg_lease_status;

typedef struct erg_lease_grant {
    uint64_t boot, request;         /* that it answers */
    uint64_t epoch, sequence;
    double cap_w;
    int64_t lease_ns;
    bool hold;                      /* never raise: the coordinator has just started */
} erg_lease_grant;

/* ---- node ---------------------------------------------------------------------------- */

typedef struct erg_lease_node {
    erg_lease_terms terms;
    double fallback_w, least_w, most_w;
    int rank;
    uint64_t boot, request;
    int64_t asked_ns[ERG_LEASE_ASKED];  /* when request k went out, at k %
                                         * ERG_LEASE_ASKED */
    int64_t next_ns;                /* next request */
    uint64_t epoch, sequence;       /* of the last grant taken */
    uint64_t read_epoch, read_sequence;     /* of the last one that was read back */
    bool leased;
    double cap_w;                   /* of that lease */
    int64_t expires_ns;
    double want_w;                  /* asked of the hardware */
    int64_t brake_ns;               /* least power until then */
} erg_lease_node;

typedef struct erg_lease_node_setup {
    erg_lease_terms terms;
    double fallback_w, least_w, most_w;
    int rank;
    uint64_t boot;                  /* differs between any two starts; not 0 */
} erg_lease_node_setup;

typedef struct erg_lease_node_in {
    int64_t now_ns;
    double enforced_w;              /* read back; while writes are under way the highest of
                                     * what was read and what is being written; NAN:
                                     * unknown */
    double power_w, demand_w;
} erg_lease_node_in;

typedef struct erg_lease_node_out {
    double want_w;                  /* turn the knobs to this, unless they stand there */
    bool send;                      /* the status, now */
    erg_lease_status status;
    int64_t again_ns;               /* step by then, whatever happens before */
} erg_lease_node_out;

void erg_lease_node_start(erg_lease_node *node, const erg_lease_node_setup *setup,
                          int64_t now_ns);
/* NULL: it is taken, step next; else why not. */
const char *erg_lease_node_take(erg_lease_node *node, const erg_lease_grant *grant,
                                int64_t now_ns);
/* Least power at once, for one lease; is_on false lets go. */
void erg_lease_node_brake(erg_lease_node *node, bool is_on, int64_t now_ns);
void erg_lease_node_step(erg_lease_node *node, const erg_lease_node_in *in,
                         erg_lease_node_out *out);

/* ---- coordinator --------------------------------------------------------------------- */

/* Grants that may still be held. Falling caps, rising expiry: others are covered by
 * these. */
typedef struct erg_lease_held {
    uint64_t boot, sequence;        /* boot 0: nothing said by the node can end it */
    double cap_w;
    int64_t expires_ns;
} erg_lease_held;

/* What each step reads of each node lies together: of 10,000 the processor's nearer memory
 * holds no more. */
typedef struct erg_lease_member {
    erg_lease_status last;
    double fallback_w, weight;      /* configured; weight 0: 1 */
    bool heard, is_live;            /* ever; of late, at the last step */
    bool is_settled;                /* a grant above shared_sequence has been in force */
    int64_t heard_ns;
    uint64_t answered;              /* the last request of last.boot that was */
    double granted_w;               /* last; NAN: none yet */
    double ceiling_w;               /* what the bands leave it; INFINITY */
    int64_t up_ns;                  /* when its present boot was first heard */
    double late_s;                  /* of its soft start, drawn by chance */
    /* Where jobs are balanced. */
    double balance_w;               /* its share; NAN: it has no part in one */
    uint64_t shared_sequence;       /* grants above it carry that */
    uint64_t settled_steps;         /* steps when such a one was first in force */
    size_t held_count;
    erg_lease_held held[ERG_LEASE_OUT];
} erg_lease_member;

/* A job while its watts are shared out: of those of its nodes that are live. */
typedef struct erg_lease_job {
    size_t first, count, passed;    /* its places in ranks */
    double demand_w, weights;       /* of their claims */
    double fair_w, ceiling_w, enforced_w, budget_w;
    bool is_known;                  /* one of them has a share already */
    bool stays;                     /* they begin with what they have */
    bool is_shared;                 /* anew, in this step */
} erg_lease_job;

/* A coordinator's memory, all of it the caller's: `count` of each. */
typedef struct erg_lease_room {
    erg_lease_member *members;
    size_t count;
    erg_claim *claims;
    size_t *order, *who;
    double *grants_w, *bounds_w;
    erg_cut_node *cuts;
    /* NULL where no job is balanced. */
    size_t *job_of;                 /* of each member in jobs; SIZE_MAX: none */
    erg_balance_rank *ranks;        /* job by job, and beside them */
    double *settled_w;              /* the cap that the epoch was of; NAN */
    erg_lease_job *jobs;
} erg_lease_room;

typedef struct erg_lease_rack {
    erg_lease_terms terms;
    erg_lease_room room;
    double limit_w;                 /* C: of the sum of caps */
    double raise_w_per_s;           /* of each node's cap; 0: at once */
    double soft_start_s;            /* of nodes that have booted, one after the other; 0:
                                     * none */
    double late_s[2];               /* each later by chance, within */
    erg_xoshiro random;             /* draws that */
    erg_bands bands;                /* limit_w 0: no bands */
    bool balances;                  /* watts between the nodes of a job, by their epochs */
    bool is_grouped;                /* job_of is as the jobs are, */
    size_t job_count;               /* so many */
    uint64_t shares;                /* shared out anew so often */
    uint64_t epoch, sequence;
    int64_t wait_ns;                /* until then no cap is raised */
    int64_t stepped_ns, believed_ns;
    bool stands_by;                 /* another coordinator has taken over: for good */
} erg_lease_rack;

typedef struct erg_lease_rack_in {
    int64_t now_ns;
    double power_w;                 /* of the rack; NAN: the sum of what nodes said */
    double heat;                    /* of the breaker, of that at which it trips; NAN */
} erg_lease_rack_in;

typedef struct erg_lease_answer { size_t node; erg_lease_grant grant; } erg_lease_answer;

typedef struct erg_lease_rack_out {
    size_t count;                   /* of answers */
    bool brake;
    double bound_w;                 /* the most that all caps can be: at most limit_w */
    double power_w;
} erg_lease_rack_out;

/* rack holds terms, room (members with fallback and weight), limit_w, raise_w_per_s and
 * bands. Refused when the fallbacks alone pass the limit. epoch: the highest known. */
bool erg_lease_rack_start(erg_lease_rack *rack, uint64_t epoch, int64_t now_ns,
                          erg_error *err);
/* The connection was lost and is back: another may have been at work meanwhile. */
void erg_lease_rack_again(erg_lease_rack *rack, uint64_t epoch, int64_t now_ns);
void erg_lease_rack_hear(erg_lease_rack *rack, size_t node, const erg_lease_status *status,
                         int64_t now_ns);
/* answers: room for as many as there are members. */
void erg_lease_rack_step(erg_lease_rack *rack, const erg_lease_rack_in *in,
                         erg_lease_answer answers[], erg_lease_rack_out *out);
/* The most that a node may hold now. */
double erg_lease_rack_bound(const erg_lease_rack *rack, size_t node, int64_t now_ns);
/* How long a lease given now is believed. */
int64_t erg_lease_believed_ns(const erg_lease_terms *terms);

#endif

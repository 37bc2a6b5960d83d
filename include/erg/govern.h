/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One node under one hand: a governor reads its sensors, shares its watts out among GPUs
 * and CPU, and is the only writer of their limits. `ergd` runs one; `erg govern` asks it.
 *
 *   Units    SI; time is int64_t nanoseconds, CLOCK_MONOTONIC. Unknown is NAN; INFINITY: no
 *            limit.
 *   Owning   erg_govern_config *, erg_governor * and erg_result * are yours to free; a
 *            governor borrows its configuration and environment.
 *   Failing  A sensor that fails is NAN and a knob that cannot be turned a state of its
 *            row: the governor goes on.
 *   Threads  One at a time for each governor.
 *   Source   docs/govern.md.
 */
#ifndef ERG_GOVERN_H
#define ERG_GOVERN_H

#include "erg/env.h"
#include "erg/points.h"
#include "erg/table.h"

#pragma GCC visibility push(default)
#ifdef __cplusplus
extern "C" {
#endif

#define ERG_GOVERN_SOCKET "/run/ergd/ergd.sock"

typedef enum erg_govern_mode { ERG_OBSERVE, ERG_ENFORCE } erg_govern_mode;
typedef enum erg_govern_role { ERG_ROLE_NODE, ERG_ROLE_RACK } erg_govern_role;

/* ---- configuration ------------------------------------------------------- */

enum { ERG_GOVERN_LIST_MOST = 32 };

typedef struct erg_govern_list {
    const char *items[ERG_GOVERN_LIST_MOST];
    size_t count;
} erg_govern_list;
typedef struct erg_govern_range { double low, high; } erg_govern_range;

/* Names or numbers; "*" is everyone. */
typedef struct erg_govern_people { erg_govern_list users, groups; } erg_govern_people;

/* A node of a rack, as its coordinator must know it. */
typedef struct erg_govern_member {
    const char *id;
    double fallback_w, weight;
} erg_govern_member;

/* A clock so much lower while phases of such a name run. */
typedef struct erg_govern_op {
    const char *match;                  /* as fnmatch takes it */
    double delta_hz, min_region_s;      /* delta: below 0 */
} erg_govern_op;

/* A setting that is turned at the start and held. */
typedef struct erg_govern_hold { erg_knob knob; double value; } erg_govern_hold;

typedef struct erg_govern_config {
    erg_govern_mode mode;
    erg_govern_role role;
    double period_s;                    /* of the loop */
    const char *state_dir;              /* what knobs were at is saved there */
    struct {
        const char *id;
        erg_govern_list sensors;        /* as erg_devices_find takes them */
        double floor_w, ceil_w, weight, fallback_w, psu_ocp_w, base_w;
        int64_t priority;
    } node;
    struct {
        double limit_w, slowdown_most;
        erg_govern_range clock_hz;          /* 0: none */
        const char *policy, *dvfs, *objective, *sweep;
        const erg_govern_hold *holds;
        size_t hold_count;
    } gpu;
    struct {
        double limit_w, window_s;
        const char *scope, *policy;
        erg_govern_list enforcement;    /* power_limit, launch_gate; none: power_limit */
        bool by_limit, by_gate;         /* what it says, where the policy has it, too */
    } cap;
    struct {
        double psu_fraction, floor_w, up_w_per_s, down_w_per_s, hold_s;
        erg_govern_list filler;         /* a program and its words; none: ergd's own */
        erg_govern_range jitter_s;
        const char *jitter_scope;
        int64_t rng_key;
        int64_t nccl_ctas;              /* most blocks of each kernel of NCCL; 0: any */
    } shaper;
    const erg_govern_op *ops;           /* the first that matches counts */
    size_t op_count;
    struct {
        double cap_w, breaker_w, margin, tau_s, trip, soft_start_s, period_s;
        double cap_at, target, uncap_at, hold_s, cooling_w;
        const char *policy;             /* demand, balance; NULL: demand */
        erg_govern_range jitter_s;
        const char *aisle;
        const struct erg_trip_curve *curve;     /* of the breaker; NULL: thermal */
        const erg_govern_member *members;
        size_t member_count;
    } rack;
    struct {
        const char *host, *rack;
        const char *tls_ca, *tls_cert, *tls_key, *user, *password_file;     /* NULL: none */
        int64_t port;                   /* 0: no broker is named */
        double lease_s, status_s, actuation_s;
    } mqtt;
    struct {
        double hot_k, hysteresis_k, inlet_k, r_k_per_w, tau_s, after_s, cooldown_s;
        int64_t moves_per_hour;
        bool prefer_cool, redistribute;
    } thermal;
    struct { const char *path; erg_govern_people read, set, work;
             int64_t clients; } socket;
    struct { const char *address; int64_t port; } http;     /* address NULL: none */
    struct { const char *path; double most_bytes; } journal; /* path NULL: none is kept */
    char mpi[320];                      /* for the MPI library, as ERG_MPI says it; "":
                                         * none */
    char offsets[128];                  /* of NCCL's collectives, as ERG_LAUNCH says it */
    const char *unused[16];             /* keys that are checked, but for others than
                                         * ergd */
    size_t unused_count;
    struct erg_arena *memory;
} erg_govern_config;

/* YAML (docs/formats.md). A mistake is ERG_BAD_INPUT with its line. */
erg_govern_config *erg_govern_config_load(const char *path, erg_error *err);
/* name: for sentences. */
erg_govern_config *erg_govern_config_parse(const char *name, const char *bytes, size_t size,
                                           erg_error *err);
/* The files that it names can be read: a sweep's table of phases. A governor reads them
 * when it is opened; nobody who puts things back does. */
bool erg_govern_sweep_check(const erg_govern_config *config, erg_error *err);
void erg_govern_config_free(erg_govern_config *config);

/* ---- the governor ---------------------------------------------------------- */

typedef struct erg_governor erg_governor;

/* Puts back what a dead governor left turned and writes it down: for a watchdog. who: as
 * the journal shall name it. ERG_REFUSED: it is not dead. */
bool erg_governor_recover(const erg_govern_config *config, const erg_env *env,
                          const char *who, erg_error *err);

/* Begins with that. env: its state_dir gives way to the configuration's. */
erg_governor *erg_governor_open(const erg_govern_config *config, const erg_env *env,
                                erg_error *err);
/* From now on its journal is written by a thread, and no step waits for a disk. Call it
 * once privileges are dropped: a thread keeps those it was born with. */
bool erg_governor_write_apart(erg_governor *governor, erg_error *err);
/* Reads every sensor, decides, and where it enforces turns what must be turned. */
bool erg_governor_step(erg_governor *governor, int64_t now_ns, erg_error *err);
/* Puts everything back. */
void erg_governor_free(erg_governor *governor);

/* Tables grants, clocks, held, rules, sensors, leases, journal as of the last step. */
erg_result *erg_governor_tables(const erg_governor *governor, erg_error *err);

/* A node's cap on loan; when it runs out the node falls back by itself. The state is one
 * word for people, kept by the caller. */
typedef struct erg_govern_lease {
    double cap_w;
    int64_t until_ns;               /* CLOCK_BOOTTIME: it runs out while asleep, too */
    int64_t epoch, number;
    const char *state;
} erg_govern_lease;
void erg_governor_lease(erg_governor *governor, const erg_govern_lease *lease);
/* What a coordinator has lent: rows of the tables leases and epochs, the caller's until it
 * calls again. */
typedef struct erg_govern_lent {
    const char *node;
    erg_govern_lease lease;
    const char *job;                /* that has all its GPUs; "": none */
    double epoch_s, balance_w;      /* NAN: not known; it has no part in a share */
} erg_govern_lent;
void erg_governor_lend(erg_governor *governor, const erg_govern_lent rows[], size_t count);

/* A coordinator's jobs must fit the rack, not its own machine: its cap, its limit with the
 * breaker, and what is drawn (NAN: unknown). */
typedef struct erg_govern_room { double cap_w, limit_w, power_w; } erg_govern_room;
void erg_governor_room(erg_governor *governor, const erg_govern_room *room);

/* A node of a rack keeps its fallback when it ends. Its user has asked for what it had
 * before (release); that returns once the rack has agreed, and then nothing is turned any
 * more. */
bool erg_governor_wants_release(const erg_governor *governor);
bool erg_governor_give_back(erg_governor *governor, erg_error *err);

/* What a node tells its rack: measured, wanted, least and most, in force. */
typedef struct erg_govern_claim {
    double power_w, demand_w, least_w, most_w, enforced_w;
} erg_govern_claim;
erg_govern_claim erg_governor_claim(const erg_governor *governor);

/* Where a floor is held by a process: the share of its most that it shall burn now; NAN:
 * none shall run. What came of it is told before the next step: taken is the share that it
 * has burnt (NAN: as asked), reason why it does not run. */
double erg_governor_fill(const erg_governor *governor);
void erg_governor_filled(erg_governor *governor, bool is_running, double taken,
                         const char *reason);

/* A line of the journal about a clock that the caller turned by itself. */
void erg_governor_note_clock(erg_governor *governor, const char *device, const char *rule,
                             const char *who, double old_hz, double requested_hz);

/* ---- asking ------------------------------------------------------------------ */

typedef enum erg_govern_verb {
    /* who may read, may these */
    ERG_GOVERN_STATUS, ERG_GOVERN_SENSORS, ERG_GOVERN_WHY, ERG_GOVERN_SETTINGS,
    ERG_GOVERN_WORK,                /* where it turns clocks: who is listed */
    ERG_GOVERN_WAIT,                /* who is listed; over a connection to the daemon alone:
                                     * its answer brings a file along */
    ERG_GOVERN_HINT,                /* who is listed */
    /* and who may set, all */
    ERG_GOVERN_SET, ERG_GOVERN_RELEASE, ERG_GOVERN_BRAKE, ERG_GOVERN_ADMIT, ERG_GOVERN_DONE
} erg_govern_verb;

typedef struct erg_govern_request {
    erg_govern_verb verb;
    double cap_w;                   /* set, hint: at most; 0 or NAN: not said */
    double clock_hz;                /* set: held to this clock; 0 or NAN: not said */
    char knob[32];                  /* set, release: a knob of a board, as erg_knob_infos
                                     * names it; "": not said */
    double value;                   /* set: that it is held at, in the knob's unit */
    double for_s;                   /* set: then released, admit: then over; or INFINITY;
                                     * work, hint: then forgotten, INFINITY: after
                                     * 30 s */
    char device[32];                /* set: of this one; "": of the node */
    char job[32];                   /* admit, done; work, hint: "" is the user's one */
    char phase[32];                 /* work: that begins or goes on; "": none does */
    double units;                   /* work: of that phase, done since some start; 0 or
                                     * more; NAN: not said */
    double epoch_s;                 /* work: what the GPU's own work of a step took; 0 or
                                     * NAN: not said */
    int64_t uid;                    /* work, hint: of who asks, as the socket tells it */
    double clock_delta_hz, slowdown;    /* hint, as erg_hint; 0: not said. A hint that
                                         * says nothing takes back what it said */
    char objective[24], dvfs[8];    /* hint; "": not said */
    bool until_release;             /* hint: not forgotten before, whatever for_s says */
    int64_t cpu;                    /* wait: on which the peer alone may run */
    double power_w, least_w;        /* admit: expected; held down, NAN: nothing */
    int64_t priority;               /* admit: the higher goes first */
} erg_govern_request;

enum { ERG_GOVERN_REQUEST_MOST = 4096 };    /* bytes of a line */

/* One JSON object: {"do": "set", "cap_w": 900, "for_s": 60, "device": "nvml:0"} (or with
 * "clock_hz", or with "knob": "smoothing_floor", "value": 0.6) or
 * {"do": "release", "knob": "smoothing_floor"} or
 * {"do": "admit", "job": "train", "power_w": 700, "least_w": 200, "class": 1} or
 * {"do": "work", "phase": "decode", "units": 4096} (or with "epoch_s") or
 * {"do": "hint", "cap_w": 275, "dvfs": "auto", "slowdown": 0.03} or
 * {"do": "wait", "cpu": 3}. */
bool erg_govern_request_parse(const char *bytes, size_t size, erg_govern_request *out,
                              erg_error *err);
/* Tables grants, clocks, held, phases, rules, leases, jobs, hints; of sensors, why and
 * work: sensors, journal, phases. who: as the journal shall name it. */
erg_result *erg_governor_answer(erg_governor *governor, const erg_govern_request *request,
                                const char *who, erg_error *err);

/* The other end: asks the daemon behind a socket. ERG_NOT_FOUND: none listens. */
erg_result *erg_govern_ask(const char *socket, const erg_govern_request *request,
                           erg_error *err);

/* A job's end: it tells the daemon which phase its GPUs are in (verb work) over one
 * connection, from any thread, and waits for it at the first word alone (1 s at most) and
 * when it is freed (0.25 s). socket NULL: the usual one; device and job NULL or "": all
 * GPUs, the user's one. Other characters than plain ones become _. The daemon forgets it
 * 120 s after its last word. ERG_NOT_FOUND: none listens. */
typedef struct erg_govern_teller erg_govern_teller;
erg_govern_teller *erg_govern_teller_open(const char *socket, const char *device,
                                          const char *job, erg_error *err);
void erg_govern_teller_free(erg_govern_teller *teller);
/* phase NULL or "": in none now. units: of that phase, done since some start; NAN: not
 * said. False: it was not said; the next word has the sum. */
bool erg_govern_tell(erg_govern_teller *teller, const char *phase, double units);
/* A step of a synchronous job is over: its own work, without waiting for others, took so
 * long. The phase goes on. For the policy balance. */
bool erg_govern_tell_epoch(erg_govern_teller *teller, double epoch_s);

/* What the configuration behind a socket (NULL: the usual one) says to a tool beside the
 * job, "mpi", in the words of its own variable; "" where it says nothing. */
bool erg_govern_settings(const char *socket, const char *tool, char *to, size_t size,
                         erg_error *err);

/* What the launches of a job on that GPU may draw now, by the daemon behind a socket (NULL:
 * the usual one): the least of all its GPUs where uuid is none of them. ERG_NO_DATA: it has
 * no launch gate. */
typedef struct erg_govern_allowance {
    double power_w;                 /* at most */
    double idle_w;                  /* the least that the GPU was seen to draw; NAN: not
                                     * known */
    bool at_rest;                   /* and for a second nothing ran on it */
} erg_govern_allowance;
bool erg_govern_budget(const char *socket, const char *uuid, erg_govern_allowance *out,
                       erg_error *err);

/* False, ERG_REFUSED: the daemon of this machine turns that device, so nobody else may (it
 * keeps what knobs were at in a folder of its own, whose locks others do not see).
 * ERG_NO_ACCESS: there is a daemon, and it does not tell this user. */
bool erg_govern_is_free(const erg_env *env, const char *device, erg_error *err);

#ifdef __cplusplus
}
#endif
#pragma GCC visibility pop
#endif

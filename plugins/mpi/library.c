/* SPDX-License-Identifier: Apache-2.0 */
#include <math.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include "erg/govern.h"
#include "mpi/ask.h"
#include "mpi/group.h"
#include "mpi/library.h"
#include "mpi/slow.h"
#include "recording.h"

static struct {
    bool on, writes;
    mpi_config config;
    int rank, size;
    pthread_mutex_t lock; /* of the counts: MPI_THREAD_MULTIPLE */
    double waited_s;
    mpi_tally tallies[CALL_COUNT];
    mpi_ask ask;            /* of ergd; else */
    mpi_slow slow;          /* by ourselves */
    int slow_cpu;
    atomic_flag is_slow;
} the = { .lock = PTHREAD_MUTEX_INITIALIZER, .ask = { -1, -1 },
          .slow = { .file = -1, .guard = -1 },
          .is_slow = ATOMIC_FLAG_INIT };

bool mpi_on(void) { return the.on; }
const mpi_config *mpi_settings(void) { return &the.config; }
int mpi_world_rank(void) { return the.rank; }
int mpi_world_size(void) { return the.size; }

static int64_t clock_ns(clockid_t clock)
{
    struct timespec t;
    clock_gettime(clock, &t);
    return (int64_t)t.tv_sec * 1000000000 + t.tv_nsec;
}

int64_t mpi_now_ns(void) { return clock_ns(CLOCK_MONOTONIC); }

double mpi_waited_s(void)
{
    pthread_mutex_lock(&the.lock);
    double waited_s = the.waited_s;
    pthread_mutex_unlock(&the.lock);
    return waited_s;
}

bool mpi_is_looked_into(mpi_call_id id)
{
    if (!the.writes)
        return false;
    pthread_mutex_lock(&the.lock);
    bool is_due = mpi_density_is_due(the.tallies[id].calls);
    pthread_mutex_unlock(&the.lock);
    return is_due;
}

double mpi_volume(int count, MPI_Datatype type)
{
    int size = 0;

    if (count < 1 || type == MPI_DATATYPE_NULL || PMPI_Type_size(type, &size) != MPI_SUCCESS
        || size == MPI_UNDEFINED)
        return 0;
    return (double)count * size;
}

/* ---- the clock of a waiting rank ---------------------------------------------- */

bool mpi_slacken(void)
{
    /* A thread on another core has no business with the clock of this one. */
    bool has_clock = the.ask.event >= 0 || the.slow.file >= 0;
    if (!has_clock || mpi_slow_cpu() != the.slow_cpu
        || atomic_flag_test_and_set(&the.is_slow))
        return false;
    if (mpi_ask_slow(&the.ask) || mpi_slow_down(&the.slow))
        return true;
    atomic_flag_clear(&the.is_slow);
    return false;
}

void mpi_hurry(void)
{
    if (the.ask.event >= 0)
        mpi_ask_fast(&the.ask);
    else
        mpi_slow_up(&the.slow);
    atomic_flag_clear(&the.is_slow);
}

/* ERG_MPI=ergd or ergd:SOCKET; NULL: it says something else. "": the usual socket. */
static const char *daemon_of(const char *text)
{
    return text && strncmp(text, "ergd", 4) == 0 && (!text[4] || text[4] == ':')
        ? text + 4 + (text[4] == ':') : NULL;
}

/* By ergd, if one listens and may; else by ourselves: it takes root or a rule of udev. */
static void open_clock(void)
{
    const char *socket = daemon_of(getenv("ERG_MPI"));
    erg_error refusal = { 0 }, err = { 0 };

    if (the.config.wait != WAIT_FREQ)
        return;
    the.slow_cpu = mpi_slow_cpu();
    if (the.slow_cpu >= 0
        && mpi_ask_open(&the.ask, socket && *socket ? socket : NULL, the.slow_cpu,
                        &refusal))
        return;
    if (mpi_slow_open(&the.slow, getenv("ERG_MPI_ROOT"), the.slow_cpu, &err)
        || the.rank != 0)
        return;
    bool was_refused = refusal.code != ERG_OK && refusal.code != ERG_NOT_FOUND;
    fprintf(stderr, "erg: %s%s%s; it sleeps instead\n", err.text,
            was_refused ? "; ergd: " : "", was_refused ? refusal.text : "");
}

/* ---- the frame around a call -------------------------------------------------- */

void mpi_enter(mpi_visit *here, mpi_call_id id, double bytes)
{
    /* The CPU clock is a system call, of most of a microsecond: only for a table. */
    *here = (mpi_visit){ .id = id,
                         .bytes = bytes,
                         .cpu_ns = the.writes ? clock_ns(CLOCK_THREAD_CPUTIME_ID) : 0,
                         .begin_ns = mpi_now_ns() };
    here->region = recording_begin(mpi_call_names[id]);
}

void mpi_leave(const mpi_visit *here)
{
    int64_t time_ns = mpi_now_ns() - here->begin_ns;
    int64_t cpu_ns = the.writes ? clock_ns(CLOCK_THREAD_CPUTIME_ID) - here->cpu_ns : 0;
    mpi_tally *row = &the.tallies[here->id];

    recording_end(here->region);
    pthread_mutex_lock(&the.lock);
    row->calls++;
    row->naps += here->napped;
    row->time_s += 1e-9 * (double)time_ns;
    row->cpu_s += 1e-9 * (double)cpu_ns;
    row->held_s += 1e-9 * (double)here->held_ns;
    row->bytes += here->bytes;
    row->density.looked += here->density.looked;
    row->density.filled += here->density.filled;
    if (here->id < CALL_COLLECTIVES)
        the.waited_s += 1e-9 * (double)(time_ns - here->held_ns);
    pthread_mutex_unlock(&the.lock);
}

/* ---- begin and end -------------------------------------------------------------- */

/* Rank 0's wish is everybody's: were it each rank's own, one rank could start a call in
 * the nonblocking form that another waits for in the blocking one. */
static bool read_wish(mpi_config *out, erg_error *err)
{
    const char *text = getenv("ERG_MPI"), *socket = daemon_of(text);
    char settings[400];

    if (!socket)
        return mpi_config_parse(text, out, err);
    *out = (mpi_config){ 0 };
    return erg_govern_settings(*socket ? socket : NULL, "mpi", settings,
                               sizeof(settings), err)
        && mpi_config_parse(settings, out, err);
}

/* As the launcher or the queue calls this job; NULL: neither says it. */
static const char *job_name(void)
{
    static const char *const names[] = { "SLURM_JOB_ID", "PMIX_NAMESPACE", "PMI_JOBID" };
    const char *job = NULL;

    for (size_t i = 0; !job && i < sizeof(names) / sizeof(*names); i++)
        job = getenv(names[i]);
    return job;
}

static void agree(void)
{
    struct {
        mpi_config config;
        int writes;
    } wish = { 0 };
    const char *output = getenv("ERG_MPI_OUTPUT");
    erg_error err = { 0 };

    PMPI_Comm_rank(MPI_COMM_WORLD, &the.rank);
    PMPI_Comm_size(MPI_COMM_WORLD, &the.size);
    wish.writes = output && *output;
    if (the.rank == 0 && !read_wish(&wish.config, &err)) {
        fprintf(stderr, "erg: %s; the MPI library stays off\n", err.text);
        wish.writes = false;
    }
    wish.config.jitter.key = chance_job_key(wish.config.jitter.key, job_name());
    PMPI_Bcast(&wish, sizeof(wish), MPI_BYTE, 0, MPI_COMM_WORLD);
    the.config = wish.config;
    the.writes = wish.writes != 0;
}

static void begin(void)
{
    agree();
    open_clock();
    mpi_group_begin();
    the.on = recording_join() || the.writes || mpi_config_acts(&the.config);
}

static void write_all(const mpi_tally tallies[])
{
    const char *path = getenv("ERG_MPI_OUTPUT");
    FILE *file = path ? fopen(path, "w") : NULL;

    if (file)
        mpi_tally_write(file, tallies, the.size);
    if (!file || fclose(file) != 0)
        fprintf(stderr, "erg: cannot write %s\n", path ? path : "the table of MPI calls");
}

static void gather(void)
{
    enum { ROW_BYTES = sizeof(the.tallies) };
    mpi_tally *all = the.rank == 0 ? calloc((size_t)the.size, ROW_BYTES) : NULL;
    int room = all != NULL;

    PMPI_Bcast(&room, 1, MPI_INT, 0, MPI_COMM_WORLD);
    if (room)
        PMPI_Gather(the.tallies, ROW_BYTES, MPI_BYTE, all, ROW_BYTES, MPI_BYTE, 0,
                    MPI_COMM_WORLD);
    if (all)
        write_all(all);
    free(all);
}

static void end(void)
{
    the.on = false;
    if (the.writes)
        gather();
    mpi_group_end();
    mpi_ask_close(&the.ask);
    mpi_slow_close(&the.slow);
    recording_leave();
}

/* ---- what the program calls ----------------------------------------------------- */

MPI_PUBLIC int MPI_Init(int *argc, char ***argv)
{
    int rc = PMPI_Init(argc, argv);
    if (rc == MPI_SUCCESS)
        begin();
    return rc;
}

MPI_PUBLIC int MPI_Init_thread(int *argc, char ***argv, int required, int *provided)
{
    int rc = PMPI_Init_thread(argc, argv, required, provided);
    if (rc == MPI_SUCCESS)
        begin();
    return rc;
}

MPI_PUBLIC int MPI_Finalize(void)
{
    end();
    return PMPI_Finalize();
}

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The outside world, handed in: no test needs root, hardware or real time.
 *
 *   Units    Time is int64_t nanoseconds, CLOCK_MONOTONIC unless said.
 *   Owning   Strings are borrowed and must outlive every handle made from it.
 *   Failing  Nothing fails here: what is not under root or cannot be opened is said by who
 *            looks for it.
 *   Threads  The log function may be called from the sampler thread.
 */
#ifndef ERG_ENV_H
#define ERG_ENV_H

#include <stdbool.h>
#include <stdint.h>

#pragma GCC visibility push(default)
#ifdef __cplusplus
extern "C" {
#endif

/* A clock that may be stepped by hand; NULL in erg_env means the real one. */
typedef struct erg_clock {
    int64_t (*now_ns)(void *self);
    int64_t (*utc_ns)(void *self);                      /* since 1970, UTC */
    void (*sleep_until_ns)(void *self, int64_t at_ns);  /* absolute deadline */
    void *self;
    int64_t (*boot_ns)(void *self);     /* CLOCK_BOOTTIME; NULL: the machine never sleeps */
} erg_clock;

typedef enum erg_level { ERG_DEBUG, ERG_INFO, ERG_WARNING } erg_level;

typedef struct erg_env {
    const char *root;       /* before /sys, /proc and /dev; NULL is "" */
    const char *nvml;       /* NVML library; NULL is libnvidia-ml.so.1 */
    const char *path;       /* where nvidia-smi and dcgmi are sought; NULL: none */
    const char *state_dir;  /* calibrations, loggers; NULL: none is kept */
    const char *ring;       /* value of ERG_RING, set by `erg run`; NULL outside */
    const erg_clock *clock; /* NULL is the real one */
    void (*log)(void *log_self, erg_level level, const char *text);
    void *log_self;
    /* Ask dcgmi what a GPU's units are at, where NVML does not tell: a child of its own,
     * and the counters that a profiler would want. false: nothing of that. */
    bool activities;
} erg_env;

/* Gives back the pages that only a start, or a connection, needed: clean ones of programs
 * and libraries, mapped again when they are used, and free ones of the heap. It is for a
 * process that lives long beside somebody's work; any thread, at any time. */
void erg_give_back_memory(void);

#ifdef __cplusplus
}
#endif
#pragma GCC visibility pop
#endif

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The inside of ergd: one thread, one epoll loop, one timer. What it does besides governing
 * is a const table of services (service.c); a service is one file and one line there.
 *
 * Nothing may block the loop: a service's files are non-blocking, and what it says to
 * others waits in a buffer that is bounded.
 */
#ifndef ERGD_DAEMON_H
#define ERGD_DAEMON_H

#include <stdint.h>
#include <stdio.h>
#include <sys/epoll.h>
#include <erg/erg.h>

typedef struct ergd ergd;

typedef struct ergd_options {
    const char *config, *root, *nvml;
    bool check_only, recover_only, is_watchdog;
    double silence_s;               /* above 0: this is a filler */
} ergd_options;

/* events: of epoll. */
typedef void (*ergd_ready)(void *self, uint32_t events);

typedef struct ergd_service {
    const char *name;
    /* *self stays NULL where the configuration does not ask for it.
     * False ends the daemon. */
    bool (*open)(ergd *daemon, void **self, erg_error *err);
    void (*step)(void *self);       /* after each step of the governor; may be NULL */
    void (*close)(void *self);
} ergd_service;

extern const ergd_service *const ergd_services[];   /* NULL-terminated; service.c */
extern const ergd_service ergd_service_socket, ergd_service_http, ergd_service_rack,
    ergd_service_filler;

/* ---- loop.c: what a service may call --------------------------------------- */

const erg_govern_config *ergd_config(const ergd *daemon);
erg_governor *ergd_governor(ergd *daemon);
const ergd_options *ergd_options_of(const ergd *daemon);
/* CLOCK_MONOTONIC of the last step. */
int64_t ergd_now_ns(const ergd *daemon);
/* All tables as of the last step, the same for everyone; good until the next. NULL: there
 * was no memory. */
const erg_result *ergd_snapshot(ergd *daemon);

/* ready is called whenever fd is; a second watch of fd changes its events. ergd_forget may
 * be called from ready. */
bool ergd_watch(ergd *daemon, int fd, uint32_t events, ergd_ready ready, void *self,
                erg_error *err);
void ergd_forget(ergd *daemon, int fd);
/* It has started or connected: what that needed of memory is given back a little later. */
void ergd_settle(ergd *daemon);
/* The watchdog ends this group of processes if we die; 0: none. */
void ergd_guard(ergd *daemon, int group);
void ergd_log(const ergd *daemon, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* ---- main.c calls ------------------------------------------------------------ */

/* Runs until a signal ends it: the exit status. */
int ergd_run(const ergd_options *options, const erg_govern_config *config);

/* ---- http.c, or http_absent.c where it was not built ---------------------------- */

const char *ergd_http_about(void);

/* ---- people.c: who a peer is, and what it may ----------------------------------- */

typedef struct ergd_peer {
    unsigned uid, gid;
    int pid;
    bool may_read, may_set, may_tell, may_hint;
} ergd_peer;

typedef struct ergd_ids {
    unsigned users[ERG_GOVERN_LIST_MOST], groups[ERG_GOVERN_LIST_MOST];
    size_t user_count, group_count;
    bool everyone;
} ergd_ids;
typedef struct ergd_people {
    ergd_ids read, set, tell;
    bool readers_tell;      /* their words turn nothing */
} ergd_people;

/* Looks names up, which may take as long as who is asked. */
bool ergd_people_find(const erg_govern_config *config, ergd_people *out, erg_error *err);
bool ergd_peer_of(int fd, const ergd_people *people, ergd_peer *out, erg_error *err);

/* ---- listen.c ----------------------------------------------------------------------- */

/* A socket, non-blocking; -1 and err. */
int ergd_listen(const erg_govern_config *config, erg_error *err);

/* ---- watchdog.c: a second process, which puts back what a killed daemon left --------- */

typedef struct ergd_watchdog ergd_watchdog;
ergd_watchdog *ergd_watchdog_open(ergd *daemon, erg_error *err);
void ergd_watchdog_step(ergd_watchdog *watchdog);   /* starts another if it has died */
/* From now on it ends the processes of that group, too, if we die; 0: none. */
void ergd_watchdog_guard(ergd_watchdog *watchdog, int group);
/* All is put back: it may go. */
void ergd_watchdog_close(ergd_watchdog *watchdog);
/* The second process itself: the exit status. */
int ergd_watch_over(const ergd_options *options, const erg_govern_config *config);

/* ---- filler_spin.c: a process that burns where power would fall below a floor ------- */

/* How many CPUs it may burn on. */
int ergd_filler_cpus(void);
/* That process itself, until its input ends; it rests after silence_s without a line. */
int ergd_spin(double silence_s);

/* ---- wait.c: cores at their least clock while a process waits on them ------------- */

typedef struct ergd_waits ergd_waits;
ergd_waits *ergd_waits_open(ergd *daemon, erg_error *err);
void ergd_waits_close(ergd_waits *waits);
ergd_waits *ergd_waits_of(ergd *daemon);
/* Its number, with the event file that the peer shall have; -1: refused. */
int ergd_wait_begin(ergd_waits *waits, const ergd_peer *peer, int64_t cpu, int *event,
                    erg_error *err);
void ergd_wait_end(ergd_waits *waits, int number);
/* ERG_REFUSED: the request would turn a clock that is lent. */
bool ergd_wait_allows(ergd_waits *waits, const erg_govern_request *request, erg_error *err);
bool ergd_wait_add(ergd_waits *waits, erg_result *result, erg_error *err);
/* What a killed daemon left lowered. */
bool ergd_waits_recover(const ergd_options *options, const erg_govern_config *config,
                        erg_error *err);

/* ---- owner.c: one ergd turns this machine's knobs --------------------------------- */

/* Locks, held for as long as they are open; -1: nothing real is turned. */
typedef struct ergd_ownership { int run, machine; } ergd_ownership;

/* ERG_REFUSED names the ergd that holds them. */
bool ergd_own_knobs(const ergd_options *options, const erg_govern_config *config,
                    ergd_ownership *out, erg_error *err);
void ergd_disown_knobs(ergd_ownership *is);
const ergd_ownership *ergd_knobs(const ergd *daemon);

/* ---- privileges.c -------------------------------------------------------------------- */

/* Keeps what knobs and sensors need and gives the rest up for good. */
bool ergd_drop_privileges(erg_error *err);
/* In a child: all that is left. */
void ergd_drop_all(void);
const char *ergd_rack_mode(void);  /* for --version: by which library, or "not built" */
const char *ergd_privileges(void);      /* for --version: what drops them */

/* ---- notify.c ---------------------------------------------------------------------- */

/* Tells the service manager, if there is one: "READY=1". */
void ergd_notify(const char *state);

#endif

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * kill -9 of daemon, watchdog and clients in an order by chance. Whatever dies when, both
 * limits are back at the end: by the watchdog if it outlived the daemon, else by the next
 * who looks.
 */
#ifndef ERG_TESTS_ERGD_KILLED_H
#define ERG_TESTS_ERGD_KILLED_H

#include "govern/ergd.h"

static const char *const ergd_governs =
    "mode: enforce\nnode: {id: x, sensors: [rapl], ceil: 120W}\n";

typedef struct ergd_kills { int by_watchdog, by_next, before_turn; } ergd_kills;

static inline pid_t ergd_pester(const ergd_box *is, test_random *random)
{
    double cap_w = 80 + 100 * test_uniform(random);
    pid_t pid = fork();
    char line[128];

    if (pid != 0)
        return pid;
    snprintf(line, sizeof(line), "{\"do\": \"set\", \"cap_w\": %.1f}\n", cap_w);
    for (;;)
        free(ergd_say(is, line));
}

static inline void ergd_kill(pid_t pid)
{
    if (pid > 0)
        kill(pid, SIGKILL);
}

static inline void ergd_schedule(test_random *random, ergd_kills *tally)
{
    ergd_box is;
    erg_error err = { 0 };

    ergd_prepare(&is, ergd_governs);
    ergd_start(&is);
    pid_t client = test_uniform(random) < 0.5 ? ergd_pester(&is, random) : -1;
    if (test_uniform(random) < 0.7)
        CHECK(ergd_await(ergd_is_turned, &is));
    usleep((useconds_t)(30000 * test_uniform(random)));
    int first = (int)(4 * test_uniform(random));    /* daemon, watchdog, both, client */
    pid_t watchdog = ergd_watchdog_of(is.pid);
    if (first == 3)
        ergd_kill(client);
    if (first == 1 || first == 2)
        ergd_kill(watchdog);
    if (first == 1)
        usleep((useconds_t)(400000 * test_uniform(random)));    /* another is started */
    tally->before_turn += !ergd_is_turned(&is);
    ergd_kill(is.pid);
    ergd_kill(client);
    CHECK(ergd_await(ergd_all_over, &is));
    tally->by_watchdog += ergd_is_back(&is);
    tally->by_next += !ergd_is_back(&is);
    CHECK(first == 1 || first == 2 || ergd_is_back(&is));

    erg_env env = { .root = is.box.root, .state_dir = is.state };
    erg_govern_config *config = erg_govern_config_load(is.config, &err);
    CHECK_OK(config, err);
    CHECK_OK(erg_governor_recover(config, &env, "test", &err), err);
    CHECK(ergd_is_back(&is));
    erg_govern_config_free(config);
}

#endif

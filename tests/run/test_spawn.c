/* SPDX-License-Identifier: Apache-2.0 */
/* The command's status as env(1) hands it on, and what the command sees. */
#include <fcntl.h>
#include <signal.h>
#include <sys/stat.h>
#include <unistd.h>
#include "run/spawn.h"
#include "test.h"

static int run(char *const argv[], const char *ring)
{
    erg_child child = { .out = 0 };
    int status;
    if (!erg_spawn(&child, argv, ring, &status, NULL))
        return status;
    return erg_spawn_wait(&child, NULL);
}

static int shell(const char *line, const char *ring)
{
    char *const argv[] = { "sh", "-c", (char *)line, NULL };
    return run(argv, ring);
}

static void the_status_is_the_commands(void)
{
    CHECK(shell("exit 0", NULL) == 0);
    CHECK(shell("exit 37", NULL) == 37);
    CHECK(shell("kill -9 $$", NULL) == 137);
    CHECK(shell("kill -TERM $$", NULL) == 143);
}

static void what_cannot_be_run_says_why_as_env_does(void)
{
    erg_error err = { 0 };
    erg_child child = { .out = 0 };
    int status = 0;
    char *const none[] = { "/nowhere/command", NULL };
    CHECK(!erg_spawn(&child, none, NULL, &status, &err));
    CHECK(status == 127 && strstr(err.text, "/nowhere/command"));
    char *const folder[] = { "/", NULL };
    CHECK(!erg_spawn(&child, folder, NULL, &status, &err) && status == 126);
}

static void a_script_without_a_head_line_is_the_shells(void)
{
    char path[ERG_PATH_MOST];
    snprintf(path, sizeof(path), "%s", test_file("script", "exit $1\n"));
    chmod(path, 0755);
    char *const argv[] = { path, "19", NULL };
    CHECK(run(argv, NULL) == 19);
}

static void the_command_finds_the_ring_in_its_environment(void)
{
    CHECK(shell("test \"$ERG_RING\" = /dev/shm/x", "/dev/shm/x") == 0);
    setenv("ERG_RING", "/stale", 1);
    CHECK(shell("test \"$ERG_RING\" = /dev/shm/y", "/dev/shm/y") == 0);
    CHECK(shell("test -z \"${ERG_RING+set}\"", NULL) == 0);
    unsetenv("ERG_RING");
}

static volatile int asked;

static void on_alarm(int number)
{
    (void)number;
    asked = SIGINT;
}

static void a_signal_is_passed_on_to_the_command(void)
{
    struct sigaction action = { .sa_handler = on_alarm };
    sigaction(SIGALRM, &action, NULL);
    char *const argv[] = { "sh", "-c", "trap 'exit 55' INT; while :; do sleep 0.02; done",
                           NULL };
    erg_child child = { .out = 0 };
    int status;
    CHECK(erg_spawn(&child, argv, NULL, &status, NULL));
    ualarm(300000, 0);
    CHECK(erg_spawn_wait(&child, &asked) == 55);
}

/* Real-time signals too: left alone they would end us. */
static int passed;
static volatile uint64_t waiting;
static char ready[ERG_PATH_MOST];

/* Not before the command has said that it listens. */
static void on_tick(int number)
{
    (void)number;
    if (access(ready, F_OK) == 0)
        waiting = UINT64_C(1) << (passed - 1);
}

static void a_signal_reaches_it(int number)
{
    struct sigaction action = { .sa_handler = on_tick };
    char line[2 * ERG_PATH_MOST];
    snprintf(ready, sizeof(ready), "%s/ready", test_folder());
    snprintf(line, sizeof(line),
             "trap 'exit 56' %d; : >'%s'; while :; do sleep 0.02; done", number, ready);
    passed = number;
    char *const argv[] = { "sh", "-c", line, NULL };
    erg_child child = { .pass_on = &waiting };
    int status;
    waiting = UINT64_C(1) << (SIGTERM - 1);     /* too early: it would end the command */
    CHECK(erg_spawn(&child, argv, NULL, &status, NULL));
    CHECK(waiting == 0);
    sigaction(SIGALRM, &action, NULL);
    ualarm(20000, 20000);
    CHECK(erg_spawn_wait(&child, NULL) == 56);
    ualarm(0, 0);
}

static void a_signal_that_is_not_ours_is_passed_on_once_the_command_runs(void)
{
    a_signal_reaches_it(SIGUSR1);
    a_signal_reaches_it(SIGRTMIN);
    a_signal_reaches_it(SIGRTMAX);
}

int main(void)
{
    static const test tests[] = {
        TEST(the_status_is_the_commands),
        TEST(what_cannot_be_run_says_why_as_env_does),
        TEST(a_script_without_a_head_line_is_the_shells),
        TEST(the_command_finds_the_ring_in_its_environment),
        TEST(a_signal_is_passed_on_to_the_command),
        TEST(a_signal_that_is_not_ours_is_passed_on_once_the_command_runs),
    };
    return test_run(tests, ERG_COUNT(tests));
}

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A GPU's clock as the daemon itself locks it, on the fake NVML, whose locks outlive the
 * process as a real GPU's do: whatever ends the daemon, the lock is off afterwards.
 */
#include "fake/turned.h"
#include "govern/ergd.h"

static const char *const governs =
    "mode: enforce\nnode: {id: x, sensors: [nvml]}\n", *const observes =
    "node: {id: x, sensors: [nvml]}\n";

static void prepare(ergd_box *is, const char *text)
{
    ergd_prepare_nvml(is, text, "a100-sxm4-80gb,load=constant:200");
}

static bool is_locked(const ergd_box *is)
{
    char text[128];
    (void)is;
    turned_text(ergd_fake_nvml(), text, sizeof(text));
    return strncmp(text, "lock 1005 ", 10) == 0;
}

static bool is_unlocked(const ergd_box *is)
{
    char text[128];
    (void)is;
    turned_text(ergd_fake_nvml(), text, sizeof(text));
    return strncmp(text, "lock 0 ", 7) == 0;
}

static void lock(ergd_box *is)
{
    ergd_start(is);
    CHECK(ergd_await(ergd_listens, is));
    char *answer = ergd_say(is, "{\"do\": \"set\", \"clock_hz\": 1.0e9}\n");
    CHECK(answer && strstr(answer, "\"clocks\"") && !strstr(answer, "\"error\""));
    free(answer);
}

static void a_lock_is_off_when_the_daemon_is_told_to_end(void)
{
    ergd_box is;
    ergd_program();
    prepare(&is, governs);
    lock(&is);
    CHECK(is_locked(&is));
    CHECK(ergd_stop(&is) == 0);
    CHECK(is_unlocked(&is) && ergd_await(ergd_all_over, &is));
}

static void a_released_lock_is_off_while_the_daemon_goes_on(void)
{
    ergd_box is;
    ergd_program();
    prepare(&is, governs);
    lock(&is);
    free(ergd_say(&is, "{\"do\": \"release\"}\n"));
    CHECK(is_unlocked(&is));
    char *why = ergd_say(&is, "{\"do\": \"why\"}\n");
    CHECK(why && strstr(why, "\"requested_hz\": 1005000000"));
    free(why);
    CHECK(ergd_stop(&is) == 0 && ergd_await(ergd_all_over, &is));
}

static void killed_the_watchdog_takes_the_lock_off(void)
{
    ergd_box is;
    ergd_program();
    prepare(&is, governs);
    lock(&is);
    CHECK(is_locked(&is));
    kill(is.pid, SIGKILL);
    CHECK(ergd_await(ergd_all_over, &is));
    CHECK(is_unlocked(&is));
}

static void killed_with_its_watchdog_the_next_one_takes_the_lock_off(void)
{
    ergd_box is;
    ergd_program();
    prepare(&is, governs);
    lock(&is);
    kill(ergd_watchdog_of(is.pid), SIGKILL);
    kill(is.pid, SIGKILL);
    CHECK(ergd_await(ergd_all_over, &is));
    if (!is_locked(&is))
        SKIP("the daemon had time to start another watchdog");
    ergd_start(&is);
    CHECK(ergd_await(ergd_listens, &is) && is_unlocked(&is));
    CHECK(ergd_stop(&is) == 0 && ergd_await(ergd_all_over, &is));
}

static void who_observes_locks_nothing(void)
{
    ergd_box is;
    ergd_program();
    prepare(&is, observes);
    lock(&is);
    char *answer = ergd_say(&is, "{\"do\": \"status\"}\n");
    CHECK(answer && strstr(answer, "it would be turned to 1005 MHz"));
    free(answer);
    CHECK(is_unlocked(&is) && ergd_stop(&is) == 0);
}

/* The policy turns it, by a table; the report is answered with the clock turned. */
static void a_phase_is_locked_to_its_clock_and_a_kill_unlocks_it(void)
{
    char path[ERG_PATH_MOST], more[2 * ERG_PATH_MOST];
    ergd_box is;
    ergd_program();
    snprintf(path, sizeof(path), "%s/phases.csv", test_folder());
    FILE *file = fopen(path, "w");
    CHECK(file && fputs("phase,sm_clock_mhz\ndecode,1005\n", file) >= 0
          && fclose(file) == 0);
    snprintf(more, sizeof(more), "%sgpu: {dvfs: auto, sweep: \"%s\"}\n", governs, path);
    prepare(&is, more);
    ergd_start(&is);
    CHECK(ergd_await(ergd_listens, &is));
    free(ergd_say(&is, "{\"do\": \"work\", \"phase\": \"prefill\", \"units\": 1}\n"));
    usleep(1200000);            /* one change in 10 switch times at most */
    free(ergd_say(&is, "{\"do\": \"work\", \"phase\": \"decode\", \"units\": 1}\n"));
    CHECK(ergd_await(is_locked, &is));
    unlink(path);               /* who puts back needs no sweep */
    kill(is.pid, SIGKILL);
    CHECK(ergd_await(ergd_all_over, &is));
    CHECK(is_unlocked(&is));
}

/* The first region of a name tells how long they last, the second is lowered. */
static void a_region_of_ops_is_locked_and_a_kill_unlocks_it(void)
{
    char more[500];
    ergd_box is;
    ergd_program();
    snprintf(more, sizeof(more), "%sops: [{match: \"flash_*\", sm_clock: -405MHz, "
             "min_region: 10ms}]\n", governs);
    prepare(&is, more);
    ergd_start(&is);
    CHECK(ergd_await(ergd_listens, &is));
    for (int i = 0; i < 2; i++) {
        free(ergd_say(&is, "{\"do\": \"work\"}\n"));
        CHECK(is_unlocked(&is));
        free(ergd_say(&is, "{\"do\": \"work\", \"phase\": \"flash_fwd\"}\n"));
        usleep(400000);
    }
    CHECK(is_locked(&is));
    kill(is.pid, SIGKILL);
    CHECK(ergd_await(ergd_all_over, &is));
    CHECK(is_unlocked(&is));
}

/* ---- who may tell it: Linux says who it is; the test becomes somebody else ---------- */

enum { NOBODY = 65534 };
static const char told[] = "{\"do\": \"work\", \"phase\": \"decode\", \"units\": 1}\n";

static bool begin_with(ergd_box *is, const char *lists, const char *gpu)
{
    char more[500];
    prepare(is, "");
    snprintf(more, sizeof(more), "version: 1\nmode: enforce\nperiod: 10ms\nstate: %.100s\n"
             "node: {id: x, sensors: [nvml]}\nsocket: {path: %.100s, %s}\n%s",
             is->state, is->socket, lists, gpu);
    test_write(is->config, more);
    ergd_start(is);
    return ergd_await(ergd_listens, is);
}

/* What user 65534 is answered holds these words. */
static bool nobody_is_told(const ergd_box *is, const char *line, const char *words)
{
    int status = 1;
    pid_t pid = fork();
    if (pid == 0) {
        bool is_other = setgid(NOBODY) == 0 && setuid(NOBODY) == 0;
        char *answer = is_other ? ergd_say(is, line) : NULL;
        _exit(answer && strstr(answer, words) ? 0 : 1);
    }
    return waitpid(pid, &status, 0) == pid && status == 0;
}

static void who_may_read_may_tell_phases_and_lock_nothing(void)
{
    ergd_box is;
    if (geteuid() != 0)
        SKIP("only root can become another user");
    CHECK(begin_with(&is, "users: [\"65534\"]", ""));
    CHECK(nobody_is_told(&is, told, "\"decode\""));
    CHECK(nobody_is_told(&is, "{\"do\": \"set\", \"clock_hz\": 1e9}\n", "may not set"));
    char *mine = ergd_say(&is, told);
    CHECK(mine && strstr(mine, "of user 65534"));
    free(mine);
    CHECK(is_unlocked(&is) && ergd_stop(&is) == 0);
}

static void where_words_turn_clocks_only_who_is_listed_may_say_them(void)
{
    ergd_box is;
    if (geteuid() != 0)
        SKIP("only root can become another user");
    CHECK(begin_with(&is, "users: [\"65534\"]", "gpu: {dvfs: auto}\n"));
    CHECK(nobody_is_told(&is, told, "may not tell its work: socket.work."));
    CHECK(nobody_is_told(&is, "{\"do\": \"status\"}\n", "\"grants\""));
    CHECK(ergd_stop(&is) == 0 && ergd_await(ergd_all_over, &is));

    CHECK(begin_with(&is, "users: [\"65534\"]",
                     "ops: [{match: decode, sm_clock: -200MHz}]\n"));
    CHECK(nobody_is_told(&is, told, "may not tell its work: socket.work."));
    CHECK(ergd_stop(&is) == 0 && ergd_await(ergd_all_over, &is));

    CHECK(begin_with(&is, "work: {users: [\"65534\"]}", "gpu: {dvfs: auto}\n"));
    CHECK(nobody_is_told(&is, told, "\"decode\""));
    CHECK(nobody_is_told(&is, "{\"do\": \"set\", \"clock_hz\": 1e9}\n", "may not set"));
    CHECK(ergd_stop(&is) == 0);
}

int main(void)
{
    static const test tests[] = {
        TEST(a_lock_is_off_when_the_daemon_is_told_to_end),
        TEST(a_released_lock_is_off_while_the_daemon_goes_on),
        TEST(killed_the_watchdog_takes_the_lock_off),
        TEST(killed_with_its_watchdog_the_next_one_takes_the_lock_off),
        TEST(who_observes_locks_nothing),
        TEST(a_phase_is_locked_to_its_clock_and_a_kill_unlocks_it),
        TEST(a_region_of_ops_is_locked_and_a_kill_unlocks_it),
        TEST(who_may_read_may_tell_phases_and_lock_nothing),
        TEST(where_words_turn_clocks_only_who_is_listed_may_say_them),
    };
    return test_run(tests, ERG_COUNT(tests));
}

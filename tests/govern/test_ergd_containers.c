/* SPDX-License-Identifier: Apache-2.0 */
/* Containers have a /run each, and one machine: one ergd turns its knobs. */
#include <sched.h>
#include <sys/file.h>
#include <sys/mount.h>
#include "govern/ergd.h"

static const char *const enforces = "mode: enforce\nnode: {id: x, sensors: [cpu_model]}\n";

/* No --root: it is this machine that it would turn. No knob of it is: a model has none. */
static void start_contained(ergd_box *is)
{
    const char *program = ergd_program();
    ergd_prepare(is, enforces);
    is->pid = fork();
    CHECK(is->pid >= 0);
    if (is->pid > 0)
        return;
    if (unshare(CLONE_NEWNS) != 0
        || mount("none", "/", NULL, MS_REC | MS_PRIVATE, NULL) != 0
        || mount("tmpfs", "/run", "tmpfs", 0, NULL) != 0)
        _exit(77);
    execl(program, "ergd", "--config", is->config, (char *)NULL);
    _exit(127);
}

static int status_of(const ergd_box *is)
{
    int status = 0;
    CHECK(waitpid(is->pid, &status, 0) == is->pid);
    return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

/* False: it has ended before it listened. */
static bool listens_or_ended(const ergd_box *is)
{
    siginfo_t info = { .si_pid = 0 };
    waitid(P_PID, (id_t)is->pid, &info, WEXITED | WNOHANG | WNOWAIT);
    return info.si_pid != 0 || ergd_listens(is);
}

static void begin(ergd_box *is)
{
    start_contained(is);
    CHECK(ergd_await(listens_or_ended, is));
    if (ergd_listens(is))
        return;
    int status = status_of(is);
    if (status == 77)
        SKIP("no mount namespace may be made here");
    if (status == 3)
        SKIP("an ergd of this machine turns its knobs");
    CHECK(status == 0);
}

static void of_two_containers_one_ergd_enforces(void)
{
    ergd_box first, second, third;
    begin(&first);
    start_contained(&second);
    CHECK(ergd_await(listens_or_ended, &second) && !ergd_listens(&second));
    CHECK(status_of(&second) == 3);
    CHECK(ergd_stop(&first) == 0);
    begin(&third);              /* it is free again */
    kill(third.pid, SIGKILL);
    CHECK(status_of(&third) == 128 + SIGKILL && ergd_await(ergd_all_over, &third));
    begin(&first);              /* and after a kill, once the watchdog is over */
    CHECK(ergd_stop(&first) == 0);
}

static void another_users_lock_stops_nobody(void)
{
    enum { NOBODY = 65534 };
    ergd_box is;
    int status, ends[2];
    char byte = 0;
    if (geteuid() != 0)
        SKIP("only root can become another user");
    CHECK(pipe(ends) == 0);
    pid_t pid = fork();
    if (pid == 0) {
        bool is_other = setgid(NOBODY) == 0 && setuid(NOBODY) == 0;
        int fd = is_other ? open("/proc/self/ns/user", O_RDONLY) : -1;
        byte = fd >= 0 && flock(fd, LOCK_EX | LOCK_NB) == 0;
        if (write(ends[1], &byte, 1) != 1)
            _exit(1);
        pause();
    }
    CHECK(read(ends[0], &byte, 1) == 1 && byte == 1);
    begin(&is);
    CHECK(ergd_stop(&is) == 0);
    kill(pid, SIGKILL);
    CHECK(waitpid(pid, &status, 0) == pid);
}

int main(void)
{
    static const test tests[] = {
        TEST(of_two_containers_one_ergd_enforces),
        TEST(another_users_lock_stops_nobody),
    };
    return test_run(tests, ERG_COUNT(tests));
}

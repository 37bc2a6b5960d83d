/* SPDX-License-Identifier: Apache-2.0 */
/* Start a command as env(1) would, wait for it, pass signals on. */
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>
#include "run/spawn.h"

extern char **environ;

static const char name[] = "ERG_RING=";
static const int64_t grace_ns = 5 * ERG_NS_PER_S;

/* environ with ERG_RING set or, for ring NULL, taken out. free() it, and *own. */
static char **environment(const char *ring, char **own)
{
    size_t count = 0, kept = 0;
    while (environ && environ[count])
        count++;
    char **list = calloc(count + 2, sizeof(*list));
    size_t size = sizeof(name) + (ring ? strlen(ring) : 0);
    *own = malloc(size);
    if (!list || !*own) {
        free(list);
        return NULL;
    }
    for (size_t i = 0; i < count; i++)
        if (strncmp(environ[i], name, sizeof(name) - 1) != 0)
            list[kept++] = environ[i];
    snprintf(*own, size, "%s%s", name, ring ? ring : "");
    if (ring)
        list[kept] = *own;
    return list;
}

typedef struct spawn_how {
    posix_spawn_file_actions_t files;
    posix_spawnattr_t attributes;
} spawn_how;

/* A script without #! is the shell's, as execvp(3) has it and posix_spawnp not. */
static int spawn_script(pid_t *pid, const spawn_how *how, char *const argv[], char **list)
{
    size_t count = 0;
    while (argv[count])
        count++;
    char **shell = calloc(count + 2, sizeof(*shell));
    if (!shell)
        return ENOMEM;
    shell[0] = (char *)"/bin/sh";
    memcpy(shell + 1, argv, count * sizeof(*shell));
    int fault = posix_spawn(pid, shell[0], &how->files, &how->attributes, shell, list);
    free(shell);
    return fault;
}

static int spawn_to(erg_child *child, char *const argv[], char **list)
{
    spawn_how how;

    posix_spawn_file_actions_init(&how.files);
    posix_spawnattr_init(&how.attributes);
    if (child->out)
        posix_spawn_file_actions_adddup2(&how.files, child->out, STDOUT_FILENO);
    if (child->own_group)
        posix_spawnattr_setflags(&how.attributes, POSIX_SPAWN_SETPGROUP);
    int fault =
        posix_spawnp(&child->pid, argv[0], &how.files, &how.attributes, argv, list);
    if (fault == ENOEXEC && strchr(argv[0], '/'))
        fault = spawn_script(&child->pid, &how, argv, list);
    posix_spawn_file_actions_destroy(&how.files);
    posix_spawnattr_destroy(&how.attributes);
    return fault;
}

static uint64_t take_waiting(const erg_child *child)
{
    return child->pass_on ? __atomic_exchange_n(child->pass_on, 0, __ATOMIC_RELAXED) : 0;
}

bool erg_spawn(erg_child *child, char *const argv[], const char *ring, int *status,
               erg_error *err)
{
    char *own = NULL;
    char **list = environment(ring, &own);
    *child = (erg_child){ .fd = -1, .out = child->out, .own_group = child->own_group,
                          .pass_on = child->pass_on };
    *status = ERG_EXIT_OWN;
    take_waiting(child);        /* it was not there yet: they were not for it */
    if (!list) {
        free(own);
        return erg_fail(err, ERG_NO_MEMORY, "out of memory while starting %s", argv[0]);
    }
    int fault = spawn_to(child, argv, list);
    free(list);
    free(own);

    if (fault == ENOENT) {
        *status = ERG_EXIT_NOT_FOUND;
        return erg_fail(err, ERG_NOT_FOUND, "cannot find the command %s", argv[0]);
    }
    if (fault) {
        *status = fault == EAGAIN || fault == ENOMEM ? ERG_EXIT_OWN : ERG_EXIT_CANNOT;
        return erg_fail(err, fault == EACCES ? ERG_NO_ACCESS : ERG_IO,
                        "cannot execute %s: %s", argv[0], strerror(fault));
    }
    child->fd = (int)syscall(SYS_pidfd_open, child->pid, 0);
    return true;
}

static int status_of(int wait_status)
{
    return WIFSIGNALED(wait_status)
        ? 128 + WTERMSIG(wait_status) : WEXITSTATUS(wait_status);
}

bool erg_spawn_has_ended(const erg_child *child)
{
    siginfo_t info = { .si_pid = 0 };
    return waitid(P_PID, (id_t)child->pid, &info, WEXITED | WNOHANG | WNOWAIT) != 0
        || info.si_pid != 0;
}

/* Sleeps until the command ends, a signal comes, or half a second is over: a signal between
 * the look at ask_stop and the sleep is seen then, and what another thread asks. */
static void doze(const erg_child *child)
{
    struct pollfd end = { .fd = child->fd, .events = POLLIN };
    if (child->fd >= 0)
        poll(&end, 1, 500);
    else
        usleep(1000);   /* Linux before 5.3 */
}

/* Asks a command that is late to end, and ends it 5 s later. */
static void hurry(erg_child *child)
{
    int64_t now_ns = erg_env_now_ns(NULL);

    if (child->deadline_ns == 0 || now_ns < child->deadline_ns)
        return;
    kill(child->pid, child->is_late ? SIGKILL : SIGTERM);
    child->is_late = true;
    child->deadline_ns = now_ns + grace_ns;
}

static void settle(erg_child *child)
{
    if (child->settled_ns == 0 || erg_env_now_ns(NULL) < child->settled_ns)
        return;
    child->settled_ns += ERG_SETTLE_AGAIN_NS;
    erg_give_back_memory();
}

static void pass_on_waiting(const erg_child *child)
{
    uint64_t waiting = take_waiting(child);

    for (int number = 1; waiting; number++, waiting >>= 1)
        if (waiting & 1)
            kill(child->pid, number);
}

int erg_spawn_wait(erg_child *child, const volatile int *ask_stop)
{
    int status = 0, passed = 0;
    pid_t done;
    while ((done = waitpid(child->pid, &status, WNOHANG)) == 0
           || (done < 0 && errno == EINTR)) {
        int asked = ask_stop ? *ask_stop : 0;
        if (asked != passed) {
            passed = asked;
            if (asked > 0)
                kill(child->pid, asked);
        }
        pass_on_waiting(child);
        hurry(child);
        settle(child);
        doze(child);
    }
    if (child->fd >= 0)
        close(child->fd);
    child->fd = -1;
    return done == child->pid ? status_of(status) : ERG_EXIT_OWN;
}

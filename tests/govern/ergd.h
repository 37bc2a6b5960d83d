/* SPDX-License-Identifier: Apache-2.0 */
/*
 * ergd on a captured machine: a Xeon of two packages whose power limits are files. A test
 * adopts what the daemon leaves behind, so that it knows when the watchdog is over.
 */
#ifndef ERG_TESTS_ERGD_H
#define ERG_TESTS_ERGD_H

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <time.h>
#include "base/socket.h"
#include "device/machine.h"
#include "erg/govern.h"

#define ERGD_LIMIT "/sys/class/powercap/intel-rapl:%d/constraint_0_power_limit_uw"
enum { ERGD_LIMIT_UW = 150000000 };

typedef struct ergd_box {
    machine box;
    char config[ERG_PATH_MOST], socket[ERG_PATH_MOST], journal[ERG_PATH_MOST];
    char state[ERG_PATH_MOST];
    const char *nvml;           /* its library; NULL: the machine's */
    pid_t pid;
} ergd_box;

static inline const char *ergd_program(void)
{
    static char path[1000];
    const char *build = getenv("ERG_BUILD");
    snprintf(path, sizeof(path), "%s/daemon/ergd", build ? build : "build");
    if (access(path, X_OK) != 0)
        SKIP("ergd itself is not built: set ERG_BUILD");
    return path;
}

static inline int64_t ergd_now_ns(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return now.tv_sec * ERG_NS_PER_S + now.tv_nsec;
}

/* more: further lines of the configuration. */
static inline void ergd_prepare(ergd_box *is, const char *more)
{
    *is = (ergd_box){ .pid = -1 };
    machine_open(&is->box, "xeon-2s");
    snprintf(is->config, sizeof(is->config), "%s/ergd.yaml", is->box.root);
    snprintf(is->socket, sizeof(is->socket), "%s/s", is->box.root);
    snprintf(is->journal, sizeof(is->journal), "%s/journal", is->box.root);
    snprintf(is->state, sizeof(is->state), "%s/state", is->box.root);
    FILE *file = fopen(is->config, "w");
    CHECK(file);
    fprintf(file,
            "version: 1\nperiod: 10ms\nstate: %s\nsocket: {path: %s, clients: 8}\n"
            "journal: {path: %s, size: 4MiB}\n%s",
            is->state, is->socket, is->journal, more);
    fclose(file);
}

static inline const char *ergd_fake_nvml(void)
{
    static char path[ERG_PATH_MOST];
    const char *build = getenv("ERG_BUILD");
    snprintf(path, sizeof(path), "%s/tests/fake/libnvidia-ml.so.1",
             build ? build : "build");
    return path;
}

/* On the fake NVML, whose settings outlive a process as a real GPU's do. */
static inline void ergd_prepare_nvml(ergd_box *is, const char *more, const char *script)
{
    char gpus[ERG_PATH_MOST];
    ergd_prepare(is, more);
    CHECK(snprintf(gpus, sizeof(gpus), "%s/gpus", is->box.root) < (int)sizeof(gpus));
    setenv("FAKE_NVML", script, 1);
    setenv("FAKE_NVML_STATE", gpus, 1);
    is->nvml = ergd_fake_nvml();
}

static inline void ergd_start(ergd_box *is)
{
    const char *program = ergd_program();

    prctl(PR_SET_CHILD_SUBREAPER, 1);
    is->pid = fork();
    CHECK(is->pid >= 0);
    if (is->pid > 0)
        return;
    int quiet = open("/dev/null", O_RDWR);
    dup2(quiet, 1);
    if (!getenv("ERGD_LOUD"))
        dup2(quiet, 2);
    execl(program, "ergd", "--config", is->config, "--root", is->box.root,
          is->nvml ? "--nvml" : (char *)NULL, is->nvml, (char *)NULL);
    _exit(127);
}

static inline long ergd_limit_uw(const ergd_box *is, int package)
{
    char path[ERG_PATH_MOST], text[64] = "0";
    int count = snprintf(path, sizeof(path), "%s" ERGD_LIMIT, is->box.root, package);
    CHECK(count > 0 && count < ERG_PATH_MOST);
    erg_file_line(path, text, sizeof(text), NULL);
    return strtol(text, NULL, 10);
}

static inline bool ergd_is_back(const ergd_box *is)
{
    return ergd_limit_uw(is, 0) == ERGD_LIMIT_UW && ergd_limit_uw(is, 1) == ERGD_LIMIT_UW;
}

static inline pid_t ergd_watchdog_of(pid_t pid)
{
    char path[64], text[64] = "";
    snprintf(path, sizeof(path), "/proc/%d/task/%d/children", (int)pid, (int)pid);
    erg_file_line(path, text, sizeof(text), NULL);
    return (pid_t)strtol(text, NULL, 10);
}

/* False: not within 20 s, which even a busy machine keeps. */
static inline bool ergd_await(bool (*holds)(const ergd_box *is), const ergd_box *is)
{
    for (int64_t until_ns = ergd_now_ns() + 20 * ERG_NS_PER_S; ergd_now_ns() < until_ns;) {
        if (holds(is))
            return true;
        usleep(2000);
    }
    return false;
}

static inline bool ergd_is_turned(const ergd_box *is)
{
    return ergd_limit_uw(is, 0) < ERGD_LIMIT_UW && ergd_limit_uw(is, 1) < ERGD_LIMIT_UW;
}

static inline bool ergd_listens(const ergd_box *is)
{
    int fd = erg_socket_open(is->socket, 1, NULL);
    if (fd >= 0)
        close(fd);
    return fd >= 0;
}

/* Arguments of a process, NULs and all; 0: it is over. */
static inline size_t ergd_arguments(long pid, char *to, size_t size)
{
    char path[64];
    snprintf(path, sizeof(path), "/proc/%ld/cmdline", pid);
    FILE *file = fopen(path, "r");
    size_t count = file ? fread(to, 1, size, file) : 0;
    if (file)
        fclose(file);
    return count;
}

/* No child or grandchild runs with this configuration any more; the dead are buried. */
static inline bool ergd_all_over(const ergd_box *is)
{
    char path[64], children[1000] = "", arguments[2000];
    bool is_over = true;
    snprintf(path, sizeof(path), "/proc/%d/task/%d/children", (int)getpid(), (int)getpid());
    erg_file_line(path, children, sizeof(children), NULL);
    for (char *at = children, *end; *at; at = end + (*end == ' ')) {
        long pid = strtol(at, &end, 10);
        if (end == at)
            break;
        size_t count = ergd_arguments(pid, arguments, sizeof(arguments));
        if (count == 0) { /* dying, or dead: then its children are ours now, look again */
            waitpid((pid_t)pid, NULL, WNOHANG);
            is_over = false;
        } else if (memmem(arguments, count, is->config, strlen(is->config))) {
            is_over = false;
        }
    }
    return is_over;
}

static inline int ergd_stop(ergd_box *is)
{
    int status = 0;
    kill(is->pid, SIGTERM);
    CHECK(waitpid(is->pid, &status, 0) == is->pid);
    return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

/* One line in, one line out; NULL: no answer. free() it. */
static inline char *ergd_say(const ergd_box *is, const char *line)
{
    size_t count;
    return erg_socket_ask(is->socket, line, 5, &count, NULL);
}

static inline int ergd_connect(const ergd_box *is)
{
    int fd = erg_socket_open(is->socket, 5, NULL);
    CHECK(fd >= 0);
    return fd;
}

static inline bool ergd_still_answers(const ergd_box *is)
{
    char *answer = ergd_say(is, "{\"do\": \"status\"}\n");
    bool good = answer && strstr(answer, "\"grants\"");
    free(answer);
    return good;
}

#endif

/* SPDX-License-Identifier: Apache-2.0 */
/* kill -9 of erg run, at 200 moments of its life: what is on disk must do. */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include "test.h"
#include "erg/trace.h"

extern char **environ;

enum { KILLS = 200, AT_ONCE = 6 };

typedef struct victim {
    pid_t pid;
    char path[200];
    double for_s;               /* what its command sleeps */
    int64_t begin_ns, kill_ns;
    int64_t seen_ns;            /* its file appeared; 0: not yet */
    bool has_ended;             /* by itself, before the kill */
} victim;

typedef struct tally {
    int killed, ended, without_file;
    double most_lost_s;
} tally;

static int64_t now_ns(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return now.tv_sec * ERG_NS_PER_S + now.tv_nsec;
}

static const char *erg_program(void)
{
    static char path[1000];
    const char *build = getenv("ERG_BUILD");
    snprintf(path, sizeof(path), "%s/cli/erg", build ? build : "build");
    if (access(path, X_OK) != 0)
        SKIP("erg itself is not built: set ERG_BUILD");
    return path;
}

static pid_t spawn_quietly(const char *const argv[], const char *out)
{
    posix_spawn_file_actions_t files;
    posix_spawnattr_t facts;
    pid_t pid = -1;

    posix_spawn_file_actions_init(&files);
    posix_spawn_file_actions_addopen(&files, 0, "/dev/null", O_RDONLY, 0);
    posix_spawn_file_actions_addopen(&files, 1, out, O_WRONLY | O_CREAT | O_TRUNC, 0600);
    posix_spawn_file_actions_adddup2(&files, 1, 2);
    posix_spawnattr_init(&facts);
    posix_spawnattr_setflags(&facts, POSIX_SPAWN_SETPGROUP);
    CHECK(posix_spawn(&pid, argv[0], &files, &facts, (char **)argv, environ) == 0);
    posix_spawnattr_destroy(&facts);
    posix_spawn_file_actions_destroy(&files);
    return pid;
}

static void start(victim *one, const char *folder, int index)
{
    char seconds[32];
    snprintf(one->path, sizeof(one->path), "%s/%d.erg", folder, index);
    snprintf(seconds, sizeof(seconds), "%.3f", one->for_s);
    one->begin_ns = now_ns();
    one->pid = spawn_quietly((const char *const[]){
        erg_program(), "run", "--sensor", "sim:a100-sxm4-80gb", "--quiet", "--output",
        one->path, "--", "sleep", seconds, NULL }, "/dev/null");
}

/* True once it is over. The command is in the same group and goes too. */
static bool step(victim *one)
{
    if (one->seen_ns == 0 && access(one->path, F_OK) == 0)
        one->seen_ns = now_ns();
    if (waitpid(one->pid, NULL, WNOHANG) == one->pid) {
        one->has_ended = true;
        return true;
    }
    if (now_ns() < one->kill_ns)
        return false;
    kill(one->pid, SIGKILL);
    one->kill_ns = now_ns();
    waitpid(one->pid, NULL, 0);
    kill(-one->pid, SIGKILL);
    return true;
}

/* How long erg run lives beyond its command, on this machine, now. */
static double measure_overhead_s(const char *folder)
{
    victim whole = { .for_s = 0.2, .kill_ns = INT64_MAX };
    start(&whole, folder, -1);
    while (!step(&whole))
        usleep(1000);
    return erg_s_from_ns(now_ns() - whole.begin_ns) - whole.for_s;
}

/* A third in the first 100 ms, a third around the end, a third in between. */
static double moment_s(test_random *random, int index, double whole_s)
{
    switch (index % 3) {
    case 0:  return 0.1 * test_uniform(random);
    case 1:  return whole_s - 0.2 + 0.25 * test_uniform(random);
    default: return whole_s * test_uniform(random);
    }
}

static bool says_interrupted(const char *path)
{
    char out[240], text[65536];
    snprintf(out, sizeof(out), "%s.shown", path);
    pid_t pid = spawn_quietly((const char *const[]){ erg_program(), "show", path, NULL },
                              out);
    int status = 0;
    CHECK(waitpid(pid, &status, 0) == pid && WIFEXITED(status));

    FILE *file = fopen(out, "r");
    CHECK(file);
    text[fread(text, 1, sizeof(text) - 1, file)] = '\0';
    fclose(file);
    unlink(out);
    return strstr(text, "INTERRUPTED") != NULL;
}

static bool is_flagged(const erg_trace *trace)
{
    for (size_t i = 0; i < erg_trace_flag_count(trace); i++)
        if (erg_trace_flag(trace, i)->code == ERG_FLAG_INTERRUPTED)
            return true;
    return false;
}

static int64_t last_stamp_ns(const erg_trace *trace)
{
    int64_t last_ns = 0;
    for (size_t i = 0; i < erg_trace_channel_count(trace); i++) {
        size_t count;
        const erg_sample *samples = erg_trace_samples(trace, (int)i, &count);
        if (count && samples[count - 1].t_ns > last_ns)
            last_ns = samples[count - 1].t_ns;
    }
    return last_ns;
}

static bool has_beside(const char *path, const char *ending)
{
    char beside[240];
    snprintf(beside, sizeof(beside), "%s%s", path, ending);
    return access(beside, F_OK) == 0;
}

static void judge(const victim *one, tally *sum)
{
    erg_error err = { 0 };

    if (access(one->path, F_OK) != 0) {
        CHECK(!one->has_ended && one->seen_ns == 0);
        sum->without_file++;
        return;
    }
    erg_trace *trace = erg_trace_load(one->path, &err);
    test_ok(trace != NULL, &err, "erg_trace_load", __FILE__, __LINE__);
    CHECK(!has_beside(one->path, "-wal") && !has_beside(one->path, "-shm"));
    bool interrupted = is_flagged(trace);
    CHECK(says_interrupted(one->path) == interrupted);
    CHECK(interrupted != one->has_ended || !one->has_ended);
    if (interrupted) {
        int64_t since_ns = last_stamp_ns(trace);
        if (since_ns < one->seen_ns)
            since_ns = one->seen_ns;
        /* Killed before we could see the file: nothing was there to lose. */
        double lost_s = since_ns ? erg_s_from_ns(one->kill_ns - since_ns) : 0;
        if (lost_s > sum->most_lost_s)
            sum->most_lost_s = lost_s;
        sum->killed++;
    } else {
        sum->ended++;
    }
    erg_trace_free(trace);
}

static void every_run_killed_at_a_random_moment_opens_and_loses_at_most_a_second(void)
{
    static victim victims[KILLS];
    victim *running[AT_ONCE] = { 0 };
    char folder[100];
    test_random random = { 2026 };
    tally sum = { 0 };
    int begun = 0, over = 0;

    snprintf(folder, sizeof(folder), "%s", test_folder());
    double overhead_s = measure_overhead_s(folder);
    while (over < KILLS) {
        for (int slot = 0; slot < AT_ONCE; slot++) {
            victim *one = running[slot];
            if (!one && begun < KILLS) {
                one = running[slot] = &victims[begun];
                one->for_s = 0.2 + 2.8 * test_uniform(&random);
                double after_s = moment_s(&random, begun, one->for_s + overhead_s);
                start(one, folder, begun++);
                one->kill_ns = one->begin_ns + erg_ns_from_s(after_s);
            } else if (one && step(one)) {
                running[slot] = NULL;
                over++;
            }
        }
        usleep(500);
    }
    for (int i = 0; i < KILLS; i++)
        judge(&victims[i], &sum);
    print_message("# %d killed while recording, %d ended first, %d had no file yet; "
                  "at most %.3f s lost\n", sum.killed, sum.ended, sum.without_file,
                  sum.most_lost_s);
    CHECK(sum.killed >= KILLS / 3);
    CHECK(sum.most_lost_s <= 1);
}

int main(void)
{
    static const test tests[] = {
        TEST(every_run_killed_at_a_random_moment_opens_and_loses_at_most_a_second),
    };
    return test_run(tests, ERG_COUNT(tests));
}

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * kill -9 of erg sweep at 200 random moments, on the fake NVML and a captured cpufreq
 * tree: no knob is left turned after the next start. In each lane sweeps follow each
 * other without a look between, so that each must put back what the one before left.
 */
#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <sys/wait.h>
#include "device/machine.h"
#include "fake/turned.h"

extern char **environ;

enum { KILLS = 200, LANES = 10 };
static const double longest_s = 0.8;
#define CPU "/sys/devices/system/cpu/cpufreq/"

typedef struct lane {
    machine box;
    char state[200], gpus[200], nvml[ERG_PATH_MOST], file[200];
    pid_t pid;
    int64_t kill_ns;
    int killed, turned;
} lane;

static int64_t now_ns(void)
{
    return erg_env_now_ns(&(erg_env){ 0 });
}

static const char *built(const char *name)
{
    static char path[ERG_PATH_MOST];
    const char *build = getenv("ERG_BUILD");
    snprintf(path, sizeof(path), "%s/%s", build ? build : "build", name);
    if (access(path, R_OK) != 0)
        SKIP("erg is not built: set ERG_BUILD");
    return path;
}

static void open_lane(lane *of)
{
    machine_open(&of->box, "xeon-cpufreq");
    snprintf(of->state, sizeof(of->state), "%s/state", of->box.root);
    snprintf(of->gpus, sizeof(of->gpus), "%s/gpus", of->box.root);
    snprintf(of->file, sizeof(of->file), "%s/s.erg", of->box.root);
    snprintf(of->nvml, sizeof(of->nvml), "%s", built("tests/fake/libnvidia-ml.so.1"));
}

static pid_t start(const lane *of, const char *const arguments[])
{
    posix_spawn_file_actions_t files;
    posix_spawnattr_t facts;
    pid_t pid = -1;

    setenv("XDG_STATE_HOME", of->state, 1);
    setenv("FAKE_NVML", "a100-sxm4-80gb,load=constant:200", 1);
    setenv("FAKE_NVML_STATE", of->gpus, 1);
    posix_spawn_file_actions_init(&files);
    posix_spawn_file_actions_addopen(&files, 0, "/dev/null", O_RDONLY, 0);
    posix_spawn_file_actions_addopen(&files, 1, "/dev/null", O_WRONLY, 0);
    posix_spawn_file_actions_addopen(&files, 2, "/dev/null", O_WRONLY, 0);
    posix_spawnattr_init(&facts);
    posix_spawnattr_setflags(&facts, POSIX_SPAWN_SETPGROUP);
    CHECK(posix_spawn(&pid, arguments[0], &files, &facts, (char **)(uintptr_t)arguments,
                      environ) == 0);
    posix_spawnattr_destroy(&facts);
    posix_spawn_file_actions_destroy(&files);
    return pid;
}

static void start_sweep(lane *of, test_random *random)
{
    char erg[ERG_PATH_MOST];
    snprintf(erg, sizeof(erg), "%s", built("cli/erg"));
    unlink(of->file);
    of->pid = start(of, (const char *const[]){
        erg, "sweep", "--nvml", of->nvml, "--root", of->box.root, "--sensor", "nvml",
        "--sensor", "cpufreq", "--knob", "sm_clock=600:1410:90", "--knob",
        "power_limit=150,400", "--knob", "cpu_clock=1000,2000", "--settle", "1ms",
        "--no-warmup", "--output", of->file, "--", "/bin/true", NULL });
    of->kill_ns = now_ns() + erg_ns_from_s(longest_s * test_uniform(random));
}

static void gpu_text(const lane *of, char *text, size_t size)
{
    setenv("FAKE_NVML", "a100-sxm4-80gb,load=constant:200", 1);
    setenv("FAKE_NVML_STATE", of->gpus, 1);
    turned_text(of->nvml, text, size);
}

static double cpu_khz(const lane *of, const char *file)
{
    char path[ERG_PATH_MOST], text[64];
    snprintf(path, sizeof(path), "%s" CPU "%s", of->box.root, file);
    CHECK(erg_file_line(path, text, sizeof(text), NULL));
    return strtod(text, NULL);
}

static bool is_turned(const lane *of)
{
    char text[128];
    gpu_text(of, text, sizeof(text));
    return strcmp(text, "lock 0 0 apps 1215 1410 limit 400000") != 0
        || cpu_khz(of, "policy0/scaling_max_freq") != 3600000;
}

static void check_back(const lane *of)
{
    static const struct { const char *file; double khz; } rows[] = {
        { "policy0/scaling_min_freq", 800000 },  { "policy0/scaling_max_freq", 3600000 },
        { "policy1/scaling_min_freq", 1200000 }, { "policy1/scaling_max_freq", 3000000 },
        { "policy2/scaling_min_freq", 600000 },  { "policy2/scaling_max_freq", 2400000 },
    };
    char text[128];
    gpu_text(of, text, sizeof(text));
    CHECK_TEXT(text, "lock 0 0 apps 1215 1410 limit 400000");
    for (size_t i = 0; i < ERG_COUNT(rows); i++)
        CHECK(cpu_khz(of, rows[i].file) == rows[i].khz);
}

static void end_sweep(lane *of)
{
    int status = 0;
    CHECK(kill(of->pid, SIGKILL) == 0 && waitpid(of->pid, &status, 0) == of->pid);
    kill(-of->pid, SIGKILL);
    of->killed += WIFSIGNALED(status);
    of->turned += is_turned(of);
    of->pid = 0;
}

static void restore(const lane *of)
{
    char erg[ERG_PATH_MOST];
    int status = 0;
    snprintf(erg, sizeof(erg), "%s", built("cli/erg"));
    pid_t pid =
        start(of, (const char *const[]){ erg, "devices", "--restore", "--nvml", of->nvml,
                                         "--root", of->box.root, NULL });
    CHECK(waitpid(pid, &status, 0) == pid && WIFEXITED(status) && WEXITSTATUS(status) == 0);
    check_back(of);
}

static void no_knob_stays_turned_after_kill_9(void)
{
    static lane lanes[LANES];
    test_random random = { 9 };
    int kills = 0, killed = 0, turned = 0;

    for (size_t i = 0; i < LANES; i++)
        open_lane(&lanes[i]);
    while (kills < KILLS) {
        for (size_t i = 0; i < LANES; i++) {
            lane *of = &lanes[i];
            if (of->pid && now_ns() >= of->kill_ns) {
                end_sweep(of);
                if (++kills % 3 == 0)       /* the others are put back by the next sweep */
                    restore(of);
            }
            if (!of->pid && kills < KILLS)
                start_sweep(of, &random);
        }
        erg_env_sleep_until_ns(&(erg_env){ 0 }, now_ns() + ERG_NS_PER_MS);
    }
    for (size_t i = 0; i < LANES; i++) {
        if (lanes[i].pid)
            end_sweep(&lanes[i]);
        restore(&lanes[i]);
        killed += lanes[i].killed;
        turned += lanes[i].turned;
    }
    print_message("# %d sweeps killed, %d of them with a knob turned\n", killed, turned);
    CHECK(killed >= KILLS && turned >= KILLS / 10);
}

static void a_signal_that_asks_to_end_puts_back_at_once(void)
{
    static const int signals[] = { SIGTERM, SIGINT, SIGHUP };
    test_random random = { 4 };

    for (size_t i = 0; i < ERG_COUNT(signals); i++) {
        static lane of;
        int status;
        of = (lane){ .pid = 0 };
        open_lane(&of);
        start_sweep(&of, &random);
        int64_t until_ns = now_ns() + 20 * ERG_NS_PER_S;
        while (!is_turned(&of) && now_ns() < until_ns)
            erg_env_sleep_until_ns(&(erg_env){ 0 }, now_ns() + ERG_NS_PER_MS);
        CHECK(is_turned(&of) && kill(of.pid, signals[i]) == 0);
        CHECK(waitpid(of.pid, &status, 0) == of.pid);
        check_back(&of);
    }
}

static void a_baseline_puts_back_what_a_killed_sweep_left(void)
{
    test_random random = { 5 };
    static lane of;
    char erg[ERG_PATH_MOST];
    int status;
    open_lane(&of);
    start_sweep(&of, &random);
    int64_t until_ns = now_ns() + 20 * ERG_NS_PER_S;
    while (!is_turned(&of) && now_ns() < until_ns)
        erg_env_sleep_until_ns(&(erg_env){ 0 }, now_ns() + ERG_NS_PER_MS);
    end_sweep(&of);
    snprintf(erg, sizeof(erg), "%s", built("cli/erg"));
    unlink(of.file);
    pid_t pid = start(&of, (const char *const[]){
        erg, "sweep", "--nvml", of.nvml, "--root", of.box.root, "--sensor", "nvml",
        "--mode", "baseline", "--repeat", "1", "--no-warmup", "--output", of.file, "--",
        "/bin/true", NULL });
    CHECK(waitpid(pid, &status, 0) == pid && WIFEXITED(status) && WEXITSTATUS(status) == 0);
    check_back(&of);
}

int main(void)
{
    static const test tests[] = {
        TEST(a_signal_that_asks_to_end_puts_back_at_once),
        TEST(a_baseline_puts_back_what_a_killed_sweep_left),
        TEST(no_knob_stays_turned_after_kill_9),
    };
    return test_run(tests, ERG_COUNT(tests));
}

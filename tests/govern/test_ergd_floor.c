/* SPDX-License-Identifier: Apache-2.0 */
/*
 * ergd with a filler process of its own, or of the user: it is of the lowest priority,
 * obeys, and is gone when ergd is, however that died.
 */
#include <sched.h>
#include <sys/resource.h>
#include "govern/ergd.h"

#define ENERGY "/sys/class/powercap/intel-rapl:2/energy_uj"
#define CONFIG "mode: enforce\nnode: {id: x, sensors: [rapl]}\n"

/* The counter of the whole node at 200 W and then 20 W, until its process is killed: the
 * sensors of a machine do not wait for a test. */
static pid_t play(const ergd_box *is, double high_s)
{
    pid_t pid = fork();
    int64_t begin_ns = ergd_now_ns();
    double uj = 1e6;

    if (pid != 0)
        return pid;
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    for (;;) {
        char path[ERG_PATH_MOST], text[32];
        snprintf(path, sizeof(path), "%.200s" ENERGY, is->box.root);
        int file = open(path, O_WRONLY);    /* the daemon holds it open */
        int count = snprintf(text, sizeof(text), "%015.0f\n", uj);
        if (file < 0 || pwrite(file, text, (size_t)count, 0) != count)
            _exit(1);
        close(file);
        usleep(5000);
        double past_s = erg_s_from_ns(ergd_now_ns() - begin_ns);
        uj = 1e6 + 1e6 * (past_s < high_s ? 200 * past_s
                                          : 200 * high_s + 20 * (past_s - high_s));
    }
}

/* A child of ergd whose second word is that; 0: none. */
static pid_t child_of(const ergd_box *is, const char *word)
{
    char path[64], children[1000] = "", arguments[2000];
    snprintf(path, sizeof(path), "/proc/%d/task/%d/children", (int)is->pid, (int)is->pid);
    erg_file_line(path, children, sizeof(children), NULL);
    for (char *at = children, *end; *at; at = end + (*end == ' ')) {
        long pid = strtol(at, &end, 10);
        if (end == at)
            break;
        size_t count = ergd_arguments(pid, arguments, sizeof(arguments));
        if (count && memmem(arguments, count, word, strlen(word)))
            return (pid_t)pid;
    }
    return 0;
}

static bool has_filler(const ergd_box *is) { return child_of(is, "--filler") > 0; }
static bool has_shell(const ergd_box *is) { return child_of(is, "obey") > 0; }

static double cpu_s(pid_t pid)
{
    struct timespec used = { 0 };
    clockid_t clock;
    if (clock_getcpuclockid(pid, &clock) == 0)
        clock_gettime(clock, &used);
    return (double)used.tv_sec + 1e-9 * (double)used.tv_nsec;
}

static void end_player(pid_t pid)
{
    kill(pid, SIGKILL);
    waitpid(pid, NULL, 0);
}

static void a_filler_of_the_lowest_priority_burns_and_dies_with_ergd(void)
{
    ergd_box is;
    ergd_prepare(&is, CONFIG "shaper: {floor: 150W, ramp_down_hold: 1h}\n");
    pid_t player = play(&is, 2);
    ergd_start(&is);
    CHECK(ergd_await(has_filler, &is));
    pid_t filler = child_of(&is, "--filler");
    CHECK(sched_getscheduler(filler) == SCHED_IDLE);
    CHECK(getpriority(PRIO_PROCESS, (id_t)filler) == 19);
    /* The load is far below, so that all CPUs shall burn:
     * on a busy machine they get little, but something. */
    double begin_s = cpu_s(filler);
    for (int i = 0; i < 2000 && cpu_s(filler) - begin_s < 0.05; i++)
        usleep(10000);
    CHECK(cpu_s(filler) - begin_s >= 0.05);
    char *said = ergd_say(&is, "{\"do\": \"status\"}\n");
    CHECK(said && strstr(said, "burned_total_j") && strstr(said, "\"ergd's own\""));
    free(said);
    kill(is.pid, SIGKILL);
    CHECK(ergd_await(ergd_all_over, &is));
    CHECK(kill(filler, 0) != 0);
    end_player(player);
}

static void an_end_in_order_takes_it_along(void)
{
    ergd_box is;
    ergd_prepare(&is, CONFIG "shaper: {floor: 150W, ramp_down_hold: 1h}\n");
    pid_t player = play(&is, 1);
    ergd_start(&is);
    CHECK(ergd_await(has_filler, &is));
    pid_t filler = child_of(&is, "--filler");
    CHECK(ergd_stop(&is) == 0);
    CHECK(kill(filler, 0) != 0);
    end_player(player);
}

static bool heard_something(const ergd_box *is)
{
    char path[ERG_PATH_MOST], text[64] = "";
    snprintf(path, sizeof(path), "%.200s/heard", is->box.root);
    erg_file_line(path, text, sizeof(text), NULL);
    return strtod(text, NULL) > 0 && strtod(text, NULL) <= 1;
}

/* It ignores the end of its input, and has a child that knows nothing of it: both are gone
 * after kill -9 of ergd, the second by the watchdog alone. */
static void what_a_program_of_the_user_has_started_is_ended_too(void)
{
    ergd_box is;
    char more[2000];
    ergd_prepare(&is, "");
    snprintf(more, sizeof(more), CONFIG "shaper: {floor: 150W, ramp_down_hold: 1h, filler: "
             "[/bin/sh, -c, \"sh -c 'while :; do sleep 0.05; done' %s & read x; echo $x > "
             "%.200s/heard; while :; do sleep 0.05; done\", obey, %s]}\n",
             is.config, is.box.root, is.config);
    FILE *file = fopen(is.config, "a");
    CHECK(file);
    fputs(more, file);
    fclose(file);
    pid_t player = play(&is, 1);
    ergd_start(&is);
    CHECK(ergd_await(has_shell, &is) && ergd_await(heard_something, &is));
    kill(is.pid, SIGKILL);
    CHECK(ergd_await(ergd_all_over, &is));
    end_player(player);
}

static bool says_why(const ergd_box *is)
{
    char *said = ergd_say(is, "{\"do\": \"status\"}\n");
    bool good = said && strstr(said, "\"refused\"") && strstr(said, "cannot be started");
    free(said);
    return good;
}

static void a_program_that_is_not_there_is_said(void)
{
    ergd_box is;
    ergd_prepare(&is, CONFIG
                 "shaper: {floor: 150W, ramp_down_hold: 1h, filler: [/none/burn]}\n");
    pid_t player = play(&is, 1);
    ergd_start(&is);
    CHECK(ergd_await(says_why, &is));
    CHECK(ergd_stop(&is) == 0);
    end_player(player);
}

int main(void)
{
    static const test tests[] = {
        TEST(a_filler_of_the_lowest_priority_burns_and_dies_with_ergd),
        TEST(an_end_in_order_takes_it_along),
        TEST(what_a_program_of_the_user_has_started_is_ended_too),
        TEST(a_program_that_is_not_there_is_said),
    };
    return test_run(tests, ERG_COUNT(tests));
}

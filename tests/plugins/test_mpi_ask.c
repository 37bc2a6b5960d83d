/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A core's clock lowered by ergd while a process waits on it, on a tree as cpufreq has it:
 * down, up, and back whoever dies.
 */
#include <sched.h>
#include "govern/ergd.h"
#include "mpi/ask.h"
#include "mpi/slow.h"

#define CLOCK "/sys/devices/system/cpu/cpu%d/cpufreq/%s"
static const char *const enforces = "mode: enforce\nnode: {id: x, sensors: [rapl]}\n";

/* The first CPU that this test may use; it is bound to it. */
static int own_cpu(void)
{
    cpu_set_t set;
    int cpu = mpi_slow_cpu();
    CHECK(sched_getaffinity(0, sizeof(set), &set) == 0);
    for (int i = 0; cpu < 0 && i < CPU_SETSIZE; i++)
        if (CPU_ISSET((size_t)i, &set))
            cpu = i;
    CPU_ZERO(&set);
    CPU_SET((size_t)cpu, &set);
    CHECK(sched_setaffinity(0, sizeof(set), &set) == 0);
    return cpu;
}

static void put(ergd_box *is, const char *name, const char *text)
{
    char path[ERG_PATH_MOST];
    snprintf(path, sizeof(path), CLOCK, own_cpu(), name);
    machine_write(&is->box, path, text);
}

static long clock_khz(const ergd_box *is)
{
    char path[ERG_PATH_MOST], text[64] = "";
    snprintf(path, sizeof(path), "%.300s" CLOCK, is->box.root, own_cpu(),
             "scaling_max_freq");
    erg_file_line(path, text, sizeof(text), NULL);
    return strtol(text, NULL, 10);
}

static bool is_low(const ergd_box *is) { return clock_khz(is) == 800000; }
static bool is_high(const ergd_box *is) { return clock_khz(is) == 3500000; }

static void begin(ergd_box *is, const char *config)
{
    char cpu[16];
    ergd_prepare(is, config);
    snprintf(cpu, sizeof(cpu), "%d", own_cpu());
    put(is, "scaling_min_freq", "800000");
    put(is, "scaling_max_freq", "3500000");
    put(is, "affected_cpus", cpu);
    ergd_start(is);
    CHECK(ergd_await(ergd_listens, is));
}

static void a_core_goes_down_for_a_wait_and_up_again(void)
{
    ergd_box is;
    mpi_ask ask;
    erg_error err = { 0 };
    begin(&is, enforces);
    CHECK_OK(mpi_ask_open(&ask, is.socket, own_cpu(), &err), err);
    CHECK(is_high(&is));
    for (int i = 0; i < 3; i++) {
        CHECK(mpi_ask_slow(&ask) && ergd_await(is_low, &is));
        mpi_ask_fast(&ask);
        CHECK(ergd_await(is_high, &is));
    }
    char *said = ergd_say(&is, "{\"do\": \"status\"}\n");
    CHECK(said && strstr(said, "\"waits\""));
    CHECK(strstr(said, "\"waits\": 3") || strstr(said, "\"waits\":3"));
    free(said);
    /* A wait that is over before ergd has looked is no wait. */
    for (int i = 0; i < 1000; i++) {
        CHECK(mpi_ask_slow(&ask));
        mpi_ask_fast(&ask);
    }
    CHECK(ergd_await(is_high, &is));
    mpi_ask_close(&ask);
    CHECK(!mpi_ask_slow(&ask) && ergd_stop(&is) == 0 && is_high(&is));
}

/* How long the two words take who waits, whatever ergd does meanwhile. */
static void asking_delays_nobody(void)
{
    enum { PAIRS = 2000 };
    ergd_box is;
    mpi_ask ask;
    erg_error err = { 0 };
    begin(&is, enforces);
    CHECK_OK(mpi_ask_open(&ask, is.socket, own_cpu(), &err), err);
    kill(is.pid, SIGSTOP);
    int64_t begin_ns = ergd_now_ns();
    for (int i = 0; i < PAIRS; i++) {
        CHECK(mpi_ask_slow(&ask));
        mpi_ask_fast(&ask);
    }
    double each_s = erg_s_from_ns(ergd_now_ns() - begin_ns) / PAIRS;
    print_message("# %.2f us for both words, ergd stopped\n", 1e6 * each_s);
    CHECK(each_s < 1e-3);
    kill(is.pid, SIGCONT);
    CHECK(ergd_stop(&is) == 0 && is_high(&is));
    CHECK(!mpi_ask_slow(&ask));     /* it is gone, and nothing was asked */
    mpi_ask_close(&ask);
}

static bool is_refused(const ergd_box *is, int cpu, const char *why)
{
    erg_error err = { 0 };
    mpi_ask ask;
    bool good = !mpi_ask_open(&ask, is->socket, cpu, &err) && err.code == ERG_REFUSED
        && strstr(err.text, why);
    if (!good)
        print_message("# %s\n", err.text);
    return good;
}

static void what_is_not_ones_own_is_refused_with_a_sentence(void)
{
    ergd_box is;
    mpi_ask ask;
    erg_error err = { 0 };
    char pair[32];
    begin(&is, enforces);
    CHECK(is_refused(&is, own_cpu() + 1, "not bound to cpu"));
    snprintf(pair, sizeof(pair), "%d 777", own_cpu());
    put(&is, "affected_cpus", pair);
    CHECK(is_refused(&is, own_cpu(), "shares its clock"));
    snprintf(pair, sizeof(pair), "%d", own_cpu());
    put(&is, "affected_cpus", pair);
    CHECK_OK(mpi_ask_open(&ask, is.socket, own_cpu(), &err), err);
    CHECK(is_refused(&is, own_cpu(), "already"));
    /* What is lent the governor does not turn. */
    char *said =
        ergd_say(&is, "{\"do\": \"set\", \"clock_hz\": 1e9, \"device\": \"cpufreq\"}\n");
    CHECK(said && strstr(said, "is lent to process"));
    free(said);
    mpi_ask_close(&ask);
    put(&is, "scaling_max_freq", "nothing");
    for (int i = 0; i < 500 && !is_refused(&is, own_cpu(), "no cpufreq"); i++)
        usleep(10000);      /* it has not yet seen the end of the first */
    CHECK(is_refused(&is, own_cpu(), "no cpufreq"));
    CHECK(ergd_stop(&is) == 0);
    begin(&is, "node: {id: x, sensors: [rapl]}\n");
    CHECK(is_refused(&is, own_cpu(), "observe"));
    CHECK(ergd_stop(&is) == 0);
    CHECK(!mpi_ask_open(&ask, is.socket, own_cpu(), &err) && err.code == ERG_NOT_FOUND);
}

/* A child that knows nothing of it holds the connection open. */
static pid_t wait_and_fork(const ergd_box *is, pid_t *grandchild)
{
    int ends[2];
    CHECK(pipe(ends) == 0);
    pid_t pid = fork();
    if (pid > 0) {
        CHECK(read(ends[0], grandchild, sizeof(*grandchild)) == sizeof(*grandchild));
        close(ends[0]);
        close(ends[1]);
        return pid;
    }
    mpi_ask ask;
    if (!mpi_ask_open(&ask, is->socket, own_cpu(), NULL) || !mpi_ask_slow(&ask))
        _exit(1);
    pid_t own = fork();
    if (own > 0 && write(ends[1], &own, sizeof(own)) != sizeof(own))
        _exit(1);
    for (;;)
        pause();
}

static void a_killed_process_leaves_its_clock_as_it_was(void)
{
    ergd_box is;
    pid_t grandchild;
    begin(&is, enforces);
    pid_t pid = wait_and_fork(&is, &grandchild);
    CHECK(ergd_await(is_low, &is));
    kill(pid, SIGKILL);
    CHECK(ergd_await(is_high, &is));
    kill(grandchild, SIGKILL);
    waitpid(pid, NULL, 0);
    waitpid(grandchild, NULL, 0);
    CHECK(ergd_stop(&is) == 0);
}

static void a_killed_ergd_leaves_the_clock_as_it_was(void)
{
    ergd_box is;
    mpi_ask ask;
    erg_error err = { 0 };
    begin(&is, enforces);
    CHECK_OK(mpi_ask_open(&ask, is.socket, own_cpu(), &err), err);
    CHECK(mpi_ask_slow(&ask) && ergd_await(is_low, &is));
    kill(is.pid, SIGKILL);
    CHECK(ergd_await(ergd_all_over, &is));
    CHECK(is_high(&is));
    CHECK(!mpi_ask_slow(&ask));
    mpi_ask_close(&ask);

    /* Both killed: the next one does it. */
    begin(&is, enforces);
    CHECK_OK(mpi_ask_open(&ask, is.socket, own_cpu(), &err), err);
    CHECK(mpi_ask_slow(&ask) && ergd_await(is_low, &is));
    kill(ergd_watchdog_of(is.pid), SIGKILL);
    kill(is.pid, SIGKILL);
    CHECK(ergd_await(ergd_all_over, &is));
    mpi_ask_close(&ask);
    ergd_start(&is);
    CHECK(ergd_await(ergd_listens, &is) && is_high(&is) && ergd_stop(&is) == 0);
}

int main(void)
{
    static const test tests[] = {
        TEST(a_core_goes_down_for_a_wait_and_up_again),
        TEST(asking_delays_nobody),
        TEST(what_is_not_ones_own_is_refused_with_a_sentence),
        TEST(a_killed_process_leaves_its_clock_as_it_was),
        TEST(a_killed_ergd_leaves_the_clock_as_it_was),
    };
    return test_run(tests, ERG_COUNT(tests));
}

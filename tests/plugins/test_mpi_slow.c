/* SPDX-License-Identifier: Apache-2.0 */
/* The clock of a waiting core, on a tree as cpufreq has it: down, up, back after a kill. */
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include "device/machine.h"
#include "mpi/slow.h"

enum { CPU = 3 };

static void path_to(const machine *box, const char *name, char to[ERG_PATH_MOST])
{
    snprintf(to, ERG_PATH_MOST, "%.300s/sys/devices/system/cpu/cpu%d/cpufreq/%s", box->root,
             CPU, name);
}

static void put(const machine *box, const char *name, const char *text)
{
    char path[ERG_PATH_MOST];

    path_to(box, name, path);
    test_write(path, text);
}

static long clock_khz(const machine *box)
{
    char path[ERG_PATH_MOST], text[64] = "";

    path_to(box, "scaling_max_freq", path);
    erg_file_line(path, text, sizeof(text), NULL);
    return strtol(text, NULL, 10);
}

/* A core of 800 MHz to 3.5 GHz, alone on its clock. */
static void make_core(machine *box)
{
    char path[ERG_PATH_MOST];
    erg_error err = { 0 };

    machine_open(box, NULL);
    snprintf(path, sizeof(path), "%.300s/sys/devices/system/cpu/cpu%d/cpufreq", box->root,
             CPU);
    CHECK_OK(erg_folder_make(path, &err), err);
    put(box, "scaling_min_freq", "800000\n");
    put(box, "scaling_max_freq", "3500000\n");
    put(box, "affected_cpus", "3\n");
}

static bool is_refused(const machine *box, int cpu, erg_code code, const char *why)
{
    mpi_slow state;
    erg_error err = { 0 };
    bool good = !mpi_slow_open(&state, box->root, cpu, &err) && err.code == code
                && strstr(err.text, why) && strstr(err.text, "wait=sleep");

    if (!good)
        print_message("# %s\n", err.text);
    return good;
}

static void it_goes_down_and_up(void)
{
    machine box = { 0 };
    mpi_slow state;
    erg_error err = { 0 };

    make_core(&box);
    CHECK_OK(mpi_slow_open(&state, box.root, CPU, &err), err);
    CHECK(clock_khz(&box) == 3500000);
    for (int i = 0; i < 3; i++) {
        CHECK(mpi_slow_down(&state) && clock_khz(&box) == 800000);
        mpi_slow_up(&state);
        CHECK(clock_khz(&box) == 3500000);
    }
    mpi_slow_close(&state);
    CHECK(!mpi_slow_down(&state) && clock_khz(&box) == 3500000);
}

static void what_cannot_be_turned_is_said_with_the_cure(void)
{
    char path[ERG_PATH_MOST];
    machine box = { 0 };

    make_core(&box);
    CHECK(is_refused(&box, -1, ERG_REFUSED, "--bind-to core"));
    CHECK(is_refused(&box, CPU + 1, ERG_UNSUPPORTED, "no cpufreq"));
    put(&box, "affected_cpus", "3 7\n");
    CHECK(is_refused(&box, CPU, ERG_REFUSED, "shares its clock"));
    put(&box, "affected_cpus", "\n");
    CHECK(is_refused(&box, CPU, ERG_REFUSED, "shares its clock"));
    put(&box, "affected_cpus", "3\n");
    path_to(&box, "scaling_max_freq", path);
    CHECK(chmod(path, 0444) == 0);
    if (geteuid() != 0) /* whom no mode stops */
        CHECK(is_refused(&box, CPU, ERG_NO_ACCESS, "cannot write"));
    put(&box, "scaling_min_freq", "nothing\n");
    CHECK(is_refused(&box, CPU, ERG_UNSUPPORTED, "no cpufreq"));
}

/* kill -9 while it waits: the guard puts the clock back. */
static void a_killed_rank_leaves_its_clock_as_it_was(void)
{
    machine box = { 0 };
    int status;

    make_core(&box);
    pid_t rank = fork();
    if (rank == 0) {
        mpi_slow state;
        if (!mpi_slow_open(&state, box.root, CPU, NULL) || !mpi_slow_down(&state))
            _exit(1);
        for (;;)
            pause();
    }
    for (int i = 0; i < 4000 && clock_khz(&box) != 800000; i++)
        usleep(5000);
    CHECK(clock_khz(&box) == 800000);
    CHECK(kill(rank, SIGKILL) == 0 && waitpid(rank, &status, 0) == rank);
    for (int i = 0; i < 4000 && clock_khz(&box) != 3500000; i++)
        usleep(5000);
    CHECK(clock_khz(&box) == 3500000);
}

/* A second rank on the core would read the least, and leave it there at its end. */
static void one_process_turns_the_clock_of_a_core(void)
{
    machine box = { 0 };
    mpi_slow first, second;
    erg_error err = { 0 };

    make_core(&box);
    CHECK_OK(mpi_slow_open(&first, box.root, CPU, &err), err);
    CHECK(mpi_slow_down(&first) && clock_khz(&box) == 800000);
    CHECK(is_refused(&box, CPU, ERG_REFUSED, "another process"));
    mpi_slow_up(&first);
    mpi_slow_close(&first);
    bool is_open = false;       /* its guard ends a moment later */
    for (int i = 0; i < 50 && !is_open; i++)
        is_open = mpi_slow_open(&second, box.root, CPU, &err);
    CHECK_OK(is_open, err);
    CHECK(mpi_slow_down(&second) && clock_khz(&box) == 800000);
    mpi_slow_up(&second);
    CHECK(clock_khz(&box) == 3500000);
    mpi_slow_close(&second);
}

/* Once a rank has ended well its guard lets the clock be: it may be somebody else's. */
static void after_a_good_end_nobody_writes(void)
{
    machine box = { 0 };
    mpi_slow state;
    erg_error err = { 0 };

    make_core(&box);
    CHECK_OK(mpi_slow_open(&state, box.root, CPU, &err), err);
    put(&box, "scaling_max_freq", "2000000\n");
    mpi_slow_close(&state);
    usleep(100000);
    CHECK(clock_khz(&box) == 2000000);
}

static void a_thread_of_one_core_knows_it(void)
{
    cpu_set_t before, one;

    CHECK(sched_getaffinity(0, sizeof(before), &before) == 0);
    int cpu = sched_getcpu();
    CPU_ZERO(&one);
    CPU_SET(cpu, &one);
    CHECK(sched_setaffinity(0, sizeof(one), &one) == 0);
    CHECK(mpi_slow_cpu() == cpu);
    CHECK(sched_setaffinity(0, sizeof(before), &before) == 0);
    CHECK(CPU_COUNT(&before) == 1 || mpi_slow_cpu() == -1);
}

int main(void)
{
    static const test tests[] = {
        TEST(it_goes_down_and_up),
        TEST(what_cannot_be_turned_is_said_with_the_cure),
        TEST(a_killed_rank_leaves_its_clock_as_it_was),
        TEST(one_process_turns_the_clock_of_a_core),
        TEST(after_a_good_end_nobody_writes),
        TEST(a_thread_of_one_core_knows_it),
    };
    return test_run(tests, ERG_COUNT(tests));
}

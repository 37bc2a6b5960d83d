/* SPDX-License-Identifier: Apache-2.0 */
/* CPUs of control groups, on a tree of files laid out as cgroup v2 lays them. */
#include <signal.h>
#include <sys/wait.h>
#include "machine.h"

#define ROOT "/sys/fs/cgroup/"
#define JOB ROOT "system.slice/job.service/"

static void opened(machine *box, char state[ERG_PATH_MOST])
{
    machine_open(box, "cgroup-v2");
    snprintf(state, ERG_PATH_MOST, "%s/state", box->root);
    box->env.state_dir = state;
}

static const char *line(const machine *box, const char *path)
{
    static char text[64];
    char full[ERG_PATH_MOST];
    snprintf(full, sizeof(full), "%s%s", box->root, path);
    CHECK(erg_file_line(full, text, sizeof(text), NULL));
    return text;
}

static erg_turn turn_to(erg_devices *found, double cpus)
{
    erg_error err = { 0 };
    erg_turn turn = { .knob = ERG_CPU_MAX, .requested = cpus };
    CHECK_OK(erg_devices_turn(found, 0, &turn, &err), err);
    return turn;
}

static void a_named_group_says_its_cpus_and_its_times(void)
{
    machine box;
    char state[ERG_PATH_MOST];
    opened(&box, state);
    erg_devices *found = machine_find(&box, "cgroup:system.slice/job.service");
    const erg_device_knob *knob = erg_devices_find_knob(found, 0, ERG_CPU_MAX);
    CHECK(knob && knob->now == 4 && knob->low == 0.01 && knob->high == 8 && knob->can_turn);
    const char *name = erg_devices_info(found, 0)->name;
    CHECK_NEAR(machine_read(found, name, "cpu_time"), 2.5, 1e-12);
    CHECK_NEAR(machine_read(found, name, "throttled"), 0.12, 1e-12);
    erg_devices_free(found);
    found = machine_find(&box, "cgroup:/sys/fs/cgroup/user.slice/user-1000.slice/");
    knob = erg_devices_find_knob(found, 0, ERG_CPU_MAX);
    CHECK(knob && isnan(knob->now) && knob->high == 16);
    CHECK(isnan(machine_read(found, erg_devices_info(found, 0)->name, "throttled")));
    erg_devices_free(found);
}

static void the_quota_is_turned_and_put_back_and_the_period_stays(void)
{
    machine box;
    char state[ERG_PATH_MOST];
    erg_error err = { 0 };
    opened(&box, state);
    erg_devices *found = machine_find(&box, "cgroup:system.slice/job.service");
    erg_turn turn = turn_to(found, 2.5);
    CHECK(turn.clamped == 2.5 && turn.enforced == 2.5 && turn.took_s >= 0);
    CHECK_TEXT(line(&box, JOB "cpu.max"), "250000 100000");
    CHECK(turn_to(found, 99).clamped == 8);
    CHECK(turn_to(found, 0.001).clamped == 0.01);
    CHECK_TEXT(line(&box, JOB "cpu.max"), "1000 100000");
    CHECK_OK(erg_devices_restore(found, &err), err);
    CHECK_TEXT(line(&box, JOB "cpu.max"), "400000 100000");
    erg_devices_free(found);
}

static void no_limit_comes_back_as_none(void)
{
    machine box;
    char state[ERG_PATH_MOST];
    opened(&box, state);
    erg_devices *found = machine_find(&box, "cgroup:system.slice");
    turn_to(found, 1);
    CHECK_TEXT(line(&box, ROOT "system.slice/cpu.max"), "100000 100000");
    erg_devices_free(found);
    CHECK_TEXT(line(&box, ROOT "system.slice/cpu.max"), "max 100000");
}

/* user.slice has 3 CPUs: its group cannot be given 8. */
static void the_groups_above_limit_what_is_in_force(void)
{
    machine box;
    char state[ERG_PATH_MOST];
    opened(&box, state);
    erg_devices *found = machine_find(&box, "cgroup:user.slice/user-1000.slice");
    erg_turn turn = turn_to(found, 8);
    CHECK(turn.clamped == 8 && turn.enforced == 3);
    CHECK(turn_to(found, 2).enforced == 2);
    erg_devices_free(found);
}

static void what_is_no_group_is_told_with_the_cure(void)
{
    static const struct { const char *sensor, *words; erg_code code; } rows[] = {
        { "cgroup:nowhere", "cgroup.subtree_control", ERG_NOT_FOUND },
        { "cgroup:../../../etc", "is no group", ERG_BAD_INPUT },
        { "cgroup:system.slice/..", "is no group", ERG_BAD_INPUT },
        { "cgroup:/", "is no group", ERG_BAD_INPUT },
        { "cgroup:broken", "no quota and period", ERG_NOT_FOUND },
    };
    machine box;
    char state[ERG_PATH_MOST];
    opened(&box, state);
    machine_write(&box, ROOT "broken/cpu.max", "-5 zebra");
    for (size_t i = 0; i < ERG_COUNT(rows); i++) {
        erg_error err = { 0 };
        CHECK(!erg_devices_find(&box.env, &rows[i].sensor, 1, &err));
        CHECK(err.code == rows[i].code && strstr(err.text, rows[i].words));
    }
    erg_devices *all = machine_find(&box, NULL);    /* nobody asked: a row says how to */
    int at = machine_device(all, "cgroup");
    CHECK(at >= 0 && strstr(erg_devices_reason(all, (size_t)at), "--sensor cgroup:"));
    erg_devices_free(all);
}

static void two_long_paths_that_end_alike_are_two_devices(void)
{
    machine box;
    char state[ERG_PATH_MOST];
    opened(&box, state);
    erg_devices *found = machine_find(&box, "cgroup");
    CHECK(erg_devices_count(found) == 6);
    for (size_t i = 0; i < 6; i++)
        for (size_t k = 0; k < i; k++) {
            CHECK(strcmp(erg_devices_info(found, i)->name,
                         erg_devices_info(found, k)->name));
            CHECK(strcmp(erg_devices_info(found, i)->uuid,
                         erg_devices_info(found, k)->uuid));
        }
    erg_devices_free(found);
}

static void a_killed_process_is_put_back_by_recover(void)
{
    machine box;
    char state[ERG_PATH_MOST], byte;
    int ends[2];
    opened(&box, state);
    CHECK(pipe(ends) == 0);
    pid_t child = fork();
    if (child == 0) {
        turn_to(machine_find(&box, "cgroup:system.slice/job.service"), 1);
        if (write(ends[1], "x", 1) != 1)
            _exit(1);
        for (;;)
            pause();
    }
    CHECK(child > 0 && read(ends[0], &byte, 1) == 1);
    CHECK(kill(child, SIGKILL) == 0 && waitpid(child, NULL, 0) == child);
    CHECK_TEXT(line(&box, JOB "cpu.max"), "100000 100000");
    erg_error err = { 0 };
    erg_result *result = erg_devices_recover(&box.env, &err);
    CHECK_OK(result, err);
    const erg_table *rows = erg_result_find(result, "restored");
    CHECK(erg_table_row_count(rows) == 1);
    CHECK_TEXT(erg_table_find(rows, 0, "state").text, "restored");
    erg_result_free(result);
    CHECK_TEXT(line(&box, JOB "cpu.max"), "400000 100000");
}

int main(void)
{
    static const test tests[] = {
        TEST(a_named_group_says_its_cpus_and_its_times),
        TEST(the_quota_is_turned_and_put_back_and_the_period_stays),
        TEST(no_limit_comes_back_as_none),
        TEST(the_groups_above_limit_what_is_in_force),
        TEST(what_is_no_group_is_told_with_the_cure),
        TEST(two_long_paths_that_end_alike_are_two_devices),
        TEST(a_killed_process_is_put_back_by_recover),
    };
    return test_run(tests, ERG_COUNT(tests));
}

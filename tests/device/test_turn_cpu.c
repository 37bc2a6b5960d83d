/* SPDX-License-Identifier: Apache-2.0 */
/* Clocks and limits of the CPU on captured machines: what is written, in which order,
 * and that every file is as it was afterwards. */
#include <sys/inotify.h>
#include "machine.h"

#define CPU "/sys/devices/system/cpu/cpufreq/"
#define ZONE "/sys/class/powercap/intel-rapl:0/"

/* The state folder lies inside the captured tree: one folder to clean. */
static void opened(machine *box, const char *name, char state[ERG_PATH_MOST])
{
    machine_open(box, name);
    snprintf(state, ERG_PATH_MOST, "%s/state", box->root);
    box->env.state_dir = state;
}

static double number(const machine *box, const char *path)
{
    char full[ERG_PATH_MOST], text[64];
    snprintf(full, sizeof(full), "%s%s", box->root, path);
    CHECK(erg_file_line(full, text, sizeof(text), NULL));
    return strtod(text, NULL);
}

static int states_in(const char *folder)
{
    char command[ERG_PATH_MOST + 64];
    snprintf(command, sizeof(command), "find %s/knobs -name '*.json*' 2>/dev/null | wc -l",
             folder);
    FILE *list = popen(command, "r");
    int count = -1;
    CHECK(list && fscanf(list, "%d", &count) == 1);
    pclose(list);
    return count;
}

static void turn_to(erg_devices *found, erg_knob which, double value, erg_turn *turn)
{
    erg_error err = { 0 };
    *turn = (erg_turn){ .knob = which, .requested = value };
    CHECK_OK(erg_devices_turn(found, 0, turn, &err), err);
}

static void every_policy_is_turned_within_what_it_can(void)
{
    machine box;
    char state[ERG_PATH_MOST];
    erg_turn turn;
    erg_error err = { 0 };
    opened(&box, "xeon-cpufreq", state);
    erg_devices *found = machine_find(&box, "cpufreq");
    const erg_device_knob *knob = erg_devices_find_knob(found, 0, ERG_CPU_CLOCK);
    CHECK(knob && !knob->values && knob->can_turn);
    CHECK(knob->low == 600e6 && knob->high == 3600e6 && knob->now == 3600e6);

    turn_to(found, ERG_CPU_CLOCK, 2600e6, &turn);
    CHECK(turn.clamped == 2600e6 && turn.enforced == 2600e6);
    CHECK(number(&box, CPU "policy0/scaling_max_freq") == 2600000);
    CHECK(number(&box, CPU "policy0/scaling_min_freq") == 2600000);
    CHECK(number(&box, CPU "policy2/scaling_max_freq") == 2400000);
    CHECK(number(&box, CPU "policy2/scaling_min_freq") == 2400000);
    CHECK(states_in(state) == 1);
    turn_to(found, ERG_CPU_CLOCK, 1e6, &turn);
    CHECK(turn.clamped == 600e6 && number(&box, CPU "policy0/scaling_max_freq") == 800000);

    CHECK_OK(erg_devices_restore(found, &err), err);
    CHECK(number(&box, CPU "policy0/scaling_max_freq") == 3600000);
    CHECK(number(&box, CPU "policy0/scaling_min_freq") == 800000);
    CHECK(number(&box, CPU "policy1/scaling_max_freq") == 3000000);
    CHECK(number(&box, CPU "policy1/scaling_min_freq") == 1200000);
    CHECK(number(&box, CPU "policy2/scaling_max_freq") == 2400000);
    CHECK(states_in(state) == 0);
    erg_devices_free(found);
}

/* Names of the files of policy0 that were written, in order. */
static void written(int watch, char *to, size_t size)
{
    union { struct inotify_event event; char bytes[4096]; } room;
    ssize_t count = read(watch, room.bytes, sizeof(room.bytes));
    size_t used = 0;
    to[0] = '\0';
    for (ssize_t at = 0; at < count;) {
        struct inotify_event event;
        memcpy(&event, room.bytes + at, sizeof(event));
        const char *name = room.bytes + at + sizeof(event);
        used += (size_t)snprintf(to + used, size - used, "%s ", name);
        at += (ssize_t)(sizeof(event) + event.len);
    }
}

/* Linux refuses a least above the highest. */
static void the_highest_is_written_first_when_the_clock_rises_else_the_least(void)
{
    machine box;
    char state[ERG_PATH_MOST], path[ERG_PATH_MOST], names[256];
    erg_turn turn;
    opened(&box, "xeon-cpufreq", state);
    erg_devices *found = machine_find(&box, "cpufreq");
    int watch = inotify_init1(IN_NONBLOCK | IN_CLOEXEC);
    snprintf(path, sizeof(path), "%s" CPU "policy0", box.root);
    CHECK(watch >= 0 && inotify_add_watch(watch, path, IN_CLOSE_WRITE) >= 0);

    turn_to(found, ERG_CPU_CLOCK, 1000e6, &turn);
    written(watch, names, sizeof(names));
    CHECK_TEXT(names, "scaling_min_freq scaling_max_freq ");
    turn_to(found, ERG_CPU_CLOCK, 2000e6, &turn);
    written(watch, names, sizeof(names));
    CHECK_TEXT(names, "scaling_max_freq scaling_min_freq ");
    turn_to(found, ERG_CPU_CLOCK, 900e6, &turn);
    written(watch, names, sizeof(names));
    CHECK_TEXT(names, "scaling_min_freq scaling_max_freq ");
    erg_devices_free(found);        /* which puts back: from 900 to 3600 MHz */
    written(watch, names, sizeof(names));
    CHECK_TEXT(names, "scaling_max_freq scaling_min_freq ");
    close(watch);
    CHECK(number(&box, CPU "policy0/scaling_min_freq") == 800000 && states_in(state) == 0);
}

static void clocks_that_linux_lists_are_the_only_ones(void)
{
    machine box;
    char state[ERG_PATH_MOST];
    erg_turn turn;
    opened(&box, "epyc-cpufreq", state);
    erg_devices *found = machine_find(&box, "cpufreq");
    const erg_device_knob *knob = erg_devices_find_knob(found, 0, ERG_CPU_CLOCK);
    CHECK(knob->value_count == 3 && knob->values[0] == 1500e6 && knob->values[2] == 2800e6);
    turn_to(found, ERG_CPU_CLOCK, 2400e6, &turn);
    CHECK(turn.clamped == 2000e6);  /* a tie takes the lower */
    erg_devices_free(found);
}

static void a_package_limit_keeps_its_window_and_switches_its_zone_on(void)
{
    machine box;
    char state[ERG_PATH_MOST];
    erg_turn turn;
    erg_error err = { 0 };
    opened(&box, "xeon-cpufreq", state);
    erg_devices *found = machine_find(&box, "rapl");
    const erg_device_knob *knob = erg_devices_find_knob(found, 0, ERG_POWER_LIMIT);
    CHECK(knob && knob->high == 165 && knob->now == 150);
    turn_to(found, ERG_POWER_LIMIT, 95, &turn);
    CHECK(turn.clamped == 95 && turn.enforced == 95);
    CHECK(number(&box, ZONE "constraint_0_power_limit_uw") == 95000000);
    CHECK(number(&box, ZONE "constraint_0_time_window_us") == 27983872);
    CHECK(number(&box, ZONE "constraint_1_power_limit_uw") == 198000000);
    CHECK(number(&box, ZONE "enabled") == 1);
    /* A firmware that changed the window with the limit. */
    machine_number(&box, ZONE "constraint_0_time_window_us", 976);
    turn_to(found, ERG_POWER_LIMIT, 400, &turn);
    CHECK(turn.clamped == 165);
    CHECK_OK(erg_devices_restore(found, &err), err);
    CHECK(number(&box, ZONE "constraint_0_power_limit_uw") == 150000000);
    CHECK(number(&box, ZONE "constraint_0_time_window_us") == 27983872);
    CHECK(number(&box, ZONE "enabled") == 0);
    erg_devices_free(found);
}

static void a_package_read_through_perf_is_limited_through_its_zone(void)
{
    machine box;
    char state[ERG_PATH_MOST], path[ERG_PATH_MOST];
    erg_turn turn;
    opened(&box, "xeon-2s", state);
    erg_devices *found = machine_find(&box, "rapl:package-1");
    turn_to(found, ERG_POWER_LIMIT, 100, &turn);
    snprintf(path, sizeof(path),
             "/sys/class/powercap/intel-rapl:1/constraint_0_power_limit_uw");
    CHECK(number(&box, path) == 100000000);
    CHECK(number(&box, ZONE "constraint_0_power_limit_uw") == 150000000);
    erg_devices_free(found);
    CHECK(number(&box, path) == 150000000);
}

static void closed_files_are_told_with_the_command_that_opens_them(void)
{
    machine box;
    char state[ERG_PATH_MOST], path[ERG_PATH_MOST];
    erg_error err = { 0 };
    erg_turn turn = { .knob = ERG_CPU_CLOCK, .requested = 1e9 };
    if (geteuid() == 0)
        SKIP("root may write what is closed");
    opened(&box, "xeon-cpufreq", state);
    snprintf(path, sizeof(path), "%s" CPU "policy1/scaling_max_freq", box.root);
    chmod(path, 0444);
    erg_devices *found = machine_find(&box, "cpufreq");
    CHECK(!erg_devices_find_knob(found, 0, ERG_CPU_CLOCK)->can_turn);
    CHECK(!erg_devices_turn(found, 0, &turn, &err) && err.code == ERG_NO_ACCESS);
    CHECK(strstr(err.text, "sudo chmod a+w"));
    CHECK(states_in(state) == 0);
    erg_devices_free(found);
}

static void a_machine_without_cpufreq_says_so(void)
{
    machine box;
    erg_error err = { 0 };
    const char *sensor = "cpufreq";
    machine_open(&box, "cloud-guest");
    CHECK(!erg_devices_find(&box.env, &sensor, 1, &err) && err.code == ERG_NOT_FOUND);
    CHECK(strstr(err.text, "virtual machine"));
}

static void without_a_state_folder_nothing_is_turned(void)
{
    machine box;
    erg_error err = { 0 };
    erg_turn turn = { .knob = ERG_CPU_CLOCK, .requested = 1e9 };
    machine_open(&box, "xeon-cpufreq");
    erg_devices *found = machine_find(&box, "cpufreq");
    CHECK(!erg_devices_turn(found, 0, &turn, &err) && err.code == ERG_REFUSED);
    CHECK(number(&box, CPU "policy0/scaling_max_freq") == 3600000);
    erg_devices_free(found);
}

int main(void)
{
    static const test tests[] = {
        TEST(every_policy_is_turned_within_what_it_can),
        TEST(the_highest_is_written_first_when_the_clock_rises_else_the_least),
        TEST(clocks_that_linux_lists_are_the_only_ones),
        TEST(a_package_limit_keeps_its_window_and_switches_its_zone_on),
        TEST(a_package_read_through_perf_is_limited_through_its_zone),
        TEST(closed_files_are_told_with_the_command_that_opens_them),
        TEST(a_machine_without_cpufreq_says_so),
        TEST(without_a_state_folder_nothing_is_turned),
    };
    return test_run(tests, ERG_COUNT(tests));
}

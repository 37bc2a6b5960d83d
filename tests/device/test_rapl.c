/* SPDX-License-Identifier: Apache-2.0 */
/* RAPL against captured machines: no root, no Intel CPU, no waiting. */
#include "machine.h"
#include "trace/scope.h"

#define ZONE "/sys/class/powercap/intel-rapl:"
#define PMU "/sys/bus/event_source/devices/power"

/* Root may read everything, so whoever runs the tests looks as nobody here. */
static erg_devices *find_as_nobody(machine *box, const char *sensor, erg_error *err)
{
    bool is_root = geteuid() == 0;
    CHECK(!is_root || seteuid(65534) == 0);
    erg_devices *found = erg_devices_find(&box->env, &sensor, sensor != NULL, err);
    CHECK(!is_root || seteuid(0) == 0);
    return found;
}

static void powercap_hands_out_joules_with_the_range_they_wrap_at(void)
{
    machine xeon;
    int index;

    machine_open(&xeon, "xeon-2s");
    erg_devices *found = machine_find(&xeon, "rapl");
    CHECK_NEAR(machine_read(found, "rapl:package-0", "energy"), 100, 1e-9);
    CHECK_NEAR(machine_read(found, "rapl:package-1", "energy"), 200, 1e-9);
    CHECK_NEAR(machine_read(found, "rapl:dram-1", "energy"), 7, 1e-9);
    const erg_channel_info *energy = machine_channel(found, "rapl:package-0",
                                                     "energy", &index);
    CHECK(energy->kind == ERG_COUNTER && energy->method == ERG_METHOD_COUNTER);
    CHECK(energy->scope == ERG_SCOPE_PACKAGE);
    CHECK_NEAR(energy->range_j, 262143.32885, 1e-6);
    CHECK_NEAR(energy->max_w, 180, 1e-9);
    CHECK_NEAR(energy->gain_u, 0.04, 1e-12);
    erg_devices_free(found);
}

static void a_limit_that_no_platform_can_draw_is_no_peak(void)
{
    machine xeon;
    int index;

    machine_open(&xeon, "xeon-2s");
    erg_devices *found = machine_find(&xeon, "rapl");
    CHECK_NEAR(machine_channel(found, "rapl:psys", "energy", &index)->max_w, 0, 0);
    erg_devices_free(found);
}

static void the_mmio_twins_of_the_msr_zones_are_left_out(void)
{
    machine xeon;

    machine_open(&xeon, "xeon-2s");
    erg_devices *found = machine_find(&xeon, "rapl");
    CHECK(erg_devices_count(found) == 5);
    for (size_t i = 0; i < 5; i++)
        CHECK(!strstr(erg_devices_info(found, i)->uuid, "mmio"));
    erg_devices_free(found);
}

static void mmio_zones_serve_where_there_are_no_others(void)
{
    machine box;

    machine_open(&box, NULL);
    machine_write(&box, "/sys/class/powercap/intel-rapl-mmio:0/name", "package-0");
    machine_write(&box, "/sys/class/powercap/intel-rapl-mmio:0/energy_uj", "3000000");
    erg_devices *found = machine_find(&box, "rapl");
    CHECK_NEAR(machine_read(found, "rapl:package-0", "energy"), 3, 1e-9);
    erg_devices_free(found);
}

static void two_packages_of_one_name_stay_two(void)
{
    machine xeon;

    machine_open(&xeon, "xeon-2s");
    machine_write(&xeon, ZONE "1/name", "package-0");
    erg_devices *found = machine_find(&xeon, "rapl");
    CHECK_NEAR(machine_read(found, "rapl:package-0", "energy"), 100, 1e-9);
    CHECK_NEAR(machine_read(found, "rapl:intel-rapl:1", "energy"), 200, 1e-9);
    CHECK_NEAR(machine_read(found, "rapl:dram-0", "energy"), 5, 1e-9);
    CHECK_NEAR(machine_read(found, "rapl:intel-rapl:1:0", "energy"), 7, 1e-9);
    erg_devices_free(found);
}

static double sum_of_outermost(erg_devices *found)
{
    erg_scope scopes[16];
    bool chosen[16];
    double sum_j = 0;
    size_t count = erg_devices_count(found);

    for (size_t i = 0; i < count; i++)
        scopes[i] = erg_devices_info(found, i)->scope;
    erg_scope_outermost(scopes, count, chosen);
    for (size_t i = 0; i < count; i++)
        if (chosen[i])
            sum_j += machine_read(found, erg_devices_info(found, i)->name, "energy");
    return sum_j;
}

static void two_packages_and_their_dram_are_summed_and_cores_and_psys_are_not(void)
{
    machine xeon;

    machine_open(&xeon, "xeon-2s");
    machine_write(&xeon, ZONE "0:1/name", "core");
    machine_write(&xeon, ZONE "0:1/energy_uj", "60000000");
    erg_devices *found = machine_find(&xeon, "rapl");
    CHECK_NEAR(sum_of_outermost(found), 900, 1e-9);     /* psys stands for all */
    erg_devices_free(found);

    machine_write(&xeon, ZONE "2/name", "other");
    found = machine_find(&xeon, "rapl");
    CHECK(machine_device(found, "rapl:core-0") >= 0);
    CHECK_NEAR(sum_of_outermost(found), 100 + 200 + 5 + 7, 1e-9);
    erg_devices_free(found);
}

static void a_read_error_in_the_middle_is_a_gap_and_never_zero(void)
{
    machine xeon;

    machine_open(&xeon, "xeon-2s");
    erg_devices *found = machine_find(&xeon, "rapl");
    machine_write(&xeon, ZONE "0/energy_uj", "");
    CHECK(isnan(machine_read(found, "rapl:package-0", "energy")));
    machine_write(&xeon, ZONE "0/energy_uj", "100500000");
    CHECK_NEAR(machine_read(found, "rapl:package-0", "energy"), 100.5, 1e-9);
    erg_devices_free(found);
}

static void a_driver_that_was_loaded_anew_starts_low_and_nothing_is_made_up(void)
{
    machine xeon;

    machine_open(&xeon, "xeon-2s");
    erg_devices *found = machine_find(&xeon, "rapl");
    machine_write(&xeon, ZONE "0/energy_uj", "250000");
    CHECK_NEAR(machine_read(found, "rapl:package-0", "energy"), 0.25, 1e-9);
    erg_devices_free(found);
}

static void the_perf_counters_come_first_and_never_wrap(void)
{
    machine epyc;
    int index;

    machine_open(&epyc, "epyc");
    erg_devices *found = machine_find(&epyc, "rapl");
    CHECK(erg_devices_count(found) == 2);
    CHECK_NEAR(machine_read(found, "rapl:package-0", "energy"), 1000, 1e-9);
    CHECK_NEAR(machine_read(found, "rapl:package-1", "energy"), 2000, 1e-9);
    CHECK_NEAR(machine_channel(found, "rapl:package-0", "energy", &index)->range_j, 0, 0);
    erg_devices_free(found);
}

static void a_counter_that_does_not_count_joules_is_left_alone(void)
{
    machine epyc;
    int index;

    machine_open(&epyc, "epyc");
    machine_write(&epyc, "/sys/bus/event_source/devices/power/events/energy-pkg.unit",
                  "Watts");
    machine_write(&epyc, "/sys/class/powercap/intel-rapl:0/energy_uj", "3000000");
    erg_devices *found = machine_find(&epyc, "rapl:package-0");
    CHECK_NEAR(machine_read(found, "rapl:package-0", "energy"), 3, 1e-9);
    CHECK(machine_channel(found, "rapl:package-0", "energy", &index)->range_j > 0);
    erg_devices_free(found);
}

static void closed_perf_counters_leave_the_work_to_open_powercap_files(void)
{
    machine epyc;
    erg_error err = { 0 };

    machine_open(&epyc, "epyc");
    machine_write(&epyc, PMU "/counters/energy-pkg.0", "!denied");
    machine_write(&epyc, PMU "/counters/energy-pkg.64", "!denied");
    for (int i = 0; i < 3; i++) {
        static const char *const zones[] = { ZONE "0/energy_uj", ZONE "1/energy_uj",
                                             ZONE "0:0/energy_uj" };
        machine_remove(&epyc, zones[i]);
        machine_write(&epyc, zones[i], "42000000");
    }
    erg_devices *found = find_as_nobody(&epyc, "rapl", &err);
    CHECK_OK(found, err);
    CHECK_NEAR(machine_read(found, "rapl:package-0", "energy"), 42, 1e-9);
    CHECK(machine_device(found, "rapl:core-0") >= 0);
    erg_devices_free(found);
}

static void without_rights_there_is_no_figure_but_the_cures_in_order(void)
{
    machine epyc;
    erg_error err = { 0 };

    machine_open(&epyc, "epyc");
    machine_write(&epyc, PMU "/counters/energy-pkg.0", "!denied");
    machine_write(&epyc, PMU "/counters/energy-pkg.64", "!denied");
    erg_devices *found = find_as_nobody(&epyc, NULL, &err);
    CHECK_OK(found, err);
    int package = machine_device(found, "rapl:package-0");
    CHECK(package >= 0 && erg_devices_state(found, (size_t)package) == ERG_DENIED);
    CHECK(erg_devices_channel_count(found, (size_t)package) == 0);
    const char *reason = erg_devices_reason(found, (size_t)package);
    const char *perfmon = strstr(reason, "cap_perfmon"),
               *udev = strstr(reason, "udev rule");
    CHECK(perfmon && udev && perfmon < udev && strstr(udev, "ergd"));
    CHECK(strstr(reason, "lost at reboot"));
    erg_devices_free(found);

    CHECK(!find_as_nobody(&epyc, "rapl", &err));
    CHECK(err.code == ERG_NO_ACCESS && strstr(err.text, "cap_perfmon"));
}

static void closed_powercap_files_alone_are_denied_too(void)
{
    machine epyc;
    erg_error err = { 0 };

    machine_open(&epyc, "epyc");
    machine_remove(&epyc, PMU "/cpumask");
    CHECK(!find_as_nobody(&epyc, "rapl", &err));
    CHECK(err.code == ERG_NO_ACCESS && strstr(err.text, "energy_uj is closed"));
}

static void a_machine_without_rapl_is_absent_with_the_reason(void)
{
    machine box;
    erg_error err = { 0 };
    const char *sensor = "rapl";

    machine_open(&box, "cloud-guest");
    CHECK(!erg_devices_find(&box.env, &sensor, 1, &err));
    CHECK(err.code == ERG_NOT_FOUND && strstr(err.text, "virtual machine"));
    erg_devices *found = machine_find(&box, NULL);
    int at = machine_device(found, "rapl");
    CHECK(at >= 0 && erg_devices_state(found, (size_t)at) == ERG_ABSENT);
    erg_devices_free(found);
}

static void the_model_stays_away_where_a_package_is_measured(void)
{
    machine xeon;

    machine_open(&xeon, "xeon-2s");
    machine_write(&xeon, "/proc/stat", "cpu 1 1 1 1");
    machine_write(&xeon, "/proc/cpuinfo", "processor : 0");
    erg_devices *found = machine_find(&xeon, NULL);
    CHECK(machine_device(found, "cpu_model") < 0);
    erg_devices_free(found);
}

static void one_zone_can_be_asked_for_by_name(void)
{
    machine xeon;
    erg_error err = { 0 };
    const char *sensor = "rapl:attic";

    machine_open(&xeon, "xeon-2s");
    erg_devices *found = machine_find(&xeon, "rapl:package-1");
    CHECK(erg_devices_count(found) == 1);
    erg_devices_free(found);
    CHECK(!erg_devices_find(&xeon.env, &sensor, 1, &err));
    CHECK(err.code == ERG_NOT_FOUND && strstr(err.text, "attic"));
}

int main(void)
{
    static const test tests[] = {
        TEST(powercap_hands_out_joules_with_the_range_they_wrap_at),
        TEST(a_limit_that_no_platform_can_draw_is_no_peak),
        TEST(the_mmio_twins_of_the_msr_zones_are_left_out),
        TEST(mmio_zones_serve_where_there_are_no_others),
        TEST(two_packages_of_one_name_stay_two),
        TEST(two_packages_and_their_dram_are_summed_and_cores_and_psys_are_not),
        TEST(a_read_error_in_the_middle_is_a_gap_and_never_zero),
        TEST(a_driver_that_was_loaded_anew_starts_low_and_nothing_is_made_up),
        TEST(the_perf_counters_come_first_and_never_wrap),
        TEST(a_counter_that_does_not_count_joules_is_left_alone),
        TEST(closed_perf_counters_leave_the_work_to_open_powercap_files),
        TEST(without_rights_there_is_no_figure_but_the_cures_in_order),
        TEST(closed_powercap_files_alone_are_denied_too),
        TEST(a_machine_without_rapl_is_absent_with_the_reason),
        TEST(the_model_stays_away_where_a_package_is_measured),
        TEST(one_zone_can_be_asked_for_by_name),
    };
    return test_run(tests, ERG_COUNT(tests));
}

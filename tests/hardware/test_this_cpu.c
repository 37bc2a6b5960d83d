/* SPDX-License-Identifier: Apache-2.0 */
/* The processor of made-up machines: sockets, threads, clocks, caches and limits. */
#include <sys/stat.h>
#include "hardware/record.h"
#include "test.h"

static void put(const char *root, const char *path, const char *text)
{
    char full[ERG_PATH_MOST];
    snprintf(full, sizeof(full), "%s%s", root, path);
    for (char *slash = strchr(full + 1, '/'); slash; slash = strchr(slash + 1, '/')) {
        *slash = '\0';
        mkdir(full, 0700);
        *slash = '/';
    }
    FILE *file = fopen(full, "w");
    if (!file)
        fail_msg("cannot write %s", full);
    fputs(text, file);
    fclose(file);
}

static void put_cache(const char *root, int index, const char *const words[4])
{
    static const char *const names[] = { "level", "type", "size", "shared_cpu_list" };
    char path[160];

    for (int i = 0; i < 4; i++) {
        snprintf(path, sizeof(path), "/sys/devices/system/cpu/cpu0/cache/index%d/%s", index,
                 names[i]);
        put(root, path, words[i]);
    }
}

/* Two sockets of two cores of two threads. */
static void put_xeon(const char *root)
{
    erg_text text = { 0 };

    for (int i = 0; i < 8; i++)
        erg_text_add(&text, "processor\t: %d\nvendor_id\t: GenuineIntel\ncpu family\t: 6\n"
                     "model name\t: Xeon Made Up\ncpu MHz\t\t: 1000.0\nphysical id\t: %d\n"
                     "core id\t\t: %d\nflags\t\t: sse2 avx avx2 fma avx512f\n\n", i,
                     i / 2 % 2, i % 2);
    char *cpuinfo = erg_text_take(&text);
    put(root, "/proc/cpuinfo", cpuinfo);
    free(cpuinfo);
    put(root, "/proc/meminfo", "MemTotal:       1048576 kB\nMemFree: 1 kB\n");
    put(root, "/sys/devices/system/cpu/cpu0/cpufreq/cpuinfo_max_freq", "3500000\n");
    put(root, "/sys/devices/system/cpu/cpu0/cpufreq/base_frequency", "2000000\n");
    put_cache(root, 0, (const char *[]){ "1\n", "Data\n", "48K\n", "0,4\n" });
    put_cache(root, 1, (const char *[]){ "1\n", "Instruction\n", "32K\n", "0,4\n" });
    put_cache(root, 2, (const char *[]){ "2\n", "Unified\n", "2048K\n", "0,4\n" });
    put_cache(root, 3, (const char *[]){ "3\n", "Unified\n", "105M\n", "0-1,4-5\n" });
    put(root, "/sys/class/powercap/intel-rapl:0/constraint_0_power_limit_uw",
        "300000000\n");
    put(root, "/sys/class/powercap/intel-rapl:1/constraint_0_power_limit_uw",
        "300000000\n");
}

static const char *given_source(const erg_hardware *cpu, const char *key)
{
    const erg_number *number = erg_hardware_number(cpu, key);
    return number ? number->source : "none";
}

static void a_server_is_read_with_all_its_sockets(void)
{
    const char *root = test_folder();
    put_xeon(root);
    erg_error err = { 0 };
    erg_hardware *cpu = erg_hardware_this_cpu(&(erg_env){ .root = root }, &err);

    CHECK_OK(cpu != NULL, err);
    CHECK(cpu->kind == ERG_CPU && cpu->units == 4 && cpu->threads_per_unit == 2);
    CHECK_TEXT(cpu->about, "Xeon Made Up");
    CHECK_TEXT(cpu->boundary, "package");
    CHECK_NEAR(cpu->peak_flop_per_s[ERG_UNIT_VECTOR][ERG_FP32], 4 * 64 * 2e9, 1);
    CHECK_NEAR(cpu->peak_flop_per_s[ERG_UNIT_VECTOR][ERG_FP64], 4 * 32 * 2e9, 1);
    CHECK_NEAR(cpu->top_clock_hz, 3.5e9, 0);
    CHECK_NEAR(cpu->l1_bytes_per_unit, 48 * 1024, 0);
    CHECK_NEAR(cpu->l2_bytes, 2 * 105 * 1048576.0, 0); /* the last level: two of them */
    CHECK_NEAR(erg_hardware_number(cpu, "levels.l2.capacity_bytes")->value, 8 << 20, 0);
    CHECK_NEAR(cpu->memory_bytes, 1 << 30, 0);
    CHECK(isnan(cpu->memory_bytes_per_s));                  /* no file tells it */
    CHECK_NEAR(cpu->cap_w, 600, 1e-9);
    CHECK_NEAR(cpu->busy_static_w, 420, 1e-9);
    CHECK_TEXT(given_source(cpu, "units"), "/proc/cpuinfo");
    erg_hardware_free(cpu);
}

/* No core ids, no cpufreq: what ARM machines and guests show. */
static void a_guest_without_clocks_has_cores_but_no_peak(void)
{
    const char *root = test_folder();
    put(root, "/proc/cpuinfo", "processor\t: 0\nFeatures\t: fp asimd aes\n\n"
        "processor\t: 1\nFeatures\t: fp asimd aes\n");
    erg_error err = { 0 };
    erg_hardware *cpu = erg_hardware_this_cpu(&(erg_env){ .root = root }, &err);

    CHECK_OK(cpu != NULL, err);
    CHECK(cpu->units == 2 && cpu->threads_per_unit == 1);
    CHECK(isnan(cpu->peak_flop_per_s[ERG_UNIT_VECTOR][ERG_FP32]));
    CHECK(isnan(cpu->cap_w) && isnan(cpu->l2_bytes) && isnan(cpu->memory_bytes));
    CHECK_TEXT(cpu->maker, "unknown");
    erg_hardware_free(cpu);
}

static void widths_follow_vendor_and_family(void)
{
    static const struct { const char *vendor, *flags; int family; double flop; } rows[] = {
        { "AuthenticAMD", "sse2 avx fma avx512f", 25, 32 },
        { "AuthenticAMD", "sse2 avx fma avx512f", 26, 64 },
        { "GenuineIntel", "sse2 avx fma avx512f", 6, 64 },
        { "GenuineIntel", "sse2 avx fma", 6, 32 },
        { "GenuineIntel", "sse2 avx", 6, 16 },
        { "GenuineIntel", "sse2", 6, 8 },
    };

    for (size_t i = 0; i < ERG_COUNT(rows); i++) {
        const char *root = test_folder();
        char text[400];
        snprintf(text, sizeof(text), "processor\t: 0\nvendor_id\t: %s\ncpu family\t: %d\n"
                 "cpu MHz\t\t: 1000\nflags\t\t: %s\n", rows[i].vendor, rows[i].family,
                 rows[i].flags);
        put(root, "/proc/cpuinfo", text);
        erg_hardware *cpu = erg_hardware_this_cpu(&(erg_env){ .root = root }, NULL);
        CHECK_NEAR(cpu->peak_flop_per_s[ERG_UNIT_VECTOR][ERG_FP32], rows[i].flop * 1e9, 1);
        erg_hardware_free(cpu);
    }
}

static void a_machine_without_cpuinfo_is_an_error(void)
{
    erg_error err = { 0 };
    const char *root = test_folder();

    assert_null(erg_hardware_this_cpu(&(erg_env){ .root = root }, &err));
    CHECK(err.code == ERG_NOT_FOUND);
    put(root, "/proc/cpuinfo", "nothing here\n");
    assert_null(erg_hardware_this_cpu(&(erg_env){ .root = root }, &err));
    CHECK(err.code == ERG_UNSUPPORTED);
}

static void a_users_record_of_it_comes_first(void)
{
    char root[300], user[300];
    snprintf(root, sizeof(root), "%s", test_folder());
    snprintf(user, sizeof(user), "%s", test_folder());
    put_xeon(root);
    erg_env env = { .root = root };
    erg_catalog catalog = { .data_dir = ERG_TEST_SOURCE "/data", .user_dir = user };
    erg_hardware *read = erg_hardware_load(&env, &catalog, "this-cpu", NULL);

    CHECK(read && read->units == 4);
    erg_hardware_free(read);
    put(user, "/hardware/this-cpu.json",
        "{\"name\": \"this-cpu\", \"maker\": \"m\", "
        "\"kind\": \"cpu\", \"about\": \"a\", \"boundary\": \"package\", \"units\": "
        "{\"value\": 7, "
        "\"unit\": \"1\", \"source\": \"s\", \"grade\": \"measured\", \"date\": "
        "\"2026-11\"}}");
    erg_hardware *kept = erg_hardware_load(&env, &catalog, "this-cpu", NULL);
    CHECK(kept && kept->units == 7);
    erg_hardware_free(kept);
}

int main(void)
{
    static const test tests[] = {
        TEST(a_server_is_read_with_all_its_sockets),
        TEST(a_guest_without_clocks_has_cores_but_no_peak),
        TEST(widths_follow_vendor_and_family),
        TEST(a_machine_without_cpuinfo_is_an_error),
        TEST(a_users_record_of_it_comes_first),
    };
    return test_run(tests, ERG_COUNT(tests));
}

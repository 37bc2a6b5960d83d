/* SPDX-License-Identifier: Apache-2.0 */
/*
 * this-cpu: a record read from /proc and /sys. Peaks follow from cores, vector width
 * and clock; bandwidth no file tells: it stays unknown until `erg calibrate this-cpu`.
 */
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include "hardware/record.h"

enum { CPUINFO_MOST = 16 << 20, LINE_MOST = 256, CACHES_MOST = 6 };

static const char cpuinfo_path[] = "/proc/cpuinfo";

typedef struct cpu_facts {
    char vendor[64], model[128];
    int family, processors, cores;
    double clock_hz;                /* as cpuinfo saw it: where cpufreq is absent */
    char *flags;                    /* " sse2 avx .. " */
} cpu_facts;

/* FLOP per clock and core in fp32: lanes x 2 x multiply-add pipes. The widest first. */
typedef struct width_row {
    const char *flag, *vendor;      /* vendor NULL: any */
    int family_least;
    double flop;
    const char *why;
} width_row;

static const width_row widths[] = {
    { "avx512f", "AuthenticAMD", 26, 64, "two 512-bit multiply-add pipes" },
    { "avx512f", "AuthenticAMD", 0, 32, "512-bit words in two 256-bit pipes" },
    { "avx512f", NULL, 0, 64,
      "two 512-bit multiply-add pipes; desktop parts may have one" },
    { "fma", NULL, 0, 32, "two 256-bit multiply-add pipes" },
    { "avx", NULL, 0, 16, "one 256-bit add and one multiply" },
    { "sse2", NULL, 0, 8, "one 128-bit add and one multiply" },
    { "asimd", NULL, 0, 16, "two 128-bit multiply-add pipes; wide ARM cores have four" },
};

static bool has_flag(const cpu_facts *facts, const char *flag)
{
    char word[40];

    snprintf(word, sizeof(word), " %s ", flag);
    return facts->flags && strstr(facts->flags, word);
}

/* ---- /proc/cpuinfo ------------------------------------------------------------------ */

static double parsed(const char *text)
{
    double value;
    return erg_number_parse(text, strlen(text), '.', &value) ? value : NAN;
}

static void flags_keep(cpu_facts *facts, const char *value)
{
    erg_text text = { 0 };

    if (facts->flags)
        return;
    erg_text_add(&text, " %s ", value);
    facts->flags = erg_text_take(&text);
}

typedef struct core_seen { int package, core; } core_seen;
typedef struct core_list {
    core_seen *items;
    size_t count, capacity;
    int package;
} core_list;

static bool core_add(core_list *list, int core, erg_error *err)
{
    for (size_t i = 0; i < list->count; i++)
        if (list->items[i].package == list->package && list->items[i].core == core)
            return true;
    if (!erg_grow((void **)&list->items, &list->capacity, list->count, sizeof(core_seen),
                  err))
        return false;
    list->items[list->count++] = (core_seen){ list->package, core };
    return true;
}

static bool line_read(cpu_facts *facts, core_list *cores, const char *key,
                      const char *value, erg_error *err)
{
    if (strcmp(key, "processor") == 0)
        facts->processors++;
    else if (strcmp(key, "vendor_id") == 0)
        erg_text_put(facts->vendor, sizeof(facts->vendor), value);
    else if (strcmp(key, "model name") == 0)
        erg_text_put(facts->model, sizeof(facts->model), value);
    else if (strcmp(key, "cpu family") == 0)
        facts->family = atoi(value);
    else if (strcmp(key, "cpu MHz") == 0 && isnan(facts->clock_hz))
        facts->clock_hz = 1e6 * parsed(value);
    else if (strcmp(key, "flags") == 0 || strcmp(key, "Features") == 0)
        flags_keep(facts, value);
    else if (strcmp(key, "physical id") == 0)
        cores->package = atoi(value);
    else if (strcmp(key, "core id") == 0)
        return core_add(cores, atoi(value), err);
    return true;
}

static bool cpuinfo_parse(cpu_facts *facts, char *text, erg_error *err)
{
    core_list cores = { 0 };
    bool ok = true;
    char *rest = text, *line;

    while (ok && (line = strsep(&rest, "\n"))) {
        char *colon = strchr(line, ':');
        if (!colon)
            continue;
        *colon = '\0';
        line[strcspn(line, "\t")] = '\0';
        ok = line_read(facts, &cores, line, colon + 1 + strspn(colon + 1, " "), err);
    }
    facts->cores = cores.count ? (int)cores.count : facts->processors;
    free(cores.items);
    return ok;
}

static bool facts_read(const erg_env *env, cpu_facts *facts, erg_error *err)
{
    char path[ERG_PATH_MOST];
    size_t count;
    char *text = erg_path_join(env, cpuinfo_path, path, err)
        ? erg_file_read(path, CPUINFO_MOST, &count, err) : NULL;

    *facts = (cpu_facts){ .clock_hz = NAN };
    bool ok = text && cpuinfo_parse(facts, text, err);
    free(text);
    if (ok && facts->cores == 0)
        ok = erg_fail(err, ERG_UNSUPPORTED, "%s names no processor", path);
    return ok;
}

/* ---- /sys ---------------------------------------------------------------------- */

static bool sys_line(const erg_env *env, char line[LINE_MOST], const char *path)
{
    char full[ERG_PATH_MOST];
    return erg_path_join(env, path, full, NULL)
           && erg_file_line(full, line, LINE_MOST, NULL);
}

static double sys_number(const erg_env *env, const char *path)
{
    char line[LINE_MOST];
    return sys_line(env, line, path) ? parsed(line) : NAN;
}

/* "0-3,8-11": eight. */
static int listed(const char *list)
{
    int count = 0;

    while (*list) {
        char *end;
        long first = strtol(list, &end, 10), last = first;
        if (end == list)
            return count;
        if (*end == '-')
            last = strtol(end + 1, &end, 10);
        count += (int)(last - first) + 1;
        list = *end == ',' ? end + 1 : end;
    }
    return count;
}

/* "32768K" */
static double cache_bytes(const char *text)
{
    size_t digits = strspn(text, "0123456789");
    double value;

    if (!erg_number_parse(text, digits, '.', &value))
        return NAN;
    return value * (text[digits] == 'M' ? 1048576 : text[digits] == 'K' ? 1024 : 1);
}

/* ---- the record ---------------------------------------------------------------- */

typedef struct cpu_writer {
    const erg_env *env;
    erg_record *record;
    const cpu_facts *facts;
    char date[16];
    erg_error *err;
    bool ok;
} cpu_writer;

typedef struct cpu_number { const char *key, *unit, *source, *grade, *note; } cpu_number;

static void put(cpu_writer *to, cpu_number number, double value)
{
    if (!to->ok || !(value > 0))
        return;
    to->ok = erg_record_number(to->record, &(erg_number){
        .key = number.key, .unit = number.unit, .source = number.source,
        .grade = number.grade, .date = to->date, .note = number.note, .value = value,
    }, to->err);
}

/* All caches of a level: those that CPU 0 sees, as often as they are there. */
static void cache_put(cpu_writer *to, const char *folder)
{
    static const char *const keys[] = { NULL, "levels.l1.capacity_bytes",
                                        "levels.l2.capacity_bytes",
                                        "levels.l3.capacity_bytes" };
    char path[128], type[LINE_MOST], size[LINE_MOST], shared[LINE_MOST];

    snprintf(path, sizeof(path), "%s/level", folder);
    double level = sys_number(to->env, path);
    snprintf(path, sizeof(path), "%s/type", folder);
    bool ok = sys_line(to->env, type, path) && strcmp(type, "Instruction") != 0;
    snprintf(path, sizeof(path), "%s/size", folder);
    ok = ok && sys_line(to->env, size, path);
    snprintf(path, sizeof(path), "%s/shared_cpu_list", folder);
    ok = ok && sys_line(to->env, shared, path);
    if (!ok || !(level >= 1 && level <= 3))
        return;
    int share = listed(shared) > 0 ? listed(shared) : 1;
    double copies = level < 2 ? 1 : ceil((double)to->facts->processors / share);
    put(to, (cpu_number){ keys[(int)level], "bytes", "/sys/devices/system/cpu/cpu0/cache",
                          "derived", level < 2 ? "of one core" : "all of them together" },
        copies * cache_bytes(size));
}

static void caches_put(cpu_writer *to)
{
    char folder[80];

    for (int i = 0; i < CACHES_MOST; i++) {
        snprintf(folder, sizeof(folder), "/sys/devices/system/cpu/cpu0/cache/index%d", i);
        cache_put(to, folder);
    }
}

static double clocks_put(cpu_writer *to)
{
    static const char source[] = "/sys/devices/system/cpu/cpu0/cpufreq";
    double top_hz =
        1e3 * sys_number(to->env, "/sys/devices/system/cpu/cpu0/cpufreq/cpuinfo_max_freq");
    double base_hz =
        1e3 * sys_number(to->env, "/sys/devices/system/cpu/cpu0/cpufreq/base_frequency");
    double seen_hz = to->facts->clock_hz;

    put(to, (cpu_number){ "top_clock_hz", "hz", source, "derived", NULL }, top_hz);
    if (base_hz > 0)
        put(to, (cpu_number){ "peak_clock_hz.vector", "hz", source, "derived",
                              "base clock: what all cores hold" }, base_hz);
    else if (seen_hz > 0)
        put(to, (cpu_number){ "peak_clock_hz.vector", "hz", cpuinfo_path, "estimate",
                              "the clock seen while reading" }, seen_hz);
    else
        put(to, (cpu_number){ "peak_clock_hz.vector", "hz", source, "estimate",
                              "the top clock; all cores may not hold it" }, top_hz);
    return to->record->hardware.peak_clock_hz[ERG_UNIT_VECTOR];
}

static void peak_put(cpu_writer *to, const char *precision, double flop, const char *why)
{
    double clock_hz = to->record->hardware.peak_clock_hz[ERG_UNIT_VECTOR];
    char key[80];

    snprintf(key, sizeof(key), "flop_per_clock_per_unit.vector.%s", precision);
    put(to, (cpu_number){ key, "flop", "flags of /proc/cpuinfo", "estimate", why }, flop);
    snprintf(key, sizeof(key), "peak_flop_per_s.vector.%s", precision);
    put(to,
        (cpu_number){ key, "flop_per_s", "cores x FLOP per clock x clock", "derived",
                      NULL },
        to->facts->cores * flop * clock_hz);
}

static void peaks_put(cpu_writer *to)
{
    const cpu_facts *facts = to->facts;

    for (size_t i = 0; i < ERG_COUNT(widths); i++) {
        bool is_vendor = !widths[i].vendor || strcmp(widths[i].vendor, facts->vendor) == 0;
        if (!has_flag(facts, widths[i].flag) || !is_vendor
            || facts->family < widths[i].family_least)
            continue;
        peak_put(to, "fp64", widths[i].flop / 2, widths[i].why);
        peak_put(to, "fp32", widths[i].flop, widths[i].why);
        return;
    }
}

static void power_put(cpu_writer *to)
{
    double cap_w = 0;
    char path[96];

    for (int package = 0; package < 8; package++) {
        snprintf(path, sizeof(path), "/sys/class/powercap/intel-rapl:%d/"
                 "constraint_0_power_limit_uw", package);
        double limit_uw = sys_number(to->env, path);
        if (limit_uw > 0)
            cap_w += 1e-6 * limit_uw;
    }
    put(to, (cpu_number){ "cap_w", "w", "/sys/class/powercap, long-term limits", "derived",
                          NULL }, cap_w);
    put(to, (cpu_number){ "busy_static_w", "w", "0.7 of the long-term limit", "estimate",
                          "mean package power while a kernel runs" }, 0.7 * cap_w);
    put(to, (cpu_number){ "idle_w", "w", "0.1 of the long-term limit", "estimate", NULL },
        0.1 * cap_w);
}

static void memory_put(cpu_writer *to)
{
    char line[LINE_MOST];

    if (sys_line(to->env, line, "/proc/meminfo") && strncmp(line, "MemTotal:", 9) == 0) {
        char *number = line + 9 + strspn(line + 9, " ");
        number[strcspn(number, " ")] = '\0';
        put(to, (cpu_number){ "levels.memory.capacity_bytes", "bytes", "/proc/meminfo",
                              "derived", NULL }, 1024 * parsed(number));
    }
}

static const char *maker_of(const cpu_facts *facts)
{
    static const char *const makers[][2] = { { "GenuineIntel", "Intel" },
                                             { "AuthenticAMD", "AMD" } };
    for (size_t i = 0; i < ERG_COUNT(makers); i++)
        if (strcmp(makers[i][0], facts->vendor) == 0)
            return makers[i][1];
    return facts->vendor[0] ? facts->vendor : "unknown";
}

static bool record_fill(cpu_writer *to)
{
    const cpu_facts *facts = to->facts;
    const char *const texts[][2] = {
        { "name", "this-cpu" }, { "maker", maker_of(facts) }, { "kind", "cpu" },
        { "about", facts->model[0] ? facts->model : "the processor of this machine" },
        { "boundary", "package" },
    };

    for (size_t i = 0; to->ok && i < ERG_COUNT(texts); i++)
        to->ok = erg_record_text(to->record, texts[i][0], texts[i][1], to->err);
    put(to, (cpu_number){ "units", "1", cpuinfo_path, "derived", "cores" }, facts->cores);
    put(to, (cpu_number){ "threads_per_unit", "1", cpuinfo_path, "derived", NULL },
        floor((double)facts->processors / facts->cores));
    if (clocks_put(to) > 0)
        peaks_put(to);
    caches_put(to);
    memory_put(to);
    power_put(to);
    return to->ok && erg_record_close(to->record, to->err);
}

erg_hardware *erg_hardware_this_cpu(const erg_env *env, erg_error *err)
{
    cpu_facts facts;
    bool ok = facts_read(env, &facts, err);
    erg_record *record = ok ? erg_record_new("this-cpu", err) : NULL;
    cpu_writer to = {
        .env = env, .record = record, .facts = &facts, .err = err, .ok = true
    };

    erg_utc_format(erg_env_utc_ns(env), 0, to.date, sizeof(to.date));
    to.date[10] = '\0';
    ok = record && record_fill(&to);
    free(facts.flags);
    if (!ok) {
        erg_record_free(record);
        return NULL;
    }
    return &record->hardware;
}

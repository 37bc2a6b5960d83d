/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A fake libnvidia-ml.so.1 with scripted truth, for tests of erg and of your own
 * programs: docs/testing.md. FAKE_NVML holds the script, "SIM[;KEY=NUMBER,...]", SIM
 * being what --sensor sim: takes. Built with FAKE_NVML_OLD it lacks what old drivers lack.
 */
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include "fake_nvml.h"

typedef struct key {
    const char *name;
    size_t at;
    double unset;
} key;
#define AT(field) offsetof(script, field)

static const key keys[] = {
    { "gpus", AT(gpus), 1 },
    { "mig", AT(mig), 0 },     /* 1: split into instances */
    { "tegra", AT(tegra), 0 }, /* 1: power and energy are NotSupported */
    { "architecture", AT(architecture), 7 },
    { "driver", AT(driver), 535 },
    { "init", AT(init), 0 },        /* code that nvmlInit_v2 gives */
    { "lost", AT(lost), INFINITY }, /* second at which the GPU falls off the bus */
    { "instant", AT(instant), 1 },  /* 0: no field 186 */
    { "average", AT(average), -1 }, /* window of field 185 in s; 0: none; -1: profile's */
    { "usage", AT(usage), 0 },      /* 1: PowerUsage is the average */
    { "blank", AT(blank), 0 },      /* 1: readings are the blank values */
    { "memory", AT(memory), 0 },    /* W of the HBM alone (scope 2); 0: NotSupported */
    { "model", AT(model), 0 },      /* 1: a GPU that no table knows */
    { "rights", AT(rights), 2 },  /* 2: all; 1: application clocks only; 0: none */
    { "locks", AT(locks), 1 },    /* 0: clocks cannot be locked */
    { "apps", AT(apps), 1 },      /* 0: there are no application clocks */
    { "parked", AT(parked), 0 },  /* 1: at rest at 405 MHz of memory; 2: at work so */
    { "throttle", AT(throttle), 0 }, /* bits */
    { "fan", AT(fan), -1 },       /* %; below 0: it has none */
    { "fans", AT(fans), 0 },      /* that can be held; at most 2 */
    { "held", AT(held), -1 },     /* share of time at the power limit; below 0: not told */
    { "health", AT(health), 0 },  /* 1: memory, its errors and a limit of heat are told */
    { "gpm", AT(gpm), 0 }, /* activities: 0 none; 1 told; 2 for the administrator */
    { "lanes", AT(lanes), 0 },      /* of PCIe 5; 0: not told */
    { "links", AT(links), 0 },      /* of NVLink; 0: not told */
    { "buffer", AT(buffer), 0 }, /* s between the driver's own samples; 0: it keeps none */
    { "dry", AT(dry), INFINITY },   /* second from which it takes no more of them */
    { "presets", AT(presets), 0 },  /* of power smoothing; 0: the board has none */
    { "moved", AT(moved), 0 },      /* its fields are so much higher: 5 with R575 */
    { "delayed", AT(delayed), 1 },  /* 0: no second floor, as before R590 */
    { "override", AT(override), -1 }, /* % the administrator set as floor; below 0: none */
    { "workloads", AT(workloads), 0 }, /* bits: profiles of power that it knows */
    { "update", AT(update), 1 },    /* 0: they are added and cleared, as before R590 */
    { "process", AT(process), 0 }, { "comes", AT(comes), 0 },   /* its number, second */
    { "goes", AT(goes), INFINITY }, { "module", AT(module), 0 }, /* W above the chip */
};

script fake_script; /* one a process, as with the real NVML */
#define now fake_script
static struct nvml_gpu gpus[GPUS_MOST];
static int64_t stepped_ns = -1, start_ns, reads;
static unsigned opened;

static bool read_keys(char *text)
{
    for (size_t i = 0; i < ERG_COUNT(keys); i++)
        *(double *)(void *)((char *)&now + keys[i].at) = keys[i].unset;
    while (text && *text) {
        char *value = strsep(&text, ","), *name = strsep(&value, "=");
        size_t i = 0;
        while (i < ERG_COUNT(keys) && strcmp(keys[i].name, name) != 0)
            i++;
        if (i == ERG_COUNT(keys) || !value)
            return false;
        *(double *)(void *)((char *)&now + keys[i].at) = strtod(value, NULL);
    }
    return now.gpus >= 0 && now.gpus <= GPUS_MOST;
}

static int64_t clock_ns(void)
{
    return stepped_ns >= 0 ? stepped_ns : erg_env_now_ns(&(erg_env){ 0 });
}

/* For tests in the same process: the clock stands at now_ns until the next step; a
 * negative one lets it run again. */
EXPORT void fake_nvml_step(int64_t now_ns) { stepped_ns = now_ns; }

/* Replaces the script; false (and on stderr why) if it is not understood. */
EXPORT bool fake_nvml_script(const char *text)
{
    char copy[1024];
    erg_error err = { 0 };
    snprintf(copy, sizeof(copy), "%s", text ? text : "plain");
    char *rest = copy, *sim = strsep(&rest, ";");
    memset(&now, 0, sizeof(now));
    fake_truth_forget();
    if (!erg_sim_spec_parse(sim, &now.sim, &err) || !read_keys(rest)) {
        fprintf(stderr, "fake NVML: '%s' is not understood: %s\n", text, err.text);
        return false;
    }
    now.average = now.average < 0 ? now.sim.profile->average_s : now.average;
    return true;
}

/* The truth between two seconds of CLOCK_MONOTONIC. */
EXPORT double fake_nvml_true_j(double begin_s, double end_s)
{
    double at_s = erg_s_from_ns(start_ns);
    return erg_law_j(&now.sim.load, begin_s - at_s, end_s - at_s);
}

int64_t fake_since_ns(void) { return clock_ns() - start_ns; }
int64_t fake_utc_ns(void)
{
    return stepped_ns >= 0 ? stepped_ns : erg_env_utc_ns(&(erg_env){ 0 });
}

static unsigned fault(int64_t since_ns)
{
    if (erg_s_from_ns(since_ns) >= now.lost)
        return NVML_LOST;
    bool fails = now.sim.error > 0
        && erg_plant_chance(now.sim.sensor.seed, reads++, FOR_ERROR) < now.sim.error;
    return fails ? NVML_UNKNOWN : NVML_DONE;
}

static unsigned power_mw(const struct nvml_gpu *gpu, double span_s, unsigned *mw)
{
    int64_t t_ns = fake_since_ns();     /* the clock is what a fake costs most: once */
    double w = fake_power_w(gpu, span_s, t_ns);
    *mw = now.blank != 0 ? 0x7ffffff0u : (unsigned)lround(1e3 * w);
    return fault(t_ns);
}

EXPORT unsigned nvmlInit_v2(void)
{
    if (opened++ > 0)
        return NVML_DONE;
    if (!fake_nvml_script(getenv("FAKE_NVML"))) {
        opened = 0;
        return NVML_UNKNOWN;
    }
    for (unsigned i = 0; i < GPUS_MOST; i++)
        gpus[i].index = i;
    fake_turns_open(getenv("FAKE_NVML_STATE"));
    reads = 0;
    start_ns = isnan(now.sim.start_s) ? clock_ns() : erg_ns_from_s(now.sim.start_s);
    if (now.init != 0)
        opened = 0;
    return (unsigned)now.init;
}

EXPORT unsigned nvmlShutdown(void)
{
    opened -= opened > 0;
    return NVML_DONE;
}

EXPORT unsigned nvmlDeviceGetCount_v2(unsigned *count)
{
    *count = (unsigned)now.gpus;
    return NVML_DONE;
}

EXPORT unsigned nvmlDeviceGetHandleByIndex_v2(unsigned index, nvml_handle *gpu)
{
    if (index >= (unsigned)now.gpus)
        return 2;
    *gpu = &gpus[index];
    return NVML_DONE;
}

EXPORT unsigned nvmlDeviceGetName(nvml_handle gpu, char *text, unsigned size)
{
    const char *model = now.sim.profile->model;
    (void)gpu;
    if (now.model != 0)
        model = "NVIDIA Unheard-of";
    if (now.module > 0)
        model = "NVIDIA GH200 480GB";
    snprintf(text, size, "%s%s", strncmp(model, "NVIDIA ", 7) == 0 ? "" : "NVIDIA ", model);
    return NVML_DONE;
}

EXPORT unsigned nvmlDeviceGetUUID(nvml_handle gpu, char *text, unsigned size)
{
    snprintf(text, size, "GPU-%s-%u", now.sim.uuid[0] ? now.sim.uuid : "fake", gpu->index);
    return NVML_DONE;
}

EXPORT unsigned nvmlDeviceGetHandleByUUID(const char *uuid, nvml_handle *gpu)
{
    for (unsigned i = 0; i < (unsigned)now.gpus; i++) {
        char own[96];
        nvmlDeviceGetUUID(&gpus[i], own, sizeof(own));
        if (strcmp(own, uuid) == 0) {
            *gpu = &gpus[i];
            return NVML_DONE;
        }
    }
    return NVML_NOT_FOUND;
}

EXPORT unsigned nvmlDeviceGetIndex(nvml_handle gpu, unsigned *index)
{
    *index = gpu->index;
    return NVML_DONE;
}

EXPORT unsigned nvmlSystemGetDriverVersion(char *text, unsigned size)
{
    snprintf(text, size, "%.0f.54.03", now.driver);
    return NVML_DONE;
}

EXPORT unsigned nvmlDeviceGetPowerUsage(nvml_handle gpu, unsigned *mw)
{
    if (now.tegra != 0)
        return NVML_NOT_SUPPORTED;
    return power_mw(gpu, now.usage != 0 ? now.average : now.sim.sensor.window_s, mw);
}

EXPORT unsigned nvmlDeviceGetClockInfo(nvml_handle gpu, unsigned type, unsigned *mhz)
{
    const turned *turn = &fake_turns[gpu->index];
    unsigned sm_mhz = turn->locked_mhz ? turn->locked_mhz : turn->app_sm_mhz;
    unsigned mem_mhz = turn->mem_locked_mhz ? turn->mem_locked_mhz : turn->app_mem_mhz;
    if (fabs(sm_mhz - 1e-6 * now.sim.refuse_hz) < 0.5)
        sm_mhz = turn->app_sm_mhz;
    *mhz = type == NVML_CLOCK_MEMORY ? now.parked != 0 ? PARKED_MHZ : mem_mhz : sm_mhz;
    return NVML_DONE;
}

EXPORT unsigned nvmlDeviceGetTemperature(nvml_handle gpu, unsigned sensor,
                                         unsigned *celsius)
{
    *celsius = (unsigned)(25 + 0.1 * fake_power_w(gpu, 10, fake_since_ns()));
    return sensor == 0 ? NVML_DONE : NVML_NOT_SUPPORTED;
}

EXPORT unsigned nvmlDeviceGetTemperatureThreshold(nvml_handle gpu, unsigned type,
                                                  unsigned *celsius)
{
    *celsius = 90 + gpu->index;
    return type == NVML_SLOWDOWN && now.health != 0 ? NVML_DONE : NVML_NOT_SUPPORTED;
}

EXPORT unsigned nvmlDeviceGetMemoryInfo(nvml_handle gpu, nvml_memory *memory)
{
    (void)gpu;
    *memory = (nvml_memory){ 80ull << 30, 60ull << 30, 20ull << 30 };
    return now.health != 0 ? NVML_DONE : NVML_NOT_SUPPORTED;
}

/* Three corrected ones, and one more of the other kind. */
EXPORT unsigned nvmlDeviceGetTotalEccErrors(nvml_handle gpu, unsigned type,
                                            unsigned counter, unsigned long long *errors)
{
    (void)gpu;
    *errors = type == NVML_ECC_CORRECTED ? 3 : 1;
    return now.health != 0 && counter == NVML_ECC_VOLATILE ? NVML_DONE : NVML_NOT_SUPPORTED;
}

EXPORT unsigned nvmlDeviceGetUtilizationRates(nvml_handle gpu, nvml_use *use)
{
    bool busy = fake_power_w(gpu, 0.1, fake_since_ns()) > 1.2 * now.sim.profile->idle_w;
    *use = (nvml_use){ busy ? 100 : 0, busy ? 40 : 0 };
    return NVML_DONE;
}

EXPORT unsigned nvmlDeviceGetFanSpeed(nvml_handle gpu, unsigned *percent)
{
    bool is_held = fake_turns[gpu->index].fan_policy[0] == NVML_FAN_MANUAL;
    *percent = is_held ? fake_turns[gpu->index].fan_pct[0] : (unsigned)fmax(0, now.fan);
    return now.fan < 0 ? NVML_NOT_SUPPORTED : NVML_DONE;
}

EXPORT unsigned nvmlDeviceGetEnforcedPowerLimit(nvml_handle gpu, unsigned *mw)
{
    *mw = fake_turns[gpu->index].limit_mw;
    return now.tegra != 0 ? NVML_NOT_SUPPORTED : NVML_DONE;
}

/* ---- what old drivers lack ---------------------------------------------- */
#ifndef FAKE_NVML_OLD

EXPORT unsigned nvmlDeviceGetArchitecture(nvml_handle gpu, unsigned *value)
{
    (void)gpu;
    *value = (unsigned)now.architecture;
    return NVML_DONE;
}

EXPORT unsigned nvmlDeviceGetTotalEnergyConsumption(nvml_handle gpu, unsigned long long *mj)
{
    (void)gpu;
    int64_t since_ns = fake_since_ns();
    double total_j = fake_counter_j(since_ns);
    *mj = now.blank != 0 ? 0x7ffffffffffffff0u : (unsigned long long)llround(1e3 * total_j);
    if (now.tegra != 0 || !now.sim.has_counter)
        return NVML_NOT_SUPPORTED;
    return fault(since_ns);
}

static const struct { unsigned id; double share; /* of the board's limit */ } limits[] = {
    { NVML_FIELD_LIMIT_MIN, 0.25 },    { NVML_FIELD_LIMIT_MAX, 1 },
    { NVML_FIELD_LIMIT_DEFAULT, 1 },
};

static unsigned answer_limit(nvml_handle gpu, nvml_field *field)
{
    bool is_set = field->id == NVML_FIELD_LIMIT || field->id == NVML_FIELD_LIMIT_REQUESTED;
    if (is_set && field->scope == NVML_CHIP) {
        field->value.natural = fake_turns[gpu->index].limit_mw;
        return NVML_DONE;
    }
    for (size_t i = 0; i < ERG_COUNT(limits); i++)
        if (limits[i].id == field->id && field->scope == NVML_CHIP) {
            field->value.natural =
                (unsigned)lround(1e3 * limits[i].share * now.sim.board_w);
            return NVML_DONE;
        }
    return NVML_NOT_SUPPORTED;
}

/* Of the counters of held-back time it keeps two, as small boards do; R575 and R580, whose
 * fields are moved, a third by its number there: half as much. */
static unsigned answer_past(nvml_field *field)
{
    bool is_power = field->id == NVML_FIELD_PAST_POWER;
    double share = is_power                               ? now.held
                 : field->id == NVML_FIELD_SMOOTHING ? now.held / 2
                                                     : 0;

    field->type = NVML_ULONGLONG;
    field->value.natural_wide = (unsigned long long)(share * (double)fake_since_ns());
    return now.held >= 0 && (share > 0 || field->id == NVML_FIELD_PAST_THERMAL)
         ? NVML_DONE : NVML_NOT_SUPPORTED;
}

static unsigned answer_link(nvml_field *field)
{
    bool is_count = field->id == NVML_FIELD_NVLINK_COUNT;

    field->value.natural = is_count ? (unsigned)now.links : LINK_MB_PER_S;
    return now.links > 0 ? NVML_DONE : NVML_NOT_SUPPORTED;
}

static unsigned answer(nvml_handle gpu, nvml_field *field)
{
    bool has_scope = field->scope == NVML_CHIP
                     || (field->scope == NVML_MODULE && now.module > 0)
                     || (field->scope == NVML_MEMORY && now.memory > 0);
    unsigned smoothing;
    double window_s =
        field->id == NVML_FIELD_AVERAGE ? now.average : now.sim.sensor.window_s;
    bool is_power = (field->id == NVML_FIELD_INSTANT && now.instant != 0)
                    || (field->id == NVML_FIELD_AVERAGE && now.average > 0);

    field->type = NVML_UINT;
    if (fake_smoothing_field(gpu->index, field, &smoothing))
        return smoothing;
    if (now.tegra != 0 || !has_scope)
        return NVML_NOT_SUPPORTED;
    if (field->id <= NVML_FIELD_PAST_RELIABILITY || field->id >= NVML_FIELD_PAST_SW_THERMAL
        || (now.moved != 0 && field->id == NVML_FIELD_SMOOTHING))
        return answer_past(field);
    if (field->id == NVML_FIELD_NVLINK_SPEED || field->id == NVML_FIELD_NVLINK_COUNT)
        return answer_link(field);
    if (!is_power)
        return answer_limit(gpu, field);
    unsigned code = power_mw(gpu, window_s, &field->value.natural);
    if (field->scope == NVML_MODULE)
        field->value.natural += (unsigned)lround(1e3 * now.module);
    else if (field->scope == NVML_MEMORY)
        field->value.natural = (unsigned)lround(1e3 * now.memory);
    return code;
}

EXPORT unsigned nvmlDeviceGetFieldValues(nvml_handle gpu, int count, nvml_field *fields)
{
    for (int i = 0; i < count; i++)
        fields[i].code = answer(gpu, &fields[i]);
    return NVML_DONE;
}

EXPORT unsigned nvmlDeviceGetCurrentClocksEventReasons(nvml_handle gpu,
                                                       unsigned long long *reasons)
{
    (void)gpu;
    *reasons = (unsigned long long)now.throttle;
    return NVML_DONE;
}
#endif

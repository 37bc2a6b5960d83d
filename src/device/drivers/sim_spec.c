/* SPDX-License-Identifier: Apache-2.0 */
/* The profiles of `sim`, and its keys: two tables and a small reader. */
#include <math.h>
#include <string.h>
#include "device/drivers/sim_spec.h"
#include "plant/heat.h"

/* Update periods and windows: Yang, Adamek, Armour, SC 2024; board power: the makers' data
 * sheets. Idle power was measured where the last column says so (EnergAIzer, ISPASS 2026)
 * and is assumed to be 0.15 of the board's limit elsewhere. */
/* clang-format off */
const erg_sim_profile erg_sim_profiles[] = {
    /* idle and board W; T_u, window, average, counter s; clock, lowest,
     * step Hz; measured */
    { "plain",          "simulated device",   50, 300, 0.1, 0.1, 0, 0.02,
      1e9, 100e6, 10e6, 0 },
    { "p100-pcie-16gb", "P100-PCIE-16GB",   37.5, 250, 0.02, 0.010, 0, 0,
      1303e6, 544e6, 12.65e6, 0 },
    { "v100-sxm2-32gb", "V100-SXM2-32GB",     45, 300, 0.02, 0.0106, 0, 0.02,
      1530e6, 135e6, 7.5e6, 0 },
    { "a100-pcie-40gb", "A100-PCIE-40GB",   44.5, 250, 0.102, 0.025, 0, 0.1,
      1410e6, 210e6, 15e6, 1 },
    { "a100-sxm4-40gb", "A100-SXM4-40GB",     60, 400, 0.101, 0.025, 0, 0.1,
      1410e6, 210e6, 15e6, 0 },
    { "a100-sxm4-80gb", "A100-SXM4-80GB",   60.3, 400, 0.101, 0.025, 0, 0.1,
      1410e6, 210e6, 15e6, 1 },
    { "h100-pcie-80gb", "H100 PCIe",        52.5, 350, 0.1, 0.023, 1, 0.1,
      1755e6, 345e6, 15e6, 0 },
    { "h100-sxm5-80gb", "H100 80GB HBM3",   72.1, 700, 0.1, 0.025, 1, 0.1,
      1980e6, 345e6, 15e6, 1 },
    { "a10",            "A10",              22.5, 150, 0.1, 0.1, 1, 0.1,
      1695e6, 210e6, 15e6, 0 },
    { "rtx-3090",       "GeForce RTX 3090", 52.5, 350, 0.1, 0.1, 1, 0.1,
      1695e6, 210e6, 15e6, 0 },
    { "rtx-4090",       "GeForce RTX 4090", 67.5, 450, 0.1, 0.109, 1, 0.1,
      2520e6, 210e6, 15e6, 0 },
};
/* clang-format on */
const size_t erg_sim_profile_count = ERG_COUNT(erg_sim_profiles);

size_t erg_sim_clocks(const erg_sim_profile *profile, double to[ERG_SIM_CLOCKS_MOST])
{
    size_t count = 0;
    for (double hz = profile->clock_hz;
         hz >= profile->clock_low_hz && count < ERG_SIM_CLOCKS_MOST;
         hz = profile->clock_hz - (double)count * profile->clock_step_hz)
        to[count++] = 1e6 * floor(1e-6 * hz + 1e-9);
    return count;
}

typedef struct key {
    const char *name;
    const char *unit; /* "" is a plain number */
    size_t at;
    double low, high;
    const char *example;
} key;

#define AT(field) offsetof(erg_sim_spec, field)

/* clang-format off */
static const key keys[] = {
    { "update",         "s",  AT(sensor.update_s),     0,      1e4,  "update=100ms" },
    { "window",         "s",  AT(sensor.window_s),     0,      1e4,  "window=25ms" },
    { "delay",          "s",  AT(sensor.delay_s),      0,      1e4,  "delay=50ms" },
    { "phase",          "s",  AT(sensor.phase_s),      0,      1e4,  "phase=40ms" },
    { "gain",           "",   AT(sensor.gain),         1e-3,   1e3,  "gain=0.95" },
    { "gain_u",         "%",  AT(gain_u),              0,      1,    "gain_u=5%" },
    { "offset",         "W",  AT(sensor.offset_w),     -1e6,   1e6,  "offset=5W" },
    { "noise",          "W",  AT(sensor.noise_w),      0,      1e6,  "noise=2W" },
    { "dropout",        "%",  AT(sensor.dropout),      0,      0.99, "dropout=10%" },
    { "resolution",     "W",  AT(sensor.resolution_w), 0,      1e6,  "resolution=1W" },
    { "seed",           "",   AT(seed),                0,      1e15, "seed=7" },
    { "error",          "%",  AT(error),               0,      1,    "error=2%" },
    { "counter_update", "s",  AT(counter.update_s),    0,      1e4,  "counter_update=0s" },
    { "counter_gain",   "",   AT(counter.gain),        1e-3,   1e3,  "counter_gain=1.01" },
    { "range",          "J",  AT(counter.range_j),     0,      1e15, "range=3000J" },
    { "reset",          "s",  AT(counter.reset_s),     0,      1e9,  "reset=5s" },
    { "start",          "s",  AT(start_s),             -1e9,   1e9,  "start=0s" },
    { "clock",          "Hz", AT(clock_hz),            0,      1e12, "clock=1410MHz" },
    { "refuse",         "Hz", AT(refuse_hz),           0,      1e12, "refuse=1230MHz" },
    { "tau",            "s",  AT(tau_s),               1,      1e5,  "tau=28s" },
    { "ambient",        "K",  AT(ambient_k),           200,    400,  "ambient=21C" },
    { "limit",          "K",  AT(limit_k),             200,    500,  "limit=83C" },
    { "fan",            "%",  AT(fan),                 0,      1,    "fan=70%" },
    { "leak",           "",   AT(leak_w_per_k),        0,      1e3,  "leak=0.2" },
    { "temp_step",      "K",  AT(temp_step_k),         0,      20,   "temp_step=1K" },
};
/* clang-format on */

static bool read_number(const key *row, const char *value, erg_sim_spec *out,
                        erg_error *err)
{
    double number;
    bool is_share = strcmp(row->unit, "%") == 0;
    bool good = (is_share && erg_number_parse(value, strlen(value), '.', &number))
                || erg_quantity_parse(value, row->unit, &number, NULL);

    if (!good || number < row->low || number > row->high)
        return erg_fail(err, ERG_BAD_INPUT,
                        "sim: %s=%s is not understood: say it as in %s, "
                        "from %g to %g",
                        row->name, value, row->example, row->low, row->high);
    *(double *)(void *)((char *)out + row->at) = number;
    return true;
}

static bool read_load(const char *value, erg_sim_spec *out, erg_error *err)
{
    erg_error inner = { 0 };
    if (erg_law_parse(value, &out->load, &inner))
        return true;
    return erg_fail(err, inner.code, "sim: load=%s: %s", value, inner.text);
}

static bool read_counter(const char *value, erg_sim_spec *out, erg_error *err)
{
    out->has_counter = strcmp(value, "off") != 0;
    if (!out->has_counter
        || (erg_quantity_parse(value, "J", &out->counter.step_j, NULL)
            && out->counter.step_j >= 0))
        return true;
    return erg_fail(err, ERG_BAD_INPUT,
                    "sim: counter=%s is neither a step as in counter=1mJ "
                    "nor counter=off",
                    value);
}

static bool read_uuid(const char *value, erg_sim_spec *out, erg_error *err)
{
    if (strlen(value) >= sizeof(out->uuid))
        return erg_fail(err, ERG_BAD_INPUT, "sim: uuid=%.20s... is longer than %zu letters",
                        value, sizeof(out->uuid) - 1);
    erg_text_put(out->uuid, sizeof(out->uuid), value);
    return true;
}

static bool read_switch(const char *name, const char *value, bool *out, erg_error *err)
{
    *out = strcmp(value, "on") == 0;
    return *out || strcmp(value, "off") == 0
           || erg_fail(err, ERG_BAD_INPUT, "sim: %s=%s is neither %s=on nor %s=off", name,
                       value, name, name);
}

static bool read_heat(const char *value, erg_sim_spec *out, erg_error *err)
{
    return read_switch("heat", value, &out->heat, err);
}

static bool read_smoothing(const char *value, erg_sim_spec *out, erg_error *err)
{
    return read_switch("smoothing", value, &out->smoothing, err);
}

static bool read_profiles(const char *value, erg_sim_spec *out, erg_error *err)
{
    return read_switch("profiles", value, &out->profiles, err);
}

static bool read_follow(const char *value, erg_sim_spec *out, erg_error *err)
{
    if (!*value || strlen(value) >= sizeof(out->follow))
        return erg_fail(err, ERG_BAD_INPUT,
                        "sim: follow=%.20s... is no folder of up to %zu "
                        "letters", value, sizeof(out->follow) - 1);
    erg_text_put(out->follow, sizeof(out->follow), value);
    return true;
}

static const struct {
    const char *name;
    bool (*read)(const char *value, erg_sim_spec *out, erg_error *err);
    bool is_switch;             /* alone it means on */
} words[] = {
    { "load", read_load },
    { "counter", read_counter },
    { "uuid", read_uuid },
    { "heat", read_heat, true },
    { "follow", read_follow },
    { "smoothing", read_smoothing, true },
    { "profiles", read_profiles, true },
};

static bool read_key(char *text, erg_sim_spec *out, erg_error *err)
{
    char *value = strchr(text, '=');
    for (size_t i = 0; i < ERG_COUNT(words); i++)
        if (words[i].is_switch && strcmp(words[i].name, text) == 0)
            return words[i].read("on", out, err);
    if (!value)
        return erg_fail(err, ERG_BAD_INPUT,
                        "sim: '%s' is not KEY=VALUE, as in update=100ms", text);
    *value++ = '\0';
    for (size_t i = 0; i < ERG_COUNT(words); i++)
        if (strcmp(words[i].name, text) == 0)
            return words[i].read(value, out, err);
    for (size_t i = 0; i < ERG_COUNT(keys); i++)
        if (strcmp(keys[i].name, text) == 0)
            return read_number(&keys[i], value, out, err);

    erg_text names = { 0 };
    for (size_t i = 0; i < ERG_COUNT(words); i++)
        erg_text_add(&names, " %s", words[i].name);
    for (size_t i = 0; i < ERG_COUNT(keys); i++)
        erg_text_add(&names, " %s", keys[i].name);
    erg_fail(err, ERG_BAD_INPUT, "sim: there is no key '%s'; the keys are%s", text,
             names.data ? names.data : "");
    erg_text_free(&names);
    return false;
}

static bool set_profile(const char *name, erg_sim_spec *out, erg_error *err)
{
    const erg_sim_profile *profile = NULL;
    for (size_t i = 0; i < ERG_COUNT(erg_sim_profiles); i++)
        if (strcmp(erg_sim_profiles[i].name, name) == 0)
            profile = &erg_sim_profiles[i];
    if (!profile) {
        erg_text names = { 0 };
        for (size_t i = 0; i < ERG_COUNT(erg_sim_profiles); i++)
            erg_text_add(&names, " %s", erg_sim_profiles[i].name);
        erg_fail(err, ERG_BAD_INPUT, "sim: there is no profile '%s'; take one of%s", name,
                 names.data ? names.data : "");
        erg_text_free(&names);
        return false;
    }
    *out = (erg_sim_spec){
        .profile = profile,
        .load = erg_law_square(profile->idle_w, 0.8 * profile->board_w, 8, 0.5),
        .sensor = { .update_s = profile->update_s,
                    .window_s = profile->window_s,
                    .gain = 1 },
        .counter = { .update_s = profile->counter_s, .gain = 1, .step_j = 1e-3 },
        .has_counter = profile->counter_s > 0,
        .start_s = NAN,
        .clock_hz = profile->clock_hz,
        .gain_u = NAN,
        .refuse_hz = NAN,
        .board_w = profile->board_w,
        .tau_s = 28, /* of a board's heat sink under its fan: docs/thermal.md */
        .ambient_k = 298.15,
        .limit_k = 356.15,
        .fan = NAN,
        .leak_w_per_k = NAN,
        .temp_step_k = 1,
    };
    return true;
}

/* A plant remembers a minute, and what it remembers began when it did. */
static bool fits_heat(const erg_sim_spec *spec, erg_error *err)
{
    const erg_plant_sensor *sensor = &spec->sensor;
    double back_s = sensor->update_s + fmax(sensor->window_s, spec->profile->average_s)
                    + sensor->delay_s;

    if (!spec->heat)
        return !spec->follow[0]
               || erg_fail(err, ERG_BAD_INPUT, "sim: follow needs heat: the load heats a "
                           "plant, as in sim:a100-sxm4-80gb,heat,follow=FOLDER");
    if (spec->smoothing)
        return erg_fail(err, ERG_BAD_INPUT, "sim: smoothing does not go with heat");
    if (back_s > erg_heat_past_s)
        return erg_fail(err, ERG_BAD_INPUT, "sim: with heat, update, window and delay are "
                        "together at most %g s", erg_heat_past_s);
    return spec->counter.reset_s <= 0
           || erg_fail(err, ERG_BAD_INPUT, "sim: reset does not go with heat");
}

bool erg_sim_spec_parse(const char *text, erg_sim_spec *out, erg_error *err)
{
    char copy[512];
    if (!text || !*text)
        text = "plain";
    if (strlen(text) >= sizeof(copy))
        return erg_fail(err, ERG_BAD_INPUT,
                        "sim: a description longer than %zu letters: "
                        "leave out what is the default",
                        sizeof(copy) - 1);
    erg_text_put(copy, sizeof(copy), text);

    char *rest = copy;
    if (!set_profile(strsep(&rest, ","), out, err))
        return false;
    while (rest)
        if (!read_key(strsep(&rest, ","), out, err))
            return false;
    /* Boards of one model differ by this much (Yang 2024); one made to be off is not
     * exact either. */
    bool is_exact = out->profile == &erg_sim_profiles[0] && out->sensor.gain == 1;
    if (isnan(out->gain_u))
        out->gain_u = is_exact ? 0 : 0.05;
    out->sensor.seed = (uint64_t)out->seed;
    return fits_heat(out, err);
}

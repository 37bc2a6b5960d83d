/* SPDX-License-Identifier: Apache-2.0 */
/*
 * hwmon: power, energy and temperature of whatever Linux has a chip driver for.
 *
 * Each power sensor is a device of its own, since one chip may watch rails that lie
 * inside each other (Jetson: VDD_IN holds all others). What a sensor covers is in no
 * file: the table `rules` knows it by chip and label. amdgpu has its own driver.
 */
#include <ctype.h>
#include <fcntl.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "device/driver.h"
#include "device/drivers/vendor.h"

enum { INDEX_MOST = 1024, ABSENT_MOST = 16 };   /* amd_energy: sockets behind cores */

/* First match wins: chip is a beginning, label is anywhere in it; NULL is any. */
static const struct rule {
    const char *chip, *label;
    bool skip;
    erg_scope scope;
} rules[] = {
    { "amdgpu", NULL, true, 0 },
    { "BAT", NULL, true, 0 },               /* only what the battery gives */
    { "power_meter", "Module", false, ERG_SCOPE_MODULE },   /* NVIDIA Grace, ACPI */
    { "power_meter", "Grace", false, ERG_SCOPE_PACKAGE },
    { "power_meter", "CPU", false, ERG_SCOPE_CORE },
    { "power_meter", "SysIO", false, ERG_SCOPE_CORE },
    { "power_meter", NULL, false, ERG_SCOPE_NODE },
    { "ina3221", "VDD_IN", false, ERG_SCOPE_MODULE },       /* NVIDIA Jetson */
    { "ina3221", "CPU", false, ERG_SCOPE_PACKAGE },
    { "ina3221", "VDDQ", false, ERG_SCOPE_MEMORY },
    { "ina3221", "NC", true, 0 },
    { "amd_energy", "Esocket", false, ERG_SCOPE_PACKAGE },
    { "amd_energy", NULL, true, 0 },
    { "fam15h_power", NULL, false, ERG_SCOPE_PACKAGE },
    { "xe", "pkg", false, ERG_SCOPE_CHIP },
    { "xe", NULL, false, ERG_SCOPE_BOARD },
    { "i915", NULL, false, ERG_SCOPE_BOARD },
    { "corsairpsu", "power total", false, ERG_SCOPE_NODE },
    { "corsairpsu", NULL, true, 0 },
    { "macsmc", "Total System Power", false, ERG_SCOPE_NODE },
    { "macsmc", NULL, true, 0 },
    { NULL, "pin", false, ERG_SCOPE_NODE },                 /* PMBus supplies */
    { NULL, "pout", true, 0 },
    { NULL, NULL, false, ERG_SCOPE_CHIP },  /* the least that it can be */
};

/* Chips that have nothing but temperatures, and the ones of use. */
static const struct { const char *chip, *label; } thermometers[] = {
    { "coretemp", "Package" }, { "k10temp", "Tctl" }, { "cpu_thermal", NULL },
};
typedef struct hwmon_input {
    int fd, current_fd;     /* current_fd -1: fd is the value itself */
    double scale, offset;   /* SI = raw * scale + offset */
} hwmon_input;

typedef struct hwmon { hwmon_input inputs[ERG_CHANNELS_MOST]; size_t count; } hwmon;
typedef struct hwmon_search {
    erg_devices *found;
    const char *only;
    erg_error *err;
    size_t first, seen;
} hwmon_search;

/* ---- find ------------------------------------------------------------------ */

static bool line_of(const erg_env *env, const char *folder, int index, const char *file,
                    char to[64])
{
    char path[ERG_PATH_MOST];

    snprintf(path, sizeof(path), file, folder, index);
    return erg_env_line(env, path, to, 64, NULL);
}

static bool is_there(const erg_env *env, const char *folder, int index, const char *file)
{
    char path[ERG_PATH_MOST], joined[ERG_PATH_MOST];

    snprintf(path, sizeof(path), file, folder, index);
    return erg_path_join(env, path, joined, NULL) && access(joined, F_OK) == 0;
}

static const struct rule *rule_of(const char *chip, const char *label)
{
    size_t i = 0;

    while ((rules[i].chip && strncmp(chip, rules[i].chip, strlen(rules[i].chip)) != 0)
           || (rules[i].label && !strstr(label, rules[i].label)))
        i++;
    return &rules[i];
}

/* "Module Power Socket 0" becomes "module-power-socket-0". */
static void slug(const char *text, char to[24])
{
    size_t count = 0;

    for (; *text && count + 1 < 24; text++) {
        bool plain = isalnum((unsigned char)*text) || *text == '_' || *text == '+';
        if (plain || (count && to[count - 1] != '-'))
            to[count++] = plain ? (char)tolower((unsigned char)*text) : '-';
    }
    while (count && to[count - 1] == '-')
        count--;
    to[count] = '\0';
}

static bool is_taken(const hwmon_search *search, const char *name)
{
    for (size_t i = search->first; i < erg_devices_count(search->found); i++)
        if (strcmp(erg_devices_info(search->found, i)->name, name) == 0)
            return true;
    return false;
}

/* prefix: "/sys/class/hwmon/hwmon3/power1"; open looks which files begin with it. */
static bool hwmon_add(hwmon_search *search, const char *prefix, const char *chip,
                      const char *label, erg_scope scope)
{
    const char *base = strstr(prefix, "hwmon/") + strlen("hwmon/");
    char name[32], short_name[24];

    slug(label[0] ? label : chip, short_name);
    snprintf(name, sizeof(name), "hwmon:%s", short_name);
    if (is_taken(search, name)) {
        slug(base, short_name);
        snprintf(name, sizeof(name), "hwmon:%s", short_name);
    }
    search->seen++;
    if (search->only && strcmp(search->only, name + strlen("hwmon:")) != 0)
        return true;
    erg_device *dev = erg_devices_add(search->found, &erg_driver_hwmon, name, search->err);
    if (!dev)
        return false;
    dev->info.scope = scope;
    snprintf(dev->info.model, sizeof(dev->info.model), "%.24s%s%.36s", chip,
             label[0] ? " " : "", label);
    erg_text_put(dev->info.uuid, sizeof(dev->info.uuid), base);
    erg_text_put(dev->argument, sizeof(dev->argument), prefix);
    vendor_pci_of(dev->env, dev->pci, "%.*s/device",
                  (int)(strrchr(prefix, '/') - prefix), prefix);
    return true;
}

static const char *sensor_of(const erg_env *env, const char *folder, int index)
{
    if (is_there(env, folder, index, "%s/power%d_average")
        || is_there(env, folder, index, "%s/power%d_input"))
        return "power";
    if (is_there(env, folder, index, "%s/energy%d_input"))
        return "energy";
    /* INA3221: volts and amperes of a rail, no watts. */
    if (is_there(env, folder, index, "%s/in%d_label")
        && is_there(env, folder, index, "%s/in%d_input")
        && is_there(env, folder, index, "%s/curr%d_input"))
        return "in";
    return NULL;
}

static void label_of(const erg_env *env, const char *folder, int index, const char *sensor,
                     char to[64])
{
    static const char *const files[] = { "%s/power%d_oem_info", "%s/power%d_label",
                                         "%s/energy%d_label", "%s/in%d_label" };

    to[0] = '\0';
    for (size_t i = 0; i < ERG_COUNT(files); i++)
        if (strncmp(files[i] + strlen("%s/"), sensor, strlen(sensor)) == 0
            && line_of(env, folder, index, files[i], to) && to[0])
            return;
}

static bool thermometer_add(hwmon_search *search, const char *folder, const char *chip)
{
    char prefix[ERG_PATH_MOST];

    for (size_t i = 0; i < ERG_COUNT(thermometers); i++) {
        if (strcmp(chip, thermometers[i].chip) != 0)
            continue;
        snprintf(prefix, sizeof(prefix), "%.400s/temp", folder);
        return hwmon_add(search, prefix, chip, "", ERG_SCOPE_PACKAGE);
    }
    return true;
}

static bool chip_add(void *self, const char *folder)
{
    hwmon_search *search = self;
    const erg_env *env = erg_devices_env(search->found);
    char chip[64], label[64], prefix[ERG_PATH_MOST];

    if (!line_of(env, folder, 0, "%s/name", chip))
        return true;
    for (int index = 1, absent = 0; index <= INDEX_MOST && absent < ABSENT_MOST; index++) {
        const char *sensor = sensor_of(env, folder, index);
        if ((absent = sensor ? 0 : absent + 1) > 0)
            continue;
        label_of(env, folder, index, sensor, label);
        const struct rule *rule = rule_of(chip, label);
        snprintf(prefix, sizeof(prefix), "%.400s/%s%d", folder, sensor, index);
        if (!rule->skip && !hwmon_add(search, prefix, chip, label, rule->scope))
            return false;
    }
    return thermometer_add(search, folder, chip);
}

static bool hwmon_find(erg_devices *found, const char *argument, erg_error *err)
{
    size_t first = erg_devices_count(found);
    hwmon_search search = { found, argument && *argument ? argument : NULL, err, first, 0 };

    if (!erg_devices_match(found, "/sys/class/hwmon/hwmon*", chip_add, &search, err))
        return false;
    if (erg_devices_count(found) > first)
        return true;
    if (search.seen)
        return erg_devices_absent(found, &erg_driver_hwmon, ERG_ABSENT, err,
                                  "no hwmon sensor is called \"%.40s\"", search.only);
    return erg_devices_absent(found, &erg_driver_hwmon, ERG_ABSENT, err,
                              "no chip in /sys/class/hwmon gives power, energy or the "
                              "CPU's temperature: a virtual machine, or a missing module "
                              "(sensors-detect names it)");
}

/* ---- open ------------------------------------------------------------------ */

static hwmon_input *input_open(erg_device *dev, const char *file, erg_error *err)
{
    hwmon *state = dev->own;
    erg_error fault = { 0 };

    if (state->count == ERG_CHANNELS_MOST)
        return NULL;
    int fd = erg_env_open(dev->env, file, O_RDONLY, &fault);
    if (fd < 0) {
        erg_fail(err, fault.code, "%.300s%s", fault.text, fault.code == ERG_NO_ACCESS
                 ? "; cure: a udev rule that gives a group this file, or ergd" : "");
        return NULL;
    }
    hwmon_input *input = &state->inputs[state->count++];
    *input = (hwmon_input){ .fd = fd, .current_fd = -1, .scale = 1e-6 };
    return input;
}

static double milliseconds(const erg_device *dev, const char *path)
{
    char text[64];

    return erg_env_line(dev->env, path, text, sizeof(text), NULL)
        ? 1e-3 * strtod(text, NULL) : 0;
}

/* Some chips give joules beside the watts of the same sensor. */
static bool beside_energy_open(erg_device *dev)
{
    const char *slash = strrchr(dev->argument, '/');
    char path[ERG_PATH_MOST];

    snprintf(path, sizeof(path), "%.*s/energy%d_input", (int)(slash - dev->argument),
             dev->argument, atoi(slash + strlen("/power")));
    if (input_open(dev, path, NULL))
        erg_device_channel(dev, "energy", ERG_ENERGY, ERG_COUNTER);
    return true;
}

static bool power_open(erg_device *dev, erg_error *err)
{
    char path[ERG_PATH_MOST];
    erg_channel_info *power;

    snprintf(path, sizeof(path), "%.250s_average", dev->argument);
    if (input_open(dev, path, NULL)) {
        power = erg_device_channel(dev, "power", ERG_POWER, ERG_AVG_PREV);
        snprintf(path, sizeof(path), "%.250s_average_interval", dev->argument);
        power->window_s = power->update_s = milliseconds(dev, path);
        return beside_energy_open(dev);
    }
    snprintf(path, sizeof(path), "%.250s_input", dev->argument);
    return input_open(dev, path, err)
        && erg_device_channel(dev, "power", ERG_POWER, ERG_INSTANT)
        && beside_energy_open(dev);
}

static bool rail_open(erg_device *dev, erg_error *err)
{
    char path[ERG_PATH_MOST];
    const char *slash = strrchr(dev->argument, '/');
    int folder = (int)(slash - dev->argument), index = atoi(slash + strlen("/in"));

    snprintf(path, sizeof(path), "%.250s_input", dev->argument);
    hwmon_input *input = input_open(dev, path, err);
    if (!input)
        return false;
    snprintf(path, sizeof(path), "%.*s/curr%d_input", folder, dev->argument, index);
    input->current_fd = erg_env_open(dev->env, path, O_RDONLY, err);
    if (input->current_fd < 0)
        return false;
    erg_channel_info *power = erg_device_channel(dev, "power", ERG_POWER, ERG_INSTANT);
    snprintf(path, sizeof(path), "%.*s/update_interval", folder, dev->argument);
    power->update_s = milliseconds(dev, path);
    return true;
}

static bool energy_open(erg_device *dev, erg_error *err)
{
    char path[ERG_PATH_MOST];

    snprintf(path, sizeof(path), "%.250s_input", dev->argument);
    return input_open(dev, path, err)
        && erg_device_channel(dev, "energy", ERG_ENERGY, ERG_COUNTER);
}

static const char *thermometer_label(const char *chip)
{
    for (size_t i = 0; i < ERG_COUNT(thermometers); i++)
        if (strcmp(chip, thermometers[i].chip) == 0)
            return thermometers[i].label;
    return NULL;
}

/* The first thermometer with the label that its chip has for the whole package. */
static bool temperature_open(erg_device *dev, erg_error *err)
{
    const char *wanted = thermometer_label(dev->info.model);
    char path[ERG_PATH_MOST], label[64];

    for (int index = 1; index <= ABSENT_MOST; index++) {
        if (wanted && (!line_of(dev->env, dev->argument, index, "%s%d_label", label)
                       || !strstr(label, wanted)))
            continue;
        snprintf(path, sizeof(path), "%.250s%d_input", dev->argument, index);
        hwmon_input *input = input_open(dev, path, NULL);
        if (!input)
            continue;
        input->scale = 1e-3;
        input->offset = 273.15;
        return erg_device_channel(dev, "temperature", ERG_TEMPERATURE, ERG_INSTANT);
    }
    return erg_fail(err, ERG_NOT_FOUND, "%s has no readable thermometer", dev->argument);
}

static const struct { const char *sensor; bool (*open)(erg_device *dev, erg_error *err); }
sensors[] = {
    { "power", power_open },
    { "energy", energy_open },
    { "in", rail_open },
    { "temp", temperature_open },
};

static bool hwmon_open(erg_device *dev, erg_error *err)
{
    const char *sensor = strrchr(dev->argument, '/') + 1;

    if (!erg_device_state(dev, sizeof(hwmon), err))
        return false;
    for (size_t i = 0; i < ERG_COUNT(sensors); i++)
        if (strncmp(sensor, sensors[i].sensor, strlen(sensors[i].sensor)) == 0)
            return sensors[i].open(dev, err);
    return erg_fail(err, ERG_UNSUPPORTED, "%s is no sensor that erg reads", dev->argument);
}

/* ---- read ------------------------------------------------------------------ */

static bool hwmon_read(erg_device *dev, size_t channel, erg_reading *out, erg_error *err)
{
    const hwmon_input *input = &((const hwmon *)dev->own)->inputs[channel];
    int64_t raw, current = 1;
    bool good = erg_read_i64(input->fd, &raw, NULL)
        && (input->current_fd < 0 || erg_read_i64(input->current_fd, &current, NULL));

    (void)err;
    erg_reading_put(out, good ? (double)raw * (double)current * input->scale + input->offset
                              : NAN);
    return true;
}

static void hwmon_close(erg_device *dev)
{
    const hwmon *state = dev->own;

    for (size_t i = 0; i < state->count; i++) {
        close(state->inputs[i].fd);
        if (state->inputs[i].current_fd >= 0)
            close(state->inputs[i].current_fd);
    }
}

const erg_driver erg_driver_hwmon = {
    .name = "hwmon",
    .about = "power, energy and temperature chips known to Linux (hwmon)",
    .find = hwmon_find,
    .open = hwmon_open,
    .read = hwmon_read,
    .close = hwmon_close,
};

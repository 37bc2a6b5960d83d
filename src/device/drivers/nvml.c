/* SPDX-License-Identifier: Apache-2.0 */
/*
 * NVIDIA GPUs through NVML: reading needs no right, and no state is kept awake.
 *
 * One call has two meanings: PowerUsage is a 1 s mean on Ampere (GA100 apart) and
 * later, and nearly instant on GA100 and before. The energy counter restarts at 0
 * with the driver and never wraps.
 */
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include "device/drivers/nvml.h"
#include "device/drivers/nvml_child.h"
#include "device/drivers/vendor.h"
#include "trace/sensor.h"

/* ---- what the readings mean --------------------------------------------- */

static bool is_ga100(const char *model)
{
    static const char *const names[] = { "A100", "A800", "A30" };
    for (size_t i = 0; i < ERG_COUNT(names); i++) {
        const char *found = strstr(model, names[i]);
        /* A3000 is another chip. */
        if (found && !(found[strlen(names[i])] >= '0' && found[strlen(names[i])] <= '9'))
            return true;
    }
    return false;
}

/* This one alone gave the instant value by PowerUsage on every GPU. */
enum { all_instant_driver = 530 };
/* "Accurate to within +/- 5 watts": nvidia-smi in the days of Fermi and Kepler. */
static const double old_offset_u_w = 5;
/* Between these some fields have other numbers: nvml_read.c. */
enum { first_renumbered = 575, first_back = 590 };

static bool is_superchip(const char *model)
{
    return strstr(model, "GH200") || strstr(model, "GB200") || strstr(model, "GB300");
}

/* The buffer holds what PowerUsage gives. */
static const nvml_quantity buffered = { "power_samples", ERG_POWER, ERG_INSTANT, NVML_CHIP,
                                        "", 0, 0, NULL };

static void set_facts(const erg_device *dev, const nvml_quantity *row,
                      erg_channel_info *channel)
{
    const nvml *own = dev->own;
    bool is_average = channel->kind == ERG_SMOOTHED;
    bool is_instant = own->has_instant && row != &buffered;
    erg_reading_option option = is_average   ? ERG_POWER_AVERAGE
                                : is_instant ? ERG_POWER_INSTANT
                                             : ERG_POWER_DRAW;
    erg_sensor_facts facts;

    channel->gain_u = 0.05; /* boards differ by this much: Yang 2024 */
    if (own->architecture > 0 && own->architecture <= NVML_KEPLER)
        channel->offset_u = old_offset_u_w;
    if (erg_sensor_lookup(dev->info.model, own->driver_version, option, &facts)) {
        channel->kind = facts.kind;
        channel->update_s = facts.update_s;
        channel->window_s = facts.window_s;
        channel->delay_s = isnan(facts.delay_s) ? 0 : facts.delay_s;
        channel->gain_u = facts.gain_u;
    } else if (is_average
               || (option == ERG_POWER_DRAW && own->architecture >= NVML_AMPERE
                   && !is_ga100(dev->info.model)
                   && atoi(own->driver_version) != all_instant_driver)) {
        channel->kind = ERG_SMOOTHED;
        channel->update_s = 0.1;
        channel->window_s = 1;
    }
}

static void set_channel(erg_device *dev, const nvml_quantity *row,
                        erg_channel_info *channel)
{
    nvml *own = dev->own;
    double limit_w;

    own->rows[dev->channel_count - 1] = row;
    if (*row->unit)
        erg_text_put(channel->unit, sizeof(channel->unit), row->unit);
    if (row->quantity == ERG_POWER)
        set_facts(dev, row, channel);
    if (row->scope == NVML_MODULE)
        channel->scope = ERG_SCOPE_MODULE;
    else if (row->scope == NVML_MEMORY)
        channel->scope = ERG_SCOPE_MEMORY;
    if (row->quantity == ERG_ENERGY) {
        channel->update_s = 0.1; /* 20 to 100 ms by board: the widest */
        channel->resolution = 1e-3;
        channel->gain_u = 0.05;
        if (is_superchip(dev->info.model))
            channel->scope = ERG_SCOPE_MODULE;
    }
    if (erg_has_joules(row->quantity)
        && nvml_read_limit(own, &limit_w) == NVML_DONE)
        channel->max_w = 2 * limit_w; /* short peaks pass the limit */
}

/* ---- find, open, read, close -------------------------------------------- */

static void learn_text(unsigned (*call)(nvml_handle, char *, unsigned), nvml_handle gpu,
                       char *to, unsigned size)
{
    if (!call || call(gpu, to, size) != NVML_DONE)
        to[0] = '\0';
}

static bool add_gpu(erg_devices *found, unsigned index, nvml_handle gpu, erg_error *err)
{
    char name[32];
    snprintf(name, sizeof(name), "nvml:%u", index);
    erg_device *dev = erg_devices_add(found, &erg_driver_nvml, name, err);
    nvml *own = dev ? erg_device_state(dev, sizeof(*own), err) : NULL;

    if (!own || !nvml_api_open(dev->env, &own->api, err))
        return false;
    own->gpu = gpu;
    learn_text(own->api.name, gpu, dev->info.model, sizeof(dev->info.model));
    learn_text(own->api.uuid, gpu, dev->info.uuid, sizeof(dev->info.uuid));
    dev->info.scope = is_superchip(dev->info.model) ? ERG_SCOPE_CHIP : ERG_SCOPE_BOARD;
    return true;
}

static bool add_asked(erg_devices *found, const nvml_api *api, const char *argument,
                      erg_error *err)
{
    double number;
    nvml_handle gpu;
    unsigned code, index = 0;
    bool is_uuid = !erg_number_parse(argument, strlen(argument), '.', &number);

    if (!is_uuid && !(number >= 0 && number < 4096 && number == floor(number)))
        return erg_fail(err, ERG_BAD_INPUT,
                        "nvml:%s is neither a GPU's number nor its uuid", argument);
    if (is_uuid)
        code = api->by_uuid ? api->by_uuid(argument, &gpu) : NVML_NOT_SUPPORTED;
    else
        code = api->by_index(index = (unsigned)number, &gpu);
    if (code != NVML_DONE)
        return erg_devices_absent(found, &erg_driver_nvml, ERG_ABSENT, err,
                                  "there is no GPU %s (NVML code %u): nvidia-smi -L lists "
                                  "those that are there",
                                  argument, code);
    if (is_uuid && api->index)
        api->index(gpu, &index);
    return add_gpu(found, index, gpu, err);
}

static bool add_closed(erg_devices *found, unsigned index, unsigned code, erg_error *err)
{
    erg_state state = code == NVML_NO_PERMISSION ? ERG_DENIED : ERG_BROKEN;
    return erg_devices_absent(found, &erg_driver_nvml, state, err,
                              "GPU %u cannot be opened (NVML code %u): ask for access to "
                              "/dev/nvidia%u",
                              index, code, index);
}

static bool add_all(erg_devices *found, const nvml_api *api, erg_error *err)
{
    unsigned count = 0, code = api->count(&count);
    if (code != NVML_DONE || count == 0)
        return erg_devices_absent(found, &erg_driver_nvml, ERG_ABSENT, err,
                                  "NVML works but lists no GPU (code %u): check that the "
                                  "container or job was given one",
                                  code);
    for (unsigned i = 0; i < count; i++) {
        nvml_handle gpu;
        code = api->by_index(i, &gpu);
        if (!(code == NVML_DONE ? add_gpu(found, i, gpu, err)
                                : add_closed(found, i, code, err)))
            return false;
    }
    return true;
}

/* NVML cannot be opened: its own tools may know another way. */
static bool find_without(erg_devices *found, const char *argument, const erg_error *fault,
                         erg_error *err)
{
    size_t count = 0;

    if (!nvml_child_find(found, argument && *argument ? argument : NULL, &count, err))
        return false;
    return count > 0 || vendor_absent(found, &erg_driver_nvml, fault, err);
}

typedef struct sleepers {
    const erg_env *env;
    size_t count, asleep;
} sleepers;

static bool count_sleeper(void *self, const char *path)
{
    sleepers *seen = self;
    char file[ERG_PATH_MOST], status[32];

    snprintf(file, sizeof(file), "%.400s/power/runtime_status", path);
    seen->count++;
    seen->asleep += erg_env_line(seen->env, file, status, sizeof(status), NULL)
                    && strcmp(status, "suspended") == 0;
    return true;
}

/* nvmlInit wakes a GPU that Linux has put to sleep (laptops): looking must not. */
static bool all_sleep(const erg_devices *found)
{
    sleepers seen = { .env = erg_devices_env(found) };
    return erg_devices_match(found, "/sys/bus/pci/drivers/nvidia/*:*", count_sleeper, &seen,
                             NULL)
           && seen.count > 0 && seen.asleep == seen.count;
}

static bool nvml_find(erg_devices *found, const char *argument, erg_error *err)
{
    erg_error fault = { 0 };
    nvml_api api;

    if (!argument && all_sleep(found))
        return erg_devices_absent(found, &erg_driver_nvml, ERG_ABSENT, err,
                                  "the NVIDIA GPU sleeps and looking would wake it: to "
                                  "measure it all the same, say --sensor nvml");
    if (!nvml_api_open(erg_devices_env(found), &api, &fault))
        return find_without(found, argument, &fault, err);
    bool good = argument && *argument ? add_asked(found, &api, argument, err)
                                      : add_all(found, &api, err);
    nvml_api_close(&api);
    return good;
}

static void learn(erg_device *dev)
{
    nvml *own = dev->own;
    unsigned now = 0, pending = 0;
    double ignored;

    if (!own->api.driver
        || own->api.driver(own->driver_version, sizeof(own->driver_version)) != NVML_DONE)
        own->driver_version[0] = '\0';
    erg_text_put(dev->info.driver_version, sizeof(dev->info.driver_version),
                 own->driver_version);
    int branch = atoi(own->driver_version);
    own->is_renumbered = branch >= first_renumbered && branch < first_back;
    if (!own->api.architecture
        || own->api.architecture(own->gpu, &own->architecture) != NVML_DONE)
        own->architecture = 0;
    own->has_instant = nvml_read_field(own, NVML_FIELD_INSTANT, 0, &ignored) == NVML_DONE;
    /* Each instance of a split GPU repeats the power of the whole. */
    dev->info.shared =
        own->api.mig && own->api.mig(own->gpu, &now, &pending) == NVML_DONE && now;
}

/* Before the power that is polled, so that it is taken first. What a mean of a second
 * leaves in a buffer shows less than the instant value. */
static bool add_buffer(erg_device *dev, erg_error *err)
{
    nvml *own = dev->own;

    if (!nvml_samples_open(own, err))
        return false;
    if (!nvml_samples_are_dense(own))
        return true;
    erg_channel_info *channel =
        erg_device_channel(dev, buffered.name, buffered.quantity, buffered.kind);
    set_channel(dev, &buffered, channel);
    bool is_sparse =
        channel->update_s > 0 && own->samples.interval_s > 1.5 * channel->update_s;
    channel->update_s = own->samples.interval_s;
    if (is_sparse || (channel->kind == ERG_SMOOTHED && own->has_instant))
        dev->channel_count--;
    else
        own->samples.channel = dev->channel_count - 1;
    return true;
}

static bool nvml_open(erg_device *dev, erg_error *err)
{
    nvml *own = dev->own;
    bool has_joules = false;

    learn(dev);
    if (!add_buffer(dev, err))
        return false;
    for (size_t i = 0; i < nvml_quantity_count; i++) {
        const nvml_quantity *row = &nvml_quantities[i];
        double ignored;
        unsigned code = nvml_read(own, row, &ignored);
        if (code == NVML_LOST)
            return erg_fail(err, ERG_IO, "%s has fallen off the bus: restart the machine",
                            dev->info.name);
        bool is_other = row->scope == NVML_MODULE && !is_superchip(dev->info.model);
        if (code == NVML_NOT_SUPPORTED || is_other)
            continue;
        has_joules |= erg_has_joules(row->quantity);
        set_channel(dev, row, erg_device_channel(dev, row->name, row->quantity, row->kind));
    }
    if (!has_joules)
        return erg_fail(err, ERG_UNSUPPORTED,
                        "NVML answers NotSupported for power and energy of %s: "
                        "on Jetson (Tegra) use --sensor hwmon, which reads its INA3221",
                        dev->info.model[0] ? dev->info.model : dev->info.name);
    if (!nvml_gpm_open(dev, err))
        return false;
    bool may_count = own->architecture >= NVML_VOLTA && !own->gpm.samples[0];
    own->dcgmi.first_channel = SIZE_MAX;
    return (!may_count
            || nvml_dcgmi_open(&own->dcgmi, dev, dev->info.name + strlen("nvml:"), err))
           && nvml_add_knobs(dev, err);
}

static bool read_channel(erg_device *dev, size_t channel, erg_reading *out, erg_error *err)
{
    nvml *own = dev->own;
    const nvml_quantity *row = own->rows[channel];
    bool is_activity = !row;
    double value = NAN;

    if (channel >= own->dcgmi.first_channel) {
        nvml_dcgmi_read(&own->dcgmi, dev->env, channel, out);
        return true;
    }
    bool is_many = is_activity || row == &buffered;
    unsigned code = is_activity ? nvml_gpm_read(dev, channel, out)
                    : is_many   ? nvml_samples_read(dev, out)
                                : nvml_read(own, row, &value);

    if (code == NVML_LOST)
        return erg_fail(err, ERG_IO, "%s has fallen off the bus: restart the machine",
                        dev->info.name);
    if (!is_many)
        erg_reading_put(out, code == NVML_DONE ? value : NAN);
    return true;
}

static void nvml_close(erg_device *dev)
{
    nvml *own = dev->own;
    nvml_gpm_close(own);
    nvml_samples_close(own);
    nvml_dcgmi_stop(&own->dcgmi);
    nvml_api_close(&own->api);
}

const erg_driver erg_driver_nvml = {
    .name = "nvml",
    .about = "NVIDIA GPUs (libnvidia-ml.so.1)",
    .find = nvml_find,
    .open = nvml_open,
    .read = read_channel,
    .close = nvml_close,
    .save = nvml_save,
    .turn = nvml_turn,
    .put_back = nvml_put_back,
    .has_others = nvml_has_others,
};

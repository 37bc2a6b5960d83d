/* SPDX-License-Identifier: Apache-2.0 */
/*
 * GPUs through Level Zero's sysman (Intel): energy counter, clocks, temperatures, limits.
 *
 * A GPU has power domains inside each other: the whole card is read where it is metered,
 * else the package. There is nothing to close: the library lives until it is let go.
 */
#include <math.h>
#include <string.h>
#include "device/drivers/levelzero.h"
#include "device/drivers/vendor.h"

enum { DRIVERS_MOST = 8, DEVICES_MOST = 64 };
static const double update_s = 0.001;

#define SLOT(member) offsetof(levelzero_api, member)
static const erg_symbol symbols[] = {
    { "zesInit", SLOT(init), true },
    { "zesDriverGet", SLOT(drivers), true },
    { "zesDeviceGet", SLOT(devices), true },
    { "zesDeviceGetProperties", SLOT(device), true },
    { "zesDevicePciGetProperties", SLOT(pci), false },
    { "zesDeviceEnumPowerDomains", SLOT(powers), false },
    { "zesPowerGetProperties", SLOT(power), false },
    { "zesPowerGetEnergyCounter", SLOT(energy), false },
    { "zesPowerGetLimitsExt", SLOT(limits), false },
    { "zesPowerSetLimitsExt", SLOT(set_limits), false },
    { "zesDeviceEnumTemperatureSensors", SLOT(thermometers), false },
    { "zesTemperatureGetProperties", SLOT(thermometer), false },
    { "zesTemperatureGetState", SLOT(celsius), false },
    { "zesDeviceEnumFrequencyDomains", SLOT(clocks), false },
    { "zesFrequencyGetProperties", SLOT(clock), false },
    { "zesFrequencyGetState", SLOT(clock_now), false },
    { "zesFrequencyGetRange", SLOT(range), false },
    { "zesFrequencySetRange", SLOT(set_range), false },
    { "zesFrequencyGetAvailableClocks", SLOT(clock_list), false },
};

static const vendor_library library = {
    .names = { "libze_loader.so.1", "libze_loader.so" },
    .rooted = "/usr/lib/libze_loader.so.1",
    .signs = { "/sys/module/xe", "/sys/module/i915", "/dev/dxg" },
    .unloaded = "no Intel GPU is driven here (neither /sys/module/xe nor /sys/module/i915 "
                "is there): on a machine with one load its driver (modprobe xe, or i915)",
    .symbols = symbols,
    .symbol_count = ERG_COUNT(symbols),
    .name = "libze_loader.so.1",
    .install = "on a machine with Intel GPUs install the Level Zero loader (libze1) and "
               "libze-intel-gpu1; without it hwmon reads some of them",
    .update = "update the Level Zero loader to 1.10 or later",
};

/* ---- find ------------------------------------------------------------------------ */

static bool api_open(const erg_env *env, levelzero_api *out, erg_error *err)
{
    *out = (levelzero_api){ 0 };
    out->library = vendor_open(env, &library, out, err);
    unsigned code = out->library ? out->init(0) : 0;
    if (!out->library || code == 0)
        return out->library;
    erg_library_close(out->library);
    *out = (levelzero_api){ 0 };
    return erg_fail(err, code == LEVELZERO_NO_PERMISSION ? ERG_NO_ACCESS : ERG_NOT_FOUND,
                    "Level Zero is here and finds no GPU (code 0x%x): install "
                    "libze-intel-gpu1, or ask for access to /dev/dri (group render)",
                    code);
}

static size_t gpus_of(const levelzero_api *api, levelzero_handle driver,
                      levelzero_handle gpus[], size_t count)
{
    levelzero_handle some[DEVICES_MOST];
    uint32_t have = DEVICES_MOST;

    if (api->devices(driver, &have, some) != 0)
        return count;
    for (uint32_t i = 0; i < have && i < DEVICES_MOST && count < DEVICES_MOST; i++) {
        levelzero_device facts = { .kind = LEVELZERO_DEVICE };
        if (api->device(some[i], &facts) == 0 && facts.core.type == LEVELZERO_IS_GPU)
            gpus[count++] = some[i];
    }
    return count;
}

static size_t gpus_find(const levelzero_api *api, levelzero_handle gpus[DEVICES_MOST])
{
    levelzero_handle drivers[DRIVERS_MOST];
    uint32_t have = DRIVERS_MOST;
    size_t count = 0;

    if (api->drivers(&have, drivers) != 0)
        return 0;
    for (uint32_t i = 0; i < have && i < DRIVERS_MOST; i++)
        count = gpus_of(api, drivers[i], gpus, count);
    return count;
}

static void learn(erg_device *dev)
{
    const levelzero *own = dev->own;
    levelzero_device facts = { .kind = LEVELZERO_DEVICE };
    levelzero_pci pci = { .kind = LEVELZERO_PCI };

    if (own->api.device(own->gpu, &facts) != 0)
        return;
    for (size_t i = 0; i < sizeof(facts.core.uuid); i++)
        snprintf(dev->info.uuid + 2 * i, 3, "%02x", facts.core.uuid[i]);
    bool has_name = facts.core.name[0] && strcmp(facts.core.name, "unknown") != 0;
    snprintf(dev->info.model, sizeof(dev->info.model), "%.63s",
             has_name ? facts.core.name : "GPU of Level Zero");
    snprintf(dev->info.driver_version, sizeof(dev->info.driver_version), "%.31s",
             facts.driver);
    if (own->api.pci && own->api.pci(own->gpu, &pci) == 0)
        snprintf(dev->pci, sizeof(dev->pci), "%04x:%02x:%02x.%x", pci.domain & 0xffff,
                 pci.bus & 0xff, pci.slot & 0x1f, pci.function & 7);
}

static bool gpu_add(erg_devices *found, levelzero_handle gpu, size_t index, erg_error *err)
{
    char name[32];

    snprintf(name, sizeof(name), "levelzero:%zu", index);
    erg_device *dev = erg_devices_add(found, &erg_driver_levelzero, name, err);
    levelzero *own = dev ? erg_device_state(dev, sizeof(*own), err) : NULL;
    if (!own || !api_open(dev->env, &own->api, err))
        return false;
    own->gpu = gpu;
    learn(dev);
    return true;
}

static bool levelzero_find(erg_devices *found, const char *argument, erg_error *err)
{
    levelzero_handle gpus[DEVICES_MOST];
    erg_error fault = { 0 };
    levelzero_api api;
    double wanted;
    bool good = true;

    if (!vendor_number(&erg_driver_levelzero, argument, &wanted, err))
        return false;
    if (!api_open(erg_devices_env(found), &api, &fault))
        return vendor_absent(found, &erg_driver_levelzero, &fault, err);
    size_t count = gpus_find(&api, gpus), added = 0;
    for (size_t i = 0; good && i < count; i++)
        if (isnan(wanted) || wanted == (double)i) {
            good = gpu_add(found, gpus[i], i, err);
            added++;
        }
    erg_library_close(api.library);
    return good
           && (added > 0
               || erg_devices_absent(found, &erg_driver_levelzero, ERG_ABSENT, err,
                                     "Level Zero lists %zu GPUs, counted from 0%s", count,
                                     count ? ", and none is the one asked for"
                                           : ": ask for access to /dev/dri"));
}

/* ---- open, read, close ----------------------------------------------------------- */

/* How much of the GPU a domain holds; 0: a part of it, or it does not count. */
static int rank_of(const levelzero *own, levelzero_handle power)
{
    levelzero_domain domain = { .kind = LEVELZERO_DOMAIN };
    levelzero_power facts = { .kind = LEVELZERO_POWER, .next = &domain };
    levelzero_energy now;

    if (!own->api.energy || own->api.energy(power, &now) != 0)
        return 0;
    if (!own->api.power || own->api.power(power, &facts) != 0)
        return 1;
    if (facts.on_part)
        return 0;
    return domain.covers == LEVELZERO_CARD ? 3 : domain.covers == LEVELZERO_PACKAGE ? 2 : 1;
}

static void pick_power(levelzero *own)
{
    levelzero_handle some[LEVELZERO_DOMAINS];
    uint32_t have = LEVELZERO_DOMAINS;
    int best = 0;

    if (!own->api.powers || own->api.powers(own->gpu, &have, some) != 0)
        return;
    for (uint32_t i = 0; i < have && i < LEVELZERO_DOMAINS; i++) {
        int rank = rank_of(own, some[i]);
        if (rank > best) {
            best = rank;
            own->power = some[i];
        }
    }
    own->is_card = best == 3;
}

/* The first of each kind: the whole's, where parts have their own. */
static void pick_clocks(levelzero *own)
{
    levelzero_handle some[LEVELZERO_DOMAINS];
    uint32_t have = LEVELZERO_DOMAINS;

    if (!own->api.clocks || !own->api.clock || own->api.clocks(own->gpu, &have, some) != 0)
        return;
    for (uint32_t i = 0; i < have && i < LEVELZERO_DOMAINS; i++) {
        levelzero_clock facts = { .kind = LEVELZERO_CLOCK };
        if (own->api.clock(some[i], &facts) == 0 && facts.of < ERG_COUNT(own->clocks)
            && !own->clocks[facts.of])
            own->clocks[facts.of] = some[i];
    }
}

static void pick_heat(levelzero *own)
{
    levelzero_handle some[LEVELZERO_DOMAINS];
    uint32_t have = LEVELZERO_DOMAINS;

    if (!own->api.thermometers || !own->api.thermometer
        || own->api.thermometers(own->gpu, &have, some) != 0)
        return;
    for (uint32_t i = 0; i < have && i < LEVELZERO_DOMAINS; i++) {
        levelzero_thermometer facts = { .kind = LEVELZERO_THERMOMETER };
        if (own->api.thermometer(some[i], &facts) == 0 && facts.of < ERG_COUNT(own->heat)
            && !own->heat[facts.of])
            own->heat[facts.of] = some[i];
    }
}

static bool levelzero_open(erg_device *dev, erg_error *err)
{
    levelzero *own = dev->own;

    pick_power(own);
    pick_clocks(own);
    pick_heat(own);
    if (!own->power)
        return erg_fail(
            err, ERG_UNSUPPORTED,
            "Level Zero meters no power domain of %s: the "
            "kernel driver (i915, xe) tells no energy of it, or reading it needs "
            "root",
            dev->info.model[0] ? dev->info.model : dev->info.name);
    dev->info.scope = own->is_card ? ERG_SCOPE_BOARD : ERG_SCOPE_CHIP;
    own->last_w = NAN;
    for (size_t i = 0; i < levelzero_quantity_count; i++) {
        const levelzero_quantity *row = &levelzero_quantities[i];
        bool has_joules = row->quantity == ERG_POWER; /* a first look tells no power */
        if (isnan(row->read(own, row->which)) && !has_joules)
            continue;
        own->rows[dev->channel_count] = row;
        erg_channel_info *channel =
            erg_device_channel(dev, row->name, row->quantity, row->kind);
        if (row->quantity == ERG_ENERGY)
            channel->update_s = update_s;
        if (strcmp(row->name, "throttle") == 0)
            erg_text_put(channel->unit, sizeof(channel->unit), "bits");
    }
    return levelzero_add_knobs(dev, err);
}

static bool levelzero_read(erg_device *dev, size_t channel, erg_reading *out,
                           erg_error *err)
{
    levelzero *own = dev->own;

    (void)err;
    erg_reading_put(out, own->rows[channel]->read(own, own->rows[channel]->which));
    return true;
}

static void levelzero_close(erg_device *dev)
{
    erg_library_close(((levelzero *)dev->own)->api.library);
}

const erg_driver erg_driver_levelzero = {
    .name = "levelzero",
    .about = "GPUs through Level Zero sysman (libze_loader.so.1)",
    .better = "the energy counter, the power limit and the clock",
    .find = levelzero_find,
    .open = levelzero_open,
    .read = levelzero_read,
    .close = levelzero_close,
    .save = levelzero_save,
    .turn = levelzero_turn,
    .put_back = levelzero_put_back,
};

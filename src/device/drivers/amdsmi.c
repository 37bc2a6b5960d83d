/* SPDX-License-Identifier: Apache-2.0 */
/*
 * AMD GPUs through AMD SMI: energy counter, power, clocks, temperatures, power cap.
 *
 * Init is not counted by the library, and shutting down for one card would end the others:
 * nothing shuts it down but the end of the process.
 */
#include <inttypes.h>
#include <math.h>
#include <string.h>
#include <unistd.h>
#include "device/drivers/amdsmi.h"
#include "device/drivers/vendor.h"

enum { SOCKETS_MOST = 64, GPUS_MOST = 64, PER_SOCKET = 64 };
static const double update_s = 0.001, wait_s = 0.05; /* one that lives has moved by then */

#define SLOT(member) offsetof(amdsmi_api, member)
static const erg_symbol symbols[] = {
    { "amdsmi_init", SLOT(init), true },
    { "amdsmi_get_socket_handles", SLOT(sockets), true },
    { "amdsmi_get_processor_handles", SLOT(processors), true },
    { "amdsmi_get_gpu_device_bdf", SLOT(pci), true },
    { "amdsmi_get_lib_version", SLOT(version), false },
    { "amdsmi_get_processor_type", SLOT(kind), false },
    { "amdsmi_get_gpu_device_uuid", SLOT(uuid), false },
    { "amdsmi_get_gpu_asic_info", SLOT(chip), false },
    { "amdsmi_get_energy_count", SLOT(energy), false },
    { "amdsmi_get_power_info", SLOT(power), false },
    { "amdsmi_get_clock_info", SLOT(clock), false },
    { "amdsmi_get_temp_metric", SLOT(temperature), false },
    { "amdsmi_get_gpu_activity", SLOT(use), false },
    { "amdsmi_get_power_cap_info", SLOT(cap), false },
    { "amdsmi_set_power_cap", SLOT(set_cap), false },
};

static const vendor_library library = {
    .names = { "libamd_smi.so.26", "libamd_smi.so.25", "libamd_smi.so.24",
               "libamd_smi.so" },
    .rooted = "/opt/rocm/lib/libamd_smi.so",
    .signs = { "/sys/module/amdgpu" },
    .unloaded = "no AMD GPU is driven here (/sys/module/amdgpu is missing): on a machine "
                "with one load its driver (modprobe amdgpu)",
    .symbols = symbols,
    .symbol_count = ERG_COUNT(symbols),
    .name = "libamd_smi.so",
    .install = "on a machine with AMD GPUs install amd-smi-lib of ROCm; without it the "
               "driver amdgpu reads their files",
    .update = "update ROCm to 6.0 or later",
};

/* ---- find -------------------------------------------------------------------- */

static bool api_open(const erg_env *env, amdsmi_api *out, erg_error *err)
{
    *out = (amdsmi_api){ 0 };
    out->library = vendor_open(env, &library, out, err);
    int code = out->library ? out->init(AMDSMI_GPUS) : 0;
    if (!out->library || code == 0)
        return out->library;
    erg_library_close(out->library);
    *out = (amdsmi_api){ 0 };
    return erg_fail(err, code == AMDSMI_NO_PERMISSION ? ERG_NO_ACCESS : ERG_NOT_FOUND,
                    "libamd_smi.so is here and finds no AMD GPU (code %d): load its driver "
                    "(modprobe amdgpu), or ask for access to /dev/kfd and /dev/dri",
                    code);
}

typedef struct board {
    amdsmi_handle gpu;
    uint64_t address;
} board;

/* Partitions of a card differ in the function alone: they share its joules. */
static bool is_seen(const board boards[], size_t count, uint64_t address)
{
    for (size_t i = 0; i < count; i++)
        if (boards[i].address >> 3 == address >> 3)
            return true;
    return false;
}

static size_t boards_of(const amdsmi_api *api, amdsmi_handle socket, board boards[],
                        size_t count)
{
    amdsmi_handle gpus[PER_SOCKET];
    uint32_t some = PER_SOCKET;

    if (api->processors(socket, &some, gpus) != 0)
        return count;
    for (uint32_t i = 0; i < some && i < PER_SOCKET && count < GPUS_MOST; i++) {
        int kind = AMDSMI_IS_GPU;
        board one = { .gpu = gpus[i] };
        if ((api->kind && (api->kind(gpus[i], &kind) != 0 || kind != AMDSMI_IS_GPU))
            || api->pci(gpus[i], &one.address) != 0 || is_seen(boards, count, one.address))
            continue;
        boards[count++] = one;
    }
    return count;
}

static size_t boards_find(const amdsmi_api *api, board boards[GPUS_MOST])
{
    amdsmi_handle sockets[SOCKETS_MOST];
    uint32_t some = SOCKETS_MOST;
    size_t count = 0;

    if (api->sockets(&some, sockets) != 0)
        return 0;
    for (uint32_t i = 0; i < some && i < SOCKETS_MOST; i++)
        count = boards_of(api, sockets[i], boards, count);
    return count;
}

static void learn(erg_device *dev, const board *one)
{
    const amdsmi *own = dev->own;
    unsigned size = sizeof(dev->info.uuid);
    amdsmi_room got = { 0 };

    snprintf(dev->pci, sizeof(dev->pci), "%04x:%02x:%02x.%x",
             (unsigned)(one->address >> 16 & 0xffff), (unsigned)(one->address >> 8 & 0xff),
             (unsigned)(one->address >> 3 & 0x1f), (unsigned)(one->address & 7));
    if (!own->api.uuid || own->api.uuid(own->gpu, &size, dev->info.uuid) != 0)
        erg_text_put(dev->info.uuid, sizeof(dev->info.uuid), dev->pci);
    dev->info.uuid[sizeof(dev->info.uuid) - 1] = '\0';
    if (own->api.chip && own->api.chip(own->gpu, &got) == 0 && got.name[0])
        snprintf(dev->info.model, sizeof(dev->info.model), "%.63s", got.name);
    else
        erg_text_put(dev->info.model, sizeof(dev->info.model), "AMD GPU");
}

static bool board_add(erg_devices *found, const board *one, size_t index, erg_error *err)
{
    char name[32];

    snprintf(name, sizeof(name), "amdsmi:%zu", index);
    erg_device *dev = erg_devices_add(found, &erg_driver_amdsmi, name, err);
    amdsmi *own = dev ? erg_device_state(dev, sizeof(*own), err) : NULL;
    if (!own || !api_open(dev->env, &own->api, err))
        return false;
    own->gpu = one->gpu;
    dev->info.scope = ERG_SCOPE_BOARD;
    learn(dev, one);
    return true;
}

static bool amdsmi_find(erg_devices *found, const char *argument, erg_error *err)
{
    board boards[GPUS_MOST];
    erg_error fault = { 0 };
    amdsmi_api api;
    double wanted;
    bool good = true;

    if (!vendor_number(&erg_driver_amdsmi, argument, &wanted, err))
        return false;
    if (!api_open(erg_devices_env(found), &api, &fault))
        return vendor_absent(found, &erg_driver_amdsmi, &fault, err);
    size_t count = boards_find(&api, boards), added = 0;
    for (size_t i = 0; good && i < count; i++)
        if (isnan(wanted) || wanted == (double)i) {
            good = board_add(found, &boards[i], i, err);
            added++;
        }
    erg_library_close(api.library);
    return good
           && (added > 0
               || erg_devices_absent(found, &erg_driver_amdsmi, ERG_ABSENT, err,
                                     "AMD SMI lists %zu GPUs, counted from 0%s", count,
                                     count ? ", and none is the one asked for"
                                           : ": check that the container was given "
                                             "/dev/kfd and /dev/dri"));
}

/* ---- open, read, close --------------------------------------------------------- */

/* One that stands still is no counter (the odd die of an MI250). */
static bool counter_lives(const erg_device *dev)
{
    double begin_j = amdsmi_energy(dev->own, 0);
    int64_t end_ns = erg_env_now_ns(dev->env) + erg_ns_from_s(wait_s);

    while (!isnan(begin_j) && erg_env_now_ns(dev->env) < end_ns) {
        if (amdsmi_energy(dev->own, 0) > begin_j)
            return true;
        erg_env_sleep_until_ns(dev->env, erg_env_now_ns(dev->env) + 5 * ERG_NS_PER_MS);
    }
    return false;
}

static void cap_add(erg_device *dev)
{
    const amdsmi *own = dev->own;
    amdsmi_room got = { 0 };

    if (isnan(amdsmi_limit(own, 0)) || own->api.cap(own->gpu, 0, &got) != 0
        || !(got.cap.high_uw > 0))
        return;
    erg_device_knob *knob = erg_device_add_knob(dev, ERG_POWER_LIMIT);
    knob->now = amdsmi_limit(own, 0);
    knob->low = amdsmi_watts(got.cap.low_uw);
    knob->high = amdsmi_watts(got.cap.high_uw);
    if (!own->api.set_cap) {
        knob->can_turn = false;
        erg_text_put(knob->reason, sizeof(knob->reason),
                     "this libamd_smi.so has no amdsmi_set_power_cap: update ROCm");
    } else if (geteuid() != 0) {
        erg_text_put(knob->reason, sizeof(knob->reason),
                     "AMD's driver lets root turn it: run erg as root");
    }
}

static bool amdsmi_open(erg_device *dev, erg_error *err)
{
    amdsmi *own = dev->own;
    amdsmi_room got = { 0 };
    bool has_joules = false;

    if (own->api.version && own->api.version(&got) == 0)
        own->year = got.version.year;
    for (size_t i = 0; i < amdsmi_quantity_count; i++) {
        const amdsmi_quantity *row = &amdsmi_quantities[i];
        bool is_energy = row->quantity == ERG_ENERGY;
        if (is_energy ? !counter_lives(dev) : isnan(row->read(own, row->which)))
            continue;
        has_joules |= is_energy || row->quantity == ERG_POWER;
        own->rows[dev->channel_count] = row;
        erg_channel_info *channel =
            erg_device_channel(dev, row->name, row->quantity, row->kind);
        if (is_energy)
            channel->update_s = update_s;
        if (row->read == amdsmi_limit)
            erg_text_put(channel->unit, sizeof(channel->unit), "W");
    }
    if (!has_joules)
        return erg_fail(err, ERG_UNSUPPORTED,
                        "AMD SMI tells neither energy nor power of %s: "
                        "of an MI250 only the even die is metered, for both; the driver "
                        "amdgpu may know more",
                        dev->info.name);
    cap_add(dev);
    return true;
}

static bool amdsmi_read(erg_device *dev, size_t channel, erg_reading *out, erg_error *err)
{
    const amdsmi *own = dev->own;

    (void)err;
    erg_reading_put(out, own->rows[channel]->read(own, own->rows[channel]->which));
    return true;
}

static void amdsmi_close(erg_device *dev)
{
    erg_library_close(((amdsmi *)dev->own)->api.library);
}

/* ---- the power cap ---------------------------------------------------------------- */

static bool set_cap(const erg_device *dev, double limit_w, erg_error *err)
{
    const amdsmi *own = dev->own;
    int code = own->api.set_cap
                   ? own->api.set_cap(own->gpu, 0, (uint64_t)llround(1e6 * limit_w))
                   : AMDSMI_NOT_SUPPORTED;

    if (code == 0)
        return true;
    if (code == AMDSMI_NO_PERMISSION)
        return erg_fail(err, ERG_NO_ACCESS,
                        "the power limit of %s may be turned by root "
                        "only: run erg as root",
                        dev->info.name);
    return erg_fail(err, code == AMDSMI_NOT_SUPPORTED ? ERG_UNSUPPORTED : ERG_IO,
                    "the power limit of %s cannot be turned to %g W (AMD SMI code %d): "
                    "amd-smi static --limit shows what it allows",
                    dev->info.name, limit_w, code);
}

static bool amdsmi_save(erg_device *dev, erg_knob which, erg_text *to, erg_error *err)
{
    double now_w = amdsmi_limit(dev->own, 0);

    (void)which;
    if (isnan(now_w))
        return erg_fail(err, ERG_IO, "%s does not say its power limit, so it is not turned",
                        dev->info.name);
    erg_text_add(to, "%.6f", now_w);
    return true;
}

static bool amdsmi_turn(erg_device *dev, erg_knob which, double value, double *enforced,
                        erg_error *err)
{
    (void)which;
    if (!set_cap(dev, value, err))
        return false;
    *enforced = amdsmi_limit(dev->own, 0);
    return true;
}

static bool amdsmi_put_back(erg_device *dev, erg_knob which, const char *saved,
                            erg_error *err)
{
    double limit_w;

    (void)which;
    if (!erg_number_parse(saved, strlen(saved), '.', &limit_w)
        || !(limit_w > 0 && limit_w < 1e6))
        return erg_fail(err, ERG_BAD_INPUT, "'%.40s' is no power limit of %s in W", saved,
                        dev->info.name);
    return set_cap(dev, limit_w, err);
}

const erg_driver erg_driver_amdsmi = {
    .name = "amdsmi",
    .about = "AMD GPUs through AMD SMI (libamd_smi.so)",
    .better = "the energy counter and the power limit",
    .find = amdsmi_find,
    .open = amdsmi_open,
    .read = amdsmi_read,
    .close = amdsmi_close,
    .save = amdsmi_save,
    .turn = amdsmi_turn,
    .put_back = amdsmi_put_back,
};

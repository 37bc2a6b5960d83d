/* SPDX-License-Identifier: Apache-2.0 */
/*
 * AMD GPUs: the hwmon files under the card, and the energy counter of ROCm.
 *
 * The power files are moving means of undocumented length: where the counter is
 * there, its slope is the better power. A counter step is 2^-16 J = 15.259 uJ; the
 * library rounds it to 15.3, 0.27 % too much, so its own figure is not used.
 */
#include <fcntl.h>
#include <math.h>
#include <string.h>
#include <unistd.h>
#include "device/driver.h"
#include "device/drivers/vendor.h"

static const double step_j = 0x1p-16, counter_update_s = 0.001;
static const double compare_s = 0.5, most_apart = 0.25;

/* Our own minimal view of rocm_smi.h; 0 is success. */
typedef struct rocm {
    void *library;
    int (*init)(uint64_t flags);
    int (*shut_down)(void);
    int (*count)(uint32_t *count);
    int (*pci_id)(uint32_t index, uint64_t *id);
    int (*energy)(uint32_t index, uint64_t *steps, float *resolution_uj, uint64_t *t_ns);
    bool running;
} rocm;

static const erg_symbol symbols[] = {
    { "rsmi_init", offsetof(rocm, init), true },
    { "rsmi_shut_down", offsetof(rocm, shut_down), true },
    { "rsmi_num_monitor_devices", offsetof(rocm, count), true },
    { "rsmi_dev_pci_id_get", offsetof(rocm, pci_id), true },
    { "rsmi_dev_energy_count_get", offsetof(rocm, energy), true },
};

static const vendor_library library = {
    .names = { "librocm_smi64.so.7", "librocm_smi64.so.1", "librocm_smi64.so" },
    .rooted = "/opt/rocm/lib/librocm_smi64.so",
    .symbols = symbols,
    .symbol_count = ERG_COUNT(symbols),
    .name = "librocm_smi64.so", /* its files say enough without it: no cure is told */
};

/* Thousandths of a degree Celsius. */
#define HEAT(file, name) \
    { "hwmon/" file, name, ERG_TEMPERATURE, ERG_INSTANT, 1e-3, 273.15 }

static const struct amdgpu_file {
    const char *file, *channel;
    erg_quantity quantity;
    erg_kind kind;
    double scale, offset;
} files[] = {
    { "hwmon/power1_average", "power",        ERG_POWER,      ERG_SMOOTHED, 1e-6, 0 },
    { "hwmon/power1_input",   "power",        ERG_POWER,      ERG_SMOOTHED, 1e-6, 0 },
    { "hwmon/power1_cap",     "power_limit",  ERG_OTHER,      ERG_INSTANT,  1e-6, 0 },
    HEAT("temp1_input", "temperature"),
    HEAT("temp2_input", "temperature_junction"),
    HEAT("temp3_input", "temperature_memory"),
    HEAT("temp1_crit", "temperature_limit"),
    { "hwmon/freq1_input",    "sm_clock",     ERG_CLOCK_RATE, ERG_INSTANT,  1, 0 },
    { "hwmon/freq2_input",    "mem_clock",    ERG_CLOCK_RATE, ERG_INSTANT,  1, 0 },
    { "gpu_busy_percent",     "use",          ERG_USE,        ERG_SMOOTHED, 1e-2, 0 },
    { "mem_info_vram_used",   "memory_used",  ERG_BYTES,      ERG_INSTANT,  1, 0 },
    { "mem_info_vram_total",  "memory_total", ERG_BYTES,      ERG_INSTANT,  1, 0 },
};

typedef struct amdgpu {
    rocm smi;
    uint32_t index;             /* of the card in the library */
    size_t energy_channel;      /* SIZE_MAX: there is none */
    struct { int fd; double scale, offset; } inputs[ERG_CHANNELS_MOST];
} amdgpu;

typedef struct amdgpu_search {
    erg_devices *found;
    const char *only;
    erg_error *err;
    int seen;
} amdgpu_search;

/* ---- find ------------------------------------------------------------------ */

/* path: "/sys/class/drm/card0/device/hwmon/hwmon3/name" */
static bool card_add(void *self, const char *path)
{
    amdgpu_search *search = self;
    const erg_env *env = erg_devices_env(search->found);
    const char *end = strstr(path, "/hwmon/");
    char chip[32], name[32], file[ERG_PATH_MOST];

    if (!erg_env_line(env, path, chip, sizeof(chip), NULL) || strcmp(chip, "amdgpu") != 0)
        return true;
    snprintf(name, sizeof(name), "amdgpu:%d", search->seen++);
    if (search->only && strcmp(search->only, name + strlen("amdgpu:")) != 0)
        return true;
    erg_device *dev = erg_devices_add(search->found, &erg_driver_amdgpu, name, search->err);
    if (!dev)
        return false;
    dev->info.scope = ERG_SCOPE_BOARD;
    snprintf(dev->argument, sizeof(dev->argument), "%.*s", (int)(strrchr(path, '/') - path),
             path);
    snprintf(file, sizeof(file), "%.*s/product_name", (int)(end - path), path);
    if (!erg_env_line(env, file, dev->info.model, sizeof(dev->info.model), NULL)
        || !dev->info.model[0])
        erg_text_put(dev->info.model, sizeof(dev->info.model), "AMD GPU");
    snprintf(file, sizeof(file), "%.*s/unique_id", (int)(end - path), path);
    erg_env_line(env, file, dev->info.uuid, sizeof(dev->info.uuid), NULL);
    vendor_pci_of(env, dev->pci, "%.*s", (int)(end - path), path);
    return true;
}

static bool amdgpu_find(erg_devices *found, const char *argument, erg_error *err)
{
    amdgpu_search search = { found, argument && *argument ? argument : NULL, err, 0 };
    size_t first = erg_devices_count(found);

    if (!erg_devices_match(found, "/sys/class/drm/card*/device/hwmon/hwmon*/name", card_add,
                           &search, err))
        return false;
    if (erg_devices_count(found) > first)
        return true;
    if (search.seen)
        return erg_devices_absent(found, &erg_driver_amdgpu, ERG_ABSENT, err,
                                  "there are %d AMD GPUs, counted from 0, "
                                  "and none is \"%.40s\"", search.seen, search.only);
    return erg_devices_absent(found, &erg_driver_amdgpu, ERG_ABSENT, err,
                              "no card in /sys/class/drm has the hwmon chip "
                              "amdgpu: no AMD GPU, or its driver is not "
                              "loaded (modprobe amdgpu)");
}

/* ---- the library ------------------------------------------------------------ */

static void rocm_close(rocm *smi)
{
    if (smi->running)
        smi->shut_down();
    erg_library_close(smi->library);
    *smi = (rocm){ 0 };
}

static bool rocm_open(rocm *smi, const erg_env *env)
{
    smi->library = vendor_open(env, &library, smi, NULL);
    smi->running = smi->library && smi->init(0) == 0;
    return smi->running;
}

/* As the library packs it. */
static bool pci_id_of(const erg_device *dev, uint64_t *id)
{
    unsigned domain, bus, slot, function;
    bool good = sscanf(dev->pci, "%x:%x:%x.%x", &domain, &bus, &slot, &function) == 4;

    if (good)
        *id = (uint64_t)domain << 32 | bus << 8 | slot << 3 | function;
    return good;
}

/* Bits 28-31 of the library's id are the partition of a card. */
static bool rocm_find(amdgpu *card, uint64_t wanted)
{
    uint32_t count = 0;
    uint64_t id;

    if (card->smi.count(&count) != 0)
        return false;
    for (card->index = 0; card->index < count; card->index++)
        if (card->smi.pci_id(card->index, &id) == 0
            && (id & ~UINT64_C(0xf0000000)) == wanted)
            return true;
    return false;
}

static double energy_read(const amdgpu *card)
{
    uint64_t steps, t_ns;
    float resolution_uj;

    return card->smi.energy(card->index, &steps, &resolution_uj, &t_ns) == 0
         ? step_j * (double)steps : NAN;
}

/* A counter that does not move is no counter (the odd die of an MI250). */
static bool counter_lives(const erg_device *dev, const amdgpu *card, double power_w)
{
    double begin_j = energy_read(card);
    int64_t begin_ns = erg_env_now_ns(dev->env);

    if (isnan(begin_j))
        return false;
    erg_env_sleep_until_ns(dev->env, begin_ns + erg_ns_from_s(compare_s));
    double rise_j = energy_read(card) - begin_j;
    double counted_w = rise_j / erg_s_from_ns(erg_env_now_ns(dev->env) - begin_ns);
    if (!(rise_j > 0))
        return false;
    if (fabs(counted_w - power_w) > most_apart * power_w)
        erg_env_log(dev->env, ERG_WARNING,
                    "%s: its counter rises by %.3g W while its power file "
                    "says %.3g W", dev->info.name, counted_w, power_w);
    return true;
}

/* ---- open, read ------------------------------------------------------------- */

static double input_read(const amdgpu *card, size_t channel, erg_quantity quantity)
{
    int64_t raw;

    if (!erg_read_i64(card->inputs[channel].fd, &raw, NULL)
        || (quantity == ERG_POWER && raw == 0))     /* a die that is metered elsewhere */
        return NAN;
    return (double)raw * card->inputs[channel].scale + card->inputs[channel].offset;
}

static bool has_channel(const erg_device *dev, const char *name)
{
    for (size_t i = 0; i < dev->channel_count; i++)
        if (strcmp(dev->channels[i].name, name) == 0)
            return true;
    return false;
}

static void files_open(erg_device *dev, amdgpu *card)
{
    int folder = (int)(strstr(dev->argument, "/hwmon/") - dev->argument);
    char path[ERG_PATH_MOST];

    for (size_t i = 0; i < ERG_COUNT(files); i++) {
        bool in_hwmon = strncmp(files[i].file, "hwmon/", 6) == 0;
        if (has_channel(dev, files[i].channel))
            continue;
        snprintf(path, sizeof(path), "%.*s/%s", in_hwmon ? 256 : folder, dev->argument,
                 files[i].file + (in_hwmon ? 6 : 0));
        int fd = erg_env_open(dev->env, path, O_RDONLY, NULL);
        if (fd < 0)
            continue;
        card->inputs[dev->channel_count].fd = fd;
        card->inputs[dev->channel_count].scale = files[i].scale;
        card->inputs[dev->channel_count].offset = files[i].offset;
        erg_channel_info *channel = erg_device_channel(dev, files[i].channel,
                                                       files[i].quantity, files[i].kind);
        if (strcmp(files[i].channel, "power_limit") == 0)
            erg_text_put(channel->unit, sizeof(channel->unit), "W");
    }
}

static void counter_open(erg_device *dev, amdgpu *card, double power_w)
{
    uint64_t id;

    if (!pci_id_of(dev, &id) || !rocm_open(&card->smi, dev->env) || !rocm_find(card, id)
        || !counter_lives(dev, card, power_w)) {
        rocm_close(&card->smi);
        return;
    }
    card->energy_channel = dev->channel_count;
    erg_device_channel(dev, "energy", ERG_ENERGY, ERG_COUNTER)->update_s = counter_update_s;
}

static bool amdgpu_open(erg_device *dev, erg_error *err)
{
    amdgpu *card = erg_device_state(dev, sizeof(*card), err);
    double power_w = NAN;

    if (!card)
        return false;
    card->energy_channel = SIZE_MAX;
    for (size_t i = 0; i < ERG_CHANNELS_MOST; i++)
        card->inputs[i].fd = -1;
    files_open(dev, card);
    if (has_channel(dev, "power"))
        power_w = input_read(card, 0, ERG_POWER);
    counter_open(dev, card, power_w);
    return !isnan(power_w) || card->energy_channel != SIZE_MAX
        || erg_fail(err, ERG_UNSUPPORTED,
                    "%s gives no power (0 or N/A) and no energy: of an MI250 "
                    "only the even die is metered, for both; else install rocm-smi-lib",
                    dev->info.name);
}

static bool amdgpu_read(erg_device *dev, size_t channel, erg_reading *out, erg_error *err)
{
    const amdgpu *card = dev->own;

    (void)err;
    erg_reading_put(out, channel == card->energy_channel ? energy_read(card)
                       : input_read(card, channel, dev->channels[channel].quantity));
    return true;
}

static void amdgpu_close(erg_device *dev)
{
    amdgpu *card = dev->own;

    for (size_t i = 0; i < ERG_CHANNELS_MOST; i++)
        if (card->inputs[i].fd >= 0)
            close(card->inputs[i].fd);
    rocm_close(&card->smi);
}

const erg_driver erg_driver_amdgpu = {
    .name = "amdgpu",
    .about = "AMD GPUs (hwmon and the ROCm energy counter)",
    .find = amdgpu_find,
    .open = amdgpu_open,
    .read = amdgpu_read,
    .close = amdgpu_close,
};

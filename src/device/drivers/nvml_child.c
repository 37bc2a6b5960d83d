/* SPDX-License-Identifier: Apache-2.0 */
/*
 * nvidia-smi and dcgmi as sensors, where NVML is absent: one child prints what is measured,
 * and dcgmi, where it can, a second one what the units were at.
 */
#include <math.h>
#include <string.h>
#include "device/drivers/nvml_child.h"
#include "device/drivers/nvml_follow.h"
#include "device/drivers/nvml_smi.h"
#include "trace/sensor.h"

#define PERIOD_MS "100"
static const double list_s = 5; /* a sleeping driver may take seconds */
enum { COLUMNS_MOST = 6, GPUS_MOST = 64 };

typedef struct printed {
    const char *name;
    erg_quantity quantity;
    erg_reading_option option; /* what a power column means */
    double unit, zero;         /* as nvml_scale */
} printed;

typedef struct program {
    const char *file;
    bool is_table; /* "GPU 0  1.5  2.5", else "1.5, 2.5" */
    const char *list[ERG_CHILD_ARGUMENTS_MOST];
    const char *run[ERG_CHILD_ARGUMENTS_MOST]; /* before the GPU's number */
    printed columns[COLUMNS_MOST];
} program;

#define LIST "--query-gpu=index,uuid,name,driver_version"
#define PLAIN "--format=csv,noheader,nounits"
#define POWER(name, option)                                                                \
    {                                                                                      \
        name, ERG_POWER, option, 1, 0                                                      \
    }
#define SM_CLOCK                                                                           \
    {                                                                                      \
        "sm_clock", ERG_CLOCK_RATE, ERG_POWER_DRAW, 1e6, 0                                 \
    }
#define TEMPERATURE                                                                        \
    {                                                                                      \
        "temperature", ERG_TEMPERATURE, ERG_POWER_DRAW, 1, 273.15                          \
    }

/* In the order they are tried: drivers before 530 do not know .instant. */
static const program programs[] = {
    { .file = "nvidia-smi",
      .list = { LIST ",power.draw.instant,mig.mode.current", PLAIN },
      .run = { ("--query-gpu=power.draw.instant,power.draw.average,clocks.sm,"
                "temperature.gpu"),
               PLAIN, "-lms", PERIOD_MS, "-i" },
      .columns = { POWER("power", ERG_POWER_INSTANT),
                   POWER("power_average", ERG_POWER_AVERAGE), SM_CLOCK, TEMPERATURE } },
    { .file = "nvidia-smi",
      .list = { LIST, PLAIN },
      .run = { "--query-gpu=power.draw,clocks.sm,temperature.gpu", PLAIN, "-lms", PERIOD_MS,
               "-i" },
      .columns = { POWER("power", ERG_POWER_DRAW), SM_CLOCK, TEMPERATURE } },
    { .file = "dcgmi",
      .is_table = true,
      .list = { "dmon", "-e", "155", "-c", "1" },
      .run = { "dmon", "-e", "156,157,155,100,150", "-d", PERIOD_MS, "-i" },
      .columns = { { "energy", ERG_ENERGY, ERG_POWER_DRAW, 1e-3, 0 },
                   POWER("power", ERG_POWER_INSTANT),
                   POWER("power_draw", ERG_POWER_DRAW),
                   SM_CLOCK,
                   TEMPERATURE } },
};

typedef struct follower {
    const program *program;
    nvml_follow lines;
    nvml_dcgmi activity;
    char file[ERG_PATH_MOST], driver_version[32];
} follower;

/* ---- the driver --------------------------------------------------------- */

static void set_facts(const erg_device *dev, const printed *column,
                      erg_channel_info *channel)
{
    const follower *own = dev->own;
    erg_sensor_facts facts;

    channel->update_s = 0.1;
    if (column->quantity != ERG_POWER && column->quantity != ERG_ENERGY)
        return;
    channel->gain_u = 0.05; /* boards differ by this much: Yang 2024 */
    if (column->quantity == ERG_ENERGY)
        return;
    if (erg_sensor_lookup(dev->info.model, own->driver_version, column->option, &facts)) {
        channel->kind = facts.kind;
        channel->update_s = fmax(facts.update_s, 0.1);
        channel->window_s = facts.window_s;
        channel->delay_s = isnan(facts.delay_s) ? 0 : facts.delay_s;
    } else if (column->option == ERG_POWER_AVERAGE) {
        channel->kind = ERG_SMOOTHED;
        channel->window_s = 1;
    }
}

/* ---- the clock, which nvidia-smi can lock --------------------------------- */

enum { CLOCKS_MOST = 1024 };

typedef struct clocks {
    double mem_mhz, hz[CLOCKS_MOST]; /* those at the highest memory clock */
    size_t count;
} clocks;

static void take_clock(void *self, char *line)
{
    clocks *all = self;
    char *cells[2];
    double mem_mhz, sm_mhz;

    if (nvml_split(line, false, cells, 2) != 2
        || !erg_number_parse(cells[0], strlen(cells[0]), '.', &mem_mhz)
        || !erg_number_parse(cells[1], strlen(cells[1]), '.', &sm_mhz)
        || mem_mhz < all->mem_mhz || !(sm_mhz > 0))
        return;
    if (mem_mhz > all->mem_mhz)
        all->count = 0;
    all->mem_mhz = mem_mhz;
    if (all->count < CLOCKS_MOST)
        all->hz[all->count++] = 1e6 * sm_mhz;
}

static const char *gpu_number(const erg_device *dev)
{
    return strchr(dev->info.name, ':') + 1;
}

/* A program that lists none has no knob; it is no fault. */
static bool add_knob(erg_device *dev, erg_error *err)
{
    const follower *own = dev->own;
    const char *const arguments[] = { own->file, "--query-supported-clocks=mem,gr", PLAIN,
                                      "-i", gpu_number(dev), NULL };
    clocks all = { 0 };
    erg_child child;

    if (own->program->is_table || !erg_child_start(&child, arguments, NULL))
        return true;
    erg_child_finish(&child, list_s, take_clock, &all);
    return all.count == 0
           || erg_device_knob_values(erg_device_add_knob(dev, ERG_SM_CLOCK), all.hz,
                                     all.count, err);
}

/* It does not tell what is locked: putting back takes the lock off. */
static bool child_save(erg_device *dev, erg_knob which, erg_text *to, erg_error *err)
{
    (void)dev, (void)which, (void)err;
    erg_text_add(to, "none");
    return true;
}

static bool child_turn(erg_device *dev, erg_knob which, double value, double *enforced,
                       erg_error *err)
{
    (void)which, (void)enforced;
    return nvml_smi_lock(dev->env, gpu_number(dev), (unsigned)lround(1e-6 * value), err);
}

static bool child_put_back(erg_device *dev, erg_knob which, const char *saved,
                           erg_error *err)
{
    (void)which, (void)saved;
    return nvml_smi_lock(dev->env, gpu_number(dev), 0, err);
}

/* ---- open, read, close ------------------------------------------------------- */

static bool child_open(erg_device *dev, erg_error *err)
{
    follower *own = dev->own;
    const char *arguments[ERG_CHILD_ARGUMENTS_MOST + 3] = { own->file };
    size_t count = 1;

    for (size_t i = 0; own->program->run[i]; i++)
        arguments[count++] = own->program->run[i];
    arguments[count] = gpu_number(dev);
    for (size_t i = 0; i < COLUMNS_MOST && own->program->columns[i].name; i++) {
        const printed *column = &own->program->columns[i];
        erg_kind kind = column->quantity == ERG_ENERGY ? ERG_COUNTER : ERG_INSTANT;
        set_facts(dev, column,
                  erg_device_channel(dev, column->name, column->quantity, kind));
        own->lines.scales[own->lines.columns++] = (nvml_scale){ column->unit,
                                                                column->zero };
    }
    own->lines.is_table = own->program->is_table;
    if (!add_knob(dev, err))
        return false;
    return nvml_dcgmi_open(&own->activity, dev, gpu_number(dev), err)
           && nvml_follow_start(&own->lines, dev->env, arguments, err);
}

/* Activities that end are a gap; without power there is no device. */
static bool child_read(erg_device *dev, size_t channel, erg_reading *out, erg_error *err)
{
    follower *own = dev->own;

    if (channel >= own->activity.first_channel) {
        nvml_dcgmi_read(&own->activity, dev->env, channel, out);
        return true;
    }
    nvml_follow_read(&own->lines, dev->env, channel, out);
    if (out->count == 0 && own->lines.has_ended)
        return erg_fail(err, ERG_IO, "%s ended: run it by hand to see why", own->file);
    return true;
}

static void child_close(erg_device *dev)
{
    follower *own = dev->own;
    nvml_follow_stop(&own->lines);
    nvml_dcgmi_stop(&own->activity);
}

static const erg_driver child_driver = {
    .name = "nvml",
    .about = "NVIDIA GPUs (nvidia-smi or dcgmi as a child)",
    .open = child_open,
    .read = child_read,
    .close = child_close,
    .save = child_save,
    .turn = child_turn,
    .put_back = child_put_back,
};

/* ---- find --------------------------------------------------------------- */

typedef struct listing {
    erg_devices *found;
    const program *program;
    const char *file, *argument;
    size_t count;
    bool failed;
    erg_error *err;
} listing;

static void add_gpu(void *self, char *line)
{
    listing *list = self;
    char *cells[7] = { 0 };
    size_t count = nvml_split(line, list->program->is_table, cells, ERG_COUNT(cells));
    bool is_table = list->program->is_table;
    const char *index = is_table ? cells[1] : cells[0];

    if (list->failed || list->count == GPUS_MOST || count < (is_table ? 3u : 4u)
        || (is_table && strcmp(cells[0], "GPU") != 0)
        || (list->argument && strcmp(index, list->argument) != 0))
        return;
    char name[32];
    snprintf(name, sizeof(name), "nvml:%.8s", index);
    erg_device *dev = erg_devices_add(list->found, &child_driver, name, list->err);
    follower *own = dev ? erg_device_state(dev, sizeof(*own), list->err) : NULL;
    list->failed = !own;
    if (!own)
        return;
    own->program = list->program;
    erg_text_put(own->file, sizeof(own->file), list->file);
    if (!is_table) {
        erg_text_put(dev->info.uuid, sizeof(dev->info.uuid), cells[1]);
        erg_text_put(dev->info.model, sizeof(dev->info.model), cells[2]);
        erg_text_put(own->driver_version, sizeof(own->driver_version), cells[3]);
        erg_text_put(dev->info.driver_version, sizeof(dev->info.driver_version), cells[3]);
    }
    dev->info.scope = ERG_SCOPE_BOARD;
    /* Each instance of a split GPU repeats the power of the whole. */
    dev->info.shared = !is_table && count > 5 && strcmp(cells[5], "Enabled") == 0;
    list->count++;
}

bool nvml_child_find(erg_devices *found, const char *argument, size_t *count,
                     erg_error *err)
{
    listing list = { .found = found, .argument = argument, .err = err };
    const char *missing = "";
    char file[ERG_PATH_MOST];

    for (size_t i = 0; i < ERG_COUNT(programs) && list.count == 0 && !list.failed; i++) {
        const char *arguments[ERG_CHILD_ARGUMENTS_MOST + 2] = { file };
        erg_child child;
        if (strcmp(missing, programs[i].file) == 0)
            continue;           /* two rows of one program */
        if (!erg_child_seek(erg_devices_env(found)->path, programs[i].file, file)) {
            missing = programs[i].file;
            continue;
        }
        memcpy(&arguments[1], programs[i].list, sizeof(programs[i].list));
        list.program = &programs[i];
        list.file = file;
        if (erg_child_start(&child, arguments, NULL))
            erg_child_finish(&child, list_s, add_gpu, &list);
    }
    *count = list.count;
    return !list.failed;
}

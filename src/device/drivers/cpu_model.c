/* SPDX-License-Identifier: Apache-2.0 */
/*
 * CPU power from its use: what is left where no sensor can be read. Every figure
 * says `model`, and the interval is a factor, not a percentage.
 *
 * Linux counts use in ticks of 10 ms, so a value is given each 0.1 s at most; a
 * faster poll gets nothing new.
 */
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "device/cpu_law.h"
#include "device/driver.h"

static const double update_s = 0.1;
/* EPYC 9654 1.9 W, Xeon 8480+ 3.1, Ryzen 5950X 3.3, EPYC 8024P 5.6 a thread: so a
 * guess is off by a factor 2 more, which makes 3 with the law's own 2.2. */
static const double guessed_w_per_thread = 3, guessed_factor = 3;

typedef struct cpu_ticks { uint64_t busy, all; } cpu_ticks;

typedef struct cpu_model {
    erg_cpu_law law;
    int fd;             /* /proc/stat */
    cpu_ticks last;
    int64_t last_ns;
} cpu_model;

typedef struct cpu_about { char name[64]; size_t threads, sockets; } cpu_about;

/* steal is somebody else's work; guest time is in user already. */
static bool ticks_read(int fd, cpu_ticks *out)
{
    char text[512];
    uint64_t t[8] = { 0 };
    size_t found = 0;
    ssize_t count = pread(fd, text, sizeof(text) - 1, 0);

    if (count <= 0)
        return false;
    text[count] = '\0';
    if (strncmp(text, "cpu ", 4) != 0)
        return false;
    for (char *at = text + 4, *end; found < ERG_COUNT(t); found++, at = end) {
        t[found] = strtoull(at, &end, 10);
        if (end == at)
            break;
    }
    if (found < 4)      /* the oldest Linux has four */
        return false;
    out->busy = t[0] + t[1] + t[2] + t[5] + t[6];
    out->all = out->busy + t[3] + t[4] + t[7];
    return true;
}

static void cpuinfo_line(const char *line, cpu_about *about, uint64_t *sockets_seen)
{
    const char *value = strchr(line, ':');

    if (!value)
        return;
    value += strspn(value, ": \t");
    if (strncmp(line, "model name", 10) == 0 && !about->name[0])
        erg_text_put(about->name, sizeof(about->name), value);
    else if (strncmp(line, "processor", 9) == 0)
        about->threads++;
    else if (strncmp(line, "physical id", 11) == 0)
        *sockets_seen |= UINT64_C(1) << (strtoul(value, NULL, 10) & 63);
}

static bool cpuinfo_read(const erg_env *env, cpu_about *about, erg_error *err)
{
    char path[ERG_PATH_MOST], *text, *rest, *line;
    uint64_t sockets_seen = 0;
    size_t count;

    *about = (cpu_about){ 0 };
    if (!erg_path_join(env, "/proc/cpuinfo", path, err))
        return false;
    text = rest = erg_file_read(path, 16u << 20, &count, err);
    if (!text)
        return false;
    while ((line = strsep(&rest, "\n")))
        cpuinfo_line(line, about, &sockets_seen);
    free(text);
    about->sockets = (size_t)__builtin_popcountll(sockets_seen);
    if (about->sockets == 0)
        about->sockets = 1;     /* ARM does not say */
    return true;
}

static erg_cpu_law law_of(const cpu_about *about, bool *guessed)
{
    double tdp_w = erg_cpu_tdp_w(about->name) * (double)about->sockets;

    *guessed = isnan(tdp_w);
    if (!*guessed)
        return erg_cpu_law_of_tdp(tdp_w);
    erg_cpu_law law = erg_cpu_law_of_tdp(guessed_w_per_thread * (double)about->threads);
    law.factor = guessed_factor;
    return law;
}

static bool cpu_model_find(erg_devices *found, const char *argument, erg_error *err)
{
    erg_cpu_law law;
    erg_device *dev;

    if (argument && *argument && !erg_cpu_law_parse(argument, &law, err))
        return false;
    dev = erg_devices_add(found, &erg_driver_cpu_model, "cpu_model", err);
    if (!dev)
        return false;
    dev->info.scope = ERG_SCOPE_PACKAGE;
    erg_text_put(dev->argument, sizeof(dev->argument), argument ? argument : "");
    return true;
}

static bool law_choose(erg_device *dev, erg_cpu_law *law, erg_error *err)
{
    cpu_about about;
    bool guessed = false;
    const char *how = "stated";

    if (!cpuinfo_read(dev->env, &about, dev->argument[0] ? NULL : err) && !dev->argument[0])
        return false;
    if (dev->argument[0]) {
        if (!erg_cpu_law_parse(dev->argument, law, err))
            return false;
    } else {
        *law = law_of(&about, &guessed);
        how = guessed ? "guessed: 3 W a thread" : "listed";
    }
    if (!law->count && !(law->tdp_w > 0))
        return erg_fail(err, ERG_NOT_FOUND, "/proc/cpuinfo names no CPU: say --sensor "
                        "cpu_model:tdp=90W");
    if (law->count)
        snprintf(dev->info.model, sizeof(dev->info.model), "%.24s, table of %d points",
                 about.name, (int)law->count);
    else
        snprintf(dev->info.model, sizeof(dev->info.model), "%.22s, TDP %.4g W %s",
                 about.name, law->tdp_w, how);
    return true;
}

static bool cpu_model_open(erg_device *dev, erg_error *err)
{
    cpu_model *model = erg_device_state(dev, sizeof(*model), err);

    if (!model)
        return false;
    model->fd = erg_env_open(dev->env, "/proc/stat", 0, err);
    if (model->fd < 0 || !law_choose(dev, &model->law, err))
        return false;
    if (!ticks_read(model->fd, &model->last))
        return erg_fail(err, ERG_IO, "/proc/stat does not begin with the line \"cpu\"");
    model->last_ns = erg_env_now_ns(dev->env);

    erg_channel_info *power = erg_device_channel(dev, "power", ERG_POWER, ERG_AVG_PREV);
    power->method = ERG_METHOD_MODEL;
    power->update_s = update_s;
    power->window_s = update_s;
    /* 2u is factor - 1: the upper end; the lower is P / factor. */
    power->gain_u = (model->law.factor - 1) / 2;
    return true;
}

static bool cpu_model_read(erg_device *dev, size_t channel, erg_reading *out,
                           erg_error *err)
{
    cpu_model *model = dev->own;
    int64_t now_ns = erg_env_now_ns(dev->env);
    cpu_ticks now;

    (void)channel, (void)err;
    if (now_ns - model->last_ns < erg_ns_from_s(0.95 * update_s))
        return true;
    if (!ticks_read(model->fd, &now)) {
        erg_reading_put(out, NAN);
        return true;
    }
    if (now.all <= model->last.all)     /* no tick passed, or iowait went back */
        return true;
    double busy = now.busy > model->last.busy ? (double)(now.busy - model->last.busy) : 0;
    double use = busy / (double)(now.all - model->last.all);
    erg_reading_put(out, erg_cpu_law_power_w(&model->law, use));
    model->last = now;
    model->last_ns = now_ns;
    return true;
}

static void cpu_model_close(erg_device *dev)
{
    cpu_model *model = dev->own;

    if (model->fd > 0)
        close(model->fd);
}

const erg_driver erg_driver_cpu_model = {
    .name = "cpu_model",
    .about = "CPU power estimated from its use (no sensor)",
    .fallback = true,
    .find = cpu_model_find,
    .open = cpu_model_open,
    .read = cpu_model_read,
    .close = cpu_model_close,
};

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the units of a GPU were at, Hopper and later: the mean between two samples that the
 * driver holds, so that nothing between two looks is missed, however far apart they are.
 * Names are those of dcgmi's fields 1001 to 1008; the memory's is the share of its peak
 * bandwidth. Beside them how full PCIe and NVLink are.
 * Source: NVML API reference, "GPM Functions".
 */
#include <math.h>
#include "device/drivers/nvml.h"

/* The reference asks for more than this between two samples: the driver renews them so. */
static const int64_t least_ns = 100 * ERG_NS_PER_MS;

const char *const nvml_activity_names[NVML_ACTIVITIES] = {
    "graphics_active", "sm_active",   "sm_occupancy", "tensor_active",
    "dram_active",     "fp64_active", "fp32_active",  "fp16_active",
};
static const unsigned ids[NVML_ACTIVITIES] = {
    NVML_GPM_GRAPHICS, NVML_GPM_SM,   NVML_GPM_OCCUPANCY, NVML_GPM_TENSOR,
    NVML_GPM_DRAM,     NVML_GPM_FP64, NVML_GPM_FP32,      NVML_GPM_FP16,
};

/* ---- links ----------------------------------------------------------------------- */

static const double BYTES_PER_MIB = 0x1p20;

/* Bytes of one lane and direction after line coding, by generation (PCI-SIG). */
static const double lane_bytes_per_s[] = { NAN,    250e6,   500e6,    984.6e6,
                                           1969e6, 3938.5e6, 7562.5e6 };

static double pcie_bytes_per_s(const nvml *own)
{
    const nvml_api *api = &own->api;
    unsigned generation, lanes;

    if (!api->pcie_generation || !api->pcie_lanes
        || api->pcie_generation(own->gpu, &generation) != NVML_DONE
        || api->pcie_lanes(own->gpu, &lanes) != NVML_DONE
        || generation >= ERG_COUNT(lane_bytes_per_s))
        return NAN;
    return lanes * lane_bytes_per_s[generation];
}

static double nvlink_bytes_per_s(const nvml *own)
{
    nvml_field fields[] = { { .id = NVML_FIELD_NVLINK_SPEED },
                            { .id = NVML_FIELD_NVLINK_COUNT } };

    if (!own->api.fields
        || own->api.fields(own->gpu, (int)ERG_COUNT(fields), fields) != NVML_DONE
        || fields[0].code != NVML_DONE || fields[1].code != NVML_DONE)
        return NAN;
    return 1e6 * nvml_value_of(fields[0].type, &fields[0].value)
         * nvml_value_of(fields[1].type, &fields[1].value);
}

/* The busier direction counts: each has the whole speed. */
static const struct link {
    const char *name;
    unsigned out, in;
    double (*bytes_per_s)(const nvml *own);
} links[NVML_LINKS] = {
    { "pcie_use", NVML_GPM_PCIE_OUT, NVML_GPM_PCIE_IN, pcie_bytes_per_s },
    { "fabric_use", NVML_GPM_NVLINK_OUT, NVML_GPM_NVLINK_IN, nvlink_bytes_per_s },
};

/* What a link could do must be known, or its bytes are no share. */
static void find_links(nvml *own)
{
    nvml_gpm *gpm = &own->gpm;

    gpm->count = NVML_ACTIVITIES;
    for (size_t i = 0; i < NVML_LINKS; i++) {
        double peak = links[i].bytes_per_s(own);
        size_t at = gpm->count - NVML_ACTIVITIES;
        if (!(peak > 0))
            continue;
        gpm->links[at] = i;
        gpm->peaks_mib_per_s[at] = peak / BYTES_PER_MIB;
        gpm->count++;
    }
}

static double value_of(const nvml_gpm_metric *metric)
{
    return metric->code == NVML_DONE ? metric->value : NAN;
}

/* Metrics as they were asked: activities, then both directions of each link. */
static double share_of(const nvml_gpm *gpm, const nvml_gpm_metric metrics[], size_t which)
{
    size_t link = which - NVML_ACTIVITIES, at = NVML_ACTIVITIES + 2 * link;

    if (which < NVML_ACTIVITIES)
        return 0.01 * value_of(&metrics[which]);
    return fmax(value_of(&metrics[at]), value_of(&metrics[at + 1]))
         / gpm->peaks_mib_per_s[link];
}

static void ask(const nvml_gpm *gpm, nvml_gpm_means *to)
{
    to->version = NVML_GPM_VERSION;
    to->count = NVML_ACTIVITIES;
    for (size_t i = 0; i < NVML_ACTIVITIES; i++)
        to->metrics[i] = (nvml_gpm_metric){ .id = ids[i] };
    for (size_t i = NVML_ACTIVITIES; i < gpm->count; i++) {
        const struct link *link = &links[gpm->links[i - NVML_ACTIVITIES]];
        to->metrics[to->count++] = (nvml_gpm_metric){ .id = link->out };
        to->metrics[to->count++] = (nvml_gpm_metric){ .id = link->in };
    }
}

/* ---- activities ------------------------------------------------------------------ */

static bool has_all(const nvml_api *api)
{
    return api->gpm_support && api->gpm_new && api->gpm_free && api->gpm_take
        && api->gpm_means;
}

/* Samples of a split GPU would be those of its instances, its power is the whole's. */
static bool is_told(const erg_device *dev)
{
    const nvml *own = dev->own;
    nvml_gpm_support support = { .version = NVML_GPM_VERSION };

    return has_all(&own->api) && !dev->info.shared
        && own->api.gpm_support(own->gpu, &support) == NVML_DONE && support.is_supported;
}

/* A driver that keeps profiling for the administrator refuses the first sample: the GPU
 * has no activities then, as one that cannot count. */
bool nvml_gpm_open(erg_device *dev, erg_error *err)
{
    nvml *own = dev->own;
    nvml_gpm *gpm = &own->gpm;

    if (!is_told(dev))
        return true;
    for (size_t i = 0; i < ERG_COUNT(gpm->samples); i++)
        if (own->api.gpm_new(&gpm->samples[i]) != NVML_DONE)
            return erg_fail(err, ERG_NO_MEMORY, "%s: NVML has no memory for its activities",
                            dev->info.name);
    if (own->api.gpm_take(own->gpu, gpm->samples[0]) != NVML_DONE) {
        nvml_gpm_close(own);
        return true;
    }
    gpm->end_ns = erg_env_now_ns(dev->env);
    gpm->first_channel = dev->channel_count;
    find_links(own);
    for (size_t i = 0; i < gpm->count; i++) {
        bool is_link = i >= NVML_ACTIVITIES;
        const char *name = is_link ? links[gpm->links[i - NVML_ACTIVITIES]].name
                                   : nvml_activity_names[i];
        erg_channel_info *channel = erg_device_channel(dev, name, ERG_USE, ERG_AVG_PREV);
        gpm->is_told[i] = true;     /* there is no mean yet */
        channel->update_s = erg_s_from_ns(least_ns);
    }
    return true;
}

/* Means since the last sample, for each channel to fetch once. */
static unsigned take(erg_device *dev, int64_t now_ns)
{
    nvml *own = dev->own;
    nvml_gpm *gpm = &own->gpm;
    nvml_gpm_means asked;
    unsigned next = !gpm->newest, code = own->api.gpm_take(own->gpu, gpm->samples[next]);

    gpm->end_ns = now_ns;
    if (code == NVML_DONE) {
        ask(gpm, &asked);
        asked.first = gpm->samples[gpm->newest];
        asked.last = gpm->samples[next];
        code = own->api.gpm_means(&asked);
        gpm->newest = next;
    }
    for (size_t i = 0; i < gpm->count; i++) {
        gpm->shares[i] = code == NVML_DONE ? share_of(gpm, asked.metrics, i) : NAN;
        gpm->is_told[i] = false;
    }
    return code;
}

unsigned nvml_gpm_read(erg_device *dev, size_t channel, erg_reading *out)
{
    nvml_gpm *gpm = &((nvml *)dev->own)->gpm;
    size_t which = channel - gpm->first_channel;
    int64_t now_ns = erg_env_now_ns(dev->env);
    unsigned code = now_ns - gpm->end_ns > least_ns ? take(dev, now_ns) : NVML_DONE;

    if (!gpm->is_told[which])
        erg_reading_put(out, gpm->shares[which]);
    gpm->is_told[which] = true;
    return code;
}

void nvml_gpm_close(nvml *own)
{
    for (size_t i = 0; i < ERG_COUNT(own->gpm.samples); i++) {
        if (own->gpm.samples[i])
            own->api.gpm_free(own->gpm.samples[i]);
        own->gpm.samples[i] = NULL;
    }
}

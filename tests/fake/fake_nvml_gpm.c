/* SPDX-License-Identifier: Apache-2.0 */
/* Activities of the fake NVML: each unit a fixed part of the load's power over the board's
 * limit, in the mean between two samples, which must lie 100 ms apart. */
#include <stdlib.h>
#include "fake_nvml.h"
#ifndef FAKE_NVML_OLD

struct nvml_gpm_state { int64_t at_ns; };

static const struct { unsigned id; double part; } units[] = {
    { NVML_GPM_GRAPHICS, 1 },  { NVML_GPM_SM, 0.9 },    { NVML_GPM_OCCUPANCY, 0.3 },
    { NVML_GPM_TENSOR, 0.25 }, { NVML_GPM_DRAM, 0.4 },  { NVML_GPM_FP64, 0.125 },
    { NVML_GPM_FP32, 0.5 },
};

/* Of the speed of PCIe and of all NVLinks, at full power. */
static const struct { unsigned id; bool is_pcie; double part; } links[] = {
    { NVML_GPM_PCIE_OUT, true, 0.2 },    { NVML_GPM_PCIE_IN, true, 0.6 },
    { NVML_GPM_NVLINK_OUT, false, 1.8 }, { NVML_GPM_NVLINK_IN, false, 0.9 },
};

EXPORT unsigned nvmlDeviceGetMaxPcieLinkGeneration(nvml_handle gpu, unsigned *generation)
{
    (void)gpu;
    *generation = 5;
    return fake_script.lanes > 0 ? NVML_DONE : NVML_NOT_SUPPORTED;
}

EXPORT unsigned nvmlDeviceGetMaxPcieLinkWidth(nvml_handle gpu, unsigned *lanes)
{
    (void)gpu;
    *lanes = (unsigned)fake_script.lanes;
    return fake_script.lanes > 0 ? NVML_DONE : NVML_NOT_SUPPORTED;
}

static void tell_link(nvml_gpm_metric *metric, double load)
{
    for (size_t k = 0; k < ERG_COUNT(links); k++) {
        double most = links[k].is_pcie ? 1e3 * LANE_KB_PER_S * fake_script.lanes
                                       : 1e6 * LINK_MB_PER_S * fake_script.links;
        if (links[k].id == metric->id) {
            metric->value = links[k].part * load * most / 0x1p20;
            metric->code = NVML_DONE;
        }
    }
}

EXPORT unsigned nvmlGpmQueryDeviceSupport(nvml_handle gpu, nvml_gpm_support *support)
{
    (void)gpu;
    support->is_supported = fake_script.gpm > 0;
    return support->version == NVML_GPM_VERSION ? NVML_DONE : NVML_VERSION_MISMATCH;
}

EXPORT unsigned nvmlGpmSampleAlloc(nvml_gpm_sample *sample)
{
    *sample = calloc(1, sizeof(**sample));
    return *sample ? NVML_DONE : NVML_UNKNOWN;
}

EXPORT unsigned nvmlGpmSampleFree(nvml_gpm_sample sample)
{
    free(sample);
    return NVML_DONE;
}

EXPORT unsigned nvmlGpmSampleGet(nvml_handle gpu, nvml_gpm_sample sample)
{
    (void)gpu;
    sample->at_ns = fake_since_ns();
    if (erg_s_from_ns(sample->at_ns) >= fake_script.lost)
        return NVML_LOST;
    return fake_script.gpm == 1 ? NVML_DONE : NVML_NO_PERMISSION;
}

EXPORT unsigned nvmlGpmMetricsGet(nvml_gpm_means *means)
{
    double begin_s = erg_s_from_ns(means->first->at_ns);
    double end_s = erg_s_from_ns(means->last->at_ns);

    if (means->version != NVML_GPM_VERSION)
        return NVML_VERSION_MISMATCH;
    if (end_s - begin_s < 0.1)
        return NVML_UNKNOWN;
    double mean_w = erg_law_j(&fake_script.sim.load, begin_s, end_s) / (end_s - begin_s);
    for (unsigned i = 0; i < means->count; i++) {
        nvml_gpm_metric *metric = &means->metrics[i];
        metric->code = NVML_NOT_SUPPORTED;
        tell_link(metric, mean_w / fake_script.sim.board_w);
        for (size_t k = 0; k < ERG_COUNT(units); k++)
            if (units[k].id == metric->id) {
                metric->value = 100 * units[k].part * mean_w / fake_script.sim.board_w;
                metric->code = NVML_DONE;
            }
    }
    return NVML_DONE;
}
#endif

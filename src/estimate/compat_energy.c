/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Roofline and energy as of 2025-10-28 (branes-ai/graphs). Not physical: static
 * power is a share of a TDP that, where no thermal point gives one, is twice
 * what the whole peak would draw.
 */
#include <math.h>
#include "estimate/compat.h"

/* Of the energy of an fp32 operation; a precision that is not listed costs as much. */
static const struct { erg_precision precision; double scale; } scales[] = {
    { ERG_FP32, 1.0 }, { ERG_FP16, 0.5 }, { ERG_INT8, 0.25 },
};

static const double fallback_tdp_over_peak = 2.0;
static const double idle_share_cpu = 0.1, idle_share_else = 0.3;
static const double launch_gpu_s = 5e-6, launch_plain_s = 5e-6, missing_latency_s = 1e-3;

static double scale_of(erg_precision precision)
{
    for (size_t i = 0; i < ERG_COUNT(scales); i++)
        if (scales[i].precision == precision)
            return scales[i].scale;
    return 1.0;
}

static double peak_of(const erg_hardware *hw, erg_precision precision)
{
    return fmax(hw->peak_flop_per_s[ERG_UNIT_VECTOR][precision],
                hw->peak_flop_per_s[ERG_UNIT_TENSOR][precision]);
}

bool erg_compat_machine_fill(erg_compat *compat, erg_error *err)
{
    const erg_hardware *hw = compat->hardware;
    erg_compat_machine *m = &compat->machine;
    erg_precision precision = compat->graph->precision;
    double peak = peak_of(hw, precision);

    *m = (erg_compat_machine){
        .peak_flop_per_s = isnan(peak) ? peak_of(hw, ERG_FP32) : peak,
        .bytes_per_s = hw->memory_bytes_per_s,
        .op_j = hw->op_j_per_flop[ERG_UNIT_VECTOR][ERG_FP32] * scale_of(precision),
        .byte_j = hw->byte_j,
        .launch_s = hw->kind == ERG_GPU ? launch_gpu_s : 0.0,
        .l2_bytes = hw->l2_bytes,
        .memory_bytes = hw->memory_bytes,
        .threads = (int64_t)hw->units * hw->threads_per_unit,
    };
    m->cap_w = hw->thermal_count ? hw->thermal[0].cap_w
                                 : fallback_tdp_over_peak * m->peak_flop_per_s * m->op_j;
    m->idle_w = m->cap_w * (hw->kind == ERG_CPU ? idle_share_cpu : idle_share_else);
    if (!(m->peak_flop_per_s > 0 && m->bytes_per_s > 0 && m->op_j >= 0 && m->byte_j >= 0
          && m->cap_w >= 0))
        return erg_fail(err, ERG_UNSUPPORTED,
                        "compat mode needs peak, bandwidth and energies of fp32 and bytes: "
                        "%s lacks one; try compat-gpu-a100 or compat-edge-jetson",
                        hw->name);
    return true;
}

/* ---- roofline -------------------------------------------------------------------- */

static erg_bound bound_of(double compute_s, double memory_s)
{
    if (compute_s > 1.1 * memory_s)
        return ERG_BOUND_COMPUTE;
    return memory_s > 1.1 * compute_s ? ERG_BOUND_BANDWIDTH : ERG_BOUND_BALANCED;
}

static void part_roofline(const erg_compat_machine *m, erg_compat_part *part)
{
    double flop = (double)part->node->flop, bytes = (double)part->bytes;
    erg_latency *t = &part->latency;

    t->compute_s = flop / m->peak_flop_per_s;
    t->memory_s = bytes / m->bytes_per_s;
    t->overhead_s = m->launch_s;
    t->roof_s = fmax(t->compute_s, t->memory_s);
    t->total_s = t->roof_s + t->overhead_s;
    t->intensity = part->intensity;
    t->bound = bound_of(t->compute_s, t->memory_s);
    part->flop_share = t->total_s > 0 ? t->compute_s / t->total_s : 0.0;
    part->bandwidth_share = t->total_s > 0 ? t->memory_s / t->total_s : 0.0;
}

void erg_compat_roofline(erg_compat *compat)
{
    erg_compat_energy *sum = &compat->energy;
    double count = compat->part_count ? compat->part_count : 1;

    *sum = (erg_compat_energy){ 0 };
    for (int32_t i = 0; i < compat->part_count; i++) {
        erg_compat_part *part = &compat->parts[i];
        part_roofline(&compat->machine, part);
        sum->compute_s += part->latency.compute_s;
        sum->memory_s += part->latency.memory_s;
        sum->overhead_s += part->latency.overhead_s;
        sum->flop_share += part->flop_share;
        sum->bandwidth_share += part->bandwidth_share;
        sum->compute_bound += part->latency.bound == ERG_BOUND_COMPUTE;
        sum->memory_bound += part->latency.bound == ERG_BOUND_BANDWIDTH;
        sum->balanced += part->latency.bound == ERG_BOUND_BALANCED;
    }
    sum->flop_share /= count;
    sum->bandwidth_share /= count;
}

/* ---- energy ---------------------------------------------------------------------- */

static double thread_share(const erg_compat_machine *m, int64_t threads)
{
    if (threads <= 0 || m->threads <= 0)
        return 1.0;
    return fmin(1.0, (double)threads / (double)m->threads);
}

static void part_energy(const erg_compat_machine *m, erg_compat_part *part,
                        double latency_s)
{
    erg_estimate *e = &part->energy;
    double share = thread_share(m, part->node->threads);

    *e = (erg_estimate){ .compute_j = (double)part->node->flop * m->op_j,
                         .memory_j = (double)part->bytes * m->byte_j,
                         .static_j = m->idle_w * latency_s };
    double dynamic_j = e->compute_j + e->memory_j;
    e->total_j = dynamic_j + e->static_j;
    e->low_j = e->high_j = NAN;
    e->wasted_j = e->static_j * (1.0 - share);
    e->efficiency = e->total_j > 0 ? dynamic_j / e->total_j : 0.0;
    part->peak_j = share > 0 ? dynamic_j / share : dynamic_j;
    part->latency.utilization = share;
}

static double latency_given(const erg_compat *compat, int32_t part, const double *latencies,
                            int32_t count)
{
    const erg_compat_machine *m = &compat->machine;
    const erg_compat_part *p = &compat->parts[part];

    if (latencies)
        return part < count ? latencies[part] : missing_latency_s;
    return launch_plain_s + fmax((double)p->node->flop / m->peak_flop_per_s,
                                          (double)p->bytes / m->bytes_per_s);
}

static void energy_add(erg_compat_energy *sum, const erg_compat_part *part,
                       double latency_s)
{
    const erg_estimate *e = &part->energy;

    sum->compute_j += e->compute_j;
    sum->memory_j += e->memory_j;
    sum->static_j += e->static_j;
    sum->total_j += e->total_j;
    sum->wasted_j += e->wasted_j;
    sum->latency_s += latency_s;
    sum->efficiency += e->efficiency;
    sum->utilization += part->latency.utilization;
    if (latency_s > 0)
        sum->peak_w = fmax(sum->peak_w, e->total_j / latency_s);
}

void erg_compat_energy_fill(erg_compat *compat, const double *latencies, int32_t count)
{
    erg_compat_energy *sum = &compat->energy;
    double parts = compat->part_count ? compat->part_count : 1;

    sum->compute_j = sum->memory_j = sum->static_j = sum->total_j = sum->wasted_j = 0.0;
    sum->latency_s = sum->efficiency = sum->utilization = sum->peak_w = 0.0;
    for (int32_t i = 0; i < compat->part_count; i++) {
        double latency_s = latency_given(compat, i, latencies, count);
        part_energy(&compat->machine, &compat->parts[i], latency_s);
        energy_add(sum, &compat->parts[i], latency_s);
    }
    sum->efficiency /= parts;
    sum->utilization /= parts;
    sum->mean_w = sum->latency_s > 0 ? sum->total_j / sum->latency_s : 0.0;
}

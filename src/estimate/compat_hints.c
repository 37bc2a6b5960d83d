/* SPDX-License-Identifier: Apache-2.0 */
/* What compat mode suggests, in the words of 2025-10-28 and in their order. */
#include <math.h>
#include <string.h>
#include "estimate/compat.h"

static const double static_share_most = 0.40, memory_share_most = 0.40;
static const double utilization_least = 0.5, cache_saving = 0.5, int8_saving = 0.75;
static const double activations_share = 0.5, checkpoint_saving = 0.6, weights_share = 0.3;

typedef struct writing {
    const erg_compat *compat;
    erg_compat_hints *hints;
    erg_error *err;
    bool failed;
} writing;

__attribute__((format(printf, 3, 4)))
static void hint(writing *w, erg_compat_hint saves, const char *format, ...)
{
    char text[240];
    va_list args;

    va_start(args, format);
    vsnprintf(text, sizeof(text), format, args);
    va_end(args);
    saves.text = erg_arena_text(w->compat->arena, text, w->err);
    w->failed = w->failed || !saves.text;
    if (saves.text)
        w->hints->list[w->hints->count++] = saves;
}

static erg_compat_hint joules(double saves_j)
{
    return (erg_compat_hint){ .saves_j = saves_j, .saves_bytes = NAN };
}

static erg_compat_hint bytes(double saves_bytes)
{
    return (erg_compat_hint){ .saves_j = NAN, .saves_bytes = saves_bytes };
}

static void energy_hints(writing *w)
{
    const erg_compat_energy *e = &w->compat->energy;
    double total_j = e->total_j > 0 ? e->total_j : 1.0;

    if (e->static_j / total_j > static_share_most)
        hint(w, joules(e->static_j),
             "✓ Reduce latency: %.0f%% energy is static (leakage). Faster execution "
             "saves %.0fμJ", 100 * e->static_j / total_j,
             1e6 * e->static_j);
    if (e->utilization < utilization_least)
        hint(w, joules(e->wasted_j), "✓ Improve utilization: %.0f%% average utilization. "
             "Better batching/fusion could save %.0fμJ", 100 * e->utilization,
             1e6 * e->wasted_j);
    if (e->memory_j / total_j > memory_share_most)
        hint(w, joules(cache_saving * e->memory_j),
             "✓ Reduce data movement: %.0f%% energy is memory transfers. "
             "Cache reuse could save %.0fμJ", 100 * e->memory_j / total_j,
             1e6 * cache_saving * e->memory_j);
    if (w->compat->graph->precision == ERG_FP32)
        hint(w, joules(int8_saving * e->compute_j),
             "✓ Quantization (FP32→INT8): Could save ~%.0fμJ in compute energy",
             1e6 * int8_saving * e->compute_j);
}

static double mib(double size) { return size / (1 << 20); }

static void in_place_hint(writing *w)
{
    double saves = 0;
    int count = 0;

    for (int32_t i = 0; i < w->compat->part_count; i++) {
        const erg_compat_node *node = w->compat->parts[i].node;
        if (strcmp(node->type, "relu") != 0 && strcmp(node->type, "relu6") != 0)
            continue;
        saves += (double)node->out_bytes;
        count++;
    }
    if (count)
        hint(w, bytes(saves), "✓ In-place ops: %d ReLU/Dropout ops could save ~%.0f MB",
             count, mib(saves));
}

static void reuse_hint(writing *w)
{
    const erg_compat *compat = w->compat;
    int32_t live = 0;

    for (int32_t i = 0; i < compat->part_count; i++)
        if (compat->memory.steps[i].live_tensors > live)
            live = compat->memory.steps[i].live_tensors;
    if (live < 0.5 * compat->part_count)
        hint(w, bytes(NAN), "✓ Buffer reuse: Only %d tensors alive at once (out of %d "
             "total) - good reuse potential", (int)live, (int)compat->part_count);
}

static void memory_hints(writing *w)
{
    const erg_compat_memory *m = &w->compat->memory;
    double outputs = 0.0, peak = (double)m->peak_bytes, weights = (double)m->weights_bytes;

    for (int32_t i = 0; i < w->compat->part_count; i++)
        outputs += (double)w->compat->parts[i].node->out_bytes;
    double kept = trunc(checkpoint_saving * outputs), narrow = trunc(int8_saving * weights);
    if (outputs > activations_share * peak)
        hint(w, bytes(kept), "✓ Activation checkpointing: Save ~%.0f MB by recomputing "
             "60%% of activations (33%% more compute)", mib(kept));
    if (weights > weights_share * peak)
        hint(w, bytes(narrow), "✓ INT8 quantization: Save ~%.0f MB in weights (4× "
             "compression)", mib(narrow));
    in_place_hint(w);
    reuse_hint(w);
}

bool erg_compat_hints_fill(erg_compat *compat, erg_error *err)
{
    writing energy = { compat, &compat->energy_hints, err, false };
    writing memory = { compat, &compat->memory_hints, err, false };

    compat->energy_hints.count = compat->memory_hints.count = 0;
    energy_hints(&energy);
    memory_hints(&memory);
    return !energy.failed && !memory.failed;
}

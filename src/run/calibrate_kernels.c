/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Learning a kernel model. Each fold is held out once: neither a tree nor a neighbour of
 * its rows has seen their pair (n, k). The intervals come from those misses. The model
 * that is kept then learns from all rows.
 */
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include "fit/boosted.h"
#include "run/kernel_samples.h"

/* As few as hold the accuracy: a prediction has a microsecond. Neighbours say most of a
 * product. Readings of power under attention scatter by 13 to 18 % from one to the next
 * (twins: bench/accuracy_twins.c): a leaf needs 100 of them or more to know their mean to
 * 2 %. */
static const struct { int rounds, depth; double rate, child_weight; }
    sizes[ERG_KERNEL_KINDS][ERG_TARGETS] = {
    [ERG_KERNEL_GEMM] = { { 32, 7, 0.2, 3 }, { 32, 7, 0.2, 3 } },
    [ERG_KERNEL_PREFILL] = { { 40, 9, 0.3, 3 }, { 24, 7, 0.25, 150 } },
    [ERG_KERNEL_DECODE] = { { 48, 8, 0.2, 3 }, { 24, 8, 0.25, 100 } },
};
static const erg_boost_options boosting = { .row_share = 0.8, .feature_share = 0.7 };
static const erg_precision precisions[ERG_KERNEL_TYPES - 1] = {
    [ERG_KERNEL_BF16] = ERG_BF16, [ERG_KERNEL_FP8] = ERG_FP8,
};

typedef struct lesson {
    erg_kernel_samples *samples;
    erg_kernel_part *part;
    int without;                    /* fold that is held out; -1: none */
    int threads;
    size_t width;                   /* features of a row */
    size_t asked[ERG_TARGETS];      /* by a target: the first so many */
    size_t near_from, near_to;      /* those of neighbours */
    float *features;                /* of samples->count rows */
    float *bases[ERG_TARGETS], *targets;
} lesson;

/* The catalogue knows no rate of fp4: twice that of fp8, as NVIDIA quotes it. */
static erg_kernel_machine machine_of(const erg_hardware *hardware)
{
    const double *tensor = hardware->peak_flop_per_s[ERG_UNIT_TENSOR];
    erg_kernel_machine machine = {
        .bytes_per_s = hardware->memory_bytes_per_s,
        .units = hardware->units, .cap_w = hardware->cap_w,
    };

    for (int i = 0; i < ERG_KERNEL_TYPES - 1; i++)
        if (tensor[precisions[i]] > 0)
            machine.flop_per_s[i] = tensor[precisions[i]];
    machine.flop_per_s[ERG_KERNEL_FP4] = 2 * machine.flop_per_s[ERG_KERNEL_FP8];
    return machine;
}

static bool is_seen(const lesson *of, size_t row)
{
    return of->samples->rows[row].fold != of->without;
}

static double wanted(const lesson *of, size_t row, int target)
{
    const erg_kernel_sample *sample = &of->samples->rows[row];
    const erg_kernel_machine *machine = &of->part->machine;

    return target == ERG_TARGET_POWER ? log(sample->power_w / machine->cap_w)
         : log(sample->latency_s / erg_kernel_roof_of(machine, &sample->shape).roof_s);
}

static void fill_grid(lesson *of)
{
    erg_kernel_grid *grid = &of->part->grid;
    double coordinates[ERG_KERNEL_AXES];

    for (size_t i = 0; i < grid->count; i++)
        for (int target = 0; target < ERG_TARGETS; target++)
            grid->cells[i].target[target] = ERG_KERNEL_MISSING;
    if (erg_near_uses[of->samples->rows[0].shape.kind] == ERG_NEAR_UNUSED)
        return;
    for (size_t i = 0; i < of->samples->count; i++) {
        if (!is_seen(of, i))
            continue;
        erg_kernel_coordinates(&of->samples->rows[i].shape, coordinates);
        size_t cell = erg_kernel_spot_of(grid, coordinates).cell;
        for (int target = 0; target < (of->part->has_power ? ERG_TARGETS : 1); target++)
            grid->cells[cell].target[target] = erg_kernel_cell_value(wanted(of, i, target));
    }
}

static void fill_features(lesson *of)
{
    erg_kernel_row row;

    for (size_t i = 0; i < of->samples->count; i++) {
        const erg_kernel_shape *shape = &of->samples->rows[i].shape;
        erg_kernel_roof roof = erg_kernel_roof_of(&of->part->machine, shape);
        erg_kernel_row_fill(of->part, shape, &roof, &row);
        of->width = row.counts[ERG_TARGET_POWER];
        of->near_from = row.near_from;
        of->near_to = row.near_to;
        memcpy(of->features + i * of->width, row.features, of->width * sizeof(float));
        for (int target = 0; target < ERG_TARGETS; target++) {
            of->bases[target][i] = row.bases[target];
            of->asked[target] = row.counts[target];
        }
    }
}

/* Other numbers of heads read other power by when they were read, in decode: trees shall
 * not ask them. They never split at what is the same in all rows. */
static void hide(const lesson *of, int target, float features[])
{
    if (target == ERG_TARGET_POWER
        && erg_near_uses[of->samples->rows[0].shape.kind] == ERG_NEAR_FEATURE)
        for (size_t i = of->near_from; i < of->near_to; i++)
            features[i] = 0;
}

/* Files keep trees alone: where the sum begins moves into the leaves of the first one. */
static void settle(erg_forest *forest)
{
    size_t end = forest->tree_count > 1 ? forest->roots[1] : forest->node_count;

    for (size_t i = 0; i < end; i++) {
        erg_split split = erg_forest_split(forest, i);
        float value = split.value + forest->base;
        if (split.left < 0)
            memcpy(&forest->nodes[i].number, &value, sizeof(value));
    }
    forest->base = 0;
}

static bool boost(lesson *of, int target, float *seen, erg_error *err)
{
    erg_boost_rows rows = { .features = seen, .targets = of->targets,
                            .feature_count = of->asked[target] };
    erg_boost_options options = boosting;
    erg_kernel_kind kind = of->samples->rows[0].shape.kind;

    for (size_t i = 0; i < of->samples->count; i++) {
        if (!is_seen(of, i))
            continue;
        memcpy(seen + rows.count * rows.feature_count, of->features + i * of->width,
               rows.feature_count * sizeof(float));
        hide(of, target, seen + rows.count * rows.feature_count);
        of->targets[rows.count++] = (float)(wanted(of, i, target) - of->bases[target][i]);
    }
    options.threads = of->threads;
    options.is_relative = target == ERG_TARGET_POWER; /* readings jump: docs/estimate.md */
    if (options.is_relative && erg_near_uses[kind] != ERG_NEAR_START)
        options.base = NAN;
    options.rounds = sizes[kind][target].rounds;
    options.depth = sizes[kind][target].depth;
    options.rate = sizes[kind][target].rate;
    options.child_weight = sizes[kind][target].child_weight;
    erg_forest_free(&of->part->forests[target]);
    if (!erg_boost(&rows, &options, &of->part->forests[target], err))
        return false;
    settle(&of->part->forests[target]);
    return true;
}

static bool learn(lesson *of, erg_error *err)
{
    size_t count = of->samples->count;
    float *seen = malloc(count * ERG_TREE_FEATURES * sizeof(*seen));
    bool good = seen || erg_fail(err, ERG_NO_MEMORY, "no memory for %zu rows", count);

    if (good) {
        fill_grid(of);
        fill_features(of);
    }
    for (int target = 0; good && target < (of->part->has_power ? ERG_TARGETS : 1); target++)
        good = boost(of, target, seen, err);
    free(seen);
    return good;
}

static void judge(lesson *of)
{
    uint32_t keys[ERG_TREE_KEYS];

    for (size_t i = 0; i < of->samples->count; i++) {
        erg_kernel_sample *sample = &of->samples->rows[i];
        double miss[ERG_TARGETS] = { NAN, NAN };
        if (is_seen(of, i))
            continue;
        erg_tree_row(of->features + i * of->width, of->width, keys);
        for (int target = 0; target < (of->part->has_power ? ERG_TARGETS : 1); target++)
            miss[target] = wanted(of, i, target) - (double)of->bases[target][i]
                         - (double)erg_forest_sum(&of->part->forests[target], keys);
        sample->miss[ERG_KERNEL_LATENCY] = miss[ERG_TARGET_LATENCY];
        sample->miss[ERG_KERNEL_POWER] = miss[ERG_TARGET_POWER];
        sample->miss[ERG_KERNEL_ENERGY] = miss[ERG_TARGET_LATENCY] + miss[ERG_TARGET_POWER];
        sample->regime = erg_kernel_regime_of(sample->shape.type, sample->latency_s
                                              * exp(-miss[ERG_TARGET_LATENCY]));
    }
}

/* ---- one kind -------------------------------------------------------------------- */

static bool make_grid(erg_kernel_part *part, const erg_kernel_samples *samples,
                      erg_error *err)
{
    double *rows = malloc(samples->count * ERG_KERNEL_AXES * sizeof(*rows));
    int axes = 0;

    if (!rows)
        return erg_fail(err, ERG_NO_MEMORY, "no memory for %zu shapes", samples->count);
    for (size_t i = 0; i < samples->count; i++) {
        double at[ERG_KERNEL_AXES];
        axes = erg_kernel_coordinates(&samples->rows[i].shape, at);
        memcpy(rows + i * (size_t)axes, at, (size_t)axes * sizeof(*rows));
    }
    bool good = erg_kernel_grid_make(&part->grid, rows, samples->count, axes, err);
    free(rows);
    return good;
}

static bool check_machine(const erg_kernel_part *part, const erg_kernel_samples *samples,
                          erg_error *err)
{
    const erg_kernel_machine *machine = &part->machine;
    const erg_kernel_axis *types = &part->grid.axis[0];
    bool good = machine->bytes_per_s > 0 && machine->units > 0 && machine->cap_w > 0
             && machine->flop_per_s[ERG_KERNEL_BF16] > 0;

    for (size_t i = 0; i < types->count; i++)
        good = good && machine->flop_per_s[(int)types->values[i]] > 0;
    return good
        || erg_fail(err, ERG_NO_DATA, "%s: the record of the hardware lacks a peak rate, "
                    "bandwidth, units or cap that these rows need", samples->path);
}

static bool learn_kind(erg_kernel_part *part, erg_kernel_samples *samples, int threads,
                       erg_error *err)
{
    size_t count = samples->count;
    lesson of = { samples, part, .threads = threads };
    bool good;

    part->has_power = samples->has_power;
    part->rows = (int)count;
    of.features = malloc(count * ERG_TREE_FEATURES * sizeof(float));
    of.targets = calloc(count, sizeof(float));
    for (int i = 0; i < ERG_TARGETS; i++)
        of.bases[i] = calloc(count, sizeof(float));
    good = (of.features && of.targets && of.bases[0] && of.bases[1])
        || erg_fail(err, ERG_NO_MEMORY, "no memory for %zu rows", count);
    good = good && make_grid(part, samples, err) && check_machine(part, samples, err);
    for (of.without = 0; good && of.without < ERG_KERNEL_FOLDS; of.without++)
        if ((good = learn(&of, err)))
            judge(&of);
    of.without = -1;
    good = good && learn(&of, err);
    if (good)
        erg_kernel_regimes(samples, -1, part->regimes);
    free(of.features);
    free(of.targets);
    free(of.bases[0]);
    free(of.bases[1]);
    return good;
}

static bool add_file(erg_kernels *kernels, erg_table *table,
                     const erg_kernels_options *options, size_t file, erg_error *err)
{
    erg_kernel_samples samples;
    bool good = erg_kernel_samples_load(&samples, options->rows_paths[file], err);

    if (!good)
        return false;
    erg_kernel_part *part = &kernels->parts[samples.rows[0].shape.kind];
    if (part->rows)
        good = erg_fail(err, ERG_BAD_INPUT, "%s: another file holds this kind already",
                        samples.path);
    else
        good = learn_kind(part, &samples, options->threads, err)
            && erg_kernel_table_add(table, &samples, err);
    erg_kernel_samples_free(&samples);
    return good;
}

erg_result *erg_kernels_calibrate(const erg_hardware *hardware,
                                  const erg_kernels_options *options, erg_kernels **kernels,
                                  erg_error *err)
{
    erg_result *result = erg_result_new("calibrate", err);
    erg_kernels *made = calloc(1, sizeof(*made));
    erg_table *table = result ? erg_kernel_table_new(result, err) : NULL;
    bool good = table
        && (made || erg_fail(err, ERG_NO_MEMORY, "no memory for a kernel model"));

    if (good) {
        erg_text_put(made->hardware, sizeof(made->hardware), hardware->name);
        erg_text_put(made->source, sizeof(made->source),
                     options->source ? options->source : "");
        erg_text_put(made->date, sizeof(made->date), options->date ? options->date : "");
        for (int kind = 0; kind < ERG_KERNEL_KINDS; kind++)
            made->parts[kind].machine = machine_of(hardware);
    }
    for (size_t i = 0; good && i < options->path_count; i++)
        good = add_file(made, table, options, i, err);
    if (!good) {
        erg_kernels_free(made);
        erg_result_free(result);
        return NULL;
    }
    *kernels = made;
    return result;
}

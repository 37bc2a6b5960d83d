/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A kernel model into its file. Arrays are split into planes of bytes (all first bytes,
 * all second ones..), which zstd packs far better than numbers side by side.
 */
#include <jansson.h>
#include <stdlib.h>
#include <string.h>
#include "estimate/kernel_json.h"
#include "format/pack.h"

const char *const erg_kernel_target_names[ERG_TARGETS] = {
    [ERG_TARGET_LATENCY] = "latency", [ERG_TARGET_POWER] = "power",
};
const char *const erg_kernel_quantity_names[ERG_KERNEL_QUANTITIES] = {
    [ERG_KERNEL_LATENCY] = "latency", [ERG_KERNEL_POWER] = "power",
    [ERG_KERNEL_ENERGY] = "energy",
};

size_t erg_packed_size(size_t node_count) { return node_count * (1 + sizeof(float)); }

static json_t *packed(const uint8_t *bytes, size_t count, erg_error *err)
{
    char *text = bytes ? erg_pack(bytes, count, err) : NULL;
    json_t *out = text ? json_string(text) : NULL;

    free(text);
    return out;
}

/* ---- forests ---------------------------------------------------------------------- */

/* Trees are laid out breadth first already: feature, threshold or value, in order. */
static json_t *forest_json(const erg_forest *forest, erg_error *err)
{
    size_t count = forest->node_count;
    uint8_t *bytes = calloc(erg_packed_size(count) + 1, 1);
    json_t *sizes = json_array();

    for (size_t i = 0; bytes && i < count; i++) {
        erg_split split = erg_forest_split(forest, i);
        bool is_leaf = split.left < 0;
        float number = is_leaf ? split.value : split.threshold;
        uint8_t parts[sizeof(number)];
        memcpy(parts, &number, sizeof(number));
        bytes[i] = is_leaf ? ERG_PACKED_LEAF : (uint8_t)split.feature;
        for (size_t j = 0; j < sizeof(number); j++)
            bytes[count * (j + 1) + i] = parts[j];
    }
    for (size_t tree = 0; tree < forest->tree_count; tree++) {
        size_t end = tree + 1 < forest->tree_count ? forest->roots[tree + 1] : count;
        json_array_append_new(sizes, json_integer((json_int_t)(end - forest->roots[tree])));
    }
    json_t *nodes = packed(bytes, erg_packed_size(count), err);
    free(bytes);
    return json_pack("{s:o, s:o}", "sizes", sizes, "nodes", nodes);
}

/* ---- the grid --------------------------------------------------------------------- */

static json_t *cells_json(const erg_kernel_grid *grid, int target, erg_error *err)
{
    uint8_t *bytes = calloc(grid->count, 2);

    for (size_t i = 0; bytes && i < grid->count; i++) {
        uint16_t value = (uint16_t)grid->cells[i].target[target];
        bytes[i] = (uint8_t)(value >> 8);
        bytes[grid->count + i] = (uint8_t)value;
    }
    json_t *out = packed(bytes, 2 * grid->count, err);
    free(bytes);
    return out;
}

static json_t *axes_json(const erg_kernel_grid *grid)
{
    json_t *axes = json_array();

    for (int i = 0; i < grid->axes; i++) {
        json_t *values = json_array();
        for (size_t j = 0; j < grid->axis[i].count; j++)
            json_array_append_new(values,
                                  json_integer((json_int_t)grid->axis[i].values[j]));
        json_array_append_new(axes, values);
    }
    return axes;
}

/* ---- a part ------------------------------------------------------------------------ */

static json_t *regimes_json(const erg_kernel_part *part)
{
    json_t *out = json_array();

    for (int i = 0; i < ERG_KERNEL_REGIMES; i++) {
        const erg_kernel_regime *regime = &part->regimes[i];
        json_t *one = json_pack("{s:i}", "rows", regime->rows);
        for (int j = 0; j < ERG_KERNEL_QUANTITIES; j++)
            if (j == ERG_KERNEL_LATENCY || part->has_power)
                json_object_set_new(one, erg_kernel_quantity_names[j],
                                    json_pack("[f,f]", regime->low[j], regime->high[j]));
        json_array_append_new(out, one);
    }
    return out;
}

static json_t *machine_json(const erg_kernel_machine *machine)
{
    json_t *peaks = json_array();

    for (int i = 0; i < ERG_KERNEL_TYPES; i++)
        json_array_append_new(peaks, json_real(machine->flop_per_s[i]));
    return json_pack("{s:o, s:f, s:f, s:f}", "flop_per_s", peaks, "bytes_per_s",
                     machine->bytes_per_s, "units", machine->units,
                     "cap_w", machine->cap_w);
}

static json_t *part_json(const erg_kernel_part *part, int kind, erg_error *err)
{
    json_t *out = json_pack("{s:s, s:i, s:o, s:o, s:o}", "kind",
                            erg_kernel_kind_name((erg_kernel_kind)kind), "rows", part->rows,
                            "machine", machine_json(&part->machine), "axes",
                            axes_json(&part->grid), "intervals", regimes_json(part));

    for (int i = 0; out && i < (part->has_power ? ERG_TARGETS : 1); i++) {
        json_t *forest = forest_json(&part->forests[i], err);
        if (forest && erg_near_uses[kind] != ERG_NEAR_UNUSED
            && json_object_set_new(forest, "measured", cells_json(&part->grid, i, err)))
            json_decref(forest), forest = NULL;
        if (!forest || json_object_set_new(out, erg_kernel_target_names[i], forest) != 0) {
            json_decref(out);
            return NULL;
        }
    }
    return out;
}

bool erg_kernels_save(const erg_kernels *kernels, const char *path, erg_error *err)
{
    json_t *parts = json_array();
    json_t *root = json_pack("{s:i, s:s, s:s, s:s, s:o}", "kernels", ERG_KERNEL_FORMAT,
                             "hardware", kernels->hardware, "date", kernels->date, "source",
                             kernels->source, "parts", parts);
    erg_aside aside;
    bool good = root != NULL;

    for (int kind = 0; good && kind < ERG_KERNEL_KINDS; kind++)
        if (kernels->parts[kind].rows)
            good = json_array_append_new(parts,
                                         part_json(&kernels->parts[kind], kind, err)) == 0;
    if (!good)
        erg_fail(err, ERG_NO_MEMORY, "no memory for a kernel model");
    else if ((good = erg_aside_begin(&aside, path, err))) {
        good = json_dumpf(root, aside.stream, JSON_INDENT(1) | JSON_REAL_PRECISION(9)) == 0
            && fputc('\n', aside.stream) != EOF;
        good = erg_aside_end(&aside, good, err) && good;
    }
    json_decref(root);
    return good;
}

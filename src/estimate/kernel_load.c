/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A kernel model from its file. Nothing in it is trusted: sizes are bounded before they
 * are allocated, trees are checked as they are added, and a model that loads can be asked
 * for any shape.
 */
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "estimate/kernel_json.h"
#include "format/json.h"
#include "format/pack.h"

enum { FILE_MOST = 1 << 24, FOREST_NODES = 1 << 20, SIZE_MOST = 1 << 24 };

typedef struct reading { const char *path; erg_error *err; } reading;

static bool refuse(const reading *in, const char *what, const char *why)
{
    return erg_fail(in->err, ERG_BAD_INPUT, "kernel model %s: %s %s", in->path, what, why);
}

static bool unpack(const reading *in, const json_t *text, uint8_t *to, size_t count)
{
    erg_error why = { 0 };

    if (!to)
        return erg_fail(in->err, ERG_NO_MEMORY, "no memory for kernel model %s", in->path);
    if (!json_is_string(text))
        return refuse(in, "a packed array", "is missing");
    return erg_unpack(json_string_value(text), to, count, &why)
        || refuse(in, "a packed array", "is damaged or of another length");
}

/* ---- forests ---------------------------------------------------------------------- */

/* One tree of count nodes that begin at first of the planes of total nodes. */
static bool read_tree(const reading *in, const uint8_t *bytes, size_t first, size_t count,
                      size_t total, erg_forest *to)
{
    erg_split *splits = calloc(count + 1, sizeof(*splits));
    size_t next = 1;

    for (size_t i = 0; splits && i < count; i++) {
        uint8_t parts[sizeof(float)], feature = bytes[first + i];
        float number;
        for (size_t j = 0; j < sizeof(parts); j++)
            parts[j] = bytes[total * (j + 1) + first + i];
        memcpy(&number, parts, sizeof(number));
        bool is_leaf = feature == ERG_PACKED_LEAF;
        splits[i] = is_leaf ? (erg_split){ .left = -1, .right = -1, .value = number }
            : (erg_split){ (int32_t)next, (int32_t)next + 1, feature, number, 0 };
        next += is_leaf ? 0 : 2;
    }
    bool good = splits ? erg_forest_add(to, splits, count, in->err)
                       : erg_fail(in->err, ERG_NO_MEMORY, "no memory for a tree");
    free(splits);
    return good;
}

static bool read_forest(const reading *in, const json_t *object, erg_forest *to)
{
    const json_t *sizes = json_object_get(object, "sizes");
    size_t trees = json_array_size(sizes), total = 0, first = 0;
    bool good = true;

    for (size_t i = 0; i < trees; i++) {
        json_int_t size = json_integer_value(json_array_get(sizes, i));
        if (size < 1 || size > ERG_TREE_NODES || (total += (size_t)size) > FOREST_NODES)
            return refuse(in, "sizes", "of trees are out of bounds");
    }
    uint8_t *bytes = malloc(erg_packed_size(total) + 1);
    good = unpack(in, json_object_get(object, "nodes"), bytes, erg_packed_size(total));
    for (size_t i = 0; good && i < trees; i++) {
        size_t size = (size_t)json_integer_value(json_array_get(sizes, i));
        good = read_tree(in, bytes, first, size, total, to);
        first += size;
    }
    free(bytes);
    return good;
}

/* ---- the grid --------------------------------------------------------------------- */

static bool read_axis(const reading *in, const json_t *values, erg_kernel_axis *to)
{
    to->count = json_array_size(values);
    if (to->count < 1 || to->count > ERG_AXIS_MOST)
        return refuse(in, "axes", "have none or too many values");
    for (size_t i = 0; i < to->count; i++) {
        json_int_t value = json_integer_value(json_array_get(values, i));
        to->values[i] = (double)value;
        if (value < 0 || value > SIZE_MOST || (i > 0 && to->values[i] <= to->values[i - 1]))
            return refuse(in, "axes", "do not rise within bounds");
    }
    return true;
}

/* None are kept of a kind that does not ask its neighbours. */
static bool read_cells(const reading *in, const json_t *text, erg_kernel_grid *grid,
                       int target)
{
    if (!text)
        return true;

    uint8_t *bytes = malloc(2 * grid->count);
    bool good = unpack(in, text, bytes, 2 * grid->count);

    for (size_t i = 0; good && i < grid->count; i++)
        grid->cells[i].target[target] =
            (int16_t)(uint16_t)(bytes[i] << 8 | bytes[grid->count + i]);
    free(bytes);
    return good;
}

static bool read_grid(const reading *in, const json_t *axes, erg_kernel_kind kind,
                      erg_kernel_grid *grid)
{
    double unused[ERG_KERNEL_AXES];
    const erg_kernel_shape shape = { .kind = kind };

    grid->axes = erg_kernel_coordinates(&shape, unused);
    if (json_array_size(axes) != (size_t)grid->axes)
        return refuse(in, "axes", "are not those of its kind");
    for (int i = 0; i < grid->axes; i++)
        if (!read_axis(in, json_array_get(axes, (size_t)i), &grid->axis[i]))
            return false;
    return erg_kernel_grid_finish(grid, in->err);
}

/* ---- a part ------------------------------------------------------------------------ */

static bool read_number(const reading *in, const json_t *object, const char *key,
                        double *to)
{
    const json_t *value = json_object_get(object, key);

    *to = json_number_value(value);
    return (json_is_number(value) && *to > 0 && *to < 1e30)
        || refuse(in, key, "is no number above 0");
}

static bool read_machine(const reading *in, const json_t *object,
                         const erg_kernel_axis *types, erg_kernel_machine *to)
{
    const json_t *peaks = json_object_get(object, "flop_per_s");

    for (size_t i = 0; i < ERG_KERNEL_TYPES; i++)
        to->flop_per_s[i] = json_number_value(json_array_get(peaks, i));
    for (size_t i = 0; i < types->count; i++) {
        if (types->values[i] >= ERG_KERNEL_TYPES)
            return refuse(in, "axes", "name an unknown type");
        /* Attention computes in bf16. */
        if (!(to->flop_per_s[(int)types->values[i]] > 0) || !(to->flop_per_s[0] > 0))
            return refuse(in, "flop_per_s", "lacks a type that was learnt");
    }
    return read_number(in, object, "bytes_per_s", &to->bytes_per_s)
        && read_number(in, object, "units", &to->units)
        && read_number(in, object, "cap_w", &to->cap_w);
}

static bool read_interval(const json_t *pair, double *low, double *high)
{
    *low = json_number_value(json_array_get(pair, 0));
    *high = json_number_value(json_array_get(pair, 1));
    return *low > 0 && *low <= *high && *high < 1e6;
}

static bool read_regimes(const reading *in, const json_t *array, erg_kernel_part *part)
{
    for (size_t i = 0; i < ERG_KERNEL_REGIMES; i++) {
        const json_t *one = json_array_get(array, i);
        erg_kernel_regime *to = &part->regimes[i];
        to->rows = (int)json_integer_value(json_object_get(one, "rows"));
        for (int j = 0; j < ERG_KERNEL_QUANTITIES; j++) {
            to->low[j] = to->high[j] = NAN;
            if ((j == ERG_KERNEL_LATENCY || part->has_power)
                && !read_interval(json_object_get(one, erg_kernel_quantity_names[j]),
                                  &to->low[j], &to->high[j]))
                return refuse(in, "intervals", "are missing or out of order");
        }
    }
    return true;
}

static bool read_targets(const reading *in, const json_t *object, erg_kernel_part *part,
                         erg_kernel_kind kind)
{
    const erg_kernel_shape any = { .kind = kind, .m = 1, .n = 1, .k = 1,
                                   .batch = 1, .seq = 1,
                                   .heads = 1, .kv_heads = 1, .head_dim = 1 };
    const erg_kernel_roof roof = erg_kernel_roof_of(&part->machine, &any);
    erg_kernel_row row;

    erg_kernel_row_fill(part, &any, &roof, &row);
    for (int i = 0; i < (part->has_power ? ERG_TARGETS : 1); i++) {
        const json_t *target = json_object_get(object, erg_kernel_target_names[i]);
        part->forests[i].feature_count = row.counts[i];
        if (!read_cells(in, json_object_get(target, "measured"), &part->grid, i)
            || !read_forest(in, target, &part->forests[i]))
            return false;
    }
    return true;
}

static bool read_part(const reading *in, const json_t *object, erg_kernels *to)
{
    const char *name = json_string_value(json_object_get(object, "kind"));
    json_int_t rows = json_integer_value(json_object_get(object, "rows"));
    int kind = 0;

    while (kind < ERG_KERNEL_KINDS
           && (!name || strcmp(name, erg_kernel_kind_name((erg_kernel_kind)kind)) != 0))
        kind++;
    if (kind == ERG_KERNEL_KINDS || to->parts[kind].rows)
        return refuse(in, "kind", "is unknown or there twice");
    erg_kernel_part *part = &to->parts[kind];
    if (rows < 1 || rows > 1 << 30)
        return refuse(in, "rows", "is no count");
    part->rows = (int)rows;
    part->has_power = json_object_get(object, erg_kernel_target_names[ERG_TARGET_POWER]);
    return read_grid(in, json_object_get(object, "axes"), (erg_kernel_kind)kind,
                     &part->grid)
        && read_machine(in, json_object_get(object, "machine"), &part->grid.axis[0],
                        &part->machine)
        && read_regimes(in, json_object_get(object, "intervals"), part)
        && read_targets(in, object, part, (erg_kernel_kind)kind);
}

/* ---- the file ------------------------------------------------------------------------ */

static bool read_text(const reading *in, const json_t *root, const char *key, char *to,
                      size_t size)
{
    const char *text = json_string_value(json_object_get(root, key));

    if (!text)
        return refuse(in, key, "is missing or no text");
    erg_text_put(to, size, text);
    return true;
}

static bool read_model(const reading *in, const json_t *root, erg_kernels *to)
{
    const json_t *parts = json_object_get(root, "parts");

    if (json_integer_value(json_object_get(root, "kernels")) != ERG_KERNEL_FORMAT)
        return refuse(in, "kernels", "is not 2: no kernel model, or of another version of "
                      "erg: learn it anew with erg calibrate kernels");
    if (!read_text(in, root, "hardware", to->hardware, sizeof(to->hardware))
        || !read_text(in, root, "date", to->date, sizeof(to->date))
        || !read_text(in, root, "source", to->source, sizeof(to->source)))
        return false;
    if (!json_array_size(parts))
        return refuse(in, "parts", "are missing");
    for (size_t i = 0; i < json_array_size(parts); i++)
        if (!read_part(in, json_array_get(parts, i), to))
            return false;
    return true;
}

static bool read_file(const reading *in, erg_kernels *to)
{
    json_t *root = erg_json_load(in->path, FILE_MOST, in->err);
    bool good = root && read_model(in, root, to);

    json_decref(root);
    return good;
}

/* The user's file of that name, else the shipped one. */
static bool find(const erg_catalog *catalog, const char *name, char path[ERG_PATH_MOST])
{
    const char *folders[] = { catalog ? catalog->user_dir : NULL,
                              catalog ? catalog->data_dir : NULL };

    for (size_t i = 0; i < ERG_COUNT(folders); i++) {
        int length = folders[i]
            ? snprintf(path, ERG_PATH_MOST, "%s/kernels/%s.json", folders[i],
                       name) : -1;
        if (length > 0 && length < ERG_PATH_MOST && access(path, R_OK) == 0)
            return true;
    }
    return false;
}

erg_kernels *erg_kernels_load(const erg_catalog *catalog, const char *hardware,
                              const char *path, erg_error *err)
{
    char found[ERG_PATH_MOST];

    if (!path && !find(catalog, hardware, found)) {
        erg_fail(err, ERG_NOT_FOUND, "no kernel model of %s: learn one with erg calibrate "
                 "kernels", hardware);
        return NULL;
    }
    erg_kernels *kernels = calloc(1, sizeof(*kernels));
    reading in = { path ? path : found, err };
    if (!kernels)
        erg_fail(err, ERG_NO_MEMORY, "no memory for a kernel model");
    else if (!read_file(&in, kernels)) {
        erg_kernels_free(kernels);
        kernels = NULL;
    }
    return kernels;
}

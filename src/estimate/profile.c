/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A profile from its file, completed by what is shared and by the process node.
 *
 * The trap: e_byte belongs to one rule of counting bytes. Coefficients of unfused
 * lists times cache-filtered bytes are nonsense, so a profile names its rule and
 * another rule is refused.
 */
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "base/base.h"
#include "estimate/fallback.h"
#include "estimate/profile_json.h"
#include "estimate/unit.h"
#include "format/json.h"

enum { FILE_MOST = 1 << 20 };

#define TIME_KEY(member) { #member, offsetof(erg_time_terms, member) }

const erg_profile_key erg_time_keys[] = {
    TIME_KEY(share), TIME_KEY(fill_k), TIME_KEY(tile_64), TIME_KEY(tile_32),
    TIME_KEY(batched_rows), TIME_KEY(batched_columns), TIME_KEY(long_k),
    TIME_KEY(long_cost), TIME_KEY(launch_s), TIME_KEY(host_s), TIME_KEY(half_width),
    TIME_KEY(cap_w),
};
const size_t erg_time_key_count = ERG_COUNT(erg_time_keys);

const char *const erg_byte_class_names[ERG_BYTE_CLASSES] = {
    [ERG_BYTES_MATRIX] = "matrix", [ERG_BYTES_ELEMENTWISE] = "elementwise",
    [ERG_BYTES_SOFTMAX] = "softmax", [ERG_BYTES_NORM] = "norm",
};
const char *const erg_runtime_names[ERG_GRAPH + 1] = {
    [ERG_EAGER] = "eager", [ERG_FUSED] = "fused", [ERG_GRAPH] = "graph",
};

void erg_term_key(erg_unit_class class, erg_precision precision, char key[ERG_TERM_KEY])
{
    snprintf(key, ERG_TERM_KEY, "%s_%s", erg_unit_class_name(class),
             erg_precision_name(precision));
}

typedef struct reading {
    const char *path;
    erg_profile *to;
    erg_arena *arena;
    erg_error *err;
} reading;

static bool refuse(const reading *in, const char *key, const char *why)
{
    return erg_fail(in->err, ERG_BAD_INPUT, "profile %s: %s %s", in->path, key, why);
}

/* What divides a time may not be 0, and nothing here is so small or so large. */
#define RATE_LEAST 1e-6
#define NUMBER_MOST 1e12

typedef struct range { double least, most; } range;

/* A number of the range into *to; an absent or null one leaves *to. */
static bool read_within(const reading *in, const json_t *object, const char *key,
                        range within, double *to)
{
    const json_t *value = json_object_get(object, key);
    char why[64];

    if (!value || json_is_null(value))
        return true;
    snprintf(why, sizeof(why), "is no number from %g to %g", within.least, within.most);
    if (!json_is_number(value) || !(json_number_value(value) >= within.least)
        || !(json_number_value(value) <= within.most))
        return refuse(in, key, why);
    *to = json_number_value(value);
    return true;
}

static bool read_number(const reading *in, const json_t *object, const char *key,
                        double *to)
{
    return read_within(in, object, key, (range){ 0, NUMBER_MOST }, to);
}

/* Joules of a FLOP or a byte. */
static bool read_coefficient(const reading *in, const json_t *object, const char *key,
                             double *to)
{
    return read_within(in, object, key, (range){ 0, 1 }, to);
}

/* A share, seconds of a launch, the logarithm of an interval; those in k are long. */
static bool read_term(const reading *in, const json_t *time, const char *key, double *to)
{
    static const struct { const char *key; range within; } others[] = {
        { "share", { RATE_LEAST, 10 } }, { "tile_64", { RATE_LEAST, 10 } },
        { "tile_32", { RATE_LEAST, 10 } }, { "fill_k", { 0, 1e6 } },
        { "long_k", { 0, 1e9 } }, { "cap_w", { 0, 1e6 } },
        { "batched_rows", { 0, 1 } }, { "batched_columns", { 0, 1 } },
    };

    for (size_t i = 0; i < ERG_COUNT(others); i++)
        if (strcmp(others[i].key, key) == 0)
            return read_within(in, time, key, others[i].within, to);
    return read_within(in, time, key, (range){ 0, 10 }, to);
}

static bool read_rows(const reading *in, const json_t *object, int *to)
{
    double rows = 0;

    if (!read_number(in, object, "rows", &rows))
        return false;
    if (rows > 1e9)
        return refuse(in, "rows", "is absurdly large");
    *to = (int)rows;
    return true;
}

static bool read_text(const reading *in, const json_t *object, const char *key,
                      const char **to)
{
    const char *text = json_string_value(json_object_get(object, key));

    if (!text)
        return refuse(in, key, "is missing or no text");
    *to = erg_arena_text(in->arena, text, in->err);
    return *to != NULL;
}

static bool read_time(const reading *in, const json_t *time, erg_time_terms *to)
{
    const json_t *bandwidth = json_object_get(time, "bandwidth");

    for (size_t i = 0; i < erg_time_key_count; i++) {
        double *member = (double *)((char *)to + erg_time_keys[i].offset);
        if (!read_term(in, time, erg_time_keys[i].name, member))
            return false;
    }
    for (int i = 0; i < ERG_BYTE_CLASSES; i++)
        if (!read_within(in, bandwidth, erg_byte_class_names[i], (range){ RATE_LEAST, 10 },
                         &to->bandwidth[i]))
            return false;
    return read_rows(in, time, &to->rows);
}

static bool read_operation(const reading *in, const json_t *table, erg_unit_class class,
                           erg_precision precision)
{
    char key[ERG_TERM_KEY];
    erg_energy_terms *to = &in->to->energy;

    erg_term_key(class, precision, key);
    const json_t *term = json_object_get(table, key);
    return !term
        || (read_coefficient(in, term, "value", &to->op_j_per_flop[class][precision])
            && read_rows(in, term, &to->op_rows[class][precision]));
}

static bool read_energy(const reading *in, const json_t *energy)
{
    const json_t *table = json_object_get(energy, "op_j_per_flop");
    erg_energy_terms *to = &in->to->energy;

    for (int class = 0; class < ERG_UNIT_CLASSES; class++)
        for (int precision = 0; precision < ERG_PRECISIONS; precision++)
            if (!read_operation(in, table, class, precision))
                return false;
    return read_coefficient(in, energy, "byte_j", &to->byte_j)
        && read_coefficient(in, energy, "far_byte_j", &to->far_byte_j)
        && read_within(in, energy, "static_w", (range){ 0, 1e6 }, &to->static_w)
        && read_within(in, energy, "half_width", (range){ 0, 10 }, &to->half_width)
        && read_rows(in, energy, &to->rows);
}

static bool read_runtime(const reading *in, const json_t *root)
{
    const char *word = json_string_value(json_object_get(root, "runtime"));

    for (int i = 0; word && i <= ERG_GRAPH; i++)
        if (!strcmp(word, erg_runtime_names[i])) {
            in->to->runtime = i;
            return true;
        }
    return refuse(in, "runtime", "is not eager, fused or graph");
}

static bool read_head(const reading *in, const json_t *root)
{
    erg_profile *to = in->to;

    if (json_integer_value(json_object_get(root, "profile")) != ERG_PROFILE_FORMAT)
        return refuse(in, "profile", "is not 1: no profile, or of a later erg");
    if (!read_text(in, root, "name", &to->name)
        || !read_text(in, root, "hardware", &to->hardware)
        || !read_text(in, root, "date", &to->date)
        || !read_text(in, root, "source", &to->source)
        || !read_text(in, root, "byte_rule", &to->byte_rule))
        return false;
    if (strcmp(to->byte_rule, ERG_BYTE_RULE) != 0
        && strcmp(to->byte_rule, ERG_BYTE_RULE_FAR) != 0)
        return refuse(in, "byte_rule", "is not \"unfused\" or \"unfused+far\": its "
                                       "coefficients belong to bytes "
                                       "counted in another way");
    return read_number(in, root, "clock_hz", &to->clock_hz)
        && read_number(in, root, "cap_w", &to->cap_w) && read_runtime(in, root);
}

static bool read_profile(const reading *in, const json_t *root)
{
    const json_t *time = json_object_get(root, "time");

    if (!json_is_object(root))
        return refuse(in, "the file", "holds no JSON object");
    if (!read_head(in, root) || !read_energy(in, json_object_get(root, "energy")))
        return false;
    for (int class = 0; class < ERG_UNIT_CLASSES; class++) {
        const json_t *terms = json_object_get(time, erg_unit_class_name(class));
        if (terms && !read_time(in, terms, &in->to->time[class]))
            return false;
    }
    return true;
}

static bool read_file(const reading *in)
{
    json_t *root = erg_json_load(in->path, FILE_MOST, in->err);
    bool good = root && read_profile(in, root);

    json_decref(root);
    return good;
}

/* Nothing known, named after its device. */
static erg_profile *begin(const erg_hardware *hardware, erg_error *err)
{
    erg_arena *arena = erg_arena_new(err);
    erg_profile *profile = arena ? erg_arena_take(arena, sizeof(*profile), err) : NULL;

    if (!profile) {
        erg_arena_free(arena);
        return NULL;
    }
    *profile = (erg_profile){
        .hardware = hardware->name, .byte_rule = ERG_BYTE_RULE, .inside = arena,
        .name = "theoretical", .date = "", .clock_hz = NAN, .cap_w = NAN,
        .source = "shared constants and process node, no measurement of this device",
    };
    for (int class = 0; class < ERG_UNIT_CLASSES; class++) {
        profile->time[class] = erg_time_shared(hardware, class);
        for (int precision = 0; precision < ERG_PRECISIONS; precision++)
            profile->energy.op_j_per_flop[class][precision] = NAN;
    }
    profile->energy.byte_j = profile->energy.far_byte_j = NAN;
    profile->energy.static_w = profile->energy.half_width = NAN;
    return profile;
}

/* The user's file of that name, else the shipped one; false: neither is there. */
static bool find(const erg_catalog *catalog, const char *name, char path[ERG_PATH_MOST])
{
    const char *folders[] = { catalog ? catalog->user_dir : NULL,
                              catalog ? catalog->data_dir : NULL };

    for (size_t i = 0; i < ERG_COUNT(folders); i++) {
        if (!folders[i])
            continue;
        int length = snprintf(path, ERG_PATH_MOST, "%s/profiles/%s.json", folders[i], name);
        if (length < ERG_PATH_MOST && access(path, R_OK) == 0)
            return true;
    }
    return false;
}

erg_profile *erg_profile_load(const erg_catalog *catalog, const erg_hardware *hardware,
                              const char *path, erg_error *err)
{
    char found[ERG_PATH_MOST];
    erg_profile *profile = begin(hardware, err);

    if (!profile)
        return NULL;
    if (!path && find(catalog, hardware->name, found))
        path = found;

    reading in = { .path = path, .to = profile, .arena = profile->inside, .err = err };
    if (path && !read_file(&in)) {
        erg_profile_free(profile);
        return NULL;
    }
    erg_energy_fill(&profile->energy, hardware);
    return profile;
}

void erg_profile_free(erg_profile *profile)
{
    if (profile)
        erg_arena_free(profile->inside);
}

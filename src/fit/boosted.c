/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The C interface of XGBoost 1.7 and later, declared here as far as it is used. The
 * trained model is read back from its JSON, which holds every float exactly.
 *
 * The library brings a pool of threads that outlives a call: it is never unloaded.
 */
#include <jansson.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include "base/library.h"
#include "base/sort.h"
#include "fit/boosted.h"
#include "math/stats.h"

typedef void *handle;
typedef uint64_t whole;

typedef struct library {
    const char *(*last_error)(void);
    int (*matrix_new)(const float *data, whole rows, whole columns, float missing,
                      handle *out);
    int (*matrix_set)(handle matrix, const char *field, const float *values, whole count);
    int (*matrix_free)(handle matrix);
    int (*booster_new)(const handle matrices[], whole count, handle *out);
    int (*booster_set)(handle booster, const char *name, const char *value);
    int (*booster_step)(handle booster, int round, handle matrix);
    int (*booster_predict)(handle booster, handle matrix, int mask, unsigned trees,
                           int training, whole *count, const float **out);
    int (*booster_save)(handle booster, const char *config, whole *count, const char **out);
    int (*booster_free)(handle booster);
} library;

static const erg_symbol symbols[] = {
    { "XGBGetLastError", offsetof(library, last_error), true },
    { "XGDMatrixCreateFromMat", offsetof(library, matrix_new), true },
    { "XGDMatrixSetFloatInfo", offsetof(library, matrix_set), true },
    { "XGDMatrixFree", offsetof(library, matrix_free), true },
    { "XGBoosterCreate", offsetof(library, booster_new), true },
    { "XGBoosterSetParam", offsetof(library, booster_set), true },
    { "XGBoosterUpdateOneIter", offsetof(library, booster_step), true },
    { "XGBoosterPredict", offsetof(library, booster_predict), true },
    { "XGBoosterSaveModelToBuffer", offsetof(library, booster_save), true },
    { "XGBoosterFree", offsetof(library, booster_free), true },
};

static bool library_open(library *to, erg_error *err)
{
    static const char *const names[] = { "libxgboost.so.0", "libxgboost.so" };
    void *opened = erg_library_open(names, ERG_COUNT(names));

    if (!opened)
        return erg_fail(err, ERG_UNSUPPORTED, "no XGBoost: learning needs libxgboost.so "
                        "(Debian: libxgboost0); predicting does not");
    const char *missing = erg_library_find(opened, symbols, ERG_COUNT(symbols), to);
    return !missing || erg_fail(err, ERG_UNSUPPORTED, "this XGBoost has no %s: 1.6 or "
                                "later is needed", missing);
}

/* ---- the model, from its JSON ---------------------------------------------------- */

static const char *const split_keys[] = { "left_children",
                                          "right_children", "split_indices",
                                          "split_conditions" };
enum { LEFT, RIGHT, FEATURE, CONDITION, SPLIT_KEYS };

static bool add_tree(const json_t *tree, erg_forest *to, erg_error *err)
{
    const json_t *arrays[SPLIT_KEYS];
    size_t count = json_array_size(json_object_get(tree, split_keys[0]));
    erg_split *splits = calloc(count + 1, sizeof(*splits));

    for (int key = 0; key < SPLIT_KEYS; key++)
        arrays[key] = json_object_get(tree, split_keys[key]);
    for (size_t i = 0; splits && i < count; i++) {
        float condition = (float)json_number_value(json_array_get(arrays[CONDITION], i));
        splits[i] = (erg_split){
            .left = (int32_t)json_integer_value(json_array_get(arrays[LEFT], i)),
            .right = (int32_t)json_integer_value(json_array_get(arrays[RIGHT], i)),
            .feature = (uint16_t)json_integer_value(json_array_get(arrays[FEATURE], i)),
            .threshold = condition, .value = condition,
        };
    }
    bool good = splits ? erg_forest_add(to, splits, count, err)
                       : erg_fail(err, ERG_NO_MEMORY, "no memory for a tree");
    free(splits);
    return good;
}

static const json_t *follow(const json_t *at, const char *const keys[])
{
    for (; *keys; keys++)
        at = json_object_get(at, *keys);
    return at;
}

/* "5.1E-1" from 1.6 on, "[5.1E-1]" from 3.0 on. */
static bool base_of(const json_t *root, float *base, erg_error *err)
{
    static const char *const way[] = { "learner", "learner_model_param",
                                       "base_score", NULL };
    const char *text = json_string_value(follow(root, way));
    char *end = NULL;

    text = text && *text == '[' ? text + 1 : text;
    *base = text ? strtof(text, &end) : NAN;
    if (!isfinite(*base) || end == text)
        return erg_fail(err, ERG_BAD_INPUT, "a model of XGBoost without its base_score");
    return true;
}

bool erg_boost_read(const char *json, size_t feature_count, erg_forest *out, erg_error *err)
{
    static const char *const way[] = { "learner", "gradient_booster",
                                       "model", "trees", NULL };
    json_t *root = json_loads(json, 0, NULL);
    const json_t *trees = follow(root, way);

    *out = (erg_forest){ .feature_count = feature_count };
    bool good = json_array_size(trees)
        ? base_of(root, &out->base, err)
        : erg_fail(err, ERG_BAD_INPUT, "no trees where XGBoost saves them");
    for (size_t i = 0; good && i < json_array_size(trees); i++)
        good = add_tree(json_array_get(trees, i), out, err);
    json_decref(root);
    if (!good)
        erg_forest_free(out);
    return good;
}

/* ---- training ------------------------------------------------------------------------ */

typedef struct training {
    library lib;
    handle matrix, booster;
    const erg_boost_options *options;
    double base;
} training;

static bool set(const training *with, const char *name, double value)
{
    char text[32];

    snprintf(text, sizeof(text), "%.9g", value);
    return with->lib.booster_set(with->booster, name, text) == 0;
}

static bool configure(const training *with)
{
    const erg_boost_options *options = with->options;

    return with->lib.booster_set(with->booster, "objective", "reg:squarederror") == 0
        && with->lib.booster_set(with->booster, "tree_method",
                                 options->is_exact ? "exact" : "hist") == 0
        && set(with, "base_score", with->base) && set(with, "verbosity", 0)
        && set(with, "seed", options->seed ? options->seed : 1)
        && set(with, "lambda", options->is_free ? 0 : 1)
        && set(with, "num_parallel_tree", options->parallel ? options->parallel : 1)
        && set(with, "colsample_bynode", options->node_share > 0 ? options->node_share : 1)
        && set(with, "nthread", options->threads > 0 ? options->threads : 1)
        && set(with, "max_depth", options->depth) && set(with, "eta", options->rate)
        && set(with, "subsample", options->row_share)
        && set(with, "colsample_bytree", options->feature_share)
        && set(with, "min_child_weight", options->child_weight);
}

/* The constant of the least relative error, where rounds begin: the median of targets that
 * weigh as 1 / measured. From 0 the first rounds would be spent on the way there. */
static double begin_of(const erg_boost_rows *rows, double room[])
{
    double half = 0, sum = 0;
    size_t at = 0;

    for (size_t i = 0; i < rows->count; i++)
        half += exp(-(room[i] = (double)rows->targets[i])) / 2;
    qsort(room, rows->count, sizeof(*room), erg_by_value);
    while (at + 1 < rows->count && (sum += exp(-room[at])) < half)
        at++;
    return room[at];
}

/* Errors below 1.345 standard deviations, twice the median one, count as squares
 * (Huber 1964). */
static double scale_of(const erg_boost_rows *rows, const float own[], double room[])
{
    for (size_t i = 0; i < rows->count; i++)
        room[i] = fabs((double)own[i] - (double)rows->targets[i]);
    return fmax(2 * erg_median(room, rows->count), 1e-6);
}

/* Squares weighed by |e^z - 1| / z^2, z = ln(predicted / measured) of the round before,
 * add up to the relative error (iteratively reweighted least squares; Holland, Welsch
 * 1977). A reading that is far off then pulls no harder than any other. */
static bool weigh(const training *with, const erg_boost_rows *rows, float weights[],
                  double room[])
{
    const float *own = NULL;
    whole count = 0;
    double sum = 0;

    if (with->lib.booster_predict(with->booster, with->matrix, 0, 0, 0, &count, &own) != 0
        || count != rows->count)
        return false;
    double near = scale_of(rows, own, room);
    for (size_t i = 0; i < rows->count; i++) {
        double z = (double)own[i] - (double)rows->targets[i];
        double slope = fabs(z) > 0 ? expm1(z) / z : 1;
        weights[i] = (float)(slope / fmax(fabs(z), near));
        sum += (double)weights[i];
    }
    for (size_t i = 0; i < rows->count; i++)
        weights[i] *= (float)((double)rows->count / sum);
    return with->lib.matrix_set(with->matrix, "weight", weights, count) == 0;
}

static bool step(const training *with, const erg_boost_rows *rows, int round,
                 float weights[], double room[])
{
    return (!weights || weigh(with, rows, weights, room))
        && with->lib.booster_step(with->booster, round, with->matrix) == 0;
}

static bool train(training *with, const erg_boost_rows *rows)
{
    const library *lib = &with->lib;
    bool is_relative = with->options->is_relative;
    float *weights = is_relative ? calloc(rows->count, sizeof(*weights)) : NULL;
    double *room = is_relative ? calloc(rows->count, sizeof(*room)) : NULL;
    bool good = ((weights && room) || !is_relative)
        && lib->matrix_new(rows->features, rows->count, rows->feature_count, NAN,
                           &with->matrix) == 0
        && lib->matrix_set(with->matrix, "label", rows->targets, rows->count) == 0
        && lib->booster_new(&with->matrix, 1, &with->booster) == 0;

    with->base = good && is_relative && isnan(with->options->base) ? begin_of(rows, room)
                                                                    : with->options->base;
    good = good && configure(with);
    for (int round = 0; good && round < with->options->rounds; round++)
        good = step(with, rows, round, weights, room);
    free(weights);
    free(room);
    return good;
}

static bool read_back(const training *with, const erg_boost_rows *rows, erg_forest *out,
                      erg_error *err)
{
    const char *text = NULL;
    const float *own = NULL;
    whole count = 0;

    if (rows->own && with->lib.booster_predict(with->booster, with->matrix, 0, 0, 0, &count,
                                               &own) != 0)
        return erg_fail(err, ERG_IO, "XGBoost: %s", with->lib.last_error());
    for (size_t i = 0; i < count && i < rows->count; i++)
        rows->own[i] = own[i];
    if (with->lib.booster_save(with->booster, "{\"format\": \"json\"}", &count, &text) != 0)
        return erg_fail(err, ERG_IO, "XGBoost: %s", with->lib.last_error());
    char *copy = calloc(count + 1, 1);
    if (!copy)
        return erg_fail(err, ERG_NO_MEMORY, "no memory for a model of %zu bytes",
                        (size_t)count);
    memcpy(copy, text, count);
    bool good = erg_boost_read(copy, rows->feature_count, out, err);
    if (good && rows->json)
        *rows->json = copy;
    else
        free(copy);
    return good;
}

bool erg_boost(const erg_boost_rows *rows, const erg_boost_options *options,
               erg_forest *out, erg_error *err)
{
    training with = { .options = options };
    bool good;

    if (!library_open(&with.lib, err))
        return false;
    if (!rows->count || rows->feature_count > ERG_TREE_FEATURES)
        return erg_fail(err, ERG_BAD_INPUT, "nothing to learn from, or over %d features",
                        ERG_TREE_FEATURES);
    good = train(&with, rows) ? read_back(&with, rows, out, err)
                              : erg_fail(err, ERG_IO, "XGBoost: %s", with.lib.last_error());
    if (with.booster)
        with.lib.booster_free(with.booster);
    if (with.matrix)
        with.lib.matrix_free(with.matrix);
    return good;
}

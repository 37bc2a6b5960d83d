/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Two kinds of models that XGBoost learns: a forest (one round of many deep trees, each
 * of other rows and features) and boosted trees (many rounds of shallow ones). Both take
 * (L, fp, dr, ln(1+P_m)) to the log ratio y; raw, for comparison, (fp, dr, f) to
 * ln(1+P). Without the library neither can be trained; one that was saved is read.
 */
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include "fit/boosted.h"
#include "fit/fit.h"

enum { FEATURES = 4, RAW_FEATURES = 3, GROUPS_LEAST = 4 };

static const erg_boost_options forest_options = {
    .rounds = 1, .parallel = 200, .depth = 12, .rate = 1, .row_share = 0.632,
    .feature_share = 1, .node_share = 0.67, .child_weight = 1, .is_exact = true,
    .is_free = true, .threads = 1, .seed = 42,
};
static const erg_boost_options boosted_options = {
    .rounds = 300, .depth = 4, .rate = 0.1, .row_share = 0.8, .feature_share = 0.8,
    .child_weight = 1, .is_exact = true, .threads = 1, .seed = 42,
};

static size_t features_of(bool is_raw) { return is_raw ? RAW_FEATURES : FEATURES; }
static size_t swept_feature(bool is_raw) { return is_raw ? 2 : 0; }     /* f, or L */

static float swept_of(bool is_raw, const erg_clock_point *top, double clock_hz)
{
    return (float)(is_raw ? clock_hz / 1e6 : erg_fit_log_step(top->clock_hz, clock_hz));
}

static void row_of(bool is_raw, const erg_clock_point *top, double clock_hz, float row[])
{
    float swept = swept_of(is_raw, top, clock_hz);

    row[0] = is_raw ? (float)top->fp_active : swept;
    row[1] = (float)(is_raw ? top->dram_active : top->fp_active);
    row[2] = is_raw ? swept : (float)top->dram_active;
    if (!is_raw)
        row[3] = (float)log1p(top->power_w);
}

/* ---- rows to learn from --------------------------------------------------- */

typedef struct lesson {
    float *features, *targets;
    size_t *groups;
    size_t count;
} lesson;

static void lesson_free(lesson *of)
{
    free(of->features);
    free(of->targets);
    free(of->groups);
}

/* From the lowest clock up, as measured tables are: samples depend on the order. */
static void add_curve(lesson *to, const erg_fit_curve *curve, const erg_trained *out)
{
    size_t width = features_of(out->is_raw);
    double top = erg_clock_point_value(curve->at, out->target);

    for (size_t k = curve->count; k-- > 0;) {
        double value = erg_clock_point_value(&curve->at[k], out->target);
        row_of(out->is_raw, curve->at, curve->at[k].clock_hz,
               to->features + to->count * width);
        to->targets[to->count] = (float)(out->is_raw ? log1p(value)
                                                     : erg_fit_log_ratio(value, top));
        to->groups[to->count++] = curve->group;
    }
}

static bool lesson_new(lesson *to, const erg_train *in, const erg_trained *out,
                       erg_error *err)
{
    size_t rows = 0;

    for (size_t i = 0; i < in->count; i++)
        rows += in->curves[i].count;
    *to = (lesson){ .features = calloc(rows * FEATURES + 1, sizeof(float)),
                    .targets = calloc(rows + 1, sizeof(float)),
                    .groups = calloc(rows + 1, sizeof(size_t)) };
    if (!to->features || !to->targets || !to->groups)
        return erg_fail(err, ERG_NO_MEMORY, "no memory for %zu rows", rows);
    for (size_t i = 0; i < in->count; i++)
        add_curve(to, &in->curves[i], out);
    return true;
}

static double mean_of(const float values[], size_t count)
{
    double sum = 0;

    for (size_t i = 0; i < count; i++)
        sum += (double)values[i];
    return count ? sum / (double)count : 0;
}

/* ---- training ------------------------------------------------------------- */

static bool learn(const lesson *from, size_t width, const erg_boost_options *plan,
                  char **json, erg_forest *out, erg_error *err)
{
    erg_boost_options options = *plan;
    erg_boost_rows rows = { .features = from->features, .targets = from->targets,
                            .count = from->count, .feature_count = width, .json = json };

    options.base = mean_of(from->targets, from->count);
    return erg_boost(&rows, &options, out, err);
}

/* ---- tuning --------------------------------------------------------------- */

enum { TUNE_FOLDS = 4, TUNE_LENGTHS = 3 };
static const int tune_rounds[TUNE_LENGTHS] = { 100, 300, 800 };
static const double tune_rates[] = { 0.03, 0.1, 0.3 };
static const int tune_depths[] = { 3, 4, 5, 6, 7, 8 };

/* Rows of the fold (or of all others) into part, which has room. Groups are numbered as
 * they come, so that an application is in one fold as a whole. */
static void take_fold(const lesson *from, size_t width, size_t fold, bool is_held,
                      lesson *part)
{
    size_t number = 0;

    part->count = 0;
    for (size_t i = 0; i < from->count; i++) {
        number += i > 0 && from->groups[i] != from->groups[i - 1];
        if ((number % TUNE_FOLDS == fold) != is_held)
            continue;
        memcpy(part->features + part->count * width, from->features + i * width,
               width * sizeof(float));
        part->targets[part->count++] = from->targets[i];
    }
}

/* Sum over held rows of |predicted/measured - 1| by the first so many trees. */
static double error_of(const erg_forest *forest, const lesson *held, size_t width)
{
    double sum = 0;

    for (size_t i = 0; i < held->count; i++) {
        uint32_t keys[ERG_TREE_KEYS];
        erg_tree_row(held->features + i * width, width, keys);
        sum += fabs(expm1((double)(erg_forest_sum(forest, keys) - held->targets[i])));
    }
    return sum;
}

/* Adds to errors[] what each number of rounds costs in one fold. */
static bool judge_fold(const lesson *from, size_t width, const erg_boost_options *plan,
                       size_t fold, lesson *part, double errors[], erg_error *err)
{
    erg_forest forest;

    take_fold(from, width, fold, false, part);
    if (!learn(part, width, plan, NULL, &forest, err))
        return false;
    take_fold(from, width, fold, true, part);
    for (int k = 0; k < TUNE_LENGTHS; k++) {
        forest.tree_count = (size_t)tune_rounds[k];
        errors[k] += error_of(&forest, part, width);
    }
    erg_forest_free(&forest);
    return true;
}

/* The best of all depths, rates and numbers of rounds, by folds of applications. */
static bool tune(const lesson *from, size_t width, erg_boost_options *plan, erg_error *err)
{
    lesson part = { .features = calloc(from->count * width + 1, sizeof(float)),
                    .targets = calloc(from->count + 1, sizeof(float)) };
    bool good = (part.features && part.targets)
        || erg_fail(err, ERG_NO_MEMORY, "no memory for %zu rows", from->count);
    size_t settings = ERG_COUNT(tune_depths) * ERG_COUNT(tune_rates);
    erg_boost_options best = *plan, tried = *plan;
    double least = INFINITY;

    tried.rounds = tune_rounds[TUNE_LENGTHS - 1];
    for (size_t i = 0; good && i < settings; i++) {
        double errors[TUNE_LENGTHS] = { 0 };
        tried.depth = tune_depths[i / ERG_COUNT(tune_rates)];
        tried.rate = tune_rates[i % ERG_COUNT(tune_rates)];
        for (size_t fold = 0; good && fold < TUNE_FOLDS; fold++)
            good = judge_fold(from, width, &tried, fold, &part, errors, err);
        for (int k = 0; k < TUNE_LENGTHS; k++)
            if (errors[k] < least) {
                least = errors[k];
                best = tried;
                best.rounds = tune_rounds[k];
            }
    }
    if (good)
        *plan = best;
    lesson_free(&part);
    return good;
}

/* ---- training as a kind of model ------------------------------------------ */

/* What predicts; the forest as it was read is not needed further. */
static bool keep_alive(erg_trained *trained, erg_forest *forest, erg_error *err)
{
    erg_flat_forest *flat = calloc(1, sizeof(*flat));
    bool good = flat ? erg_forest_flatten(forest, flat, err)
                     : erg_fail(err, ERG_NO_MEMORY, "no memory for a forest");

    erg_forest_free(forest);
    if (good)
        trained->live = flat;
    else
        free(flat);
    return good;
}

static bool train_by(erg_boost_options plan, bool is_tuned, const erg_train *in,
                     erg_trained *out, erg_error *err)
{
    size_t width = features_of(out->is_raw);
    erg_forest forest;
    lesson rows;
    bool good = lesson_new(&rows, in, out, err)
        && (!is_tuned || tune(&rows, width, &plan, err))
        && learn(&rows, width, &plan, &out->booster, &forest, err)
        && keep_alive(out, &forest, err);

    lesson_free(&rows);
    return good;
}

static bool train_forest(const erg_train *in, erg_trained *out, erg_error *err)
{
    return train_by(forest_options, false, in, out, err);
}

static bool train_boosted(const erg_train *in, erg_trained *out, erg_error *err)
{
    bool is_tuned = in->options && in->options->tune;

    return train_by(boosted_options, is_tuned, in, out, err);
}

/* ---- use ------------------------------------------------------------------ */

static bool wake(erg_trained *trained, erg_error *err)
{
    erg_forest forest;

    if (!trained->booster)
        return erg_fail(err, ERG_BAD_INPUT, "%s without its trees", trained->fit->name);
    return erg_boost_read(trained->booster, features_of(trained->is_raw), &forest, err)
        && keep_alive(trained, &forest, err);
}

static void drop(erg_trained *trained)
{
    if (trained->live)
        erg_flat_free(trained->live);
    free(trained->live);
    trained->live = NULL;
}

/* Clocks by the key of the one feature that they change. */
typedef struct place { uint32_t key, index; } place;

static int by_key(const void *a, const void *b)
{
    uint32_t left = ((const place *)a)->key, right = ((const place *)b)->key;

    return (left > right) - (left < right);
}

static void sort_places(const erg_trained *trained, const erg_case *of, uint32_t keys[],
                        place places[])
{
    const erg_clock_point *top = of->anchors.at;
    float row[FEATURES];

    row_of(trained->is_raw, top, top->clock_hz, row);
    erg_tree_keys(row, features_of(trained->is_raw), keys);
    for (size_t i = 0; i < of->count; i++) {
        float swept = swept_of(trained->is_raw, top, of->clock_hz[i]);
        places[i].index = (uint32_t)i;
        erg_tree_keys(&swept, 1, &places[i].key);
    }
    qsort(places, of->count, sizeof(*places), by_key);
}

static bool predict(const erg_trained *trained, const erg_case *of, double out[],
                    double sd[], erg_error *err)
{
    double top = erg_clock_point_value(of->anchors.at, trained->target);
    uint32_t keys[FEATURES] = { 0 }, *swept = calloc(of->count + 1, sizeof(*swept));
    place *places = calloc(of->count + 1, sizeof(*places));
    float *sums = calloc(of->count + 1, sizeof(*sums));
    bool good = (swept && places && sums)
        || erg_fail(err, ERG_NO_MEMORY, "no memory for %zu clocks", of->count);

    (void)sd;
    if (good && !trained->live)
        good = erg_fail(err, ERG_BAD_INPUT, "%s has no trees", trained->fit->name);
    if (good) {
        sort_places(trained, of, keys, places);
        for (size_t i = 0; i < of->count; i++)
            swept[i] = places[i].key;
        erg_flat_curve curve = { keys, swept, swept_feature(trained->is_raw), of->count };
        good = erg_flat_sweep(trained->live, &curve, sums, err);
    }
    for (size_t i = 0; good && i < of->count; i++) {
        double y = (double)sums[i];
        out[places[i].index] = trained->is_raw ? expm1(y) : erg_fit_from_ratio(y, top);
    }
    free(swept);
    free(places);
    free(sums);
    return good;
}

const erg_fit erg_fit_forest = {
    .name = "forest",
    .about =
        "200 deep trees of XGBoost, each of other rows: log ratio to the highest clock",
    .not_for =
        "clocks, activities or powers beyond those it was trained on: there it is flat",
    .anchors_least = 1,
    .groups_least = GROUPS_LEAST,
    .targets = { [ERG_TARGET_POWER] = true, [ERG_TARGET_TIME] = true },
    .needs_activity = true,
    .has_raw = true,
    .train = train_forest,
    .predict = predict,
    .wake = wake,
    .drop = drop,
};

const erg_fit erg_fit_boosted = {
    .name = "boosted",
    .about = "300 rounds of shallow trees of XGBoost: log ratio to the highest clock",
    .not_for =
        "clocks, activities or powers beyond those it was trained on: there it is flat",
    .anchors_least = 1,
    .groups_least = GROUPS_LEAST,
    .targets = { [ERG_TARGET_POWER] = true, [ERG_TARGET_TIME] = true },
    .needs_activity = true,
    .has_raw = true,
    .train = train_boosted,
    .predict = predict,
    .wake = wake,
    .drop = drop,
};

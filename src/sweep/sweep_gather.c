/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The blocks of a job array as one sweep. Each block holds all settings, so what a node
 * takes longer, or draws more, is the same for all of its visits: it is found as the
 * node's effect in ln T = point + node, likewise in ln P, and taken off.
 */
#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include "sweep/sweep_inside.h"
#include "trace/load.h"

enum { BLOCKS_MOST = 10000, NODES_MOST = 64, ROUNDS = 50 };

typedef struct gathering {
    const char *folder;
    erg_points *points;
    int *nodes; /* of each visit of points */
    size_t visits, capacity;
    char names[NODES_MOST][96];
    size_t node_count;
    double time_offset[NODES_MOST], power_offset[NODES_MOST];
    bool seen[BLOCKS_MOST];
    long planned;
    char words[4096];
    char model[96];
    char first[ERG_PATH_MOST]; /* block, for what all of them needed */
} gathering;

/* ---- one block ----------------------------------------------------------------------- */

static int node_of(gathering *g, const char *name)
{
    for (size_t i = 0; i < g->node_count; i++)
        if (strcmp(g->names[i], name) == 0)
            return (int)i;
    if (g->node_count == NODES_MOST)
        return -1;
    erg_text_put(g->names[g->node_count], sizeof(g->names[0]), name);
    return (int)g->node_count++;
}

static bool add_one(gathering *g, const erg_points *block, const erg_visit *visit,
                    erg_error *err)
{
    const erg_application *app = erg_points_application_at(block, visit->application);
    erg_visit own = *visit;
    void *nodes = g->nodes;
    bool room = erg_grow(&nodes, &g->capacity, g->visits, sizeof(*g->nodes), err);

    g->nodes = nodes;
    if (!room)
        return false;
    int node = node_of(g, app->node);
    if (node < 0)
        return erg_fail(err, ERG_BAD_INPUT, "more than %d nodes", NODES_MOST);
    g->nodes[g->visits++] = node;
    return erg_points_application(g->points, app, &own.application, err)
           && erg_points_add(g->points, &own, err);
}

static bool check_model(gathering *g, const erg_points *block, const char *path,
                        erg_error *err)
{
    for (size_t i = 0; i < erg_points_applications(block); i++) {
        const char *model = erg_points_application_at(block, i)->device_model;
        if (!*g->model)
            erg_text_put(g->model, sizeof(g->model), model);
        if (strcmp(g->model, model) != 0)
            return erg_fail(err, ERG_BAD_INPUT,
                            "%s was measured on %s, others on %s: sweeps "
                            "of different GPU models are not joined",
                            path, model, g->model);
    }
    return true;
}

/* Blocks of one sweep were asked for alike. */
static bool check_request(gathering *g, const char *path, erg_error *err)
{
    char words[sizeof(g->words)], planned[32];

    if (!erg_sweep_meta(path, "sweep", words, sizeof(words), err)
        || !erg_sweep_meta(path, "sweep_blocks", planned, sizeof(planned), err))
        return false;
    if (!*g->words)
        erg_text_put(g->words, sizeof(g->words), words);
    if (strcmp(g->words, words) != 0)
        return erg_fail(err, ERG_BAD_INPUT,
                        "%s belongs to another sweep than the blocks before "
                        "it: give each sweep a folder of its own",
                        path);
    g->planned = strtol(planned, NULL, 10);
    return true;
}

static bool add_block(gathering *g, const char *path, erg_error *err)
{
    erg_points *block = erg_points_new(err);
    bool own[BLOCKS_MOST] = { false };
    bool good = block && erg_sweep_read(block, path, err) && check_request(g, path, err)
                && check_model(g, block, path, err);

    for (size_t i = 0; good && i < erg_points_visits(block); i++) {
        const erg_visit *visit = erg_points_visit_at(block, i);
        if (visit->block < 0 || visit->block >= BLOCKS_MOST)
            good = erg_fail(err, ERG_BAD_INPUT, "%s: block %d", path, visit->block);
        else if (g->seen[visit->block] && !own[visit->block])
            good = erg_fail(err, ERG_BAD_INPUT,
                            "%s: block %d is there twice in %s: take one "
                            "of the two away",
                            path, visit->block, g->folder);
        else {
            g->seen[visit->block] = own[visit->block] = true;
            good = add_one(g, block, visit, err);
        }
    }
    erg_points_free(block);
    return good;
}

/* ---- nodes --------------------------------------------------------------------------- */

typedef struct effect {
    size_t count; /* visits */
    const int *nodes;
    size_t *point;        /* of each visit; SIZE_MAX: not kept */
    double *value;        /* ln T or ln P of each visit */
    double *sum, *number; /* scratch, of points */
    size_t points;
} effect;

/* The means of what the other effect leaves. */
static void refit(const effect *e, bool of_points, const double other[], double out[],
                  size_t out_count)
{
    double sum[NODES_MOST] = { 0 }, number[NODES_MOST] = { 0 };
    double *sums = of_points ? e->sum : sum, *numbers = of_points ? e->number : number;

    for (size_t i = 0; i < out_count; i++)
        sums[i] = numbers[i] = 0;
    for (size_t i = 0; i < e->count; i++) {
        if (e->point[i] == SIZE_MAX)
            continue;
        size_t to = of_points ? e->point[i] : (size_t)e->nodes[i];
        size_t from = of_points ? (size_t)e->nodes[i] : e->point[i];
        sums[to] += e->value[i] - other[from];
        numbers[to]++;
    }
    for (size_t i = 0; i < out_count; i++)
        out[i] = numbers[i] > 0 ? sums[i] / numbers[i] : 0;
}

/* Least squares of two factors by turns (backfitting); offsets with mean 0 over nodes. */
static bool fit_offsets(const effect *e, double offsets[], size_t nodes, erg_error *err)
{
    double *level = calloc(e->points + 1, sizeof(*level)), mean = 0;

    if (!level)
        return erg_fail(err, ERG_NO_MEMORY, "out of memory for the nodes of a sweep");
    for (int round = 0; round < ROUNDS; round++) {
        refit(e, true, offsets, level, e->points);
        refit(e, false, level, offsets, nodes);
    }
    for (size_t i = 0; i < nodes; i++)
        mean += offsets[i] / (double)nodes;
    for (size_t i = 0; i < nodes; i++)
        offsets[i] -= mean;
    free(level);
    return true;
}

static void number_points(const gathering *g, effect *e)
{
    for (size_t i = 0; i < g->visits; i++) {
        const erg_visit *visit = erg_points_visit_at(g->points, i);
        e->point[i] = SIZE_MAX;
        if (visit->state != ERG_VISIT_OK || !(visit->time_s > 0) || !(visit->energy_j > 0))
            continue;
        size_t j = 0;
        for (; j < i; j++) {
            const erg_visit *before = erg_points_visit_at(g->points, j);
            if (e->point[j] != SIZE_MAX && before->application == visit->application
                && erg_knob_setting_equal(&before->setting, &visit->setting))
                break;
        }
        e->point[i] = j < i ? e->point[j] : e->points++;
    }
}

static bool fit_nodes(gathering *g, erg_error *err)
{
    effect e = { .count = g->visits, .nodes = g->nodes };
    size_t room = g->visits + 1;

    e.point = calloc(room, sizeof(*e.point));
    e.value = calloc(room, sizeof(*e.value));
    e.sum = calloc(room, sizeof(*e.sum));
    e.number = calloc(room, sizeof(*e.number));
    bool good = (e.point && e.value && e.sum && e.number)
                || erg_fail(err, ERG_NO_MEMORY, "out of memory for the nodes of a sweep");
    if (good)
        number_points(g, &e);
    for (int power = 0; good && power < 2; power++) {
        for (size_t i = 0; i < g->visits; i++) {
            const erg_visit *visit = erg_points_visit_at(g->points, i);
            e.value[i] = log(power ? visit->energy_j / visit->time_s : visit->time_s);
        }
        good =
            fit_offsets(&e, power ? g->power_offset : g->time_offset, g->node_count, err);
    }
    free(e.point);
    free(e.value);
    free(e.sum);
    free(e.number);
    return good;
}

static bool remove_nodes(gathering *g, erg_error *err)
{
    if (g->node_count < 2)
        return true;
    if (!fit_nodes(g, err))
        return false;
    for (size_t i = 0; i < g->visits; i++) {
        erg_visit *visit = erg_points_visit_edit(g->points, i);
        double time = exp(g->time_offset[g->nodes[i]]);
        double power = exp(g->power_offset[g->nodes[i]]);
        visit->time_s /= time;
        visit->mean_w /= power;
        visit->peak_w /= power;
        visit->energy_j /= time * power;
    }
    for (size_t i = 0; i < g->node_count; i++)
        if (!erg_points_note(g->points, err,
                             "NODE_OFFSET: %s took %+.2f %% time and %+.2f %% "
                             "power against the mean of %zu nodes; taken off",
                             g->names[i], 100 * expm1(g->time_offset[i]),
                             100 * expm1(g->power_offset[i]), g->node_count))
            return false;
    return true;
}

/* ---- all of them --------------------------------------------------------------------- */

/* "block-12.erg": 12; else -1. */
static int block_number(const char *name)
{
    char *end;
    if (strncmp(name, "block-", 6) != 0 || !isdigit((unsigned char)name[6]))
        return -1;
    long number = strtol(name + 6, &end, 10);
    return strcmp(end, ".erg") == 0 && number < BLOCKS_MOST ? (int)number : -1;
}

static int by_block(const struct dirent **a, const struct dirent **b)
{
    return block_number((*a)->d_name) - block_number((*b)->d_name);
}

static int is_block(const struct dirent *entry) { return block_number(entry->d_name) >= 0; }

static bool say_missing(gathering *g, erg_error *err)
{
    erg_text text = { 0 };
    size_t missing = 0;

    for (long i = 0; i < g->planned && i < BLOCKS_MOST; i++)
        if (!g->seen[i])
            erg_text_add(&text, "%s%ld", missing++ ? ", " : "", i);
    bool good = missing == 0
                || erg_points_note(g->points, err,
                                   "MISSING: of %ld blocks %zu %s not there: %.200s",
                                   g->planned, missing, missing == 1 ? "is" : "are",
                                   text.data ? text.data : "");
    erg_text_free(&text);
    return good;
}

static bool correct_drift(gathering *g, erg_error *err)
{
    const erg_sweep_joined joined = { g->first, g->nodes, g->node_count };

    return erg_sweep_correct_nodes(g->points, &joined, err);
}

static bool gather(gathering *g, erg_error *err)
{
    struct dirent **entries = NULL;
    int count = scandir(g->folder, &entries, is_block, by_block);
    bool good = count > 0;

    if (count < 0)
        erg_fail(err, ERG_NOT_FOUND, "cannot read the folder %s: %s", g->folder,
                 strerror(errno));
    else if (count == 0)
        erg_fail(err, ERG_NO_DATA, "%s holds no block-N.erg", g->folder);
    for (int i = 0; i < count; i++) {
        char path[ERG_PATH_MOST];
        if (good
            && snprintf(path, sizeof(path), "%s/%s", g->folder, entries[i]->d_name)
                   >= (int)sizeof(path))
            good = erg_fail(err, ERG_BAD_INPUT, "path too long: %.80s...", g->folder);
        if (i == 0)
            erg_text_put(g->first, sizeof(g->first), path);
        good = good && add_block(g, path, err);
        free(entries[i]);
    }
    free(entries);
    return good && erg_points_check(g->points, err) && correct_drift(g, err)
           && remove_nodes(g, err) && say_missing(g, err);
}

static bool copy_require(void *self, const char *key, const char *value, erg_error *err)
{
    return strncmp(key, "requires:", 9) != 0 || erg_store_meta(self, key, value, err);
}

/* The joined sweep says how it was asked for, as its blocks did. */
static bool save(const gathering *g, const char *output, erg_error *err)
{
    char planned[32];

    snprintf(planned, sizeof(planned), "%ld", g->planned);
    if (!erg_points_save(g->points, output, err))
        return false;
    erg_store *store = erg_store_append(output, err);
    bool good = store && erg_store_meta(store, "sweep", g->words, err)
                && erg_store_meta(store, "sweep_blocks", planned, err)
                && erg_trace_load_visits(
                    g->first, &(erg_visit_taker){ .meta = copy_require, .self = store },
                    err);
    return erg_store_close(store, good, good ? err : NULL) && good;
}

bool erg_sweep_gather(const erg_env *env, const char *folder, const char *output,
                      erg_points *points, erg_error *err)
{
    gathering *g = calloc(1, sizeof(*g));
    (void)env;

    if (!g)
        return erg_fail(err, ERG_NO_MEMORY, "out of memory for a sweep");
    g->folder = folder;
    g->points = points;
    bool good = gather(g, err);
    good = good && (!output || save(g, output, err)) && erg_points_check(points, err)
           && erg_sweep_choose_joined(points, g->first, err);
    free(g->nodes);
    free(g);
    return good;
}

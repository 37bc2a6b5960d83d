/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Estimates against measured rows: each row of the CSV is estimated at its own
 * clock, end to end and with the measured time given. WORKLOAD is a folder of
 * kernel lists, joined by name, or one workload, which its own rows are held to.
 */
#include <ctype.h>
#include <dirent.h>
#include <stdlib.h>
#include <string.h>
#include "erg/study.h"
#include "estimate/grid.h"
#include "run/verify.h"

enum { MODEL, PRECISION, BATCH, GPU, SEQ, CLOCK, TIME, ENERGY, COLUMNS };

static const char *const column_names[COLUMNS] = {
    [MODEL] = "model", [PRECISION] = "precision", [BATCH] = "batch", [GPU] = "gpu",
    [SEQ] = "seq",     [CLOCK] = "freq_mhz",      [TIME] = "time_ms", [ENERGY] = "energy_j",
};

typedef struct verifier {
    const erg_study *study;
    erg_hardware **hardware;
    erg_profile **profiles;
    bool is_folder;
    erg_verified_list *list;
    size_t skipped;             /* rows of a device asked for, but of no workload */
} verifier;

static void copy_field(erg_field field, char to[ERG_VERIFIED_NAME])
{
    snprintf(to, ERG_VERIFIED_NAME, "%.*s", (int)field.count, field.text);
}

/* "ResNet-101" and "resnet101_" are one model. */
static void plain_name(const char *name, size_t count, char to[ERG_VERIFIED_NAME])
{
    size_t used = 0;

    for (size_t i = 0; i < count && name[i] && used + 1 < ERG_VERIFIED_NAME; i++)
        if (isalnum((unsigned char)name[i]))
            to[used++] = (char)tolower((unsigned char)name[i]);
    to[used] = '\0';
}

/* <model>_p<precision>_b<batch>[_s<seq>]_... */
static bool list_is_of(const char *file, const erg_verified *row)
{
    char key[64], name[ERG_VERIFIED_NAME], wanted[ERG_VERIFIED_NAME];
    int count = row->seq > 0
        ? snprintf(key, sizeof(key), "_p%s_b%lld_s%lld", erg_precision_name(row->precision),
                   (long long)row->batch, (long long)row->seq)
        : snprintf(key, sizeof(key), "_p%s_b%lld", erg_precision_name(row->precision),
                   (long long)row->batch);
    const char *at = strstr(file, key);

    if (!at || isdigit((unsigned char)at[count])
        || (row->seq <= 0 && !strncmp(at + count, "_s", 2)))
        return false;
    plain_name(file, (size_t)(at - file), name);
    plain_name(row->model, strlen(row->model), wanted);
    return strcmp(name, wanted) == 0;
}

static bool find_list(const char *folder, const erg_verified *row, char *path, size_t size)
{
    DIR *open = opendir(folder);
    char best[ERG_VERIFIED_NAME * 4] = "";

    for (const struct dirent *one = open ? readdir(open) : NULL; one; one = readdir(open))
        if (list_is_of(one->d_name, row) && (!best[0] || strcmp(one->d_name, best) < 0))
            snprintf(best, sizeof(best), "%s", one->d_name);
    if (open)
        closedir(open);
    return best[0] && snprintf(path, size, "%s/%s", folder, best) < (int)size;
}

/* Lists of convolutional networks lack norms, additions and pools, which an eager run
 * launches: the zoo's graph of that name stands for them. */
static erg_graph *completed(erg_graph *list, const erg_verified *row,
                            const erg_graph_options *options)
{
    char spec[ERG_VERIFIED_NAME + 8], name[ERG_VERIFIED_NAME];
    int32_t convolutions = 0, norms = 0;

    for (int32_t i = 0; list && i < list->operator_count; i++) {
        convolutions += list->operators[i].kind == ERG_OP_CONV;
        norms += list->operators[i].kind == ERG_OP_BATCH_NORM;
    }
    if (convolutions < 2 || norms)
        return list;
    plain_name(row->model, strlen(row->model), name);
    snprintf(spec, sizeof(spec), "zoo:%s", name);
    erg_graph *whole = erg_graph_load(spec, options, NULL);
    if (!whole)
        return list;
    erg_graph_free(list);
    return whole;
}

static erg_graph *graph_of(const verifier *all, const erg_verified *row, erg_error *err)
{
    char path[ERG_PATH_MOST * 2], name[ERG_VERIFIED_NAME], wanted[ERG_VERIFIED_NAME];
    erg_graph_options options = all->study->graph;
    const char *spec = all->study->workload;

    options.batch = row->batch;
    options.precision = row->precision;
    options.seq = row->seq > 0 ? row->seq : options.seq;
    if (all->is_folder) {
        if (!find_list(spec, row, path, sizeof(path)))
            return NULL;
        spec = path;
    }
    erg_graph *graph = erg_graph_load(spec, &options, err);
    if (!graph || all->is_folder)
        return completed(graph, row, &options);
    plain_name(graph->name, strlen(graph->name), name);
    plain_name(row->model, strlen(row->model), wanted);
    if (strcmp(name, wanted) == 0)
        return graph;
    erg_graph_free(graph);
    return NULL;
}

/* ---- one row ------------------------------------------------------------------------ */

static bool estimate_row(const verifier *all, const erg_graph *graph, erg_verified *row,
                         erg_error *err)
{
    erg_estimate_options options = all->study->estimate;
    const erg_hardware *hardware = all->hardware[row->device];
    const erg_profile *profile = all->profiles[row->device];

    if (row->clock_hz > 0)
        options.clock_hz = row->clock_hz;
    erg_estimation *whole = erg_estimate_run(graph, hardware, profile, &options, err);
    options.measured_latency_s = row->measured_s;
    erg_estimation *given = whole
        ? erg_estimate_run(graph, hardware, profile, &options, err)
        : NULL;
    if (given) {
        row->latency = (erg_guess){ whole->latency_s, whole->latency_low_s,
                                    whole->latency_high_s };
        row->energy = (erg_guess){ whole->total.total_j, whole->total.low_j,
                                   whole->total.high_j };
        row->given = (erg_guess){ given->total.total_j, given->total.low_j,
                                  given->total.high_j };
        row->grade = whole->grade;
    }
    erg_estimation_free(given);
    erg_estimation_free(whole);
    return given != NULL;
}

/* "a100" is a100-pcie-40gb where that device was asked for; the first that fits. */
static bool find_device(const verifier *all, erg_field gpu, size_t *out)
{
    for (size_t i = 0; i < all->study->hardware_count; i++) {
        const char *name = all->hardware[i]->name;
        bool is_begin = gpu.count <= strlen(name) && strncmp(name, gpu.text, gpu.count) == 0
            && (name[gpu.count] == '\0' || name[gpu.count] == '-');
        if (gpu.count == 0 || is_begin) {
            *out = i;
            return true;
        }
    }
    return false;
}

/* Of a batch or a length: no network is run with more. */
static const double size_most = 1e9;

static bool take_row(void *self, const erg_field cells[], erg_error *err)
{
    verifier *all = self;
    erg_verified row = { .measured_s = 1e-3 * erg_field_number(cells[TIME]),
                         .measured_j = erg_field_number(cells[ENERGY]),
                         .clock_hz = 1e6 * erg_field_number(cells[CLOCK]) };
    char word[ERG_VERIFIED_NAME];
    double batch = erg_field_number(cells[BATCH]), seq = erg_field_number(cells[SEQ]);

    copy_field(cells[MODEL], row.model);
    copy_field(cells[PRECISION], word);
    if (!find_device(all, cells[GPU], &row.device) || !(batch >= 1) || !(row.measured_s > 0)
        || !erg_precision_parse(word, &row.precision))
        return true;
    if (batch > size_most || seq > size_most) {
        all->skipped++;
        return true;
    }
    row.batch = (int64_t)batch;
    row.seq = seq > 0 ? (int64_t)seq : 0;
    erg_error ignored = { 0 };
    erg_graph *graph = graph_of(all, &row, &ignored);
    if (!graph) {
        all->skipped++;
        return true;
    }
    bool ok = estimate_row(all, graph, &row, err) && erg_verified_add(all->list, &row, err);
    erg_graph_free(graph);
    return ok;
}

/* ---- the whole ----------------------------------------------------------------------- */

static bool load_devices(verifier *all, const erg_env *env, const erg_catalog *catalog,
                         erg_error *err)
{
    size_t count = all->study->hardware_count;

    all->hardware = calloc(count + 1, sizeof(erg_hardware *));
    all->profiles = calloc(count + 1, sizeof(erg_profile *));
    if (!all->hardware || !all->profiles)
        return erg_fail(err, ERG_NO_MEMORY, "out of memory");
    for (size_t i = 0; i < count; i++) {
        all->hardware[i] = erg_hardware_load(env, catalog, all->study->hardware[i], err);
        all->profiles[i] = all->hardware[i]
            ? erg_profile_load(catalog, all->hardware[i], all->study->profile_path,
                               err) : NULL;
        if (!all->profiles[i])
            return false;
    }
    return true;
}

static erg_result *tell(const verifier *all, const char *path, erg_error *err)
{
    if (!all->list->count) {
        erg_fail(err, ERG_BAD_INPUT,
                 "%s has no row of these devices and of %s: a row needs gpu, model, "
                 "precision, batch and time_ms", path, all->study->workload);
        return NULL;
    }
    erg_result *result = erg_result_new("estimate", err);
    bool ok = result && erg_verified_tables(all->list, result, all->hardware, err);
    for (size_t i = 0; ok && i < all->study->hardware_count; i++)
        if (all->profiles[i]->energy.rows > 0)
            ok = erg_result_note(result, err,
                                 "The energy profile of %s was fitted to %d rows "
                                 "(%s): figures on those rows are no test of it.",
                                 all->hardware[i]->name, all->profiles[i]->energy.rows,
                                 all->profiles[i]->source);
    if (ok && all->skipped)
        ok = erg_result_note(result, err,
                             "%zu rows have no workload here and were left out.",
                             all->skipped);
    if (ok)
        return result;
    erg_result_free(result);
    return NULL;
}

erg_result *erg_study_verify(const erg_env *env, const erg_catalog *catalog,
                             const erg_study *study, const char *path, erg_error *err)
{
    erg_verified_list list = { 0 };
    verifier all = { .study = study, .list = &list,
                     .is_folder = erg_is_folder(study->workload) };
    const erg_grid grid = { .columns = column_names, .column_count = COLUMNS, .needed = 3,
                            .row = take_row, .self = &all };
    bool ok = load_devices(&all, env, catalog, err) && erg_grid_read(&grid, path, err);
    erg_result *result = ok ? tell(&all, path, err) : NULL;

    for (size_t i = 0; i < study->hardware_count; i++) {
        erg_profile_free(all.profiles ? all.profiles[i] : NULL);
        erg_hardware_free(all.hardware ? all.hardware[i] : NULL);
    }
    free(all.profiles);
    free(all.hardware);
    free(list.rows);
    return result;
}

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Lists are named <model>_p<precision>_b<batch>[_s<seq>]_.., with underscores at
 * the end of the model cut. A list serves every precision: it is loaded at the
 * row's, which scales its bytes and moves its products to other units.
 */
#include <dirent.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include "run/calibrate_join.h"

/* Beyond these a row is no measurement of what it says. */
#define MOST_OF_PEAK 1.05
#define MOST_OF_BANDWIDTH 1.6       /* caches serve some of the algorithm's bytes */
#define LEAST_OF_IDLE 1.1
#define LARGE_JOB_S 5e-3
#define AT_CAP 0.94                 /* the clock asked for is not the clock held */
enum { FEWEST_UPDATES = 2 };

typedef struct list_name { char model[ERG_MODEL_NAME]; int64_t batch, seq; } list_name;

/* "_p" + word + "_b"; NULL: not there. */
static const char *after_precision(const char *at)
{
    static const char *const marks[] = { "_pbf16_b", "_pfp32_b", "_pfp16_b" };

    for (size_t i = 0; i < ERG_COUNT(marks); i++)
        if (strncmp(at, marks[i], strlen(marks[i])) == 0)
            return at + strlen(marks[i]);
    return NULL;
}

static bool parse_name(const char *file, list_name *to)
{
    for (const char *at = file; (at = strstr(at, "_p")); at++) {
        const char *digits = after_precision(at);
        size_t length = (size_t)(at - file);
        char *end;

        if (!digits || length >= ERG_MODEL_NAME)
            continue;
        while (length && file[length - 1] == '_')
            length--;
        snprintf(to->model, sizeof(to->model), "%.*s", (int)length, file);
        to->batch = strtol(digits, &end, 10);
        to->seq = -1;
        if (strncmp(end, "_s", 2) == 0 && end[2] >= '0' && end[2] <= '9')
            to->seq = strtol(end + 2, NULL, 10);
        return length && end != digits;
    }
    return false;
}

static bool work_of(const char *path, erg_measured_row *row, const erg_hardware *hardware,
                    erg_error *err)
{
    erg_graph_options options = { .precision = row->precision, .complete_list = true };

    row->graph = erg_graph_load(path, &options, err);
    if (!row->graph)
        return false;
    for (int32_t i = 0; i < row->graph->operator_count; i++)
        erg_work_add_operator(&row->work, &row->graph->operators[i], hardware);
    row->partition = erg_graph_partition(row->graph, ERG_FUSION_NONE, err);
    return row->partition != NULL;
}

/* One list to all the rows it serves. */
static bool join_file(erg_measured *to, const erg_hardware *hardware, const char *folder,
                      const char *file, erg_error *err)
{
    char path[ERG_PATH_MOST];
    list_name name;

    if (!parse_name(file, &name))
        return true;
    if (snprintf(path, sizeof(path), "%s/%s", folder, file) >= (int)sizeof(path))
        return erg_fail(err, ERG_BAD_INPUT, "the path of %s is too long", file);
    for (size_t i = 0; i < to->count; i++) {
        erg_measured_row *row = &to->rows[i];
        bool matches = strcmp(row->model, name.model) == 0 && row->batch == name.batch
            && (row->seq == name.seq || name.seq < 0);
        if (matches && !(row->work.bytes > 0) && !work_of(path, row, hardware, err))
            return false;
    }
    return true;
}

static bool join_folder(erg_measured *to, const erg_hardware *hardware, const char *folder,
                        erg_error *err)
{
    struct dirent **entries;
    int count = scandir(folder, &entries, NULL, alphasort);
    bool good = true;

    if (count < 0)
        return erg_fail(err, ERG_NOT_FOUND, "cannot read the folder %s of kernel lists",
                        folder);
    for (int i = 0; i < count; i++) {
        good = good && join_file(to, hardware, folder, entries[i]->d_name, err);
        free(entries[i]);
    }
    free(entries);
    return good;
}

/* Time that the products take at the dense peaks of this clock, tf32 in its place. */
static double peak_time_s(const erg_measured_row *row, const erg_hardware *hardware)
{
    double sum_s = 0;

    for (int class = 0; class < ERG_UNIT_CLASSES; class++)
        for (int precision = 0; precision < ERG_PRECISIONS; precision++)
            if (row->work.flop[class][precision] > 0)
                sum_s += row->work.flop[class][precision] * hardware->peak_clock_hz[class]
                    / (hardware->peak_flop_per_s[class][precision] * row->clock_hz);
    return sum_s;
}

static void reject(erg_measured_row *row, const erg_hardware *hardware)
{
    const char *why = NULL;

    if (!(row->work.bytes > 0))
        why = "no kernel list";
    else if (!(row->time_s > 0) || !(row->energy_j > 0) || !(row->clock_hz > 0))
        why = "time, energy or clock is missing";
    else if (peak_time_s(row, hardware) > MOST_OF_PEAK * row->time_s)
        why = "more FLOP per second than the peak at its clock";
    else if (row->work.bytes
             > MOST_OF_BANDWIDTH * hardware->memory_bytes_per_s * row->time_s)
        why = "more bytes per second than memory and caches give";
    else if (row->time_s > LARGE_JOB_S && row->power_w < LEAST_OF_IDLE * hardware->idle_w)
        why = "hardly above idle: it did not run (out of memory?)";
    else if (row->updates < FEWEST_UPDATES)
        why = "fewer than 2 updates of the sensor";
    else if (row->power_w > AT_CAP * hardware->cap_w)
        why = "at the power cap: the clock asked for was not held";
    if (why)
        snprintf(row->reason, sizeof(row->reason), "%s", why);
}

bool erg_measured_join(erg_measured *to, const erg_hardware *hardware, const char *folder,
                       erg_error *err)
{
    if (!join_folder(to, hardware, folder, err))
        return false;
    for (size_t i = 0; i < to->count; i++)
        reject(&to->rows[i], hardware);
    return true;
}

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Stages as measured at several clocks: read, made convex, cut into quanta of time, and the
 * plan as tables. Between two measured points a stage runs part of its time at each.
 */
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include "advise/advise.h"
#include "advise/stages.h"

enum { ROWS_MOST = 1 << 14, STAGES_MOST = 512, EDGES_MOST = 1 << 14,
       QUANTA = 500, FRONT_ROWS = 40 };

#define AT(field) offsetof(erg_stage_row, field)
static const erg_row_field fields[] = {
    { "stage", AT(name), sizeof(((erg_stage_row *)0)->name), 0, false },
    { "time_s", AT(time_s), 0, 1e-9, false },
    { "energy_j", AT(energy_j), 0, 0, false },
    { "after", AT(after), sizeof(((erg_stage_row *)0)->after), 0, true },
};
const erg_row_layout erg_stages_layout = { fields, ERG_COUNT(fields),
                                           sizeof(erg_stage_row), ROWS_MOST };

static const erg_column front_columns[] = {
    { "time_s", ERG_REAL, "of the whole" },
    { "energy_j", ERG_REAL, "least for that time" },
    { "slowdown", ERG_REAL, "against the shortest time" },
    { "saving", ERG_REAL, "against all stages at their fastest" },
    { "source", ERG_TEXT, "where the figures are from" },
    { "method", ERG_TEXT, "model: sums of given figures" },
};

static const erg_column plan_columns[] = {
    { "stage", ERG_TEXT, "as the file names it" },
    { "time_s", ERG_REAL, "that it may take" },
    { "slower", ERG_REAL, "than its fastest: 1.5 takes half as long again" },
    { "energy_j", ERG_REAL, "of it" },
    { "saving_j", ERG_REAL, "against its fastest" },
};

/* A stage's corners: time rises, energy falls ever slower. */
typedef struct curve { const char *name; erg_stage_row *corners; size_t count; } curve;

typedef struct shop {
    const char *source;
    erg_stage_row *rows;
    size_t row_count;
    curve curves[STAGES_MOST];
    erg_stage stages[STAGES_MOST];
    double *energies_j;
    erg_stage_edge *edges;
    erg_stage_problem is;
    double quantum_s, within;       /* share above the shortest time */
    int64_t shortest, times[STAGES_MOST], plan[STAGES_MOST], last;
    bool has_plan;
    erg_table *front;
} shop;

/* ---- curves -------------------------------------------------------------------------- */

static int by_time(const void *a, const void *b)
{
    const erg_stage_row *x = a, *y = b;

    return x->time_s != y->time_s ? (x->time_s > y->time_s) - (x->time_s < y->time_s)
                                  : (x->energy_j > y->energy_j)
                                        - (x->energy_j < y->energy_j);
}

static double slope(const erg_stage_row *a, const erg_stage_row *b)
{
    return (b->energy_j - a->energy_j) / (b->time_s - a->time_s);
}

/* The lower hull, as far as it falls. */
static void make_convex(curve *of)
{
    size_t kept = 0;

    qsort(of->corners, of->count, sizeof(*of->corners), by_time);
    for (size_t i = 0; i < of->count; i++) {
        const erg_stage_row next = of->corners[i];
        if (kept && next.energy_j >= of->corners[kept - 1].energy_j)
            continue;
        while (kept > 1 && slope(&of->corners[kept - 2], &of->corners[kept - 1])
                               >= slope(&of->corners[kept - 1], &next))
            kept--;
        of->corners[kept++] = next;
    }
    of->count = kept;
}

/* Beyond its ends by the slope there: a rounded time may lie half a quantum outside. */
static double energy_at(const curve *of, double time_s)
{
    size_t k = 1;

    if (of->count == 1)
        return of->corners[0].energy_j;
    while (k + 1 < of->count && time_s > of->corners[k].time_s)
        k++;
    return of->corners[k].energy_j
         + (time_s - of->corners[k].time_s) * slope(&of->corners[k - 1], &of->corners[k]);
}

static double within_ends(const curve *of, double time_s)
{
    return fmin(fmax(time_s, of->corners[0].time_s), of->corners[of->count - 1].time_s);
}

/* ---- reading ------------------------------------------------------------------------- */

/* All rows of the stage of the first one, moved to where the sorted ones end. */
static curve take_stage(shop *of, size_t first, erg_stage_row *sorted)
{
    curve made = { .corners = sorted };

    for (size_t k = first; k < of->row_count; k++)
        if (k == first || strcmp(of->rows[k].name, sorted[0].name) == 0) {
            sorted[made.count++] = of->rows[k];
            of->rows[k].name[0] = '\0';        /* it is taken */
        }
    return made;
}

/* Rows of one stage next to each other, stages as they first came. */
static bool gather(shop *to, erg_error *err)
{
    erg_stage_row *sorted = calloc(to->row_count + 1, sizeof(*sorted));
    size_t used = 0;

    if (!sorted)
        return erg_fail(err, ERG_NO_MEMORY, "out of memory for %zu rows", to->row_count);
    for (size_t i = 0; i < to->row_count; i++) {
        if (!to->rows[i].name[0])
            continue;
        if (to->is.count == STAGES_MOST) {
            free(sorted);
            return erg_fail(err, ERG_BAD_INPUT, "%s: more than %d stages", to->source,
                            STAGES_MOST);
        }
        curve *of = &to->curves[to->is.count++];
        *of = take_stage(to, i, sorted + used);
        used += of->count;
    }
    free(to->rows);
    to->rows = sorted;
    return true;
}

static size_t find(const shop *of, size_t below, const char *name, size_t length)
{
    for (size_t i = 0; i < below; i++)
        if (strlen(of->curves[i].name) == length
            && memcmp(of->curves[i].name, name, length) == 0)
            return i;
    return SIZE_MAX;
}

static bool add_needs(shop *to, size_t i, const char *after, erg_error *err)
{
    for (const char *at = after; *at; at += strspn(at, " ;")) {
        size_t length = strcspn(at, " ;"), from = find(to, i, at, length);
        if (length && from == SIZE_MAX)
            return erg_fail(err, ERG_BAD_INPUT, "%s: stage %s needs %.*s, which does not "
                            "stand before it", to->source, to->curves[i].name,
                            (int)(length < 63 ? length : 63), at);
        if (length && to->is.edge_count == EDGES_MOST)
            return erg_fail(err, ERG_BAD_INPUT, "%s: more than %d needs", to->source,
                            EDGES_MOST);
        if (length)
            to->edges[to->is.edge_count++] = (erg_stage_edge){ from, i };
        at += length;
    }
    return true;
}

static bool link_all(shop *to, erg_error *err)
{
    to->edges = calloc(EDGES_MOST, sizeof(*to->edges));
    if (!to->edges)
        return erg_fail(err, ERG_NO_MEMORY, "out of memory for needs");
    for (size_t i = 0; i < to->is.count; i++) {
        curve *of = &to->curves[i];
        const char *after = "";
        of->name = of->corners[0].name;
        for (size_t k = of->count; k-- > 0;)
            after = of->corners[k].after[0] ? of->corners[k].after : after;
        if (!add_needs(to, i, after, err))
            return false;
        make_convex(of);
        of->name = of->corners[0].name;
    }
    return true;
}

/* ---- quanta -------------------------------------------------------------------------- */

static double longest_s(const shop *of)
{
    double end_s[STAGES_MOST] = { 0 }, most_s = 0;

    for (size_t i = 0, e = 0; i < of->is.count; i++) {
        double begin_s = 0;
        for (; e < of->is.edge_count && of->edges[e].to == i; e++)
            begin_s = fmax(begin_s, end_s[of->edges[e].from]);
        end_s[i] = begin_s + of->curves[i].corners[of->curves[i].count - 1].time_s;
        most_s = fmax(most_s, end_s[i]);
    }
    return most_s;
}

static bool cut(shop *to, erg_error *err)
{
    size_t room = 0, used = 0;

    to->quantum_s = longest_s(to) / QUANTA;
    for (size_t i = 0; i < to->is.count; i++) {
        const curve *of = &to->curves[i];
        to->stages[i].least = llround(of->corners[0].time_s / to->quantum_s);
        to->stages[i].most = llround(of->corners[of->count - 1].time_s / to->quantum_s);
        room += (size_t)(to->stages[i].most - to->stages[i].least) + 1;
    }
    to->energies_j = calloc(room + 1, sizeof(*to->energies_j));
    if (!to->energies_j)
        return erg_fail(err, ERG_NO_MEMORY, "out of memory for %zu times", room);
    for (size_t i = 0; i < to->is.count; i++) {
        erg_stage *stage = &to->stages[i];
        stage->energies_j = &to->energies_j[used];
        for (int64_t t = stage->least; t <= stage->most; t++)
            to->energies_j[used++] =
                energy_at(&to->curves[i], (double)t * to->quantum_s);
    }
    to->is.stages = to->stages;
    to->is.edges = to->edges;
    return true;
}

/* ---- telling ------------------------------------------------------------------------- */

static double fastest_j(const shop *of)
{
    double sum_j = 0;

    for (size_t i = 0; i < of->is.count; i++)
        sum_j += of->curves[i].corners[0].energy_j;
    return sum_j;
}

/* Front points a fortieth apart, and the first one that is fast enough. */
static bool point(void *self, int64_t length, const int64_t times[], erg_error *err)
{
    shop *of = self;
    double energy_j = erg_stages_energy_j(&of->is, times);
    double slowdown = (double)length / (double)of->shortest - 1;
    bool is_plan = !of->has_plan && slowdown <= of->within + 1e-9;

    if (is_plan) {
        memcpy(of->plan, times, of->is.count * sizeof(*times));
        of->has_plan = true;
    }
    if (!is_plan && length != of->shortest && of->last - length < QUANTA / FRONT_ROWS
        && of->last)
        return true;
    of->last = length;
    return erg_table_row(of->front, err)
        && erg_table_real(of->front, "time_s", (double)length * of->quantum_s, err)
        && erg_table_real(of->front, "energy_j", energy_j, err)
        && erg_table_real(of->front, "slowdown", slowdown, err)
        && erg_table_real(of->front, "saving", 1 - energy_j / fastest_j(of), err)
        && erg_table_text(of->front, "source", of->source, err)
        && erg_table_text(of->front, "method", "model", err);
}

static bool put_plan(const shop *of, erg_table *table, erg_error *err)
{
    bool good = table != NULL;

    for (size_t i = 0; good && i < of->is.count; i++) {
        const curve *is = &of->curves[i];
        double time_s = within_ends(is, (double)of->plan[i] * of->quantum_s);
        double energy_j = energy_at(is, time_s);
        good = erg_table_row(table, err) && erg_table_text(table, "stage", is->name, err)
            && erg_table_real(table, "time_s", time_s, err)
            && erg_table_real(table, "slower", time_s / is->corners[0].time_s, err)
            && erg_table_real(table, "energy_j", energy_j, err)
            && erg_table_real(table, "saving_j", is->corners[0].energy_j - energy_j, err);
    }
    return good;
}

static bool tell(shop *of, erg_result *result, erg_error *err)
{
    of->front = erg_result_add(result, "front", front_columns, ERG_COUNT(front_columns),
                               err);
    of->shortest = erg_stages_shortest(&of->is, err);
    if (of->shortest == 0)
        return erg_fail(err, ERG_BAD_INPUT, "%s: the fastest times are below a quantum of "
                        "%.3g s: leave out points that are far too slow", of->source,
                        of->quantum_s);
    return of->front && of->shortest > 0
        && erg_stages_solve(&of->is, of->times, point, of, err)
        && put_plan(of, erg_result_add(result, "plan", plan_columns,
                                       ERG_COUNT(plan_columns), err), err)
        && erg_result_note(result, err, "times are whole quanta of %.3g s; between two "
                           "measured points a stage runs part of its time at each; joules "
                           "of waiting are not in these", of->quantum_s);
}

erg_result *erg_advise_stages(const char *path, double within, erg_error *err)
{
    shop *of = calloc(1, sizeof(*of));
    erg_result *result = NULL;

    if (!of) {
        erg_fail(err, ERG_NO_MEMORY, "out of memory for stages");
        return NULL;
    }
    of->source = path;
    of->within = within;
    of->rows = erg_rows_read(&erg_stages_layout, path, &of->row_count, err);
    if (of->rows && gather(of, err) && link_all(of, err) && cut(of, err)
        && (result = erg_result_new("advise", err)) && !tell(of, result, err)) {
        erg_result_free(result);
        result = NULL;
    }
    free(of->rows);
    free(of->energies_j);
    free(of->edges);
    free(of);
    return result;
}

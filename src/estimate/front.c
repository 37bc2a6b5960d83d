/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The Pareto front over hardware x precision x batch x clock. Small sets: every
 * point is held against every other.
 */
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include "estimate/study.h"

enum { OBJECTIVES_MOST = 5, CLOCKS_MOST = 6 };

static const erg_column front_columns[] = {
    { "hardware", ERG_TEXT, "device of the catalogue" },
    { "precision", ERG_TEXT, "of the arithmetic" },
    { "batch", ERG_INTEGER, "inferences at once" },
    { "clock_hz", ERG_REAL, "core clock held" },
    { "energy_per_inference_j", ERG_REAL, "energy over batch" },
    { "latency_s", ERG_REAL, "of the batch" },
    { "accuracy", ERG_REAL, "as given" },
    { "peak_memory_bytes", ERG_REAL, "of the timeline" },
    { "cap_w", ERG_REAL, "power cap" },
    { "state", ERG_TEXT, "front, or overlap: beaten, but within the intervals" },
    { "keeps_limits", ERG_TRUTH, "and fits the device" },
};

typedef struct point {
    const erg_variant *setting;
    double energy_j, energy_low_j, energy_high_j, latency_s, latency_low_s, latency_high_s;
    double accuracy, memory_bytes, cap_w, clock_hz;
    bool keeps, is_front, overlaps;
} point;

/* What is wanted less of; accuracy is wanted more of. low, high: of its interval. */
typedef struct objective {
    const char *name;
    size_t at, low, high;
    double sign;
} objective;

#define AT(field) offsetof(point, field)

static const objective objectives[] = {
    { "energy",   AT(energy_j),     AT(energy_low_j),  AT(energy_high_j),  1 },
    { "latency",  AT(latency_s),    AT(latency_low_s), AT(latency_high_s), 1 },
    { "accuracy", AT(accuracy),     AT(accuracy),      AT(accuracy),      -1 },
    { "memory",   AT(memory_bytes), AT(memory_bytes),  AT(memory_bytes),   1 },
    { "cap",      AT(cap_w),        AT(cap_w),         AT(cap_w),          1 },
};

typedef struct frontier {
    erg_desk *desk;
    const objective *wanted[OBJECTIVES_MOST];
    size_t wanted_count;
    point *points;
    size_t count;
} frontier;

static double value_at(const point *one, size_t at, double sign)
{
    double value;
    memcpy(&value, (const char *)one + at, sizeof(value));
    return isnan(value) ? INFINITY : sign * value;  /* unknown is never better */
}

/* a at least as good as b in all, and better in one; equal ones: the first given. */
static bool beats(const frontier *all, const point *a, const point *b)
{
    bool is_better = false;

    for (size_t i = 0; i < all->wanted_count; i++) {
        const objective *one = all->wanted[i];
        double x = value_at(a, one->at, one->sign), y = value_at(b, one->at, one->sign);
        if (x > y)
            return false;
        is_better = is_better || x < y;
    }
    return is_better || a < b;
}

/* Could b be the better one of them in some objective, by the intervals? */
static bool may_beat(const frontier *all, const point *b, const point *a)
{
    for (size_t i = 0; i < all->wanted_count; i++) {
        const objective *one = all->wanted[i];
        bool is_less = one->sign > 0;
        double least = value_at(b, is_less ? one->low : one->high, one->sign);
        double most = value_at(a, is_less ? one->high : one->low, one->sign);
        if (least < most)
            return true;
    }
    return false;
}

static void mark(frontier *all)
{
    for (size_t i = 0; i < all->count; i++) {
        point *one = &all->points[i];
        bool is_beaten = false, is_clear = false;
        for (size_t j = 0; j < all->count; j++)
            if (i != j && beats(all, &all->points[j], one)) {
                is_beaten = true;
                is_clear = is_clear || !may_beat(all, one, &all->points[j]);
            }
        one->is_front = !is_beaten;
        one->overlaps = is_beaten && !is_clear;
    }
}

/* ---- points -------------------------------------------------------------------------- */

static void add_point(frontier *all, const erg_case *base, const erg_case *one,
                      double accuracy)
{
    const erg_estimation *done = one->estimation;
    double batch = (double)one->setting.batch;

    all->points[all->count++] = (point){
        .setting = &base->setting, .energy_j = one->energy_per_j,
        .energy_low_j = done->total.low_j / batch,
        .energy_high_j = done->total.high_j / batch,
        .latency_s = done->latency_s, .latency_low_s = done->latency_low_s,
        .latency_high_s = done->latency_high_s, .accuracy = accuracy,
        .memory_bytes = base->estimation->peak_memory_bytes, .cap_w = done->cap_w,
        .clock_hz = done->clock_hz,
        .keeps = erg_case_keeps(all->desk, base) && erg_case_keeps(all->desk, one),
    };
}

/* The row as it is, then some of the device's clocks, unless a clock was asked for. */
static void add_points(frontier *all, const erg_case *base, double accuracy)
{
    const erg_hardware *hardware = base->estimation->hardware;
    size_t clocks = base->setting.options.clock_hz > 0 ? 0 : hardware->clock_count;
    size_t taken = clocks < CLOCKS_MOST ? clocks : CLOCKS_MOST;

    add_point(all, base, base, accuracy);
    for (size_t i = 0; i < taken; i++) {
        erg_variant setting = base->setting;
        erg_case one;
        setting.options.clock_hz =
            hardware->clocks_hz[i * (clocks - 1) / (taken > 1 ? taken - 1 : 1)];
        /* The cap that holds the row holds all above it: they are the row again. */
        if (setting.options.clock_hz >= base->estimation->clock_hz
            || !erg_case_price(all->desk, &setting, &one))
            continue;
        add_point(all, base, &one, accuracy);
        erg_case_end(&one);
    }
}

static bool parse_objectives(frontier *all)
{
    const char *at = all->desk->study->pareto;

    while (*at) {
        size_t count = strcspn(at, ","), i = 0;
        while (i < ERG_COUNT(objectives) && (strlen(objectives[i].name) != count
                                             || strncmp(objectives[i].name, at,
                                                        count) != 0))
            i++;
        if (i == ERG_COUNT(objectives) || all->wanted_count == OBJECTIVES_MOST)
            return erg_fail(all->desk->err, ERG_BAD_INPUT,
                            "--pareto: '%s' is not a list of energy, latency, "
                            "accuracy, memory, cap", all->desk->study->pareto);
        all->wanted[all->wanted_count++] = &objectives[i];
        at += count + (at[count] == ',');
    }
    return all->wanted_count > 0
        || erg_fail(all->desk->err, ERG_BAD_INPUT, "--pareto needs objectives");
}

/* ---- what the limits leave ---------------------------------------------------------- */

static const point *best_by(const frontier *all, const objective *by)
{
    const point *best = NULL;

    for (size_t i = 0; i < all->count; i++)
        if (all->points[i].keeps
            && (!best || value_at(&all->points[i], by->at, by->sign)
                             < value_at(best, by->at, by->sign)))
            best = &all->points[i];
    return best;
}

static bool note_nearest(const frontier *all)
{
    const erg_desk *desk = all->desk;
    const point *best = NULL;

    for (size_t i = 0; i < all->count; i++)
        if (!best || all->points[i].energy_j < best->energy_j)
            best = &all->points[i];
    return !best || !(desk->study->limits.energy_j > 0)
        || erg_result_note(desk->result, desk->err,
               "Nothing keeps the limits. Nearest by energy: %s %s batch "
               "%lld, %.4g J, %.1f %% of its limit.",
                           desk->devices[best->setting->device].hardware->name,
               erg_precision_name(best->setting->precision),
               (long long)best->setting->batch, best->energy_j,
               100 * best->energy_j / desk->study->limits.energy_j);
}

static bool note_answers(const frontier *all)
{
    static const char *const titles[] = { "Cheapest", "Fastest", "Most accurate" };
    const erg_desk *desk = all->desk;
    const erg_limits *limits = &desk->study->limits;
    bool ok = true;

    if (!(limits->energy_j > 0 || limits->latency_s > 0 || limits->power_w > 0
          || limits->memory_bytes > 0))
        return true;
    for (size_t i = 0; i < ERG_COUNT(titles) && ok; i++) {
        const point *best = best_by(all, &objectives[i]);
        if (!best)
            return note_nearest(all);
        if (i == 2 && isnan(best->accuracy))
            continue;
        ok = erg_result_note(desk->result, desk->err,
                             "%s that keeps the limits: %s %s batch %lld, %.4g J, %.4g s.",
                             titles[i], desk->devices[best->setting->device].hardware->name,
                             erg_precision_name(best->setting->precision),
                             (long long)best->setting->batch, best->energy_j,
                             best->latency_s);
    }
    return ok;
}

static bool put_point(const frontier *all, erg_table *table, const point *one)
{
    const erg_desk *desk = all->desk;
    const erg_real reals[] = {
        { "clock_hz", one->clock_hz },   { "energy_per_inference_j", one->energy_j },
        { "latency_s", one->latency_s }, { "accuracy", one->accuracy },
        { "peak_memory_bytes", one->memory_bytes }, { "cap_w", one->cap_w },
    };
    return erg_put_case(desk, table, &(erg_case){ .setting = *one->setting })
        && erg_put_reals(table, reals, ERG_COUNT(reals), desk->err)
        && erg_table_text(table, "state", one->is_front ? "front" : "overlap", desk->err)
        && erg_table_truth(table, "keeps_limits", one->keeps, desk->err);
}

bool erg_advise_front(erg_desk *desk)
{
    frontier all = { .desk = desk };

    if (!desk->study->pareto)
        return true;
    all.points = erg_arena_take(desk->arena,
                                (desk->case_count * (CLOCKS_MOST + 1) + 1) * sizeof(point),
                                desk->err);
    if (!all.points || !parse_objectives(&all))
        return false;
    for (size_t i = 0; i < desk->case_count; i++)
        if (desk->cases[i].estimation)
            add_points(&all, &desk->cases[i],
                       desk->accuracy[desk->cases[i].setting.precision]);
    mark(&all);
    erg_table *table = erg_result_add(desk->result, "front", front_columns,
                                      ERG_COUNT(front_columns), desk->err);
    bool ok = table != NULL;
    for (size_t i = 0; i < all.count && ok; i++)
        if (all.points[i].is_front || all.points[i].overlaps)
            ok = put_point(&all, table, &all.points[i]);
    return ok && note_answers(&all);
}

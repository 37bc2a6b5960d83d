/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The main coupling there is: a held-down clock makes steps longer. Step times in throttled
 * against free stretches, with an interval from whole blocks of time,
 * for neighbours are alike.
 */
#include <math.h>
#include <stdlib.h>
#include "base/search.h"
#include "format/cells.h"
#include "math/random.h"
#include "math/stats.h"
#include "couple/sheet_inside.h"

enum { DRAWS = 1000, STEPS_LEAST = 5, BLOCKS_LEAST = 3 };

static const double block_least_s = 20, taus_a_block = 5;

/* NVML's bits: software and hardware slowdown by heat; software power cap, power brake. */
typedef struct reason { const char *name; unsigned bits; } reason;

static const reason reasons[] = {
    { "any", 0x60 | 0x84 | 0x08 }, { "thermal", 0x60 }, { "power", 0x84 },
};

static const erg_column columns[] = {
    { "reason", ERG_TEXT, "any, thermal or power" },
    { "share", ERG_REAL, "of the run's time in which the flag was set" },
    { "step_s", ERG_REAL, "mean time of a step outside of it" },
    { "step_throttled_s", ERG_REAL, "mean time of a step in it" },
    { "ratio", ERG_REAL, "throttled over free" },
    { "ratio_low", ERG_REAL, "95 % interval, by blocks of time" },
    { "ratio_high", ERG_REAL, "95 % interval, by blocks of time" },
    { "steps_throttled", ERG_INTEGER, "steps with the flag set for half of them or more" },
};

typedef struct timed_step { double step_s, end_s; bool is_throttled; } timed_step;

typedef struct effect { double share, free_s, throttled_s, low, high; size_t hits; } effect;

/* The last row at or before t, else the first. */
static size_t row_at(const erg_monitor_device *device, int64_t t_ns)
{
    const erg_timed_rows rows = { device->rows, device->count, sizeof(*device->rows),
                                  offsetof(erg_monitor_row, t_ns) };
    size_t after = erg_first_after(rows, t_ns);

    return after ? after - 1 : 0;
}

/* The share of (begin, end] in which a bit was set; each row stands until the next. */
static double share_set(const erg_data_sheet *sheet, unsigned bits, int64_t begin_ns,
                        int64_t end_ns)
{
    const erg_monitor_row *rows = sheet->device->rows;
    double set = 0, known = 0;

    for (size_t i = row_at(sheet->device, begin_ns); i < sheet->device->count; i++) {
        int64_t next = i + 1 < sheet->device->count ? rows[i + 1].t_ns : rows[i].t_ns;
        int64_t from = rows[i].t_ns > begin_ns ? rows[i].t_ns : begin_ns;
        int64_t to = next < end_ns ? next : end_ns;
        double mask = rows[i].value[ERG_MONITOR_THROTTLE];
        if (rows[i].t_ns >= end_ns)
            break;
        if (to <= from || isnan(mask))
            continue;
        known += (double)(to - from);
        set += ((unsigned)mask & bits) ? (double)(to - from) : 0;
    }
    return known > 0 ? set / known : NAN;
}

static size_t take_steps(const erg_data_sheet *sheet, unsigned bits, timed_step out[])
{
    size_t n = 0;

    for (size_t i = 0; i < sheet->step_count; i++) {
        double step_s = sheet->steps[i].value[ERG_TRAINING_STEP_S];
        int64_t end_ns = sheet->steps[i].t_ns;
        if (!(step_s > 0))
            continue;
        double share = share_set(sheet, bits, end_ns - erg_ns_from_s(step_s), end_ns);
        if (!isnan(share))
            out[n++] = (timed_step){ step_s, erg_s_from_ns(end_ns - sheet->zero_ns),
                                     share >= 0.5 };
    }
    return n;
}

typedef struct sums { double s[2]; size_t n[2]; } sums;

static void add_steps(sums *to, const timed_step steps[], size_t first, size_t end)
{
    for (size_t i = first; i < end; i++) {
        to->s[steps[i].is_throttled] += steps[i].step_s;
        to->n[steps[i].is_throttled]++;
    }
}

/* begins[b]: the first step of block b; blocks are as long in time. Returns how many. */
static size_t cut(const timed_step steps[], size_t n, double block_s, size_t begins[])
{
    size_t count = 0;

    for (size_t i = 0; i < n; i++)
        if (count == 0 || steps[i].end_s - steps[begins[count - 1]].end_s >= block_s)
            begins[count++] = i;
    begins[count] = n;
    return count;
}

/* Quantiles of the ratio over draws of whole blocks. */
static void interval(const timed_step steps[], const size_t begins[], size_t blocks,
                     uint64_t key, effect *out)
{
    erg_random random = { erg_random_mix(key) };
    double ratio[DRAWS];
    size_t good = 0;

    for (int draw = 0; draw < DRAWS; draw++) {
        sums of = { { 0 }, { 0 } };
        for (size_t b = 0; b < blocks; b++) {
            size_t at = (size_t)erg_random_below(&random, blocks);
            add_steps(&of, steps, begins[at], begins[at + 1]);
        }
        if (of.n[0] && of.n[1])
            ratio[good++] = of.s[1] / (double)of.n[1] / (of.s[0] / (double)of.n[0]);
    }
    if (good < DRAWS / 2)
        return;
    out->low = erg_quantile(ratio, good, 0.025);
    out->high = erg_quantile(ratio, good, 0.975);
}

static effect reckon(const erg_data_sheet *sheet, unsigned bits, timed_step steps[],
                     size_t begins[])
{
    int64_t begin_ns = sheet->steps[0].t_ns,
            end_ns = sheet->steps[sheet->step_count - 1].t_ns;
    effect out = { share_set(sheet, bits, begin_ns, end_ns), NAN, NAN, NAN, NAN, 0 };
    size_t n = take_steps(sheet, bits, steps);
    double block_s = fmax(block_least_s,
                          isfinite(sheet->tau_s) ? taus_a_block * sheet->tau_s : 0);
    sums all = { { 0 }, { 0 } };

    add_steps(&all, steps, 0, n);
    out.hits = all.n[1];
    if (all.n[0])
        out.free_s = all.s[0] / (double)all.n[0];
    if (all.n[1])
        out.throttled_s = all.s[1] / (double)all.n[1];
    size_t blocks = cut(steps, n, block_s, begins);
    if (all.n[0] >= STEPS_LEAST && all.n[1] >= STEPS_LEAST && blocks >= BLOCKS_LEAST)
        interval(steps, begins, blocks, sheet->input->key, &out);
    return out;
}

static bool put(erg_table *to, const char *name, const effect *of, erg_error *err)
{
    const erg_real cells[] = {
        { "share", of->share }, { "step_s", of->free_s },
        { "step_throttled_s", of->throttled_s }, { "ratio", of->throttled_s / of->free_s },
        { "ratio_low", of->low }, { "ratio_high", of->high },
    };
    return erg_table_row(to, err) && erg_table_text(to, "reason", name, err)
        && erg_table_integer(to, "steps_throttled", (int64_t)of->hits, err)
        && erg_put_reals(to, cells, ERG_COUNT(cells), err);
}

bool erg_data_sheet_throttle(const erg_data_sheet *sheet)
{
    erg_table *table = erg_result_add(sheet->result, "throttle", columns,
                                      ERG_COUNT(columns), sheet->err);
    timed_step *steps = malloc((sheet->step_count + 1) * sizeof(*steps));
    size_t *begins = malloc((sheet->step_count + 2) * sizeof(*begins));
    bool ok = table && ((steps && begins)
                        || erg_fail(sheet->err, ERG_NO_MEMORY, "out of memory"));
    bool any = false;

    for (size_t i = 0; ok && sheet->step_count && i < ERG_COUNT(reasons); i++) {
        effect of = reckon(sheet, reasons[i].bits, steps, begins);
        any = any || !isnan(of.share);
        ok = isnan(of.share) || put(table, reasons[i].name, &of, sheet->err);
    }
    free(steps);
    free(begins);
    return ok
        && (any || erg_result_note(sheet->result, sheet->err, "no throttle flag of %s was "
                                   "recorded: the table throttle is empty",
                                   sheet->device->name));
}

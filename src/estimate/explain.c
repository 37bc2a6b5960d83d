/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Why two rows differ. Energy is a product and a sum of seven inputs,
 *   E = s (o F + q B) + P t,
 * F matrix FLOP, B bytes, o energy of a FLOP (unit class and precision), q energy
 * of a byte, s voltage scale of the clock, P static power, t latency. One input
 * at a time is replaced, in this order and in the reverse one; the mean of the
 * two is its part (Shapley's idea over two orders), so the parts add up exactly.
 */
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include "estimate/unit.h"
#include "estimate/operating_point.h"
#include "estimate/study.h"

enum { FLOP, BYTES, UNIT, BYTE_PRICE, CLOCK, LATENCY, IDLE, INPUTS };

static const char *const input_names[INPUTS] = {
    [FLOP] = "flop",           [BYTES] = "bytes",        [UNIT] = "unit class",
    [BYTE_PRICE] = "byte energy", [CLOCK] = "clock",     [LATENCY] = "latency",
    [IDLE] = "idle",
};

static const erg_column explain_columns[] = {
    { "a", ERG_TEXT, "first setting" },
    { "b", ERG_TEXT, "second setting" },
    { "term", ERG_TEXT, "input that differs, or total" },
    { "value_a", ERG_REAL, "of the input, SI" },
    { "value_b", ERG_REAL, "of the input, SI" },
    { "energy_j", ERG_REAL, "part of the difference b - a; parts add up to the total" },
    { "share", ERG_REAL, "of the difference" },
};

static const erg_column difference_columns[] = {
    { "subgraph", ERG_TEXT, "which" },
    { "energy_a_j", ERG_REAL, "in the first" },
    { "energy_b_j", ERG_REAL, "in the second" },
    { "difference_j", ERG_REAL, "b - a" },
};

static double energy_of(const double in[INPUTS])
{
    return in[CLOCK] * (in[UNIT] * in[FLOP] + in[BYTE_PRICE] * in[BYTES])
         + in[IDLE] * in[LATENCY];
}

/* Chosen so that energy_of gives the three terms of the case. */
static void inputs_of(const erg_desk *desk, const erg_case *one, double in[INPUTS])
{
    const erg_estimation *done = one->estimation;
    const erg_profile *profile = desk->devices[one->setting.device].profile;
    double scale = profile ? erg_voltage_scale(done->hardware, done->clock_hz,
                                               profile->clock_hz) : 1;

    in[FLOP] = in[BYTES] = 0;
    for (int32_t i = 0; i < one->graph->operator_count; i++)
        in[FLOP] += erg_matrix_flop(&one->graph->operators[i]);
    for (int32_t s = 0; s < done->partition->subgraph_count; s++) {
        const erg_subgraph *part = &done->partition->subgraphs[s];
        in[BYTES] += (double)(part->in_bytes + part->out_bytes + part->weight_bytes);
    }
    in[CLOCK] = scale > 0 ? scale : 1;
    in[UNIT] = in[FLOP] > 0 ? done->total.compute_j / (in[CLOCK] * in[FLOP]) : 0;
    in[BYTE_PRICE] = in[BYTES] > 0 ? done->total.memory_j / (in[CLOCK] * in[BYTES]) : 0;
    in[LATENCY] = done->latency_s;
    in[IDLE] = done->total.static_j / done->latency_s;
}

/* Sums of the same in another order are the same: their last digits are no reason. */
static void same_where_rounded(const double a[INPUTS], double b[INPUTS])
{
    for (int i = 0; i < INPUTS; i++)
        if (fabs(b[i] - a[i]) <= 1e-12 * fabs(a[i]))
            b[i] = a[i];
}

static void add_parts(const double a[INPUTS], const double b[INPUTS], bool reverse,
                      double parts[INPUTS])
{
    double now[INPUTS];

    memcpy(now, a, sizeof(now));
    for (int i = 0; i < INPUTS; i++) {
        int at = reverse ? INPUTS - 1 - i : i;
        double before = energy_of(now);
        now[at] = b[at];
        parts[at] += 0.5 * (energy_of(now) - before);
    }
}

/* ---- which two rows ----------------------------------------------------------------- */

static bool word_is(const erg_desk *desk, const erg_case *one, const char *word,
                    size_t count)
{
    char batch[24];

    snprintf(batch, sizeof(batch), "%lld", (long long)one->setting.batch);
    const char *const names[] = { erg_case_hardware(desk, one),
                                  erg_precision_name(one->setting.precision), batch };
    for (size_t i = 0; i < ERG_COUNT(names); i++)
        if (strlen(names[i]) == count && strncmp(names[i], word, count) == 0)
            return true;
    return false;
}

static bool row_is(const erg_desk *desk, const erg_case *one, const char *words,
                   size_t count)
{
    for (size_t at = 0; at < count;) {
        size_t length = strcspn(words + at, "/");
        length = length < count - at ? length : count - at;
        if (!word_is(desk, one, words + at, length))
            return false;
        at += length + 1;
    }
    return one->estimation != NULL;
}

/* "2" is the second row; "l4/fp16" the first row with those words. */
static const erg_case *find_row(const erg_desk *desk, const char *words, size_t count)
{
    double number;

    if (erg_number_parse(words, count, '.', &number))
        return number >= 1 && number <= (double)desk->case_count
            && desk->cases[(size_t)number - 1].estimation
            ? &desk->cases[(size_t)number - 1] : NULL;
    for (size_t i = 0; i < desk->case_count; i++)
        if (row_is(desk, &desk->cases[i], words, count))
            return &desk->cases[i];
    return NULL;
}

/* ---- tables -------------------------------------------------------------------------- */

static void title_of(const erg_desk *desk, const erg_case *one, char to[96])
{
    snprintf(to, 96, "%s/%s/%lld", erg_case_hardware(desk, one),
             erg_precision_name(one->setting.precision), (long long)one->setting.batch);
}

/* Nothing has no share in less, and no minus sign; of no difference there are none. */
static double share_of(double part_j, double total_j)
{
    return total_j == 0 ? NAN : part_j == 0 ? 0 : part_j / total_j;
}

static bool put_terms(erg_desk *desk, const erg_case *a, const erg_case *b)
{
    double of_a[INPUTS], of_b[INPUTS], parts[INPUTS] = { 0 };
    char title_a[96], title_b[96];
    erg_table *table = erg_result_add(desk->result, "explain", explain_columns,
                                      ERG_COUNT(explain_columns), desk->err);
    bool ok = table != NULL;

    inputs_of(desk, a, of_a);
    inputs_of(desk, b, of_b);
    same_where_rounded(of_a, of_b);
    add_parts(of_a, of_b, false, parts);
    add_parts(of_a, of_b, true, parts);
    title_of(desk, a, title_a);
    title_of(desk, b, title_b);
    double total_j = 0;
    for (int i = 0; i < INPUTS; i++)
        total_j += parts[i];
    for (int i = 0; i <= INPUTS && ok; i++) {
        bool is_total = i == INPUTS;
        const erg_real reals[] = {
            { "value_a", is_total ? energy_of(of_a) : of_a[i] },
            { "value_b", is_total ? energy_of(of_b) : of_b[i] },
            { "energy_j", is_total ? total_j : parts[i] },
            { "share", share_of(is_total ? total_j : parts[i], total_j) },
        };
        ok = erg_table_row(table, desk->err)
            && erg_table_text(table, "a", title_a, desk->err)
            && erg_table_text(table, "b", title_b, desk->err)
            && erg_table_text(table, "term", is_total ? "total" : input_names[i], desk->err)
            && erg_put_reals(table, reals, ERG_COUNT(reals), desk->err);
    }
    return ok;
}

typedef struct gap { int32_t subgraph; double a_j, b_j; } gap;

static int by_size(const void *a, const void *b)
{
    const gap *x = a, *y = b;
    double left = fabs(x->b_j - x->a_j), right = fabs(y->b_j - y->a_j);

    return left != right ? (left < right ? 1 : -1) : x->subgraph - y->subgraph;
}

/* The largest differences, where both are cut alike. */
static bool put_gaps(erg_desk *desk, const erg_case *a, const erg_case *b)
{
    const erg_partition *cut = a->estimation->partition;
    size_t count = (size_t)cut->subgraph_count,
           top = desk->study->top ? desk->study->top : 5;

    if (cut->subgraph_count != b->estimation->partition->subgraph_count)
        return erg_result_note(desk->result, desk->err,
                               "the two settings are cut into other subgraphs: "
                               "no differences");
    gap *gaps = erg_arena_take(desk->arena, (count + 1) * sizeof(*gaps), desk->err);
    erg_table *table = gaps
        ? erg_result_add(desk->result, "differences", difference_columns,
                         ERG_COUNT(difference_columns), desk->err) : NULL;
    bool ok = table != NULL;
    for (size_t i = 0; i < count && ok; i++)
        gaps[i] = (gap){ (int32_t)i, a->estimation->energy[i].total_j,
                         b->estimation->energy[i].total_j };
    if (ok)
        qsort(gaps, count, sizeof(*gaps), by_size);
    for (size_t i = 0; i < count && i < top && ok; i++) {
        const erg_real reals[] = { { "energy_a_j", gaps[i].a_j },
                                   { "energy_b_j", gaps[i].b_j },
                                   { "difference_j", gaps[i].b_j - gaps[i].a_j } };
        ok = erg_table_row(table, desk->err)
            && erg_table_text(table, "subgraph", cut->subgraphs[gaps[i].subgraph].name,
                              desk->err)
            && erg_put_reals(table, reals, ERG_COUNT(reals), desk->err);
    }
    return ok;
}

bool erg_advise_explain(erg_desk *desk)
{
    const char *words = desk->study->explain;
    if (!words)
        return true;
    size_t first = strcspn(words, ",");
    const erg_case *a = find_row(desk, words, first);
    const erg_case *b = words[first] ? find_row(desk, words + first + 1,
                                                strlen(words + first + 1)) : NULL;
    if (!a || !b)
        return erg_fail(desk->err, ERG_BAD_INPUT,
                        "--explain %s: name two rows of the summary, "
                        "as in 1,2 or l4/fp16,l4/fp32", words);
    return put_terms(desk, a, b) && put_gaps(desk, a, b);
}

/* SPDX-License-Identifier: Apache-2.0 */
#include <math.h>
#include <string.h>
#include "plant/capped.h"

/* ---- one piece between two edges of the law: a straight line ------------------------- */

/* The first edge of this part that is later than t_s; rounding must not find t_s again. */
static double next_edge_s(const erg_law_part *part, double t_s)
{
    const double least_s = 1e-12 * fmax(1, fabs(t_s));
    double whole_s = 0, edge_s = 0;

    for (size_t i = 0; i < part->count; i++)
        whole_s += part->lines[i].duration_s;
    double turn_s = part->repeats ? floor(t_s / whole_s) * whole_s : 0;
    if (turn_s - t_s > least_s)
        return turn_s;
    for (size_t i = 0; i < part->count; i++) {
        edge_s += part->lines[i].duration_s;
        if (turn_s + edge_s - t_s > least_s)
            return turn_s + edge_s;
    }
    return part->repeats ? fmax(turn_s + whole_s + part->lines[0].duration_s, t_s + least_s)
                         : INFINITY;
}

/* Of a line that runs from begin_w to end_w, both counted from the level. */
static double triangle_j(double begin_w, double end_w, double length_s)
{
    if (begin_w <= 0 && end_w <= 0)
        return 0;
    if (begin_w >= 0 && end_w >= 0)
        return 0.5 * (begin_w + end_w) * length_s;
    double high_w = fmax(begin_w, end_w);
    return 0.5 * high_w * high_w / (high_w - fmin(begin_w, end_w)) * length_s;
}

/* Seen from inside, where no rounding can mistake the side of an edge. */
static double piece_j(const erg_law *law, double level_w, double begin_s, double end_s)
{
    double length_s = end_s - begin_s;
    double early_w = erg_law_w(law, begin_s + 0.25 * length_s) - level_w;
    double late_w = erg_law_w(law, begin_s + 0.75 * length_s) - level_w;

    return triangle_j(1.5 * early_w - 0.5 * late_w, 1.5 * late_w - 0.5 * early_w, length_s);
}

double erg_law_above_j(const erg_law *law, double level_w, double begin_s, double end_s)
{
    double sum_j = 0, at_s = isinf(level_w) ? end_s : begin_s;

    while (at_s < end_s) {
        double next_s = end_s;
        for (size_t i = 0; i < law->count; i++)
            next_s = fmin(next_s, next_edge_s(&law->parts[i], at_s));
        sum_j += piece_j(law, level_w, at_s, next_s);
        at_s = next_s;
    }
    return sum_j;
}

/* ---- turns --------------------------------------------------------------------------- */

/* The turn in force; NULL: before the first that is remembered. */
static const erg_capped_turn *turn_at(const erg_capped *capped, double t_s)
{
    for (size_t i = capped->count; i > 0; i--)
        if (capped->turns[i - 1].at_s <= t_s)
            return &capped->turns[i - 1];
    return NULL;
}

/* The part of what the first remembered turn found that belongs before t_s: evenly. */
static double forgotten(const erg_capped *capped, double sum_j, double t_s)
{
    if (capped->count == 0 || t_s <= capped->first_s)
        return 0;
    return sum_j * (t_s - capped->first_s) / (capped->turns[0].at_s - capped->first_s);
}

/* All that was cut off before t_s. */
static double cut_j(const erg_capped *capped, double t_s)
{
    const erg_capped_turn *turn = turn_at(capped, t_s);

    if (!turn)
        return forgotten(capped, capped->count ? capped->turns[0].cut_j : 0, t_s);
    return turn->cut_j
        + erg_law_above_j(capped->law, turn->limit_w - turn->extra_w, turn->at_s, t_s);
}

/* All that was added to the law before t_s, before anything was cut off. */
static double extra_j(const erg_capped *capped, double t_s)
{
    const erg_capped_turn *turn = turn_at(capped, t_s);

    if (!turn)
        return forgotten(capped, capped->count ? capped->turns[0].extra_j : 0, t_s);
    return turn->extra_j + turn->extra_w * (t_s - turn->at_s);
}

static void add_turn(erg_capped *capped, double at_s, double limit_w, double extra_w)
{
    erg_capped_turn turn = { at_s, limit_w, extra_w, cut_j(capped, at_s),
                             extra_j(capped, at_s) };

    if (capped->count == 0)
        capped->first_s = at_s;
    if (capped->count == ERG_CAPPED_MOST) {
        capped->count--;
        memmove(capped->turns, capped->turns + 1, capped->count * sizeof(turn));
    }
    capped->turns[capped->count++] = turn;
}

static const erg_capped_turn *last_turn(const erg_capped *capped)
{
    return capped->count ? &capped->turns[capped->count - 1] : NULL;
}

void erg_capped_turn_to(erg_capped *capped, double at_s, double limit_w)
{
    const erg_capped_turn *last = last_turn(capped);

    add_turn(capped, at_s, limit_w, last ? last->extra_w : 0);
}

void erg_capped_fill(erg_capped *capped, double at_s, double extra_w)
{
    const erg_capped_turn *last = last_turn(capped);

    add_turn(capped, at_s, last ? last->limit_w : INFINITY, extra_w);
}

void erg_capped_mark(erg_capped *capped, double at_s)
{
    const double often_s = 1;
    const erg_capped_turn *last = last_turn(capped);

    if (last && !isinf(last->limit_w) && at_s - last->at_s > often_s)
        add_turn(capped, at_s, last->limit_w, last->extra_w);
}

double erg_capped_limit_w(const erg_capped *capped)
{
    const erg_capped_turn *last = last_turn(capped);

    return last ? last->limit_w : INFINITY;
}

/* Seen from inside, as a piece of energy is. */
erg_capped_line erg_capped_line_from(const erg_capped *capped, double begin_s, double end_s)
{
    const erg_capped_turn *last = last_turn(capped);
    double extra_w = last ? last->extra_w : 0, limit_w = erg_capped_limit_w(capped);
    double least_s = 1e-12 * fmax(1, fabs(begin_s));

    for (size_t i = 0; i < capped->law->count; i++)
        end_s = fmin(end_s, next_edge_s(&capped->law->parts[i], begin_s));
    double length_s = end_s - begin_s;
    double early_w = erg_law_w(capped->law, begin_s + 0.25 * length_s) + extra_w;
    double late_w = erg_law_w(capped->law, begin_s + 0.75 * length_s) + extra_w;
    double slope = (late_w - early_w) / (0.5 * length_s);
    double begin_w = 1.5 * early_w - 0.5 * late_w;
    double cross_s = slope != 0 ? (limit_w - begin_w) / slope : 0;
    if (cross_s > least_s && cross_s < length_s - least_s)
        length_s = cross_s;
    bool is_cut = begin_w + 0.5 * length_s * slope > limit_w;
    return (erg_capped_line){ begin_s + length_s, is_cut ? limit_w : begin_w,
                              is_cut ? 0 : slope };
}

static double capped_w(const void *self, double t_s)
{
    const erg_capped *capped = self;
    const erg_capped_turn *turn = turn_at(capped, t_s);

    return turn ? fmin(erg_law_w(capped->law, t_s) + turn->extra_w, turn->limit_w)
                : erg_law_w(capped->law, t_s);
}

static double capped_j(const void *self, double begin_s, double end_s)
{
    const erg_capped *capped = self;

    return erg_law_j(capped->law, begin_s, end_s) + extra_j(capped, end_s)
        - extra_j(capped, begin_s) - (cut_j(capped, end_s) - cut_j(capped, begin_s));
}

erg_plant_view erg_capped_view(const erg_capped *capped)
{
    return (erg_plant_view){ capped, capped_w, capped_j };
}

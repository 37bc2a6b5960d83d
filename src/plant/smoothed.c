/* SPDX-License-Identifier: Apache-2.0 */
#include <math.h>
#include "plant/smoothed.h"

#define SAME_W 1e-9             /* of rounding */

/* Rounding must not find the same event again. */
static double least_s(double t_s)
{
    return 1e-12 * fmax(1, fabs(t_s));
}

/* ---- what was drawn -------------------------------------------------------------- */

static size_t place(const erg_smoothed *of, size_t i)
{
    return (of->begin + i) % ERG_SMOOTHED_MOST;
}

static double at(const erg_smoothed_line *line, double t_s)
{
    return line->begin_w + line->slope_w_per_s * (t_s - line->at_s);
}

static double until_j(const erg_smoothed_line *line, double t_s)
{
    return line->sum_j + 0.5 * (line->begin_w + at(line, t_s)) * (t_s - line->at_s);
}

/* The same line goes on; else a new one begins, and the oldest is forgotten for it. */
static void draw(erg_smoothed *of, double length_s, double slope)
{
    const erg_smoothed_line *last =
        of->count ? &of->lines[place(of, of->count - 1)] : NULL;
    bool goes_on = last && fabs(last->slope_w_per_s - slope) <= SAME_W
        && fabs(at(last, of->at_s) - of->at_w) <= SAME_W;

    if (!goes_on && of->count == ERG_SMOOTHED_MOST) {
        of->begin = (of->begin + 1) % ERG_SMOOTHED_MOST;
        of->count--;
    }
    if (!goes_on)
        of->lines[place(of, of->count++)] =
            (erg_smoothed_line){ of->at_s, of->at_w, slope, of->sum_j };
    of->sum_j += (of->at_w + 0.5 * slope * length_s) * length_s;
    of->at_s += length_s;
    of->at_w += slope * length_s;
}

/* ---- what the board aims at -------------------------------------------------------- */

/* The load from here on, or the floor: one straight line. */
static erg_capped_line aim_at(erg_smoothed *of, double to_s)
{
    erg_capped_line aim = erg_capped_line_from(of->load, of->at_s, to_s);
    double floor_w = fmin(of->now.floor_w, erg_capped_limit_w(of->load));
    double length_s = aim.end_s - of->at_s, tiny_s = least_s(of->at_s);
    double cross_s =
        aim.slope_w_per_s != 0 ? (floor_w - aim.begin_w) / aim.slope_w_per_s : 0;

    if (!of->now.is_on)
        return aim;
    if (cross_s > tiny_s && cross_s < length_s - tiny_s)
        length_s = cross_s;
    aim.end_s = of->at_s + length_s;
    if (aim.begin_w + 0.5 * length_s * aim.slope_w_per_s >= floor_w) {
        of->low_s = NAN;
        of->is_held = true;
        return aim;
    }
    of->low_s = isnan(of->low_s) ? of->at_s : of->low_s;
    double over_s = of->low_s + of->now.hold_s;
    of->is_held = of->is_held && over_s - of->at_s > tiny_s;
    if (of->is_held)
        aim = (erg_capped_line){ fmin(aim.end_s, over_s), floor_w, 0 };
    return aim;
}

static double bounded(const erg_smoothing *by, double slope)
{
    return fmax(-by->down_w_per_s, fmin(by->up_w_per_s, slope));
}

/* Towards the aim as fast as it may, then along with it. */
static void follow(erg_smoothed *of, const erg_capped_line *aim)
{
    double left_s = aim->end_s - of->at_s;

    if (!of->now.is_on) {
        of->at_w = aim->begin_w;
        draw(of, left_s, aim->slope_w_per_s);
        return;
    }
    double above_w = of->at_w - aim->begin_w;
    if (fabs(above_w) > SAME_W) {
        double slope = above_w > 0 ? -of->now.down_w_per_s : of->now.up_w_per_s;
        double meet_s = -above_w / (slope - aim->slope_w_per_s);
        bool meets = meet_s > 0 && meet_s < left_s;
        draw(of, meets ? meet_s : left_s, slope);
        if (!meets)
            return;
        of->at_w = aim->begin_w + aim->slope_w_per_s * meet_s;
        left_s -= meet_s;
    }
    draw(of, left_s, bounded(&of->now, aim->slope_w_per_s));
}

void erg_smoothed_run(erg_smoothed *of, double to_s)
{
    while (of->count && of->at_s < to_s) {
        of->at_w = fmin(of->at_w, erg_capped_limit_w(of->load));
        erg_capped_line aim = aim_at(of, to_s);
        follow(of, &aim);
        of->at_s = aim.end_s;       /* no sum of roundings */
    }
}

void erg_smoothed_turn(erg_smoothed *of, const erg_capped *load, double at_s,
                       const erg_smoothing *to)
{
    erg_plant_view view = erg_capped_view(load);

    of->load = load;
    if (of->count == 0) {
        of->first_s = of->at_s = at_s;
        of->at_w = view.power_w(view.self, at_s);
        of->low_s = NAN;
        draw(of, 0, 0);
    }
    erg_smoothed_run(of, at_s);
    of->is_held = of->is_held && of->now.is_on && to->is_on;
    of->now = *to;
}

/* ---- what is seen ------------------------------------------------------------------- */

/* The line at that moment; NULL: it is forgotten. */
static const erg_smoothed_line *line_of(const erg_smoothed *of, double t_s)
{
    for (size_t i = of->count; i-- > 0;)
        if (of->lines[place(of, i)].at_s <= t_s)
            return &of->lines[place(of, i)];
    return NULL;
}

static double power_w(const void *self, double t_s)
{
    const erg_smoothed *of = self;
    const erg_smoothed_line *line = line_of(of, t_s);
    erg_plant_view load = erg_capped_view(of->load);

    return line ? at(line, t_s) : load.power_w(load.self, t_s);
}

/* Since the first turn; below 0 before it. What is forgotten is spread evenly. */
static double since_first_j(const erg_smoothed *of, double t_s)
{
    const erg_smoothed_line *line = line_of(of, t_s);
    erg_plant_view load = erg_capped_view(of->load);

    if (t_s <= of->first_s)
        return -load.energy_j(load.self, t_s, of->first_s);
    if (line)
        return until_j(line, t_s);
    const erg_smoothed_line *oldest = &of->lines[of->begin];
    return oldest->sum_j * (t_s - of->first_s) / (oldest->at_s - of->first_s);
}

static double energy_j(const void *self, double begin_s, double end_s)
{
    return since_first_j(self, end_s) - since_first_j(self, begin_s);
}

erg_plant_view erg_smoothed_view(const erg_smoothed *of)
{
    return of->count ? (erg_plant_view){ of, power_w, energy_j }
                     : erg_capped_view(of->load);
}

/* SPDX-License-Identifier: Apache-2.0 */
/* Energy over two knobs as a map, and energy against the quality that is lost. */
#include <math.h>
#include <stdlib.h>
#include "report/page_choice.h"

enum { LABELS_MOST = 8, VALUES_MOST = 200 };

/* The values of one knob, from the least up. */
typedef struct side {
    const erg_plot_knob *knob;
    double at[VALUES_MOST];
    size_t count;
} side;

static int rising(const void *left, const void *right)
{
    double a = *(const double *)left, b = *(const double *)right;
    return (a > b) - (a < b);
}

static bool take_values(const erg_plot *p, const erg_plot_knob *knob, side *to)
{
    *to = (side){ .knob = knob };
    for (size_t row = 0; row < erg_table_row_count(p->options); row++) {
        double value = erg_plot_number(p->options, row, knob->column);
        bool is_new = erg_plot_is_own(p, row) && isfinite(value);
        for (size_t i = 0; is_new && i < to->count; i++)
            is_new = fabs(to->at[i] - value) > 1e-9 * value;
        if (is_new && to->count == VALUES_MOST)
            return false;
        if (is_new)
            to->at[to->count++] = value;
    }
    qsort(to->at, to->count, sizeof(*to->at), rising);
    return to->count > 1;
}

static size_t place_of(const side *of, double value)
{
    size_t best = 0;
    for (size_t i = 1; i < of->count; i++)
        if (fabs(of->at[i] - value) < fabs(of->at[best] - value))
            best = i;
    return best;
}

static double wide_of(const erg_plot *p, const side *x)
{
    return (p->wide - ERG_PLOT_LEFT) / (double)x->count;
}

static double high_of(const erg_plot *p, const side *y)
{
    return (p->high - ERG_PLOT_BELOW) / (double)y->count;
}

/* Dark is much. The chosen setting has a frame. */
static void put_cell(const erg_plot *p, const side *x, const side *y, size_t row)
{
    double energy = erg_plot_number(p->options, row, "energy_j");
    double share = (energy - p->y.least) / (p->y.most - p->y.least);
    double wide = wide_of(p, x), high = high_of(p, y);
    size_t i = place_of(x, erg_plot_number(p->options, row, x->knob->column));
    size_t k = place_of(y, erg_plot_number(p->options, row, y->knob->column));

    if (!isfinite(share))
        return;
    fprintf(p->out, "<rect x=\"%.1f\" y=\"%.1f\" width=\"%.1f\" height=\"%.1f\" "
            "fill=\"var(--power)\" fill-opacity=\"%.2f\"%s><title>",
            ERG_PLOT_LEFT + wide * (double)i + 0.5,
            p->high - ERG_PLOT_BELOW - high * (double)(k + 1) + 0.5, wide - 1, high - 1,
            0.08 + 0.88 * share, erg_plot_truth(p->options, row, "chosen")
                ? " stroke=\"#d55e00\" stroke-width=\"3\"" : "");
    erg_plot_setting(p, row);
    fputs(": ", p->out);
    erg_page_quantity(p->out, energy, "J");
    fputs("</title></rect>\n", p->out);
}

static void put_labels(const erg_plot *p, const side *of, bool is_x)
{
    size_t step = (of->count + LABELS_MOST - 1) / LABELS_MOST;

    for (size_t i = 0; i < of->count; i += step) {
        double middle = (double)i + 0.5;
        if (is_x)
            fprintf(p->out, "<text x=\"%.1f\" y=\"%d\" text-anchor=\"middle\">",
                    ERG_PLOT_LEFT + wide_of(p, of) * middle, p->high - ERG_PLOT_BELOW + 16);
        else
            fprintf(p->out, "<text x=\"%d\" y=\"%.1f\" text-anchor=\"end\">",
                    ERG_PLOT_LEFT - 6,
                    p->high - ERG_PLOT_BELOW - high_of(p, of) * middle + 4);
        erg_page_quantity(p->out, of->at[i] * of->knob->per_unit, of->knob->unit);
        fputs("</text>\n", p->out);
    }
}

void erg_page_heat_map(erg_plot *p)
{
    const erg_plot_knob *one = erg_plot_knob_of(p, 0), *two = erg_plot_knob_of(p, 1);
    side x, y;

    if (!one || !two || !take_values(p, one, &x) || !take_values(p, two, &y))
        return;
    p->wide = ERG_PLOT_WIDE;
    p->high = ERG_PLOT_HIGH;
    p->y = erg_plot_axis_empty("J", "energy");
    for (size_t row = 0; row < erg_table_row_count(p->options); row++)
        if (erg_plot_is_own(p, row))
            erg_plot_widen(&p->y, erg_plot_number(p->options, row, "energy_j"));
    if (!(p->y.most > p->y.least))
        return;
    fprintf(p->out, "<figure><figcaption>Energy <span>over %s and %s</span></figcaption>\n"
            "<svg viewBox=\"0 -12 %d %d\" role=\"img\" style=\"width:100%%;max-width:48rem;"
            "font-size:11px;fill:var(--soft)\">\n", one->title, two->title, p->wide + 60,
            p->high + 12);
    for (size_t row = 0; row < erg_table_row_count(p->options); row++)
        if (erg_plot_is_own(p, row))
            put_cell(p, &x, &y, row);
    put_labels(p, &x, true);
    put_labels(p, &y, false);
    fputs("</svg><p class=\"soft\">Pale: ", p->out);
    erg_page_quantity(p->out, p->y.least, "J");
    fputs(". Dark: ", p->out);
    erg_page_quantity(p->out, p->y.most, "J");
    fputs(". Framed: chosen.</p></figure>\n", p->out);
}

/* ---- quality ----------------------------------------------------------------------- */

static double loss_percent(const erg_plot *p, size_t row)
{
    double loss = erg_plot_number(p->options, row, "quality_loss");
    return isnan(loss) ? NAN : 100 * fmax(0, loss);
}

/* No other loses no more and takes less. */
static bool is_on_front(const erg_plot *p, size_t row)
{
    double loss = loss_percent(p, row),
           energy = erg_plot_number(p->options, row, "energy_j");

    for (size_t i = 0; i < erg_table_row_count(p->options); i++)
        if (loss_percent(p, i) <= loss
            && erg_plot_number(p->options, i, "energy_j") < energy)
            return false;
    return isfinite(energy);
}

void erg_page_quality(erg_plot *p)
{
    p->wide = ERG_PLOT_WIDE;
    p->high = ERG_PLOT_HIGH;
    p->x = erg_plot_axis_empty("%", "quality lost, at most");
    p->y = erg_plot_axis_empty("J", "energy");
    for (size_t row = 0; row < erg_table_row_count(p->options); row++)
        if (isfinite(erg_plot_number(p->options, row, "quality_loss"))) {
            erg_plot_widen(&p->x, loss_percent(p, row));
            erg_plot_widen(&p->y, erg_plot_number(p->options, row, "energy_j"));
        }
    if (!erg_plot_make_room(&p->x) || !erg_plot_make_room(&p->y))
        return;
    erg_plot_begin(p, "What quality buys");
    for (size_t row = 0; row < erg_table_row_count(p->options); row++) {
        double loss = erg_plot_number(p->options, row, "quality_loss");
        double energy = erg_plot_number(p->options, row, "energy_j");
        if (!isfinite(loss) || !isfinite(energy))
            continue;
        erg_plot_dot(p, row, loss_percent(p, row), energy);
        if (is_on_front(p, row))
            fprintf(p->out, "<circle cx=\"%.1f\" cy=\"%.1f\" r=\"7\" fill=\"none\" "
                    "stroke=\"#009e73\" stroke-width=\"2\"/>\n",
                    erg_plot_x(p, loss_percent(p, row)), erg_plot_y(p, energy));
    }
    erg_plot_end(p, "Green ring: nothing that loses no more takes less energy. "
                 "Orange: chosen. "
                    "All applications, which are to be ways to do the same work.");
}

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the joules were for: compute, communication, memory, and what ran in nothing.
 *
 * Copies and sets are memory by their time. What kernels move is inside their joules, and
 * no sensor tells it apart: only bytes x joules a byte takes it out, which is a model and
 * is called so, and so is what it leaves of compute.
 */
#include <math.h>
#include <string.h>
#include "trace/events.h"
#include "trace/summary.h"
#include "timeline/timeline_inside.h"

static const char *const purposes[ERG_PURPOSES] = {
    [ERG_FOR_COMPUTE] = "compute",
    [ERG_FOR_COMMUNICATION] = "communication",
    [ERG_FOR_MEMORY] = "memory",
    [ERG_FOR_REGION] = "region",
};

/* Calls that the names of kernels do not hold: regions of liberg-mpi, ops of PyTorch. */
static const char *const calls[] = { "MPI_", "MPI wait", "c10d::" };

bool erg_timeline_is_communication(const char *name)
{
    for (size_t i = 0; i < ERG_COUNT(calls); i++)
        if (strncmp(name, calls[i], strlen(calls[i])) == 0)
            return true;
    return erg_name_is_exchange(name, strlen(name));
}

/* Parts and remainder are the total: what one has too much the others have too little, and
 * no part errs by more than all the others together. A remainder of all is as sure as the
 * total. */
static double shared_u_j(const erg_whole *total, const erg_part *part)
{
    return fmin(part->u_j, fmax(0, total->parts_u_j - part->u_j));
}

erg_bounds erg_timeline_ends(const erg_whole *total, const erg_part *part)
{
    const erg_energy *energy = &total->energy;
    double share = part->energy_j / energy->energy_j;
    double u_j = hypot(hypot(shared_u_j(total, part), share * total->rest_u_j),
                       share * energy->gain_u_j);
    erg_bounds ends = erg_bounds_of(energy->method, part->energy_j, 2 * u_j);
    double most_j = fmin(energy->energy_j + energy->spread_j,
                         part->most_j * (1 + energy->spread_j / energy->energy_j));

    return (erg_bounds){ fmax(0, ends.low),
                         fmax(part->energy_j, fmin(ends.high, most_j)) };
}

/* ---- parts -------------------------------------------------------------------------- */

typedef struct purpose_sum { erg_part part; bool is_model; } purpose_sum;

/* They may well err together: what is uncertain adds up. */
static void add(erg_part *to, const erg_part *part, double share)
{
    to->duration_s += share * part->duration_s;
    to->energy_j += share * part->energy_j;
    to->u_j += share * part->u_j;
    to->most_j += share * part->most_j;
}

/* Joules that the bytes of a class take of its compute. */
static double moved_j(const erg_class *class, double byte_j, double most_j)
{
    double j = (double)class->count * class->bytes * byte_j;
    return j > 0 ? fmin(j, most_j) : 0;     /* NAN: nobody said */
}

static void sort(const erg_timeline_case *all, const erg_part parts[], purpose_sum sums[])
{
    const erg_class *classes = all->classes.items;

    for (size_t i = 0; i < all->classes.count; i++) {
        double whole_s = 0, compute_j = 0;
        for (int p = 0; p < ERG_PURPOSES; p++)
            whole_s += classes[i].for_s[p];
        for (int p = 0; p < ERG_PURPOSES && whole_s > 0; p++)
            add(&sums[p].part, &parts[i], classes[i].for_s[p] / whole_s);
        if (whole_s > 0)
            compute_j = parts[i].energy_j * classes[i].for_s[ERG_FOR_COMPUTE] / whole_s;
        double j = moved_j(&classes[i], all->options->byte_j, compute_j);
        if (j <= 0)
            continue;
        sums[ERG_FOR_COMPUTE].part.energy_j -= j;
        sums[ERG_FOR_MEMORY].part.energy_j += j;
        sums[ERG_FOR_COMPUTE].is_model = sums[ERG_FOR_MEMORY].is_model = true;
    }
}

/* ---- the table ---------------------------------------------------------------------- */

static bool put(erg_timeline_case *all, const erg_whole *total, const char *name,
                const purpose_sum *sum)
{
    const erg_part *part = &sum->part;
    erg_bounds ends = erg_timeline_ends(total, part);
    const erg_figure figures[] = {
        { "duration_s", part->duration_s > 0 ? part->duration_s : NAN },
        { "energy_j", part->energy_j },
        { "energy_low_j", sum->is_model ? NAN : ends.low },
        { "energy_high_j", sum->is_model ? NAN : ends.high },
        { "share", part->energy_j / total->energy.energy_j },
    };
    erg_table *table = all->tables.split;

    return erg_table_row(table, all->err)
        && erg_table_text(table, "part", name, all->err)
        && erg_put_figures(table, figures, ERG_COUNT(figures), all->err)
        && erg_table_text(table, "method",
                          sum->is_model ? "model" : erg_method_name(total->energy.method),
                          all->err);
}

static bool note(erg_timeline_case *all, const purpose_sum sums[])
{
    double byte_j = all->options->byte_j;

    if (sums[ERG_FOR_MEMORY].is_model)
        return erg_result_note(all->result, all->err,
                               "split: memory holds a model, the bytes of %s x %.4g J "
                               "each, taken out of compute", all->options->prior, byte_j);
    if (byte_j > 0)
        return erg_result_note(all->result, all->err,
                               "split: no bytes are known of what ran, so --byte-energy "
                               "does nothing: --prior with a column bytes tells them");
    return sums[ERG_FOR_COMPUTE].part.duration_s <= 0
        || erg_result_note(all->result, all->err,
                           "split: compute holds what its kernels move from memory: "
                           "--byte-energy and the bytes of --prior take it out");
}

bool erg_timeline_split(erg_timeline_case *all, const erg_whole *total,
                        const erg_part parts[])
{
    purpose_sum sums[ERG_PURPOSES] = { 0 };
    purpose_sum none = { .part = parts[all->classes.count] };

    sort(all, parts, sums);
    for (int p = 0; p < ERG_PURPOSES; p++) {
        bool is_there = sums[p].part.duration_s > 0 || sums[p].part.energy_j > 0;
        if (is_there && !put(all, total, purposes[p], &sums[p]))
            return false;
    }
    return put(all, total, "unattributed", &none) && note(all, sums);
}

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Energy to solution is joules a step times steps to the target: a lower precision pays
 * only where its steps grow by less than its joules a step fall.
 *
 * Phases with a tolerance each: least sum_k E_k(v_k) + s [v_k != v_(k-1)], by the exact
 * recursion of Bellman (1957) over phases and the variant of the last one.
 */
#include <math.h>
#include <stdlib.h>
#include "advise/advise.h"

enum { VARIANTS_MOST = 4096, PHASES_MOST = 4096 };

#define AT(field) offsetof(erg_precision_variant, field)
static const erg_row_field variant_fields[] = {
    { "variant", AT(name), sizeof(((erg_precision_variant *)0)->name), 0, false },
    { "energy_per_step_j", AT(energy_per_step_j), 0, 0, false },
    { "steps", AT(steps), 0, 1, false },
    { "error", AT(error), 0, 0, true },
};
#undef AT
#define AT(field) offsetof(erg_precision_phase, field)
static const erg_row_field phase_fields[] = {
    { "phase", AT(name), sizeof(((erg_precision_phase *)0)->name), 0, false },
    { "tolerance", AT(tolerance), 0, 0, false },
    { "steps", AT(steps), 0, 0, false },
};

const erg_row_layout erg_variants_layout = { variant_fields, ERG_COUNT(variant_fields),
                                             sizeof(erg_precision_variant), VARIANTS_MOST };
const erg_row_layout erg_phases_layout = { phase_fields, ERG_COUNT(phase_fields),
                                           sizeof(erg_precision_phase), PHASES_MOST };

/* ---- the recursion ------------------------------------------------------------------ */

static size_t least_of(const double sum_j[], size_t count)
{
    size_t best = 0;

    for (size_t i = 1; i < count; i++)
        if (sum_j[i] < sum_j[best])
            best = i;
    return best;
}

/* sum_j[v]: least up to this phase with v in it. from[v]:
 * the variant of the phase before. */
static void step(const double energy_j[], const double before_j[], size_t variants,
                 double switch_j, double sum_j[], size_t from[])
{
    size_t best = least_of(before_j, variants);

    for (size_t v = 0; v < variants; v++) {
        bool stays = before_j[v] <= before_j[best] + switch_j;
        from[v] = stays ? v : best;
        sum_j[v] = isnan(energy_j[v])
                       ? INFINITY
                       : energy_j[v] + before_j[from[v]] + (stays ? 0 : switch_j);
    }
}

double erg_precision_plan(const double energy_j[], size_t phases, size_t variants,
                          double switch_j, size_t chosen[], erg_error *err)
{
    double *sums_j = calloc(2 * variants, sizeof(*sums_j)), least_j = NAN;
    size_t *from = malloc(phases * variants * sizeof(*from));

    if (!sums_j || !from) {
        erg_fail(err, ERG_NO_MEMORY, "no memory for %zu phases", phases);
        goto out;
    }
    /* No phase before the first: nothing to change from. */
    const double *last_j = sums_j;
    size_t at = 0;
    for (size_t k = 0; k < phases; k++) {
        double *sum_j = sums_j + ((k + 1) % 2) * variants;
        step(energy_j + k * variants, last_j, variants, k ? switch_j : 0, sum_j,
             from + k * variants);
        last_j = sum_j;
        at = least_of(sum_j, variants);
        if (isinf(sum_j[at])) {
            erg_fail(err, ERG_NO_DATA, "no variant keeps the tolerance of phase %zu",
                     k + 1);
            goto out;
        }
    }
    least_j = last_j[at];
    for (size_t k = phases; k-- > 0; at = from[k * variants + at])
        chosen[k] = at;
out:
    free(sums_j);
    free(from);
    return least_j;
}

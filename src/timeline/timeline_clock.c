/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a meter's clock that was found by --align, to some uncertainty, does to the joules
 * of each class: a shift gives a kernel what ran beside it. The joules are no straight line
 * of the shift (both ways a short kernel may lose), so they are worked out within and at
 * the ends of the offset's 95 % interval, and the farthest counts.
 */
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include "timeline/timeline_inside.h"

static const double places[] = { -1, -0.5, 0.5, 1 };    /* of the half-width */

typedef struct rooms {
    erg_part *shifted;          /* classes + 1, as farthest */
    double *farthest_j;
} rooms;

static void compare(const erg_shared *of, const rooms *with)
{
    for (size_t i = 0; i <= of->work->classes; i++) {
        double away_j = fabs(with->shifted[i].energy_j - of->parts[i].energy_j);
        with->farthest_j[i] = fmax(with->farthest_j[i], away_j);
        of->parts[i].most_j = fmax(of->parts[i].most_j, with->shifted[i].most_j);
    }
}

static bool widen(const erg_timeline_case *all, const erg_shared *of, const rooms *with)
{
    erg_step_list steps = *of->steps;
    erg_sharing ignored;

    for (size_t i = 0; i < ERG_COUNT(places); i++) {
        steps.shift_ns = erg_ns_from_s(places[i] * all->clock_u_s);
        if (!erg_share_energy(of->work, &steps, of->prior, with->shifted, &ignored,
                              all->err))
            return false;
        compare(of, with);
    }
    for (size_t i = 0; i <= of->work->classes; i++)
        of->parts[i].u_j = hypot(of->parts[i].u_j, with->farthest_j[i] / 2);
    return erg_result_note(all->result, all->err,
                           "the clocks of events and meter are known "
                           "to %.3g s against each other: what that does to each row is in "
                           "its interval", all->clock_u_s);
}

bool erg_timeline_widen(erg_timeline_case *all, const erg_shared *of)
{
    size_t count = of->work->classes + 1;
    rooms with = { .shifted = calloc(count, sizeof(*with.shifted)),
                   .farthest_j = calloc(count, sizeof(*with.farthest_j)) };
    bool is_exact = !(all->clock_u_s > 0) || of->work->count == 0;
    bool ok = (with.shifted && with.farthest_j)
           || erg_fail(all->err, ERG_NO_MEMORY, "out of memory");

    ok = ok && (is_exact || widen(all, of, &with));
    free(with.shifted);
    free(with.farthest_j);
    return ok;
}

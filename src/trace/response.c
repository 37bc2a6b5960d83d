/* SPDX-License-Identifier: Apache-2.0 */
#include <math.h>
#include <stdlib.h>
#include "math/stats.h"
#include "trace/response.h"

static const double SILENT_MADS = 5, SILENT_STEPS = 3, SILENT_CORRELATION = 0.7;
static const double SIGMAS_PER_MAD = 1.4826;

bool erg_response_new(erg_response *of, size_t room)
{
    size_t bytes = (room + 1) * sizeof(double);

    *of = (erg_response){ malloc(bytes), malloc(bytes), malloc(bytes), malloc(bytes),
                          .room = room };
    if (of->w && of->active && of->load_w && of->idle_w)
        return true;
    erg_response_free(of);
    return false;
}

void erg_response_add(erg_response *of, double w, bool active)
{
    if (!isfinite(w) || of->count == of->room)
        return;
    of->w[of->count] = w;
    of->active[of->count++] = active;
    if (active)
        of->load_w[of->loads++] = w;
    else
        of->idle_w[of->idles++] = w;
}

void erg_response_free(erg_response *of)
{
    free(of->w);
    free(of->active);
    free(of->load_w);
    free(of->idle_w);
    *of = (erg_response){ 0 };
}

static double least_step_w(const erg_response *of)
{
    double least = INFINITY;

    for (size_t i = 1; i < of->count; i++)
        if (of->w[i] != of->w[i - 1])
            least = fmin(least, fabs(of->w[i] - of->w[i - 1]));
    return isfinite(least) ? least : 0;
}

erg_response_signs erg_response_judge(erg_response *of, double resolution_w)
{
    double step_w = resolution_w > 0 ? resolution_w : least_step_w(of);
    double r = erg_correlation(of->w, of->active, of->count);
    double rise_w = erg_median(of->load_w, of->loads) - erg_median(of->idle_w, of->idles);
    double mad_w = erg_mad_sigma(of->idle_w, of->idles) / SIGMAS_PER_MAD;

    return (erg_response_signs){
        .rise_w = rise_w,
        .correlation = r,
        .is_flat = rise_w <= fmax(SILENT_MADS * mad_w, SILENT_STEPS * step_w),
        .is_strange = !(r > SILENT_CORRELATION),
    };
}

/* SPDX-License-Identifier: Apache-2.0 */
/* NLopt opened at run time (simplex.h says why), its functions as its header has them. */
#include <nlopt.h>
#include <stddef.h>
#include <string.h>
#include "base/library.h"
#include "math/simplex.h"

typedef struct library {
    __typeof__(&nlopt_create) create;
    __typeof__(&nlopt_destroy) destroy;
    __typeof__(&nlopt_set_min_objective) set_objective;
    __typeof__(&nlopt_set_lower_bounds) set_low;
    __typeof__(&nlopt_set_upper_bounds) set_high;
    __typeof__(&nlopt_set_initial_step) set_step;
    __typeof__(&nlopt_set_xtol_abs1) set_near;
    __typeof__(&nlopt_set_xtol_rel) set_share;
    __typeof__(&nlopt_set_maxeval) set_most;
    __typeof__(&nlopt_optimize) optimize;
} library;

static const erg_symbol functions[] = {
    { "nlopt_create", offsetof(library, create), true },
    { "nlopt_destroy", offsetof(library, destroy), true },
    { "nlopt_set_min_objective", offsetof(library, set_objective), true },
    { "nlopt_set_lower_bounds", offsetof(library, set_low), true },
    { "nlopt_set_upper_bounds", offsetof(library, set_high), true },
    { "nlopt_set_initial_step", offsetof(library, set_step), true },
    { "nlopt_set_xtol_abs1", offsetof(library, set_near), true },
    { "nlopt_set_xtol_rel", offsetof(library, set_share), true },
    { "nlopt_set_maxeval", offsetof(library, set_most), true },
    { "nlopt_optimize", offsetof(library, optimize), true },
};

/* All of 2.x; from 2.9 on under another number. */
static const char *const files[] = { "libnlopt.so.0", "libnlopt.so.1", "libnlopt.so" };

static bool find(library *out, erg_error *err)
{
    void *opened = erg_library_open(files, ERG_COUNT(files));

    if (!opened)
        return erg_fail(err, ERG_UNSUPPORTED, "no NLopt was found: install libnlopt0");
    const char *missing = erg_library_find(opened, functions, ERG_COUNT(functions), out);
    return !missing || erg_fail(err, ERG_UNSUPPORTED, "this NLopt has no %s: 2.0 or later "
                                "is needed", missing);
}

static bool prepare(const library *by, nlopt_opt search, const erg_simplex *of)
{
    return by->set_objective(search, of->value, of->self) > 0
        && by->set_low(search, of->low) > 0 && by->set_high(search, of->high) > 0
        && by->set_step(search, of->step) > 0
        && (!(of->near > 0) || by->set_near(search, of->near) > 0)
        && (!(of->share > 0) || by->set_share(search, of->share) > 0)
        && by->set_most(search, of->evaluations_most) > 0;
}

bool erg_simplex_search(const erg_simplex *of, double *x, double *least, erg_error *err)
{
    library by;
    double found[16];

    if (of->count < 1 || of->count > ERG_COUNT(found))
        return erg_fail(err, ERG_BAD_INPUT, "a search over %u variables", of->count);
    if (!find(&by, err))
        return false;
    nlopt_opt search = by.create(NLOPT_LN_NELDERMEAD, of->count);
    if (!search)
        return erg_fail(err, ERG_NO_MEMORY, "out of memory");
    memcpy(found, x, of->count * sizeof(*x));
    bool ok = (prepare(&by, search, of) && by.optimize(search, found, least) > 0)
           || erg_fail(err, ERG_NO_DATA, "a search found nothing within its bounds");
    by.destroy(search);
    if (ok)
        memcpy(x, found, of->count * sizeof(*x));
    return ok;
}

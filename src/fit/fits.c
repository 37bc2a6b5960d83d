/* SPDX-License-Identifier: Apache-2.0 */
/* Every kind of model. */
#include <string.h>
#include "fit/fit.h"

const erg_fit *const erg_fits[] = {
    &erg_fit_fgcs,
    &erg_fit_fgcs_anchored,
    &erg_fit_fgcs_refit,
    &erg_fit_anchored,
    &erg_fit_neighbours,
    &erg_fit_polynomial,
    &erg_fit_forest,
    &erg_fit_boosted,
    &erg_fit_ensemble,
    &erg_fit_physical,
    NULL,
};

size_t erg_fit_count(void)
{
    return ERG_COUNT(erg_fits) - 1;
}

const erg_fit *erg_fit_at(size_t index) { return erg_fits[index]; }

const erg_fit *erg_fit_find(const char *name)
{
    for (size_t i = 0; erg_fits[i]; i++)
        if (strcmp(erg_fits[i]->name, name) == 0)
            return erg_fits[i];
    return NULL;
}

const char *erg_fit_name(const erg_fit *fit) { return fit->name; }
const char *erg_fit_about(const erg_fit *fit) { return fit->about; }
const char *erg_fit_not_for(const erg_fit *fit) { return fit->not_for; }

/* SPDX-License-Identifier: Apache-2.0 */
/* Any bytes as a workload profile: argument vectors without holes, or a sentence. */
#include <stdlib.h>
#include <string.h>
#include "workload/recipe.h"

int LLVMFuzzerTestOneInput(const unsigned char *bytes, size_t size)
{
    erg_error err = { 0 };
    erg_recipe *recipe = erg_recipe_parse("fuzz.json", (const char *)bytes, size, &err);
    erg_recipe_grid *grid = recipe
        ? erg_recipe_grid_new(recipe, NULL, 0, false, &err) : NULL;

    if ((!recipe || !grid) && (err.code == ERG_OK || !err.text[0]))
        abort();
    if (grid && (erg_recipe_grid_count(grid) != 1
                 || erg_recipe_grid_at(grid, 0)->argv[erg_recipe_grid_at(grid, 0)->argc]))
        abort();
    erg_recipe_grid_free(grid);
    erg_recipe_free(recipe);
    return 0;
}

/* SPDX-License-Identifier: Apache-2.0 */
/* Any bytes as a model that XGBoost saved: refused, or trees that end and stay inside. */
#include <stdlib.h>
#include <string.h>
#include "fit/boosted.h"

enum { FEATURES = 4, PLACES = 3 };

static void use(const char *text)
{
    const float row[FEATURES] = { 0.1f, 0.5f, -3, 1e9f }, values[PLACES] = { -1, 0, 1 };
    uint32_t keys[ERG_TREE_KEYS], swept[PLACES];
    float sums[PLACES];
    erg_forest forest;
    erg_flat_forest flat;

    if (!erg_boost_read(text, FEATURES, &forest, NULL))
        return;
    erg_tree_row(row, FEATURES, keys);
    erg_tree_keys(values, PLACES, swept);
    erg_forest_sum(&forest, keys);
    if (erg_forest_flatten(&forest, &flat, NULL)) {
        erg_flat_sweep(&flat, &(erg_flat_curve){ keys, swept, 0, PLACES }, sums, NULL);
        erg_flat_free(&flat);
    }
    erg_forest_free(&forest);
}

int LLVMFuzzerTestOneInput(const unsigned char *bytes, size_t size)
{
    char *text = calloc(size + 1, 1);

    if (text && size)
        memcpy(text, bytes, size);
    if (text)
        use(text);
    free(text);
    return 0;
}

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the published data sheet calls its values. The words are conventions, no tests: they
 * stand in a column of their own and decide nothing.
 */
#include <math.h>
#include <string.h>
#include "couple/sheet_inside.h"

enum { STEPS_MOST = 4 };

/* Up to each limit its word; the last word has no limit. */
typedef struct scale {
    const char *name;
    bool of_size;               /* of the absolute value */
    struct { double below; const char *word; } steps[STEPS_MOST];
} scale;

static const scale scales[] = {
    { "r_peak", true, { { 0.3, "weak" }, { 0.5, "moderate" }, { INFINITY, "strong" } } },
    { "r_temp", true, { { 0.2, "isolated" }, { 0.5, "weak" }, { INFINITY, "strong" } } },
    { "tau_th", false,
      { { 2, "fast; expected 3 +- 1 s" }, { 5, "normal; expected 3 +- 1 s" },
        { INFINITY, "slow; real parts are at 20 to 700 s" } } },
    { "eta_p", false,
      { { 0.6, "low; expected 0.7 +- 0.1" }, { 0.8, "moderate; expected 0.7 +- 0.1" },
        { INFINITY, "high; expected 0.7 +- 0.1" } } },
    { "closure", true,
      { { 0.05, "closed within 5 %" }, { INFINITY, "not closed within 5 %" } } },
    { "alignment_s", true,
      { { 2, "aligned within 2 s" }, { INFINITY, "not aligned within 2 s" } } },
    { "spread", false, { { 0.2, "within +-20 %" }, { INFINITY, "beyond +-20 %" } } },
    { "max_temp_c", false, { { 70, "excellent" }, { 80, "good" }, { INFINITY, "hot" } } },
    { "collapse_share", false,
      { { 0.05, "low" }, { 0.15, "moderate" }, { INFINITY, "high" } } },
    { "max_load", false,
      { { 0.95, "within" }, { 1.05, "near" }, { INFINITY, "exceeds" } } },
    { "k", false, { { 0.05, "below 0.1 +- 0.05 per s" }, { 0.15, "0.1 +- 0.05 per s" },
                    { INFINITY, "above 0.1 +- 0.05 per s" } } },
};

const char *erg_data_sheet_word(const char *name, double value)
{
    for (size_t i = 0; i < ERG_COUNT(scales) && isfinite(value); i++) {
        double size = scales[i].of_size ? fabs(value) : value;
        if (strcmp(scales[i].name, name) != 0)
            continue;
        for (size_t j = 0; j < STEPS_MOST; j++)
            if (size < scales[i].steps[j].below)
                return scales[i].steps[j].word;
    }
    return NULL;
}

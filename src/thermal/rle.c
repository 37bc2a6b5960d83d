/* SPDX-License-Identifier: Apache-2.0 */
/* The table of dialects. */
#include <math.h>
#include <string.h>
#include "base/base.h"
#include "thermal/rle_inside.h"

static const erg_rle_dialect *const dialects[] = {
    &erg_rle_sound, &erg_rle_v1, &erg_rle_core, &erg_rle_core2, &erg_rle_enhanced,
    &erg_rle_mobile, &erg_rle_suite, &erg_rle_harness, &erg_rle_domain, &erg_rle_control,
    &erg_rle_math,
};

size_t erg_rle_dialect_count(void) { return ERG_COUNT(dialects); }

const erg_rle_dialect *erg_rle_dialect_at(size_t index) { return dialects[index]; }

const erg_rle_dialect *erg_rle_dialect_find(const char *name)
{
    for (size_t i = 0; i < ERG_COUNT(dialects); i++)
        if (strcmp(dialects[i]->name, name) == 0)
            return dialects[i];
    return NULL;
}

void erg_rle_step(const erg_rle_dialect *dialect, erg_rle_state *state,
                  const erg_rle_input *in, erg_rle *out)
{
    *out = (erg_rle){ .stability = NAN, .load = NAN, .sustain_s = NAN, .raw = NAN,
                      .smoothed = NAN, .norm = NAN, .e_th = NAN, .e_pw = NAN, .peak = NAN,
                      .theta = NAN, .t0_s = NAN, .with_noise = NAN, .sustain_hat = NAN,
                      .noise_factor = NAN, .theta_gap = NAN };
    state->elapsed_s += in->dt_s;
    dialect->step(state, in, out);
    state->samples++;
}

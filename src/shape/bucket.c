/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A token bucket of joules: an item of work takes its energy out or waits. What is drawn
 * without an item - while waiting, in a collective - is taken out as well.
 *
 * It bounds energy over any window: in tau at most B + R tau (and one item above B, if an
 * item is larger than the bucket). It does not bound power at an instant.
 */
#include "shape/policy.h"

static bool check(const double values[], erg_error *err)
{
    if (values[0] * values[1] > 0)
        return true;
    return erg_fail(err, ERG_BAD_INPUT, "policy bucket: its window is longer than 0");
}

static void start(erg_policy_state *state, const erg_policy_setup *setup)
{
    double size_j = setup->values[0] * setup->values[1];

    state->bucket = (erg_bucket){ setup->values[0], size_j, size_j };
}

static void step(erg_policy_state *state, const erg_policy_in *in, double dt_s,
                 erg_policy_out *out)
{
    erg_bucket *bucket = &state->bucket;

    erg_bucket_refill(bucket, in->unpaid_w, dt_s);
    if (in->item_j > 0)
        out->wait_s = erg_bucket_take(bucket, in->item_j, in->wait_w);
}

const erg_policy erg_policy_bucket = {
    .name = "bucket",
    .about =
        "token bucket of joules: starts of work wait; the mean falls, the peak does not",
    .forms = { { "power", "W", 1e-3, true }, { "window", "s", 0, true } },
    .scope = ERG_PER_UNIT, .admits = true, .check = check, .start = start, .step = step,
};

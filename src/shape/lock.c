/* SPDX-License-Identifier: Apache-2.0 */
#include <math.h>
#include <string.h>
#include "shape/lock.h"
#include "shape/policy.h"

#define NEAR 0.02       /* of the period: locked */
#define GAIN 0.2        /* of the error, a step */

static double modulo(double value, double period)
{
    double rest = fmod(value, period);

    return rest < 0 ? rest + period : rest;
}

double erg_lock_delay(double mark_s, double ref_s, double offset_s, double period_s,
                      double most_s)
{
    double phase_s = modulo(mark_s - ref_s - offset_s, period_s);
    double error_s = modulo(period_s - phase_s, period_s);

    return phase_s < NEAR * period_s ? 0 : fmin(GAIN * error_s, most_s);
}

bool erg_lock_holds(double drift, double most_s, double period_s)
{
    return drift >= 0 && drift / GAIN < NEAR && drift * period_s <= most_s;
}

double erg_lock_steps(double error, double most_s, double period_s)
{
    double most = most_s / period_s, linear = fmax(0, error / most - 1 / GAIN);
    double rest = fmin(error, most / GAIN);

    return rest > NEAR ? linear + log(rest / NEAR) / -log1p(-GAIN) + 1 : linear;
}

double erg_lock_period(const double times_s[], int count)
{
    double sorted_s[ERG_LOCK_TIMES];

    for (int i = 0; i < count; i++) {
        int at = i;
        for (; at > 0 && sorted_s[at - 1] > times_s[i]; at--)
            sorted_s[at] = sorted_s[at - 1];
        sorted_s[at] = times_s[i];
    }
    return (sorted_s[(count - 1) / 2] + sorted_s[count / 2]) / 2;
}

/* ---- the policy ---------------------------------------------------------------------- */

static bool check(const double values[], erg_error *err)
{
    if (values[0] == floor(values[0]) && values[0] <= 4096)
        return true;
    return erg_fail(err, ERG_BAD_INPUT,
                    "policy lock: groups are 1 to 4096, a whole number");
}

static void start(erg_policy_state *state, const erg_policy_setup *setup)
{
    state->lock = (erg_lock){ .share = (double)setup->group / setup->groups,
                              .most_s = setup->values[1] };
}

/* The time of a step without the delay before it. */
static void learn(erg_lock *lock)
{
    double time_s = lock->since_s - lock->delay_s;

    if (time_s > 0)
        lock->times_s[lock->steps++ % ERG_LOCK_TIMES] = time_s;
}

/* Groups begin together, so a group is where its delays have brought it. */
static void step(erg_policy_state *state, const erg_policy_in *in, double dt_s,
                 erg_policy_out *out)
{
    erg_lock *lock = &state->lock;

    lock->since_s += dt_s;
    if (!in->step_begins)
        return;
    learn(lock);
    int count = lock->steps < ERG_LOCK_TIMES ? lock->steps : ERG_LOCK_TIMES;
    double period_s = count > 0 ? erg_lock_period(lock->times_s, count) : in->period_s;
    lock->since_s = 0;
    lock->delay_s = period_s > 0 ? erg_lock_delay(lock->late_s, 0, lock->share * period_s,
                                                  period_s, lock->most_s) : 0;
    lock->late_s += lock->delay_s;
    out->wait_s = lock->delay_s;
}

const erg_policy erg_policy_lock = {
    .name = "lock",
    .about = "groups come apart by delays of so much a step at most, and stay apart",
    .forms = { { "groups", "", 1, true }, { "greatest delay", "s", 1e-6, true } },
    .scope = ERG_PER_GROUP, .check = check, .start = start, .step = step,
};

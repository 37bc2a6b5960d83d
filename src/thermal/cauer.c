/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Foster to Cauer by continued fraction: Z(s) = N(s)/D(s); 1/Z = s C_1 + 1/(R_1 + 1/(s C_2
 * ..)). Node temperatures of a Foster network are not physical, those of a Cauer ladder
 * are. Long double: each division loses digits.
 *
 * Source: JESD51-14, annex; the division is Euclid's.
 */
#include <math.h>
#include <string.h>
#include "base/base.h"
#include "erg/thermal.h"

enum { DEGREES = 6 };

typedef struct polynomial { long double at[DEGREES]; int degree; } polynomial;

static polynomial times(const polynomial *a, const polynomial *b)
{
    polynomial out = { .degree = a->degree + b->degree };

    for (int i = 0; i <= a->degree; i++)
        for (int j = 0; j <= b->degree; j++)
            out.at[i + j] += a->at[i] * b->at[j];
    return out;
}

static void subtract_shifted(polynomial *from, long double factor, int shift,
                             const polynomial *of)
{
    for (int i = 0; i <= of->degree && i + shift < DEGREES; i++)
        from->at[i + shift] -= factor * of->at[i];
}

/* The numerator and denominator of sum R_i/(1 + s tau_i). */
static void impedance(const erg_thermal *model, polynomial *over, polynomial *under)
{
    *over = (polynomial){ .degree = model->pole_count - 1 };
    *under = (polynomial){ .at = { 1 } };
    for (int i = 0; i < model->pole_count; i++) {
        const polynomial one = { .at = { 1, model->poles[i].tau_s }, .degree = 1 };
        polynomial part = { .at = { model->poles[i].r_k_per_w } };
        *under = times(under, &one);
        for (int j = 0; j < model->pole_count; j++)
            if (j != i) {
                const polynomial other = { .at = { 1, model->poles[j].tau_s },
                                           .degree = 1 };
                part = times(&part, &other);
            }
        for (int k = 0; k <= over->degree; k++)
            over->at[k] += part.at[k];
    }
}

bool erg_thermal_cauer(const erg_thermal *model, erg_cauer *out, erg_error *err)
{
    polynomial over, under;

    *out = (erg_cauer){ .count = model->pole_count };
    impedance(model, &over, &under);
    for (int i = 0; i < out->count; i++) {
        /* 1/Z = under/over = s C + rest/over, with rest one degree lower. */
        int top = out->count - 1 - i;       /* degree of over */
        long double c = under.at[top + 1] / over.at[top];
        subtract_shifted(&under, c, 1, &over);
        under.degree = top;
        /* over/rest = R + rest'/rest. */
        long double r = over.at[top] / under.at[top];
        subtract_shifted(&over, r, 0, &under);
        over.degree--;
        out->c_j_per_k[i] = (double)c;
        out->r_k_per_w[i] = (double)r;
        if (!(c > 0) || !(r > 0))
            return erg_fail(err, ERG_UNSUPPORTED,
                            "no ladder has these poles: an element would be negative");
    }
    return true;
}

/* ---- and back ------------------------------------------------------------------------ */

static void ladder(const erg_cauer *network, polynomial *over, polynomial *under)
{
    *over = (polynomial){ .at = { 0 } };
    *under = (polynomial){ .at = { 1 } };
    for (int i = network->count; i-- > 0;) {
        /* In series R, then in parallel C:
         * Z = (over + R under)/(under + s C (over + R under)). */
        subtract_shifted(over, -network->r_k_per_w[i], 0, under);
        over->degree = under->degree > over->degree ? under->degree : over->degree;
        subtract_shifted(under, -network->c_j_per_k[i], 1, over);
        under->degree = over->degree + 1;
    }
}

static long double value(const polynomial *p, long double s)
{
    long double sum = 0;

    for (int i = p->degree; i >= 0; i--)
        sum = sum * s + p->at[i];
    return sum;
}

static long double slope(const polynomial *p, long double s)
{
    long double sum = 0;

    for (int i = p->degree; i >= 1; i--)
        sum = sum * s + i * p->at[i];
    return sum;
}

/* The poles of a ladder are real and negative: each lies between sign changes of `under` on
 * a fine logarithmic scan. */
bool erg_thermal_foster(const erg_cauer *network, erg_thermal *out, erg_error *err)
{
    enum { STEPS = 4000 };
    polynomial over, under;
    long double before = -1e9L;

    *out = (erg_thermal){ .pole_count = 0 };
    ladder(network, &over, &under);
    for (int i = 1; i <= STEPS && out->pole_count < network->count
                    && out->pole_count < ERG_POLES_MOST; i++) {
        long double low = before, high = -powl(10, 9 - 18.0L * i / STEPS);
        before = high;
        if ((value(&under, low) < 0) == (value(&under, high) < 0))
            continue;
        bool was_negative = value(&under, low) < 0;
        for (int j = 0; j < 120; j++) {
            long double middle = (low + high) / 2;
            if ((value(&under, middle) < 0) == was_negative)
                low = middle;
            else
                high = middle;
        }
        long double residue = value(&over, low) / slope(&under, low);
        erg_thermal_pole *pole = &out->poles[out->pole_count++];
        pole->tau_s = (double)(-1 / low);
        pole->r_k_per_w = (double)(residue * pole->tau_s);
    }
    return out->pole_count == network->count
        || erg_fail(err, ERG_UNSUPPORTED, "the poles of the ladder lie too close together");
}

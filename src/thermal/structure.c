/* SPDX-License-Identifier: Apache-2.0 */
/*
 * From a spectrum of time constants to the ladder that has it. The poles and their
 * capacities are nodes and weights of a measure, and the ladder is its Jacobi matrix: Gragg
 * and Harrod's rotations find that from dozens of poles without losing digits, where a
 * division of polynomials has none left after ten.
 *
 *   Source   JESD51-14 (structure functions); Gragg and Harrod, Numer. Math. 44 (1984), in
 *            the form of Gautschi, Orthogonal Polynomials (2004), section 2.2.3.
 */
#include <math.h>
#include <stdlib.h>
#include "thermal/structure.h"

typedef long double real;

/* alpha and beta of the Jacobi matrix: beta[0] is the sum of the weights. */
typedef struct jacobi {
    real alpha[ERG_STRUCTURE_MOST], beta[ERG_STRUCTURE_MOST];
} jacobi;

/* Adds one node to a matrix of n. */
static void add_node(jacobi *of, size_t n, real node, real weight)
{
    real gamma = 1, sigma = 0, t = 0;

    for (size_t k = 0; k <= n; k++) {
        real rho = of->beta[k] + weight, kept = gamma * rho, before = sigma;
        gamma = rho > 0 ? of->beta[k] / rho : 1;
        sigma = rho > 0 ? weight / rho : 0;
        real next = sigma * (of->alpha[k] - node) - gamma * t;
        of->alpha[k] -= next - t;
        t = next;
        weight = sigma > 0 ? t * t / sigma : before * of->beta[k];
        of->beta[k] = kept;
    }
}

static int by_tau(const void *left, const void *right)
{
    const double *a = left, *b = right;
    return (*a > *b) - (*a < *b);
}

static size_t take_poles(const erg_rc_spectrum *from, double poles[][2])
{
    size_t count = 0;

    for (size_t i = 0; i < from->count; i++) {
        if (!(from->r_k_per_w[i] > 0) || !(from->tau_s[i] > 0))
            continue;
        poles[count][0] = from->tau_s[i];
        poles[count++][1] = from->r_k_per_w[i];
    }
    qsort(poles, count, sizeof(poles[0]), by_tau);
    return count;
}

/* C_1 s + G_1 and so on, read off the matrix C^-1/2 G C^-1/2 from its first row. */
static bool read_ladder(const jacobi *of, size_t count, erg_structure *out, erg_error *err)
{
    real c = 1 / of->beta[0], g = of->alpha[0] * c;

    out->count = count;
    for (size_t k = 0; k < count; k++) {
        if (k) {
            real next = g * g / (of->beta[k] * c);
            g = of->alpha[k] * next - g;
            c = next;
        }
        if (!(c > 0) || !(g > 0) || !isfinite((double)c))
            return erg_fail(err, ERG_UNSUPPORTED,
                            "no ladder has these %zu poles: an element "
                            "would be negative", count);
        out->c_j_per_k[k] = (double)c;
        out->r_k_per_w[k] = (double)(1 / g);
    }
    return true;
}

bool erg_structure_of(const erg_rc_spectrum *spectrum, erg_structure *out, erg_error *err)
{
    double poles[ERG_STRUCTURE_MOST][2];
    size_t count = take_poles(spectrum, poles);
    jacobi matrix = { .alpha = { 0 } };

    *out = (erg_structure){ .r_fast_k_per_w = spectrum->r_fast_k_per_w };
    if (count == 0)
        return erg_fail(err, ERG_NO_DATA,
                        "no resistance that heat passes slowly was found");
    for (size_t i = 0; i < count; i++) {
        real node = 1 / (real)poles[i][0], weight = (real)poles[i][1] / (real)poles[i][0];
        if (i == 0) {
            matrix.alpha[0] = node;
            matrix.beta[0] = weight;
            continue;
        }
        matrix.alpha[i] = node;
        matrix.beta[i] = 0;
        add_node(&matrix, i, node, weight);
    }
    return read_ladder(&matrix, count, out, err);
}

/* SPDX-License-Identifier: Apache-2.0 */
/* The search over time constants: a grid in the logarithm and golden sections. */
#include <math.h>
#include "thermal/network.h"

enum { GRID = 60, COARSE = 3, SWEEPS = 6 };
#define LOG_TOLERANCE 1e-6

void erg_network_grid(const erg_window *window, double *low_s, double *high_s)
{
    *low_s = 2 * window->dt_s;
    *high_s = fmax(window->t_s[window->n - 1] - window->t_s[0], 8 * window->dt_s) / 2;
}

static double grid_s(const erg_window *window, size_t i)
{
    double low_s, high_s;

    erg_network_grid(window, &low_s, &high_s);
    return low_s * pow(high_s / low_s, (double)i / (GRID - 1));
}

static double squares_at(const erg_window *window, erg_network *net, int pole, double tau_s)
{
    net->tau_s[pole] = tau_s;
    erg_network_solve(window, net);
    return net->sse;
}

/* Golden section between two logarithms: each step keeps one of its two values. */
static void close_in(const erg_window *window, erg_network *net, int pole, double low,
                     double high)
{
    const double golden = 0.6180339887498949;
    double left = high - golden * (high - low), right = low + golden * (high - low);
    double at_left = squares_at(window, net, pole, exp(left));
    double at_right = squares_at(window, net, pole, exp(right));

    while (high - low > LOG_TOLERANCE) {
        if (at_left < at_right) {
            high = right;
            right = left;
            at_right = at_left;
            left = high - golden * (high - low);
            at_left = squares_at(window, net, pole, exp(left));
        } else {
            low = left;
            left = right;
            at_left = at_right;
            right = low + golden * (high - low);
            at_right = squares_at(window, net, pole, exp(right));
        }
    }
    squares_at(window, net, pole, exp((low + high) / 2));
}

/* Scans one time constant, the others held, on every stride-th place of the grid (0: looks
 * only around where it is), and closes in on the least. */
static void improve(const erg_window *window, erg_network *net, int pole, size_t stride)
{
    double low_s = NAN, high_s = NAN, best_s = net->tau_s[pole], least = INFINITY;

    erg_network_grid(window, &low_s, &high_s);
    double step = pow(high_s / low_s, (stride ? (double)stride : 1) / (GRID - 1));
    for (size_t i = 0; stride && i < GRID; i += stride) {
        double sse = squares_at(window, net, pole, grid_s(window, i));
        if (sse < least) {
            least = sse;
            best_s = grid_s(window, i);
        }
    }
    close_in(window, net, pole, log(fmax(best_s / step, low_s)),
             log(fmin(best_s * step, high_s)));
}

static void sort_poles(const erg_window *window, erg_network *net)
{
    for (int i = 0; i < net->poles; i++)
        for (int j = i + 1; j < net->poles; j++)
            if (net->tau_s[j] < net->tau_s[i]) {
                double tau_s = net->tau_s[i];
                net->tau_s[i] = net->tau_s[j];
                net->tau_s[j] = tau_s;
            }
    erg_network_solve(window, net);
}

/* Each further pole is scanned with those before it in place,
 * then all are improved in turn. */
bool erg_network_search(const erg_window *window, int poles, erg_network *out)
{
    *out = (erg_network){ .poles = 0, .sse = INFINITY };
    for (int i = 0; i < poles; i++) {
        out->poles = i + 1;
        improve(window, out, i, 1);
        double before = INFINITY;
        for (int turn = 0; i > 0 && turn < SWEEPS && out->sse < before * (1 - 1e-6);
             turn++) {
            before = out->sse;
            for (int j = 0; j <= i; j++)
                improve(window, out, j, turn == 0 ? 1 : 0);
        }
    }
    sort_poles(window, out);
    return isfinite(out->sse);
}

/* One pole, and quickly: for the many delays that are tried. */
erg_network erg_network_glance(const erg_window *window)
{
    erg_network net = { .poles = 1, .sse = INFINITY };

    improve(window, &net, 0, COARSE);
    return net;
}

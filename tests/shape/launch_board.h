/* SPDX-License-Identifier: Apache-2.0 */
/* A GPU that is three lines of code, behind a gate of launches. */
#ifndef ERG_TESTS_LAUNCH_BOARD_H
#define ERG_TESTS_LAUNCH_BOARD_H

#include "shape/launch_gate.h"
#include "test.h"

/* Launches one after the other, as one stream has them. */
typedef struct board {
    erg_launch_gate gate;
    double t_s, free_s, energy_j;   /* now; the last launch ends; drawn so far */
    double idle_w, told_s;
    erg_launch_item under_way[64];
    double begins_s[64], ends_s[64];
    size_t first, count;
} board;

static inline int64_t ns(double t_s) { return erg_ns_from_s(10 + t_s); }

static inline board board_of(erg_launch_budget budget, double idle_w)
{
    board is = { .idle_w = idle_w };

    erg_launch_gate_start(&is.gate, &budget);
    return is;
}

/* Time goes on to t_s: launches end, and the counter is read every 50 ms. */
static inline void go(board *is, double t_s, double watts, bool counts)
{
    while (is->t_s < t_s) {
        double next_s = fmin(t_s, is->told_s + 0.05);
        bool ends = is->count && is->ends_s[is->first] <= next_s;
        next_s = ends ? is->ends_s[is->first] : next_s;
        double busy_s = fmax(0, fmin(next_s, is->free_s) - is->t_s);
        is->energy_j += busy_s * watts + (next_s - is->t_s - busy_s) * is->idle_w;
        is->t_s = next_s;
        if (ends) {
            size_t at = is->first;
            is->first = (at + 1) % 64;
            is->count--;
            erg_launch_gate_done(&is->gate, ns(next_s), &is->under_way[at],
                                 is->ends_s[at] - is->begins_s[at]);
        }
        if (next_s >= is->told_s + 0.05) {
            is->told_s = next_s;
            if (counts)
                erg_launch_gate_counted(&is->gate, ns(next_s), is->energy_j);
        }
    }
}

/* One launch of so long at so many watts; at most deep under way. */
static inline void launch(board *is, uint64_t kind, double item_s, double watts,
                          size_t deep, bool counts)
{
    erg_launch_item item;
    double wait_s;

    while (is->count >= deep)
        go(is, is->ends_s[is->first], watts, counts);
    while ((wait_s = erg_launch_gate_admit(&is->gate, ns(is->t_s), kind, false, &item)) > 0)
        go(is, is->t_s + fmin(fmax(wait_s, 1e-7), 1e-3), watts, counts);
    size_t at = (is->first + is->count++) % 64;
    is->under_way[at] = item;
    is->begins_s[at] = fmax(is->t_s, is->free_s);
    is->ends_s[at] = is->free_s = is->begins_s[at] + item_s;
}

#endif

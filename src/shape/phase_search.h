/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The search for one phase's clock: a hill climb that compares the present clock, A, with
 * a neighbour, B, by dwells in the order A B B A, so that a steady drift cancels.
 *
 *   score    ln(E T^k) per unit of work = ln P - (1 + k) ln r; k 0 energy, 1 EDP, 2 ED2P
 *   move     the 90 % interval (Student) of the mean difference excludes 0, and the gain
 *            is above 1 %
 *   refuse   otherwise. Three halve the step; at a step of one the search is settled
 *   again    power or speed of A is off by more than 10 % twice in a row, or it is time
 *            for a look at a neighbour: a share of time that follows the clock (beta)
 *            shows itself only at another clock
 *
 * It knows neither time nor hertz: clocks are places in a list, low..high of which may be
 * used. Plain state: a copy by memcpy goes on as the first would.
 *
 *   Source   docs/shape.md, "A clock for each phase".
 */
#ifndef ERG_SHAPE_PHASE_SEARCH_H
#define ERG_SHAPE_PHASE_SEARCH_H

#include <stdbool.h>
#include <stddef.h>

typedef enum erg_search_mode {
    ERG_SEARCH_REFERENCE,   /* at the highest clock, that slowdown refers to */
    ERG_SEARCH_COMPARE,
    ERG_SEARCH_HELD,        /* settled */
    ERG_SEARCH_CHECK        /* one comparison out of HELD */
} erg_search_mode;

typedef struct erg_search_goal {
    double time_exponent;   /* k */
    double slowdown_most;   /* T <= (1 + this) T at the highest clock; NAN: any */
    int check_dwells;       /* HELD for so many: a look at a neighbour */
} erg_search_goal;

/* The mean of one dwell. */
typedef struct erg_search_dwell { double ln_w, ln_rate, score; } erg_search_dwell;

typedef struct erg_phase_search {
    erg_search_mode mode;
    size_t low, high;       /* places that may be used */
    size_t home, other;     /* A and B */
    size_t step;
    int direction;          /* -1, 1 */
    int refusals;
    int place;              /* of the next dwell in A B B A: 0..3 */
    erg_search_dwell dwells[4];
    int each, gathered;     /* dwells that one of the four is the mean of; so far */
    double gain_sum;        /* of ln score over blocks of this pair */
    int blocks;
    double worse[2];        /* ln score of the neighbour below, above, less home's */
    double score_ss, w_ss, rate_ss, df; /* noise of one dwell: squares, and how many */
    double home_ln_w, home_ln_rate;     /* means of home_count dwells, 16 at most */
    int home_count;
    double top_ln_rate;     /* at the highest clock; NAN: not measured */
    int off;                /* dwells in a row that are off by more than 10 % */
    int restless;           /* again and again without having settled */
    int rest, held;         /* dwells to wait before going on; since it is settled */
} erg_phase_search;

void erg_phase_search_start(erg_phase_search *search, const erg_search_goal *goal,
                            size_t home, size_t low, size_t high);
/* Where the next dwell shall be, low..high. */
size_t erg_phase_search_clock(const erg_phase_search *search);
/* One dwell at erg_phase_search_clock() is over. ln_w, ln_rate: finite. */
void erg_phase_search_dwell(erg_phase_search *search, const erg_search_goal *goal,
                            double ln_w, double ln_rate);
/* Other limits: what lies outside is left at once, and what opens is looked at. */
void erg_phase_search_limit(erg_phase_search *search, const erg_search_goal *goal,
                            size_t low, size_t high);
/* That clock does not come; seen is the place of the one in force. */
void erg_phase_search_missed(erg_phase_search *search, const erg_search_goal *goal,
                             size_t seen);
/* What was begun is begun anew: its dwells no longer belong together. */
void erg_phase_search_restart(erg_phase_search *search);

#endif

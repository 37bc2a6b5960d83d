/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Is one set of values different from another, and by how much?
 *
 * Intervals are 95 %. A difference is significant only where its interval leaves out
 * no difference and each side has three values or more. Ranks make no assumption of
 * a normal spread; their p values are exact up to ten values a side without ties, and
 * normal with corrections for ties and continuity beyond. Few and tied: still normal.
 */
#ifndef ERG_MATH_CONTRAST_H
#define ERG_MATH_CONTRAST_H

#include <stdbool.h>
#include <stddef.h>

typedef struct erg_contrast {
    double value, low, high;    /* difference a - b, or ratio a/b */
    double t, df, p_value;      /* two-sided */
    bool is_significant;
} erg_contrast;

/* Half-width of the 95 % t-interval of the mean; NAN for n < 2. */
double erg_t_half_width(const double x[], size_t n);
/* Difference of means with unequal spreads: Welch, Biometrika 34 (1947). False for
 * n < 2 or where neither side scatters. */
bool erg_contrast_welch(const double a[], size_t a_count, const double b[], size_t b_count,
                        erg_contrast *out);
/* Of pairs, as visits of one block: difference, and ratio by the mean log-ratio (false
 * where a value is not above zero). */
bool erg_contrast_pairs(const double a[], const double b[], size_t n, erg_contrast *out);
bool erg_contrast_ratio(const double a[], const double b[], size_t n, erg_contrast *out);
/* Difference in pooled deviations without the bias of few: Hedges (1981). */
double erg_hedges_g(const double a[], size_t a_count, const double b[], size_t b_count);
/* Makes p values of many comparisons hold together: Holm (1979). */
void erg_holm(double p[], size_t n);

typedef struct erg_rank_test { double statistic, p_value; bool is_exact; } erg_rank_test;

/* False: no memory, or nothing to rank. */
bool erg_mann_whitney(const double a[], size_t a_count, const double b[], size_t b_count,
                      erg_rank_test *out);              /* U of a */
bool erg_wilcoxon(const double a[], const double b[], size_t n,
                  erg_rank_test *out);                  /* the lesser rank sum */
/* Groups one after the other in x. H is corrected for ties. */
bool erg_kruskal(const double x[], const size_t group_counts[], size_t groups,
                 erg_rank_test *out);
/* 1 for the smallest; ties share their mean rank. Returns sum of t^3 - t over ties. */
bool erg_ranks(const double x[], size_t n, double ranks[], double *ties);
double erg_spearman(const double x[], const double y[], size_t n);  /* NAN: constant */

/* Benjamini and Hochberg (1995): p becomes q, the least share of false finds at which it is
 * still found. is_dependent: Benjamini and Yekutieli (2001), for any dependence. A NAN is
 * no member of the family and stays. False: no memory. */
bool erg_false_discovery(double p[], size_t n, bool is_dependent);

/* Regularised upper incomplete gamma, P(Z <= z) of the normal, and z for 0 < p < 1. */
double erg_gamma_q(double a, double x);
double erg_normal_p(double z);
double erg_normal_z(double p);

#endif

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Sources: Cooley and Tukey (1965) for powers of two; Bluestein (1970), who writes any
 * other length as a convolution: f t = (f^2 + t^2 - (f - t)^2)/2.
 */
#include <math.h>
#include <stdlib.h>
#include "math/series.h"
#include "math/spectrum.h"

static erg_wave times(erg_wave a, erg_wave b)
{
    return (erg_wave){ a.re * b.re - a.im * b.im, a.re * b.im + a.im * b.re };
}

static erg_wave unit(double turns)
{
    return (erg_wave){ cos(2 * M_PI * turns), sin(2 * M_PI * turns) };
}

static size_t power_above(size_t n)
{
    size_t power = 1;

    while (power < n)
        power *= 2;
    return power;
}

/* ---- powers of two ---------------------------------------------------------- */

static void reverse_bits(erg_wave x[], size_t n)
{
    for (size_t i = 1, j = 0; i < n; i++) {
        size_t bit = n >> 1;
        for (; j & bit; bit >>= 1)
            j ^= bit;
        j ^= bit;
        if (i < j) {
            erg_wave keep = x[i];
            x[i] = x[j];
            x[j] = keep;
        }
    }
}

/* One butterfly stage: pairs `half` apart; root[j] = exp(-2 pi i j/n). */
static void stage(erg_wave x[], size_t n, size_t half, const erg_wave root[])
{
    size_t stride = n / (2 * half);

    for (size_t from = 0; from < n; from += 2 * half)
        for (size_t j = 0; j < half; j++) {
            erg_wave *low = x + from + j, *high = low + half;
            erg_wave part = times(*high, root[j * stride]);
            *high = (erg_wave){ low->re - part.re, low->im - part.im };
            *low = (erg_wave){ low->re + part.re, low->im + part.im };
        }
}

static void transform(erg_wave x[], size_t n, const erg_wave root[])
{
    reverse_bits(x, n);
    for (size_t half = 1; half < n; half *= 2)
        stage(x, n, half, root);
}

static erg_wave *roots(size_t n)
{
    erg_wave *root = calloc(n / 2 + 1, sizeof(*root));

    for (size_t j = 0; root && j < n / 2; j++)
        root[j] = unit(-(double)j / (double)n);
    return root;
}

static bool transform_power(erg_wave x[], size_t n)
{
    erg_wave *root = roots(n);

    if (root)
        transform(x, n, root);
    free(root);
    return root != NULL;
}

/* ---- any length ------------------------------------------------------------- */

/* exp(-pi i t^2/n): t^2 is taken modulo 2 n first, or its digits are lost. */
static erg_wave chirp(size_t t, size_t n)
{
    size_t square = t * t % (2 * n);        /* no overflow below 2^32 values */

    return unit(-(double)square / (2 * (double)n));
}

/* a and b hold the series and the chirp; a becomes the product of their transforms, turned
 * so that one more transform is the way back. */
static void multiply(erg_wave a[], const erg_wave b[], size_t n)
{
    for (size_t i = 0; i < n; i++) {
        a[i] = times(a[i], b[i]);
        a[i].im = -a[i].im;
    }
}

static bool bluestein(erg_wave x[], size_t n)
{
    size_t m = power_above(2 * n - 1);
    erg_wave *a = calloc(m, sizeof(*a)), *b = calloc(m, sizeof(*b)), *root = roots(m);
    bool ok = a && b && root;

    for (size_t t = 0; ok && t < n; t++) {
        erg_wave here = chirp(t, n);
        a[t] = times(x[t], here);
        b[t] = b[t ? m - t : 0] = (erg_wave){ here.re, -here.im };
    }
    if (ok) {
        transform(a, m, root);
        transform(b, m, root);
        multiply(a, b, m);
        transform(a, m, root);
    }
    for (size_t f = 0; ok && f < n; f++) {
        erg_wave back = { a[f].re / (double)m, -a[f].im / (double)m };
        x[f] = times(back, chirp(f, n));
    }
    free(a);
    free(b);
    free(root);
    return ok;
}

bool erg_fourier(erg_wave x[], size_t n)
{
    if (n < 2)
        return true;
    return (n & (n - 1)) == 0 ? transform_power(x, n) : bluestein(x, n);
}

bool erg_fourier_back(erg_wave x[], size_t n)
{
    for (size_t i = 0; i < n; i++)
        x[i].im = -x[i].im;
    if (!erg_fourier(x, n))
        return false;
    for (size_t i = 0; i < n; i++)
        x[i] = (erg_wave){ x[i].re / (double)n, -x[i].im / (double)n };
    return true;
}

/* ---- what is made of it ----------------------------------------------------- */

/* x goes in as the real part, y as the imaginary one: one transform for both. */
static erg_wave cross(erg_wave here, erg_wave mirror)
{
    erg_wave x = { (here.re + mirror.re) / 2, (here.im - mirror.im) / 2 };
    erg_wave y = { (here.im + mirror.im) / 2, (mirror.re - here.re) / 2 };

    return times((erg_wave){ x.re, -x.im }, y);
}

bool erg_all_lag_products(const double x[], const double y[], size_t n, size_t lags,
                          double out[])
{
    size_t m = power_above(n + lags + 1);
    erg_wave *both = calloc(m, sizeof(*both)), *product = calloc(m, sizeof(*product));
    bool ok = both && product;

    for (size_t t = 0; ok && t < n; t++)
        both[t] = (erg_wave){ x[t], y[t] };
    ok = ok && erg_fourier(both, m);
    for (size_t f = 0; ok && f < m; f++)
        product[f] = cross(both[f], both[(m - f) % m]);
    ok = ok && erg_fourier_back(product, m);
    for (size_t k = 0; ok && k <= 2 * lags; k++)
        out[k] = product[(m + k - lags) % m].re;
    free(both);
    free(product);
    return ok;
}

static double hann(size_t i, size_t window)
{
    return 0.5 - 0.5 * cos(2 * M_PI * (double)i / (double)window);
}

/* One or two windows half a window apart, one as the real part and one as the imaginary:
 * of H at f and M at -f, |H|^2 + |M|^2 is twice the squares of both, whichever is whose. */
static bool add_windows(const double x[], size_t windows, size_t window, erg_wave room[],
                        double out[])
{
    for (size_t which = 0; which < windows; which++) {
        const double *at = x + which * (window / 2);
        double mean = 0;
        for (size_t i = 0; i < window; i++)
            mean += at[i] / (double)window;
        for (size_t i = 0; i < window; i++) {
            double value = (at[i] - mean) * hann(i, window);
            room[i] = which ? (erg_wave){ room[i].re, value } : (erg_wave){ value, 0 };
        }
    }
    if (!erg_fourier(room, window))
        return false;
    for (size_t f = 0; f <= window / 2; f++) {
        erg_wave here = room[f], mirror = room[(window - f) % window];
        out[f] += (here.re * here.re + here.im * here.im + mirror.re * mirror.re
                   + mirror.im * mirror.im) / 2;
    }
    return true;
}

bool erg_welch(const double x[], size_t n, double dt, size_t window, double out[])
{
    erg_wave *room = calloc(window + 1, sizeof(*room));
    bool ok = room && window >= 2 && n >= window;
    size_t step = window / 2, windows = ok ? (n - window) / step + 1 : 0;
    double square = 0;

    for (size_t i = 0; i < window; i++)
        square += hann(i, window) * hann(i, window);
    for (size_t f = 0; ok && f <= step; f++)
        out[f] = 0;
    for (size_t i = 0; ok && i < windows; i += 2)
        ok = add_windows(x + i * step, i + 1 < windows ? 2 : 1, window, room, out);
    /* One side stands for both, but at the ends. */
    for (size_t f = 0; ok && f <= step; f++)
        out[f] *= (f == 0 || 2 * f == window ? 1 : 2) * dt / (square * (double)windows);
    free(room);
    return ok;
}

erg_wave erg_goertzel(const double x[], size_t n, double frequency)
{
    double turn = 2 * cos(2 * M_PI * frequency), last = 0, before = 0;

    for (size_t t = 0; t < n; t++) {
        double next = x[t] + turn * last - before;
        before = last;
        last = next;
    }
    /* last - exp(-i w) before is the sum, its phase counted from the end. */
    erg_wave back = unit(-frequency);
    erg_wave end = { last - back.re * before, -back.im * before };
    return n ? times(end, unit(-frequency * (double)(n - 1))) : (erg_wave){ 0 };
}

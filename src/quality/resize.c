/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Images at another size, by separable filters (Keys 1981 for the cubic). Weights are whole
 * numbers of 22 bits behind the point, as Pillow has them, so that every byte is the same
 * as there: encoders were trained and are scored on images that it made.
 */
#include <math.h>
#include <stdlib.h>
#include "quality/preprocess.h"

enum { WEIGHT_BITS = 22 };

static double triangle(double x) { return fmax(0, 1 - fabs(x)); }

static double cubic(double x)
{
    static const double a = -0.5;

    x = fabs(x);
    return x < 1 ? ((a + 2) * x - (a + 3)) * x * x + 1
         : x < 2 ? (((x - 5) * x + 8) * x - 4) * a : 0;
}

static const struct { double (*at)(double); double reach; } filters[] = {
    [ERG_RESIZE_BILINEAR] = { triangle, 1 },
    [ERG_RESIZE_BICUBIC] = { cubic, 2 },
};

/* What one pixel is made of: count pixels from first on. */
typedef struct window { size_t first, count; int32_t *weights; } window;
typedef struct windows { window *each; int32_t *weights; size_t count; } windows;

static void windows_free(windows *of)
{
    free(of->each);
    free(of->weights);
}

/* The share of pixel j from first on in the pixel whose middle lies at center. */
static void fill(window *to, double center, double stretch, erg_resize kind, double room[])
{
    double sum = 0;

    for (size_t j = 0; j < to->count; j++) {
        double middle = (double)(to->first + j) + 0.5;
        sum += room[j] = filters[kind].at((middle - center) / stretch);
    }
    for (size_t j = 0; j < to->count; j++)
        to->weights[j] = (int32_t)lround(room[j] / sum * (1 << WEIGHT_BITS));
}

static bool windows_make(size_t from, size_t count, erg_resize kind, windows *to,
                         erg_error *err)
{
    double scale = (double)from / (double)count, stretch = fmax(scale, 1);
    double reach = filters[kind].reach * stretch;
    size_t widest = 2 * (size_t)ceil(reach) + 1;
    double *room = calloc(widest, sizeof(*room));

    *to = (windows){ malloc(count * sizeof(window)),
                     calloc(count * widest, sizeof(int32_t)), count };
    bool ok = room && to->each && to->weights;
    for (size_t i = 0; ok && i < count; i++) {
        double center = ((double)i + 0.5) * scale;
        double low = fmax(0, trunc(center - reach + 0.5));
        double high = fmin((double)from, trunc(center + reach + 0.5));
        to->each[i] = (window){ (size_t)low, (size_t)(high - low),
                                to->weights + i * widest };
        fill(&to->each[i], center, stretch, kind, room);
    }
    free(room);
    return ok || erg_fail(err, ERG_NO_MEMORY, "out of memory");
}

static unsigned char byte_of(int64_t sum)
{
    int64_t value = (sum + (1 << (WEIGHT_BITS - 1))) >> WEIGHT_BITS;
    return (unsigned char)(value < 0 ? 0 : value > 255 ? 255 : value);
}

/* Lines of width pixels become lines of with->count. step, line: bytes between two pixels
 * of a line, and between two lines. */
typedef struct walk { size_t lines, from_step, from_line, to_step, to_line; } walk;

static void resample(const unsigned char *from, unsigned char *to, const windows *with,
                     const walk *way)
{
    for (size_t y = 0; y < way->lines; y++)
        for (size_t x = 0; x < with->count; x++) {
            const window *of = &with->each[x];
            for (size_t c = 0; c < ERG_CHANNELS; c++) {
                const unsigned char *at = from + y * way->from_line
                                        + of->first * way->from_step + c;
                int64_t sum = 0;
                for (size_t j = 0; j < of->count; j++)
                    sum += (int64_t)of->weights[j] * at[j * way->from_step];
                to[y * way->to_line + x * way->to_step + c] = byte_of(sum);
            }
        }
}

static void resize_both(const erg_image *from, const windows *across, const windows *down,
                        unsigned char *between, erg_image *to)
{
    enum { C = ERG_CHANNELS };

    resample(from->rgb, between, across,
             &(walk){ from->height, C, C * from->width, C, C * to->width });
    resample(between, to->rgb, down,
             &(walk){ to->width, C * to->width, C, C * to->width, C });
}

bool erg_image_resize(const erg_image *from, size_t width, size_t height, erg_resize kind,
                      erg_image *to, erg_error *err)
{
    windows across = { 0 }, down = { 0 };
    unsigned char *between = calloc(from->height, ERG_CHANNELS * width);

    *to = (erg_image){ width, height, malloc(ERG_CHANNELS * width * height) };
    bool ok = (between && to->rgb) || erg_fail(err, ERG_NO_MEMORY, "out of memory");
    ok = ok && windows_make(from->width, width, kind, &across, err)
      && windows_make(from->height, height, kind, &down, err);
    if (ok)
        resize_both(from, &across, &down, between, to);
    else
        erg_image_free(to);
    free(between);
    windows_free(&across);
    windows_free(&down);
    return ok;
}

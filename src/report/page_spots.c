/* SPDX-License-Identifier: Apache-2.0 */
/* The picture is a grid of small cells; places are tried on rings around the dot. */
#include <math.h>
#include "base/base.h"
#include "report/page_spots.h"

enum { CELL = 4, LINE_HIGH = 9, DIGIT_WIDE = 7, DOT_WIDE = 6 };

typedef struct box { int left, top, right, bottom; } box;

static box box_of(double x, double y, double wide, double high)
{
    return (box){ (int)floor((x - wide / 2) / CELL), (int)floor((y - high / 2) / CELL),
                  (int)floor((x + wide / 2) / CELL), (int)floor((y + high / 2) / CELL) };
}

static bool is_inside(box at)
{
    return at.left >= 0 && at.top >= 0 && at.right < ERG_PAGE_SPOTS_WIDE
        && at.bottom < ERG_PAGE_SPOTS_HIGH;
}

static bool is_free(const erg_page_spots *spots, box at)
{
    for (int y = at.top; y <= at.bottom; y++)
        for (int x = at.left; x <= at.right; x++)
            if (spots->taken[y][x])
                return false;
    return true;
}

static void take(erg_page_spots *spots, box at)
{
    for (int y = at.top; y <= at.bottom; y++)
        for (int x = at.left; x <= at.right; x++)
            spots->taken[y][x] = true;
}

void erg_page_spots_take_dot(erg_page_spots *spots, double x, double y)
{
    box at = box_of(x, y, DOT_WIDE, DOT_WIDE);

    if (is_inside(at))
        take(spots, at);
}

bool erg_page_spots_find(erg_page_spots *spots, double x, double y, int digits,
                         erg_page_spot *out)
{
    static const double rings[] = { 5, 14, 26, 38, 50, 62, 74, 86 };
    static const double ways[][2] = { { 1, -1 }, { 1, 0.3 }, { -1, -1 }, { -1, 0.3 },
                                      { 1, 1.4 }, { -1, 1.4 }, { 0, -1.5 }, { 0, 1.5 } };
    double wide = DIGIT_WIDE * digits;

    for (size_t r = 0; r < ERG_COUNT(rings); r++)
        for (size_t i = 0; i < ERG_COUNT(ways); i++) {
            double across = fabs(ways[i][0]) * (rings[r] + wide / 2);
            out->x = x + (ways[i][0] < 0 ? -across : across);
            out->y = y + ways[i][1] * (3 + rings[r]);
            out->is_far = r > 0;
            box at = box_of(out->x, out->y, wide, LINE_HIGH);
            if (is_inside(at) && is_free(spots, at)) {
                take(spots, at);
                return true;
            }
        }
    return false;
}

/* SPDX-License-Identifier: Apache-2.0 */
/* Peak signal to noise of pairs of images: 10 log10(255^2 / mean squared difference). */
#include <math.h>
#include "quality/image.h"
#include "quality/metric.h"

static bool psnr(const erg_image *a, const erg_image *b, const char *name, double *out,
                 erg_error *err)
{
    size_t count = 3 * a->width * a->height;
    double sum = 0;

    if (a->width != b->width || a->height != b->height)
        return erg_fail(err, ERG_BAD_INPUT, "%s is %zu x %zu, its partner %zu x %zu", name,
                        a->width, a->height, b->width, b->height);
    for (size_t i = 0; i < count; i++) {
        double gap = (double)a->rgb[i] - (double)b->rgb[i];
        sum += gap * gap;
    }
    *out = sum > 0 ? 10 * log10(255.0 * 255 * (double)count / sum) : INFINITY;
    return true;
}

bool erg_psnr_compute(const erg_metric *metric, const erg_quality_case *with,
                      erg_tally *tally, erg_error *err)
{
    const erg_folder *mine = with->mine.images;
    const erg_folder *theirs = with->baseline && with->baseline->images
        ? with->baseline->images
        : with->against_images;
    bool ok = erg_folder_pairs(mine, theirs, err)
           && erg_tally_make(tally, mine->count, 2, err);

    (void)metric;
    for (size_t i = 0; ok && i < mine->count; i++) {
        erg_image a = { 0 }, b = { 0 };
        ok = erg_folder_image(mine, i, &a, err) && erg_folder_image(theirs, i, &b, err)
          && psnr(&a, &b, mine->names[i], &tally->counts[2 * i], err);
        tally->counts[2 * i + 1] = 1;
        tally->is_scored[i] = ok;
        erg_image_free(&a);
        erg_image_free(&b);
    }
    tally->value = erg_tally_mean;
    return ok;
}

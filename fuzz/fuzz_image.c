/* SPDX-License-Identifier: Apache-2.0 */
/* Any bytes as a PNG, PGM or PPM image: pixels, or a sentence. */
#include <stdlib.h>
#include "quality/image.h"

int LLVMFuzzerTestOneInput(const unsigned char *bytes, size_t size)
{
    erg_error err = { 0 };
    erg_image image;
    size_t sum = 0;

    if (!erg_image_parse("fuzz", bytes, size, &image, &err)
        && (err.code == ERG_OK || !err.text[0] || image.rgb))
        abort();
    for (size_t i = 0; i < 3 * image.width * image.height; i++)
        sum += image.rgb[i];
    erg_image_free(&image);
    return sum == SIZE_MAX;
}

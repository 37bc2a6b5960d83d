/* SPDX-License-Identifier: Apache-2.0 */
/* Any bytes as an encoder's X.json: what it says is used
 * on a small image, or a sentence. */
#include <math.h>
#include <stdlib.h>
#include "quality/preprocess.h"

int LLVMFuzzerTestOneInput(const unsigned char *bytes, size_t size)
{
    static unsigned char rgb[3 * 15];
    const erg_image image = { 5, 3, rgb };
    erg_preprocess how;
    erg_pixels pixels;
    erg_error err = { 0 };

    for (size_t i = 0; i < sizeof(rgb); i++)
        rgb[i] = (unsigned char)(17 * i);
    if (!erg_preprocess_parse("fuzz.json", (const char *)bytes, size, &how, &err)) {
        if (err.code == ERG_OK || !err.text[0])
            abort();
        return 0;
    }
    if (how.output_count == 0 || !how.input || (how.size > 64 && how.has_pixels)) {
        if (how.output_count == 0 || !how.input)
            abort();
        erg_preprocess_free(&how);
        return 0;
    }
    if (how.has_pixels && erg_preprocess_image(&how, &image, &pixels, &err))
        free(pixels.values);
    erg_preprocess_free(&how);
    return 0;
}

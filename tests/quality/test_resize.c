/* SPDX-License-Identifier: Apache-2.0 */
/* Resized images: closed forms, and bytes that Pillow 9.4 gives for the same pixels. */
#include "quality/preprocess.h"
#include "test.h"

static erg_image image_of(size_t width, size_t height)
{
    erg_image image = { width, height, malloc(3 * width * height) };
    for (size_t j = 0; j < height; j++)
        for (size_t i = 0; i < width; i++) {
            unsigned char *to = image.rgb + 3 * (j * width + i);
            to[0] = (unsigned char)((i * i * 7 + j * 37) % 256);
            to[1] = (unsigned char)((i * 50 + j * 9) % 256);
            to[2] = (unsigned char)(255 * ((i + j) % 2));
        }
    return image;
}

static erg_image resized(const erg_image *from, size_t width, size_t height,
                         erg_resize kind)
{
    erg_error err = { 0 };
    erg_image to = { 0 };
    CHECK_OK(erg_image_resize(from, width, height, kind, &to, &err), err);
    return to;
}

static void bytes_are_those_of_pillow(void)
{
    static const unsigned char bilinear[] = { 17, 24, 123, 45, 103, 124, 105, 182,
                                              123, 63, 36,
        123, 91, 115, 124, 151, 194, 123 };
    static const unsigned char bicubic[] = { 12, 21, 123, 40, 103, 127, 104, 185,
                                             123, 64, 33,
        123, 92, 115, 127, 156, 197, 123 };
    static const unsigned char larger[] = { 0, 0, 0, 1, 25, 163, 10, 64, 212, 26,
                                            100, 0, 50,
        136, 212, 85, 175, 163, 113, 203, 0, 21, 3, 178, 24, 30, 115, 33, 69, 97,
        49, 105, 178, 73, 141, 97, 108, 180, 115, 136, 208, 178, 53, 10, 178, 56, 38, 115,
        65, 77, 97, 81, 113, 178, 105, 149, 97, 140, 188, 115, 168, 216, 178, 76, 15, 0, 79,
        43, 163, 88, 82, 212, 104, 118, 0, 128, 154, 212, 163, 193, 163, 191, 221, 0 };
    static const struct {
        size_t width, height;
        erg_resize kind;
        const unsigned char *want;
    }
    rows[] = { { 3, 2, ERG_RESIZE_BILINEAR, bilinear },
               { 3, 2, ERG_RESIZE_BICUBIC, bicubic },
               { 7, 4, ERG_RESIZE_BICUBIC, larger } };
    erg_image from = image_of(5, 3);

    for (size_t i = 0; i < ERG_COUNT(rows); i++) {
        erg_image to = resized(&from, rows[i].width, rows[i].height, rows[i].kind);
        CHECK(to.width == rows[i].width && to.height == rows[i].height);
        for (size_t j = 0; j < 3 * to.width * to.height; j++)
            CHECK_NEAR(to.rgb[j], rows[i].want[j], 0);
        erg_image_free(&to);
    }
    erg_image_free(&from);
}

static void the_same_size_and_one_colour_change_nothing(void)
{
    erg_image from = image_of(9, 4);

    for (erg_resize kind = ERG_RESIZE_BILINEAR; kind <= ERG_RESIZE_BICUBIC; kind++) {
        erg_image same = resized(&from, 9, 4, kind);
        CHECK(memcmp(same.rgb, from.rgb, 3 * 9 * 4) == 0);
        erg_image_free(&same);
    }
    memset(from.rgb, 201, 3 * 9 * 4);
    erg_image flat = resized(&from, 31, 2, ERG_RESIZE_BICUBIC);
    for (size_t i = 0; i < 3 * 31 * 2; i++)
        CHECK_NEAR(flat.rgb[i], 201, 0);
    erg_image_free(&flat);
    erg_image_free(&from);
}

/* A ramp of 4 a pixel, halved: the triangle is even, so that the middle of two pixels
 * remains; without antialias the ends would be it as well. */
static void a_ramp_stays_a_ramp_and_every_pixel_counts(void)
{
    erg_image from = image_of(16, 1);

    for (size_t i = 0; i < 16; i++)
        memset(from.rgb + 3 * i, (int)(4 * i), 3);
    erg_image to = resized(&from, 8, 1, ERG_RESIZE_BILINEAR);
    for (size_t i = 1; i + 1 < 8; i++)
        CHECK_NEAR(to.rgb[3 * i], 8 * i + 2, 0);
    erg_image_free(&to);
    /* One bright pixel of 16: a single pixel has its share, whatever its place. */
    memset(from.rgb, 0, 3 * 16);
    memset(from.rgb + 3 * 5, 255, 3);
    to = resized(&from, 1, 1, ERG_RESIZE_BILINEAR);
    /* Weights 1 - |x| / 16 for x = -7.5 .. 7.5: their sum is 12,
     * that of x = -2.5 is .84375 */
    CHECK_NEAR(to.rgb[0], 255 * 0.84375 / 12, 0.5);
    erg_image_free(&to);
    erg_image_free(&from);
}

static void bytes_stay_within_their_range(void)
{
    erg_image from = image_of(4, 1);

    /* A cubic overshoots beside an edge. */
    memset(from.rgb, 0, 6);
    memset(from.rgb + 6, 255, 6);
    erg_image to = resized(&from, 40, 1, ERG_RESIZE_BICUBIC);
    for (size_t i = 1; i < 40; i++)
        CHECK(i == 0 || to.rgb[3 * i] >= to.rgb[3 * i - 3] || to.rgb[3 * i] > 250);
    CHECK_NEAR(to.rgb[0], 0, 0);
    CHECK_NEAR(to.rgb[3 * 39], 255, 0);
    erg_image_free(&to);
    erg_image_free(&from);
}

int main(void)
{
    static const test tests[] = {
        TEST(bytes_are_those_of_pillow),
        TEST(the_same_size_and_one_colour_change_nothing),
        TEST(a_ramp_stays_a_ramp_and_every_pixel_counts),
        TEST(bytes_stay_within_their_range),
    };
    return test_run(tests, ERG_COUNT(tests));
}

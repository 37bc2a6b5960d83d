/* SPDX-License-Identifier: Apache-2.0 */
/* Images: what is read, what is refused, folders in pairs, PSNR in closed form. */
#include <png.h>
#include <sys/stat.h>
#include "quality/image.h"
#include "quality/metric.h"
#include "test.h"

/* libpng's own writer, of any format that it has. */
static size_t write_png(unsigned char to[4096], unsigned side, unsigned format,
                        const void *pixels)
{
    png_image image = { .version = PNG_IMAGE_VERSION, .width = side, .height = side,
                        .format = format };
    png_alloc_size_t size = 4096;
    CHECK(png_image_write_to_memory(&image, to, &size, 0, pixels, 0, NULL));
    return size;
}

static void pngs_of_8_bits_are_read(void)
{
    static const unsigned char rgb[] = { 1, 2, 3 }, grey[] = { 7 },
                               clear[] = { 200, 100, 0, 0 };
    static const unsigned char half[] = { 0, 255, 51, 51 };
    static const struct {
        unsigned format;
        const unsigned char *pixels;
        unsigned char want[3];
    }
    rows[] = { { PNG_FORMAT_RGB, rgb, { 1, 2, 3 } }, { PNG_FORMAT_GRAY, grey, { 7, 7, 7 } },
               { PNG_FORMAT_RGBA, clear, { 255, 255, 255 } },
               { PNG_FORMAT_RGBA, half, { 204, 255, 214 } } };
    for (size_t i = 0; i < ERG_COUNT(rows); i++) {
        unsigned char bytes[4096];
        size_t size = write_png(bytes, 1, rows[i].format, rows[i].pixels);
        erg_error err = { 0 };
        erg_image image;
        CHECK_OK(erg_image_parse("x.png", bytes, size, &image, &err), err);
        CHECK(image.width == 1 && image.height == 1);
        for (size_t c = 0; c < 3; c++)
            CHECK_NEAR(image.rgb[c], rows[i].want[c], 0);
        erg_image_free(&image);
    }
}

static void sixteen_bits_and_damage_are_refused(void)
{
    static const uint16_t deep[] = { 1, 2, 3 };
    unsigned char bytes[4096], pixels[3 * 64];
    erg_image image;
    erg_error err = { 0 };
    size_t size = write_png(bytes, 1, PNG_FORMAT_LINEAR_RGB, deep);

    CHECK(!erg_image_parse("x.png", bytes, size, &image, &err)
          && strstr(err.text, "16 bits"));
    for (size_t i = 0; i < sizeof(pixels); i++)
        pixels[i] = (unsigned char)(i * i);
    size = write_png(bytes, 8, PNG_FORMAT_RGB, pixels);
    for (size_t cut = 0; cut < size - 12; cut++) {
        unsigned char *copy = malloc(cut + 1);
        memcpy(copy, bytes, cut);
        CHECK(!erg_image_parse("x.png", copy, cut, &image, &err)
              && err.code == ERG_BAD_INPUT);
        free(copy);
    }
    bytes[60] ^= 1;
    CHECK(!erg_image_parse("x.png", bytes, size, &image, &err));
}

static void ppm_and_pgm_are_read_strictly(void)
{
    static const struct { const char *text; size_t size; bool good; } rows[] = {
        { "P6\n# made by hand\n2 1\n255\nabcdef", 32, true },
        { "P5 2 1 255 ab", 13, true },
        { "P5 2 1 255 abc", 14, false },
        { "P5 2 1 65535 ab", 15, false },
        { "P5 0 1 255 ", 11, false },
        { "P3 1 1 255 1 2 3", 16, false },
        { "P5 2", 4, false },
        { "GIF89a", 6, false },
        { "", 0, false },
    };
    for (size_t i = 0; i < ERG_COUNT(rows); i++) {
        erg_error err = { 0 };
        erg_image image;
        bool ok = erg_image_parse("x", (const unsigned char *)rows[i].text,
                                  rows[i].size, &image, &err);
        CHECK(ok == rows[i].good && (ok || err.text[0]));
        if (ok)
            CHECK(image.width == 2 && image.rgb[0] == 'a');
        erg_image_free(&image);
    }
}

static void put(const char *folder, const char *name, const char *pixels)
{
    char path[ERG_PATH_MOST];

    mkdir(folder, 0700);
    snprintf(path, sizeof(path), "%s/%s", folder, name);
    FILE *out = fopen(path, "w");
    CHECK(out && fprintf(out, "P5 2 1 255 %s", pixels) > 0 && fclose(out) == 0);
}

static void pairs_of_images_are_compared_by_name(void)
{
    char base[ERG_PATH_MOST], a_path[ERG_PATH_MOST + 4], b_path[ERG_PATH_MOST + 4];
    erg_error err = { 0 };
    erg_tally tally = { 0 };

    snprintf(base, sizeof(base), "%s", test_folder());
    snprintf(a_path, sizeof(a_path), "%s/a", base);
    snprintf(b_path, sizeof(b_path), "%s/b", base);
    put(a_path, "2.pgm", "ab"), put(a_path, "1.pgm", "ab"), put(a_path, "note.txt", "ab");
    put(b_path, "1.pgm", "ac"), put(b_path, "2.pgm", "ab");
    erg_folder *a = erg_folder_open(a_path, &err), *b = erg_folder_open(b_path, &err);
    CHECK(a && b && a->count == 2);
    CHECK_TEXT(a->names[0], "1.pgm");
    erg_quality_case with = { .mine = { .images = a }, .against_images = b };
    CHECK_OK(erg_psnr_compute(NULL, &with, &tally, &err), err);
    /* One of two pixels differs by one: 10 log10(255^2 / 0.5). */
    CHECK_NEAR(erg_tally_item(&tally, 0), 51.14110, 1e-4);
    CHECK(isinf(erg_tally_item(&tally, 1)));
    erg_tally_free(&tally);
    erg_folder_free(b);
    put(b_path, "3.pgm", "ab");
    b = erg_folder_open(b_path, &err);
    CHECK(!erg_folder_pairs(a, b, &err) && strstr(err.text, "b/3.pgm has no partner"));
    erg_folder_free(a);
    erg_folder_free(b);
    CHECK(!erg_folder_open("/nowhere", &err) && err.code == ERG_NOT_FOUND);
}

int main(void)
{
    static const test tests[] = {
        TEST(pngs_of_8_bits_are_read),
        TEST(sixteen_bits_and_damage_are_refused),
        TEST(ppm_and_pgm_are_read_strictly),
        TEST(pairs_of_images_are_compared_by_name),
    };
    return test_run(tests, ERG_COUNT(tests));
}

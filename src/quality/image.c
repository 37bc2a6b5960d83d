/* SPDX-License-Identifier: Apache-2.0 */
/* Reading images, and folders of them. */
#include <dirent.h>
#include <png.h>
#include <stdlib.h>
#include <string.h>
#include "base/library.h"
#include "quality/image.h"

enum { SIDE_MOST = 1 << 15, PNG_DEPTH_AT = 24, PNG_LEAST = 33 };

void erg_image_free(erg_image *image)
{
    free(image->rgb);
    *image = (erg_image){ 0 };
}

static bool make(const char *name, size_t width, size_t height, erg_image *to,
                 erg_error *err)
{
    if (width < 1 || height < 1 || width > SIDE_MOST || height > SIDE_MOST)
        return erg_fail(err, ERG_BAD_INPUT, "%s: %zu x %zu pixels are not read",
                        name, width, height);
    *to = (erg_image){ width, height, malloc(3 * width * height) };
    return to->rgb || erg_fail(err, ERG_NO_MEMORY, "out of memory");
}

/* ---- PNG ---------------------------------------------------------------------------- */

/* libpng, opened when the first PNG is read: few commands ever read one. */
typedef struct library {
    __typeof__(&png_image_begin_read_from_memory) begin;
    __typeof__(&png_image_finish_read) finish;
    __typeof__(&png_image_free) free;
} library;

static bool find(library *out, erg_error *err)
{
    static const erg_symbol functions[] = {
        { "png_image_begin_read_from_memory", offsetof(library, begin), true },
        { "png_image_finish_read", offsetof(library, finish), true },
        { "png_image_free", offsetof(library, free), true },
    };
    static const char *const files[] = { "libpng16.so.16" };
    void *opened = erg_library_open(files, ERG_COUNT(files));

    if (opened && !erg_library_find(opened, functions, ERG_COUNT(functions), out))
        return true;
    return erg_fail(err, ERG_UNSUPPORTED, "PNG needs libpng: install libpng16-16, or give "
                    "PPM");
}

/* Blended as the bytes are, as viewers and Pillow do. */
static void over_white(const unsigned char *rgba, erg_image *to)
{
    for (size_t i = 0; i < to->width * to->height; i++)
        for (size_t c = 0; c < 3; c++) {
            unsigned alpha = rgba[4 * i + 3];
            unsigned value = rgba[4 * i + c] * alpha + 255 * (255 - alpha);
            to->rgb[3 * i + c] = (unsigned char)((value + 127) / 255);
        }
}

static bool decode_png(const library *png, const char *name, png_image *from,
                       erg_image *to, erg_error *err)
{
    from->format = PNG_FORMAT_RGBA;
    if (!make(name, from->width, from->height, to, err))
        return false;
    unsigned char *rgba = malloc(PNG_IMAGE_SIZE(*from));
    bool ok = rgba || erg_fail(err, ERG_NO_MEMORY, "out of memory");
    if (ok && !png->finish(from, NULL, rgba, 0, NULL))
        ok = erg_fail(err, ERG_BAD_INPUT, "%s: %s", name, from->message);
    /* A warning is damage that libpng repaired: the picture is another one. */
    if (ok && PNG_IMAGE_FAILED(*from))
        ok = erg_fail(err, ERG_BAD_INPUT, "%s: %s", name, from->message);
    if (ok)
        over_white(rgba, to);
    free(rgba);
    return ok;
}

static bool read_png(const char *name, const unsigned char *bytes, size_t size,
                     erg_image *to, erg_error *err)
{
    png_image from = { .version = PNG_IMAGE_VERSION };
    library png;

    if (size >= PNG_LEAST && bytes[PNG_DEPTH_AT] == 16)
        return erg_fail(err, ERG_BAD_INPUT, "%s has 16 bits a channel; 8 are read", name);
    if (!find(&png, err))
        return false;
    bool ok = png.begin(&from, bytes, size)
            ? decode_png(&png, name, &from, to, err)
            : erg_fail(err, ERG_BAD_INPUT, "%s: %s", name, from.message);
    png.free(&from);
    return ok;
}

/* ---- PGM and PPM, binary ------------------------------------------------------------- */

/* A number after blanks and comments; 0: none. */
static size_t read_number(const unsigned char *bytes, size_t size, size_t *at)
{
    size_t value = 0;

    while (*at < size && (strchr(" \t\r\n", bytes[*at]) || bytes[*at] == '#')) {
        if (bytes[*at] == '\0')
            return 0;
        if (bytes[*at] == '#')
            while (*at < size && bytes[*at] != '\n')
                ++*at;
        else
            ++*at;
    }
    for (; *at < size && bytes[*at] >= '0' && bytes[*at] <= '9' && value < 1 << 20; ++*at)
        value = 10 * value + (size_t)(bytes[*at] - '0');
    return value;
}

static bool read_pnm(const char *name, const unsigned char *bytes, size_t size,
                     erg_image *to, erg_error *err)
{
    size_t at = 2, channels = bytes[1] == '6' ? 3 : 1;
    size_t width = read_number(bytes, size, &at), height = read_number(bytes, size, &at);
    size_t most = read_number(bytes, size, &at);

    at++;       /* one blank, then the pixels */
    if (most != 255)
        return erg_fail(err, ERG_BAD_INPUT,
                        "%s: only PGM and PPM of 8 bits, with a maximum of "
                        "255, are read", name);
    if (!make(name, width, height, to, err))
        return false;
    if (at > size || size - at != channels * width * height)
        return erg_fail(err, ERG_BAD_INPUT, "%s: %zu bytes of pixels, %zu are needed", name,
                        at > size ? 0 : size - at, channels * width * height);
    for (size_t i = 0; i < 3 * width * height; i++)
        to->rgb[i] = bytes[at + (channels == 3 ? i : i / 3)];
    return true;
}

bool erg_image_parse(const char *name, const unsigned char *bytes, size_t size,
                     erg_image *to, erg_error *err)
{
    bool ok;

    *to = (erg_image){ 0 };
    if (size > 8 && memcmp(bytes, "\x89PNG\r\n\x1a\n", 8) == 0)
        ok = read_png(name, bytes, size, to, err);
    else if (size > 2 && bytes[0] == 'P' && (bytes[1] == '5' || bytes[1] == '6'))
        ok = read_pnm(name, bytes, size, to, err);
    else
        ok = erg_fail(err, ERG_BAD_INPUT, "%s is neither PNG nor binary PGM or PPM", name);
    if (!ok)
        erg_image_free(to);
    return ok;
}

bool erg_image_load(const char *path, erg_image *to, erg_error *err)
{
    size_t size = 0;
    char *bytes = erg_file_read(path, (size_t)1 << 30, &size, err);
    bool ok = bytes && erg_image_parse(path, (unsigned char *)bytes, size, to, err);

    free(bytes);
    return ok;
}

/* ---- folders ------------------------------------------------------------------------- */

static int is_image(const struct dirent *entry)
{
    static const char *const endings[] = { ".png", ".ppm", ".pgm", ".PNG", ".PPM", ".PGM" };
    size_t count = strlen(entry->d_name);

    for (size_t i = 0; i < ERG_COUNT(endings); i++)
        if (count > 4 && strcmp(entry->d_name + count - 4, endings[i]) == 0)
            return 1;
    return 0;
}

/* By bytes: alphasort would ask the locale. */
static int by_name(const struct dirent **a, const struct dirent **b)
{
    return strcmp((*a)->d_name, (*b)->d_name);
}

erg_folder *erg_folder_open(const char *path, erg_error *err)
{
    struct dirent **entries = NULL;
    int count = scandir(path, &entries, is_image, by_name);
    erg_folder *folder = calloc(1, sizeof(*folder));
    bool ok = folder && (folder->path = erg_text_copy(path))
           && (folder->names = calloc((size_t)(count > 0 ? count : 0) + 1, sizeof(char *)));

    if (!ok)
        erg_fail(err, ERG_NO_MEMORY, "out of memory");
    else if (count < 0)
        ok = erg_fail(err, ERG_NOT_FOUND, "there is no folder %s", path);
    else if (count == 0)
        ok = erg_fail(err, ERG_NO_DATA, "%s holds no PNG, PGM or PPM image", path);
    for (int i = 0; i < count; i++) {
        if (ok && !(folder->names[folder->count++] = erg_text_copy(entries[i]->d_name)))
            ok = erg_fail(err, ERG_NO_MEMORY, "out of memory");
        free(entries[i]);
    }
    free(entries);
    if (ok)
        return folder;
    erg_folder_free(folder);
    return NULL;
}

void erg_folder_free(erg_folder *folder)
{
    if (!folder)
        return;
    for (size_t i = 0; i < folder->count; i++)
        free(folder->names[i]);
    free(folder->names);
    free(folder->path);
    free(folder);
}

bool erg_folder_image(const erg_folder *folder, size_t index, erg_image *to, erg_error *err)
{
    char path[2 * ERG_PATH_MOST];

    snprintf(path, sizeof(path), "%s/%s", folder->path, folder->names[index]);
    return erg_image_load(path, to, err);
}

bool erg_folder_pairs(const erg_folder *a, const erg_folder *b, erg_error *err)
{
    for (size_t i = 0; i < a->count || i < b->count; i++) {
        int order = i >= a->count ? 1
            : i >= b->count ? -1 : strcmp(a->names[i], b->names[i]);
        const erg_folder *has = order < 0 ? a : b, *lacks = order < 0 ? b : a;
        if (order != 0)
            return erg_fail(err, ERG_BAD_INPUT, "%s/%s has no partner in %s", has->path,
                            has->names[i], lacks->path);
    }
    return true;
}

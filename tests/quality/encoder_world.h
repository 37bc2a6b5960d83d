/* SPDX-License-Identifier: Apache-2.0 */
/* A folder with images and encoders of the fake ONNX Runtime. */
#ifndef ERG_TEST_ENCODER_WORLD_H
#define ERG_TEST_ENCODER_WORLD_H

#include <sys/stat.h>
#include "erg/quality.h"
#include "test.h"

#define SQUARE "\"resize\":\"none\",\"mean\":[0,0,0],\"std\":[1,1,1],\"layout\":\"NCHW\""

typedef struct world {
    char folder[ERG_PATH_MOST], library[ERG_PATH_MOST];
} world;

static inline world world_new(void)
{
    world made = { 0 };
    const char *build = getenv("ERG_BUILD");

    snprintf(made.folder, sizeof(made.folder), "%s", test_folder());
    snprintf(made.library, sizeof(made.library), "%s/tests/fake/libonnxruntime.so.1",
             build ? build : "build");
    if (access(made.library, R_OK) != 0)
        SKIP("ERG_BUILD holds no fake ONNX Runtime");
    return made;
}

/* Good for the next 64. */
static inline const char *world_path(const world *in, const char *name)
{
    static char paths[64][ERG_PATH_MOST + 64];
    static int used;
    char *to = paths[used++ % 64];
    snprintf(to, sizeof(paths[0]), "%s/%s", in->folder, name);
    return to;
}

static inline void world_put(world *in, const char *name, const void *bytes, size_t size)
{
    FILE *out = fopen(world_path(in, name), "wb");
    CHECK(out && fwrite(bytes, 1, size, out) == size && fclose(out) == 0);
}

/* X.onnx of these lines behind "fake", and X.json. */
static inline void world_encoder(world *in, const char *name, const char *lines,
                                 const char *json)
{
    char text[1024], file[64];

    snprintf(text, sizeof(text), "fake\n%s", lines);
    snprintf(file, sizeof(file), "%s.onnx", name);
    world_put(in, file, text, strlen(text));
    snprintf(file, sizeof(file), "%s.json", name);
    world_put(in, file, json, strlen(json));
}

/* A PPM of side x side pixels. */
static inline void world_image(world *in, const char *folder, const char *name, size_t side,
                               const unsigned char rgb[])
{
    char file[64], head[32];
    size_t count = 3 * side * side;
    unsigned char bytes[1024];

    mkdir(world_path(in, folder), 0700);
    snprintf(file, sizeof(file), "%s/%s", folder, name);
    int length = snprintf(head, sizeof(head), "P6 %zu %zu 255\n", side, side);
    CHECK((size_t)length + count <= sizeof(bytes));
    memcpy(bytes, head, (size_t)length);
    memcpy(bytes + length, rgb, count);
    world_put(in, file, bytes, (size_t)length + count);
}

/* The value in the row of table scores whose metric begins so; its whole name to name. */
static inline double world_score(const erg_result *result, const char *metric,
                                 char name[128])
{
    const erg_table *scores = erg_result_find(result, "scores");

    for (size_t i = 0; scores && i < erg_table_row_count(scores); i++) {
        const char *found = erg_table_find(scores, i, "metric").text;
        if (strncmp(found, metric, strlen(metric)) != 0)
            continue;
        if (name)
            snprintf(name, 128, "%s", found);
        return erg_table_find(scores, i, "value").real;
    }
    return NAN;
}

#endif

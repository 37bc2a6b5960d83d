/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a benchmark ran for each kernel: M, N and K in `params` of a signatures JSON. It is
 * not what the trace held, so it is no shape of the plan; but it shows whether shapes were
 * kept.
 */
#include <stdlib.h>
#include <string.h>
#include "format/json.h"
#include "replay/files.h"
#include "replay/load.h"
#include "replay/plan_read.h"

/* The next timing of that name and count that has none yet. */
static erg_kernel_timing *timing_of(erg_replay *replay, const json_t *object)
{
    const char *name = json_string_value(json_object_get(object, "name"));
    double count = erg_json_number_of(object, "count");
    char held[ERG_KERNEL_NAME];

    if (!name)
        return NULL;
    erg_replay_name_put(held, name, strlen(name));
    for (size_t i = 0; i < replay->kernel_count; i++) {
        erg_kernel_timing *kernel = &replay->kernels[i];
        if (!kernel->ran[0] && kernel->count == count && strcmp(kernel->name, held) == 0)
            return kernel;
    }
    return NULL;
}

void erg_replay_ran_parse(erg_replay *replay, const char *bytes, size_t size)
{
    static const char *const keys[] = { "M", "N", "K" };
    json_t *root = erg_json_parse("", bytes, size, NULL), *object;
    size_t index;

    json_array_foreach(json_object_get(root, "kernels"), index, object)
    {
        const json_t *params = json_object_get(object, "params");
        erg_kernel_timing *kernel = json_is_integer(json_object_get(params, "M"))
                                        ? timing_of(replay, object)
                                        : NULL;
        for (size_t i = 0; kernel && i < ERG_COUNT(keys); i++)
            kernel->ran[i] = json_integer_value(json_object_get(params, keys[i]));
    }
    json_decref(root);
}

bool erg_replay_read_ran(erg_replay *replay, const char *path, erg_error *err)
{
    size_t size;

    if (erg_plan_is_streamed(path))
        return true;
    char *bytes = erg_file_read(path, ERG_REPLAY_JSON_MOST, &size, err);

    if (bytes && erg_json_begins(bytes, size, '{') && memmem(bytes, size, "\"params\"", 8))
        erg_replay_ran_parse(replay, bytes, size);
    free(bytes);
    return bytes != NULL;
}

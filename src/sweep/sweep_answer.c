/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a runner says it has done, in the last line of its output:
 * {"units":24,"unit":"token","load_s":1.5,"outputs":"out.jsonl"} (docs/formats.md,
 * "Workload profiles"). A command that says nothing of the kind has no units;
 * that is no fault.
 */
#include <jansson.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include "base/sha256.h"
#include "sweep/sweep_bench.h"

enum { ANSWERS_MOST = 1 << 30 };

/* Of a file that cannot be read, or of a device, there is none. */
static void put_hash(const char *path, erg_bench_seen *out)
{
    char hex[ERG_SHA256_TEXT];
    struct stat about;
    size_t size;
    bool is_file = stat(path, &about) == 0 && S_ISREG(about.st_mode);
    char *bytes = is_file ? erg_file_read(path, ANSWERS_MOST, &size, NULL) : NULL;

    if (!bytes)
        return;
    erg_sha256(bytes, size, hex);
    erg_text_put(out->output_hash, sizeof(out->output_hash), hex);
    free(bytes);
}

void erg_bench_take_answer(const char *line, erg_bench_seen *out)
{
    json_t *answer = line && *line == '{' ? json_loads(line, 0, NULL) : NULL;
    const json_t *units = json_object_get(answer, "units");
    const char *outputs = json_string_value(json_object_get(answer, "outputs"));

    if (json_is_number(units) && json_number_value(units) > 0) {
        out->units = json_number_value(units);
        erg_text_put(out->unit, sizeof(out->unit),
                     json_string_value(json_object_get(answer, "unit")));
    }
    if (outputs)
        put_hash(outputs, out);
    json_decref(answer);
}

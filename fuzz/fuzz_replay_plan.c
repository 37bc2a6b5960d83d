/* SPDX-License-Identifier: Apache-2.0 */
/* Any bytes as a list of kernels: what becomes a plan is saved,
 * and is the same plan again. */
#include <stdlib.h>
#include <string.h>
#include "bytes.h"
#include "replay/plan_read.h"

/* Graphs have targets of their own. */
static bool is_for_us(const char *bytes, size_t size)
{
    char *head = calloc(1, size + 1);
    const erg_plan_input input = { .path = "fuzz", .name = "fuzz", .head = head,
                                   .head_size = size };
    bool found = false;

    if (!head) abort();
    if (size) memcpy(head, bytes, size);
    for (const erg_plan_reader *const *reader = erg_plan_readers;
         *reader != &erg_plan_graph; reader++)
        found |= (*reader)->sniff(&input);
    free(head);
    return found;
}

static erg_replay_plan *load(const char *bytes, size_t size)
{
    bytes_file file;
    const char *paths[] = { file.path };
    erg_error err = { 0 };

    if (!bytes_open(&file, bytes, size)) abort();
    erg_replay_plan *plan = erg_replay_plan_load(paths, 1, NULL, &err);
    if (!plan && (err.code == ERG_OK || !err.text[0])) abort();
    bytes_close(&file);
    return plan;
}

static char *saved(const erg_replay_plan *plan, size_t *size)
{
    char *text = NULL;
    FILE *out = open_memstream(&text, size);

    if (!out || !erg_replay_plan_save(plan, out, NULL)) abort();
    fclose(out);
    return text;
}

int LLVMFuzzerTestOneInput(const unsigned char *bytes, size_t size)
{
    erg_replay_plan *plan = is_for_us((const char *)bytes, size)
        ? load((const char *)bytes, size)
                                                                 : NULL;
    if (!plan) return 0;
    size_t once_size, twice_size;
    char *once = saved(plan, &once_size);
    erg_replay_plan *again = load(once, once_size);
    if (!again) abort();
    char *twice = saved(again, &twice_size);
    if (once_size != twice_size || memcmp(once, twice, once_size) != 0) abort();
    free(once);
    free(twice);
    erg_replay_plan_free(plan);
    erg_replay_plan_free(again);
    return 0;
}

/* SPDX-License-Identifier: Apache-2.0 */
/* Any bytes as a file of the benchmark guide:
 * what is read is written, and reads the same. */
#include <stdlib.h>
#include <string.h>
#include "replay/files.h"

static const erg_replay_file *kind_of(const char *bytes, size_t size)
{
    json_t *root = erg_json_parse("fuzz", bytes, size, NULL);
    const erg_replay_file *file = root ? erg_replay_file_sniff(root) : NULL;

    json_decref(root);
    return file;
}

/* What comes of reading these bytes, as text; NULL: a sentence, which must be there. */
static char *again(const erg_replay_file *file, const char *bytes, size_t size)
{
    erg_error err = { 0 };
    erg_replay *replay = erg_replay_new(&err);
    erg_replay_reading reading = { replay, "fuzz", { 0 } };
    bool read = replay && erg_replay_file_parse(&reading, file, bytes, size, &err);
    json_t *root = read && file->holds(replay) ? file->write(replay) : NULL;
    char *text = root ? json_dumps(root, JSON_REAL_PRECISION(17)) : NULL;

    if (!read && (err.code == ERG_OK || !err.text[0]))
        abort();
    json_decref(root);
    erg_replay_free(replay);
    return text;
}

int LLVMFuzzerTestOneInput(const unsigned char *bytes, size_t size)
{
    const erg_replay_file *file = kind_of((const char *)bytes, size);
    char *once = file ? again(file, (const char *)bytes, size) : NULL;
    char *twice = once ? again(file, once, strlen(once)) : NULL;
    char *thrice = twice ? again(file, twice, strlen(twice)) : NULL;

    if (once && (!twice || !thrice || strcmp(twice, thrice) != 0))
        abort();
    free(once);
    free(twice);
    free(thrice);
    return 0;
}

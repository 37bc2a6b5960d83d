/* SPDX-License-Identifier: Apache-2.0 */
/* Any bytes as a training log: rows in order, or a sentence. */
#include <stdlib.h>
#include "erg/training.h"

int LLVMFuzzerTestOneInput(const unsigned char *bytes, size_t size)
{
    erg_error err = { 0 };
    int64_t by_ns;
    size_t n;
    erg_training *log = erg_training_parse("fuzz", (const char *)bytes, size, NULL, &err);

    if (!log) {
        if (err.code == ERG_OK || !err.text[0])
            abort();
        return 0;
    }
    const erg_training_row *rows = erg_training_rows(log, &n);
    for (size_t i = 1; i < n; i++)
        if (rows[i].t_ns < rows[i - 1].t_ns)
            abort();
    erg_training_guess_zone(log, (erg_span){ 0, 1000000000000 }, &by_ns);
    erg_training_free(log);
    return 0;
}

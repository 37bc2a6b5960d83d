/* SPDX-License-Identifier: Apache-2.0 */
/* Any bytes as a data set of windows: read, solved and told. */
#include "bytes.h"
#include "replay/regress.h"

int LLVMFuzzerTestOneInput(const unsigned char *bytes, size_t size)
{
    bytes_file file;

    if (size >= 4000 || !bytes_open(&file, bytes, size))
        return 0;
    erg_regress_set *set = erg_regress_read(file.path, NULL);
    erg_result *result = erg_result_new("replay", NULL);
    if (set && result && erg_regress_solve(set, NULL))
        erg_regress_tables(set, 0, result, NULL);
    erg_result_free(result);
    erg_regress_set_free(set);
    bytes_close(&file);
    return 0;
}

/* SPDX-License-Identifier: Apache-2.0 */
/* Any bytes as a table of points: read, checked, meant and printed. */
#include <stdlib.h>
#include "bytes.h"
#include "base/base.h"
#include "erg/points.h"

int LLVMFuzzerTestOneInput(const unsigned char *bytes, size_t size)
{
    bytes_file file;

    if (size >= 20000 || !bytes_open(&file, bytes, size))
        return 0;
    erg_points *points = erg_points_new(NULL);
    erg_result *result = erg_result_new("sweep", NULL);
    if (erg_points_read_csv(points, file.path, NULL, NULL)) {
        erg_points_correct_drift(points, NULL);
        erg_points_table(points, result, NULL);
    }
    erg_result_free(result);
    erg_points_free(points);
    bytes_close(&file);
    return 0;
}

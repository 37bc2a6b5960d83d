/* SPDX-License-Identifier: Apache-2.0 */
/* Any ERG_MPI: read within bounds, or refused with a sentence and the neutral left. */
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include "mpi/plan.h"

int LLVMFuzzerTestOneInput(const unsigned char *bytes, size_t size)
{
    char *text = calloc(1, size + 1);
    mpi_config config;
    erg_error err = { 0 };

    if (!text)
        return 0;
    if (size)
        memcpy(text, bytes, size);
    if (!mpi_config_parse(text, &config, &err) && (!*err.text || mpi_config_acts(&config)))
        abort();
    double offset_s = mpi_plan_offset_s(&config, 3, 4, INFINITY);
    mpi_cut cut = mpi_plan_cut(&config, true, 1000000, 8);
    if (!(offset_s >= 0) || cut.each < 1 || cut.pieces < 1
        || !(mpi_plan_nap_s(&config, 1) >= 0) || !(mpi_plan_gap_s(&config, 1e6) >= 0))
        abort();
    free(text);
    return 0;
}

/* SPDX-License-Identifier: Apache-2.0 */
/* Any bytes as the measured rows that `erg estimate --verify` holds estimates to. */
#include "bytes.h"
#include "base/base.h"
#include "erg/study.h"

int LLVMFuzzerTestOneInput(const unsigned char *bytes, size_t size)
{
    static const erg_catalog catalog = { .data_dir = "data" };
    static const char *const device = "a10";
    const erg_env env = { 0 };
    const erg_study study = { .workload = "zoo:lstm", .hardware = &device,
                              .hardware_count = 1 };
    bytes_file file;

    if (size >= 20000 || !bytes_open(&file, bytes, size))
        return 0;
    erg_result_free(erg_study_verify(&env, &catalog, &study, file.path, NULL));
    bytes_close(&file);
    return 0;
}

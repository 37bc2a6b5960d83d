/* SPDX-License-Identifier: Apache-2.0 */
/* Any bytes as a result of erg in JSON: loaded, written in every format, made a page of. */
#include "bytes.h"
#include "base/base.h"
#include "report/page.h"

static void tell(const erg_result *result, FILE *out)
{
    for (size_t i = 0; i < erg_writer_count(); i++)
        erg_write(result, erg_writer_name(i), NULL, out, NULL);
    erg_report_estimate(result, "fuzz", out, NULL);
    erg_report_choice(result, "fuzz", out, NULL);
    erg_report_fit(result, "fuzz", out, NULL);
}

int LLVMFuzzerTestOneInput(const unsigned char *bytes, size_t size)
{
    bytes_file file;
    FILE *out = fopen("/dev/null", "w");

    if (out && size < 20000 && bytes_open(&file, bytes, size)) {
        erg_result *result = erg_result_load(file.path, NULL);
        if (result)
            tell(result, out);
        erg_result_free(result);
        bytes_close(&file);
    }
    if (out)
        fclose(out);
    return 0;
}

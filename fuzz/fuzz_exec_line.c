/* SPDX-License-Identifier: Apache-2.0 */
/* Any bytes as a line that a command prints for the driver exec. */
#include "device/drivers/exec_line.h"

int LLVMFuzzerTestOneInput(const unsigned char *bytes, size_t size)
{
    erg_exec_line line;
    erg_exec_line_parse((const char *)bytes, size, &line, NULL);
    return 0;
}

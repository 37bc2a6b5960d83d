/* SPDX-License-Identifier: Apache-2.0 */
/* A profile's file: loaded or refused in one sentence; what loads saves and loads. */
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "bytes.h"
#include "base/base.h"
#include "erg/estimate.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static char path[64];
    erg_hardware hardware = { .name = "fuzzed", .kind = ERG_GPU, .node_nm = 7, .units = 10,
                              .cap_w = 100, .top_clock_hz = 1e9 };
    erg_error err = { 0 };

    if (!path[0])
        snprintf(path, sizeof(path), "/tmp/erg-fuzz-profile-%d.json", (int)getpid());
    bytes_put(path, data, size);
    erg_profile *profile = erg_profile_load(NULL, &hardware, path, &err);
    if (!profile && (!err.text[0] || strchr(err.text, '\n')))
        abort();
    if (profile && !erg_profile_save(profile, path, &err))
        abort();
    erg_profile *again = profile ? erg_profile_load(NULL, &hardware, path, &err) : NULL;
    if (profile && (!again || !(again->energy.byte_j >= 0)))
        abort();
    erg_profile_free(again);
    erg_profile_free(profile);
    unlink(path);
    return 0;
}

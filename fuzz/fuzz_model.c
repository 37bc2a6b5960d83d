/* SPDX-License-Identifier: Apache-2.0 */
/* Any bytes as a model file: refused in one sentence, or it predicts, saves and loads. */
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "bytes.h"
#include "base/base.h"
#include "erg/fit.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const erg_clock_point top = { 1380e6, 250, 10, 0.01, 0.01, 0.4, 0.3 };
    static const double clocks[2] = { 700e6, 1380e6 };
    erg_anchors anchors = { &top, 1, ERG_ACTIVITY_UNKNOWN };
    erg_curve_point out[2];
    erg_error err = { 0 };
    char path[64];

    snprintf(path, sizeof(path), "/tmp/erg-fuzz-model-%d.json", (int)getpid());
    bytes_put(path, data, size);
    erg_model *model = erg_model_load(path, &err);
    if (!model && (!err.text[0] || strchr(err.text, '\n')))
        abort();
    if (model) {
        erg_model_predict(model, &anchors, clocks, 2, out, NULL);
        erg_model *again = erg_model_save(model, path, &err)
            ? erg_model_load(path, &err) : NULL;
        if (!again)
            abort();
        erg_model_free(again);
    }
    erg_model_free(model);
    unlink(path);
    return 0;
}

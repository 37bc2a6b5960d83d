/* SPDX-License-Identifier: Apache-2.0 */
/* erg was built without the headers of oneDNN 2.x: the engine is listed, and says so. */
#include "engine/engine.h"

static const char *const why_not =
    "not built: install libdnnl-dev (oneDNN 2.x) and build again";

static bool find(char *why, size_t size)
{
    snprintf(why, size, "%s", why_not);
    return false;
}

static erg_engine_session *start(const erg_engine_options *options, erg_error *err)
{
    (void)options;
    erg_fail(err, ERG_UNSUPPORTED, "onednn is %s", why_not);
    return NULL;
}

const erg_engine erg_engine_onednn = {
    .name = "onednn",
    .about = "oneDNN on this processor",
    .find = find,
    .open = start,
};

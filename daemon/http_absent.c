/* SPDX-License-Identifier: Apache-2.0 */
/* A daemon built without libmicrohttpd refuses what it cannot do. */
#include "daemon.h"

static bool http_open(ergd *daemon, void **self, erg_error *err)
{
    (void)self;
    return !ergd_config(daemon)->http.address
        || erg_fail(err, ERG_UNSUPPORTED, "http: not built: take 'http' out of the "
                    "configuration, or install libmicrohttpd-dev and build again");
}

static void http_close(void *self) { (void)self; }

const char *ergd_http_about(void)
{
    return "http: not built: install libmicrohttpd-dev and build again";
}

const ergd_service ergd_service_http = { "http", http_open, NULL, http_close };

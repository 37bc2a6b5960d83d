/* SPDX-License-Identifier: Apache-2.0 */
/* Built without libmosquitto. */
#include "daemon.h"
#include "link.h"

ergd_link *ergd_link_open(const erg_govern_config *config, erg_rack *rack, erg_error *err)
{
    (void)config, (void)rack;
    erg_fail(err, ERG_UNSUPPORTED, "rack mode: not built: install libmosquitto-dev "
             "and build again");
    return NULL;
}

const char *ergd_rack_mode(void)
{
    return "not built: install libmosquitto-dev and build again";
}

bool ergd_link_start(ergd_link *link, erg_error *err)
{
    (void)link, (void)err;
    return false;
}

int ergd_link_file(const ergd_link *link) { (void)link; return -1; }
ergd_link_event *ergd_link_next(ergd_link *link) { (void)link; return NULL; }
void ergd_link_send(ergd_link *link, const erg_rack_post *post) { (void)link, (void)post; }
void ergd_link_close(ergd_link *link) { (void)link; }

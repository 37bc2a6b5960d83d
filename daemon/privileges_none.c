/* SPDX-License-Identifier: Apache-2.0 */
/* Where libcap is not there: no new privileges, and none given up. */
#include <errno.h>
#include <string.h>
#include <sys/prctl.h>
#include "daemon.h"

bool ergd_drop_privileges(erg_error *err)
{
    return prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0
        || erg_fail(err, ERG_NO_ACCESS, "cannot give up privileges: %s", strerror(errno));
}

void ergd_drop_all(void)
{
    prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
}

const char *ergd_privileges(void)
{
    return "capabilities are kept: install libcap-dev and build again";
}

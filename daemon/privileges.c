/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What is left of root's privileges once all is open, by libcap. The files of /sys that
 * hold limits belong to root (CAP_DAC_OVERRIDE, for a daemon under a user of its own), NVML
 * asks for CAP_SYS_ADMIN, and counters of perf for CAP_PERFMON.
 */
#include <errno.h>
#include <string.h>
#include <sys/capability.h>
#include <sys/prctl.h>
#include "daemon.h"

static const cap_value_t kept[] = { CAP_DAC_OVERRIDE, CAP_SYS_ADMIN, CAP_PERFMON };
enum { KEPT = sizeof(kept) / sizeof(kept[0]) };

static bool is_kept(cap_value_t which)
{
    for (size_t i = 0; i < KEPT; i++)
        if (kept[i] == which)
            return true;
    return false;
}

/* Of programs that are started later, too. Without CAP_SETPCAP it is not ours to say. */
static void drop_bounds(void)
{
    for (cap_value_t which = 0; which <= cap_max_bits() - 1; which++)
        if (!is_kept(which))
            cap_drop_bound(which);
}

static bool keep(const cap_t had, cap_t left)
{
    for (size_t i = 0; i < KEPT; i++) {
        cap_flag_value_t is = CAP_CLEAR;
        if (cap_get_flag(had, kept[i], CAP_PERMITTED, &is) == 0 && is == CAP_SET
            && (cap_set_flag(left, CAP_PERMITTED, 1, &kept[i], CAP_SET) != 0
                || cap_set_flag(left, CAP_EFFECTIVE, 1, &kept[i], CAP_SET) != 0))
            return false;
    }
    return cap_set_proc(left) == 0;
}

bool ergd_drop_privileges(erg_error *err)
{
    cap_t had = cap_get_proc(), left = cap_init();

    drop_bounds();
    bool good =
        had && left && keep(had, left) && prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0;
    if (!good)
        erg_fail(err, ERG_NO_ACCESS, "cannot give up privileges: %s", strerror(errno));
    cap_free(had);
    cap_free(left);
    return good;
}

void ergd_drop_all(void)
{
    cap_t none = cap_init();

    if (none)
        cap_set_proc(none);
    cap_free(none);
}

const char *ergd_privileges(void)
{
    return "capabilities are dropped";
}

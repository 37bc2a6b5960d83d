/* SPDX-License-Identifier: Apache-2.0 */
/* Everything that can make a figure doubtful, looked for in one go. */
#include "trace/check.h"

static erg_check *const checks[] = {
    erg_check_command,
    erg_check_host,
    erg_check_meter_silent,
    erg_check_times,
    erg_check_readings,
    erg_check_counter,
    erg_check_suspended,
    erg_check_cold,
    erg_check_thermal,
    erg_check_idle,
    erg_check_clock,
    erg_check_shared,
    erg_check_aliased,
    erg_check_open_work,
    erg_check_skewed,
};

bool erg_trace_check(erg_trace *trace, erg_error *err)
{
    for (size_t i = 0; i < ERG_COUNT(checks); i++)
        if (!checks[i](trace, err))
            return false;
    return true;
}

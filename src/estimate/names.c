/* SPDX-License-Identifier: Apache-2.0 */
/* Words of an estimate, as tables have them. */
#include "estimate/study.h"

const char *erg_bound_name(erg_bound bound)
{
    static const char *const names[ERG_BOUNDS] = {
        [ERG_BOUND_COMPUTE] = "compute",   [ERG_BOUND_BANDWIDTH] = "bandwidth",
        [ERG_BOUND_BALANCED] = "balanced", [ERG_BOUND_LAUNCH] = "launch",
    };
    return names[bound];
}

const char *erg_grade_name(erg_grade grade)
{
    static const char *const names[ERG_GRADES] = {
        [ERG_CALIBRATED] = "calibrated",   [ERG_INTERPOLATED] = "interpolated",
        [ERG_THEORETICAL] = "theoretical", [ERG_GRADE_UNKNOWN] = "unknown",
    };
    return names[grade];
}

const char *erg_fusion_name(erg_fusion fusion)
{
    static const char *const names[ERG_FUSIONS] = {
        [ERG_FUSION_AUTO] = "auto", [ERG_FUSION_NONE] = "none",
        [ERG_FUSION_RUNTIME] = "runtime", [ERG_FUSION_COMPAT] = "compat",
    };
    return names[fusion];
}

/* SPDX-License-Identifier: Apache-2.0 */
/* Points from whatever is at a path. */
#include "fit/points_inside.h"

bool erg_points_load(erg_points *points, const erg_env *env, const char *path,
                     const erg_points_options *options, erg_error *err)
{
    (void)env;
    return erg_points_read_csv(points, path, options, err);
}

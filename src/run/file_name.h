/* SPDX-License-Identifier: Apache-2.0 */
/* The name of a run file that nobody named. */
#ifndef ERG_RUN_FILE_NAME_H
#define ERG_RUN_FILE_NAME_H

#include "base/base.h"

/* UTC time and .erg, in the current folder; made, so that no other gets it. */
void erg_run_file_name(const erg_env *env, char *to, size_t size);

#endif

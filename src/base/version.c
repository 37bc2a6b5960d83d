/* SPDX-License-Identifier: Apache-2.0 */
/* The version is written once, in meson.build. */
#include "erg/version.h"

const char *erg_version(void)
{
    return ERG_VERSION;
}

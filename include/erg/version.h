/* SPDX-License-Identifier: Apache-2.0 */
/* The library's own version at run time: "1.2.3", a static text. */
#ifndef ERG_VERSION_H
#define ERG_VERSION_H

#pragma GCC visibility push(default)
#ifdef __cplusplus
extern "C" {
#endif

const char *erg_version(void);

#ifdef __cplusplus
}
#endif
#pragma GCC visibility pop
#endif

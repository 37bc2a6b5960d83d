/* SPDX-License-Identifier: Apache-2.0 */
/* The live page: one file that loads nothing but its events. */
#ifndef ERGD_PAGE_H
#define ERGD_PAGE_H

#include "tell.h"

/* nonce: by which the page's policy knows its own script and style. */
ergd_bytes ergd_page(const char *nonce);

#endif

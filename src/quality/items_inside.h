/* SPDX-License-Identifier: Apache-2.0 */
/* What the two readers of items share. */
#ifndef ERG_QUALITY_ITEMS_INSIDE_H
#define ERG_QUALITY_ITEMS_INSIDE_H

#include "quality/items.h"

erg_items *erg_items_new(const char *path, erg_error *err);
/* Until the next one is added. */
erg_item *erg_items_add(erg_items *items, erg_error *err);
/* Names line and byte of what is not UTF-8. */
bool erg_items_check_line(const erg_items *items, size_t line, const char *text,
                          size_t count, erg_error *err);

/* A file of at most 1 GiB, by its parser. */
typedef erg_items *erg_items_parser(const char *path, const char *bytes, size_t count,
                                    erg_error *err);
erg_items *erg_items_load(const char *path, erg_items_parser *parse, erg_error *err);

#endif

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a plugin is asked for in one environment variable, "key=value,key=value": a table
 * says which keys there are and where their values go.
 */
#ifndef ERG_PLUGIN_SETTINGS_H
#define ERG_PLUGIN_SETTINGS_H

#include <stddef.h>
#include "erg/error.h"

/* A key takes one of its words (an int), a quantity in its unit (a double), or the rest of
 * the text, which may then hold commas (a char array). */
typedef struct plugin_key {
    const char *name;
    size_t at;
    const char *words;          /* "busy sleep slack": 0, 1, 2; NULL: a quantity */
    const char *unit;
    double most;
    size_t room;                /* above 0: the rest of the text, in so many bytes */
} plugin_key;

typedef struct plugin_keys {
    const char *variable;       /* named in errors */
    const plugin_key *keys;
    size_t count;
} plugin_keys;

/* Into out, which may be half written on ERG_BAD_INPUT; the text names the key. */
bool plugin_settings_read(const plugin_keys *of, const char *text, void *out,
                          erg_error *err);

#endif

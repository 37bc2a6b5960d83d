/* SPDX-License-Identifier: Apache-2.0 */
/*
 * YAML as a tree, over libfyaml, for files that people write: one document, no anchors,
 * aliases or tags, every node with its line. A table says which keys a mapping has; an
 * unknown key, or a watt or second without its unit, is an error with its line.
 */
#ifndef ERG_FORMAT_YAML_H
#define ERG_FORMAT_YAML_H

#include "base/base.h"

enum { ERG_YAML_DEEPEST = 24, ERG_YAML_NODES_MOST = 200000 };

typedef enum erg_yaml_kind { ERG_YAML_SCALAR, ERG_YAML_LIST, ERG_YAML_MAP } erg_yaml_kind;

typedef struct erg_yaml {
    erg_yaml_kind kind;
    int line;                       /* from 1 */
    const char *key;                /* of a value in a map; NULL */
    const char *text;               /* of a scalar */
    const struct erg_yaml *first, *next;    /* child; sibling */
    size_t count;                   /* children */
} erg_yaml;

/* All of it lives in the arena. NULL: a sentence with the line. */
const erg_yaml *erg_yaml_parse(erg_arena *arena, const char *name, const char *bytes,
                               size_t size, erg_error *err);

/* map: a mapping or NULL. NULL: the key is not in it. */
const erg_yaml *erg_yaml_child(const erg_yaml *map, const char *key);
/* Of a key in a mapping; of the mapping where it is not there, 1 without one. */
int erg_yaml_line_of(const erg_yaml *map, const char *key);

typedef enum erg_yaml_type {
    ERG_YAML_TEXT,                  /* const char * */
    ERG_YAML_QUANTITY,              /* double, with a unit */
    ERG_YAML_WHOLE,                 /* int64_t */
    ERG_YAML_TRUTH,                 /* bool: true or false */
    ERG_YAML_RANGE,                 /* double[2]: [least, most] of quantities */
    ERG_YAML_DIFFERENCE,            /* double: of temperatures, where 5C is 5 K */
    ERG_YAML_NODE                   /* const erg_yaml *: for the caller to read on */
} erg_yaml_type;

typedef struct erg_yaml_field {
    const char *key;
    erg_yaml_type type;
    size_t at;                      /* offsetof in the struct to fill */
    const char *unit;               /* of a quantity: "W", "s", "" */
    double least, most;             /* of a quantity or a whole number */
    bool needed;
} erg_yaml_field;

/* Fills what the map says; what it does not say stays as it is. fields end with key
 * NULL. */
bool erg_yaml_read(const erg_yaml *map, const char *name, const erg_yaml_field fields[],
                   void *out, erg_error *err);

#endif

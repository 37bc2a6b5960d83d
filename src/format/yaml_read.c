/* SPDX-License-Identifier: Apache-2.0 */
/* What stands in a mapping: one of its keys; all of them into a struct, by a table. */
#include <math.h>
#include <string.h>
#include "format/yaml.h"

const erg_yaml *erg_yaml_child(const erg_yaml *map, const char *key)
{
    const erg_yaml *child = map ? map->first : NULL;

    while (child && strcmp(child->key, key) != 0)
        child = child->next;
    return child;
}

int erg_yaml_line_of(const erg_yaml *map, const char *key)
{
    const erg_yaml *child = erg_yaml_child(map, key);

    return child ? child->line : map ? map->line : 1;
}

static bool read_text(const erg_yaml *node, const char *name, const char **out,
                      erg_error *err)
{
    if (node->kind != ERG_YAML_SCALAR)
        return erg_fail(err, ERG_BAD_INPUT, "%s:%d: '%s' is one value", name, node->line,
                        node->key);
    *out = node->text;
    return true;
}

static bool read_number(const erg_yaml *node, const char *name, const erg_yaml_field *field,
                        double *out, erg_error *err)
{
    const char *text = NULL;
    erg_error why = { 0 };
    double value;

    if (!read_text(node, name, &text, err))
        return false;
    if (!erg_quantity_parse(text, field->unit ? field->unit : "", &value, &why))
        return erg_fail(err, ERG_BAD_INPUT, "%s:%d: %s: %.300s", name, node->line,
                        node->key, why.text);
    if (!(value >= field->least && value <= field->most))
        return erg_fail(err, ERG_BAD_INPUT, "%s:%d: %s is %g to %g%s%s, not '%s'", name,
                        node->line, node->key, field->least, field->most,
                        field->unit && *field->unit ? " " : "",
                        field->unit ? field->unit : "", text);
    if (field->type == ERG_YAML_WHOLE && value != floor(value))
        return erg_fail(err, ERG_BAD_INPUT, "%s:%d: %s is a whole number, not '%s'", name,
                        node->line, node->key, text);
    *out = value;
    return true;
}

static bool read_truth(const erg_yaml *node, const char *name, bool *out, erg_error *err)
{
    const char *text = NULL;

    if (!read_text(node, name, &text, err))
        return false;
    *out = strcmp(text, "true") == 0;
    return *out || strcmp(text, "false") == 0
        || erg_fail(err, ERG_BAD_INPUT, "%s:%d: %s is true or false, not '%.60s'", name,
                    node->line, node->key, text);
}

static bool read_range(const erg_yaml *node, const char *name, const erg_yaml_field *field,
                       double out[2], erg_error *err)
{
    if (node->kind != ERG_YAML_LIST || node->count != 2)
        return erg_fail(err, ERG_BAD_INPUT, "%s:%d: %s is a pair, [least, most]", name,
                        node->line, node->key);
    for (const erg_yaml *at = node->first; at; at = at->next) {
        erg_yaml one = *at;
        one.key = node->key;
        if (!read_number(&one, name, field, &out[at != node->first], err))
            return false;
    }
    return out[0] <= out[1]
        || erg_fail(err, ERG_BAD_INPUT, "%s:%d: %s begins at its most: least stands first",
                    name, node->line, node->key);
}

/* "5C" is a reading of 278.15 K, but a difference of 5 K. */
static bool read_difference(const erg_yaml *node, const char *name,
                            const erg_yaml_field *field, double *out, erg_error *err)
{
    const double zero_c_k = 273.15;
    erg_yaml_field free = *field;
    double value;

    free.least = -INFINITY;
    free.most = INFINITY;
    if (!read_number(node, name, &free, &value, err))
        return false;
    if (node->text[strlen(node->text) - 1] == 'C')
        value -= zero_c_k;
    *out = value;
    return (value >= field->least && value <= field->most)
           || erg_fail(err, ERG_BAD_INPUT, "%s:%d: %s is %g to %g K, not '%.60s'", name,
                       node->line, node->key, field->least, field->most, node->text);
}

static bool read_field(const erg_yaml *node, const char *name, const erg_yaml_field *field,
                       char *to, erg_error *err)
{
    double number;

    switch (field->type) {
    case ERG_YAML_NODE:
        *(const erg_yaml **)(void *)(to + field->at) = node;
        return true;
    case ERG_YAML_TEXT:
        return read_text(node, name, (const char **)(void *)(to + field->at), err);
    case ERG_YAML_QUANTITY:
        return read_number(node, name, field, (double *)(void *)(to + field->at), err);
    case ERG_YAML_WHOLE:
        if (!read_number(node, name, field, &number, err))
            return false;
        *(int64_t *)(void *)(to + field->at) = (int64_t)number;
        return true;
    case ERG_YAML_TRUTH:
        return read_truth(node, name, (bool *)(to + field->at), err);
    case ERG_YAML_RANGE:
        return read_range(node, name, field, (double *)(void *)(to + field->at), err);
    case ERG_YAML_DIFFERENCE:
        return read_difference(node, name, field, (double *)(void *)(to + field->at), err);
    }
    return false;
}

static const erg_yaml_field *find_field(const erg_yaml_field fields[], const char *key)
{
    for (const erg_yaml_field *field = fields; field->key; field++)
        if (strcmp(field->key, key) == 0)
            return field;
    return NULL;
}

static bool check_needed(const erg_yaml *map, const char *name,
                         const erg_yaml_field fields[], erg_error *err)
{
    for (const erg_yaml_field *field = fields; field->key; field++)
        if (field->needed && !erg_yaml_child(map, field->key))
            return erg_fail(err, ERG_BAD_INPUT, "%s:%d: '%s' is missing", name, map->line,
                            field->key);
    return true;
}

bool erg_yaml_read(const erg_yaml *map, const char *name, const erg_yaml_field fields[],
                   void *out, erg_error *err)
{
    if (map->kind != ERG_YAML_MAP)
        return erg_fail(err, ERG_BAD_INPUT, "%s:%d: here keys with values are expected",
                        name, map->line);
    for (const erg_yaml *child = map->first; child; child = child->next) {
        const erg_yaml_field *field = find_field(fields, child->key);
        if (!field)
            return erg_fail(err, ERG_BAD_INPUT, "%s:%d: unknown key '%.60s'", name,
                            child->line, child->key);
        if (!read_field(child, name, field, out, err))
            return false;
    }
    return check_needed(map, name, fields, err);
}

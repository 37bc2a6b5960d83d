/* SPDX-License-Identifier: Apache-2.0 */
/* A record of texts and numbers (no curves) back into its JSON file. */
#include <string.h>
#include <jansson.h>
#include "hardware/record.h"

/* The object at the end of a dotted key, made on the way. */
static json_t *place_make(json_t *root, const char *key)
{
    json_t *here = root;
    char copy[128], *rest = copy, *word;

    erg_text_put(copy, sizeof(copy), key);
    while (here && (word = strsep(&rest, "."))) {
        json_t *below = json_object_get(here, word);
        if (!below && (below = json_object()))
            json_object_set_new(here, word, below);
        here = below;
    }
    return here;
}

static bool text_put(json_t *object, const char *key, const char *value)
{
    return !value || json_object_set_new(object, key, json_string(value)) == 0;
}

static bool number_put(json_t *root, const erg_number *number)
{
    json_t *at = place_make(root, number->key);

    return at && json_object_set_new(at, "value", json_real(number->value)) == 0
        && text_put(at, "unit", number->unit) && text_put(at, "source", number->source)
        && text_put(at, "grade", number->grade) && text_put(at, "date", number->date)
        && text_put(at, "note", number->note);
}

static bool record_put(json_t *root, const erg_hardware *hardware)
{
    const char *precision = erg_precision_name(hardware->precision);
    bool ok = text_put(root, "name", hardware->name)
              && text_put(root, "maker", hardware->maker)
              && text_put(root, "kind", erg_hardware_kind_names[hardware->kind])
              && text_put(root, "about", hardware->about)
              && text_put(root, "boundary", hardware->boundary)
              && text_put(root, "default_precision", precision)
              && text_put(root, "provenance", hardware->provenance);

    for (size_t i = 0; ok && i < erg_hardware_number_count(hardware); i++)
        ok = number_put(root, erg_hardware_number_at(hardware, i));
    return ok;
}

bool erg_record_save(const erg_record *record, const char *path, erg_error *err)
{
    json_t *root = json_object();
    erg_aside aside;

    if (!root || !record_put(root, &record->hardware)) {
        json_decref(root);
        return erg_fail(err, ERG_NO_MEMORY, "out of memory while writing %s", path);
    }
    bool ok = erg_aside_begin(&aside, path, err);
    if (ok) {
        bool written =
            json_dumpf(root, aside.stream, JSON_INDENT(2) | JSON_REAL_PRECISION(12)) == 0
            && fputc('\n', aside.stream) != EOF;
        ok = erg_aside_end(&aside, written, err)
            && (written || erg_fail(err, ERG_IO, "cannot write %s", path));
    }
    json_decref(root);
    return ok;
}

/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>
#include <erg/quantity.h>
#include "settings.h"

enum { WORD_MOST = 63, NAMES_MOST = 200 };

static const plugin_key *find(const plugin_keys *of, const char *name, size_t length)
{
    for (size_t i = 0; i < of->count; i++)
        if (strlen(of->keys[i].name) == length
            && memcmp(of->keys[i].name, name, length) == 0)
            return &of->keys[i];
    return NULL;
}

/* The place of word in "busy sleep slack", or -1. */
static int word_index(const char *words, const char *word)
{
    size_t length = strlen(word);
    int index = 0;

    for (const char *at = words; length; at++) {
        size_t n = strcspn(at, " ");
        if (n == length && memcmp(at, word, n) == 0)
            return index;
        at += n;
        if (!*at)
            break;
        index++;
    }
    return -1;
}

static bool read_quantity(const plugin_keys *of, const plugin_key *key, const char *word,
                          double *out, erg_error *err)
{
    erg_error why = { 0 };

    if (!erg_quantity_parse(word, key->unit, out, &why))
        return erg_fail(err, ERG_BAD_INPUT, "%s: %s: %s", of->variable, key->name,
                        why.text);
    if (!(*out >= 0 && *out <= key->most))
        return erg_fail(err, ERG_BAD_INPUT, "%s: %s must lie between 0 and %g %s",
                        of->variable, key->name, key->most, key->unit);
    return true;
}

static bool set(const plugin_keys *of, const plugin_key *key, const char *word, void *out,
                erg_error *err)
{
    char *field = (char *)out + key->at;

    if (!key->words)
        return read_quantity(of, key, word, (double *)(void *)field, err);
    int index = word_index(key->words, word);
    if (index < 0)
        return erg_fail(err, ERG_BAD_INPUT, "%s: %s is one of \"%s\", not %s", of->variable,
                        key->name, key->words, word);
    *(int *)(void *)field = index;
    return true;
}

static bool unknown(const plugin_keys *of, const char *name, size_t length, erg_error *err)
{
    char names[NAMES_MOST] = "";

    for (size_t i = 0; i < of->count; i++) {
        size_t used = strlen(names);
        if (used + strlen(of->keys[i].name) + 2 < sizeof(names))
            strcat(strcat(names, i ? " " : ""), of->keys[i].name);
    }
    return erg_fail(err, ERG_BAD_INPUT, "%s: unknown key %.*s: the keys are %s",
                    of->variable, (int)(length < WORD_MOST ? length : WORD_MOST), name,
                    names);
}

static bool take_rest(const plugin_keys *of, const plugin_key *key, const char *word,
                      char *out, erg_error *err)
{
    if (!*word || strlen(word) >= key->room)
        return erg_fail(err, ERG_BAD_INPUT, "%s: %s=, the last key, takes a text of 1 to "
                        "%zu bytes", of->variable, key->name, key->room - 1);
    memcpy(out, word, strlen(word) + 1);
    return true;
}

static bool pair(const plugin_keys *of, const char *text, size_t length, void *out,
                 erg_error *err)
{
    size_t name = strcspn(text, "=,"), value = name < length ? length - name - 1 : 0;
    const plugin_key *key = find(of, text, name);
    char word[WORD_MOST + 1];

    if (!key)
        return unknown(of, text, name, err);
    if (name == length || value > WORD_MOST)
        return erg_fail(err, ERG_BAD_INPUT, "%s: %s needs a value: %s=...", of->variable,
                        key->name, key->name);
    memcpy(word, text + name + 1, value);
    word[value] = '\0';
    return set(of, key, word, out, err);
}

bool plugin_settings_read(const plugin_keys *of, const char *text, void *out,
                          erg_error *err)
{
    while (text && *text) {
        size_t length = strcspn(text, ",");
        const plugin_key *key = find(of, text, strcspn(text, "=,"));
        if (key && key->room && text[strlen(key->name)] == '=')
            return take_rest(of, key, text + strlen(key->name) + 1, (char *)out + key->at,
                             err);
        if (!pair(of, text, length, out, err))
            return false;
        text += length;
        text += *text == ',';
    }
    return true;
}

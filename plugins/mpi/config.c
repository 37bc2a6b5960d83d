/* SPDX-License-Identifier: Apache-2.0 */
#include <stddef.h>
#include <string.h>
#include <erg/quantity.h>
#include "mpi/config.h"

enum { WORD_MOST = 63 };

/* A key takes one of its words, or a quantity in its unit. */
typedef struct config_key {
    const char *name;
    size_t at;
    const char *words;          /* "busy sleep slack": 0, 1, 2; NULL: a quantity */
    const char *unit;
    double most;
} config_key;

#define AT(field) offsetof(mpi_config, field)

static const config_key keys[] = {
    { "wait",          AT(wait),             "busy sleep slack" },
    { "wait_after",    AT(wait_after_s),     NULL, "s", 3600 },
    { "stagger",       AT(stagger_s),        NULL, "s", 3600 },
    { "timeout",       AT(timeout_s),        NULL, "s", 1e6 },
    { "pace",          AT(pace_bytes_per_s), NULL, "B/s", 1e15 },
    { "chunk",         AT(chunk_bytes),      NULL, "B", 1e9 },
    { "node_ranks",    AT(node_ranks),       NULL, "", 1e6 },
    { "hierarchical",  AT(hierarchical),     "off on" },
    { "deterministic", AT(deterministic),    "off on" },
};

static const mpi_config neutral = { .wait_after_s = 500e-6, .timeout_s = 600,
                                    .deterministic = 1 };

static const config_key *find(const char *name, size_t length)
{
    for (size_t i = 0; i < sizeof(keys) / sizeof(*keys); i++)
        if (strlen(keys[i].name) == length && memcmp(keys[i].name, name, length) == 0)
            return &keys[i];
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

static bool quantity(const config_key *key, const char *word, double *out, erg_error *err)
{
    erg_error why = { 0 };

    if (!erg_quantity_parse(word, key->unit, out, &why))
        return erg_fail(err, ERG_BAD_INPUT, "ERG_MPI: %s: %s", key->name, why.text);
    if (!(*out >= 0 && *out <= key->most))
        return erg_fail(err, ERG_BAD_INPUT, "ERG_MPI: %s must lie between 0 and %g %s",
                        key->name, key->most, key->unit);
    return true;
}

static bool set(mpi_config *out, const config_key *key, const char *word, erg_error *err)
{
    char *field = (char *)out + key->at;

    if (!key->words)
        return quantity(key, word, (double *)(void *)field, err);
    int index = word_index(key->words, word);
    if (index < 0)
        return erg_fail(err, ERG_BAD_INPUT, "ERG_MPI: %s is one of \"%s\", not %s",
                        key->name, key->words, word);
    *(int *)(void *)field = index;
    return true;
}

static bool pair(mpi_config *out, const char *text, size_t length, erg_error *err)
{
    size_t name = strcspn(text, "=,"), value = name < length ? length - name - 1 : 0;
    const config_key *key = find(text, name);
    char word[WORD_MOST + 1];

    if (!key)
        return erg_fail(err, ERG_BAD_INPUT, "ERG_MPI: unknown key %.*s: use wait, "
                        "wait_after, stagger, timeout, pace, chunk, node_ranks, "
                        "hierarchical or deterministic",
                        (int)(name < WORD_MOST ? name : WORD_MOST), text);
    if (name == length || value > WORD_MOST)
        return erg_fail(err, ERG_BAD_INPUT, "ERG_MPI: %s needs a value: %s=...", key->name,
                        key->name);
    memcpy(word, text + name + 1, value);
    word[value] = '\0';
    return set(out, key, word, err);
}

bool mpi_config_parse(const char *text, mpi_config *out, erg_error *err)
{
    mpi_config config = neutral;

    *out = neutral;
    while (text && *text) {
        size_t length = strcspn(text, ",");
        if (!pair(&config, text, length, err))
            return false;
        text += length;
        text += *text == ',';
    }
    *out = config;
    return true;
}

bool mpi_config_acts(const mpi_config *config)
{
    return config->wait != WAIT_BUSY || config->stagger_s > 0
        || config->pace_bytes_per_s > 0 || config->hierarchical;
}

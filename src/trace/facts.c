/* SPDX-License-Identifier: Apache-2.0 */
/* Facts as text and back, exactly. */
#include <math.h>
#include <string.h>
#include "trace/facts.h"

static const char *scope_word(int index) { return erg_scope_name((erg_scope)index); }
static const char *kind_word(int index) { return erg_kind_name((erg_kind)index); }
static const char *method_word(int index) { return erg_method_name((erg_method)index); }
static const char *quantity_word(int index)
{
    return erg_quantity_name((erg_quantity)index);
}

#define TEXT_OF(type, field) \
    ERG_FACT_TEXT, offsetof(type, field), sizeof(((type *)0)->field)
#define AT(field) offsetof(erg_channel_info, field)

const erg_fact erg_device_facts[] = {
    { "name", TEXT_OF(erg_device_info, name) },
    { "driver", TEXT_OF(erg_device_info, driver) },
    { "uuid", TEXT_OF(erg_device_info, uuid) },
    { "model", TEXT_OF(erg_device_info, model) },
    { "device_scope", ERG_FACT_WORD, offsetof(erg_device_info, scope), .word = scope_word,
      .words = ERG_SCOPE_NODE + 1 },
    { "host_id", TEXT_OF(erg_device_info, host_id) },
    { "wired_to", TEXT_OF(erg_device_info, wired_to) },
    { "shared", ERG_FACT_TRUTH, offsetof(erg_device_info, shared) },
    { 0 },
};

const erg_fact erg_channel_facts[] = {
    { "channel", TEXT_OF(erg_channel_info, name) },
    { "unit", TEXT_OF(erg_channel_info, unit) },
    { "quantity", ERG_FACT_WORD, AT(quantity), .word = quantity_word,
      .words = ERG_OTHER + 1 },
    { "kind", ERG_FACT_WORD, AT(kind), .word = kind_word, .words = ERG_COUNTER + 1 },
    { "method", ERG_FACT_WORD, AT(method), .word = method_word,
      .words = ERG_METHOD_SIMULATED + 1 },
    { "scope", ERG_FACT_WORD, AT(scope), .word = scope_word, .words = ERG_SCOPE_NODE + 1 },
    { "update_s", ERG_FACT_REAL, AT(update_s) },
    { "window_s", ERG_FACT_REAL, AT(window_s) },
    { "delay_s", ERG_FACT_REAL, AT(delay_s) },
    { "gain", ERG_FACT_REAL, AT(gain) },
    { "offset", ERG_FACT_REAL, AT(offset) },
    { "gain_u", ERG_FACT_REAL, AT(gain_u) },
    { "offset_u", ERG_FACT_REAL, AT(offset_u) },
    { "range_j", ERG_FACT_REAL, AT(range_j) },
    { "resolution", ERG_FACT_REAL, AT(resolution) },
    { "max_w", ERG_FACT_REAL, AT(max_w) },
    { "calibration", TEXT_OF(erg_channel_info, calibration) },
    { 0 },
};

void erg_fact_text(const erg_fact *fact, const void *info, char *to, size_t size)
{
    const char *at = (const char *)info + fact->offset;
    double real;
    int word;
    to[0] = '\0';
    switch (fact->type) {
    case ERG_FACT_TEXT:
        erg_text_put(to, size, at);
        break;
    case ERG_FACT_REAL:
        memcpy(&real, at, sizeof(real));
        if (!isnan(real))
            snprintf(to, size, "%.17g", real);
        break;
    case ERG_FACT_WORD:
        memcpy(&word, at, sizeof(word));
        erg_text_put(to, size, fact->word(word));
        break;
    case ERG_FACT_TRUTH:
        erg_text_put(to, size, *(const bool *)at ? "1" : "0");
        break;
    }
}

bool erg_fact_parse(const erg_fact *fact, void *info, const char *text)
{
    char *at = (char *)info + fact->offset;
    double real = NAN;
    switch (fact->type) {
    case ERG_FACT_TEXT:
        erg_text_put(at, fact->size, text);
        return true;
    case ERG_FACT_REAL:
        if (*text && !erg_number_parse(text, strlen(text), '.', &real))
            return false;
        memcpy(at, &real, sizeof(real));
        return true;
    case ERG_FACT_WORD:
        for (int i = 0; i < fact->words; i++)
            if (strcmp(fact->word(i), text) == 0) {
                memcpy(at, &i, sizeof(i));
                return true;
            }
        return false;
    case ERG_FACT_TRUTH:
        *(bool *)at = text[0] == '1';
        return true;
    }
    return false;
}

const erg_fact *erg_fact_find(const erg_fact *facts, const char *name)
{
    for (; facts->name; facts++)
        if (strcmp(facts->name, name) == 0)
            return facts;
    return NULL;
}

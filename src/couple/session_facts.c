/* SPDX-License-Identifier: Apache-2.0 */
/* analysis_ID.json, version_ID.json and timestamp_analysis.json:
 * what was stated of a session. */
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include "format/json.h"
#include "couple/session_inside.h"
#include "thermal/training_inside.h"

enum { JSON_MOST = 1 << 22 };

const erg_session_facts erg_session_unknown = {
    .duration_s = NAN, .start_s = NAN, .ambient_k = NAN,
    .published = { .aligned = ERG_NONE, .grad_rle = NAN, .temp_grad = NAN, .loss_rle = NAN,
                   .peak_lag = ERG_NONE, .peak_r = NAN, .is_causal = ERG_NONE },
    .ambient_guess_k = NAN, .rate_hz = NAN,
};

typedef struct text_key { const char *key; size_t at, size; } text_key;

#define TEXT(field)                         \
    offsetof(erg_session_facts, field),     \
    sizeof(((erg_session_facts *)0)->field)

static const text_key texts[] = {
    { "session_id", TEXT(id) }, { "model", TEXT(model) }, { "git_hash", TEXT(git_hash) },
    { "git_status", TEXT(git_status) }, { "python_version", TEXT(python_version) },
    { "version", TEXT(version) }, { "instrument_name", TEXT(instrument) },
    { "timestamp", TEXT(stamp) },
};

typedef struct number_key { const char *group, *key; size_t at; } number_key;

#define AT(field) offsetof(erg_session_facts, field)

static const number_key numbers[] = {
    { NULL, "duration", AT(duration_s) },
    { NULL, "session_start", AT(start_s) },
    { NULL, "session_start_timestamp", AT(start_s) },
    { NULL, "peak_correlation", AT(published.peak_r) },
    { "correlations", "gpu_grad_rle", AT(published.grad_rle) },
    { "correlations", "gpu_temp_grad", AT(published.temp_grad) },
    { "correlations", "gpu_loss_rle", AT(published.loss_rle) },
};

static void take_whole(const json_t *root, const char *key, int64_t *to)
{
    const json_t *value = json_object_get(root, key);

    if (json_is_integer(value))
        *to = json_integer_value(value);
    else if (json_is_real(value) && fabs(json_real_value(value)) < 1e15)
        *to = llround(json_real_value(value));
}

static void take(const json_t *root, erg_session_facts *facts)
{
    for (size_t i = 0; i < ERG_COUNT(texts); i++) {
        const char *text = json_string_value(json_object_get(root, texts[i].key));
        if (text)
            erg_text_put((char *)facts + texts[i].at, texts[i].size, text);
    }
    for (size_t i = 0; i < ERG_COUNT(numbers); i++) {
        const json_t *in = numbers[i].group
            ? json_object_get(root, numbers[i].group) : root;
        const json_t *value = json_object_get(in, numbers[i].key);
        if (json_is_number(value))
            *(double *)(void *)((char *)facts + numbers[i].at) = json_number_value(value);
    }
    const json_t *ambient = json_object_get(root, "ambient_temp");
    if (json_is_number(ambient))
        facts->ambient_k = json_number_value(ambient) + 273.15;
    take_whole(root, "aligned_samples", &facts->published.aligned);
    take_whole(root, "peak_lag", &facts->published.peak_lag);
    const json_t *causal = json_object_get(root, "causal_order");
    if (json_is_boolean(causal))
        facts->published.is_causal = json_is_true(causal);
}

json_t *erg_session_object(const char *name, const char *bytes, size_t size,
                           const char *what, erg_error *err)
{
    size_t count;
    char *text = erg_training_clean_json(bytes, size, &count, err);
    json_t *root = text ? erg_json_parse(name, text, count, err) : NULL;

    free(text);
    if (!root || json_is_object(root))
        return root;
    json_decref(root);
    erg_fail(err, ERG_BAD_INPUT, "%s: %s are one JSON object", name, what);
    return NULL;
}

bool erg_session_facts_parse(const char *name, const char *bytes, size_t size,
                             erg_session_facts *facts, erg_error *err)
{
    json_t *root = erg_session_object(name, bytes, size, "a session's facts", err);

    if (root)
        take(root, facts);
    json_decref(root);
    return root != NULL;
}

bool erg_session_facts_read(const char *path, erg_session_facts *facts, erg_error *err)
{
    size_t size = 0;
    char *bytes = erg_file_read(path, JSON_MOST, &size, err);
    bool ok = bytes && erg_session_facts_parse(path, bytes, size, facts, err);

    free(bytes);
    return ok;
}

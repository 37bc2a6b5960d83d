/* SPDX-License-Identifier: Apache-2.0 */
/* tokenizer.json, as Hugging Face's library writes CLIP's. */
#include <stdlib.h>
#include <string.h>
#include "quality/bpe_inside.h"

enum { TOKEN_BYTES_MOST = 1024, IDS_MOST = 1 << 24 };

static const char start_token[] = "<|startoftext|>", end_token[] = "<|endoftext|>";

/* What is read, for sentences. */
typedef struct reader { const char *name; erg_bpe *to; erg_error *err; } reader;

static bool wrong(const reader *from, const char *key, const char *what)
{
    return erg_fail(from->err, ERG_BAD_INPUT, "%s: \"%s\" %s", from->name, key, what);
}

/* ---- bytes that can be seen ---------------------------------------------------------- */

static bool is_seen(unsigned byte)
{
    return (byte >= 33 && byte <= 126) || (byte >= 161 && byte != 173);
}

/* Those that cannot be seen follow in their order from 256 on (GPT-2's table). */
size_t erg_bpe_glyph(unsigned char byte, char to[4])
{
    unsigned point = byte;

    if (!is_seen(byte)) {
        point = ERG_BPE_BYTES;
        for (unsigned i = 0; i < byte; i++)
            point += !is_seen(i);
    }
    if (point < 0x80) {
        to[0] = (char)point;
        return 1;
    }
    to[0] = (char)(0xc0 | point >> 6);
    to[1] = (char)(0x80 | (point & 0x3f));
    return 2;
}

/* ---- ids ----------------------------------------------------------------------------- */

static int32_t id_of(const erg_bpe *bpe, const char *token)
{
    const json_t *id = json_object_get(bpe->vocab, token);
    return id ? (int32_t)json_integer_value(id) : ERG_BPE_NONE;
}

static bool read_vocab(const reader *from, const json_t *model)
{
    const char *token;
    const json_t *id;
    const json_t *vocab = json_object_get(model, "vocab");

    if (!json_is_object(vocab) || json_object_size(vocab) == 0)
        return wrong(from, "vocab", "of \"model\" is not an object of tokens");
    json_object_foreach((json_t *)(uintptr_t)vocab, token, id) {
        if (strlen(token) > TOKEN_BYTES_MOST)
            return wrong(from, "vocab", "has a token of more than 1,024 bytes");
        if (!json_is_integer(id) || json_integer_value(id) < 0
            || json_integer_value(id) > IDS_MOST)
            return erg_fail(from->err, ERG_BAD_INPUT, "%s: \"vocab\": the id of \"%.40s\" "
                            "is not a whole number from 0", from->name, token);
    }
    from->to->vocab = vocab;
    return true;
}

static void read_bytes(erg_bpe *to)
{
    char token[2 * TOKEN_BYTES_MOST];

    for (unsigned byte = 0; byte < ERG_BPE_BYTES; byte++) {
        size_t count = erg_bpe_glyph((unsigned char)byte, token);
        token[count] = '\0';
        to->within[byte] = id_of(to, token);
        snprintf(token + count, sizeof(token) - count, "%s", to->suffix);
        to->last[byte] = id_of(to, token);
    }
}

static bool read_special(const reader *from, const json_t *model)
{
    const json_t *pad = json_object_get(json_object_get(from->to->all, "padding"),
                                        "pad_id");
    const json_t *unknown = json_object_get(model, "unk_token");
    erg_bpe *to = from->to;

    to->start = id_of(to, start_token);
    to->end = id_of(to, end_token);
    if (to->start == ERG_BPE_NONE || to->end == ERG_BPE_NONE)
        return wrong(from, "vocab", "lacks <|startoftext|> or <|endoftext|>: it is not "
                     "CLIP's");
    if (pad && (!json_is_integer(pad) || json_integer_value(pad) < 0
                || json_integer_value(pad) > IDS_MOST))
        return wrong(from, "pad_id", "of \"padding\" is not an id");
    to->pad = pad ? (int32_t)json_integer_value(pad) : to->end;
    to->unknown = json_is_string(unknown) ? id_of(to, json_string_value(unknown))
                                          : ERG_BPE_NONE;
    return true;
}

/* ---- merges -------------------------------------------------------------------------- */

/* "a b", or ["a","b"], into two tokens. */
static bool cut_merge(const json_t *merge, char left[], char right[])
{
    const char *text = json_string_value(merge), *blank = text ? strchr(text, ' ') : NULL;
    const char *first = json_string_value(json_array_get(merge, 0));
    const char *second = json_string_value(json_array_get(merge, 1));
    int count = blank ? (int)(blank - text) : -1;

    if (blank) {
        first = text;
        second = blank + 1;
    } else if (json_array_size(merge) != 2 || !first || !second) {
        return false;
    }
    if (strlen(first) > TOKEN_BYTES_MOST || strlen(second) > TOKEN_BYTES_MOST)
        return false;
    snprintf(left, TOKEN_BYTES_MOST + 1, "%.*s", blank ? count : TOKEN_BYTES_MOST, first);
    snprintf(right, TOKEN_BYTES_MOST + 1, "%s", second);
    return *left && *right;
}

static bool read_merge(const reader *from, size_t rank, const json_t *merge, erg_merge *to)
{
    char joined[2 * TOKEN_BYTES_MOST + 2], right[TOKEN_BYTES_MOST + 1];
    const erg_bpe *bpe = from->to;

    if (!cut_merge(merge, joined, right))
        return erg_fail(from->err, ERG_BAD_INPUT, "%s: \"merges\": number %zu is not a "
                        "pair of tokens", from->name, rank + 1);
    *to = (erg_merge){ .left = id_of(bpe, joined), .right = id_of(bpe, right),
                       .rank = (int32_t)rank };
    size_t count = strlen(joined);
    snprintf(joined + count, sizeof(joined) - count, "%s", right);
    to->joined = id_of(bpe, joined);
    return (to->left != ERG_BPE_NONE && to->right != ERG_BPE_NONE
            && to->joined != ERG_BPE_NONE)
        || erg_fail(from->err, ERG_BAD_INPUT, "%s: \"merges\": number %zu is of tokens "
                    "that \"vocab\" lacks", from->name, rank + 1);
}

static int by_pair(const void *a, const void *b)
{
    const erg_merge *x = a, *y = b;

    return x->left != y->left ? (x->left < y->left ? -1 : 1)
         : x->right != y->right ? (x->right < y->right ? -1 : 1)
         : (x->rank > y->rank) - (x->rank < y->rank);
}

static bool read_merges(const reader *from, const json_t *model)
{
    const json_t *list = json_object_get(model, "merges");
    size_t count = json_array_size(list), kept = 0;
    erg_bpe *to = from->to;

    if (!json_is_array(list) || count > IDS_MOST)
        return wrong(from, "merges", "of \"model\" is not a list of pairs");
    to->merges = malloc((count + 1) * sizeof(*to->merges));
    if (!to->merges)
        return erg_fail(from->err, ERG_NO_MEMORY, "out of memory");
    for (size_t i = 0; i < count; i++)
        if (!read_merge(from, i, json_array_get(list, i), &to->merges[i]))
            return false;
    if (count > 1)
        qsort(to->merges, count, sizeof(*to->merges), by_pair);
    for (size_t i = 0; i < count; i++)      /* of a pair that comes twice, the first */
        if (kept == 0 || to->merges[kept - 1].left != to->merges[i].left
            || to->merges[kept - 1].right != to->merges[i].right)
            to->merges[kept++] = to->merges[i];
    to->merge_count = kept;
    return true;
}

const erg_merge *erg_bpe_merge(const erg_bpe *bpe, int32_t left, int32_t right)
{
    size_t low = 0, high = bpe->merge_count;

    while (low < high) {
        const erg_merge *middle = &bpe->merges[low + (high - low) / 2];
        if (middle->left == left && middle->right == right)
            return middle;
        bool before = middle->left < left
                   || (middle->left == left && middle->right < right);
        if (before)
            low = (size_t)(middle - bpe->merges) + 1;
        else
            high = (size_t)(middle - bpe->merges);
    }
    return NULL;
}

/* ---- the file ------------------------------------------------------------------------ */

static bool read_model(const reader *from)
{
    const json_t *model = json_object_get(from->to->all, "model");
    const char *type = json_string_value(json_object_get(model, "type"));
    const char *suffix = json_string_value(json_object_get(model, "end_of_word_suffix"));

    if (!json_is_object(model))
        return wrong(from, "model", "is missing: it is not a tokenizer.json");
    if (!type || strcmp(type, "BPE") != 0)
        return wrong(from, "type", "of \"model\" is not BPE: only CLIP's tokenizer is "
                     "read");
    if (!suffix || !*suffix || strlen(suffix) > TOKEN_BYTES_MOST)
        return wrong(from, "end_of_word_suffix", "of \"model\" is missing: only CLIP's "
                     "tokenizer is read");
    from->to->suffix = suffix;
    if (!read_vocab(from, model) || !read_special(from, model))
        return false;
    read_bytes(from->to);
    return read_merges(from, model);
}

erg_bpe *erg_bpe_parse(const char *name, const char *bytes, size_t size, erg_error *err)
{
    erg_bpe *made = calloc(1, sizeof(*made));
    json_error_t why;

    if (!made) {
        erg_fail(err, ERG_NO_MEMORY, "out of memory");
        return NULL;
    }
    made->all = json_loadb(bytes, size, JSON_REJECT_DUPLICATES, &why);
    bool ok = made->all || erg_fail(err, ERG_BAD_INPUT, "%s:%d: %s", name, why.line,
                                    why.text);
    if (ok && read_model(&(reader){ name, made, err }))
        return made;
    erg_bpe_free(made);
    return NULL;
}

void erg_bpe_free(erg_bpe *bpe)
{
    if (!bpe)
        return;
    json_decref(bpe->all);
    free(bpe->merges);
    free(bpe);
}

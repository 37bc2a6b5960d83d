/* SPDX-License-Identifier: Apache-2.0 */
/* Any bytes as a tokenizer, or as a text for a small one: tokens of the fixed number. */
#include <stdlib.h>
#include <string.h>
#include "quality/bpe.h"

static const char small[] =
    "{\"model\":{\"type\":\"BPE\",\"unk_token\":\"a\",\"end_of_word_suffix\":\"</w>\","
    "\"vocab\":{\"a\":0,\"b\":1,\"a</w>\":2,\"b</w>\":3,\"ab\":4,\"ab</w>\":5,\"aba\":6,"
    "\"<|startoftext|>\":7,\"<|endoftext|>\":8},"
    "\"merges\":[\"a b\",\"a b</w>\",\"ab a\"]}}";

static void encode(const erg_bpe *bpe, const char *text)
{
    int64_t ids[77];
    size_t used = 0;
    erg_error err = { 0 };
    bool ok = erg_bpe_encode(bpe, "fuzz", text, ids, 77, &used, &err);

    if ((!ok && !err.text[0]) || (ok && (used < 2 || used > 77)))
        abort();
}

int LLVMFuzzerTestOneInput(const unsigned char *bytes, size_t size)
{
    erg_error err = { 0 };
    char *text = malloc(size + 1);
    erg_bpe *bpe = erg_bpe_parse("fuzz.json", (const char *)bytes, size, &err);

    if (!bpe && (err.code == ERG_OK || !err.text[0]))
        abort();
    if (bpe)
        encode(bpe, "A cat's 12 caf\xc3\xa9s.");
    erg_bpe_free(bpe);
    memcpy(text, bytes, size);
    text[size] = '\0';
    bpe = erg_bpe_parse("small.json", small, sizeof(small) - 1, &err);
    if (!bpe)
        abort();
    encode(bpe, text);
    erg_bpe_free(bpe);
    free(text);
    return 0;
}

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * BERT (Devlin et al. 2018), RoBERTa and DistilBERT. Its head is what was run, not
 * what `architectures` says: a pooler with a two-way classifier in inference; in
 * training the masked words and the pair of sentences.
 */
#include "workload/transformer.h"

static const tf_pass passes[] = {
    { ERG_OP_MUL, "scale", false }, { ERG_OP_ADD, "mask", false },
};

static int32_t attention(tf *t, int32_t x)
{
    int64_t width = t->net.heads * t->net.head_width;
    int32_t q = erg_build_linear(t->b, "query", x, width, true);
    int32_t k = erg_build_linear(t->b, "key", x, width, true);
    int32_t v = erg_build_linear(t->b, "value", x, width, true);
    tf_heads heads = { .q = q, .k = k, .v = v, .queries = t->tokens, .keys = t->tokens,
                       .heads = t->net.heads, .groups = t->net.heads,
                       .width = t->net.head_width, .merges = true, .passes = passes,
                       .pass_count = ERG_COUNT(passes), .bias = -1 };

    return erg_build_linear(t->b, "out", erg_tf_attend(t, &heads), t->net.hidden, true);
}

static int32_t embed(tf *t, int32_t table)
{
    int32_t x = erg_tf_embed(t, "tokens", table, t->tokens);

    if (t->net.types) {
        int32_t types = erg_tf_weights(t, t->net.types, t->net.hidden);
        x = erg_build_add(t->b, "embed_types", x,
                          erg_tf_embed(t, "types", types, t->tokens));
    }
    x = erg_build_add(t->b, "embed",
                      x, erg_tf_positions(t, "positions", t->net.positions, t->tokens));
    return erg_tf_dropout(t, "embed_dropout", erg_tf_norm(t, "norm", x));
}

/* The first token speaks for the sequence. */
static void pool(tf *t, int32_t x, bool classifies)
{
    x = erg_build_view(t->b, x, 2, (int64_t[]){ t->batch, t->net.hidden });
    x = erg_build_linear(t->b, "pooler", x, t->net.hidden, true);
    x = erg_tf_map(t, ERG_OP_TANH, "pooler_tanh", x);
    if (classifies)
        x = erg_build_linear(t->b, "classifier", erg_tf_dropout(t, "classifier_dropout", x),
                             t->net.labels, true);
    erg_build_output(t->b, x);
}

static void masked_words(tf *t, int32_t x, int32_t table)
{
    x = erg_build_linear(t->b, "transform", x, t->net.hidden, true);
    x = erg_tf_norm(t, "transform_norm", erg_tf_activation(t, x));
    int32_t bias = erg_build_tensor(t->b, ERG_WEIGHT, NULL, 1, &t->net.vocab,
                                    ERG_BITS_OF_GRAPH);
    erg_build_output(t->b, erg_build_linear_on(t->b, "lm_head", x, table, bias));
}

static void head(tf *t, int32_t x, int32_t table)
{
    bool automatic = t->head == ERG_HEAD_AUTO;

    if (t->head == ERG_HEAD_POOLER && t->net.no_pooler)
        erg_build_refuse(t->b, "it has no pooler: its heads are none, cls and lm");
    if (t->head == ERG_HEAD_NONE)
        erg_build_output(t->b, x);
    if (t->head == ERG_HEAD_LM || (automatic && t->training))
        masked_words(t, x, table);
    if (t->head == ERG_HEAD_POOLER || t->head == ERG_HEAD_CLS || automatic)
        pool(t, x, t->head != ERG_HEAD_POOLER);
}

static int32_t layer(tf *t, int32_t x, bool is_other)
{
    int32_t y = erg_tf_dropout(t, "dropout1", attention(t, x));

    (void)is_other;
    x = erg_tf_norm(t, "norm1", erg_build_add(t->b, "add1", y, x));
    y = erg_tf_dropout(t, "dropout2", erg_tf_mlp(t, x, true));
    return erg_tf_norm(t, "norm2", erg_build_add(t->b, "add2", y, x));
}

void erg_tf_bert(tf *t)
{
    const tf_stack stack = { .name = "layer", .layers = t->net.layers, .layer = layer };
    int32_t table = erg_tf_weights(t, t->net.vocab, t->net.hidden);

    if (t->decoding)
        erg_build_refuse(t->b, "bert reads whole sequences: it has no decode phase");
    head(t, erg_tf_stack(t, &stack, embed(t, table)), table);
}

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Transformers: one plain struct of dimensions says which network, a builder a
 * family writes it down as operators, in the order an eager run launches them.
 * A config.json and a zoo row both end as this struct, so they give one graph.
 *
 * B sequences of S tokens; H hidden, h heads of width d, g key and value heads,
 * I inner, V vocabulary, P positions, E experts. 0 in a field: the usual value.
 */
#ifndef ERG_WORKLOAD_TRANSFORMER_H
#define ERG_WORKLOAD_TRANSFORMER_H

#include "workload/build.h"

typedef struct tf tf;

typedef enum tf_activation { TF_GELU, TF_GELU_NEW, TF_GELU_TANH, TF_RELU,
                             TF_SILU } tf_activation;

typedef struct erg_transformer {
    void (*build)(tf *t);           /* its family */
    int64_t layers, decoder_layers; /* decoder: of networks that have both halves */
    int64_t hidden, heads, kv_heads, head_width, inner;
    int64_t decoder_heads, decoder_inner;
    int64_t vocab, positions;       /* positions 0: as many as you like */
    int64_t unused_positions;       /* rows of their table that no token has (roberta) */
    int64_t types, embed_width;     /* token types (bert); width of the table (opt) */
    int64_t window;                 /* keys a token sees at most, 0: all */
    int64_t window_from;            /* the first layer that has it */
    int64_t window_every;           /* every n-th layer sees all, 0: none */
    int64_t buckets;                /* of relative positions (t5) */
    int64_t experts, picks;         /* picks: experts of one token */
    int64_t expert_inner;           /* inner size of an expert where configs tell two */
    int64_t shared_inner;           /* of one more that every token goes to, 0: none */
    int64_t shared_experts;         /* so many more of them (deepseek) */
    int64_t dense_layers;           /* the first ones, without experts (deepseek) */
    int64_t query_rank, key_value_rank;             /* latent vectors (deepseek) */
    int64_t plain_width, rotated_width, value_width;    /* of a head (deepseek) */
    int64_t norms;                  /* of a layer that does both at once, 0: usual */
    int64_t capacity;               /* padded tokens of an expert and sequence */
    int64_t sparse_step, decoder_sparse_step;       /* every n-th layer, 0: none */
    int64_t sparse_layers, decoder_sparse_layers;   /* or so many of them */
    int64_t image, patch, channels, labels;         /* vit */
    int64_t image_width, patch_width;               /* 0: they are squares */
    int64_t mels, source_positions;                 /* whisper */
    tf_activation activation;
    bool tied, qkv_bias, out_bias, mlp_bias, gated, norm_last;
    bool no_dropout, no_attention_dropout, no_pooler;
    bool qk_norm;                   /* of each head of q and k (qwen3, gemma3) */
    bool fused_products;            /* q, k, v one product, gate and up one (phi3) */
    bool norms_after;               /* of what attention and the block give (gemma2) */
    bool caps_scores, caps_logits;  /* by a tanh (gemma2) */
    bool scaled_embed;
    bool serial, alibi, head_bias;  /* block behind attention; slopes; (falcon, phi) */
    bool one_key_head, new_decoder; /* falcon */
    bool distilled;                 /* one more token, with a classifier (deit) */
    bool router_bias;
} erg_transformer;

/* shape: a const erg_transformer. Rows of the zoo and the reader of configs call it. */
void erg_transformer_build(erg_builder *builder, const void *shape);

/* Whether a layer of those that may have a window has none. */
bool erg_tf_sees_all(const erg_transformer *net, int64_t layer);

void erg_tf_bert(tf *t);
void erg_tf_gpt2(tf *t);
void erg_tf_opt(tf *t);
void erg_tf_llama(tf *t);           /* mistral, mixtral, qwen, phi3, gemma */
void erg_tf_parallel(tf *t);        /* falcon, gptj, gpt_neox, phi */
void erg_tf_deepseek(tf *t);
void erg_tf_t5(tf *t);              /* switch */
void erg_tf_vit(tf *t);
void erg_tf_whisper(tf *t);

/* ---- what the families are written in ------------------------------------ */

struct tf {
    erg_builder *b;
    erg_transformer net;            /* completed: no field is left to guess */
    int64_t batch;
    int64_t tokens;                 /* new ones of a sequence: S, or 1 in decode */
    int64_t length;                 /* S, or the cache */
    int64_t keys;                   /* of it that attention looks at */
    int64_t window;                 /* of this layer; 0: none */
    int32_t memory, bias;           /* what every layer of a stack reads, if any does */
    erg_head head;
    bool flash, training, decoding, last_only;
};

/* A pass over the scores between the product and the softmax. */
typedef struct tf_pass { erg_op_kind kind; const char *name; bool adds_bias; } tf_pass;

typedef struct tf_heads {
    int32_t q, k, v;                /* [B, tokens, heads x width], each */
    int64_t queries, keys;
    int64_t heads, groups, width;   /* groups: key and value heads */
    int64_t value_width;            /* 0: as wide as keys; needs groups = heads */
    bool causal;
    bool casts;                     /* softmax in fp32 whatever the precision */
    bool merges;                    /* copies the heads together behind it */
    const tf_pass *passes;
    int32_t pass_count;
    int32_t bias;                   /* added to the scores by a pass, -1: none */
} tf_heads;

int32_t erg_tf_map(tf *t, erg_op_kind kind, const char *name, int32_t x);
int32_t erg_tf_view(tf *t, int32_t x, int64_t tokens, int64_t width);
int32_t erg_tf_weights(tf *t, int64_t rows, int64_t columns);
/* [B, tokens, H] of token ids given as input; the table for a tied head. */
int32_t erg_tf_embed(tf *t, const char *name, int32_t table, int64_t tokens);
/* Rows 0.. of a table of positions: [tokens, H], the same for each sequence. */
int32_t erg_tf_positions(tf *t, const char *name, int64_t rows, int64_t tokens);
int32_t erg_tf_norm(tf *t, const char *name, int32_t x);        /* layer norm over H */
int32_t erg_tf_rms_norm(tf *t, const char *name, int32_t x);
int32_t erg_tf_activation(tf *t, int32_t x);
int32_t erg_tf_cast(tf *t, const char *name, int32_t x, int32_t bits);
/* Only in training; a dropout of an inference launches nothing. */
int32_t erg_tf_dropout(tf *t, const char *name, int32_t x);
/* Queries [B, S, heads x width], keys and values [B, S, kv_heads x width] of x [B, S, H],
 * of one product or of three. */
typedef struct tf_projections { int32_t q, k, v; } tf_projections;
tf_projections erg_tf_project(tf *t, int32_t x);
/* Keys or values [B, tokens, width]: decode appends them to a cache of `keys` tokens
 * and gives that; prefill keeps a cache beside them. */
int32_t erg_tf_cached(tf *t, const char *name, int32_t x, int64_t width);
/* A cache filled in an earlier step: [B, tokens, width]. */
int32_t erg_tf_cache(tf *t, const char *name, int64_t tokens, int64_t width);
/* softmax(q k) v: [B, queries, heads x width]. */
int32_t erg_tf_attend(tf *t, const tf_heads *heads);
/* Layers from now on see all keys, or those of the network's window. */
void erg_tf_window(tf *t, bool sees_all);
/* Layers, each out of the one before, of one sort or of two: the first of a sort is
 * built, the others are its copies. */
typedef struct tf_stack {
    const char *name;               /* "encoder": of encoder0., encoder1.. */
    int64_t layers, behind;         /* behind: of a decoder that follows */
    int32_t (*layer)(tf *t, int32_t x, bool is_other);
    bool (*is_other)(const tf *t, int64_t layer);       /* NULL: all are of one sort */
} tf_stack;
int32_t erg_tf_stack(tf *t, const tf_stack *stack, int32_t x);
/* The dense or gated block between two residuals: [.., H] -> [.., H]. */
int32_t erg_tf_mlp(tf *t, int32_t x, bool bias);
/* Router, the experts that are hit, the weighted sum. */
int32_t erg_tf_experts(tf *t, int32_t x);
/* One token's head (classifier) or the vocabulary's, over weights [V, H]. */
void erg_tf_decoder_head(tf *t, int32_t x, int32_t table);

#endif

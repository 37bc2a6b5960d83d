/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The keys of a config.json and the families it may be of. A missing key has the
 * default of its class in the transformers library.
 */
#include <ctype.h>
#include <string.h>
#include "base/base.h"
#include "workload/hf_family.h"

#define AT(field) offsetof(erg_transformer, field)

enum { LAYERS_MOST = 10000, WIDTH_MOST = 1 << 24, HEADS_MOST = 1 << 16,
       ROWS_MOST = 1 << 30, EXPERTS_MOST = 4096 };

/* Of two that name the same, the later row holds. */
static const erg_hf_key keys[] = {
    { "num_hidden_layers",            AT(layers),                LAYERS_MOST },
    { "n_layer",                      AT(layers),                LAYERS_MOST },
    { "n_layers",                     AT(layers),                LAYERS_MOST },
    { "num_layers",                   AT(layers),                LAYERS_MOST },
    { "encoder_layers",               AT(layers),                LAYERS_MOST },
    { "num_decoder_layers",           AT(decoder_layers),        LAYERS_MOST },
    { "decoder_layers",               AT(decoder_layers),        LAYERS_MOST },
    { "hidden_size",                  AT(hidden),                WIDTH_MOST },
    { "n_embd",                       AT(hidden),                WIDTH_MOST },
    { "dim",                          AT(hidden),                WIDTH_MOST },
    { "d_model",                      AT(hidden),                WIDTH_MOST },
    { "num_attention_heads",          AT(heads),                 HEADS_MOST },
    { "n_head",                       AT(heads),                 HEADS_MOST },
    { "n_heads",                      AT(heads),                 HEADS_MOST },
    { "num_heads",                    AT(heads),                 HEADS_MOST },
    { "encoder_attention_heads",      AT(heads),                 HEADS_MOST },
    { "decoder_attention_heads",      AT(decoder_heads),         HEADS_MOST },
    { "num_key_value_heads",          AT(kv_heads),              HEADS_MOST, ERG_HF_NULL },
    { "num_kv_heads",                 AT(kv_heads),              HEADS_MOST, ERG_HF_NULL },
    { "num_ln_in_parallel_attn",      AT(norms),                 2, ERG_HF_NULL },
    { "head_dim",                     AT(head_width),            WIDTH_MOST, ERG_HF_NULL },
    { "d_kv",                         AT(head_width),            WIDTH_MOST },
    { "intermediate_size",            AT(inner),                 WIDTH_MOST },
    { "n_inner",                      AT(inner),                 WIDTH_MOST },
    { "ffn_hidden_size",              AT(inner),                 WIDTH_MOST },
    { "ffn_dim",                      AT(inner),                 WIDTH_MOST },
    { "hidden_dim",                   AT(inner),                 WIDTH_MOST },
    { "d_ff",                         AT(inner),                 WIDTH_MOST },
    { "encoder_ffn_dim",              AT(inner),                 WIDTH_MOST },
    { "decoder_ffn_dim",              AT(decoder_inner),         WIDTH_MOST },
    { "vocab_size",                   AT(vocab),                 ROWS_MOST },
    { "n_positions",                  AT(positions),             ROWS_MOST },
    { "max_position_embeddings",      AT(positions),             ROWS_MOST },
    { "max_target_positions",         AT(positions),             ROWS_MOST },
    { "max_source_positions",         AT(source_positions),      ROWS_MOST },
    { "type_vocab_size",              AT(types),                 ROWS_MOST, ERG_HF_ZERO },
    { "word_embed_proj_dim",          AT(embed_width),           WIDTH_MOST },
    { "sliding_window",               AT(window),                ROWS_MOST, ERG_HF_NULL },
    { "max_window_layers",            AT(window_from),           LAYERS_MOST, ERG_HF_ZERO },
    { "_sliding_window_pattern",      AT(window_every),          LAYERS_MOST },
    { "sliding_window_pattern",       AT(window_every),          LAYERS_MOST },
    { "relative_attention_num_buckets", AT(buckets),             ROWS_MOST },
    { "num_local_experts",            AT(experts),               EXPERTS_MOST,
      ERG_HF_ZERO },
    { "num_experts",                  AT(experts),               EXPERTS_MOST,
      ERG_HF_ZERO },
    { "num_experts_per_tok",          AT(picks),                 EXPERTS_MOST },
    { "n_routed_experts",             AT(experts),               EXPERTS_MOST,
      ERG_HF_NULL },
    { "n_shared_experts",             AT(shared_experts),        EXPERTS_MOST,
      ERG_HF_NULL },
    { "first_k_dense_replace",        AT(dense_layers),          LAYERS_MOST, ERG_HF_ZERO },
    { "q_lora_rank",                  AT(query_rank),            WIDTH_MOST, ERG_HF_NULL },
    { "kv_lora_rank",                 AT(key_value_rank),        WIDTH_MOST },
    { "qk_nope_head_dim",             AT(plain_width),           WIDTH_MOST },
    { "qk_rope_head_dim",             AT(rotated_width),         WIDTH_MOST },
    { "v_head_dim",                   AT(value_width),           WIDTH_MOST },
    { "moe_layer_freq",               AT(decoder_sparse_step),   LAYERS_MOST },
    { "moe_intermediate_size",        AT(expert_inner),          WIDTH_MOST },
    { "shared_expert_intermediate_size", AT(shared_inner),       WIDTH_MOST, ERG_HF_ZERO },
    { "expert_capacity",              AT(capacity),              ROWS_MOST },
    { "encoder_sparse_step",          AT(sparse_step),           LAYERS_MOST, ERG_HF_ZERO },
    { "decoder_sparse_step",          AT(decoder_sparse_step),   LAYERS_MOST, ERG_HF_ZERO },
    { "num_sparse_encoder_layers",    AT(sparse_layers),         LAYERS_MOST, ERG_HF_ZERO },
    { "num_sparse_decoder_layers",    AT(decoder_sparse_layers), LAYERS_MOST, ERG_HF_ZERO },
    { "image_size",                   AT(image),                 HEADS_MOST,
      .has_sides = true },
    { "patch_size",                   AT(patch),                 HEADS_MOST,
      .has_sides = true },
    { "num_channels",                 AT(channels),              HEADS_MOST },
    { "num_labels",                   AT(labels),                ROWS_MOST },
    { "num_mel_bins",                 AT(mels),                  HEADS_MOST },
};

#define GATED .build = erg_tf_llama, .gated = true, .activation = TF_SILU, \
              .no_dropout = true
#define LLAMA GATED, .hidden = 4096, .layers = 32, .heads = 32
#define PARALLEL .build = erg_tf_parallel, .no_dropout = true, .positions = 2048
#define GEMMA .build = erg_tf_llama, .gated = true, .activation = TF_GELU_TANH, \
              .no_dropout = true, .tied = true, .scaled_embed = true, .head_width = 256
#define DEEPSEEK .build = erg_tf_deepseek, .gated = true, .activation = TF_SILU, \
              .no_dropout = true, .query_rank = 1536, .key_value_rank = 512, \
              .plain_width = 128, .rotated_width = 64, .value_width = 128, \
              .head_width = 192
#define BERT  .build = erg_tf_bert, .hidden = 768, .layers = 12, .heads = 12, \
              .inner = 3072, .positions = 512
#define VIT   .build = erg_tf_vit, .hidden = 768, .layers = 12, .heads = 12, \
              .inner = 3072, .image = 224, .patch = 16, .channels = 3, \
              .labels = 1000, .qkv_bias = true, .no_dropout = true
#define T5    .build = erg_tf_t5, .head_width = 64, .buckets = 32

static const erg_hf_family families[] = {
    { "bert",    { BERT, .vocab = 30522, .types = 2 } },
    { "roberta", { BERT, .vocab = 50265, .types = 2, .unused_positions = 2 } },
    { "xlm-roberta",
                 { BERT, .vocab = 30522, .types = 2, .unused_positions = 2 } },
    { "camembert",
                 { BERT, .vocab = 30522, .types = 2, .unused_positions = 2 } },
    { "distilbert",
                 { .build = erg_tf_bert, .vocab = 30522, .hidden = 768, .layers = 6,
                   .heads = 12, .inner = 3072, .positions = 512, .no_pooler = true } },
    { "gpt2",    { .build = erg_tf_gpt2, .vocab = 50257, .hidden = 768, .layers = 12,
                   .heads = 12, .positions = 1024, .tied = true,
                   .activation = TF_GELU_NEW } },
    { "opt",     { .build = erg_tf_opt, .vocab = 50272, .hidden = 768, .layers = 12,
                   .heads = 12, .inner = 3072, .positions = 2048, .tied = true,
                   .activation = TF_RELU } },
    { "gptj",    { PARALLEL, .vocab = 50400, .hidden = 4096, .layers = 28, .heads = 16,
                   .activation = TF_GELU_NEW, .mlp_bias = true, .head_bias = true } },
    { "gpt_neox",
                 { PARALLEL, .vocab = 50432, .hidden = 6144, .layers = 44, .heads = 64,
                   .inner = 24576, .qkv_bias = true, .out_bias = true, .mlp_bias = true,
                   .fused_products = true, .norms = 2 } },
    { "falcon",  { PARALLEL, .vocab = 65024, .hidden = 4544, .layers = 32, .heads = 71,
                   .fused_products = true, .one_key_head = true, .tied = true } },
    { "phi",     { PARALLEL, .vocab = 51200, .hidden = 2048, .layers = 24, .heads = 32,
                   .inner = 8192, .activation = TF_GELU_NEW, .qkv_bias = true,
                   .out_bias = true, .mlp_bias = true, .head_bias = true } },
    { "llama",   { LLAMA, .vocab = 32000, .inner = 11008, .positions = 2048 } },
    { "mistral", { LLAMA, .vocab = 32000, .inner = 14336, .positions = 131072,
                   .kv_heads = 8, .window = 4096 } },
    { "mixtral", { LLAMA, .vocab = 32000, .inner = 14336, .positions = 131072,
                   .kv_heads = 8, .experts = 8, .picks = 2 } },
    { "qwen2",   { LLAMA, .vocab = 151936, .inner = 22016, .positions = 32768,
                   .window = 4096, .window_from = 28, .qkv_bias = true },
                   .no_window = true },
    { "qwen3",   { LLAMA, .vocab = 151936, .inner = 22016, .positions = 32768,
                   .kv_heads = 32, .head_width = 128, .window = 4096,
                   .window_from = 28, .qk_norm = true }, .no_window = true },
    { "qwen2_moe",
                 { GATED, .hidden = 2048, .layers = 24, .heads = 16, .kv_heads = 16,
                   .vocab = 151936, .inner = 5632, .expert_inner = 1408,
                   .shared_inner = 5632, .experts = 60, .picks = 4, .positions = 32768,
                   .window = 4096, .window_from = 28, .qkv_bias = true },
                   .no_window = true, .all_sparse = true },
    { "qwen3_moe",
                 { GATED, .hidden = 2048, .layers = 24, .heads = 32, .kv_heads = 4,
                   .vocab = 151936, .inner = 6144, .expert_inner = 768, .experts = 128,
                   .picks = 8, .positions = 32768, .window = 4096, .qk_norm = true },
                   .no_window = true, .all_sparse = true },
    { "phi3",    { GATED, .hidden = 3072, .layers = 32, .heads = 32, .vocab = 32064,
                   .inner = 8192, .positions = 4096, .fused_products = true } },
    { "gemma",   { GEMMA, .vocab = 256000, .hidden = 3072, .layers = 28, .heads = 16,
                   .kv_heads = 16, .inner = 24576, .positions = 8192 } },
    { "gemma2",  { GEMMA, .vocab = 256000, .hidden = 2304, .layers = 26, .heads = 8,
                   .kv_heads = 4, .inner = 9216, .positions = 8192, .window = 4096,
                   .window_every = 2, .norms_after = true, .caps_scores = true,
                   .caps_logits = true } },
    { "gemma3_text",
                 { GEMMA, .vocab = 262208, .hidden = 2304, .layers = 26, .heads = 8,
                   .kv_heads = 4, .inner = 9216, .positions = 131072, .window = 4096,
                   .window_every = 6, .norms_after = true, .qk_norm = true } },
    { "deepseek_v2",
                 { DEEPSEEK, .vocab = 32000, .hidden = 4096, .layers = 32, .heads = 32,
                   .inner = 11008, .expert_inner = 1407, .experts = 64,
                   .shared_experts = 2, .positions = 2048 } },
    { "deepseek_v3",
                 { DEEPSEEK, .vocab = 129280, .hidden = 7168, .layers = 61, .heads = 128,
                   .inner = 18432, .expert_inner = 2048, .experts = 256, .picks = 8,
                   .shared_experts = 1, .dense_layers = 3, .positions = 4096,
                   .router_bias = true } },
    { "t5",      { T5, .vocab = 32128, .hidden = 512, .layers = 6, .heads = 8,
                   .inner = 2048, .tied = true, .activation = TF_RELU } },
    { "mt5",     { T5, .vocab = 250112, .hidden = 512, .layers = 8, .heads = 6,
                   .inner = 1024, .gated = true, .activation = TF_GELU_NEW } },
    { "switch_transformers",
                 { T5, .vocab = 32128, .hidden = 768, .layers = 12, .heads = 12,
                   .inner = 2048, .tied = true, .activation = TF_RELU, .experts = 8,
                   .capacity = 64, .sparse_layers = 3, .decoder_sparse_layers = 3 } },
    { "vit",     { VIT } },
    { "deit",    { VIT, .distilled = true } },
    { "whisper", { .build = erg_tf_whisper, .vocab = 51865, .hidden = 384, .layers = 4,
                   .heads = 6, .inner = 1536, .decoder_layers = 4, .decoder_heads = 6,
                   .decoder_inner = 1536, .positions = 448, .source_positions = 1500,
                   .mels = 80, .tied = true, .no_dropout = true } },
};

static const struct { const char *name; tf_activation activation; } activations[] = {
    { "gelu", TF_GELU }, { "gelu_new", TF_GELU_NEW }, { "gelu_pytorch_tanh", TF_GELU_TANH },
    { "gelu_fast", TF_GELU_TANH }, { "quick_gelu", TF_SILU }, { "relu", TF_RELU },
    { "silu", TF_SILU }, { "swish", TF_SILU },
};

const erg_hf_key *erg_hf_key_at(size_t index)
{
    return index < ERG_COUNT(keys) ? &keys[index] : NULL;
}

const erg_hf_family *erg_hf_family_at(size_t index)
{
    return index < ERG_COUNT(families) ? &families[index] : NULL;
}

const erg_hf_family *erg_hf_family_find(const char *type)
{
    for (size_t i = 0; i < ERG_COUNT(families); i++)
        if (strcmp(families[i].type, type) == 0)
            return &families[i];
    return NULL;
}

/* How much of the name of a class is that of a family; 0: it is of another. */
static size_t named_after(const char *name, const char *type)
{
    size_t count = 0;

    for (; *type; type++)
        if (*type != '_' && *type != '-' && tolower((unsigned char)name[count++]) != *type)
            return 0;
    return count;
}

/* What follows says what the class does, or it is of a family of a longer name, as
 * Qwen2VLForConditionalGeneration. That an encoder stands alone no family knows. */
const erg_hf_family *erg_hf_family_of_class(const char *name)
{
    static const char *const does[] = { "For", "Model", "LMHead", "DoubleHeads" };

    for (size_t i = 0; i < ERG_COUNT(families); i++) {
        size_t count = named_after(name, families[i].type);
        for (size_t k = 0; count && k < ERG_COUNT(does); k++)
            if (strncmp(name + count, does[k], strlen(does[k])) == 0)
                return &families[i];
    }
    return NULL;
}

bool erg_hf_activation(const char *name, tf_activation *out)
{
    for (size_t i = 0; i < ERG_COUNT(activations); i++)
        if (strcmp(name, activations[i].name) == 0) {
            *out = activations[i].activation;
            return true;
        }
    return false;
}

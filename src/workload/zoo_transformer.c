/* SPDX-License-Identifier: Apache-2.0 */
/* Transformers of the zoo: dimensions as their makers published them. */
#include "workload/transformer.h"

#define NET static const erg_transformer

NET bert_base = { .build = erg_tf_bert, .layers = 12, .hidden = 768, .heads = 12,
                  .vocab = 30522, .positions = 512, .types = 2 };
NET bert_large = { .build = erg_tf_bert, .layers = 24, .hidden = 1024, .heads = 16,
                   .vocab = 30522, .positions = 512, .types = 2 };

#define GPT2 .build = erg_tf_gpt2, .vocab = 50257, .positions = 1024, .tied = true, \
             .activation = TF_GELU_NEW

NET gpt2 = { GPT2, .layers = 12, .hidden = 768, .heads = 12 };
NET gpt2_medium = { GPT2, .layers = 24, .hidden = 1024, .heads = 16 };
NET gpt2_large = { GPT2, .layers = 36, .hidden = 1280, .heads = 20 };
NET gpt2_xl = { GPT2, .layers = 48, .hidden = 1600, .heads = 25 };

#define OPT .build = erg_tf_opt, .vocab = 50272, .positions = 2048, .tied = true, \
            .activation = TF_RELU

NET opt_125m = { OPT, .layers = 12, .hidden = 768, .heads = 12 };
NET opt_1_3b = { OPT, .layers = 24, .hidden = 2048, .heads = 32 };
NET opt_6_7b = { OPT, .layers = 32, .hidden = 4096, .heads = 32 };

#define LLAMA .build = erg_tf_llama, .gated = true, .activation = TF_SILU, \
              .no_dropout = true

NET llama2_7b = { LLAMA, .layers = 32, .hidden = 4096, .heads = 32, .inner = 11008,
                  .vocab = 32000, .positions = 4096 };
NET llama2_13b = { LLAMA, .layers = 40, .hidden = 5120, .heads = 40, .inner = 13824,
                   .vocab = 32000, .positions = 4096 };
NET llama2_70b = { LLAMA, .layers = 80, .hidden = 8192, .heads = 64, .kv_heads = 8,
                   .inner = 28672, .vocab = 32000, .positions = 4096 };
NET llama3_8b = { LLAMA, .layers = 32, .hidden = 4096, .heads = 32, .kv_heads = 8,
                  .inner = 14336, .vocab = 128256, .positions = 8192 };
NET llama3_70b = { LLAMA, .layers = 80, .hidden = 8192, .heads = 64, .kv_heads = 8,
                   .inner = 28672, .vocab = 128256, .positions = 8192 };
NET llama3_2_1b = { LLAMA, .layers = 16, .hidden = 2048, .heads = 32, .kv_heads = 8,
                    .inner = 8192, .vocab = 128256, .positions = 131072, .tied = true };
NET mistral_7b = { LLAMA, .layers = 32, .hidden = 4096, .heads = 32, .kv_heads = 8,
                   .inner = 14336, .vocab = 32000, .positions = 32768, .window = 4096 };
NET mixtral_8x7b = { LLAMA, .layers = 32, .hidden = 4096, .heads = 32, .kv_heads = 8,
                     .inner = 14336, .vocab = 32000, .positions = 32768, .experts = 8,
                     .picks = 2 };

#define QWEN2 LLAMA, .qkv_bias = true, .positions = 32768

NET qwen2_0_5b = { QWEN2, .layers = 24, .hidden = 896, .heads = 14, .kv_heads = 2,
                   .inner = 4864, .vocab = 151936, .tied = true };
NET qwen2_1_5b = { QWEN2, .layers = 28, .hidden = 1536, .heads = 12, .kv_heads = 2,
                   .inner = 8960, .vocab = 151936, .tied = true };
NET qwen2_7b = { QWEN2, .layers = 28, .hidden = 3584, .heads = 28, .kv_heads = 4,
                 .inner = 18944, .vocab = 152064 };

#define T5 .build = erg_tf_t5, .vocab = 32128, .buckets = 32, .head_width = 64, \
           .tied = true, .activation = TF_RELU

NET t5_small = { T5, .layers = 6, .hidden = 512, .heads = 8, .inner = 2048 };
NET t5_base = { T5, .layers = 12, .hidden = 768, .heads = 12, .inner = 3072 };
NET t5_large = { T5, .layers = 24, .hidden = 1024, .heads = 16, .inner = 4096 };
NET switch_base = { T5, .layers = 12, .hidden = 768, .heads = 12, .inner = 3072,
                    .experts = 8, .capacity = 64, .sparse_step = 2,
                    .decoder_sparse_step = 2 };

#define VIT .build = erg_tf_vit, .image = 224, .patch = 16, .channels = 3, .labels = 1000, \
            .qkv_bias = true, .no_dropout = true

NET vit_base = { VIT, .layers = 12, .hidden = 768, .heads = 12 };
NET vit_large = { VIT, .layers = 24, .hidden = 1024, .heads = 16 };

#define WHISPER .build = erg_tf_whisper, .vocab = 51865, .positions = 448, .mels = 80, \
                .source_positions = 1500, .tied = true, .no_dropout = true

NET whisper_tiny = { WHISPER, .layers = 4, .hidden = 384, .heads = 6 };
NET whisper_base = { WHISPER, .layers = 6, .hidden = 512, .heads = 8 };
NET whisper_small = { WHISPER, .layers = 12, .hidden = 768, .heads = 12 };
NET whisper_medium = { WHISPER, .layers = 24, .hidden = 1024, .heads = 16 };
NET whisper_large_v2 = { WHISPER, .layers = 32, .hidden = 1280, .heads = 20 };

#define ROW(name, family, net, about) \
    { name, family, about, erg_transformer_build, &(net), ERG_HEAD_AUTO }

const erg_zoo_entry erg_zoo_transformer[] = {
    /* Published without the classifier that an inference runs with. */
    { "bert_base", "bert", "encoder of text, 12 layers",
      erg_transformer_build, &bert_base, ERG_HEAD_POOLER },
    { "bert_large", "bert", "encoder of text, 24 layers",
      erg_transformer_build, &bert_large, ERG_HEAD_POOLER },
    ROW("gpt2",         "gpt2",    gpt2,         "decoder of text, 12 layers"),
    ROW("gpt2_medium",  "gpt2",    gpt2_medium,  "decoder of text, 24 layers"),
    ROW("gpt2_large",   "gpt2",    gpt2_large,   "decoder of text, 36 layers"),
    ROW("gpt2_xl",      "gpt2",    gpt2_xl,      "decoder of text, 48 layers"),
    ROW("opt_125m",     "opt",     opt_125m,     "decoder of text, 12 layers"),
    ROW("opt_1.3b",     "opt",     opt_1_3b,     "decoder of text, 24 layers"),
    ROW("opt_6.7b",     "opt",     opt_6_7b,     "decoder of text, 32 layers"),
    ROW("llama2_7b",    "llama",   llama2_7b,    "decoder of text, 32 layers"),
    ROW("llama2_13b",   "llama",   llama2_13b,   "decoder of text, 40 layers"),
    ROW("llama2_70b",   "llama",   llama2_70b,   "decoder of text, 80 layers, shared keys"),
    ROW("llama3_8b",    "llama",   llama3_8b,    "decoder of text, 32 layers, shared keys"),
    ROW("llama3_70b",   "llama",   llama3_70b,   "decoder of text, 80 layers, shared keys"),
    ROW("llama3.2_1b",  "llama",   llama3_2_1b,  "decoder of text, 16 layers, shared keys"),
    ROW("mistral_7b",   "mistral", mistral_7b,   "decoder of text, a window of 4096 keys"),
    ROW("mixtral_8x7b", "mixtral", mixtral_8x7b, "decoder of text, 2 of 8 experts a token"),
    ROW("qwen2_0.5b",   "qwen2",   qwen2_0_5b,   "decoder of text, 24 layers, shared keys"),
    ROW("qwen2_1.5b",   "qwen2",   qwen2_1_5b,   "decoder of text, 28 layers, shared keys"),
    ROW("qwen2_7b",     "qwen2",   qwen2_7b,     "decoder of text, 28 layers, shared keys"),
    ROW("t5_small",     "t5",      t5_small,     "text to text, 6 + 6 layers"),
    ROW("t5_base",      "t5",      t5_base,      "text to text, 12 + 12 layers"),
    ROW("t5_large",     "t5",      t5_large,     "text to text, 24 + 24 layers"),
    ROW("switch_base",  "switch",  switch_base,
        "text to text, 8 experts in half of its layers"),
    ROW("vit_base",     "vit",     vit_base,     "image classifier, 197 tokens, 12 layers"),
    ROW("vit_large",    "vit",     vit_large,    "image classifier, 197 tokens, 24 layers"),
    ROW("whisper_tiny",     "whisper", whisper_tiny,     "speech to text, 4 + 4 layers"),
    ROW("whisper_base",     "whisper", whisper_base,     "speech to text, 6 + 6 layers"),
    ROW("whisper_small",    "whisper", whisper_small,    "speech to text, 12 + 12 layers"),
    ROW("whisper_medium",   "whisper", whisper_medium,   "speech to text, 24 + 24 layers"),
    ROW("whisper_large_v2", "whisper", whisper_large_v2, "speech to text, 32 + 32 layers"),
    { 0 }
};

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A Hugging Face config.json: dimensions from its fields by `model_type`. Names
 * in it (`_name_or_path`, `architectures`) say what somebody once called it, not
 * what it is: they are never read. A missing field has the default of its class
 * in the transformers library.
 */
#include <stdlib.h>
#include <string.h>
#include "format/json.h"
#include "workload/transformer.h"

#define AT(field) offsetof(erg_transformer, field)

typedef struct key {
    const char *name;
    size_t at;              /* of an int64_t in erg_transformer */
    int64_t most;           /* a larger value is a mistake or an attack */
    bool may_be_none;       /* 0 says that there is none, and is not "as usual" */
} key;

enum { LAYERS_MOST = 10000, WIDTH_MOST = 1 << 24, HEADS_MOST = 1 << 16,
       ROWS_MOST = 1 << 30, EXPERTS_MOST = 4096,
       EXPERT_BLOCKS_MOST = 1 << 16 };

static const key keys[] = {
    { "num_hidden_layers",            AT(layers),                LAYERS_MOST },
    { "n_layer",                      AT(layers),                LAYERS_MOST },
    { "num_layers",                   AT(layers),                LAYERS_MOST },
    { "encoder_layers",               AT(layers),                LAYERS_MOST },
    { "num_decoder_layers",           AT(decoder_layers),        LAYERS_MOST },
    { "decoder_layers",               AT(decoder_layers),        LAYERS_MOST },
    { "hidden_size",                  AT(hidden),                WIDTH_MOST },
    { "n_embd",                       AT(hidden),                WIDTH_MOST },
    { "d_model",                      AT(hidden),                WIDTH_MOST },
    { "num_attention_heads",          AT(heads),                 HEADS_MOST },
    { "n_head",                       AT(heads),                 HEADS_MOST },
    { "num_heads",                    AT(heads),                 HEADS_MOST },
    { "encoder_attention_heads",      AT(heads),                 HEADS_MOST },
    { "decoder_attention_heads",      AT(decoder_heads),         HEADS_MOST },
    { "num_key_value_heads",          AT(kv_heads),              HEADS_MOST },
    { "head_dim",                     AT(head_width),            WIDTH_MOST },
    { "d_kv",                         AT(head_width),            WIDTH_MOST },
    { "intermediate_size",            AT(inner),                 WIDTH_MOST },
    { "n_inner",                      AT(inner),                 WIDTH_MOST },
    { "ffn_dim",                      AT(inner),                 WIDTH_MOST },
    { "d_ff",                         AT(inner),                 WIDTH_MOST },
    { "encoder_ffn_dim",              AT(inner),                 WIDTH_MOST },
    { "decoder_ffn_dim",              AT(decoder_inner),         WIDTH_MOST },
    { "vocab_size",                   AT(vocab),                 ROWS_MOST },
    { "n_positions",                  AT(positions),             ROWS_MOST },
    { "max_position_embeddings",      AT(positions),             ROWS_MOST },
    { "max_target_positions",         AT(positions),             ROWS_MOST },
    { "max_source_positions",         AT(source_positions),      ROWS_MOST },
    { "type_vocab_size",              AT(types),                 ROWS_MOST, true },
    { "word_embed_proj_dim",          AT(embed_width),           WIDTH_MOST },
    { "sliding_window",               AT(window),                ROWS_MOST, true },
    { "relative_attention_num_buckets", AT(buckets),             ROWS_MOST },
    { "num_local_experts",            AT(experts),               EXPERTS_MOST, true },
    { "num_experts",                  AT(experts),               EXPERTS_MOST, true },
    { "num_experts_per_tok",          AT(picks),                 EXPERTS_MOST },
    { "expert_capacity",              AT(capacity),              ROWS_MOST },
    { "encoder_sparse_step",          AT(sparse_step),           LAYERS_MOST, true },
    { "decoder_sparse_step",          AT(decoder_sparse_step),   LAYERS_MOST, true },
    { "num_sparse_encoder_layers",    AT(sparse_layers),         LAYERS_MOST, true },
    { "num_sparse_decoder_layers",    AT(decoder_sparse_layers), LAYERS_MOST, true },
    { "image_size",                   AT(image),                 HEADS_MOST },
    { "patch_size",                   AT(patch),                 HEADS_MOST },
    { "num_channels",                 AT(channels),              HEADS_MOST },
    { "num_labels",                   AT(labels),                ROWS_MOST },
    { "num_mel_bins",                 AT(mels),                  HEADS_MOST },
};

typedef struct family {
    const char *type;               /* `model_type` */
    erg_transformer usual;          /* of its configuration class */
    bool no_window;                 /* unless `use_sliding_window` asks for it */
} family;

#define LLAMA .build = erg_tf_llama, .gated = true, .activation = TF_SILU, \
              .no_dropout = true, .hidden = 4096, .layers = 32, .heads = 32

static const family families[] = {
    { "bert",    { .build = erg_tf_bert, .vocab = 30522, .hidden = 768, .layers = 12,
                   .heads = 12, .inner = 3072, .positions = 512, .types = 2 } },
    { "gpt2",    { .build = erg_tf_gpt2, .vocab = 50257, .hidden = 768, .layers = 12,
                   .heads = 12, .positions = 1024, .tied = true,
                   .activation = TF_GELU_NEW } },
    { "opt",     { .build = erg_tf_opt, .vocab = 50272, .hidden = 768, .layers = 12,
                   .heads = 12, .inner = 3072, .positions = 2048, .tied = true,
                   .activation = TF_RELU } },
    { "llama",   { LLAMA, .vocab = 32000, .inner = 11008, .positions = 2048 } },
    { "mistral", { LLAMA, .vocab = 32000, .inner = 14336, .positions = 131072,
                   .kv_heads = 8, .window = 4096 } },
    { "mixtral", { LLAMA, .vocab = 32000, .inner = 14336, .positions = 131072,
                   .kv_heads = 8, .experts = 8, .picks = 2 } },
    { "qwen2",   { LLAMA, .vocab = 151936, .inner = 22016, .positions = 32768,
                   .qkv_bias = true }, .no_window = true },
    { "t5",      { .build = erg_tf_t5, .vocab = 32128, .hidden = 512, .layers = 6,
                   .heads = 8, .head_width = 64, .inner = 2048, .buckets = 32,
                   .tied = true, .activation = TF_RELU } },
    { "switch_transformers",
                 { .build = erg_tf_t5, .vocab = 32128, .hidden = 768, .layers = 12,
                   .heads = 12, .head_width = 64, .inner = 2048, .buckets = 32,
                   .tied = true, .activation = TF_RELU, .experts = 8, .capacity = 64,
                   .sparse_layers = 3, .decoder_sparse_layers = 3 } },
    { "vit",     { .build = erg_tf_vit, .hidden = 768, .layers = 12, .heads = 12,
                   .inner = 3072, .image = 224, .patch = 16, .channels = 3,
                   .labels = 1000, .qkv_bias = true, .no_dropout = true } },
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

/* ---- fields ------------------------------------------------------------------ */

static bool read_numbers(const json_t *root, erg_transformer *net, erg_error *err)
{
    for (size_t i = 0; i < ERG_COUNT(keys); i++) {
        const json_t *value = json_object_get(root, keys[i].name);
        if (!value || json_is_null(value))
            continue;
        if (!json_is_integer(value))
            return erg_fail(err, ERG_BAD_INPUT, "%s is not a whole number", keys[i].name);
        json_int_t number = json_integer_value(value);
        int least = keys[i].may_be_none ? 0 : 1;
        if (number < least || number > keys[i].most)
            return erg_fail(err, ERG_BAD_INPUT, "%s is %lld: it must be %d to %lld",
                            keys[i].name, (long long)number, least,
                            (long long)keys[i].most);
        *(int64_t *)(void *)((char *)net + keys[i].at) = number;
    }
    return true;
}

static bool read_activation(const json_t *root, erg_transformer *net, erg_error *err)
{
    static const char *const names[] = { "hidden_act", "activation_function",
                                         "dense_act_fn" };

    for (size_t i = 0; i < ERG_COUNT(names); i++) {
        const json_t *value = json_object_get(root, names[i]);
        const char *word = json_string_value(value);
        bool known = !word;
        if (value && !word && !json_is_null(value))
            return erg_fail(err, ERG_BAD_INPUT, "%s is no word: it names an activation",
                            names[i]);
        for (size_t j = 0; word && j < ERG_COUNT(activations); j++)
            if (strcmp(word, activations[j].name) == 0) {
                net->activation = activations[j].activation;
                known = true;
            }
        if (!known)
            return erg_fail(err, ERG_BAD_INPUT, "%s \"%.40s\" has no cost rule", names[i],
                            word);
    }
    return true;
}

static void read_flag(const json_t *root, const char *name, bool *flag)
{
    const json_t *value = json_object_get(root, name);

    if (json_is_boolean(value))
        *flag = json_is_true(value);
}

/* A probability of 0 launches nothing, even in training. */
static bool never_drops(const json_t *root, const char *const *names, size_t count,
                        bool usual)
{
    for (size_t i = 0; i < count; i++) {
        const json_t *value = json_object_get(root, names[i]);
        if (json_is_number(value))
            return json_number_value(value) <= 0;
    }
    return usual;
}

static void read_dropouts(const json_t *root, erg_transformer *net)
{
    static const char *const any[] = { "hidden_dropout_prob", "resid_pdrop", "dropout",
                                       "dropout_rate" };
    static const char *const scores[] = { "attention_probs_dropout_prob", "attn_pdrop",
                                          "attention_dropout", "dropout_rate" };

    net->no_attention_dropout = never_drops(root, scores, ERG_COUNT(scores),
                                            net->no_dropout);
    net->no_dropout = never_drops(root, any, ERG_COUNT(any), net->no_dropout);
}

static void read_flags(const json_t *root, const family *of, erg_transformer *net)
{
    bool norm_first = true, windows = !of->no_window;
    const char *gate = json_string_value(json_object_get(root, "feed_forward_proj"));

    read_flag(root, "tie_word_embeddings", &net->tied);
    read_flag(root, "attention_bias", &net->qkv_bias);
    read_flag(root, "qkv_bias", &net->qkv_bias);
    read_flag(root, "attention_bias", &net->out_bias);
    read_flag(root, "mlp_bias", &net->mlp_bias);
    read_flag(root, "is_gated_act", &net->gated);
    read_flag(root, "do_layer_norm_before", &norm_first);
    read_flag(root, "use_sliding_window", &windows);
    net->norm_last = !norm_first;
    net->window = windows ? net->window : 0;
    if (gate && strncmp(gate, "gated-", 6) == 0) {
        net->gated = true;
        net->activation = TF_GELU_NEW;
    }
    /* The library derives the step from the count: a step alone is an older file. */
    if (json_object_get(root, "encoder_sparse_step")
        && !json_object_get(root, "num_sparse_encoder_layers"))
        net->sparse_layers = 0;
    if (json_object_get(root, "decoder_sparse_step")
        && !json_object_get(root, "num_sparse_decoder_layers"))
        net->decoder_sparse_layers = 0;
}

/* ---- the file ------------------------------------------------------------------ */

static const family *family_find(const char *type, erg_error *err)
{
    erg_text known = { 0 };

    for (size_t i = 0; type && i < ERG_COUNT(families); i++)
        if (strcmp(families[i].type, type) == 0)
            return &families[i];
    for (size_t i = 0; i < ERG_COUNT(families); i++)
        erg_text_add(&known, "%s%s", i ? ", " : "", families[i].type);
    char *list = erg_text_take(&known);
    if (type)
        erg_fail(err, ERG_BAD_INPUT, "model_type %.40s is none that is known: %s", type,
                 list ? list : "");
    else
        erg_fail(err, ERG_BAD_INPUT, "JSON without \"model_type\", which a config.json "
                 "has: one of %s", list ? list : "");
    free(list);
    return NULL;
}

static bool read_shape(const json_t *root, erg_transformer *net, erg_error *err)
{
    const char *type = json_string_value(json_object_get(root, "model_type"));
    const family *of = family_find(type, err);

    if (!of)
        return false;
    *net = of->usual;
    if (!read_numbers(root, net, err) || !read_activation(root, net, err))
        return false;
    read_flags(root, of, net);
    read_dropouts(root, net);
    if (net->layers > EXPERT_BLOCKS_MOST / (net->experts + 1)
        || net->decoder_layers > EXPERT_BLOCKS_MOST / (net->experts + 1))
        return erg_fail(err, ERG_BAD_INPUT, "layers of %lld experts are too many",
                        (long long)net->experts);
    return true;
}

/* "models/bert_large.json" and "bert_large/config.json" are both bert_large. */
static void name_of(const char *path, char *name, size_t size)
{
    const char *slash = strrchr(path, '/'), *begin = slash ? slash + 1 : path;
    size_t count = strcspn(begin, ".");

    if (slash && slash > path && strcmp(begin, "config.json") == 0) {
        const char *end = slash;
        for (begin = slash; begin > path && begin[-1] != '/';)
            begin--;
        count = (size_t)(end - begin);
    }
    count = count < size ? count : size - 1;
    memcpy(name, begin, count);
    name[count] = '\0';
}

erg_graph *erg_hf_config_parse(const char *name, const char *text, size_t count,
                               const erg_graph_options *options, erg_error *err)
{
    json_error_t fault;
    json_t *root = json_loadb(text, count, 0, &fault);
    erg_transformer net;
    erg_error why = { 0 };
    erg_builder *builder = NULL;

    if (!root)
        erg_fail(&why, ERG_BAD_INPUT, "line %d: %s", fault.line, fault.text);
    else if (read_shape(root, &net, &why))
        builder = erg_build_begin(name, "hf_config", options, &why);
    json_decref(root);
    erg_graph *graph = NULL;
    if (builder) {
        erg_transformer_build(builder, &net);
        graph = erg_build_end(builder, &why);
    }
    if (!graph)
        erg_fail(err, why.code, "%.60s: %s", name, why.text);
    return graph;
}

static bool sniff(const char *spec, const char *head, size_t count)
{
    (void)spec;
    return erg_json_begins(head, count, '{');
}

static erg_graph *read_file(const char *spec, const erg_graph_options *options,
                            erg_error *err)
{
    char name[64];
    size_t count;
    char *text = erg_file_read(spec, 1 << 20, &count, err);

    if (!text)
        return NULL;
    name_of(spec, name, sizeof(name));
    erg_graph *graph = erg_hf_config_parse(name, text, count, options, err);
    free(text);
    return graph;
}

const erg_graph_reader erg_reader_hf_config = {
    .name = "hf_config",
    .about = "dimensions of a transformer: a Hugging Face config.json",
    .sniff = sniff,
    .read = read_file,
};

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A Hugging Face config.json: dimensions from its fields by `model_type`. Names in
 * it (`_name_or_path`, `architectures`) say what somebody once called it, not what
 * it is: without a `model_type` alone the class tells the family, and its head is
 * never read. A missing field has the default of its class in the transformers
 * library.
 */
#include <stdlib.h>
#include <string.h>
#include "workload/hf_part.h"

/* Names of 21,843 labels, of networks that tell pictures apart, take 2 MB. */
enum { EXPERT_BLOCKS_MOST = 1 << 16, CONFIG_BYTES_MOST = 16 << 20, SIDE_MOST = 1 << 16 };

/* ---- fields ------------------------------------------------------------------ */

static bool number_fits(const erg_hf_key *key, const json_t *value, erg_error *err)
{
    if (!json_is_integer(value))
        return erg_fail(err, ERG_BAD_INPUT, "%s is not a whole number", key->name);
    json_int_t number = json_integer_value(value);
    int least = key->none == ERG_HF_USUAL || key->at == offsetof(erg_transformer, kv_heads);
    if (number < least || number > key->most)
        return erg_fail(err, ERG_BAD_INPUT, "%s is %lld: it must be %d to %lld", key->name,
                        (long long)number, least, (long long)key->most);
    return true;
}

static bool read_numbers(const json_t *root, erg_transformer *net, erg_error *err)
{
    const erg_hf_key *key;

    for (size_t i = 0; (key = erg_hf_key_at(i)); i++) {
        const json_t *value = json_object_get(root, key->name);
        bool is_null = json_is_null(value);
        if (!value || (is_null && key->none != ERG_HF_NULL)
            || (key->has_sides && json_is_array(value)))
            continue;
        if (!is_null && !number_fits(key, value, err))
            return false;
        *(int64_t *)(void *)((char *)net + key->at) = json_integer_value(value);
    }
    return true;
}

/* Height and width, where a picture or a patch has both. */
static bool read_sides(const json_t *root, erg_transformer *net, erg_error *err)
{
    const struct { const char *name; int64_t *high, *wide; } sides[] = {
        { "image_size", &net->image, &net->image_width },
        { "patch_size", &net->patch, &net->patch_width },
    };

    for (size_t i = 0; i < ERG_COUNT(sides); i++) {
        const json_t *pair = json_object_get(root, sides[i].name);
        const erg_hf_key key = { .name = sides[i].name, .most = SIDE_MOST };
        size_t count = json_array_size(pair);
        if (!json_is_array(pair))
            continue;
        if (count < 1 || count > 2)
            return erg_fail(err, ERG_BAD_INPUT, "%s is not one number, or two", key.name);
        const json_t *high = json_array_get(pair, 0);
        const json_t *wide = json_array_get(pair, count - 1);
        if (!number_fits(&key, high, err) || !number_fits(&key, wide, err))
            return false;
        *sides[i].high = json_integer_value(high);
        *sides[i].wide = json_integer_value(wide);
    }
    return true;
}

static bool read_activation(const json_t *root, erg_transformer *net, erg_error *err)
{
    static const char *const names[] = { "hidden_act", "activation", "hidden_activation",
                                         "activation_function", "dense_act_fn" };

    for (size_t i = 0; i < ERG_COUNT(names); i++) {
        const json_t *value = json_object_get(root, names[i]);
        const char *word = json_string_value(value);
        if (value && !word && !json_is_null(value))
            return erg_fail(err, ERG_BAD_INPUT, "%s is no word: it names an activation",
                            names[i]);
        if (word && !erg_hf_activation(word, &net->activation))
            return erg_fail(err, ERG_BAD_INPUT, "%s \"%.40s\" has no cost rule", names[i],
                            word);
    }
    return true;
}

/* T5 says "relu", "gated-gelu" or "gated-silu": its gelu behind a gate is gelu_new. */
static bool read_gate(const json_t *root, erg_transformer *net, erg_error *err)
{
    const char *word = json_string_value(json_object_get(root, "feed_forward_proj"));

    if (!word)
        return true;
    net->gated = strncmp(word, "gated-", strlen("gated-")) == 0;
    word += net->gated ? strlen("gated-") : 0;
    if (net->gated && strcmp(word, "gelu") == 0)
        word = "gelu_new";
    return erg_hf_activation(word, &net->activation)
           || erg_fail(err, ERG_BAD_INPUT, "feed_forward_proj \"%.40s\" has no cost rule",
                       word);
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

static void read_flags(const json_t *root, const erg_hf_family *of, erg_transformer *net)
{
    bool norm_first = true, windows = !of->no_window, parallel = true;
    bool *const biases[] = { &net->qkv_bias, &net->out_bias, &net->mlp_bias };

    read_flag(root, "tie_word_embeddings", &net->tied);
    read_flag(root, "attention_bias", &net->qkv_bias);
    read_flag(root, "qkv_bias", &net->qkv_bias);
    read_flag(root, "attention_bias", &net->out_bias);
    read_flag(root, "mlp_bias", &net->mlp_bias);
    read_flag(root, "is_gated_act", &net->gated);
    read_flag(root, "alibi", &net->alibi);
    read_flag(root, "multi_query", &net->one_key_head);
    read_flag(root, "new_decoder_architecture", &net->new_decoder);
    read_flag(root, "parallel_attn", &parallel);
    read_flag(root, "use_parallel_residual", &parallel);
    net->serial = !parallel;
    if (of->usual.one_key_head)     /* falcon says one for all */
        for (size_t i = 0; i < ERG_COUNT(biases); i++)
            read_flag(root, "bias", biases[i]);
    read_flag(root, "do_layer_norm_before", &norm_first);
    read_flag(root, "use_sliding_window", &windows);
    net->norm_last = !norm_first;
    net->caps_scores &= !json_is_null(json_object_get(root, "attn_logit_softcapping"));
    net->caps_logits &= !json_is_null(json_object_get(root, "final_logit_softcapping"));
    net->window = windows ? net->window : 0;
    /* The library derives the step from the count: a step alone is an older file. */
    if (json_object_get(root, "encoder_sparse_step")
        && !json_object_get(root, "num_sparse_encoder_layers"))
        net->sparse_layers = 0;
    if (json_object_get(root, "decoder_sparse_step")
        && !json_object_get(root, "num_sparse_decoder_layers"))
        net->decoder_sparse_layers = 0;
}

/* ---- layers of two sorts --------------------------------------------------------- */

static bool is_sliding(const json_t *words, size_t layer)
{
    const char *word = json_string_value(json_array_get(words, layer));
    return word && strcmp(word, "sliding_attention") == 0;
}

static bool words_are_known(const json_t *words, const erg_transformer *net, erg_error *err)
{
    size_t count = json_array_size(words);

    if (count != (size_t)net->layers)
        return erg_fail(err, ERG_BAD_INPUT, "layer_types has %zu words for %lld layers",
                        count, (long long)net->layers);
    for (size_t i = 0; i < count; i++) {
        const char *word = json_string_value(json_array_get(words, i));
        if (!word || (strcmp(word, "full_attention") != 0 && !is_sliding(words, i)))
            return erg_fail(err, ERG_BAD_INPUT, "layer_types: %.40s has no cost rule: only "
                            "full_attention and sliding_attention",
                            word ? word : "what is no word");
    }
    return true;
}

static bool says(const erg_transformer *net, const json_t *words)
{
    for (int64_t i = 0; i < net->layers; i++)
        if (erg_tf_sees_all(net, i) == is_sliding(words, (size_t)i))
            return false;
    return true;
}

/* Newer files say of each layer whether it has the window: all or none, all after the
 * first ones, or all but every n-th. */
static bool read_layer_types(const json_t *root, erg_transformer *net, erg_error *err)
{
    const json_t *words = json_object_get(root, "layer_types");
    int64_t first_all = 0, first_window = 0;

    if (!words || json_is_null(words))
        return true;
    if (!words_are_known(words, net, err))
        return false;
    while (first_all < net->layers && is_sliding(words, (size_t)first_all))
        first_all++;
    while (first_window < net->layers && !is_sliding(words, (size_t)first_window))
        first_window++;
    net->window_every = 0;
    net->window_from = first_window;
    if (says(net, words))
        return true;
    net->window_from = 0;
    net->window_every = first_all + 1;
    return says(net, words)
           || erg_fail(err, ERG_BAD_INPUT, "layer_types in that order has no cost rule: "
                       "the first layers, or every n-th, may see all");
}

/* ---- the file ------------------------------------------------------------------ */

static const struct { const char *name; bool value; } odd_flags[] = {
    { "add_cross_attention", true }, { "enable_bias", false },
    { "layer_norm_elementwise_affine", false }, { "qk_layernorm", true },
};

/* What the cost rules of a family do not know would be a wrong number without a word. */
static bool is_plain(const json_t *root, const erg_hf_family *of, erg_transformer *net,
                     erg_error *err)
{
    const char *position =
        json_string_value(json_object_get(root, "position_embedding_type"));
    bool has_dense = json_array_size(json_object_get(root, "mlp_only_layers")) > 0
                     || net->decoder_sparse_step > 1;

    if (position && strcmp(position, "absolute") != 0)
        return erg_fail(err, ERG_BAD_INPUT,
                        "position_embedding_type %.40s has no cost rule: only absolute",
                        position);
    for (size_t i = 0; i < ERG_COUNT(odd_flags); i++) {
        const json_t *flag = json_object_get(root, odd_flags[i].name);
        if (json_is_boolean(flag) && json_is_true(flag) == odd_flags[i].value)
            return erg_fail(err, ERG_BAD_INPUT, "%s %s has no cost rule", odd_flags[i].name,
                            odd_flags[i].value ? "true" : "false");
    }
    if (of->all_sparse && has_dense)
        return erg_fail(err, ERG_BAD_INPUT, "%s with dense layers between those of experts "
                        "(mlp_only_layers, decoder_sparse_step) has no cost rule",
                        of->type);
    if (net->key_value_rank && net->experts
        && (!net->picks || net->decoder_sparse_step > 1))
        return erg_fail(err, ERG_BAD_INPUT, "%s needs num_experts_per_tok, and a "
                        "moe_layer_freq of 1", of->type);
    if (of->all_sparse && !net->experts)
        return erg_fail(err, ERG_BAD_INPUT, "%s without experts has no cost rule",
                        of->type);
    return true;
}

static bool read_shape(const json_t *whole, const erg_hf_part *part, erg_transformer *net,
                       erg_error *err)
{
    const json_t *root = part->of;
    const erg_hf_family *of = part->family;

    *net = of->usual;
    /* A list of labels counts them, where no number does. */
    size_t labels = json_object_size(json_object_get(root, "id2label"));
    net->labels = labels ? (int64_t)labels : net->labels;
    if (!read_numbers(root, net, err) || !read_sides(root, net, err)
        || !read_activation(root, net, err) || !read_gate(root, net, err)
        || !read_layer_types(root, net, err) || !is_plain(root, of, net, err))
        return false;
    read_flag(whole, "tie_word_embeddings", &net->tied);
    read_flags(root, of, net);
    read_dropouts(root, net);
    if (of->all_sparse)
        net->inner = net->expert_inner;
    if (net->buckets)       /* relative positions: as many as you like, whatever it says */
        net->positions = 0;
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

/* What is not counted as it is written. */
static void notes(erg_builder *builder, const json_t *root, const erg_hf_part *part)
{
    const json_t *packed = json_object_get(root, "quantization_config");
    const char *type = json_string_value(json_object_get(part->of, "model_type"));

    if (!packed)
        packed = json_object_get(part->of, "quantization_config");
    const char *method = json_string_value(json_object_get(packed, "quant_method"));
    if (part->outer)
        erg_build_note(builder, "of %.40s only the part that reads text (%.40s) is "
                       "counted: what sees or hears is not", part->outer,
                       part->of != root && type ? type : part->family->type);
    if (part->class)
        erg_build_note(builder, "without model_type its family is that of the class "
                       "%.60s", part->class);
    if (json_is_object(packed))
        erg_build_note(builder, "its weights are stored quantised (%.40s): they are "
                       "counted as wide as --precision says, here %s",
                       method ? method : "unnamed",
                       erg_precision_name(erg_build_options(builder)->precision));
}

erg_graph *erg_hf_config_parse(const char *name, const char *text, size_t count,
                               const erg_graph_options *options, erg_error *err)
{
    json_error_t fault;
    json_t *root = json_loadb(text, count, 0, &fault);
    erg_hf_part part;
    erg_transformer net;
    erg_error why = { 0 };
    erg_builder *builder = NULL;

    if (!root)
        erg_fail(&why, ERG_BAD_INPUT, "line %d: %s", fault.line, fault.text);
    else if (erg_hf_part_find(root, &part, &why) && read_shape(root, &part, &net, &why))
        builder = erg_build_begin(name, "hf_config", options, &why);
    if (builder)
        notes(builder, root, &part);
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
    char *text = erg_file_read(spec, CONFIG_BYTES_MOST, &count, err);

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

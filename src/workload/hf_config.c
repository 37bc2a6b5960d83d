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
#include "format/json.h"
#include "workload/hf_family.h"

/* Names of 21,843 labels, of networks that tell pictures apart, take 2 MB. */
enum { EXPERT_BLOCKS_MOST = 1 << 16, CONFIG_BYTES_MOST = 16 << 20 };

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
        if (!value || (is_null && key->none != ERG_HF_NULL))
            continue;
        if (!is_null && !number_fits(key, value, err))
            return false;
        *(int64_t *)(void *)((char *)net + key->at) = json_integer_value(value);
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

static bool unknown_type(const char *type, erg_error *err)
{
    erg_text known = { 0 };
    const erg_hf_family *family;

    for (size_t i = 0; (family = erg_hf_family_at(i)); i++)
        erg_text_add(&known, "%s%s", i ? ", " : "", family->type);
    char *list = erg_text_take(&known);
    if (type)
        erg_fail(err, ERG_BAD_INPUT, "model_type %.40s is none that is known: %s", type,
                 list ? list : "");
    else
        erg_fail(err, ERG_BAD_INPUT, "JSON without \"model_type\", which a config.json "
                 "has: one of %s", list ? list : "");
    free(list);
    return false;
}

/* Of a network of several senses, the part that reads text; *outer: the whole. */
static const json_t *text_part(const json_t *root, const char **outer)
{
    const json_t *part = json_object_get(root, "text_config");
    const char *type = json_string_value(json_object_get(root, "model_type"));
    const char *inner = json_string_value(json_object_get(part, "model_type"));

    *outer = NULL;
    if (!inner || (type && erg_hf_family_find(type)))
        return root;
    *outer = type ? type : "it";
    return part;
}

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
    if (json_is_false(json_object_get(root, "enable_bias")))
        return erg_fail(err, ERG_BAD_INPUT, "enable_bias false has no cost rule");
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

/* Where older files have no `model_type`, the first class that they name. */
static const char *class_of(const json_t *root)
{
    if (json_is_string(json_object_get(root, "model_type")))
        return NULL;
    return json_string_value(json_array_get(json_object_get(root, "architectures"), 0));
}

static bool read_shape(const json_t *root, erg_transformer *net, erg_error *err)
{
    const char *type = json_string_value(json_object_get(root, "model_type"));
    const char *class = class_of(root);
    const erg_hf_family *of = type ? erg_hf_family_find(type)
                            : class ? erg_hf_family_of_class(class) : NULL;

    if (!of)
        return unknown_type(type, err);
    *net = of->usual;
    /* A list of labels counts them, where no number does. */
    size_t labels = json_object_size(json_object_get(root, "id2label"));
    net->labels = labels ? (int64_t)labels : net->labels;
    if (!read_numbers(root, net, err) || !read_activation(root, net, err)
        || !read_layer_types(root, net, err) || !is_plain(root, of, net, err))
        return false;
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
static void notes(erg_builder *builder, const json_t *root, const json_t *part,
                  const char *outer)
{
    const json_t *packed = json_object_get(root, "quantization_config");
    const char *method = json_string_value(json_object_get(packed, "quant_method"));

    if (!packed)
        packed = json_object_get(part, "quantization_config");
    if (outer)
        erg_build_note(builder, "of %.40s only the part that reads text (%.40s) is "
                       "counted: what sees or hears is not", outer,
                       json_string_value(json_object_get(part, "model_type")));
    if (class_of(part))
        erg_build_note(builder, "without model_type its family is that of the class "
                       "%.60s", class_of(part));
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
    const char *outer = NULL;
    const json_t *part = root ? text_part(root, &outer) : NULL;
    erg_transformer net;
    erg_error why = { 0 };
    erg_builder *builder = NULL;

    if (!root)
        erg_fail(&why, ERG_BAD_INPUT, "line %d: %s", fault.line, fault.text);
    else if (read_shape(part, &net, &why))
        builder = erg_build_begin(name, "hf_config", options, &why);
    if (builder)
        notes(builder, root, part, outer);
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

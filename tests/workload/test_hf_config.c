/* SPDX-License-Identifier: Apache-2.0 */
/* A config.json gives the graph of its fields: the zoo's, where they agree. */
#include "erg/workload.h"
#include "workload/build.h"
#include "test.h"

static erg_graph *parse(const char *text, const erg_graph_options *options)
{
    erg_error err = { 0 };
    erg_graph *graph = erg_hf_config_parse("net", text, strlen(text), options, &err);

    if (!graph)
        fail_msg("%s: %s", text, err.text);
    return graph;
}

static void check_same(const erg_graph *one, const erg_graph *other)
{
    assert_int_equal(one->operator_count, other->operator_count);
    assert_int_equal(one->parameters, other->parameters);
    assert_int_equal(one->weights_bytes, other->weights_bytes);
    assert_int_equal(one->kv_cache_bytes, other->kv_cache_bytes);
    for (int32_t i = 0; i < one->operator_count; i++) {
        const erg_operator *a = &one->operators[i], *b = &other->operators[i];
        assert_string_equal(a->name, b->name);
        assert_true(a->kind == b->kind && a->flop == b->flop && a->in_bytes == b->in_bytes
                    && a->out_bytes == b->out_bytes && a->weight_bytes == b->weight_bytes
                    && a->need_count == b->need_count);
    }
}

static const struct { const char *spec, *config; } twins[] = {
    { "zoo:bert_large", "{\"model_type\": \"bert\", \"hidden_size\": 1024,"
                        "\"num_hidden_layers\": 24, \"num_attention_heads\": 16,"
                        "\"intermediate_size\": 4096}" },
    { "zoo:gpt2", "{\"model_type\": \"gpt2\", \"n_inner\": null}" },
    { "zoo:opt_125m", "{\"model_type\": \"opt\"}" },
    { "zoo:llama2_7b", "{\"model_type\": \"llama\", \"max_position_embeddings\": 4096}" },
    { "zoo:llama3.2_1b", "{\"model_type\": \"llama\", \"hidden_size\": 2048,"
                         "\"num_hidden_layers\": 16, \"num_key_value_heads\": 8,"
                         "\"head_dim\": 64, \"intermediate_size\": 8192,"
                         "\"vocab_size\": 128256, \"max_position_embeddings\": 131072,"
                         "\"tie_word_embeddings\": true}" },
    { "zoo:mistral_7b", "{\"model_type\": \"mistral\"}" },
    { "zoo:mixtral_8x7b", "{\"model_type\": \"mixtral\", \"num_local_experts\": 8,"
                          "\"num_experts_per_tok\": 2}" },
    { "zoo:qwen2_0.5b", "{\"model_type\": \"qwen2\", \"hidden_size\": 896,"
                        "\"num_hidden_layers\": 24, \"num_attention_heads\": 14,"
                        "\"num_key_value_heads\": 2, \"intermediate_size\": 4864,"
                        "\"sliding_window\": 64, \"tie_word_embeddings\": true}" },
    { "zoo:t5_small", "{\"model_type\": \"t5\"}" },
    { "zoo:switch_base", "{\"model_type\": \"switch_transformers\", \"d_ff\": 3072,"
                         "\"num_sparse_encoder_layers\": 6,"
                         "\"num_sparse_decoder_layers\": 6}" },
    { "zoo:whisper_tiny", "{\"model_type\": \"whisper\"}" },
    { "zoo:vit_base", "{\"model_type\": \"vit\"}" },
};

static void a_config_gives_the_graph_of_the_zoo(void)
{
    erg_graph_options options = { .batch = 2, .seq = 100 };

    for (size_t i = 0; i < ERG_COUNT(twins); i++)
        for (int phase = ERG_PREFILL; phase <= ERG_TRAIN; phase++) {
            options.phase = (erg_phase)phase;
            bool decodes = strstr(twins[i].spec, "bert") == NULL
                && strstr(twins[i].spec, "vit") == NULL;
            if (phase == ERG_DECODE && !decodes)
                continue;
            erg_error err = { 0 };
            erg_graph *zoo = erg_graph_load(twins[i].spec, &options, &err);
            erg_graph *config = parse(twins[i].config, &options);
            assert_non_null(zoo);
            check_same(zoo, config);
            erg_graph_free(zoo);
            erg_graph_free(config);
        }
}

static void fields_are_read_and_names_are_not(void)
{
    erg_graph *graph = parse("{\"model_type\": \"opt\", \"_name_or_path\": \"opt-1.3b\","
                             "\"architectures\": [\"Other\"], \"hidden_size\": 512,"
                             "\"num_hidden_layers\": 1, \"ffn_dim\": 2048,"
                             "\"num_attention_heads\": 8, \"word_embed_proj_dim\": 512}",
                             NULL);
    int64_t h = 512, v = 50272;

    assert_int_equal(graph->parameters, v * h + 2050 * h + 12 * h * h + 13 * h + 2 * h);
    erg_graph_free(graph);
}

/* H 512, two layers of 8 heads, I 1024, V 1000; parameters by hand. */
#define V 1000LL
#define H 512LL
#define I 1024LL
static const struct { const char *keys; int64_t parameters; } odd[] = {
    /* null is as good as absent: each head has its own keys, of H / 8. */
    { "\"model_type\": \"llama\", \"num_key_value_heads\": null, \"head_dim\": null,"
      "\"rope_scaling\": null", 2 * V * H + 2 * (4 * H * H + 3 * H * I + 2 * H) + H },
    /* One head of keys for all; scaled positions cost no weight. */
    { "\"model_type\": \"llama\", \"num_key_value_heads\": 1, \"rope_scaling\":"
      "{\"rope_type\": \"llama3\", \"factor\": 8.0}",
      2 * V * H + 2 * (2 * H * H + 2 * H * 64 + 3 * H * I + 2 * H) + H },
    { "\"model_type\": \"llama\", \"num_key_value_heads\": 2, \"attention_bias\": true,"
      "\"mlp_bias\": true", 2 * V * H + 2 * (2 * H * H + 2 * H * 128 + 2 * H + 2 * 128
      + 3 * H * I + 2 * I + H + 2 * H) + H },
    /* Heads wider than H / 8, and a window. */
    { "\"model_type\": \"mistral\", \"num_key_value_heads\": 2, \"head_dim\": 128,"
      "\"sliding_window\": 64", 2 * V * H + 2 * (2 * H * 1024 + 2 * H * 256 + 3 * H * I
      + 2 * H) + H },
    { "\"model_type\": \"qwen2\", \"num_key_value_heads\": 2, \"sliding_window\": 64,"
      "\"tie_word_embeddings\": true, \"max_window_layers\": 1",
      V * H + 2 * (2 * H * H + 2 * H * 128 + H + 2 * 128 + 3 * H * I + 2 * H) + H },
    { "\"model_type\": \"mixtral\", \"num_key_value_heads\": 2, \"num_local_experts\": 4,"
      "\"num_experts_per_tok\": 2", 2 * V * H + 2 * (2 * H * H + 2 * H * 128 + 4 * H
      + 4 * 3 * H * I + 2 * H) + H },
};

static void odd_keys_give_the_parameters_of_the_closed_form(void)
{
    for (size_t i = 0; i < ERG_COUNT(odd); i++) {
        char text[512];
        snprintf(text, sizeof(text), "{%s, \"hidden_size\": 512, \"num_hidden_layers\": 2,"
                 "\"num_attention_heads\": 8, \"intermediate_size\": 1024,"
                 "\"vocab_size\": 1000}", odd[i].keys);
        erg_graph *graph = parse(text, NULL);
        if (graph->parameters != odd[i].parameters)
            fail_msg("%s: %lld parameters, not %lld", odd[i].keys,
                     (long long)graph->parameters, (long long)odd[i].parameters);
        erg_graph_free(graph);
    }
}
#undef V
#undef H
#undef I

/* What their makers publish, of the keys that their files have. */
static const struct { const char *keys; erg_head head; int64_t parameters; } published[] = {
    { "\"model_type\": \"qwen3\", \"hidden_size\": 1024, \"num_hidden_layers\": 28,"
      "\"num_attention_heads\": 16, \"num_key_value_heads\": 8, \"head_dim\": 128,"
      "\"intermediate_size\": 3072, \"tie_word_embeddings\": true", ERG_HEAD_AUTO,
      596049920 },
    { "\"model_type\": \"qwen3\", \"hidden_size\": 4096, \"num_hidden_layers\": 36,"
      "\"num_attention_heads\": 32, \"num_key_value_heads\": 8, \"head_dim\": 128,"
      "\"intermediate_size\": 12288, \"sliding_window\": null", ERG_HEAD_AUTO,
      8190735360 },
    { "\"model_type\": \"qwen2_moe\", \"decoder_sparse_step\": 1", ERG_HEAD_AUTO,
      14315784192 },
    { "\"model_type\": \"qwen3_moe\", \"num_hidden_layers\": 48, \"head_dim\": 128,"
      "\"mlp_only_layers\": []", ERG_HEAD_AUTO, 30532122624 },
    { "\"model_type\": \"phi3\"", ERG_HEAD_AUTO, 3821079552 },
    { "\"model_type\": \"gemma\", \"hidden_size\": 2048, \"num_hidden_layers\": 18,"
      "\"num_attention_heads\": 8, \"num_key_value_heads\": 1,"
      "\"intermediate_size\": 16384", ERG_HEAD_AUTO, 2506172416 },
    { "\"model_type\": \"gemma2\"", ERG_HEAD_AUTO, 2614341888 },
    { "\"model_type\": \"gemma3_text\", \"hidden_size\": 1152, \"head_dim\": 256,"
      "\"num_attention_heads\": 4, \"num_key_value_heads\": 1, \"vocab_size\": 262144,"
      "\"intermediate_size\": 6912", ERG_HEAD_AUTO, 999885952 },
    { "\"model_type\": \"deepseek_v2\", \"hidden_size\": 2048, \"num_hidden_layers\": 27,"
      "\"num_attention_heads\": 16, \"num_key_value_heads\": 16, \"q_lora_rank\": null,"
      "\"n_routed_experts\": 64, \"num_experts_per_tok\": 6, \"vocab_size\": 102400,"
      "\"moe_intermediate_size\": 1408, \"first_k_dense_replace\": 1,"
      "\"intermediate_size\": 10944, \"moe_layer_freq\": 1", ERG_HEAD_AUTO,
      15706484224 },
    { "\"model_type\": \"deepseek_v3\"", ERG_HEAD_AUTO, 671026419200 },
    { "\"model_type\": \"mt5\"", ERG_HEAD_AUTO, 300176768 },
    { "\"model_type\": \"roberta\", \"max_position_embeddings\": 514,"
      "\"type_vocab_size\": 1", ERG_HEAD_POOLER, 124645632 },
    { "\"model_type\": \"xlm-roberta\", \"max_position_embeddings\": 514,"
      "\"type_vocab_size\": 1, \"vocab_size\": 250002", ERG_HEAD_POOLER, 278043648 },
    { "\"model_type\": \"distilbert\", \"dim\": 768, \"n_layers\": 6,"
      "\"activation\": \"gelu\"", ERG_HEAD_NONE, 66362880 },
    { "\"model_type\": \"whisper\", \"d_model\": 1280, \"encoder_layers\": 32,"
      "\"decoder_layers\": 4, \"encoder_attention_heads\": 20, \"vocab_size\": 51866,"
      "\"decoder_attention_heads\": 20, \"encoder_ffn_dim\": 5120, \"num_mel_bins\": 128,"
      "\"decoder_ffn_dim\": 5120, \"num_hidden_layers\": 32", ERG_HEAD_AUTO,
      808878080 },
    { "\"model_type\": \"phi\", \"hidden_size\": 2560, \"num_hidden_layers\": 32,"
      "\"intermediate_size\": 10240", ERG_HEAD_AUTO, 2779683840 },
    { "\"model_type\": \"gptj\"", ERG_HEAD_AUTO, 6050882784 },
    { "\"model_type\": \"gpt_neox\", \"hidden_act\": \"gelu_fast\"", ERG_HEAD_AUTO,
      20554567680 },
    { "\"model_type\": \"gpt_neox\", \"hidden_size\": 2048, \"num_hidden_layers\": 16,"
      "\"num_attention_heads\": 8, \"intermediate_size\": 8192, \"vocab_size\": 50304",
      ERG_HEAD_AUTO, 1011781632 },
    { "\"model_type\": \"falcon\", \"num_kv_heads\": 71, \"bias\": false", ERG_HEAD_AUTO,
      6921720704 },
    { "\"model_type\": \"falcon\", \"hidden_size\": 8192, \"num_hidden_layers\": 60,"
      "\"num_attention_heads\": 128, \"num_kv_heads\": 8,"
      "\"new_decoder_architecture\": true", ERG_HEAD_AUTO, 41303293952 },
    { "\"model_type\": \"falcon\", \"hidden_size\": 2048, \"num_hidden_layers\": 24,"
      "\"num_attention_heads\": 32, \"multi_query\": false, \"parallel_attn\": false,"
      "\"bias\": true, \"alibi\": true, \"vocab_size\": 50304", ERG_HEAD_AUTO,
      1311625216 },
    { "\"model_type\": \"vit\", \"id2label\": {\"0\": \"cat\", \"1\": \"dog\"}",
      ERG_HEAD_AUTO, 86567656 - 998 * 769 },
};

static void published_sizes_are_met(void)
{
    for (size_t i = 0; i < ERG_COUNT(published); i++) {
        char text[512];
        erg_graph_options options = { .seq = 16, .head = published[i].head };
        snprintf(text, sizeof(text), "{%s}", published[i].keys);
        erg_graph *graph = parse(text, &options);
        if (graph->parameters != published[i].parameters)
            fail_msg("%s: %lld parameters, not %lld", published[i].keys,
                     (long long)graph->parameters, (long long)published[i].parameters);
        erg_graph_free(graph);
    }
}

/* Two layers, the second of experts: products of one head of 8 + 4 and 6 by hand. */
static void latent_keys_have_the_products_of_the_closed_form(void)
{
    static const char text[] =
        "{\"model_type\": \"deepseek_v3\", \"hidden_size\": 16, \"num_hidden_layers\": 2,"
        "\"num_attention_heads\": 2, \"q_lora_rank\": 10, \"kv_lora_rank\": 5,"
        "\"qk_nope_head_dim\": 8, \"qk_rope_head_dim\": 4, \"v_head_dim\": 6,"
        "\"vocab_size\": 100, \"intermediate_size\": 32, \"moe_intermediate_size\": 24,"
        "\"n_routed_experts\": 4, \"num_experts_per_tok\": 2,"
        "\"first_k_dense_replace\": 1}";
    enum { S = 7, H = 16, HEADS = 2 };
    int64_t products = S * (H * 10 + 10 * HEADS * 12 + H * (5 + 4) + 5 * HEADS * (8 + 6)
                            + HEADS * 6 * H) + HEADS * S * S * (12 + 6);
    int64_t blocks = S * 3 * H * 32 + S * H * 4 + S * 2 * 3 * H * 24 + S * 3 * H * 24;

    for (int is_flash = 0; is_flash < 2; is_flash++) {
        erg_graph_options options = { .batch = 1, .seq = S,
                                      .attention = is_flash ? ERG_ATTENTION_FLASH
                                                            : ERG_ATTENTION_PLAIN };
        int64_t halved = is_flash ? 2 * HEADS * S * S * (12 + 6) / 2 : 0;
        erg_graph *graph = parse(text, &options);
        assert_int_equal(graph->macs, 2 * products + blocks + S * H * 100 - halved);
        assert_int_equal(graph->kv_cache_bytes, 2 * S * HEADS * (12 + 6) * 4);
        assert_non_null(strstr(graph->notes[0], "36 numbers"));
        erg_graph_free(graph);
    }
}

/* n_positions is what it was trained with; the table of positions is relative. */
static void a_t5_takes_as_many_tokens_as_it_is_given(void)
{
    erg_graph_options options = { .seq = 1024 };
    erg_graph *graph = parse("{\"model_type\": \"t5\", \"n_positions\": 512}", &options);

    assert_int_equal(graph->parameters, 60506624);
    erg_graph_free(graph);
}

static const char *note_of(const erg_graph *graph, const char *what)
{
    for (int32_t i = 0; i < graph->note_count; i++)
        if (strstr(graph->notes[i], what))
            return graph->notes[i];
    return NULL;
}

static void what_is_not_counted_as_it_stands_is_said(void)
{
    erg_graph *graph = parse("{\"model_type\": \"llava\", \"text_config\": {\"model_type\":"
                             "\"llama\"}, \"vision_config\": {}}", NULL);
    assert_int_equal(graph->parameters, 6738415616);
    assert_non_null(note_of(graph, "of llava only the part that reads text (llama)"));
    erg_graph_free(graph);
    graph = parse("{\"model_type\": \"llama\", \"quantization_config\":"
                  "{\"quant_method\": \"gptq\", \"bits\": 4}}", NULL);
    assert_non_null(note_of(graph, "quantised (gptq)"));
    erg_graph_free(graph);
    graph = parse("{\"model_type\": \"llama\"}", NULL);
    assert_null(note_of(graph, ""));
    erg_graph_free(graph);
}

/* H 512, three layers in the decoder, gates in both: V H twice, 32 buckets of 8 heads in
 * each stack. */
static void a_gated_t5_with_a_deeper_decoder_has_the_parameters_of_the_closed_form(void)
{
    erg_graph *graph = parse("{\"model_type\": \"t5\", \"d_model\": 512, \"d_ff\": 1024,"
                             "\"d_kv\": 64, \"num_layers\": 2, \"num_decoder_layers\": 3,"
                             "\"num_heads\": 8, \"vocab_size\": 1000,"
                             "\"feed_forward_proj\": \"gated-gelu\","
                             "\"tie_word_embeddings\": false}", NULL);
    int64_t v = 1000, h = 512, i = 1024, buckets = 2 * 32 * 8;

    assert_int_equal(graph->parameters, 2 * v * h + 2 * (4 * h * h + 3 * h * i + 2 * h)
                     + 3 * (8 * h * h + 3 * h * i + 3 * h) + 2 * h + buckets);
    erg_graph_free(graph);
}

static void every_config_that_was_measured_loads(void)
{
    static const char *const names[] = {
        "bert", "bert_large", "gpt2_large", "gpt2_med", "gpt2_xl", "gpt3_13", "gpt3_27",
        "gpt3_67", "gpt3_xl", "opt", "opt_13", "switchxl4",
    };

    for (size_t i = 0; i < ERG_COUNT(names); i++) {
        char path[96];
        erg_error err = { 0 };
        snprintf(path, sizeof(path), "latency/models/%s.json", names[i]);
        erg_graph *graph = erg_graph_load(test_data(path), NULL, &err);
        if (!graph)
            fail_msg("%s: %s", names[i], err.text);
        assert_string_equal(graph->name, names[i]);
        assert_true(graph->coverage >= 1.0);
        erg_graph_free(graph);
    }
}

static void nonsense_is_refused_in_one_sentence(void)
{
    static const struct { const char *text, *says; } bad[] = {
        { "{", "line 1" },
        { "[]", "model_type" },
        { "{}", "switch_transformers" },
        { "{\"model_type\": \"mamba\"}", "mamba" },
        { "{\"model_type\": \"gpt2\", \"n_layer\": 100000}", "n_layer" },
        { "{\"model_type\": \"gpt2\", \"n_layer\": -1}", "n_layer" },
        { "{\"model_type\": \"gpt2\", \"n_layer\": \"12\"}", "n_layer" },
        { "{\"model_type\": \"gpt2\", \"n_layer\": 0}", "n_layer is 0" },
        { "{\"model_type\": \"gpt2\", \"n_head\": 7}", "heads" },
        { "{\"model_type\": \"llama\", \"num_key_value_heads\": 7}", "heads" },
        { "{\"model_type\": \"bert\", \"hidden_act\": \"snake\"}", "snake" },
        { "{\"model_type\": \"mixtral\", \"num_experts_per_tok\": 9}", "experts" },
        { "{\"model_type\": \"gpt2\", \"n_inner\": 0}", "must be 1 to" },
        { "{\"model_type\": \"phi\", \"qk_layernorm\": true}", "qk_layernorm" },
        { "{\"model_type\": \"gpt2\", \"add_cross_attention\": true}", "cross_attention" },
        { "{\"model_type\": \"opt\", \"layer_norm_elementwise_affine\": false}", "affine" },
        { "{\"model_type\": \"bert\", \"vocab_size\": 0}", "must be 1 to" },
        { "{\"model_type\": \"bert\", \"hidden_act\": 3}", "no word" },
        { "{\"model_type\": \"bert\", \"num_attention_heads\": 7}", "do not divide" },
        { "{\"model_type\": \"switch_transformers\", \"num_sparse_encoder_layers\": 99}",
          "more sparse layers" },
        { "{\"model_type\": \"qwen3_moe\", \"mlp_only_layers\": [0]}", "dense layers" },
        { "{\"model_type\": \"deepseek_v2\"}", "num_experts_per_tok" },
        { "{\"model_type\": \"deepseek_v3\", \"moe_layer_freq\": 2}", "moe_layer_freq" },
        { "{\"model_type\": \"bert\", \"position_embedding_type\": \"relative_key\"}",
          "relative_key" },
        { "{\"model_type\": \"llava\", \"text_config\": {\"model_type\": \"mamba\"}}",
          "mamba" },
        { "{\"model_type\": \"roberta\", \"hidden_size\": null, \"hidden_dim\": 0}",
          "hidden_dim" },
        { "{\"model_type\": \"mixtral\", \"num_hidden_layers\": 9999,"
          "\"num_local_experts\": 4096}", "experts" },
    };

    for (size_t i = 0; i < ERG_COUNT(bad); i++) {
        erg_error err = { 0 };
        size_t count = strlen(bad[i].text);
        assert_null(erg_hf_config_parse("bad", bad[i].text, count, NULL, &err));
        if (err.code != ERG_BAD_INPUT || !strstr(err.text, bad[i].says))
            fail_msg("%s: %s", bad[i].text, err.text);
    }
}

int main(void)
{
    static const test tests[] = {
        TEST(a_config_gives_the_graph_of_the_zoo),
        TEST(fields_are_read_and_names_are_not),
        TEST(odd_keys_give_the_parameters_of_the_closed_form),
        TEST(a_gated_t5_with_a_deeper_decoder_has_the_parameters_of_the_closed_form),
        TEST(published_sizes_are_met),
        TEST(latent_keys_have_the_products_of_the_closed_form),
        TEST(a_t5_takes_as_many_tokens_as_it_is_given),
        TEST(what_is_not_counted_as_it_stands_is_said),
        TEST(every_config_that_was_measured_loads),
        TEST(nonsense_is_refused_in_one_sentence),
    };
    return test_run(tests, ERG_COUNT(tests));
}

/* SPDX-License-Identifier: Apache-2.0 */
/* Layers of a config.json that see all keys, or a window of them. */
#include "erg/workload.h"
#include "workload/build.h"
#include "workload/hf_family.h"
#include "test.h"

static int64_t cache_bytes(const char *text)
{
    erg_graph_options options = { .batch = 1, .seq = 1000, .phase = ERG_DECODE };
    erg_error err = { 0 };
    erg_graph *graph = erg_hf_config_parse("net", text, strlen(text), &options, &err);
    if (!graph)
        fail_msg("%s: %s", text, err.text);
    int64_t bytes = graph->kv_cache_bytes;

    erg_graph_free(graph);
    return bytes;
}

/* Keys that the layers keep of 1000, all layers together. Null is no window; every
 * second or sixth layer sees all, or those before the third, or as layer_types says. */
#define ALL "\"full_attention\""
#define NEAR "\"sliding_attention\""
static const struct { const char *keys; int64_t kept; } kept_keys[] = {
    { "\"mistral\", \"num_hidden_layers\": 3, \"sliding_window\": null", 3000 },
    { "\"mistral\", \"num_hidden_layers\": 3, \"sliding_window\": 100", 300 },
    { "\"gemma2\", \"num_hidden_layers\": 3, \"sliding_window\": 100", 1200 },
    { "\"gemma3_text\", \"num_hidden_layers\": 7, \"sliding_window\": 100", 1600 },
    { "\"qwen2\", \"num_hidden_layers\": 3, \"sliding_window\": 100,"
      "\"use_sliding_window\": true, \"max_window_layers\": 2", 2100 },
    { "\"gemma3_text\", \"num_hidden_layers\": 3, \"sliding_window\": 100,"
      "\"layer_types\": [" ALL ", " ALL ", " ALL "]", 3000 },
    { "\"gemma2\", \"num_hidden_layers\": 3, \"sliding_window\": 100,"
      "\"layer_types\": [" NEAR ", " NEAR ", " NEAR "]", 300 },
    { "\"gemma2\", \"num_hidden_layers\": 4, \"sliding_window\": 100,"
      "\"layer_types\": [" NEAR ", " NEAR ", " ALL ", " NEAR "]", 1300 },
    { "\"mistral\", \"num_hidden_layers\": 3, \"sliding_window\": 100,"
      "\"layer_types\": [" ALL ", " ALL ", " NEAR "]", 2100 },
};

static void each_layer_keeps_the_keys_that_it_sees(void)
{
    enum { A_KEY = 2 * 2 * 8 * 4 };     /* 2 x 2 heads x 8 fp32 numbers */

    for (size_t i = 0; i < ERG_COUNT(kept_keys); i++) {
        char text[640];
        snprintf(text, sizeof(text), "{\"model_type\": %s, \"hidden_size\": 16,"
                 "\"num_attention_heads\": 2, \"num_key_value_heads\": 2,"
                 "\"vocab_size\": 10, \"intermediate_size\": 32, \"head_dim\": 8}",
                 kept_keys[i].keys);
        assert_int_equal(cache_bytes(text), kept_keys[i].kept * A_KEY);
    }
}

static void layers_that_nobody_can_count_are_refused(void)
{
    static const struct { const char *types, *says; } bad[] = {
        { "[" ALL "]", "1 words for 4 layers" },
        { "[" ALL ", " ALL ", " ALL ", \"linear_attention\"]", "linear_attention" },
        { "[" ALL ", " ALL ", " ALL ", 3]", "no word" },
        { "[" NEAR ", " ALL ", " ALL ", " NEAR "]", "in that order" },
        { "\"full_attention\"", "0 words" },
    };

    for (size_t i = 0; i < ERG_COUNT(bad); i++) {
        erg_error err = { 0 };
        char text[200];
        snprintf(text, sizeof(text), "{\"model_type\": \"gemma2\", \"layer_types\": %s,"
                 "\"num_hidden_layers\": 4}", bad[i].types);
        assert_null(erg_hf_config_parse("bad", text, strlen(text), NULL, &err));
        if (err.code != ERG_BAD_INPUT || !strstr(err.text, bad[i].says))
            fail_msg("%s: %s", text, err.text);
    }
}

static void a_class_tells_the_family_where_no_type_does(void)
{
    static const struct { const char *name, *type; } classes[] = {
        { "LlamaForCausalLM", "llama" }, { "LLaMAForCausalLM", "llama" },
        { "GPT2LMHeadModel", "gpt2" }, { "BertModel", "bert" },
        { "Qwen2MoeForCausalLM", "qwen2_moe" }, { "XLMRobertaModel", "xlm-roberta" },
        { "SwitchTransformersForConditionalGeneration", "switch_transformers" },
    };
    static const char *const others[] = { "Qwen2VLForConditionalGeneration", "Llama", "",
                                          "T5EncoderModel", "Gemma3ForCausalLM" };

    for (size_t i = 0; i < ERG_COUNT(classes); i++)
        CHECK_TEXT(erg_hf_family_of_class(classes[i].name)->type, classes[i].type);
    for (size_t i = 0; i < ERG_COUNT(others); i++)
        assert_null(erg_hf_family_of_class(others[i]));

    static const char text[] = "{\"architectures\": [\"GPT2LMHeadModel\"]}";
    erg_graph *graph = erg_hf_config_parse("net", text, strlen(text), NULL, NULL);
    assert_non_null(graph);
    assert_int_equal(graph->parameters, 124439808);
    CHECK(strstr(graph->notes[0], "class GPT2LMHeadModel"));
    erg_graph_free(graph);
}

/* ---- block and attention at once ---------------------------------------------------- */

static erg_graph *parsed(const char *text, const erg_graph_options *options)
{
    erg_error err = { 0 };
    erg_graph *graph = erg_hf_config_parse("net", text, strlen(text), options, &err);

    CHECK_OK(graph != NULL, err);
    return graph;
}

static int32_t operators_of(const erg_graph *graph, const char *part)
{
    int32_t count = 0;

    for (int32_t i = 0; i < graph->operator_count; i++)
        count += strstr(graph->operators[i].name, part) != NULL;
    return count;
}

/* One head of keys for 71 of queries; one norm a layer, or two and slopes for rotations. */
static void a_block_beside_attention_has_the_products_of_the_closed_form(void)
{
    enum { H = 4544, S = 50, D = 64, V = 65024 };
    erg_graph_options options = { .batch = 2, .seq = S };
    int64_t h = H, layer = 2 * S * (10 * h * h + 128 * h) + 2 * 2 * 71 * S * S * D;
    erg_graph *graph = parsed("{\"model_type\": \"falcon\", \"num_hidden_layers\": 3}",
                             &options);

    assert_int_equal(graph->macs, 3 * layer + 2 * S * h * V);
    assert_int_equal(graph->kv_cache_bytes, 3 * 2 * S * 2 * D * 4);
    assert_int_equal(operators_of(graph, "norm"), 3 + 1);
    assert_int_equal(operators_of(graph, "rotate"), 2 * 3);
    erg_graph_free(graph);
    graph = parsed("{\"model_type\": \"falcon\", \"num_hidden_layers\": 3, \"alibi\": true,"
                  "\"parallel_attn\": false, \"multi_query\": false}", &options);
    assert_int_equal(graph->macs, 3 * (2 * S * 12 * h * h + 2 * 2 * S * S * h)
                                      + 2 * S * h * V);
    assert_int_equal(operators_of(graph, "norm"), 6 + 1);
    assert_int_equal(operators_of(graph, "rotate"), 0);
    assert_int_equal(operators_of(graph, "alibi"), 3);
    erg_graph_free(graph);
}

/* A cap that is null is none: of scores three passes a layer, of logits three. */
static void a_cap_that_is_null_launches_nothing(void)
{
    erg_graph *all = parsed("{\"model_type\": \"gemma2\", \"num_hidden_layers\": 2}", NULL);
    erg_graph *one = parsed("{\"model_type\": \"gemma2\", \"num_hidden_layers\": 2,"
                            "\"attn_logit_softcapping\": null}", NULL);
    erg_graph *none = parsed("{\"model_type\": \"gemma2\", \"num_hidden_layers\": 2,"
                             "\"attn_logit_softcapping\": null,"
                             "\"final_logit_softcapping\": null}", NULL);

    assert_int_equal(all->operator_count - one->operator_count, 2 * 3);
    assert_int_equal(one->operator_count - none->operator_count, 3);
    erg_graph_free(all);
    erg_graph_free(one);
    erg_graph_free(none);
}

/* ---- parts ------------------------------------------------------------------------ */

#define VL_7B "\"hidden_size\": 3584, \"intermediate_size\": 18944,"                       \
    "\"num_hidden_layers\": 28, \"num_attention_heads\": 28, \"num_key_value_heads\": 4,"  \
    "\"vocab_size\": 152064"

/* Parameters as their makers publish them. */
static const struct { const char *text; int64_t parameters; const char *note; } parts[] = {
    { "{\"model_type\": \"qwen2_vl\", " VL_7B ", \"vision_config\": {\"depth\": 32}}",
      7615616512, "of qwen2_vl only the part that reads text (qwen2)" },
    { "{\"model_type\": \"qwen2_5_vl\", \"text_config\": {" VL_7B "}}", 7615616512,
      "of qwen2_5_vl only the part that reads text (qwen2)" },
    { "{\"model_type\": \"qwen2_5_vl\", \"text_config\": {\"model_type\":"
      "\"qwen2_5_vl_text\", " VL_7B "}}", 7615616512, "(qwen2_5_vl_text)" },
    { "{\"model_type\": \"internvl_chat\", \"llm_config\": {\"architectures\":"
      "[\"Qwen2ForCausalLM\"], " VL_7B "}}", 7615616512, "of internvl_chat only the part" },
    { "{\"model_type\": \"llava\", \"text_config\": {\"vocab_size\": 32064}}",
      6738415616 + 64 * 2 * 4096, "of llava only the part that reads text (llama)" },
    /* What the whole says of its two ends holds where the part is silent. */
    { "{\"model_type\": \"llava\", \"tie_word_embeddings\": true, \"text_config\": {}}",
      6738415616 - 32000 * 4096, "of llava" },
};

static void the_part_that_reads_text_is_counted(void)
{
    for (size_t i = 0; i < ERG_COUNT(parts); i++) {
        erg_error err = { 0 };
        erg_graph *graph = erg_hf_config_parse("net", parts[i].text, strlen(parts[i].text),
                                               NULL, &err);
        if (!graph)
            fail_msg("%s: %s", parts[i].text, err.text);
        assert_int_equal(graph->parameters, parts[i].parameters);
        if (!strstr(graph->notes[0], parts[i].note))
            fail_msg("%s: %s", parts[i].text, graph->notes[0]);
        erg_graph_free(graph);
    }
}

static void parts_that_nobody_can_count_are_refused_by_name(void)
{
    static const struct { const char *text, *says; } bad[] = {
        { "{\"model_type\": \"mllama\", \"text_config\": {}}", "mllama" },
        { "{\"model_type\": \"llama4\", \"text_config\": {\"model_type\":"
          "\"llama4_text\"}}", "llama4_text" },
        { "{\"text_config\": {}}", "without \"model_type\"" },
        { "{\"model_type\": \"vit\", \"image_size\": [1, 2, 3]}", "one number, or two" },
        { "{\"model_type\": \"vit\", \"image_size\": []}", "one number, or two" },
        { "{\"model_type\": \"vit\", \"image_size\": [224, \"a\"]}", "whole number" },
        { "{\"model_type\": \"vit\", \"patch_size\": [16, 8]}", "no squares" },
        { "{\"model_type\": \"t5\", \"feed_forward_proj\": \"gated-snake\"}", "snake" },
    };

    for (size_t i = 0; i < ERG_COUNT(bad); i++) {
        erg_error err = { 0 };
        assert_null(erg_hf_config_parse("bad", bad[i].text, strlen(bad[i].text), NULL,
                                        &err));
        if (err.code != ERG_BAD_INPUT || !strstr(err.text, bad[i].says))
            fail_msg("%s: %s", bad[i].text, err.text);
    }
}

/* H 768: patches of 16 of 224 by 448 are 14 x 28; the picture's positions differ. */
static void pictures_have_the_tokens_of_both_their_sides(void)
{
    static const struct { const char *text; int64_t parameters, tokens; } cases[] = {
        { "{\"model_type\": \"vit\", \"image_size\": [224, 224], \"patch_size\": [16]}",
          86567656, 197 },
        { "{\"model_type\": \"vit\", \"image_size\": [224, 448]}",
          86567656 + 196 * 768, 393 },
        /* A token, its position and a classifier more. */
        { "{\"model_type\": \"deit\"}", 86567656 + 2 * 768 + 769000, 198 },
    };

    for (size_t i = 0; i < ERG_COUNT(cases); i++) {
        int64_t n = cases[i].tokens, h = 768, heads = i == 2 ? 2 : 1;
        int64_t patches = n - (i == 2 ? 2 : 1);
        erg_graph *graph = erg_hf_config_parse("net", cases[i].text, strlen(cases[i].text),
                                               NULL, NULL);
        assert_non_null(graph);
        assert_int_equal(graph->parameters, cases[i].parameters);
        assert_int_equal(graph->macs, patches * 3 * 256 * h + heads * 1000 * h
                                          + 12 * (12 * n * h * h + 2 * n * n * h));
        erg_graph_free(graph);
    }
}

/* "relu" has no gate, whatever the family's newer files have. */
static void a_t5_says_itself_whether_it_has_a_gate(void)
{
    static const char *const words[] = { "relu", "gated-gelu", "gated-silu" };
    int64_t parameters[3];
    int32_t operators[3];

    for (int i = 0; i < 3; i++) {
        char text[96];
        snprintf(text, sizeof(text), "{\"model_type\": \"mt5\","
                 "\"feed_forward_proj\": \"%s\"}", words[i]);
        erg_graph *graph = erg_hf_config_parse("net", text, strlen(text), NULL, NULL);
        parameters[i] = graph->parameters;
        operators[i] = graph->operator_count;
        erg_graph_free(graph);
    }
    assert_int_equal(parameters[1], 300176768);
    assert_int_equal(parameters[2], 300176768);
    assert_int_equal(parameters[0], 300176768 - 2 * 8 * 512 * 1024);
    /* gelu_new is eight passes a layer, silu one. */
    assert_int_equal(operators[1] - operators[2], 2 * 8 * 7);
}

int main(void)
{
    static const test tests[] = {
        TEST(each_layer_keeps_the_keys_that_it_sees),
        TEST(layers_that_nobody_can_count_are_refused),
        TEST(a_class_tells_the_family_where_no_type_does),
        TEST(a_block_beside_attention_has_the_products_of_the_closed_form),
        TEST(a_cap_that_is_null_launches_nothing),
        TEST(the_part_that_reads_text_is_counted),
        TEST(parts_that_nobody_can_count_are_refused_by_name),
        TEST(pictures_have_the_tokens_of_both_their_sides),
        TEST(a_t5_says_itself_whether_it_has_a_gate),
    };

    return test_run(tests, ERG_COUNT(tests));
}

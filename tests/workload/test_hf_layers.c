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

int main(void)
{
    static const test tests[] = {
        TEST(each_layer_keeps_the_keys_that_it_sees),
        TEST(layers_that_nobody_can_count_are_refused),
        TEST(a_class_tells_the_family_where_no_type_does),
    };

    return test_run(tests, ERG_COUNT(tests));
}

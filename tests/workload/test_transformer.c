/* SPDX-License-Identifier: Apache-2.0 */
/* Transformers against their papers' sizes and against lists of what really ran. */
#include "erg/workload.h"
#include "workload/build.h"
#include "test.h"

static erg_graph *load(const char *spec, const erg_graph_options *options)
{
    erg_error err = { 0 };
    erg_graph *graph = erg_graph_load(spec, options, &err);

    if (!graph)
        fail_msg("%s: %s", spec, err.text);
    return graph;
}

/* Published sizes; the formulas of docs/counting.md give the same integers. */
static const struct { const char *spec; int64_t parameters; } sizes[] = {
    { "zoo:gpt2", 124439808 }, { "zoo:gpt2_medium", 354823168 },
    { "zoo:gpt2_large", 774030080 }, { "zoo:gpt2_xl", 1557611200 },
    { "zoo:llama2_7b", 6738415616 }, { "zoo:llama2_13b", 13015864320 },
    { "zoo:llama2_70b", 68976648192 }, { "zoo:llama3_8b", 8030261248 },
    { "zoo:llama3_70b", 70553706496 }, { "zoo:llama3.2_1b", 1235814400 },
    { "zoo:mistral_7b", 7241732096 }, { "zoo:mixtral_8x7b", 46702792704 },
    { "zoo:qwen2_0.5b", 494032768 }, { "zoo:qwen2_1.5b", 1543714304 },
    { "zoo:qwen2_7b", 7615616512 }, { "zoo:t5_small", 60506624 },
    { "zoo:t5_base", 222903552 }, { "zoo:t5_large", 737668096 },
    { "zoo:opt_125m", 125239296 }, { "zoo:whisper_tiny", 37760640 },
    { "zoo:whisper_base", 72593920 }, { "zoo:whisper_small", 241734912 },
    { "zoo:whisper_medium", 763857920 }, { "zoo:whisper-large-v2", 1543304960 },
};

static void parameters_are_the_published_integers(void)
{
    for (size_t i = 0; i < ERG_COUNT(sizes); i++) {
        erg_graph *graph = load(sizes[i].spec, &(erg_graph_options){ .seq = 8 });
        if (graph->parameters != sizes[i].parameters)
            fail_msg("%s: %lld parameters", sizes[i].spec, (long long)graph->parameters);
        erg_graph_free(graph);
    }
}

static void weights_stay_the_same_from_phase_to_phase(void)
{
    for (size_t i = 0; i < ERG_COUNT(sizes); i++) {
        erg_graph *graph = load(sizes[i].spec, &(erg_graph_options){ .phase = ERG_DECODE });
        if (graph->parameters != sizes[i].parameters)
            fail_msg("%s: %lld parameters", sizes[i].spec, (long long)graph->parameters);
        erg_graph_free(graph);
    }
}

static void a_name_may_be_spelt_with_dashes(void)
{
    static const char *const same[] = { "zoo:llama2_7b", "zoo:llama2-7b",
                                        "zoo:llama-2-7b" };

    for (size_t i = 0; i < ERG_COUNT(same); i++) {
        erg_graph *graph = load(same[i], &(erg_graph_options){ .seq = 8 });
        assert_string_equal(graph->name, "llama2_7b");
        erg_graph_free(graph);
    }
    assert_null(erg_graph_load("zoo:llama2_7", NULL, NULL));
    assert_null(erg_graph_load("zoo:", NULL, NULL));
}

static void a_head_is_a_choice(void)
{
    erg_graph_options options = { .head = ERG_HEAD_POOLER };
    erg_graph *base = load("zoo:bert_base", &options), *large = load("zoo:bert-large",
                                                                     &options);

    assert_int_equal(base->parameters, 109482240);
    assert_int_equal(large->parameters, 335141888);
    erg_graph_free(base);
    erg_graph_free(large);

    erg_error err = { 0 };
    assert_null(erg_graph_load("zoo:gpt2", &options, &err));
    assert_non_null(strstr(err.text, "no pooler"));
}

static void pictures_are_tokens(void)
{
    erg_graph *base = load("zoo:vit_base", NULL), *large = load("zoo:vit_large", NULL);

    assert_int_equal(base->parameters, 86567656);
    assert_int_equal(base->macs, 17563828224);
    assert_int_equal(large->parameters, 304326632);
    assert_int_equal(large->macs, 61554712576);
    erg_graph_free(base);
    erg_graph_free(large);
}

/* In mixed precision the scores are cast to fp32 and back: two launches a layer. */
static void a_vit_casts_its_scores_only_below_fp32(void)
{
    erg_graph *full = load("zoo:vit_base", NULL);
    erg_graph *half = load("zoo:vit_base", &(erg_graph_options){ .precision = ERG_FP16 });

    assert_int_equal(half->operator_count, full->operator_count + 2 * 12);
    assert_int_equal(half->macs, full->macs);
    erg_graph_free(full);
    erg_graph_free(half);
}

static int64_t matrix_flop(const erg_graph *graph) { return 2 * graph->macs; }

static void products_are_those_of_the_lists_that_ran(void)
{
    erg_graph_options pooled = { .seq = 128, .head = ERG_HEAD_POOLER };
    erg_graph_options bare = { .seq = 128, .head = ERG_HEAD_NONE };
    erg_graph *bert = load("zoo:bert_large", &pooled), *gpt2 = load("zoo:gpt2", &bare);

    assert_int_equal(matrix_flop(bert), 78922121216);
    assert_int_equal(matrix_flop(gpt2), 22347251712);
    erg_graph_free(bert);
    erg_graph_free(gpt2);
}

/* Launches of a layer: 22 of gpt2 (8 of them gelu_new), 17 of bert. */
static void a_layer_has_the_launches_of_an_eager_run(void)
{
    erg_graph *gpt2 = load("zoo:gpt2", &(erg_graph_options){ .head = ERG_HEAD_NONE });
    erg_graph *bert = load("zoo:bert_base", &(erg_graph_options){ .head = ERG_HEAD_NONE });

    assert_int_equal(gpt2->operator_count, 12 * 22 + 3 + 1);
    assert_int_equal(bert->operator_count, 12 * 17 + 6);
    erg_graph_free(gpt2);
    erg_graph_free(bert);
}

static void gelu_new_touches_eighteen_tensors(void)
{
    erg_graph *graph = load("zoo:gpt2", &(erg_graph_options){ .seq = 16 });
    int64_t bytes = 0, launches = 0;

    for (int32_t i = 0; i < graph->operator_count; i++) {
        const erg_operator *op = &graph->operators[i];
        if (strncmp(op->name, "layer3.gelu", 11) == 0) {
            bytes += op->in_bytes + op->out_bytes;
            launches++;
        }
    }
    assert_int_equal(launches, 8);
    assert_int_equal(bytes, 18 * 16 * 3072 * 4);
    erg_graph_free(graph);
}

static void too_long_a_sequence_is_refused_and_a_default_is_cut(void)
{
    erg_error err = { 0 };

    assert_null(erg_graph_load("zoo:gpt2", &(erg_graph_options){ .seq = 1025 }, &err));
    assert_non_null(strstr(err.text, "1024"));
    static const char text[] = "{\"model_type\": \"gpt2\", \"n_positions\": 64}";
    erg_graph *graph = erg_hf_config_parse("short", text, sizeof(text) - 1, NULL, &err);
    assert_non_null(graph);
    assert_int_equal(graph->seq, 64);
    erg_graph_free(graph);
}

/* ---- decode ----------------------------------------------------------------- */

static int64_t cache_bytes_read(const erg_graph *graph)
{
    int64_t bytes = 0;

    for (int32_t i = 0; i < graph->operator_count; i++)
        for (int32_t j = 0; j < graph->operators[i].input_count; j++) {
            const erg_tensor *x = &graph->tensors[graph->operators[i].inputs[j]];
            bytes += x->role == ERG_CACHE ? x->bytes : 0;
        }
    return bytes;
}

static void decode_reads_each_cached_key_once(void)
{
    erg_graph_options options = { .batch = 3, .seq = 700, .phase = ERG_DECODE,
                                  .precision = ERG_BF16 };
    erg_graph *graph = load("zoo:llama3_8b", &options);
    int64_t cache = 2LL * 32 * 3 * 8 * 128 * 700 * 2;     /* 2 l B g d P b */

    assert_int_equal(graph->kv_cache_bytes, cache);
    assert_int_equal(cache_bytes_read(graph), cache);
    erg_graph_free(graph);
    options.phase = ERG_PREFILL;
    graph = load("zoo:llama3_8b", &options);
    assert_int_equal(graph->kv_cache_bytes, cache);
    erg_graph_free(graph);
}

static void a_window_bounds_the_cache(void)
{
    erg_graph_options options = { .seq = 16384, .phase = ERG_DECODE,
                                  .precision = ERG_BF16 };
    erg_graph *graph = load("zoo:mistral_7b", &options);

    assert_int_equal(graph->kv_cache_bytes, 2LL * 32 * 8 * 128 * 4096 * 2);
    erg_graph_free(graph);
}

static void a_token_decoded_waits_for_the_cache_it_is_written_to(void)
{
    erg_graph *graph = load("zoo:gpt2", &(erg_graph_options){ .phase = ERG_DECODE });
    bool waits = false;

    for (int32_t i = 0; i < graph->operator_count; i++) {
        const erg_operator *op = &graph->operators[i];
        bool reads = strcmp(op->name, "layer0.scores") == 0;
        for (int32_t j = 0; reads && j < op->need_count; j++)
            waits = waits
                || strcmp(graph->operators[op->needs[j]].name, "layer0.cache_key") == 0;
    }
    assert_true(waits);
    erg_graph_free(graph);
}

/* ---- attention, experts ------------------------------------------------------- */

static void flash_does_half_the_causal_products_and_writes_no_scores(void)
{
    erg_graph_options plain = { .seq = 1024, .head = ERG_HEAD_NONE };
    erg_graph_options flash = { .seq = 1024, .head = ERG_HEAD_NONE,
                                .attention = ERG_ATTENTION_FLASH };
    erg_graph *one = load("zoo:gpt2", &plain), *other = load("zoo:gpt2", &flash);

    assert_int_equal(one->macs - other->macs, 12LL * 12 * 1024 * 1024 * 64);
    for (int32_t i = 0; i < other->tensor_count; i++)
        assert_true(other->tensors[i].role != ERG_ACTIVATION
                    || other->tensors[i].elements <= 1024 * 3072);
    erg_graph_free(one);
    erg_graph_free(other);
}

static void experts_share_the_tokens_they_are_sent(void)
{
    erg_graph_options options = { .seq = 96, .head = ERG_HEAD_NONE };
    erg_graph *dense = load("zoo:mistral_7b", &options);
    erg_graph *sparse = load("zoo:mixtral_8x7b", &options);
    int64_t mlp = 32LL * 96 * 3 * 4096 * 14336, router = 32LL * 96 * 8 * 4096;

    assert_int_equal(sparse->macs - dense->macs, mlp + router);
    erg_graph_free(dense);
    erg_graph_free(sparse);

    /* One token of one sequence asks two experts: 6 products a layer, not 24. */
    sparse = load("zoo:mixtral_8x7b", &(erg_graph_options){ .phase = ERG_DECODE });
    int64_t products = 0;
    for (int32_t i = 0; i < sparse->operator_count; i++)
        products += strstr(sparse->operators[i].name, "expert") != NULL
            && sparse->operators[i].kind == ERG_OP_LINEAR;
    assert_int_equal(products, 32 * 6);
    erg_graph_free(sparse);
}

int main(void)
{
    static const test tests[] = {
        TEST(parameters_are_the_published_integers),
        TEST(weights_stay_the_same_from_phase_to_phase),
        TEST(a_name_may_be_spelt_with_dashes),
        TEST(a_head_is_a_choice),
        TEST(pictures_are_tokens),
        TEST(a_vit_casts_its_scores_only_below_fp32),
        TEST(products_are_those_of_the_lists_that_ran),
        TEST(a_layer_has_the_launches_of_an_eager_run),
        TEST(gelu_new_touches_eighteen_tensors),
        TEST(too_long_a_sequence_is_refused_and_a_default_is_cut),
        TEST(decode_reads_each_cached_key_once),
        TEST(a_window_bounds_the_cache),
        TEST(a_token_decoded_waits_for_the_cache_it_is_written_to),
        TEST(flash_does_half_the_causal_products_and_writes_no_scores),
        TEST(experts_share_the_tokens_they_are_sent),
    };
    return test_run(tests, ERG_COUNT(tests));
}

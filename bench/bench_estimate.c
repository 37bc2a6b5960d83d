/* SPDX-License-Identifier: Apache-2.0 */
/*
 * How long an estimate takes: warm in a process, and as a process, beside the time a
 * process takes that does nothing. CPU time, medians: the machine may have other work.
 *
 *   bench_estimate ERG DATA [MODEL.onnx]
 */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>
#include "bench.h"
#include "erg/study.h"

enum { ROUNDS = 30 };

typedef struct subject {
    const char *name, *workload, *device;
    double limit_s;
    bool no_advice, load_only;
} subject;

static const subject subjects[] = {
    { "zoo:resnet50, graph",             "zoo:resnet50",   NULL, NAN, false, true },
    { "zoo:resnet50, all tables",        "zoo:resnet50",   "a100-pcie-40gb", 1e-3,
      true, false },
    { "zoo:resnet50, tables and hints",  "zoo:resnet50",   "a100-pcie-40gb", NAN,
      false, false },
    { "zoo:llama2_70b, graph",           "zoo:llama2_70b", NULL, 8e-3, false, true },
    { "zoo:llama2_70b, all tables",      "zoo:llama2_70b", "h100-sxm5-80gb", NAN,
      true, false },
};

static double once_s(const subject *what, const erg_catalog *catalog)
{
    const erg_env env = { 0 };
    erg_study study = { .workload = what->workload, .hardware = &what->device,
                        .hardware_count = 1, .no_advice = what->no_advice };
    erg_error err = { 0 };
    bool passed;
    double begin_s = bench_now_s(CLOCK_PROCESS_CPUTIME_ID);

    if (what->load_only) {
        erg_graph *graph = erg_graph_load(what->workload, NULL, &err);
        if (!graph)
            fprintf(stderr, "%s\n", err.text);
        erg_graph_free(graph);
    } else {
        erg_result *result = erg_study_run(&env, catalog, &study, &passed, &err);
        if (!result)
            fprintf(stderr, "%s\n", err.text);
        erg_result_free(result);
    }
    return bench_now_s(CLOCK_PROCESS_CPUTIME_ID) - begin_s;
}

static void warm(const subject *what, const erg_catalog *catalog)
{
    double times_s[ROUNDS];

    once_s(what, catalog);
    for (int i = 0; i < ROUNDS; i++)
        times_s[i] = once_s(what, catalog);
    bench_print(&(bench_row){ .name = what->name, .unit = "ms", .floor = NAN,
                              .value = 1e3 * bench_median(times_s, ROUNDS),
                              .limit = 1e3 * what->limit_s, .n = ROUNDS });
}

static double process_ms(char *const argv[])
{
    double times_s[ROUNDS];

    for (int i = 0; i < ROUNDS; i++) {
        struct rusage use;
        bench_child_s(argv, &use);
        times_s[i] = bench_cpu_s(&use);
    }
    return 1e3 * bench_median(times_s, ROUNDS);
}

static void row(const char *name, char *const argv[], double floor_ms, double limit_ms)
{
    bench_print(&(bench_row){ .name = name, .unit = "ms", .value = process_ms(argv),
                              .floor = floor_ms, .limit = limit_ms, .n = ROUNDS });
}

/* The same file through both: what we add (costs, time, energy) is in ours. */
static void beside_onnx(char *erg, char *model, double floor_ms)
{
    char *const ours[] = { erg, "estimate", model, "--on", "a100-pcie-40gb",
                           "--no-hints", NULL };
    char *const advised[] = { erg, "estimate", model, "--on", "a100-pcie-40gb", NULL };
    char *const nothing[] = { "/usr/bin/python3", "-c", "import onnx", NULL };
    char *const theirs[] = { "/usr/bin/python3", "-c",
        "import onnx, sys\n"
        "model = onnx.load(sys.argv[1], load_external_data=False)\n"
        "onnx.shape_inference.infer_shapes(model)", model, NULL };
    int status;

    row("erg estimate MODEL.onnx --no-hints, process", ours, floor_ms, 5);
    row("erg estimate MODEL.onnx, process", advised, floor_ms, 5);
    waitpid(bench_start(nothing), &status, 0);
    if (status == 0)
        row("python3-onnx shape inference, process", theirs, process_ms(nothing), NAN);
    else
        puts("python3-onnx shape inference: not here (apt-get install python3-onnx)");
}

static const struct { const char *name, *text; } configs[] = {
    { "config.json of Llama 3.1 8B, graph",
      "{\"model_type\": \"llama\", \"num_hidden_layers\": 32, \"hidden_size\": 4096,"
      "\"intermediate_size\": 14336, \"vocab_size\": 128256, \"num_attention_heads\": 32,"
      "\"num_key_value_heads\": 8, \"max_position_embeddings\": 131072}" },
    { "config.json of Llama 3.1 70B, graph",
      "{\"model_type\": \"llama\", \"num_hidden_layers\": 80, \"hidden_size\": 8192,"
      "\"intermediate_size\": 28672, \"vocab_size\": 128256, \"num_attention_heads\": 64,"
      "\"num_key_value_heads\": 8, \"max_position_embeddings\": 131072}" },
    { "config.json of GPT-2 large, graph",
      "{\"model_type\": \"gpt2\", \"n_layer\": 36, \"n_embd\": 1280, \"n_head\": 20}" },
    { "config.json of Switch-XL, 4 experts, graph",
      "{\"model_type\": \"switch_transformers\", \"num_layers\": 24, \"num_heads\": 32,"
      "\"num_decoder_layers\": 24, \"d_model\": 1024, \"d_ff\": 16384, \"d_kv\": 128,"
      "\"num_experts\": 4, \"num_sparse_encoder_layers\": 12,"
      "\"num_sparse_decoder_layers\": 12}" },
};

static void from_config(const char *name, const char *text, const erg_catalog *catalog)
{
    char path[] = "/tmp/erg-bench-XXXXXX";
    int file = mkstemp(path);
    FILE *out = file < 0 ? NULL : fdopen(file, "w");

    if (!out) {
        perror(path);
        return;
    }
    fputs(text, out);
    fclose(out);
    warm(&(subject){ name, path, NULL, 0.1e-3, false, true }, catalog);
    unlink(path);
}

int main(int argc, char *argv[])
{
    if (argc < 3)
        return fprintf(stderr, "usage: bench_estimate ERG DATA [MODEL.onnx]\n"), 2;
    const erg_catalog catalog = { .data_dir = argv[2] };
    /* Not --version: that opens every optional library to say what it is. */
    char *const nothing[] = { argv[1], "help", NULL };
    char *const version[] = { argv[1], "--version", NULL };
    char *const advised[] = { argv[1], "estimate", "zoo:resnet50", "--on", "a100-pcie-40gb",
                              NULL };
    char *const plain[] = { argv[1], "estimate", "zoo:resnet50", "--on", "a100-pcie-40gb",
                            "--no-hints", NULL };

    setenv("ERG_DATA", argv[2], 1);
    for (size_t i = 0; i < sizeof(subjects) / sizeof(subjects[0]); i++)
        warm(&subjects[i], &catalog);
    for (size_t i = 0; i < sizeof(configs) / sizeof(configs[0]); i++)
        from_config(configs[i].name, configs[i].text, &catalog);
    double floor_ms = process_ms(nothing);
    row("erg --version, process", version, floor_ms, NAN);
    row("erg estimate zoo:resnet50 --no-hints, process", plain, floor_ms, 5);
    row("erg estimate zoo:resnet50, process", advised, floor_ms, 5);
    if (argc > 3)
        beside_onnx(argv[1], argv[3], floor_ms);
    return 0;
}

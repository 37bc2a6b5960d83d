/* SPDX-License-Identifier: Apache-2.0 */
/* erg estimate: what a workload should cost before it runs. */
#include <stdlib.h>
#include <string.h>
#include "cli.h"
#include "estimate.h"

enum { LIST_MOST = 64, WORDS_BYTES = 2048 };

typedef struct estimate_options {
    const char *on, *batch, *precision, *phase, *mode, *runtime, *fusion, *optimizer,
               *head, *logits;
    const char *attention, *thermal_point, *profile, *order, *tune_batch, *pareto,
        *accuracy;
    const char *explain, *verify, *against, *dot, *sort;
    cli_list dims, kernels;
    int seq, top, streams;
    double clock_hz, power_cap_w, latency_limit_s, energy_limit_j, power_limit_w;
    double memory_limit_bytes, measured_latency_s;
    bool power_gating, fold, detail, no_hints;
} estimate_options;

#define AT(field) offsetof(estimate_options, field)

static const cli_option option_rows[] = {
    { 0, "on", CLI_TEXT, AT(on), "HARDWARE[,..]", "devices, as erg hardware lists them" },
    { 'b', "batch", CLI_TEXT, AT(batch), "N[,..]", "inferences at once (1)" },
    { 'p', "precision", CLI_TEXT, AT(precision), "NAME[,..]",
      "fp64 fp32 tf32 fp16 bf16 fp8 int8 int4 (fp32)" },
    { 0, "seq", CLI_WHOLE, AT(seq), "TOKENS", "length (512, at most the workload's)",
      true },
    { 0, "phase", CLI_TEXT, AT(phase), "NAME", "prefill (default), decode or train" },
    { 0, "optimizer", CLI_TEXT, AT(optimizer), "NAME",
      "of train: none (default), sgd, adamw" },
    { 0, "mode", CLI_TEXT, AT(mode), "NAME",
      "physical (default), or compat: the formulas of 2025-10-28, not physical" },
    { 0, "runtime", CLI_TEXT, AT(runtime), "NAME",
      "eager (default): the host launches each operator; fused; graph: no host" },
    { 0, "fusion", CLI_TEXT, AT(fusion), "NAME[,..]",
      "none, runtime or compat (as the runtime does); more than one: compared" },
    { 0, "head", CLI_TEXT, AT(head), "NAME", "auto (default), none, pooler, cls or lm" },
    { 0, "logits", CLI_TEXT, AT(logits), "WHICH", "all (default) or last" },
    { 0, "attention", CLI_TEXT, AT(attention), "NAME", "auto (default), plain or flash" },
    { 0, "kernel", CLI_LIST, AT(kernels), "KERNEL",
      "no workload: one product or attention, gemm:bf16:M,N,K or\n"
      "decode:fp8:BATCH,SEQ,HEADS,KV_HEADS,HEAD_DIM[,WINDOW]; prefill:" },
    { 0, "dim", CLI_LIST, AT(dims), "NAME=N", "a named dimension of an ONNX graph" },
    { 0, "fold", CLI_FLAG, AT(fold), NULL, "fold batch norms into convolutions" },
    { 0, "clock", CLI_HERTZ, AT(clock_hz), "CLOCK", "locked core clock (the top)", true },
    { 0, "power-cap", CLI_WATTS, AT(power_cap_w), "POWER", "cap (the record's)", true },
    { 0, "thermal-point", CLI_TEXT, AT(thermal_point), "NAME",
      "a named point of the record" },
    { 0, "power-gating", CLI_FLAG, AT(power_gating), NULL,
      "static power of idle units is off" },
    { 0, "streams", CLI_WHOLE, AT(streams), "N", "independent branches at once (1)", true },
    { 0, "profile", CLI_TEXT, AT(profile), "FILE", "another calibration" },
    { 0, "measured-latency", CLI_SECONDS, AT(measured_latency_s), "TIME",
      "energy for this time instead of the predicted one", true },
    { 0, "order", CLI_TEXT, AT(order), "NAME",
      "of the memory timeline: graph (default), memory" },
    { 0, "latency-limit", CLI_SECONDS, AT(latency_limit_s), "TIME", "check each row",
      true },
    { 0, "energy-limit", CLI_JOULES, AT(energy_limit_j), "ENERGY", "per inference", true },
    { 0, "power-limit", CLI_WATTS, AT(power_limit_w), "POWER", "of the mean power", true },
    { 0, "memory-limit", CLI_BYTES, AT(memory_limit_bytes), "SIZE", "of the peak", true },
    { 0, "tune-batch", CLI_TEXT, AT(tune_batch), "GOAL",
      "choose the batch: latency, throughput, energy or edp" },
    { 0, "pareto", CLI_TEXT, AT(pareto), "LIST",
      "front over hardware, precision, batch, clock: energy,latency,accuracy,memory,cap" },
    { 0, "accuracy", CLI_TEXT, AT(accuracy), "FILE", "CSV workload,precision,accuracy" },
    { 0, "explain", CLI_TEXT, AT(explain), "A,B",
      "why two rows differ: 1,2 or l4/fp16,l4/fp32/8" },
    { 0, "verify", CLI_TEXT, AT(verify), "FILE",
      "CSV of measured rows; WORKLOAD may be a folder of kernel lists" },
    { 0, "against", CLI_TEXT, AT(against), "RUN",
      "a measured run by regions, or a folder of a replay by kernels, beside the first "
      "row" },
    { 0, "dot", CLI_TEXT, AT(dot), "FILE", "drawing of the partition of the first row" },
    { 0, "detail", CLI_FLAG, AT(detail), NULL, "every table in full" },
    { 0, "top", CLI_WHOLE, AT(top), "N", "consumers to name (5)", true },
    { 0, "sort", CLI_TEXT, AT(sort), "COLUMN", "order of the rows, as in energy_j" },
    { 0, "no-hints", CLI_FLAG, AT(no_hints), NULL, "leave the advice out" },
    { 0 },
};

/* ---- words and lists ------------------------------------------------------------- */

typedef struct word_value { const char *word; int value; } word_value;

static const word_value phases[] = { { "prefill", ERG_PREFILL }, { "decode", ERG_DECODE },
                                     { "train", ERG_TRAIN }, { 0 } };
static const word_value modes[] = { { "physical", ERG_PHYSICAL },
                                    { "compat", ERG_COMPAT }, { 0 } };
static const word_value runtimes[] = { { "eager", ERG_EAGER }, { "fused", ERG_FUSED },
                                       { "graph", ERG_GRAPH }, { 0 } };
static const word_value fusions[] = { { "none", ERG_FUSION_NONE },
                                      { "runtime", ERG_FUSION_RUNTIME },
                                      { "compat", ERG_FUSION_COMPAT }, { 0 } };
static const word_value heads[] = { { "auto", ERG_HEAD_AUTO }, { "none", ERG_HEAD_NONE },
                                    { "pooler", ERG_HEAD_POOLER }, { "cls", ERG_HEAD_CLS },
                                    { "lm", ERG_HEAD_LM }, { 0 } };
static const word_value logits[] = { { "all", ERG_LOGITS_ALL },
                                     { "last", ERG_LOGITS_LAST }, { 0 } };
static const word_value attentions[] = { { "auto", ERG_ATTENTION_AUTO },
                                         { "plain", ERG_ATTENTION_PLAIN },
                                         { "flash", ERG_ATTENTION_FLASH }, { 0 } };
static const word_value optimizers[] = { { "none", ERG_OPTIMIZER_NONE },
                                         { "sgd", ERG_OPTIMIZER_SGD },
                                         { "adamw", ERG_OPTIMIZER_ADAMW }, { 0 } };
static const word_value orders[] = { { "graph", false }, { "memory", true }, { 0 } };
static const word_value goals[] = { { "latency", ERG_GOAL_LATENCY },
                                    { "throughput", ERG_GOAL_THROUGHPUT },
                                    { "energy", ERG_GOAL_ENERGY },
                                    { "edp", ERG_GOAL_EDP }, { 0 } };

/* The options in the form the library takes; texts point into words. */
typedef struct request {
    const cli *call;
    const estimate_options *options;
    erg_study study;
    char words[WORDS_BYTES];
    size_t used;
    const char *hardware[LIST_MOST];
    int64_t batches[LIST_MOST];
    erg_precision precisions[LIST_MOST];
    erg_dim dims[CLI_LIST_MOST];
    erg_fusion fusions[ERG_FUSIONS];
} request;

/* -1: a sentence was printed. NULL text: the first word. */
static int value_of(const request *to, const char *name, const word_value *list,
                    const char *text)
{
    char known[96] = "";

    for (const word_value *one = list; one->word; one++) {
        if (!text || strcmp(text, one->word) == 0)
            return one->value;
        size_t used = strlen(known);
        snprintf(known + used, sizeof(known) - used, "%s%s", used ? ", " : "", one->word);
    }
    cli_misused(to->call, "--%s is one of %s, not '%s'", name, known, text);
    return -1;
}

static bool stood_before(const char *list, const char *word, size_t count)
{
    for (size_t past; list < word; list += past + 1) {
        past = strcspn(list, ",");
        if (past == count && memcmp(list, word, count) == 0)
            return true;
    }
    return false;
}

/* Next part of a list with commas, kept in to->words; NULL: the end, or no room. What
 * stands there twice is one. */
static const char *next_word(request *to, const char *list, const char **text)
{
    size_t count = strcspn(*text, ",");

    while (**text && stood_before(list, *text, count)) {
        *text += count + ((*text)[count] == ',');
        count = strcspn(*text, ",");
    }
    if (!**text || to->used + count + 1 > sizeof(to->words))
        return NULL;
    char *word = to->words + to->used;
    memcpy(word, *text, count);
    word[count] = '\0';
    to->used += count + 1;
    *text += count + ((*text)[count] == ',');
    return word;
}

static bool whole_of(const char *text, int64_t *out)
{
    char *end;
    long long value = strtoll(text, &end, 10);

    *out = value;
    return end != text && !*end && value > 0 && value < (1LL << 40);
}

static bool fill_lists(request *to)
{
    const estimate_options *o = to->options;
    const char *on = o->on, *batches = o->batch ? o->batch : "", *batch = batches, *word;
    const char *names = o->precision ? o->precision : "", *precision = names;
    erg_study *study = &to->study;

    while (study->hardware_count < LIST_MOST && (word = next_word(to, o->on, &on)))
        to->hardware[study->hardware_count++] = word;
    while (study->batch_count < LIST_MOST && (word = next_word(to, batches, &batch)))
        if (!whole_of(word, &to->batches[study->batch_count++]))
            return cli_misused(to->call, "--batch: '%s' is not a whole number above 0",
                               word), false;
    while (study->precision_count < LIST_MOST && (word = next_word(to, names, &precision)))
        if (!erg_precision_parse(word, &to->precisions[study->precision_count++]))
            return cli_misused(to->call, "--precision: '%s' is none of fp64 fp32 tf32 fp16 "
                               "bf16 fp8 int8 int4", word), false;
    if (*on || *batch || *precision)
        return cli_misused(to->call, "more than %d of one kind at '%.20s': ask in parts",
                           LIST_MOST, *on ? on : *batch ? batch : precision), false;
    study->hardware = to->hardware;
    study->batches = to->batches;
    study->precisions = to->precisions;
    return true;
}

static bool fill_dims(request *to)
{
    const cli_list *dims = &to->options->dims;

    for (size_t i = 0; i < dims->count; i++) {
        size_t count = strcspn(dims->items[i], "=");
        char *name = to->words + to->used;
        if (dims->items[i][count] != '=' || to->used + count + 1 > sizeof(to->words)
            || !whole_of(dims->items[i] + count + 1, &to->dims[i].value))
            return cli_misused(to->call, "--dim: '%s' is not NAME=N", dims->items[i]),
                   false;
        memcpy(name, dims->items[i], count);
        name[count] = '\0';
        to->used += count + 1;
        to->dims[i].name = name;
    }
    to->study.graph.dims = to->dims;
    to->study.graph.dim_count = dims->count;
    return true;
}

static bool fill_fusions(request *to)
{
    const char *names = to->options->fusion ? to->options->fusion : "";
    const char *list = names, *word;
    erg_study *study = &to->study;

    if (to->options->fusion && study->estimate.mode == ERG_COMPAT)
        return cli_misused(to->call, "--fusion is of physical mode: compat mode has its "
                           "table fusion"), false;
    while ((word = next_word(to, names, &list))) {
        int value = value_of(to, "fusion", fusions, word);
        if (value < 0)
            return false;
        if (study->fusion_count == ERG_FUSIONS)
            return cli_misused(to->call, "--fusion: one of each"), false;
        to->fusions[study->fusion_count++] = (erg_fusion)value;
    }
    study->fusions = to->fusions;
    return true;
}

static bool fill_words(request *to)
{
    const estimate_options *o = to->options;
    int phase = value_of(to, "phase", phases, o->phase);
    int mode = phase < 0 ? -1 : value_of(to, "mode", modes, o->mode);
    int runtime = mode < 0 ? -1 : value_of(to, "runtime", runtimes, o->runtime);
    int head = runtime < 0 ? -1 : value_of(to, "head", heads, o->head);
    int rows = head < 0 ? -1 : value_of(to, "logits", logits, o->logits);
    int attention = rows < 0 ? -1 : value_of(to, "attention", attentions, o->attention);
    int optimizer =
        attention < 0 ? -1 : value_of(to, "optimizer", optimizers, o->optimizer);
    int order = optimizer < 0 ? -1 : value_of(to, "order", orders, o->order);
    int goal = order < 0 ? -1 : !o->tune_batch ? ERG_GOAL_NONE
             : value_of(to, "tune-batch", goals, o->tune_batch);

    if (goal < 0)
        return false;
    to->study.graph = (erg_graph_options){
        .seq = o->seq, .phase = (erg_phase)phase, .head = (erg_head)head,
        .logits = (erg_logits)rows, .attention = (erg_attention)attention,
        .optimizer = (erg_optimizer)optimizer, .fold_batch_norm = o->fold,
    };
    to->study.estimate.mode = (erg_mode)mode;
    to->study.estimate.runtime = (erg_runtime)runtime;
    to->study.by_memory = order > 0;
    to->study.tune = (erg_goal)goal;
    return true;
}

static bool fill(request *to)
{
    const estimate_options *o = to->options;

    if (to->call->argc != 1 || !o->on)
        return cli_misused(to->call, "needs a WORKLOAD and --on HARDWARE; see erg zoo and "
                           "erg hardware"), false;
    if (!fill_words(to) || !fill_lists(to) || !fill_fusions(to) || !fill_dims(to))
        return false;
    erg_study *study = &to->study;
    study->workload = to->call->argv[0];
    study->estimate.clock_hz = o->clock_hz;
    study->estimate.power_cap_w = o->power_cap_w;
    study->estimate.thermal_point = o->thermal_point;
    study->estimate.power_gating = o->power_gating;
    study->estimate.streams = o->streams;
    study->estimate.measured_latency_s = o->measured_latency_s;
    study->profile_path = o->profile;
    study->top = (size_t)o->top;
    study->sort = o->sort;
    study->limits = (erg_limits){ o->latency_limit_s, o->energy_limit_j, o->power_limit_w,
                                  o->memory_limit_bytes };
    study->pareto = o->pareto;
    study->accuracy_path = o->accuracy;
    study->explain = o->explain;
    study->no_advice = o->no_hints;
    return true;
}

/* ---- out ---------------------------------------------------------------------------- */

static bool put_bytes(const void *what, const void *how, FILE *out, erg_error *err)
{
    (void)how, (void)err;
    return fputs(what, out) >= 0;
}

static int draw(const cli *call, const erg_catalog *catalog, const request *wish)
{
    erg_error err = { 0 };
    char *text = erg_study_dot(&call->env, catalog, &wish->study, &err);
    int status = text ? cli_put(call, put_bytes, text, NULL, wish->options->dot, stdout)
                      : cli_refused(call, &err);

    free(text);
    return status;
}

static int estimate(const cli *call, const erg_catalog *catalog, const request *wish)
{
    erg_error err = { 0 };
    bool passed = true;
    const char *verify = wish->options->verify;
    erg_result *result = verify
        ? erg_study_verify(&call->env, catalog, &wish->study, verify, &err)
        : erg_study_run(&call->env, catalog, &wish->study, &passed, &err);
    int status = result ? CLI_DONE : cli_refused(call, &err);

    if (status == CLI_DONE && !verify)
        status = cli_estimate_against(call, wish->options->against, result);
    if (status == CLI_DONE)
        status = verify ? cli_write(call, result, call->common.output, stdout)
                        : cli_estimate_put(call, wish->options->detail, result);
    if (status == CLI_DONE && wish->options->dot)
        status = draw(call, catalog, wish);
    erg_result_free(result);
    return status == CLI_DONE && !passed ? CLI_NO : status;
}

static int run(const cli *call)
{
    cli_folders folders;
    request *wish = calloc(1, sizeof(*wish));
    const estimate_options *options = call->options;

    if (!wish)
        return CLI_FAULT;
    if (options->kernels.count > 0 && options->on && call->argc == 0) {
        free(wish);
        return cli_estimate_kernels(call, cli_catalog(call, &folders), options->on,
                                    &options->kernels);
    }
    wish->call = call;
    wish->options = options;
    int status = fill(wish) ? estimate(call, cli_catalog(call, &folders), wish) : CLI_USAGE;
    free(wish);
    return status;
}

static const char about[] =
    "WORKLOAD is an ONNX file, a Hugging Face config.json, a kernel list or zoo:NAME.\n"
    "A row for each hardware, precision and batch, with 95 % intervals and a grade:\n"
    "calibrated, interpolated or theoretical. Nothing is run and nothing is fetched.\n"
    "Energy is that of the batch; static energy is not saved by a board that idles on,\n"
    "marginal_j is what this work adds. Each hint is a run of the estimator with one\n"
    "change. --format html is one page with pictures, as erg report makes it.\n"
    "Exit status 1 if a limit is broken.\n";

const cli_command cmd_estimate = {
    .name = "estimate",
    .usage = "erg estimate [options] WORKLOAD --on HARDWARE[,HARDWARE..]",
    .summary =
        "what a workload should cost: time, energy, power and memory, without running it",
    .about = about,
    .examples =
        "erg estimate zoo:resnet50 --on a100-pcie-40gb --precision bf16 --batch 1,8,32\n"
        "erg estimate model.onnx --on a100-sxm4-80gb,l4,this-cpu --dim batch=8\n"
        "erg estimate config.json --on h100-sxm5-80gb --batch 8 --seq 1024 --phase decode\n"
        "erg estimate zoo:vit_base --on t4,l4 --precision fp16 --energy-limit 200mJ\n"
        "erg estimate --kernel gemm:bf16:4096,4096,4096 --on h200-sxm-141gb\n"
        "erg estimate zoo:resnet18 --mode compat --on compat-gpu-a100\n",
    .options = option_rows,
    .options_size = sizeof(estimate_options),
    .is_short = true,
    .run = run,
};

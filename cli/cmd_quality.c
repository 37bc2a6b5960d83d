/* SPDX-License-Identifier: Apache-2.0 */
/* erg quality: how good were the answers, and what is left of the baseline's quality? */
#include <math.h>
#include "cli.h"

typedef struct quality_options {
    const char *hypothesis, *records, *features, *layers, *images, *baseline, *metric;
    const char *into, *setting, *against, *text_features, *against_layers, *weights;
    const char *encoder, *text_encoder, *prompts, *onnxruntime;
    cli_list references;
    double least, log_base;
    bool per_item;
} quality_options;

#define AT(field) offsetof(quality_options, field)

static const cli_option option_rows[] = {
    { 0, "hypothesis", CLI_TEXT, AT(hypothesis), "FILE", "answers in text, one a line" },
    { 0, "records", CLI_TEXT, AT(records), "FILE", "answers in JSON Lines, one a line" },
    { 0, "features", CLI_TEXT, AT(features), "FILE",
      "features of images, or of sentences: .npy, one a row" },
    { 0, "images", CLI_TEXT, AT(images), "FOLDER", "PNG, PGM and PPM of 8 bits, by name" },
    { 0, "against", CLI_TEXT, AT(against), "FILE",
      "features of real images, for fid and kid; or a folder of them" },
    { 0, "encoder", CLI_TEXT, AT(encoder), "MODEL",
      "X.onnx, with X.json beside it: what images are like, for fid, kid, clip and lpips" },
    { 0, "text-encoder", CLI_TEXT, AT(text_encoder), "MODEL",
      "the same of texts: of --prompts for clip, of answers' sentences for coherence" },
    { 0, "prompts", CLI_TEXT, AT(prompts), "FILE",
      "what the images show: a line an image, in the order of their names" },
    { 0, "onnxruntime", CLI_TEXT, AT(onnxruntime), "FILE",
      "library that computes encoders (libonnxruntime.so.1)" },
    { 0, "text-features", CLI_TEXT, AT(text_features), "FILE",
      "features of the prompts, for clip" },
    { 0, "layers", CLI_TEXT, AT(layers), "FILE[,..]",
      "layers of an image, (channels, height, width), for lpips" },
    { 0, "against-layers", CLI_TEXT, AT(against_layers), "FILE[,..]",
      "of the other image" },
    { 0, "weights", CLI_TEXT, AT(weights), "FILE[,..]", "of each layer's channels" },
    { 0, "reference", CLI_LIST, AT(references), "FILE",
      "what should have been answered, in the same order; again for more references" },
    { 0, "baseline", CLI_TEXT, AT(baseline), "FILE",
      "answers of the most faithful setting: adds retention" },
    { 0, "metric", CLI_TEXT, AT(metric), "LIST",
      "as in bleu,rouge (what the files allow)" },
    { 0, "least", CLI_RATIO, AT(least), "RATIO",
      "exit 1 unless this much is retained, as in 95%, by the lower bound", true },
    { 0, "into", CLI_TEXT, AT(into), "SWEEP",
      "store what is retained with a sweep's points" },
    { 0, "setting", CLI_TEXT, AT(setting), "NAME=VALUE[,..]",
      "of --into: of the applications with these settings (all)" },
    { 0, "log-base", CLI_NUMBER, AT(log_base), "N",
      "of the records' logprobs, as 2 or 10 (natural)", true },
    { 0, "per-item", CLI_FLAG, AT(per_item), NULL, "each item's own scores as well" },
    { 0 },
};

/* Unknown is not kept: a bound that could not be computed is a no. */
static int status_of(const quality_options *options, const erg_quality_verdict *verdict)
{
    return options->least > 0 && !(verdict->retention_low >= options->least)
        ? CLI_NO : CLI_DONE;
}

static bool note_verdict(const quality_options *options, const erg_quality_verdict *verdict,
                         erg_result *result, erg_error *err)
{
    if (!(options->least > 0))
        return true;
    if (!verdict->metric)
        return erg_result_note(result, err, "Rejected: no metric here has a retention.");
    if (isnan(verdict->retention_low))
        return erg_result_note(result, err,
                               "Rejected: the retention of %s has no lower bound.",
                               verdict->metric);
    return erg_result_note(result, err,
                           "%s: at least %.4g of %s is retained, %.4g is asked for.",
                           status_of(options, verdict) == CLI_DONE
                               ? "Accepted" : "Rejected",
                           verdict->retention_low, verdict->metric, options->least);
}

static bool store(const quality_options *options, const erg_quality_verdict *verdict,
                  erg_result *result, erg_error *err)
{
    size_t count = 0;

    return !options->into
        || (erg_quality_store(options->into, options->setting, verdict, &count, err)
            && erg_result_note(result, err,
                               "Stored in %s: %zu application%s, retention of %s.",
                               options->into, count, count == 1 ? "" : "s",
                               verdict->metric));
}

/* One line, written over. */
static void show_progress(void *self, const char *what, size_t done, size_t all)
{
    (void)self;
    fprintf(stderr, "\r\033[K%s %zu of %zu", what, done, all);
}

static erg_result *score(const quality_options *options, bool talks,
                         erg_quality_verdict *verdict, erg_error *err)
{
    const erg_quality_options how = {
        .hypothesis = options->hypothesis,
        .records = options->records,
        .features = options->features,
        .layers = options->layers,
        .images = options->images,
        .against = options->against,
        .text_features = options->text_features,
        .against_layers = options->against_layers,
        .weights = options->weights,
        .encoder = options->encoder,
        .text_encoder = options->text_encoder,
        .prompts = options->prompts,
        .onnxruntime = options->onnxruntime,
        .progress = talks ? show_progress : NULL,
        .baseline = options->baseline,
        .references = options->references.items,
        .reference_count = options->references.count,
        .metrics = options->metric,
        .log_base = options->log_base,
        .per_item = options->per_item,
    };
    erg_result *result = erg_quality_score(&how, verdict, err);

    if (talks && (options->encoder || options->text_encoder))
        fputs("\r\033[K", stderr);
    return result;
}

static int run(const cli *call)
{
    const quality_options *options = call->options;
    erg_error err = { 0 };
    erg_quality_verdict verdict = { 0 };
    bool talks = cli_talks(call);

    if (call->argc > 0)
        return cli_misused(call, "'%s': files are named by options", call->argv[0]);
    if (options->hypothesis && options->records)
        return cli_misused(call, "needs one of --hypothesis and --records");
    if (!options->hypothesis && !options->records && !options->features && !options->layers
        && !options->images)
        return cli_misused(call, "needs --hypothesis, --records, --features, --layers or "
                           "--images");
    if ((options->least > 0 || options->into) && !options->baseline)
        return cli_misused(call, "--%s needs --baseline", options->into ? "into" : "least");
    erg_result *result = score(options, talks, &verdict, &err);
    bool ok = result && note_verdict(options, &verdict, result, &err)
           && store(options, &verdict, result, &err);
    int status = ok ? cli_write(call, result, call->common.output, stdout)
                    : cli_refused(call, &err);
    erg_result_free(result);
    return status == CLI_DONE ? status_of(options, &verdict) : status;
}

static const char about[] =
    "Metrics are computed over all items; low and high are a 95 % bootstrap over items\n"
    "of 2,000 draws. With --baseline, retention is 1 where the answers are as good as\n"
    "the baseline's, with one-sided 95 % bounds; the same items are drawn for both.\n"
    "What cannot be computed is n/a, and a note says why.\n\n"
    "An encoder is a file X.onnx, with X.json beside it (docs/formats.md); ONNX Runtime\n"
    "computes it. The metric's name then holds the encoder's name and hash.\n\n"
    "Exit status 1: less than --least is retained, by the lower bound of each metric;\n"
    "agreement judges only where it is named or stands alone.\n";

static const char examples[] =
"erg quality --hypothesis out.txt --reference ref.txt\n"
"erg quality --records out.jsonl --metric perplexity,distinct\n"
"erg quality --features gen.npy --against real.npy --metric fid,kid\n"
"erg quality --images gen/ --against real/ --encoder inception.onnx --metric fid\n"
"erg quality --images gen/ --encoder clip_image.onnx --text-encoder clip_text.onnx "
"--prompts p.txt --metric clip\n"
"erg quality --hypothesis int8.txt --baseline fp16.txt --reference ref.txt --least 95%\n"
"erg quality --hypothesis int8.txt --baseline fp16.txt --reference ref.txt "
"--into s.erg --setting precision=int8\n";

const cli_command cmd_quality = {
    .name = "quality",
    .usage =
        "erg quality [options] (--hypothesis | --records | --features | --images) FILE",
    .summary = "score answers, and what is retained of a baseline's quality",
    .about = about,
    .examples = examples,
    .options = option_rows,
    .options_size = sizeof(quality_options),
    .run = run,
};

/* SPDX-License-Identifier: Apache-2.0 */
/* The table of metrics, and what a case must hold for each. */
#include <math.h>
#include "quality/metric.h"
#include "quality/rouge.h"

enum { OUTPUT = ERG_NEED_OUTPUT, REFERENCE = ERG_NEED_REFERENCE | OUTPUT,
       LOGPROBS = ERG_NEED_LOGPROBS, BASELINE = ERG_NEED_BASELINE,
       FEATURES = ERG_NEED_FEATURES, REAL = ERG_NEED_FEATURES | ERG_NEED_AGAINST,
       PROMPTS = ERG_NEED_FEATURES | ERG_NEED_TEXTS,
       CLASSES = ERG_NEED_LABEL | ERG_NEED_PREDICTED, LOSS = ERG_NEED_LOSS,
       BOXES = ERG_NEED_BOXES | ERG_NEED_TRUTHS,
       IMAGES = ERG_NEED_IMAGES | ERG_NEED_OTHER_IMAGES,
       LAYERS = ERG_NEED_LAYERS | ERG_NEED_OTHER_LAYERS | ERG_NEED_WEIGHTS };

const erg_metric erg_metrics[] = {
    { "bleu", "bleu", "n-grams shared with the references, 0..100", REFERENCE,
      ERG_RETAIN_HIGHER, false, 0, erg_bleu_compute },
    { "rouge-1", "rouge", "words shared with the reference (F)", REFERENCE,
      ERG_RETAIN_HIGHER, false, ERG_ROUGE_1, erg_rouge_compute },
    { "rouge-2", "rouge", "pairs of words shared (F)", REFERENCE,
      ERG_RETAIN_HIGHER, false, ERG_ROUGE_2, erg_rouge_compute },
    { "rouge-l", "rouge", "longest common subsequence (F)", REFERENCE,
      ERG_RETAIN_HIGHER, false, ERG_ROUGE_L, erg_rouge_compute },
    { "rouge-lsum", "rouge", "the same, sentence by sentence", REFERENCE,
      ERG_RETAIN_HIGHER, true, ERG_ROUGE_LSUM, erg_rouge_compute },
    { "wer", "wer", "wrong words over words of the reference", REFERENCE,
      ERG_RETAIN_ERROR, false, 0, erg_error_rate_compute },
    { "cer", "cer", "wrong characters over characters of the reference", REFERENCE,
      ERG_RETAIN_ERROR, true, 1, erg_error_rate_compute },
    { "perplexity", "perplexity", "exp of the mean -ln p of a token", LOGPROBS,
      ERG_RETAIN_LOWER, false, 0, erg_perplexity_compute },
    { "bits-per-byte", "perplexity", "-log2 p over the bytes of the text",
      LOGPROBS | OUTPUT, ERG_RETAIN_LOWER, true, 1, erg_perplexity_compute },
    { "distinct-1", "distinct", "different words over all words of an answer", OUTPUT,
      ERG_RETAIN_NONE, true, 0, erg_variety_compute, "coherence" },
    { "distinct-2", "distinct", "different pairs of words over all pairs", OUTPUT,
      ERG_RETAIN_NONE, true, 1, erg_variety_compute, "coherence" },
    { "repeat-4", "distinct", "four words in a row that came before", OUTPUT,
      ERG_RETAIN_NONE, true, 2, erg_variety_compute, "coherence" },
    { "agreement", "agreement", "share of answers equal to the baseline's", BASELINE,
      ERG_RETAIN_HIGHER, false, 0, erg_agreement_compute },
    { "first-difference", "agreement", "words before the first difference",
      BASELINE | OUTPUT, ERG_RETAIN_NONE, false, 1, erg_agreement_compute },
    { "top-1", "accuracy", "share of items whose first class is right", CLASSES,
      ERG_RETAIN_HIGHER, false, 1, erg_classes_compute },
    { "top-5", "accuracy", "share with the right class among the first five", CLASSES,
      ERG_RETAIN_HIGHER, true, 5, erg_classes_compute },
    { "loss", "loss", "mean of the items' losses; lower is better", LOSS,
      ERG_RETAIN_LOWER, false, 0, erg_loss_compute },
    { "map50", "map", "average precision of boxes at IoU .50, mean of classes", BOXES,
      ERG_RETAIN_HIGHER, false, 50, erg_boxes_compute },
    { "map75", "map", "the same at IoU .75", BOXES,
      ERG_RETAIN_HIGHER, true, 75, erg_boxes_compute },
    { "map", "map", "mean over IoU .50, .55 .. .95", BOXES,
      ERG_RETAIN_HIGHER, false, 0, erg_boxes_compute },
    { "fid", "fid", "Frechet distance to the real features; lower is better", REAL,
      ERG_RETAIN_LOWER, false, 0, erg_frechet_compute },
    { "kid", "kid", "kernel distance to the real features, unbiased", REAL,
      ERG_RETAIN_LOWER, false, 0, erg_kernel_compute },
    { "clip", "clip", "100 max(cos(image, text), 0)", PROMPTS,
      ERG_RETAIN_HIGHER, false, 0, erg_clip_compute },
    { "clip-w", "clip", "2.5 max(cos(image, text), 0)", PROMPTS,
      ERG_RETAIN_HIGHER, true, 1, erg_clip_compute },
    { "lpips", "lpips", "distance of images as an encoder sees them", LAYERS,
      ERG_RETAIN_DISTANCE, false, 0, erg_lpips_compute },
    { "psnr", "psnr", "peak signal to noise of pairs of images, dB", IMAGES,
      ERG_RETAIN_NONE, false, 0, erg_psnr_compute },
    { "coherence", "coherence", "mean cosine of neighbouring sentences", FEATURES,
      ERG_RETAIN_HIGHER, true, 0, erg_coherence_compute },
    { "coherence-least", "coherence", "the least cosine of an answer", FEATURES,
      ERG_RETAIN_NONE, true, 1, erg_coherence_compute },
};
const size_t erg_metric_count = ERG_COUNT(erg_metrics);

static const struct { unsigned need; const char *reason; } reasons[] = {
    { ERG_NEED_OUTPUT, "no answers in text: --hypothesis, or \"output\" in --records" },
    { ERG_NEED_REFERENCE, "no reference: --reference, or \"references\" in the records" },
    { ERG_NEED_LOGPROBS, "no probabilities of tokens: \"logprobs\" in --records" },
    { ERG_NEED_BASELINE, "no baseline: --baseline" },
    { ERG_NEED_LABEL, "no \"label\" in the records or the references" },
    { ERG_NEED_PREDICTED, "no \"predicted\" in the records" },
    { ERG_NEED_LOSS, "no \"loss\" in the records" },
    { ERG_NEED_BOXES, "no \"boxes\" in the records" },
    { ERG_NEED_TRUTHS, "no true boxes: \"truths\", or \"boxes\" of --reference" },
    { ERG_NEED_FEATURES, "no features: --features, or an encoder of features" },
    { ERG_NEED_AGAINST, "no real features, or images, to compare with: --against" },
    { ERG_NEED_TEXTS, "no features of the prompts: --text-features, or --prompts" },
    { ERG_NEED_IMAGES, "no images: --images" },
    { ERG_NEED_OTHER_IMAGES, "no other images: --baseline or --against" },
    { ERG_NEED_LAYERS, "no layers of images: --layers, or --encoder with weights" },
    { ERG_NEED_OTHER_LAYERS, "no other images or layers: --baseline, --against, or "
                             "--against-layers" },
    { ERG_NEED_WEIGHTS, "no weights of the layers: --weights" },
};

const char *erg_need_reason(unsigned missing)
{
    for (size_t i = 0; i < ERG_COUNT(reasons); i++)
        if (missing & reasons[i].need)
            return reasons[i].reason;
    return "";
}

static unsigned needs_of_item(const erg_item *item)
{
    return (item->output ? ERG_NEED_OUTPUT : 0)
         | (item->reference_count ? ERG_NEED_REFERENCE : 0)
         | (item->logprob_count ? ERG_NEED_LOGPROBS : 0)
         | (item->label ? ERG_NEED_LABEL : 0)
         | (item->predicted_count ? ERG_NEED_PREDICTED : 0)
         | (isnan(item->loss) ? 0 : ERG_NEED_LOSS)
         | (item->has_boxes ? ERG_NEED_BOXES : 0)
        | (item->has_truths ? ERG_NEED_TRUTHS : 0);
}

unsigned erg_needs_given(const erg_quality_case *with)
{
    const erg_answers *mine = &with->mine, *base = with->baseline;
    unsigned given = (base && base->items && mine->items ? ERG_NEED_BASELINE : 0)
        | (mine->features ? ERG_NEED_FEATURES : 0) | (mine->layers ? ERG_NEED_LAYERS : 0)
        | (with->against ? ERG_NEED_AGAINST : 0) | (with->texts ? ERG_NEED_TEXTS : 0)
        | (with->against_layers || (base && base->layers) ? ERG_NEED_OTHER_LAYERS : 0)
        | (with->weights ? ERG_NEED_WEIGHTS : 0) | (mine->images ? ERG_NEED_IMAGES : 0)
        | (with->against_images || (base && base->images) ? ERG_NEED_OTHER_IMAGES : 0);

    /* An encoder that gave no features has layers and weights of its own. */
    if (mine->images && with->features_by && !mine->features)
        given |= ERG_NEED_LAYERS | ERG_NEED_WEIGHTS;
    if (mine->distances)
        given |= ERG_NEED_LAYERS | ERG_NEED_OTHER_LAYERS | ERG_NEED_WEIGHTS;
    for (size_t i = 0; mine->items && i < mine->items->count; i++)
        given |= needs_of_item(&mine->items->items[i]);
    return given;
}

/* SPDX-License-Identifier: Apache-2.0 */
/* The table of metrics, and what a case must hold for each. */
#include <math.h>
#include "quality/metric.h"
#include "quality/rouge.h"

enum { OUTPUT = ERG_NEED_OUTPUT, REFERENCE = ERG_NEED_REFERENCE | OUTPUT,
       LOGPROBS = ERG_NEED_LOGPROBS, BASELINE = ERG_NEED_BASELINE };

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
    { "bits-per-byte", "perplexity", "-log2 p over the bytes of the text", LOGPROBS | OUTPUT,
      ERG_RETAIN_LOWER, true, 1, erg_perplexity_compute },
    { "distinct-1", "distinct", "different words over all words of an answer", OUTPUT,
      ERG_RETAIN_NONE, true, 0, erg_variety_compute },
    { "distinct-2", "distinct", "different pairs of words over all pairs", OUTPUT,
      ERG_RETAIN_NONE, true, 1, erg_variety_compute },
    { "repeat-4", "distinct", "four words in a row that came before", OUTPUT,
      ERG_RETAIN_NONE, true, 2, erg_variety_compute },
    { "agreement", "agreement", "share of answers equal to the baseline's", BASELINE,
      ERG_RETAIN_HIGHER, false, 0, erg_agreement_compute },
    { "first-difference", "agreement", "words before the first difference", BASELINE | OUTPUT,
      ERG_RETAIN_NONE, false, 1, erg_agreement_compute },
};
const size_t erg_metric_count = ERG_COUNT(erg_metrics);

static const struct { unsigned need; const char *reason; } reasons[] = {
    { ERG_NEED_OUTPUT, "no answers in text: --hypothesis, or \"output\" in --records" },
    { ERG_NEED_REFERENCE, "no reference: --reference, or \"references\" in the records" },
    { ERG_NEED_LOGPROBS, "no probabilities of tokens: \"logprobs\" in --records" },
    { ERG_NEED_BASELINE, "no baseline: --baseline" },
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
         | (item->logprob_count ? ERG_NEED_LOGPROBS : 0);
}

unsigned erg_needs_given(const erg_quality_case *with)
{
    const erg_items *items = with->mine.items;
    unsigned given = with->baseline && with->baseline->items && items ? ERG_NEED_BASELINE : 0;

    for (size_t i = 0; items && i < items->count; i++)
        given |= needs_of_item(&items->items[i]);
    return given;
}

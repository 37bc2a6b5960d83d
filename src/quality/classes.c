/* SPDX-License-Identifier: Apache-2.0 */
/* Classification: is the right class the first, or among the first five; and the loss. */
#include <math.h>
#include <string.h>
#include "quality/metric.h"

static bool is_among(const erg_item *item, size_t most)
{
    for (size_t i = 0; i < item->predicted_count && i < most; i++)
        if (strcmp(item->predicted[i], item->label) == 0)
            return true;
    return false;
}

/* metric->choice: among how many. */
bool erg_classes_compute(const erg_metric *metric, const erg_quality_case *with,
                         erg_tally *tally, erg_error *err)
{
    const erg_items *items = with->mine.items;
    size_t most = (size_t)metric->choice;

    if (!erg_tally_make(tally, items->count, 2, err))
        return false;
    for (size_t i = 0; i < items->count; i++) {
        const erg_item *item = &items->items[i];
        if (!item->label || item->predicted_count < most)
            continue;
        tally->counts[2 * i] = is_among(item, most);
        tally->counts[2 * i + 1] = 1;
        tally->is_scored[i] = true;
    }
    tally->value = erg_tally_mean;
    return erg_tally_scored(tally) > 0
        || erg_fail(err, ERG_NO_DATA, "no item has a label and %zu predicted class%s", most,
                    most == 1 ? "" : "es");
}

bool erg_loss_compute(const erg_metric *metric, const erg_quality_case *with,
                      erg_tally *tally, erg_error *err)
{
    const erg_items *items = with->mine.items;

    (void)metric;
    if (!erg_tally_make(tally, items->count, 2, err))
        return false;
    for (size_t i = 0; i < items->count; i++) {
        double loss = items->items[i].loss;
        tally->is_scored[i] = !isnan(loss);
        tally->counts[2 * i] = isnan(loss) ? 0 : loss;
        tally->counts[2 * i + 1] = !isnan(loss);
    }
    tally->value = erg_tally_mean;
    return true;
}

/* SPDX-License-Identifier: Apache-2.0 */
/* Hints for what does not fit: they are told for 5 % of the peak, whatever they cost. */
#include "estimate/hints.h"
#include "estimate/rewrite.h"

void erg_hint_try_order(erg_adviser *all)
{
    erg_case other;
    erg_hint one = { .name = "memory order", .change = "graph -> memory",
                 .for_memory = true,
                 .condition = "an executor that reorders" };

    if (all->desk->study->by_memory
        || !erg_case_price(all->desk, &all->base->setting, &other))
        return;
    other.by_memory = true;
    erg_hint_weigh(all, &other, one);
    erg_case_end(&other);
}

/* graph NULL: there is nothing of the kind to change. */
static bool price_rewritten(erg_adviser *all, erg_graph *graph, erg_case *out)
{
    erg_desk *desk = all->desk;
    erg_study_graph *made =
        graph ? erg_arena_take(desk->arena, sizeof(*made), desk->err) : NULL;

    *out = (erg_case){ .setting = all->base->setting };
    if (!made)
        return false;
    /* On the list for its partition's sake; nobody asks for a batch of 0. */
    *made = (erg_study_graph){ .next = desk->graphs, .graph = graph, .is_twin = true };
    desk->graphs = made;
    return erg_case_price_of(desk, &all->base->setting, made, out)
        && erg_case_plan(desk, out);
}

void erg_hint_try_weights(erg_adviser *all)
{
    erg_case other;
    erg_hint one = { .name = "weight quantization", .for_memory = true,
                 .condition = "accuracy not known; kernels that convert as they read" };

    snprintf(one.change, sizeof(one.change), "weights %s -> int8",
             erg_precision_name(all->base->setting.precision));
    if (all->base->graph->phase != ERG_TRAIN
        && price_rewritten(all,
                           erg_rewrite_narrow(all->desk->arena, all->base->graph,
                                              NULL), &other))
        erg_hint_weigh(all, &other, one);
    erg_case_end(&other);
}

/* Of some numbers of segments the one that needs least memory. */
void erg_hint_try_checkpoints(erg_adviser *all)
{
    static const int32_t segments[] = { 2, 4, 8, 16, 32 };
    erg_case best = { .estimation = NULL };
    erg_hint one = { .name = "checkpointing", .for_memory = true,
                 .condition = "activations computed again on the way back" };

    for (size_t i = 0; i < ERG_COUNT(segments); i++) {
        erg_case other;
        bool good = price_rewritten(all, erg_rewrite_recompute(all->desk->arena,
                                    all->base->graph, segments[i], NULL), &other);
        bool less = good && (!best.estimation
                             || other.memory->peak_bytes < best.memory->peak_bytes);
        if (less) {
            erg_case kept = best;
            best = other;
            other = kept;
            snprintf(one.change, sizeof(one.change), "%d segments", (int)segments[i]);
        }
        erg_case_end(&other);
    }
    if (best.estimation)
        erg_hint_weigh(all, &best, one);
    erg_case_end(&best);
}

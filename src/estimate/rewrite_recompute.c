/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Activation checkpointing. The forward pass is cut where least is alive, so that
 * segments hold about as much of what the way back reads. What crosses a cut is kept;
 * the rest of a segment is computed again when the first gradient asks for it. The last
 * segment stays: its gradients come at once.
 */
#include <string.h>
#include "estimate/rewrite.h"

typedef struct again {
    const erg_graph *from;
    erg_graph *to;
    erg_arena *arena;
    erg_error *err;
    erg_tensor *tensors;
    erg_operator *operators;
    int32_t *last;              /* by storage: its last reader of the forward pass, -1 */
    bool *saved;                /* by storage: the way back reads it */
    bool *dropped;              /* by storage: computed again */
    int32_t *segment;           /* by forward operator */
    int32_t *moved, *redone;    /* by operator: where it is now, and its repetition, -1 */
    int32_t *copy;              /* by tensor: that of the repetition, -1 */
    bool *is_done;              /* by segment */
    int32_t segments;
} again;

static int32_t storage_of(const again *a, int32_t tensor)
{
    return a->from->tensors[tensor].storage;
}

static bool is_forward(const again *a, int32_t storage)
{
    const erg_tensor *x = &a->from->tensors[storage];

    return x->role == ERG_ACTIVATION && x->producer >= 0
        && x->producer < a->from->forward_count;
}

static void *take(again *a, int32_t count, size_t size)
{
    return erg_arena_take(a->arena, ((size_t)count + 1) * size, a->err);
}

static bool lists_take(again *a)
{
    int32_t n = a->from->operator_count, t = a->from->tensor_count;

    a->to = take(a, 0, sizeof(*a->to));
    a->tensors = take(a, 2 * t, sizeof(*a->tensors));
    a->operators = take(a, 2 * n, sizeof(*a->operators));
    a->last = take(a, t, sizeof(*a->last));
    a->saved = take(a, t, sizeof(*a->saved));
    a->dropped = take(a, t, sizeof(*a->dropped));
    a->copy = take(a, t, sizeof(*a->copy));
    a->segment = take(a, n, sizeof(*a->segment));
    a->moved = take(a, n, sizeof(*a->moved));
    a->redone = take(a, n, sizeof(*a->redone));
    a->is_done = take(a, a->segments, sizeof(*a->is_done));
    return a->to && a->tensors && a->operators && a->last && a->saved && a->dropped
        && a->copy && a->segment && a->moved && a->redone && a->is_done;
}

static void list_readers(again *a)
{
    for (int32_t t = 0; t < a->from->tensor_count; t++)
        a->last[t] = a->copy[t] = -1;
    for (int32_t i = 0; i < a->from->operator_count; i++) {
        const erg_operator *op = &a->from->operators[i];
        a->moved[i] = a->redone[i] = -1;
        for (int32_t j = 0; j < op->input_count; j++) {
            int32_t storage = storage_of(a, op->inputs[j]);
            if (i < a->from->forward_count)
                a->last[storage] = i;
            else
                a->saved[storage] = true;
        }
    }
}

/* ---- where to cut ------------------------------------------------------------------ */

/* live[i]: bytes made up to operator i and read behind it; kept[i]: of what was made up
 * to it, the bytes that the way back reads. */
static void weigh_places(const again *a, double *live, double *kept)
{
    for (int32_t t = 0; t < a->from->tensor_count; t++) {
        if (storage_of(a, t) != t || !is_forward(a, t))
            continue;
        const erg_tensor *x = &a->from->tensors[t];
        kept[x->producer] += a->saved[t] ? (double)x->bytes : 0;
        if (a->last[t] <= x->producer)
            continue;
        live[x->producer] += (double)x->bytes;
        live[a->last[t]] -= (double)x->bytes;
    }
    for (int32_t i = 1; i < a->from->forward_count; i++) {
        live[i] += live[i - 1];
        kept[i] += kept[i - 1];
    }
}

/* The narrowest place with from < kept <= to; the last one where several are. */
static int32_t narrowest(const again *a, const double *live, const double *kept,
                         double from, double to)
{
    int32_t best = -1;

    for (int32_t i = 0; i < a->from->forward_count; i++)
        if (kept[i] > from && kept[i] <= to && (best < 0 || live[i] <= live[best]))
            best = i;
    return best;
}

static bool cut(again *a)
{
    int32_t n = a->from->forward_count, at = 0;
    double *live = take(a, n, sizeof(*live)), *kept = take(a, n, sizeof(*kept));

    if (!live || !kept)
        return false;
    weigh_places(a, live, kept);
    double part = kept[n - 1] / a->segments;
    for (int32_t s = 0; s < a->segments; s++) {
        int32_t end = s + 1 < a->segments
            ? narrowest(a, live, kept, (s + 0.5) * part, (s + 1.5) * part) : n - 1;
        for (; at <= end; at++)
            a->segment[at] = s;
    }
    return true;
}

/* ---- what is dropped ----------------------------------------------------------------- */

static bool mark_dropped(again *a)
{
    bool some = false;

    for (int32_t t = 0; t < a->from->tensor_count; t++) {
        if (storage_of(a, t) != t || !is_forward(a, t) || a->from->tensors[t].is_output)
            continue;
        int32_t made = a->segment[a->from->tensors[t].producer];
        bool crosses = a->last[t] >= 0 && a->segment[a->last[t]] != made;
        a->dropped[t] = !crosses && made + 1 < a->segments;
        some = some || (a->dropped[t] && a->saved[t]);
    }
    return some;
}

/* ---- the new order ------------------------------------------------------------------- */

/* The tensor that stands for it on the way back: its own or that of the repetition. */
static int32_t stand_in(again *a, int32_t tensor)
{
    int32_t storage = storage_of(a, tensor);

    if (!a->dropped[storage])
        return tensor;
    if (a->copy[storage] < 0) {
        a->copy[storage] = a->to->tensor_count++;
        a->tensors[a->copy[storage]] = a->from->tensors[storage];
        a->tensors[a->copy[storage]].storage = a->copy[storage];
    }
    if (a->copy[tensor] < 0) {
        a->copy[tensor] = a->to->tensor_count++;
        a->tensors[a->copy[tensor]] = a->from->tensors[tensor];
        a->tensors[a->copy[tensor]].storage = a->copy[storage];
    }
    return a->copy[tensor];
}

static const int32_t *mapped(again *a, const int32_t *list, int32_t count)
{
    int32_t *made = take(a, count, sizeof(*made));

    for (int32_t i = 0; made && i < count; i++)
        made[i] = stand_in(a, list[i]);
    return made;
}

static const int32_t *mapped_needs(again *a, const erg_operator *op, bool late)
{
    int32_t *made = take(a, op->need_count, sizeof(*made));

    for (int32_t i = 0; made && i < op->need_count; i++) {
        int32_t need = op->needs[i];
        made[i] = late && a->redone[need] >= 0 ? a->redone[need] : a->moved[need];
    }
    return made;
}

/* late: on the way back, among repetitions. */
static bool put(again *a, int32_t index, bool late)
{
    const erg_operator *op = &a->from->operators[index];
    int32_t at = a->to->operator_count++;
    erg_operator *to = &a->operators[at];

    *to = *op;
    to->needs = mapped_needs(a, op, late);
    if (late) {
        to->inputs = mapped(a, op->inputs, op->input_count);
        to->outputs = mapped(a, op->outputs, op->output_count);
    }
    if (!to->needs || !to->inputs || !to->outputs)
        return false;
    /* A repetition also makes what was kept: nobody asks where that comes from. */
    for (int32_t i = 0; i < to->output_count; i++)
        if (index >= a->from->forward_count || !late || to->outputs[i] != op->outputs[i])
            a->tensors[to->outputs[i]].producer = at;
    *(index < a->from->forward_count && late ? &a->redone[index] : &a->moved[index]) = at;
    return true;
}

/* What the segment dropped, and nothing that only kept tensors come from. */
static bool repeat(again *a, int32_t segment)
{
    bool good = true;

    a->is_done[segment] = true;
    for (int32_t i = 0; i < a->from->forward_count && good; i++) {
        const erg_operator *op = &a->from->operators[i];
        bool makes = false;
        for (int32_t j = 0; j < op->output_count; j++)
            makes = makes || a->dropped[storage_of(a, op->outputs[j])];
        if (a->segment[i] == segment && makes)
            good = put(a, i, true);
    }
    return good;
}

static bool repeat_what_it_reads(again *a, const erg_operator *op)
{
    bool good = true;

    for (int32_t j = 0; j < op->input_count && good; j++) {
        int32_t storage = storage_of(a, op->inputs[j]);
        if (!a->dropped[storage])
            continue;
        int32_t segment = a->segment[a->from->tensors[storage].producer];
        good = a->is_done[segment] || repeat(a, segment);
    }
    return good;
}

static bool order(again *a)
{
    bool good = true;

    for (int32_t i = 0; i < a->from->operator_count && good; i++) {
        bool late = i >= a->from->forward_count;
        good = (!late || repeat_what_it_reads(a, &a->from->operators[i]))
            && put(a, i, late);
    }
    return good;
}

static void total(again *a)
{
    a->to->flop = a->to->macs = 0;
    for (int32_t i = 0; i < a->to->operator_count; i++) {
        a->to->flop += a->operators[i].flop;
        a->to->macs += a->operators[i].macs;
    }
}

erg_graph *erg_rewrite_recompute(erg_arena *arena, const erg_graph *graph, int32_t segments,
                                 erg_error *err)
{
    again a = { .from = graph, .arena = arena, .err = err, .segments = segments };

    if (segments < 2 || graph->forward_count >= graph->operator_count || !lists_take(&a))
        return NULL;
    list_readers(&a);
    if (!cut(&a) || !mark_dropped(&a))
        return NULL;
    *a.to = *graph;
    a.to->operator_count = 0;
    a.to->tensors = a.tensors;
    a.to->operators = a.operators;
    memcpy(a.tensors, graph->tensors, (size_t)graph->tensor_count * sizeof(*a.tensors));
    if (!order(&a))
        return NULL;
    total(&a);
    return a.to;
}

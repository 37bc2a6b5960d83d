/* SPDX-License-Identifier: Apache-2.0 */
/* Streams, graphs and events of the fake driver: work waits until it is waited for. */
#include <stdlib.h>
#include "fake_cuda_inside.h"

#pragma GCC diagnostic ignored "-Wmissing-prototypes"
#pragma GCC visibility push(default)

typedef struct item { fake_work work; struct event *event; struct item *next; } item;
typedef struct list { item *first, **last; } list;

struct stream { kind kind; bool is_capturing; list queue, captured; double now_s; };
typedef struct event { kind kind; bool is_done; double at_s; stream *of; } event;
typedef struct graph { kind kind; list items; } graph;

/* ---- streams and their work ---------------------------------------------------------- */

static void add(list *to, const fake_work *work, event *of)
{
    item *more = calloc(1, sizeof(*more));
    if (!more)
        abort();
    more->event = of;
    if (work)
        more->work = *work;
    if (!to->last)
        to->last = &to->first;
    *to->last = more;
    to->last = &more->next;
}

static void empty(list *of)
{
    for (item *at = of->first, *next; at; at = next) {
        next = at->next;
        free(at);
    }
    *of = (list){ 0 };
}

static void work_off(stream *of)
{
    double begin_s = of->now_s;
    for (item *at = of->queue.first; at; at = at->next) {
        if (at->event) {
            at->event->at_s = of->now_s;
            at->event->is_done = true;
            continue;
        }
        if (!fake_sleeps())
            at->work.run(at->work.argument);
        of->now_s += at->work.cost_s;
    }
    empty(&of->queue);
    fake_sleep(of->now_s - begin_s);
}

int fake_enqueue(void *on, const fake_work *work)
{
    stream *of = on;
    if (!of || of->kind != STREAM)
        return INVALID_HANDLE;
    add(of->is_capturing ? &of->captured : &of->queue, work, NULL);
    return DONE;
}

/* ---- streams and graphs ------------------------------------------------------------- */

int cuStreamCreate(stream **out, unsigned flags)
{
    int code = fake_in_context(__func__);
    if (code || flags > 1 || !(*out = calloc(1, sizeof(**out))))
        return code ? code : INVALID_VALUE;
    (*out)->kind = STREAM;
    fake_alive(1);
    return DONE;
}

int fake_stream_call(const stream *of, const char *call)
{
    int code = fake_in_context(call);
    return code ? code : of && of->kind == STREAM ? DONE : INVALID_HANDLE;
}

int cuStreamDestroy_v2(stream *of)
{
    int code = fake_stream_call(of, __func__);
    if (code == INVALID_HANDLE)
        return code;
    empty(&of->queue);
    empty(&of->captured);
    free(of);
    fake_alive(-1);
    return code;
}

int cuStreamSynchronize(stream *of)
{
    int code = fake_stream_call(of, __func__);
    if (code || of->is_capturing)
        return code ? code : CAPTURE_FORBIDS;
    work_off(of);
    return DONE;
}

int cuStreamBeginCapture_v2(stream *of, int mode)
{
    int code = fake_stream_call(of, __func__);
    if (code || of->is_capturing || mode < 0 || mode > 2)
        return code ? code : INVALID_VALUE;
    of->is_capturing = true;
    return DONE;
}

int cuStreamEndCapture(stream *of, graph **out)
{
    int code = fake_stream_call(of, __func__);
    *out = NULL;
    if (code == INVALID_HANDLE || !of->is_capturing)
        return code ? code : INVALID_VALUE;
    of->is_capturing = false;
    if (code || !(*out = calloc(1, sizeof(**out)))) {
        empty(&of->captured);
        return code ? code : NO_MEMORY;
    }
    **out = (graph){ GRAPH, of->captured };
    of->captured = (list){ 0 };
    fake_alive(1);
    return DONE;
}

static int graph_free(graph *of, kind is, const char *call)
{
    int code = fake_in_context(call);
    if (!of || of->kind != is)
        return INVALID_HANDLE;
    empty(&of->items);
    free(of);
    fake_alive(-1);
    return code;
}

int cuGraphDestroy(graph *of) { return graph_free(of, GRAPH, __func__); }
int cuGraphExecDestroy(graph *of) { return graph_free(of, READY, __func__); }

int cuGraphInstantiateWithFlags(graph **out, const graph *of, unsigned long long flags)
{
    int code = fake_in_context(__func__);
    *out = NULL;
    if (code || !of || of->kind != GRAPH || flags != 0
        || !(*out = calloc(1, sizeof(**out))))
        return code ? code : INVALID_VALUE;
    (*out)->kind = READY;
    for (const item *at = of->items.first; at; at = at->next)
        add(&(*out)->items, &at->work, NULL);
    fake_alive(1);
    return DONE;
}

int cuGraphLaunch(const graph *of, stream *on)
{
    int code = fake_stream_call(on, __func__);
    if (code || !of || of->kind != READY)
        return code ? code : INVALID_HANDLE;
    for (const item *at = of->items.first; at; at = at->next)
        add(&on->queue, &at->work, NULL);
    return DONE;
}

/* ---- events ------------------------------------------------------------------------- */

int cuEventCreate(event **out, unsigned flags)
{
    int code = fake_in_context(__func__);
    if (code || flags > 7 || !(*out = calloc(1, sizeof(**out))))
        return code ? code : INVALID_VALUE;
    (*out)->kind = EVENT;
    fake_alive(1);
    return DONE;
}

int cuEventDestroy_v2(event *of)
{
    int code = fake_in_context(__func__);
    if (!of || of->kind != EVENT)
        return INVALID_HANDLE;
    /* A queue that still names it must not find it gone. */
    if (of->of && of->of->kind == STREAM)
        work_off(of->of);
    free(of);
    fake_alive(-1);
    return code;
}

int cuEventRecord(event *of, stream *on)
{
    int code = fake_stream_call(on, __func__);
    if (code || !of || of->kind != EVENT)
        return code ? code : INVALID_HANDLE;
    of->is_done = false;
    of->of = on;
    add(&on->queue, NULL, of);
    return DONE;
}

int cuEventSynchronize(event *of)
{
    int code = fake_in_context(__func__);
    if (code || !of || of->kind != EVENT || !of->of)
        return code ? code : INVALID_HANDLE;
    work_off(of->of);
    return DONE;
}

int cuEventElapsedTime(float *time_ms, const event *first, const event *second)
{
    int code = fake_in_context(__func__);
    if (code || !first || !second || first->kind != EVENT || second->kind != EVENT)
        return code ? code : INVALID_HANDLE;
    if (!first->is_done || !second->is_done)
        return NOT_READY;
    *time_ms = (float)(1e3 * (second->at_s - first->at_s));
    return DONE;
}
#pragma GCC visibility pop

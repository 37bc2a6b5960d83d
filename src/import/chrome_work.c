/* SPDX-License-Identifier: Apache-2.0 */
/* What the events of a Chrome trace mean, by tables of words. */
#include <stdlib.h>
#include <string.h>
#include "import/chrome_work.h"

const char *const erg_chrome_args[] = {
    [ERG_ARG_CORRELATION] = "correlation",
    [ERG_ARG_EXTERNAL_ID] = "External id",
    [ERG_ARG_DEVICE] = "device",
    [ERG_ARG_STREAM] = "stream",
    [ERG_ARG_GRID] = "grid",
    [ERG_ARG_BLOCK] = "block",
    [ERG_ARG_SHARED] = "shared memory",
    [ERG_ARG_BYTES] = "bytes",
    [ERG_ARG_DIMS] = "Input Dims",
    [ERG_ARG_STRIDES] = "Input Strides",
    [ERG_ARG_TYPES] = "Input type",
    [ERG_ARG_CONCRETE] = "Concrete Inputs",
    [ERG_ARG_OP_NAME] = "op_name",
    [ERG_ARG_PROVIDER] = "provider",
    [ERG_ARG_TYPE_SHAPE] = "input_type_shape",
    [ERG_ARG_NAME] = "name",
    [ERG_ARG_OUT_TYPE_SHAPE] = "output_type_shape",
    NULL
};

static const struct { const char *category; erg_trace_event_kind kind; } categories[] = {
    { "kernel", ERG_EVENT_KERNEL },
    { "cpu_op", ERG_EVENT_OPERATOR },
    { "cuda_runtime", ERG_EVENT_RUNTIME },
    { "cuda_driver", ERG_EVENT_RUNTIME },
    { "gpu_memcpy", ERG_EVENT_COPY },
    { "gpu_memset", ERG_EVENT_SET },
    { "user_annotation", ERG_EVENT_ANNOTATION },
    { "gpu_user_annotation", ERG_EVENT_OTHER },     /* the same again, where it ran */
    { "python_function", ERG_EVENT_OTHER },
    { "Session", ERG_EVENT_ANNOTATION },
    { "hip_runtime", ERG_EVENT_RUNTIME },
    { "xpu_runtime", ERG_EVENT_RUNTIME },
    { "Operator", ERG_EVENT_OPERATOR },             /* PyTorch before 1.13 */
    { "Kernel", ERG_EVENT_KERNEL },
    { "Memcpy", ERG_EVENT_COPY },
    { "Memset", ERG_EVENT_SET },
    { "Runtime", ERG_EVENT_RUNTIME },
};

static bool ends_in(const erg_chrome_text *text, const char *end)
{
    size_t count = strlen(end);
    return text->count >= count && memcmp(text->at + text->count - count, end, count) == 0;
}

erg_trace_event_kind erg_chrome_kind(const erg_chrome_event *event)
{
    for (size_t i = 0; i < ERG_COUNT(categories); i++)
        if (erg_chrome_is(&event->category, categories[i].category))
            return categories[i].kind;
    /* Of a node, ONNX Runtime also writes the fences before and behind its work. */
    if (erg_chrome_is(&event->category, "Node"))
        return ends_in(&event->name, "_kernel_time") ? ERG_EVENT_KERNEL : ERG_EVENT_OTHER;
    return event->args[ERG_ARG_STREAM].count && event->args[ERG_ARG_DEVICE].count
         ? ERG_EVENT_KERNEL : ERG_EVENT_OTHER;
}

bool erg_chrome_is_step(const erg_chrome_text *name)
{
    static const char step[] = "ProfilerStep#";
    return name->count > sizeof(step) - 1 && memcmp(name->at, step, sizeof(step) - 1) == 0;
}

/* ---- links -------------------------------------------------------------------------- */

static const int64_t FREE = INT64_MIN;

void erg_links_free(erg_links *links)
{
    free(links->slots);
    links->slots = NULL;
    links->count = links->capacity = 0;
}

static size_t slot_of(const erg_links *links, int64_t key)
{
    size_t at = (size_t)((uint64_t)key * 0x9e3779b97f4a7c15 >> 20) & (links->capacity - 1);

    while (links->slots[at].key != FREE && links->slots[at].key != key)
        at = (at + 1) & (links->capacity - 1);
    return at;
}

static bool make_room(erg_links *links, erg_error *err)
{
    erg_links more = { .count = links->count, .most = links->most,
                       .capacity = links->capacity ? 2 * links->capacity : 1024 };

    if (4 * (links->count + 1) <= 3 * links->capacity)
        return true;
    more.slots = malloc(more.capacity * sizeof(*more.slots));
    if (!more.slots)
        return erg_fail(err, ERG_NO_MEMORY, "out of memory");
    for (size_t i = 0; i < more.capacity; i++)
        more.slots[i].key = FREE;
    for (size_t i = 0; i < links->capacity; i++)
        if (links->slots[i].key != FREE)
            more.slots[slot_of(&more, links->slots[i].key)] = links->slots[i];
    free(links->slots);
    *links = more;
    return true;
}

bool erg_links_put(erg_links *links, const erg_link *link, erg_error *err)
{
    if (link->key == FREE)
        return true;
    if (!make_room(links, err))
        return false;
    erg_link *slot = &links->slots[slot_of(links, link->key)];
    if (slot->key == FREE) {
        if (links->most && links->count == links->most)
            return false;
        links->count++;
    }
    *slot = *link;
    return true;
}

const erg_link *erg_links_find(const erg_links *links, int64_t key)
{
    if (links->capacity == 0 || key == FREE)
        return NULL;
    const erg_link *slot = &links->slots[slot_of(links, key)];
    return slot->key == FREE ? NULL : slot;
}

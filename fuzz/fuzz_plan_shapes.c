/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a profiler wrote of a kernel's operator, a line each: the kernel's name, the
 * operator's, then its dims, strides, types and concrete inputs as JSON (PyTorch), of which
 * a node of ONNX Runtime has the first two for its inputs and outputs. A shape that comes
 * out is one that a kernel can have.
 */
#include <stdlib.h>
#include <string.h>
#include "replay/plan_chrome.h"

enum { KERNEL, OPERATOR, DIMS, STRIDES, TYPES, CONCRETE, LINES };

static void cut(const unsigned char *bytes, size_t size, erg_chrome_text lines[LINES])
{
    const char *at = (const char *)bytes, *end = at + size;

    for (size_t i = 0; i < LINES && at < end; i++) {
        const char *stop = memchr(at, '\n', (size_t)(end - at));
        if (!stop) stop = end;
        lines[i] = (erg_chrome_text){ at, (size_t)(stop - at) };
        at = stop < end ? stop + 1 : end;
    }
}

static void begin(erg_replay_kernel *kernel, const erg_chrome_text *name)
{
    char word[96];

    erg_chrome_put(name, word, sizeof(word));
    erg_replay_kernel_init(kernel, word, "chrome");
    kernel->signature.op = erg_op_of_name(word);
    kernel->tier = erg_tier_of(word, kernel->signature.op);
}

static void check(const erg_replay_kernel *kernel)
{
    const erg_signature *s = &kernel->signature;
    int32_t count = s->input_count + s->output_count;

    if (!s->shape_known) return;
    if (s->input_count < 1 || s->output_count != 1) abort();
    if (count > ERG_SIGNATURE_TENSORS || s->in_bytes < 0 || s->out_bytes < 0) abort();
    if (s->flop < 0 && s->flop != ERG_NONE) abort();
    for (int32_t i = 0; i < count; i++) {
        if (s->tensors[i].rank < 1 || s->tensors[i].rank > ERG_SIGNATURE_RANK) abort();
        for (int32_t axis = 0; axis < s->tensors[i].rank; axis++)
            if (s->tensors[i].dims[axis] < 0 || s->tensors[i].strides[axis] < 0) abort();
    }
}

int LLVMFuzzerTestOneInput(const unsigned char *bytes, size_t size)
{
    erg_chrome_text lines[LINES] = { 0 };
    erg_chrome_operator by = { .name = "" };
    erg_chrome_launch node = { 0 };
    erg_replay_kernel kernel;

    cut(bytes, size, lines);
    if (lines[OPERATOR].count == 0) return 0;
    begin(&kernel, &lines[KERNEL]);
    erg_chrome_put(&lines[OPERATOR], by.name, sizeof(by.name));
    by.dims = lines[DIMS];
    by.strides = lines[STRIDES];
    by.types = lines[TYPES];
    by.concrete = lines[CONCRETE];
    erg_plan_chrome_shape(&kernel, &by);
    check(&kernel);

    begin(&kernel, &lines[KERNEL]);
    node.node = lines[OPERATOR];
    node.node_inputs = lines[DIMS];
    node.node_outputs = lines[STRIDES];
    erg_plan_chrome_node(&kernel, &node);
    check(&kernel);
    return 0;
}

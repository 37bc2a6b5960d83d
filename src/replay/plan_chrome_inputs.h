/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What PyTorch's profiler wrote of an operator's inputs ("Input Dims", "Input Strides",
 * "Input type", "Concrete Inputs"), and the rules that make shapes of it.
 */
#ifndef ERG_REPLAY_PLAN_CHROME_INPUTS_H
#define ERG_REPLAY_PLAN_CHROME_INPUTS_H

#include "format/json.h"
#include "replay/plan_chrome.h"

enum { ERG_CHROME_INPUTS = 16, ERG_CHROME_VALUES = 3 };

/* An input that is no tensor: a whole number, a truth, or a list of whole numbers. */
typedef struct erg_chrome_value {
    int64_t at[ERG_CHROME_VALUES];
    size_t count;               /* 0: nothing, or nothing that is whole */
} erg_chrome_value;

typedef struct erg_chrome_inputs {
    erg_signature_tensor at[ERG_CHROME_INPUTS];
    bool is_tensor[ERG_CHROME_INPUTS];
    erg_chrome_value values[ERG_CHROME_INPUTS];
    size_t count;
} erg_chrome_inputs;

/* False: the profiler wrote no shapes. */
bool erg_inputs_read(const erg_chrome_operator *by, erg_chrome_inputs *to);
/* A number for each axis, one number being for all. False: not written, or of other
 * length. */
bool erg_inputs_axes(const erg_chrome_inputs *in, size_t at, int32_t axes, int64_t to[]);
/* A single number or truth; false: not written. */
bool erg_inputs_one(const erg_chrome_inputs *in, size_t at, int64_t *to);
bool erg_inputs_has(const erg_chrome_inputs *in, size_t at);

/* [1, 3, 224, 224] as JSON; false: no list, empty, or of more axes than we keep. */
bool erg_plan_dims(const json_t *list, erg_signature_tensor *tensor);
/* Has it so few elements that sums over two or three such tensors stay whole numbers? */
bool erg_plan_fits(const erg_signature_tensor *tensor);
/* 0: more than int64_t holds. */
int64_t erg_plan_elements(const erg_signature_tensor *tensor);
/* Operations of a map over so many elements; false: more than int64_t holds. */
bool erg_plan_flop_each(erg_signature *s, const erg_signature_tensor *over);
bool erg_plan_is_dense(const erg_signature_tensor *tensor, const int64_t strides[]);

/* plan_chrome_shape.c: the kernel's signature with the shapes that its operator's inputs
 * give. */
bool erg_plan_chrome_fill(const erg_replay_kernel *kernel, const char *name,
                          erg_chrome_inputs *in, erg_signature *s);
/* plan_chrome_layers.c: convolutions, pools, norms, softmax, attention. False: no such
 * operator, a kernel that is not the one at work, or something that was not written. */
bool erg_plan_chrome_layer(const erg_replay_kernel *kernel, const char *name,
                           erg_chrome_inputs *in, erg_signature *s);

#endif

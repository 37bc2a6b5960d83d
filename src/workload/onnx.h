/* SPDX-License-Identifier: Apache-2.0 */
/*
 * An ONNX file as structs, without its weights: the skeleton, a few KiB of a file of
 * hundreds of MiB. Payloads longer than 1 KiB are gone, their dims and type are not;
 * short ones (axes, shapes) are there.
 *
 * All that a file holds hangs on its arena and lives until erg_onnx_close: never call
 * the free_unpacked functions of protobuf-c on it. What is not in the vendored
 * onnx.proto, and all doc_string, metadata_props and training_info, is left out.
 */
#ifndef ERG_WORKLOAD_ONNX_H
#define ERG_WORKLOAD_ONNX_H

#include "base/base.h"
#include "erg/workload.h"
#include "workload/onnx.pb-c.h"

enum { ERG_ONNX_NOTES = 16, ERG_ONNX_BRANCHES = 8, ERG_ONNX_PAYLOAD_MOST = 1024 };

/* Which branch of each If is taken, in the order they are met: what costs more is known
 * only when shapes are, so a reader may try the other. Beyond MOST, and without a wish,
 * weights decide. */
typedef enum erg_onnx_branch {
    ERG_ONNX_BY_WEIGHT,
    ERG_ONNX_THEN,
    ERG_ONNX_ELSE
} erg_onnx_branch;
typedef struct erg_onnx_branches {
    erg_onnx_branch wanted[ERG_ONNX_BRANCHES], taken[ERG_ONNX_BRANCHES];
    bool is_sure[ERG_ONNX_BRANCHES];        /* of wanted: shapes said so, and no cost */
    const char *conditions[ERG_ONNX_BRANCHES];      /* in the flat graph; "": several */
    erg_onnx_branch told[ERG_ONNX_BRANCHES];        /* by shapes, where they tell */
    int32_t count;                  /* of conditions that are no constant */
} erg_onnx_branches;

typedef struct erg_onnx_file {
    const char *path;               /* as given, for sentences */
    Onnx__ModelProto *model;        /* graph is never NULL */
    erg_arena *arena;
    int64_t file_bytes;
    int64_t skeleton_bytes;         /* what was left for protobuf-c */
    int64_t external_bytes;         /* weights in other files, as far as they are there */
    erg_onnx_branches branches;     /* set .wanted after opening, read .taken when flat */
    bool is_unrolled_by_option;     /* --seq or --dim said how often: flat for these only */
    const char *notes[ERG_ONNX_NOTES];      /* weights in a file that is missing.. */
    int32_t note_count;
} erg_onnx_file;

/* Gives file->model, NULL and one sentence naming file and place when refused. */
Onnx__ModelProto *erg_onnx_open(const char *path, erg_onnx_file *file, erg_error *err);
/* Makes the graph one list of nodes in an order that can be run: functions inlined, the
 * costlier branch of each If (a note says so), Loop and Scan unrolled: `trip` of
 * options->dims where the number of steps is no constant. Inputs that are also
 * initializers are no inputs any more. Every node has an op_type. */
bool erg_onnx_flatten(erg_onnx_file *file, const erg_graph_options *options,
                      erg_error *err);
/* Frees everything; a file that did not open may be closed too. */
void erg_onnx_close(erg_onnx_file *file);
/* A note once; what does not fit is dropped, the last note then says so. */
void erg_onnx_note(erg_onnx_file *file, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* Width of one element of a TensorProto.DataType: 4 for INT4; 0: no such number, string. */
int erg_onnx_type_bits(int32_t data_type);
/* "FLOAT16"; "type 77". Good for as long as buffer is. */
const char *erg_onnx_type_name(int32_t data_type, char buffer[16]);
/* Product of dims, -1: a negative dimension or more than int64 holds. */
int64_t erg_onnx_elements(const Onnx__TensorProto *tensor);
/* The elements of a tensor of integers or booleans, if they were kept and fit: their
 * count (at most `most`), else -1: not integers, stripped, external, torn, too many. */
int64_t erg_onnx_ints(const Onnx__TensorProto *tensor, int64_t *to, int64_t most);
/* The attribute of that name; NULL: the node has none. */
const Onnx__AttributeProto *erg_onnx_attribute(const Onnx__NodeProto *node,
                                               const char *name);

#endif

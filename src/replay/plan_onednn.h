/* SPDX-License-Identifier: Apache-2.0 */
/* A line of oneDNN's verbose log as a kernel: its fields, and the shapes they hold. */
#ifndef ERG_REPLAY_PLAN_ONEDNN_H
#define ERG_REPLAY_PLAN_ONEDNN_H

#include "format/csv.h"
#include "replay/plan.h"

/* In the order of versions 2 and 3; a template line may say another. */
typedef enum erg_dnn_field {
    ERG_DNN_ENGINE, ERG_DNN_PRIMITIVE, ERG_DNN_IMPLEMENTATION, ERG_DNN_PROPAGATION,
    ERG_DNN_MEMORY, ERG_DNN_ATTRIBUTES, ERG_DNN_AUXILIARY, ERG_DNN_PROBLEM, ERG_DNN_TIME,
    ERG_DNN_FIELDS
} erg_dnn_field;

typedef struct erg_dnn_line { erg_field fields[ERG_DNN_FIELDS]; } erg_dnn_line;

/* Fills operator, shapes, types and counts; a line whose shapes are not understood stays
 * without them. */
void erg_plan_onednn_shapes(const erg_dnn_line *line, erg_replay_kernel *kernel);

typedef struct erg_dnn_memory {
    char role[8];               /* "src", "wei", "bia", "dst" */
    bool is_there;              /* false: undef */
    erg_precision precision;
    char tag[ERG_SIGNATURE_LAYOUT];     /* "aBcd8b"; "": any */
} erg_dnn_memory;

enum { ERG_DNN_MEMORIES = 12 };

typedef struct erg_dnn_tensors {
    erg_dnn_memory list[ERG_DNN_MEMORIES];
    size_t count;
} erg_dnn_tensors;

/* ---- fields, as texts (plan_onednn_dims.c) ------------------------------------ */

/* The word behind "alg:" in a field of words; empty: none. */
erg_field erg_dnn_word(erg_field field, const char *key);
/* The number behind "axis:"; -1: none. */
int64_t erg_dnn_value(erg_field field, const char *key);

enum { ERG_DNN_SHAPES = 8 };

typedef struct erg_dnn_shape {
    int32_t rank;
    int64_t dims[ERG_SIGNATURE_RANK];
} erg_dnn_shape;

typedef struct erg_dnn_letters {
    struct { char key[3]; int64_t value; } list[32];
    size_t count;
} erg_dnn_letters;

/* "128x256:256x512"; 0: it is not so. */
size_t erg_dnn_shapes_read(erg_field text, erg_dnn_shape to[ERG_DNN_SHAPES]);
/* "mb1_ic3oc64_ih224oh112" */
bool erg_dnn_letters_read(erg_field text, erg_dnn_letters *to);
int64_t erg_dnn_letter(const erg_dnn_letters *from, const char *key, int64_t absent);

/* Dims and tensors, once the operator is known (plan_onednn_problem.c). */
bool erg_plan_onednn_problem(const erg_dnn_line *line, const erg_dnn_tensors *memory,
                             erg_signature *to);

#endif

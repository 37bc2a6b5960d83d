/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the files of the oneDNN engine share. Descriptors of memory are named by the
 * library's own tags ("aBcd8b"), so that nobody outside has to hold one.
 *
 *   Threads  OpenMP's, inside of libdnnl. It is opened on demand: linked, every start of
 *            erg would bring them up.
 */
#ifndef ERG_ENGINE_ONEDNN_INSIDE_H
#define ERG_ENGINE_ONEDNN_INSIDE_H

#include <oneapi/dnnl/dnnl.h>
#include <oneapi/dnnl/dnnl_debug.h>
#include <sched.h>
#include "engine/engine.h"

enum { DNN_ARGS = ERG_SIGNATURE_TENSORS };

/* The symbols in use; onednn_open.c has their table. */
typedef struct dnn_library {
    const dnnl_version_t *(*version)(void);
    __typeof__(&dnnl_status2str) status_name;
    __typeof__(&dnnl_fmt_tag2str) tag_name;
    __typeof__(&dnnl_engine_create) engine_create;
    __typeof__(&dnnl_engine_destroy) engine_destroy;
    __typeof__(&dnnl_stream_create) stream_create;
    __typeof__(&dnnl_stream_destroy) stream_destroy;
    __typeof__(&dnnl_stream_wait) stream_wait;
    __typeof__(&dnnl_memory_create) memory_create;
    __typeof__(&dnnl_memory_destroy) memory_destroy;
    __typeof__(&dnnl_memory_set_data_handle) memory_set;
    __typeof__(&dnnl_memory_desc_init_by_tag) desc_by_tag;
    __typeof__(&dnnl_memory_desc_init_by_strides) desc_by_strides;
    __typeof__(&dnnl_memory_desc_init_submemory) desc_of_part;
    __typeof__(&dnnl_memory_desc_equal) desc_equal;
    __typeof__(&dnnl_memory_desc_get_size) desc_size;
    __typeof__(&dnnl_primitive_desc_create) primitive_desc_create;
    __typeof__(&dnnl_primitive_desc_destroy) primitive_desc_destroy;
    __typeof__(&dnnl_primitive_desc_query) query;
    __typeof__(&dnnl_primitive_desc_query_md) query_desc;
    __typeof__(&dnnl_primitive_create) primitive_create;
    __typeof__(&dnnl_primitive_destroy) primitive_destroy;
    __typeof__(&dnnl_primitive_execute) execute;
    __typeof__(&dnnl_reorder_primitive_desc_create) reorder;
    __typeof__(&dnnl_concat_primitive_desc_create) concat;
    __typeof__(&dnnl_binary_desc_init) binary;
    __typeof__(&dnnl_dilated_convolution_forward_desc_init) convolution;
    __typeof__(&dnnl_dilated_deconvolution_forward_desc_init) deconvolution;
    __typeof__(&dnnl_eltwise_forward_desc_init) eltwise;
    __typeof__(&dnnl_softmax_v2_forward_desc_init) softmax;
    __typeof__(&dnnl_pooling_v2_forward_desc_init) pooling;
    __typeof__(&dnnl_batch_normalization_forward_desc_init) batch_norm;
    __typeof__(&dnnl_layer_normalization_forward_desc_init) layer_norm;
    __typeof__(&dnnl_inner_product_forward_desc_init) inner_product;
    __typeof__(&dnnl_matmul_desc_init) matmul;
    __typeof__(&dnnl_reduction_desc_init) reduction;
    __typeof__(&dnnl_resampling_forward_desc_init) resampling;
    __typeof__(&dnnl_lrn_forward_desc_init) local_response;
    __typeof__(&dnnl_lstm_forward_desc_init) lstm;
    __typeof__(&dnnl_lbr_gru_forward_desc_init) gru;
    __typeof__(&dnnl_primitive_attr_create) attr_create;
    __typeof__(&dnnl_primitive_attr_destroy) attr_destroy;
    __typeof__(&dnnl_primitive_attr_set_output_scales) attr_scale;
    __typeof__(&dnnl_primitive_attr_set_post_ops) attr_post_ops;
    __typeof__(&dnnl_post_ops_create) post_ops_create;
    __typeof__(&dnnl_post_ops_destroy) post_ops_destroy;
    __typeof__(&dnnl_post_ops_append_eltwise) post_ops_eltwise;
    void (*set_threads)(int count); /* of OpenMP; NULL: the library has none */
} dnn_library;

struct erg_engine_session {
    dnn_library library;
    dnnl_engine_t engine;
    dnnl_stream_t stream;
    int threads;
    cpu_set_t before; /* where the thread could run when the session was opened */
};

/* A tensor as the library sees it; its argument: DNNL_ARG_SRC.. */
typedef struct dnn_operand {
    int argument, tensor;
    dnnl_memory_desc_t desc;
} dnn_operand;

typedef struct dnn_made {
    dnnl_primitive_desc_t desc; /* NULL: rows are copied (onednn_rows.c) */
    dnn_operand operands[DNN_ARGS];
    int operand_count;
} dnn_made;

/* An operator being described; is_free: layouts that nobody has fixed may be chosen. */
typedef struct dnn_draft {
    erg_engine_session *session;
    const erg_signature *signature;
    bool is_free;
    dnn_made *made;
    erg_error *err;
} dnn_draft;

/* How operands lie: in the library's layouts; inputs dense; all dense, and what the library
 * is told of them are strides of its own. */
typedef enum dnn_lies { DNN_ANYHOW, DNN_INPUTS_DENSE, DNN_DENSE } dnn_lies;

/* One row of onednn_operators: which kinds an operator of the library computes. */
typedef struct dnn_operator {
    erg_op_kind op;
    bool (*describe)(dnn_draft *draft);
    dnn_lies lies;
} dnn_operator;

extern const dnn_operator erg_dnn_matrix[], erg_dnn_maps[], erg_dnn_norms[],
    erg_dnn_moves[], erg_dnn_recurrent[];

/* ---- onednn_open.c --------------------------------------------------------------- */

bool erg_dnn_open(dnn_library *library, erg_error *err);
/* False, and err says what the library would not do. */
bool erg_dnn_ok(const dnn_library *library, dnnl_status_t status, const char *what,
                erg_error *err);

/* ---- onednn_desc.c --------------------------------------------------------------- */

/* A shape of its own (rank 0: that of the tensor). */
typedef struct dnn_shape {
    int rank;
    int64_t dims[ERG_SIGNATURE_RANK];
} dnn_shape;

const erg_signature_tensor *erg_dnn_output(const erg_signature *signature);
/* Into the width that the library reads. */
void erg_dnn_dims(const int64_t *from, int count, dnnl_dims_t to);
/* Missing leading axes are 1, as everywhere where operands are stretched. */
dnn_shape erg_dnn_stretched(const erg_signature_tensor *tensor, int rank);
int64_t erg_dnn_elements(const erg_signature_tensor *tensor);
/* The next operand, in the layout that the signature says. */
bool erg_dnn_operand(dnn_draft *draft, int argument, int tensor, const dnn_shape *shape);
/* Likewise, in any layout if the draft is free: weights, and all of a convolution. */
bool erg_dnn_operand_any(dnn_draft *draft, int argument, int tensor,
                         const dnn_shape *shape);
/* By strides of its own, in place of what the signature says. */
bool erg_dnn_operand_as(dnn_draft *draft, int argument, int tensor,
                        const erg_signature_tensor *as);
/* In the layout of an operand before it. */
bool erg_dnn_operand_like(dnn_draft *draft, int argument, int tensor,
                          const dnn_operand *like);
bool erg_dnn_size(const dnn_library *library, const erg_signature_tensor *tensor,
                  size_t *bytes, erg_error *err);
/* That of an operand described before; NULL: there is none. */
const dnnl_memory_desc_t *erg_dnn_desc(const dnn_draft *draft, int argument);
/* The descriptor of the primitive, from the library's description of the operation. */
bool erg_dnn_make(dnn_draft *draft, const void *description, const char *what);
/* Its results times alpha. */
bool erg_dnn_make_scaled(dnn_draft *draft, const void *description, double alpha,
                         const char *what);
/* Its results cut to 0..1. */
bool erg_dnn_make_cut(dnn_draft *draft, const void *description, const char *what);
/* "" if dense; false: the library's layout has no name. */
bool erg_dnn_layout_name(const dnn_library *library, const dnnl_memory_desc_t *desc,
                         char *name);

/* ---- onednn_rows.c --------------------------------------------------------------- */

typedef struct dnn_rows dnn_rows;
dnn_rows *erg_dnn_rows_new(const erg_signature *signature, erg_error *err);
void erg_dnn_rows_move(const dnn_rows *rows, void *const memory[]);
/* Of the table that rows are picked from. */
erg_engine_parts erg_dnn_rows_parts(const dnn_rows *rows);
const char *erg_dnn_rows_name(const dnn_rows *rows);
void erg_dnn_rows_free(dnn_rows *rows);
bool erg_dnn_is_rows(erg_op_kind op);

/* ---- onednn_parts.c -------------------------------------------------------------- */

typedef struct dnn_parts dnn_parts;
bool erg_dnn_has_parts(erg_op_kind op);
dnn_parts *erg_dnn_parts_new(erg_engine_session *session, const erg_signature *signature,
                             erg_error *err);
bool erg_dnn_parts_launch(const dnn_parts *parts, void *const memory[], erg_error *err);
const char *erg_dnn_parts_name(const dnn_parts *parts);
void erg_dnn_parts_free(dnn_parts *parts);

#endif

/* SPDX-License-Identifier: Apache-2.0 */
/* libdnnl opened at run time, as the headers it was built with say. */
#include "base/library.h"
#include "engine/onednn_inside.h"

#define SYMBOL(name, slot)                                                                 \
    {                                                                                      \
        "dnnl_" name, offsetof(dnn_library, slot), true                                    \
    }

static const erg_symbol symbols[] = {
    SYMBOL("version", version),
    SYMBOL("status2str", status_name),
    SYMBOL("fmt_tag2str", tag_name),
    SYMBOL("engine_create", engine_create),
    SYMBOL("engine_destroy", engine_destroy),
    SYMBOL("stream_create", stream_create),
    SYMBOL("stream_destroy", stream_destroy),
    SYMBOL("stream_wait", stream_wait),
    SYMBOL("memory_create", memory_create),
    SYMBOL("memory_destroy", memory_destroy),
    SYMBOL("memory_set_data_handle", memory_set),
    SYMBOL("memory_desc_init_by_tag", desc_by_tag),
    SYMBOL("memory_desc_init_by_strides", desc_by_strides),
    SYMBOL("memory_desc_init_submemory", desc_of_part),
    SYMBOL("memory_desc_equal", desc_equal),
    SYMBOL("memory_desc_get_size", desc_size),
    SYMBOL("primitive_desc_create", primitive_desc_create),
    SYMBOL("primitive_desc_destroy", primitive_desc_destroy),
    SYMBOL("primitive_desc_query", query),
    SYMBOL("primitive_desc_query_md", query_desc),
    SYMBOL("primitive_create", primitive_create),
    SYMBOL("primitive_destroy", primitive_destroy),
    SYMBOL("primitive_execute", execute),
    SYMBOL("reorder_primitive_desc_create", reorder),
    SYMBOL("concat_primitive_desc_create", concat),
    SYMBOL("binary_desc_init", binary),
    SYMBOL("dilated_convolution_forward_desc_init", convolution),
    SYMBOL("dilated_deconvolution_forward_desc_init", deconvolution),
    SYMBOL("eltwise_forward_desc_init", eltwise),
    SYMBOL("softmax_v2_forward_desc_init", softmax),
    SYMBOL("pooling_v2_forward_desc_init", pooling),
    SYMBOL("batch_normalization_forward_desc_init", batch_norm),
    SYMBOL("layer_normalization_forward_desc_init", layer_norm),
    SYMBOL("inner_product_forward_desc_init", inner_product),
    SYMBOL("matmul_desc_init", matmul),
    SYMBOL("reduction_desc_init", reduction),
    SYMBOL("resampling_forward_desc_init", resampling),
    SYMBOL("lrn_forward_desc_init", local_response),
    SYMBOL("lstm_forward_desc_init", lstm),
    SYMBOL("lbr_gru_forward_desc_init", gru),
    SYMBOL("primitive_attr_create", attr_create),
    SYMBOL("primitive_attr_destroy", attr_destroy),
    SYMBOL("primitive_attr_set_output_scales", attr_scale),
    SYMBOL("primitive_attr_set_post_ops", attr_post_ops),
    SYMBOL("post_ops_create", post_ops_create),
    SYMBOL("post_ops_destroy", post_ops_destroy),
    SYMBOL("post_ops_append_eltwise", post_ops_eltwise),
    { "omp_set_num_threads", offsetof(dnn_library, set_threads), false },
};

/* The name of 2.x's; another major number has other functions under the same names. */
static const char *const name = "libdnnl.so.2";

bool erg_dnn_open(dnn_library *library, erg_error *err)
{
    void *handle = erg_library_open(&name, 1);

    *library = (dnn_library){ 0 };
    if (!handle)
        return erg_fail(err, ERG_UNSUPPORTED,
                        "%s was not found: install libdnnl2 (oneDNN 2.x)", name);
    const char *missing = erg_library_find(handle, symbols, ERG_COUNT(symbols), library);
    return !missing
        || erg_fail(err, ERG_UNSUPPORTED,
                    "%s has no %s: oneDNN 2.6 or later is needed", name, missing);
}

bool erg_dnn_ok(const dnn_library *library, dnnl_status_t status, const char *what,
                erg_error *err)
{
    if (status == dnnl_success)
        return true;
    if (status == dnnl_out_of_memory)
        return erg_fail(err, ERG_NO_MEMORY,
                        "oneDNN has no memory for %s: take a smaller batch, or free some",
                        what);
    return erg_fail(err, ERG_UNSUPPORTED, "oneDNN: %s: %s", what,
                    library->status_name(status));
}

/* SPDX-License-Identifier: Apache-2.0 */
/* Descriptors of memory: from a tensor of a signature, and back to the name of a layout. */
#include <string.h>
#include "engine/onednn_inside.h"

static const dnnl_data_type_t types[ERG_PRECISIONS] = {
    [ERG_FP32] = dnnl_f32,
    [ERG_TF32] = dnnl_f32,
    [ERG_BF16] = dnnl_bf16,
    [ERG_INT8] = dnnl_s8,
};

const erg_signature_tensor *erg_dnn_output(const erg_signature *signature)
{
    return &signature->tensors[signature->input_count];
}

dnn_shape erg_dnn_stretched(const erg_signature_tensor *tensor, int rank)
{
    dnn_shape shape = { rank, { 0 } };

    for (int i = 0; i < rank; i++)
        shape.dims[i] =
            i < rank - tensor->rank ? 1 : tensor->dims[i - (rank - tensor->rank)];
    return shape;
}

int64_t erg_dnn_elements(const erg_signature_tensor *tensor)
{
    int64_t elements = 1;

    for (int i = 0; i < tensor->rank; i++)
        elements *= tensor->dims[i];
    return elements;
}

static dnnl_format_tag_t tag_of(const dnn_library *library, const char *layout)
{
    for (int tag = dnnl_format_tag_any + 1; tag < dnnl_format_tag_last; tag++)
        if (strcmp(library->tag_name((dnnl_format_tag_t)tag), layout) == 0)
            return (dnnl_format_tag_t)tag;
    return dnnl_format_tag_undef;
}

static bool is_strided(const erg_signature_tensor *tensor)
{
    for (int i = 0; i < tensor->rank; i++)
        if (tensor->strides[i] != 0)
            return true;
    return false;
}

void erg_dnn_dims(const int64_t *from, int count, dnnl_dims_t to)
{
    memset(to, 0, sizeof(dnnl_dims_t));
    memcpy(to, from, (size_t)count * sizeof(int64_t));
}

static dnnl_status_t describe(const dnn_library *library,
                              const erg_signature_tensor *tensor, const dnn_shape *shape,
                              dnnl_memory_desc_t *out)
{
    dnnl_data_type_t type = types[tensor->precision];
    int rank = shape ? shape->rank : tensor->rank;
    dnnl_dims_t dims = { 1 }, strides;

    if (type == dnnl_data_type_undef)
        return dnnl_unimplemented;
    if (rank == 0)
        return library->desc_by_strides(out, 1, dims, type, NULL);
    erg_dnn_dims(shape ? shape->dims : tensor->dims, rank, dims);
    erg_dnn_dims(tensor->strides, ERG_SIGNATURE_RANK, strides);
    if (tensor->layout[0])
        return library->desc_by_tag(out, rank, dims, type, tag_of(library, tensor->layout));
    return library->desc_by_strides(out, rank, dims, type,
                                    shape || !is_strided(tensor) ? NULL : strides);
}

static dnn_operand *next(dnn_draft *draft, int argument, int tensor)
{
    dnn_operand *operand = &draft->made->operands[draft->made->operand_count++];

    operand->argument = argument;
    operand->tensor = tensor;
    return operand;
}

bool erg_dnn_operand(dnn_draft *draft, int argument, int tensor, const dnn_shape *shape)
{
    const dnn_library *library = &draft->session->library;
    dnn_operand *operand = next(draft, argument, tensor);

    return erg_dnn_ok(
        library,
        describe(library, &draft->signature->tensors[tensor], shape, &operand->desc),
        "a tensor", draft->err);
}

bool erg_dnn_operand_any(dnn_draft *draft, int argument, int tensor, const dnn_shape *shape)
{
    const dnn_library *library = &draft->session->library;
    const erg_signature_tensor *is = &draft->signature->tensors[tensor];

    if (!draft->is_free)
        return erg_dnn_operand(draft, argument, tensor, shape);
    dnn_operand *operand = next(draft, argument, tensor);
    int rank = shape ? shape->rank : is->rank;
    dnnl_dims_t dims;
    erg_dnn_dims(shape ? shape->dims : is->dims, rank, dims);
    dnnl_status_t status = library->desc_by_tag(&operand->desc, rank, dims,
                                                types[is->precision], dnnl_format_tag_any);
    return erg_dnn_ok(library, status, "a tensor in any layout", draft->err);
}

bool erg_dnn_operand_as(dnn_draft *draft, int argument, int tensor,
                        const erg_signature_tensor *as)
{
    dnn_operand *operand = next(draft, argument, tensor);

    return erg_dnn_ok(&draft->session->library,
                      describe(&draft->session->library, as, NULL, &operand->desc),
                      "a tensor", draft->err);
}

bool erg_dnn_size(const dnn_library *library, const erg_signature_tensor *tensor,
                  size_t *bytes, erg_error *err)
{
    dnnl_memory_desc_t desc;

    /* Numbers of rows: the library never sees them. */
    if (types[tensor->precision] == dnnl_data_type_undef) {
        *bytes =
            (size_t)(erg_dnn_elements(tensor) * erg_precision_bits(tensor->precision)) / 8;
        return true;
    }
    if (!erg_dnn_ok(library, describe(library, tensor, NULL, &desc), "a tensor", err))
        return false;
    *bytes = library->desc_size(&desc);
    return true;
}

/* Where the layout of `like` cannot be had by these dims, dense will do. */
bool erg_dnn_operand_like(dnn_draft *draft, int argument, int tensor,
                          const dnn_operand *like)
{
    const dnn_library *library = &draft->session->library;
    erg_signature_tensor as = draft->signature->tensors[tensor];

    if (!draft->is_free)
        return erg_dnn_operand(draft, argument, tensor, NULL);
    if (like->desc.ndims != as.rank
        || !erg_dnn_layout_name(library, &like->desc, as.layout))
        as.layout[0] = '\0';
    memset(as.strides, 0, sizeof(as.strides));
    return erg_dnn_operand_as(draft, argument, tensor, &as);
}

/* Where a dimension is 1 several tags are equal to the library, and yet it knows a fast
 * kernel by one alone: of a 1x1 window Abcd32a is as good as Acdb32a to its compare, and
 * the convolution falls to ref:any. So strides count to the last. */
static bool is_same(const dnnl_memory_desc_t *a, const dnnl_memory_desc_t *b)
{
    const dnnl_blocking_desc_t *x = &a->format_desc.blocking, *y = &b->format_desc.blocking;
    size_t axes = (size_t)a->ndims * sizeof(x->strides[0]);

    return a->format_kind == dnnl_blocked && b->format_kind == dnnl_blocked
        && memcmp(x->strides, y->strides, axes) == 0;
}

/* The tag of this memory, or one that is as good where none is the very same. */
static dnnl_format_tag_t tag_like(const dnn_library *library,
                                  const dnnl_memory_desc_t *desc)
{
    dnnl_format_tag_t found = dnnl_format_tag_undef;
    dnnl_memory_desc_t other;

    for (int tag = dnnl_format_tag_any + 1; tag < dnnl_format_tag_last; tag++) {
        if (library->desc_by_tag(&other, desc->ndims, desc->dims, desc->data_type,
                                 (dnnl_format_tag_t)tag)
                != dnnl_success
            || !library->desc_equal(&other, desc))
            continue;
        if (is_same(&other, desc))
            return (dnnl_format_tag_t)tag;
        if (found == dnnl_format_tag_undef)
            found = (dnnl_format_tag_t)tag;
    }
    return found;
}

bool erg_dnn_layout_name(const dnn_library *library, const dnnl_memory_desc_t *desc,
                         char *name)
{
    dnnl_memory_desc_t other;

    name[0] = '\0';
    if (library->desc_by_strides(&other, desc->ndims, desc->dims, desc->data_type, NULL)
            == dnnl_success
        && library->desc_equal(&other, desc))
        return true;
    dnnl_format_tag_t tag = tag_like(library, desc);
    const char *is = tag == dnnl_format_tag_undef ? "" : library->tag_name(tag);
    if (!is[0] || strlen(is) >= ERG_SIGNATURE_LAYOUT)
        return false;
    strcpy(name, is);
    return true;
}

const dnnl_memory_desc_t *erg_dnn_desc(const dnn_draft *draft, int argument)
{
    for (int i = 0; i < draft->made->operand_count; i++)
        if (draft->made->operands[i].argument == argument)
            return &draft->made->operands[i].desc;
    return NULL;
}

static bool make_with(dnn_draft *draft, const void *description,
                      const_dnnl_primitive_attr_t attr, const char *what)
{
    const dnn_library *library = &draft->session->library;

    return erg_dnn_ok(library,
                      library->primitive_desc_create(&draft->made->desc, description, attr,
                                                     draft->session->engine, NULL),
                      what, draft->err);
}

bool erg_dnn_make(dnn_draft *draft, const void *description, const char *what)
{
    return make_with(draft, description, NULL, what);
}

bool erg_dnn_make_scaled(dnn_draft *draft, const void *description, double alpha,
                         const char *what)
{
    const dnn_library *library = &draft->session->library;
    const float scale = (float)alpha;
    dnnl_primitive_attr_t attr = NULL;

    /* 0: a signature that nobody gave one. */
    if (alpha == 1 || alpha == 0)
        return erg_dnn_make(draft, description, what);
    bool good =
        erg_dnn_ok(library, library->attr_create(&attr), "an attribute", draft->err)
        && erg_dnn_ok(library, library->attr_scale(attr, 1, 0, &scale), "a scale",
                      draft->err)
        && make_with(draft, description, attr, what);
    if (attr)
        library->attr_destroy(attr);
    return good;
}

bool erg_dnn_make_cut(dnn_draft *draft, const void *description, const char *what)
{
    const dnn_library *library = &draft->session->library;
    dnnl_primitive_attr_t attr = NULL;
    dnnl_post_ops_t after = NULL;

    bool good =
        erg_dnn_ok(library, library->attr_create(&attr), "an attribute", draft->err)
        && erg_dnn_ok(library, library->post_ops_create(&after), "what follows", draft->err)
        && erg_dnn_ok(library,
                      library->post_ops_eltwise(after, 1, dnnl_eltwise_clip, 0, 1),
                      "a cut", draft->err)
        && erg_dnn_ok(library, library->attr_post_ops(attr, after), "a cut", draft->err)
        && make_with(draft, description, attr, what);
    if (after)
        library->post_ops_destroy(after);
    if (attr)
        library->attr_destroy(attr);
    return good;
}

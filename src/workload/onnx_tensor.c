/* SPDX-License-Identifier: Apache-2.0 */
/* What a TensorProto holds: element types, counts, and the integers that shapes need. */
#include <string.h>
#include "workload/onnx.h"

typedef struct element { const char *name; int bits; } element;

/* By TensorProto.DataType. Strings have no width. */
static const element elements[] = {
    [1]  = { "FLOAT",          32 }, [2]  = { "UINT8",        8 },
    [3]  = { "INT8",            8 }, [4]  = { "UINT16",      16 },
    [5]  = { "INT16",          16 }, [6]  = { "INT32",       32 },
    [7]  = { "INT64",          64 }, [8]  = { "STRING",       0 },
    [9]  = { "BOOL",            8 }, [10] = { "FLOAT16",     16 },
    [11] = { "DOUBLE",         64 }, [12] = { "UINT32",      32 },
    [13] = { "UINT64",         64 }, [14] = { "COMPLEX64",   64 },
    [15] = { "COMPLEX128",    128 }, [16] = { "BFLOAT16",    16 },
    [17] = { "FLOAT8E4M3FN",    8 }, [18] = { "FLOAT8E4M3FNUZ", 8 },
    [19] = { "FLOAT8E5M2",      8 }, [20] = { "FLOAT8E5M2FNUZ", 8 },
    [21] = { "UINT4",           4 }, [22] = { "INT4",         4 },
    [23] = { "FLOAT4E2M1",      4 }, [24] = { "FLOAT8E8M0",   8 },
    [25] = { "UINT2",           2 }, [26] = { "INT2",         2 },
};

int erg_onnx_type_bits(int32_t data_type)
{
    return data_type > 0 && (size_t)data_type < ERG_COUNT(elements)
               ? elements[data_type].bits
               : 0;
}

const char *erg_onnx_type_name(int32_t data_type, char buffer[16])
{
    if (data_type > 0 && (size_t)data_type < ERG_COUNT(elements))
        return elements[data_type].name;
    snprintf(buffer, 16, "type %d", (int)data_type);
    return buffer;
}

int64_t erg_onnx_elements(const Onnx__TensorProto *tensor)
{
    int64_t count = 1;

    for (size_t i = 0; i < tensor->n_dims; i++)
        if (tensor->dims[i] < 0 || __builtin_mul_overflow(count, tensor->dims[i], &count))
            return -1;
    return count;
}

/* One number of raw_data: little-endian, as ONNX says. */
static int64_t raw_number(const uint8_t *at, int32_t type)
{
    uint64_t value = 0;
    int bytes = elements[type].bits / 8;

    for (int i = 0; i < bytes; i++)
        value |= (uint64_t)at[i] << (8 * i);
    switch (type) {
    case ONNX__TENSOR_PROTO__DATA_TYPE__INT8: return (int8_t)value;
    case ONNX__TENSOR_PROTO__DATA_TYPE__INT16: return (int16_t)value;
    case ONNX__TENSOR_PROTO__DATA_TYPE__INT32: return (int32_t)value;
    default: return (int64_t)value;
    }
}

static bool is_whole(int32_t type)
{
    return (type >= ONNX__TENSOR_PROTO__DATA_TYPE__UINT8
            && type <= ONNX__TENSOR_PROTO__DATA_TYPE__INT64)
        || type == ONNX__TENSOR_PROTO__DATA_TYPE__BOOL
        || type == ONNX__TENSOR_PROTO__DATA_TYPE__UINT32
        || type == ONNX__TENSOR_PROTO__DATA_TYPE__UINT64;
}

int64_t erg_onnx_ints(const Onnx__TensorProto *tensor, int64_t *to, int64_t most)
{
    int64_t count = erg_onnx_elements(tensor);
    int32_t type = tensor->data_type;
    size_t width = (size_t)erg_onnx_type_bits(type) / 8;

    if (count < 0 || count > most || !is_whole(type)
        || tensor->data_location == ONNX__TENSOR_PROTO__DATA_LOCATION__EXTERNAL)
        return -1;
    if (tensor->has_raw_data && tensor->raw_data.len == (size_t)count * width) {
        for (int64_t i = 0; i < count; i++)
            to[i] = raw_number(tensor->raw_data.data + (size_t)i * width, type);
        return count;
    }
    if (type == ONNX__TENSOR_PROTO__DATA_TYPE__INT64
        && tensor->n_int64_data == (size_t)count) {
        for (int64_t i = 0; i < count; i++)
            to[i] = tensor->int64_data[i];
        return count;
    }
    if (tensor->n_uint64_data == (size_t)count && count) {
        for (int64_t i = 0; i < count; i++)
            to[i] = (int64_t)tensor->uint64_data[i];
        return count;
    }
    if (tensor->n_int32_data != (size_t)count)
        return -1;
    for (int64_t i = 0; i < count; i++)
        to[i] = tensor->int32_data[i];
    return count;
}

const Onnx__AttributeProto *erg_onnx_attribute(const Onnx__NodeProto *node,
                                               const char *name)
{
    for (size_t i = 0; i < node->n_attribute; i++) {
        const char *one = node->attribute[i]->name;
        if (one && one[0] == name[0] && strcmp(one, name) == 0)
            return node->attribute[i];
    }
    return NULL;
}

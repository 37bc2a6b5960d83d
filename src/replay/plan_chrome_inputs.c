/* SPDX-License-Identifier: Apache-2.0 */
/* An operator's inputs as the profiler wrote them: JSON lists, one entry an input. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include "replay/plan_chrome_inputs.h"
#include "replay/plan_read.h"

static const int64_t MOST = (int64_t)1 << 48;   /* elements of a tensor */

static json_t *list_of(const erg_chrome_text *text)
{
    erg_error ignored = { 0 };      /* a list that is none is a shape that is not known */
    json_t *list = text->count ? erg_json_parse("", text->at, text->count, &ignored) : NULL;

    if (json_is_array(list))
        return list;
    json_decref(list);
    return NULL;
}

static bool sizes_of(const json_t *list, int64_t to[ERG_SIGNATURE_RANK], size_t *count)
{
    *count = json_array_size(list);
    if (!json_is_array(list) || *count > ERG_SIGNATURE_RANK)
        return false;
    for (size_t i = 0; i < *count; i++) {
        const json_t *size = json_array_get(list, i);
        if (!json_is_integer(size) || json_integer_value(size) < 0)
            return false;
        to[i] = json_integer_value(size);
    }
    return true;
}

bool erg_plan_is_dense(const erg_signature_tensor *tensor, const int64_t strides[])
{
    int64_t expected = 1;

    for (int32_t i = tensor->rank; i-- > 0; expected *= tensor->dims[i])
        if (tensor->dims[i] != 1 && strides[i] != expected)
            return false;
    return true;
}

/* "c10::Half" and "float". */
static bool type_of(const json_t *word, erg_precision *out)
{
    static const struct { const char *word; erg_precision precision; } types[] = {
        { "c10::Half", ERG_FP16 }, { "c10::BFloat16", ERG_BF16 }, { "float", ERG_FP32 },
        { "double", ERG_FP64 }, { "signed char", ERG_INT8 }, { "unsigned char", ERG_INT8 },
    };
    const char *text = json_string_value(word);

    for (size_t i = 0; text && i < ERG_COUNT(types); i++)
        if (strcmp(text, types[i].word) == 0) {
            *out = types[i].precision;
            return true;
        }
    return text && erg_plan_precision(text, strlen(text), out);
}

/* What no memory holds is no tensor: products of two or three sizes stay whole numbers. */
bool erg_plan_fits(const erg_signature_tensor *tensor)
{
    int64_t count = 1;

    for (int32_t i = 0; i < tensor->rank; i++)
        if (tensor->dims[i] > 0
            && (__builtin_mul_overflow(count, tensor->dims[i], &count) || count > MOST))
            return false;
    return true;
}

bool erg_plan_dims(const json_t *list, erg_signature_tensor *tensor)
{
    size_t rank = 0;
    bool good = sizes_of(list, tensor->dims, &rank) && rank > 0;

    tensor->rank = good ? (int32_t)rank : 0;
    if (good && erg_plan_fits(tensor))
        return true;
    tensor->rank = 0;
    return false;
}

static void read_input(erg_chrome_inputs *to, const json_t *dims, const json_t *strides,
                       const json_t *type)
{
    erg_signature_tensor *tensor = &to->at[to->count];
    int64_t sizes[ERG_SIGNATURE_RANK];
    size_t count = 0;

    to->is_tensor[to->count] = erg_plan_dims(dims, tensor)
                            && type_of(type, &tensor->precision);
    if (strides && sizes_of(strides, sizes, &count) && count == (size_t)tensor->rank
        && !erg_plan_is_dense(tensor, sizes))
        memcpy(tensor->strides, sizes, count * sizeof(*sizes));
    to->count++;
}

/* "1", "True", "[3, 3]". */
static erg_chrome_value value_of(const json_t *word)
{
    const char *at = json_string_value(word);
    erg_chrome_value value = { 0 };

    if (!at)
        return value;
    if (strcmp(at, "True") == 0 || strcmp(at, "False") == 0)
        return (erg_chrome_value){ { at[0] == 'T' }, 1 };
    bool is_list = *at == '[';
    for (at += is_list; *at && *at != ']'; at += strspn(at, ", ")) {
        char *end;

        errno = 0;
        int64_t number = strtoll(at, &end, 10);
        if (end == at || errno || value.count == ERG_CHROME_VALUES
            || (*end && !strchr(is_list ? ",]" : "", *end)))
            return (erg_chrome_value){ 0 };
        value.at[value.count++] = number;
        at = end;
    }
    return value;
}

bool erg_inputs_read(const erg_chrome_operator *by, erg_chrome_inputs *to)
{
    json_t *dims = list_of(&by->dims), *strides = list_of(&by->strides);
    json_t *types = list_of(&by->types), *concrete = list_of(&by->concrete);

    *to = (erg_chrome_inputs){ 0 };
    for (size_t i = 0; i < json_array_size(dims) && i < ERG_CHROME_INPUTS; i++) {
        to->values[i] = value_of(json_array_get(concrete, i));
        read_input(to, json_array_get(dims, i), json_array_get(strides, i),
                   json_array_get(types, i));
    }
    json_decref(dims);
    json_decref(strides);
    json_decref(types);
    json_decref(concrete);
    return to->count > 0;
}

bool erg_inputs_has(const erg_chrome_inputs *in, size_t at)
{
    return at < in->count && in->is_tensor[at];
}

bool erg_inputs_one(const erg_chrome_inputs *in, size_t at, int64_t *to)
{
    return at < in->count && in->values[at].count == 1
        && (*to = in->values[at].at[0], true);
}

bool erg_inputs_axes(const erg_chrome_inputs *in, size_t at, int32_t axes, int64_t to[])
{
    size_t count = at < in->count ? in->values[at].count : 0;

    if (count != 1 && count != (size_t)axes)
        return false;
    for (int32_t i = 0; i < axes; i++)
        to[i] = in->values[at].at[count == 1 ? 0 : i];
    return true;
}

int64_t erg_plan_elements(const erg_signature_tensor *tensor)
{
    int64_t count = 1;

    for (int32_t i = 0; i < tensor->rank; i++)
        if (__builtin_mul_overflow(count, tensor->dims[i], &count))
            return 0;
    return count;
}

bool erg_plan_flop_each(erg_signature *s, const erg_signature_tensor *over)
{
    return !__builtin_mul_overflow(erg_plan_elements(over),
                                   (int64_t)erg_op_kinds[s->op].flop_per_element, &s->flop);
}

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Operators of ai.onnx.ml that pass over a table of features or multiply it. Trees,
 * support vectors and what makes maps have no rule: their work depends on the data.
 */
#include "workload/onnx_count.h"
#include "workload/onnx_shape.h"

#define ML "ai.onnx.ml"

enum {
    FLOAT = ONNX__TENSOR_PROTO__DATA_TYPE__FLOAT,
    INT64 = ONNX__TENSOR_PROTO__DATA_TYPE__INT64,
    STRING = ONNX__TENSOR_PROTO__DATA_TYPE__STRING
};

/* How many numbers an attribute holds; 0: it is not there. */
static int64_t count_of(const erg_onnx_node *node, const char *name)
{
    const Onnx__AttributeProto *a = erg_onnx_attribute(node->proto, name);
    return a ? (int64_t)(a->n_floats + a->n_ints + a->n_strings) : 0;
}

/* Reals, whatever came in. */
static bool reals(erg_onnx_model *model, erg_onnx_node *node)
{
    const erg_onnx_value *x = erg_onnx_need(model, node, 0, 0);
    return x && erg_onnx_give(model, node, 0, FLOAT, x->rank, x->dims);
}

/* A word, a number or a whole number for each key. */
static bool labels(erg_onnx_model *model, erg_onnx_node *node)
{
    const erg_onnx_value *x = erg_onnx_need(model, node, 0, 0);
    int32_t type = count_of(node, "values_floats")                          ? FLOAT
                   : count_of(node, "values_int64s")                        ? INT64
                   : count_of(node, "classes_strings") && x && x->type != INT64 ? INT64
                                                                            : STRING;
    return x && erg_onnx_give(model, node, 0, type, x->rank, x->dims);
}

/* Rows and columns of a table; one row may come without an axis of rows. */
static bool table(erg_onnx_model *model, erg_onnx_node *node, int64_t size[2])
{
    const erg_onnx_value *x = erg_onnx_need(model, node, 0, 1);

    if (!x)
        return false;
    size[0] = x->rank > 1 ? x->dims[0] : 1;
    size[1] = x->rank > 1 ? erg_onnx_product(x->dims, 1, x->rank) : x->dims[0];
    return size[1] > 0 || erg_onnx_refuse(model, node, "its table has no columns");
}

static bool regressor(erg_onnx_model *model, erg_onnx_node *node)
{
    int64_t size[2], targets = erg_onnx_int(node, "targets", 1);

    if (!table(model, node, size))
        return false;
    if (targets < 1 || count_of(node, "coefficients") / size[1] != targets)
        return erg_onnx_refuse(model, node, "its coefficients do not fit %lld columns",
                               (long long)size[1]);
    int64_t dims[2] = { size[0], targets };
    return erg_onnx_give(model, node, 0, FLOAT, 2, dims);
}

/* A label a row, and a score a class: of two classes one row of coefficients will do. */
static bool classifier(erg_onnx_model *model, erg_onnx_node *node)
{
    int64_t size[2], words = count_of(node, "classlabels_strings");
    int64_t classes = words ? words : count_of(node, "classlabels_ints");

    if (!table(model, node, size))
        return false;
    int64_t rows = count_of(node, "coefficients") / size[1];
    if (rows < 1 || (classes && rows != classes && rows != 1))
        return erg_onnx_refuse(model, node, "its coefficients do not fit %lld columns",
                               (long long)size[1]);
    int64_t dims[2] = { size[0], classes ? classes : rows };
    return erg_onnx_give(model, node, 0, words ? STRING : INT64, 1, dims)
           && erg_onnx_give(model, node, 1, FLOAT, 2, dims);
}

/* Columns that input 1 names. */
static bool columns(erg_onnx_model *model, erg_onnx_node *node)
{
    const erg_onnx_value *x = erg_onnx_need(model, node, 0, 1);
    const erg_onnx_value *chosen = x ? erg_onnx_need(model, node, 1, 0) : NULL;
    int64_t dims[ERG_ONNX_RANK + 1] = { 1 };
    int32_t rank = x && x->rank == 1 ? 2 : x ? x->rank : 0;

    if (!chosen)
        return false;
    for (int32_t i = 0; x->rank > 1 && i < rank - 1; i++)
        dims[i] = x->dims[i];
    dims[rank - 1] = chosen->elements;
    return erg_onnx_give(model, node, 0, x->type, rank, dims);
}

/* Tables side by side. */
static bool joined(erg_onnx_model *model, erg_onnx_node *node)
{
    int64_t dims[2] = { 0 };

    for (int32_t i = 0; i < node->in_count; i++) {
        const erg_onnx_value *x = erg_onnx_need(model, node, i, 1);
        if (!x)
            return false;
        dims[0] = x->rank > 1 ? x->dims[0] : 1;
        int64_t width = erg_onnx_product(x->dims, x->rank > 1, x->rank);
        if (width < 0 || __builtin_add_overflow(dims[1], width, &dims[1]))
            return erg_onnx_refuse(model, node, "its tables have too many columns");
    }
    return erg_onnx_give(model, node, 0, FLOAT, 2, dims);
}

/* Coefficients are attributes: a product without a matrix that is read. */
static bool linear(erg_onnx_model *model, erg_onnx_node *node, erg_onnx_cost *cost)
{
    int64_t size[2];

    if (!table(model, node, size))
        return false;
    cost->spec.batch = 1;
    cost->spec.m = size[0];
    cost->spec.n = count_of(node, "coefficients") / size[1];
    cost->spec.k = size[1];
    return true;
}

static const erg_onnx_rule rules[] = {
    { "ArrayFeatureExtractor", ML, columns, ERG_OP_GATHER },
    { "Binarizer", ML, erg_onnx_shape_same, ERG_OP_COMPARE },
    { "FeatureVectorizer", ML, joined, ERG_OP_CONCAT },
    { "Imputer", ML, erg_onnx_shape_same, ERG_OP_WHERE },
    { "LabelEncoder", ML, labels, ERG_OP_GATHER },
    { "LinearClassifier", ML, classifier, ERG_OP_MATMUL, .count = linear },
    { "LinearRegressor", ML, regressor, ERG_OP_MATMUL, .count = linear },
    { "Normalizer", ML, reals, ERG_OP_LAYER_NORM },
    { "Scaler", ML, reals, ERG_OP_MUL },
};

const erg_onnx_rule *erg_onnx_ml_rules(size_t *count)
{
    *count = ERG_COUNT(rules);
    return rules;
}

/* SPDX-License-Identifier: Apache-2.0 */
/* Folding of small tensors, continued: arithmetic and what makes numbers of shapes. */
#include <math.h>
#include <string.h>
#include "workload/onnx_fold.h"

/* ---- from shapes ------------------------------------------------------------- */

bool erg_onnx_fold_shape(erg_onnx_model *model, erg_onnx_node *node)
{
    const erg_onnx_value *of = node->in[0];
    erg_onnx_value *to = node->out[0];
    erg_onnx_numbers numbers;

    if (!to || !erg_onnx_fold_room(model, to, &numbers))
        return true;
    int64_t first = erg_onnx_int(node, "start", 0);
    first = first < 0 ? first + of->rank : first;
    first = first < 0 ? 0 : first;
    for (int64_t i = 0; i < to->elements; i++)
        numbers.ints[i] = of->dims[first + i];
    erg_onnx_fold_set(to, numbers);
    return true;
}

bool erg_onnx_fold_size(erg_onnx_model *model, erg_onnx_node *node)
{
    erg_onnx_value *to = node->out[0];
    erg_onnx_numbers numbers;

    if (!to || !erg_onnx_fold_room(model, to, &numbers))
        return true;
    numbers.ints[0] = node->in[0]->elements;
    erg_onnx_fold_set(to, numbers);
    return true;
}

/* A fill of reals by a stored shape stands for a weight that was stripped. */
bool erg_onnx_fold_fill(erg_onnx_model *model, erg_onnx_node *node)
{
    const Onnx__AttributeProto *a = erg_onnx_attribute(node->proto, "value");
    erg_onnx_value *to = node->out[0];
    erg_onnx_numbers numbers;
    erg_onnx_number number = { 0 };

    if (to && erg_onnx_is_real(to->type) && node->in[0]->is_constant
        && !node->in[0]->maker) {
        to->role = ERG_WEIGHT;
        return true;
    }
    if (!to || !erg_onnx_fold_room(model, to, &numbers))
        return true;
    if (a && a->t
        && (numbers.ints ? erg_onnx_ints(a->t, &number.i, 1)
                         : erg_onnx_reals(a->t, &number.r, 1))
               != 1)
        return true;
    for (int64_t i = 0; i < to->elements; i++)
        erg_onnx_number_put(numbers, i, number);
    erg_onnx_fold_set(to, numbers);
    return true;
}

bool erg_onnx_fold_range(erg_onnx_model *model, erg_onnx_node *node)
{
    erg_onnx_value *to = node->out[0];
    erg_onnx_numbers numbers;

    if (!to || to->rank != 1 || !erg_onnx_fold_room(model, to, &numbers))
        return true;
    erg_onnx_number first = erg_onnx_number_at(node->in[0], 0);
    erg_onnx_number step = erg_onnx_number_at(node->in[2], 0);
    for (int64_t i = 0; i < to->elements; i++) {
        erg_onnx_number_put(numbers, i, first);
        first.r += step.r;
        if (__builtin_add_overflow(first.i, step.i, &first.i) && i + 1 < to->elements)
            return erg_onnx_refuse(model, node, "its numbers leave int64");
    }
    erg_onnx_fold_set(to, numbers);
    return true;
}

/* ---- arithmetic ---------------------------------------------------------------- */

/* False: overflow, or nothing that a shape would use. */
typedef bool (*whole_rule)(int64_t a, int64_t b, int64_t *out);
typedef double (*real_rule)(double a, double b);

static bool whole_add(int64_t a, int64_t b, int64_t *o)
{
    return !__builtin_add_overflow(a, b, o);
}
static bool whole_sub(int64_t a, int64_t b, int64_t *o)
{
    return !__builtin_sub_overflow(a, b, o);
}
static bool whole_mul(int64_t a, int64_t b, int64_t *o)
{
    return !__builtin_mul_overflow(a, b, o);
}

static bool whole_div(int64_t a, int64_t b, int64_t *o)
{
    if (b == 0 || (a == INT64_MIN && b == -1))
        return false;
    *o = a / b;
    return true;
}

/* As in numpy: the sign of the divisor. fmod = 1 differs, and is for reals. */
static bool whole_mod(int64_t a, int64_t b, int64_t *o)
{
    if (b == 0 || b == -1)
        return false;
    *o = a % b;
    *o += *o && (*o < 0) != (b < 0) ? b : 0;
    return true;
}

static bool whole_min(int64_t a, int64_t b, int64_t *o)
{
    *o = a < b ? a : b;
    return true;
}
static bool whole_max(int64_t a, int64_t b, int64_t *o)
{
    *o = a > b ? a : b;
    return true;
}
static bool whole_equal(int64_t a, int64_t b, int64_t *o)
{
    *o = a == b;
    return true;
}
static bool whole_less(int64_t a, int64_t b, int64_t *o)
{
    *o = a < b;
    return true;
}
static bool whole_more(int64_t a, int64_t b, int64_t *o)
{
    *o = a > b;
    return true;
}
static bool whole_least(int64_t a, int64_t b, int64_t *o)
{
    *o = a >= b;
    return true;
}
static bool whole_most(int64_t a, int64_t b, int64_t *o)
{
    *o = a <= b;
    return true;
}
static bool whole_xor(int64_t a, int64_t b, int64_t *o)
{
    *o = !a != !b;
    return true;
}
static bool whole_sign(int64_t a, int64_t b, int64_t *o)
{
    (void)b;
    *o = (a > 0) - (a < 0);
    return true;
}
static bool whole_and(int64_t a, int64_t b, int64_t *o)
{
    *o = a && b;
    return true;
}
static bool whole_or(int64_t a, int64_t b, int64_t *o)
{
    *o = a || b;
    return true;
}
static bool whole_not(int64_t a, int64_t b, int64_t *o)
{
    (void)b;
    *o = !a;
    return true;
}
static bool whole_negate(int64_t a, int64_t b, int64_t *o)
{
    (void)b;
    return whole_sub(0, a, o);
}
static bool whole_same(int64_t a, int64_t b, int64_t *o)
{
    (void)b;
    *o = a;
    return true;
}

static bool whole_abs(int64_t a, int64_t b, int64_t *o)
{
    (void)b;
    *o = a;
    return a >= 0 || whole_sub(0, a, o);
}

static double real_add(double a, double b) { return a + b; }
static double real_sub(double a, double b) { return a - b; }
static double real_mul(double a, double b) { return a * b; }
static double real_div(double a, double b) { return a / b; }
static double real_floor(double a, double b)
{
    (void)b;
    return floor(a);
}
static double real_ceil(double a, double b)
{
    (void)b;
    return ceil(a);
}
static double real_round(double a, double b)
{
    (void)b;
    return nearbyint(a);
}
static double real_sqrt(double a, double b)
{
    (void)b;
    return sqrt(a);
}
static double real_sign(double a, double b)
{
    (void)b;
    return (a > 0) - (a < 0);
}
static double real_inverse(double a, double b)
{
    (void)b;
    return 1 / a;
}
static double real_negate(double a, double b)
{
    (void)b;
    return -a;
}
static double real_abs(double a, double b)
{
    (void)b;
    return fabs(a);
}

typedef struct fold_row {
    const char *op_type;
    whole_rule whole;
    real_rule real;     /* NULL: none, or a comparison (then `whole` of -1, 0, 1 with 0) */
} fold_row;

static const fold_row fold_rows[] = {
    { "Abs", whole_abs, real_abs },           { "Add", whole_add, real_add },
    { "And", whole_and, NULL },               { "Ceil", NULL, real_ceil },
    { "Div", whole_div, real_div },           { "Equal", whole_equal, NULL },
    { "Floor", NULL, real_floor },            { "Greater", whole_more, NULL },
    { "GreaterOrEqual", whole_least, NULL },  { "Identity", whole_same, NULL },
    { "Less", whole_less, NULL },             { "LessOrEqual", whole_most, NULL },
    { "Max", whole_max, fmax },               { "Min", whole_min, fmin },
    { "Mod", whole_mod, NULL },               { "Mul", whole_mul, real_mul },
    { "Neg", whole_negate, real_negate },     { "Not", whole_not, NULL },
    { "Or", whole_or, NULL },                 { "Pow", NULL, pow },
    { "Reciprocal", NULL, real_inverse },     { "Relu", NULL, NULL },
    { "Round", NULL, real_round },            { "Sign", whole_sign, real_sign },
    { "Sqrt", NULL, real_sqrt },              { "Sub", whole_sub, real_sub },
    { "Xor", whole_xor, NULL },
};

static const fold_row *row_of(const char *op_type)
{
    for (size_t i = 0; i < ERG_COUNT(fold_rows); i++)
        if (strcmp(fold_rows[i].op_type, op_type) == 0)
            return &fold_rows[i];
    return NULL;
}

static bool number_combine(const fold_row *row, erg_onnx_number a, erg_onnx_number b,
                           bool is_real, erg_onnx_number *out)
{
    if (is_real && row->real)
        out->r = row->real(a.r, b.r);
    else if (is_real)
        return !isnan(a.r) && !isnan(b.r)
               && row->whole((a.r > b.r) - (a.r < b.r), 0, &out->i);
    else if (!row->whole(a.i, b.i, &out->i))
        return false;
    return true;
}

bool erg_onnx_fold_map(erg_onnx_model *model, erg_onnx_node *node)
{
    const fold_row *row = row_of(node->proto->op_type);
    const erg_onnx_value *a = node->in[0], *b = node->in_count > 1 ? node->in[1] : a;
    erg_onnx_value *to = node->out[0];
    erg_onnx_numbers numbers;

    if (!row || !to || node->in_count > 2 || !erg_onnx_can_fold(a) || !erg_onnx_can_fold(b)
        || !erg_onnx_fold_room(model, to, &numbers))
        return true;
    bool is_real = a->reals != NULL, makes_real = is_real && row->real;
    if ((is_real ? (!row->real && !row->whole) || !b->reals : !row->whole || !b->ints)
        || makes_real != (numbers.reals != NULL))
        return true;
    for (int64_t i = 0; i < to->elements; i++) {
        erg_onnx_number number = { 0 };
        if (!number_combine(row, erg_onnx_number_at(a, erg_onnx_stretched(a, to, i)),
                            erg_onnx_number_at(b, erg_onnx_stretched(b, to, i)), is_real,
                            &number))
            return true;
        erg_onnx_number_put(numbers, i, number);
    }
    erg_onnx_fold_set(to, numbers);
    return true;
}

bool erg_onnx_fold_where(erg_onnx_model *model, erg_onnx_node *node)
{
    erg_onnx_value *const *in = node->in, *to = node->out[0];
    erg_onnx_numbers numbers;

    if (!to || !in[0]->ints || !erg_onnx_can_fold(in[1]) || !erg_onnx_can_fold(in[2])
        || !erg_onnx_fold_room(model, to, &numbers))
        return true;
    for (int64_t i = 0; i < to->elements; i++) {
        bool is_left = in[0]->ints[erg_onnx_stretched(in[0], to, i)] != 0;
        const erg_onnx_value *from = is_left ? in[1] : in[2];
        erg_onnx_number_put(numbers, i,
                            erg_onnx_number_at(from, erg_onnx_stretched(from, to, i)));
    }
    erg_onnx_fold_set(to, numbers);
    return true;
}

bool erg_onnx_fold_cast(erg_onnx_model *model, erg_onnx_node *node)
{
    const erg_onnx_value *from = node->in[0];
    erg_onnx_value *to = node->out[0];
    erg_onnx_numbers numbers;

    if (!to || !erg_onnx_can_fold(from) || !erg_onnx_fold_room(model, to, &numbers))
        return true;
    bool is_flag = to->type == ONNX__TENSOR_PROTO__DATA_TYPE__BOOL;
    for (int64_t i = 0; i < to->elements; i++) {
        erg_onnx_number number = erg_onnx_number_at(from, i);
        if (from->reals && numbers.ints) {
            if (!(fabs(number.r) < 9e18))
                return true;
            number.i = (int64_t)number.r;
        }
        if (is_flag)
            number.i = from->reals ? number.r != 0 : number.i != 0;
        erg_onnx_number_put(numbers, i, number);
    }
    erg_onnx_fold_set(to, numbers);
    return true;
}

/* Of a whole vector: what shapes use (elements = ReduceProd of a shape). */
bool erg_onnx_fold_reduce(erg_onnx_model *model, erg_onnx_node *node)
{
    static const struct {
        const char *op_type;
        whole_rule whole;
    } rows[] = {
        { "ReduceProd", whole_mul },
        { "ReduceSum", whole_add },
        { "ReduceMax", whole_max },
        { "ReduceMin", whole_min },
    };
    const erg_onnx_value *from = node->in[0];
    erg_onnx_value *to = node->out[0];
    erg_onnx_numbers numbers;
    whole_rule whole = NULL;

    for (size_t i = 0; i < ERG_COUNT(rows); i++)
        if (strcmp(rows[i].op_type, node->proto->op_type) == 0)
            whole = rows[i].whole;
    if (!whole || !to || !from->ints || to->elements != 1 || from->elements < 1
        || !erg_onnx_fold_room(model, to, &numbers) || !numbers.ints)
        return true;
    numbers.ints[0] = from->ints[0];
    for (int64_t i = 1; i < from->elements; i++)
        if (!whole(numbers.ints[0], from->ints[i], &numbers.ints[0]))
            return erg_onnx_refuse(model, node, "its numbers leave int64");
    erg_onnx_fold_set(to, numbers);
    return true;
}

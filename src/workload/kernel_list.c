/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A kernel list: JSON array of [parameters, tag], one per launched operator, in
 * order (the lists of EnergAIzer, ISPASS 2026). It says sizes, not tensors: so the
 * operators are a chain, and no operand is known to be a weight.
 *
 * A list is written at one precision; asked for another, all its bytes scale.
 */
#include <stdlib.h>
#include <string.h>
#include "format/json.h"
#include "workload/build.h"
#include "workload/count.h"

#define COUNT_MOST (1LL << 40)

enum { FILE_BYTES_MOST = 1 << 26 };

typedef struct list {
    erg_builder *b;
    int32_t last;           /* tensor of the operator before, -1: none */
    int32_t bits;           /* of the precision the list is written at */
    int64_t index;          /* of the entry, for what we say of it */
    const json_t *at;       /* its parameters */
    bool completes;         /* adds what lists of ResNets leave out */
    bool widens;            /* the convolutions since the last pass end a bottleneck */
    int64_t convolutions;
    int64_t side, passed;   /* input of the last convolution; elements of the last pass */
} list;

/* ---- fields of an entry -------------------------------------------------------- */

static int64_t number(list *from, const char *name, int64_t least)
{
    const json_t *value = json_object_get(from->at, name);
    json_int_t said = json_is_integer(value) ? json_integer_value(value) : -1;

    if (said < least || said > COUNT_MOST) {
        erg_build_refuse(from->b, "entry %lld: %s is missing or no count",
                         (long long)from->index, name);
        return least;
    }
    return said;
}

static int32_t bits_of(const json_t *at, const char *name)
{
    const char *word = json_string_value(json_object_get(at, name));
    erg_precision precision;

    if (!word || !erg_precision_parse(word, &precision))
        return 0;
    return erg_precision_bits(precision);
}

/* Bits an element has in the graph that had `said` of them in the list. */
static int32_t scaled(const list *from, int32_t said)
{
    int32_t wanted = erg_precision_bits(erg_build_options(from->b)->precision);
    return said * wanted / from->bits;
}

static int32_t precision_bits(list *from, const char *name)
{
    int32_t bits = bits_of(from->at, name);

    if (!bits)
        erg_build_refuse(from->b, "entry %lld: %s is no precision", (long long)from->index,
                         name);
    return bits ? scaled(from, bits) : 1;
}

/* ---- operators ------------------------------------------------------------------ */

static int64_t bytes_of(list *from, int32_t bits, const int64_t *factors, size_t count)
{
    int64_t all = bits;
    bool fits = true;

    for (size_t i = 0; i < count; i++)
        fits = fits && erg_count_times(&all, factors[i]);
    if (!fits)
        erg_build_refuse(from->b, "entry %lld: more bytes than a count can hold",
                         (long long)from->index);
    return fits ? all / 8 : 0;
}

/* Writes rows x columns elements; a count of 0 would mean "by the rule of the kind". */
static void launch(list *from, erg_op_spec spec, const int64_t dims[2], int32_t bits)
{
    int32_t y = erg_build_tensor(from->b, ERG_ACTIVATION, NULL, 2, dims, bits);

    spec.precision = ERG_PRECISIONS;
    spec.inputs = &from->last;
    spec.input_count = from->last >= 0 ? 1 : 0;
    spec.outputs = &y;
    spec.output_count = 1;
    spec.weight_bytes = spec.weight_bytes ? spec.weight_bytes : -1;
    from->last = erg_build_operator(from->b, &spec) < 0 ? -1 : y;
}

static void gemm(list *from)
{
    int64_t batch = number(from, "batch", 1), m = number(from, "dimM", 1);
    int64_t n = number(from, "dimN", 1), k = number(from, "dimK", 1);
    int32_t bits = precision_bits(from, "precM");
    erg_op_spec spec = { .kind = batch == 1 ? ERG_OP_LINEAR : ERG_OP_MATMUL, .name = "gemm",
                         .batch = batch, .m = m, .n = n, .k = k };

    spec.in_bytes = bytes_of(from, bits, (int64_t[]){ batch, m, k }, 3);
    if (!erg_count_plus(&spec.in_bytes, bytes_of(from, bits, (int64_t[]){ batch, k, n }, 3))
        || !erg_count_times(&m, batch))
        erg_build_refuse(from->b, "entry %lld: more bytes than a count can hold",
                         (long long)from->index);
    launch(from, spec, (int64_t[]){ m, n }, bits);
}

static void conv2d(list *from)
{
    int64_t b = number(from, "b", 1), channels = number(from, "c", 1);
    int64_t side = number(from, "hw", 1), rs = number(from, "rs", 1);
    int64_t dims[2] = { number(from, "dimM", 1), number(from, "dimN", 1) };
    int32_t bits = precision_bits(from, "precM");
    erg_op_spec spec = { .kind = ERG_OP_CONV, .name = "conv2d", .batch = 1, .m = dims[0],
                         .n = dims[1], .k = number(from, "dimK", 1) };

    spec.in_bytes = bytes_of(from, bits, (int64_t[]){ b, channels, side, side }, 4);
    spec.weight_bytes = bytes_of(from, bits, (int64_t[]){ dims[1], channels, rs, rs }, 4);
    launch(from, spec, dims, bits);
    if (from->completes)
        launch(from, (erg_op_spec){ .kind = ERG_OP_BATCH_NORM, .name = "batch_norm",
                                    .flop = -1 }, dims, bits);
    from->convolutions++;
    from->side = side;
    from->widens = from->widens || (rs == 1 && dims[1] == 4 * channels);
}

static void rows(list *from, erg_op_kind kind, const char *name)
{
    int64_t dims[2] = { number(from, "batch", 1), number(from, "dim", 1) };
    int32_t bits = precision_bits(from, "prec");
    erg_op_spec spec = { .kind = kind, .name = name, .flop = -1, .special_op = -1,
                         .in_bytes = bytes_of(from, bits, dims, 2) };

    launch(from, spec, dims, bits);
}

static void softmax(list *from) { rows(from, ERG_OP_SOFTMAX, "softmax"); }

static void layernorm(list *from) { rows(from, ERG_OP_LAYER_NORM, "layernorm"); }

static const struct { const char *part; erg_op_kind kind; } passes[] = {
    { "typecast", ERG_OP_CAST },      { "_add", ERG_OP_ADD },   { "_sub", ERG_OP_SUB },
    { "_mul", ERG_OP_MUL },           { "_div", ERG_OP_DIV },   { "gelu", ERG_OP_GELU },
    { "relu", ERG_OP_RELU },          { "tanh", ERG_OP_TANH },  { "silu", ERG_OP_SILU },
    { "sigmoid", ERG_OP_SIGMOID },    { "_pow", ERG_OP_POW },
    { "unspecified_tensor", ERG_OP_WHERE },
};

/* A pass over dim elements that touches so many tensors. */
static void pass(list *from, erg_op_kind kind, const char *name, int64_t dim, int tensors)
{
    int32_t bits = precision_bits(from, "prec");
    erg_op_spec spec = { .kind = kind, .name = name, .flop = -1, .special_op = -1,
                         .in_bytes = bytes_of(from, bits, (int64_t[]){ dim, tensors - 1 },
                                              2) };

    launch(from, spec, (int64_t[]){ 1, dim }, bits);
}

/* Reads and writes twice what goes in and out: so the completed lists were fitted. */
static void pool(list *from, erg_op_kind kind, int64_t dim, int64_t out)
{
    int32_t bits = scaled(from, from->bits);
    int64_t moved = bytes_of(from, bits, (int64_t[]){ dim + out, 2 }, 2);
    erg_op_spec spec = { .kind = kind, .name = "pool", .flop = -1,
                         .in_bytes = moved - bytes_of(from, bits, &out, 1) };

    launch(from, spec, (int64_t[]){ 1, out }, bits);
}

static void elementwise(list *from)
{
    const char *op = json_string_value(json_object_get(from->at, "op"));
    int64_t dim = number(from, "dim", 1);
    erg_op_kind kind = ERG_OP_MUL;          /* a pass, whatever it was called */
    char name[32];

    if (!op) {
        erg_build_refuse(from->b, "entry %lld: no op", (long long)from->index);
        return;
    }
    for (size_t i = ERG_COUNT(passes); i-- > 0;)
        if (strstr(op, passes[i].part))
            kind = passes[i].kind;
    snprintf(name, sizeof(name), "%s", op);
    if (from->completes && from->widens)
        pass(from, ERG_OP_ADD, "residual_add", dim, 3);
    pass(from, kind, name, dim, strstr(op, "pointwise") ? 3 : 2);
    if (from->completes && from->convolutions == 1)
        pool(from, ERG_OP_MAX_POOL, dim, dim / 4);
    from->widens = false;
    from->passed = dim;
}

static void product(list *from)
{
    if (from->completes && from->side > 0 && from->passed > 0)
        pool(from, ERG_OP_GLOBAL_POOL, from->passed,
             from->passed / (from->side * from->side));
    from->passed = 0;
    gemm(from);
}

/* ---- the file ---------------------------------------------------------------------- */

static const struct { const char *tag; void (*read)(list *from); } entries[] = {
    { "gemm", product }, { "conv2d", conv2d }, { "elementwise", elementwise },
    { "softmax", softmax }, { "layernorm", layernorm },
};

static const json_t *part(const json_t *root, size_t index, size_t at)
{
    return json_array_get(json_array_get(root, index), at);
}

static void read_entry(list *from, const json_t *root, size_t index)
{
    const char *tag = json_string_value(json_array_get(part(root, index, 1), 0));

    from->index = (int64_t)index;
    from->at = part(root, index, 0);
    for (size_t i = 0; tag && json_is_object(from->at) && i < ERG_COUNT(entries); i++)
        if (strcmp(entries[i].tag, tag) == 0) {
            entries[i].read(from);
            return;
        }
    erg_build_refuse(from->b, "entry %lld is not [parameters, [tag]] of a known operator",
                     (long long)index);
}

/* The precision of the first product speaks for the list. */
static int32_t bits_of_list(const json_t *root)
{
    int32_t bits = 0;

    for (size_t i = 0; !bits && i < json_array_size(root); i++)
        bits = bits_of(part(root, i, 0), "precM");
    for (size_t i = 0; !bits && i < json_array_size(root); i++)
        bits = bits_of(part(root, i, 0), "prec");
    return bits ? bits : 32;
}

/* A network of many convolutions and no addition is a ResNet whose list is short of
 * its batch norms, additions and pools. */
static bool lacks_operators(const json_t *root)
{
    size_t convolutions = 0, additions = 0;

    for (size_t i = 0; i < json_array_size(root); i++) {
        const char *tag = json_string_value(json_array_get(part(root, i, 1), 0));
        const char *op = json_string_value(json_object_get(part(root, i, 0), "op"));
        convolutions += tag && strcmp(tag, "conv2d") == 0;
        additions += op && strstr(op, "_add") != NULL;
    }
    return convolutions >= 20 && additions == 0;
}

/* <model>_p<precision>_b<batch>[_s<seq>]_.. : the size the list was written for. */
static void read_size(const char *name, erg_graph_options *options)
{
    static const char *const marks[] = { "_pbf16_b", "_pfp16_b", "_pfp32_b" };

    for (size_t i = 0; i < ERG_COUNT(marks); i++) {
        const char *at = strstr(name, marks[i]);
        char *end;
        if (!at)
            continue;
        options->batch = strtol(at + strlen(marks[i]), &end, 10);
        options->seq = strncmp(end, "_s", 2) == 0 ? strtol(end + 2, NULL, 10) : 1;
    }
}

erg_graph *erg_kernel_list_parse(const char *name, const char *text, size_t count,
                                 const erg_graph_options *options, erg_error *err)
{
    json_t *root = erg_json_parse(name, text, count, err);
    erg_graph_options sized = options ? *options : (erg_graph_options){ 0 };
    erg_graph *graph = NULL;

    read_size(name, &sized);
    erg_builder *builder = root ? erg_build_begin(name, "kernel_list", &sized, err) : NULL;
    if (builder && sized.phase != ERG_PREFILL)
        erg_build_refuse(builder,
                         "a kernel list is the one pass it recorded: no other phase");
    if (builder) {
        list from = { .b = builder, .last = -1, .bits = bits_of_list(root),
                      .completes = sized.complete_list && lacks_operators(root) };
        for (size_t i = 0; i < json_array_size(root) && !erg_build_failed(builder); i++)
            read_entry(&from, root, i);
        erg_build_note(builder, "a kernel list says sizes, not which operand is a weight: "
                                "memory of weights is not known");
        erg_error why = { 0 };
        graph = erg_build_end(builder, &why);
        size_t length = strlen(name);
        bool is_named = strncmp(why.text, name, length) == 0 && why.text[length] == ':';
        if (!graph)
            erg_fail(err, why.code, "%.60s%s%s", is_named ? "" : name, is_named ? "" : ": ",
                     why.text);
    }
    json_decref(root);
    return graph;
}

static bool sniff(const char *spec, const char *head, size_t count)
{
    (void)spec;
    return erg_json_begins(head, count, '[');
}

static erg_graph *read_file(const char *spec, const erg_graph_options *options,
                            erg_error *err)
{
    char name[96];
    size_t count;
    char *text = erg_file_read(spec, FILE_BYTES_MOST, &count, err);

    if (!text)
        return NULL;
    snprintf(name, sizeof(name), "%s", erg_path_base(spec));
    char *end = strstr(name, ".json");
    if (end)
        *end = '\0';
    erg_graph *graph = erg_kernel_list_parse(name, text, count, options, err);
    free(text);
    return graph;
}

const erg_graph_reader erg_reader_kernel_list = {
    .name = "kernel_list",
    .about = "launched operators with their sizes: JSON pairs of parameters and tag",
    .sniff = sniff,
    .read = read_file,
};

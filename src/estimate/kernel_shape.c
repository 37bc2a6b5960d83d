/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Shapes of matrix products and attention: their text, roofline and features.
 *
 * Trees split on order alone, so features are plain numbers without logarithms. What
 * matters beside size is how evenly tiles fill the units: for five shapes of tiles the
 * waves, how full the last one is, what padding adds, and the length of the path of one
 * unit.
 */
#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include "estimate/kernel.h"

#define LEAST_PRODUCT_S 2e-6        /* no product of the campaigns was faster */
#define LEAST_ATTENTION_S 4e-6

enum { SIZE_MOST = 1 << 24, QUERY_TILE = 128, CACHE_TILE = 64 };

static const char *const kind_names[ERG_KERNEL_KINDS] = {
    [ERG_KERNEL_GEMM] = "gemm", [ERG_KERNEL_PREFILL] = "prefill",
    [ERG_KERNEL_DECODE] = "decode",
};
static const char *const type_names[ERG_KERNEL_TYPES] = {
    [ERG_KERNEL_BF16] = "bf16", [ERG_KERNEL_FP8] = "fp8", [ERG_KERNEL_FP4] = "fp4",
};
static const double type_bytes[ERG_KERNEL_TYPES] = {
    [ERG_KERNEL_BF16] = 2, [ERG_KERNEL_FP8] = 1, [ERG_KERNEL_FP4] = 0.5,
};
/* As shifts: divisions are what takes time here. 128 x 128, 128 x 256, 64 x 128.. */
static const struct { int m, n; } tile_shifts[] = {
    { 7, 7 }, { 7, 8 }, { 6, 7 }, { 8, 7 }, { 6, 6 },
};

const char *erg_kernel_kind_name(erg_kernel_kind kind) { return kind_names[kind]; }
const char *erg_kernel_type_name(erg_kernel_type type) { return type_names[type]; }

/* ---- text ---------------------------------------------------------------------------- */

static int word_in(const char *const names[], int count, const char **text)
{
    size_t length = strcspn(*text, ":");

    for (int i = 0; i < count; i++)
        if (strlen(names[i]) == length && strncmp(names[i], *text, length) == 0) {
            *text += length + ((*text)[length] == ':');
            return i;
        }
    return -1;
}

static int numbers_in(const char *text, int64_t to[], int most)
{
    int count = 0;

    while (*text && count < most) {
        char *end;
        to[count] = strtoll(text, &end, 10);
        if (end == text || (*end && *end != ','))
            return -1;
        count++;
        text = end + (*end == ',' && end[1]);
        if (*end && text == end)
            return -1;
    }
    return *text ? -1 : count;
}

bool erg_kernel_shape_parse(const char *text, erg_kernel_shape *out, erg_error *err)
{
    const char *rest = text;
    int64_t sizes[6] = { 0 };
    int kind = word_in(kind_names, ERG_KERNEL_KINDS, &rest);
    int type = kind < 0 ? -1 : word_in(type_names, ERG_KERNEL_TYPES, &rest);
    int count = type < 0 ? -1 : numbers_in(rest, sizes, kind == ERG_KERNEL_GEMM ? 3 : 6);

    if (count < (kind == ERG_KERNEL_GEMM ? 3 : 5))
        return erg_fail(err, ERG_BAD_INPUT,
                        "'%s' is no kernel: gemm:TYPE:M,N,K, or prefill or "
                        "decode:TYPE:BATCH,SEQ,HEADS,KV_HEADS,HEAD_DIM[,WINDOW] "
                        "with TYPE bf16, fp8 or fp4", text);
    *out = (erg_kernel_shape){ .kind = (erg_kernel_kind)kind,
                               .type = (erg_kernel_type)type };
    if (kind == ERG_KERNEL_GEMM) {
        out->m = sizes[0], out->n = sizes[1], out->k = sizes[2];
    } else {
        out->batch = sizes[0], out->seq = sizes[1], out->heads = sizes[2];
        out->kv_heads = sizes[3], out->head_dim = sizes[4], out->window = sizes[5];
    }
    return erg_kernel_shape_check(out, err);
}

static bool is_size(int64_t size) { return size > 0 && size <= SIZE_MOST; }

bool erg_kernel_shape_check(const erg_kernel_shape *shape, erg_error *err)
{
    const erg_kernel_shape *s = shape;
    bool good = s->kind == ERG_KERNEL_GEMM
        ? is_size(s->m) && is_size(s->n) && is_size(s->k)
        : is_size(s->batch) && is_size(s->seq) && is_size(s->heads) && is_size(s->kv_heads)
            && is_size(s->head_dim) && s->window >= 0 && s->window <= SIZE_MOST
            && s->heads % s->kv_heads == 0;

    return good
        || erg_fail(err, ERG_BAD_INPUT, "sizes of a kernel lie between 1 and %d, and "
                    "heads are a multiple of kv_heads", SIZE_MOST);
}

/* ---- numbers ------------------------------------------------------------------------- */

int erg_kernel_coordinates(const erg_kernel_shape *s, double out[ERG_KERNEL_AXES])
{
    const double product[] = { s->type, (double)s->m, (double)s->n, (double)s->k };
    const double attention[] = { s->type, (double)s->window, (double)s->head_dim,
                                 (double)s->batch, (double)s->seq, (double)s->heads,
                                 (double)s->kv_heads };
    bool is_product = s->kind == ERG_KERNEL_GEMM;

    memcpy(out, is_product ? product : attention,
           is_product ? sizeof(product) : sizeof(attention));
    return is_product ? (int)ERG_COUNT(product) : (int)ERG_COUNT(attention);
}

/* Tokens that one token sees, at most. */
static double reach_of(const erg_kernel_shape *s)
{
    return s->window > 0 && s->window < s->seq ? (double)s->window : (double)s->seq;
}

static erg_kernel_roof product_roof(const erg_kernel_shape *s)
{
    double m = (double)s->m, n = (double)s->n, k = (double)s->k;

    return (erg_kernel_roof){
        .flop = 2 * m * n * k,
        .bytes = type_bytes[s->type] * (m * k + n * k) + 2 * m * n,
        .roof_s = LEAST_PRODUCT_S,
    };
}

/* Scores and their product with the values; causal in a prompt. Queries and results
 * are bf16, cached keys and values of the type. */
static erg_kernel_roof attention_roof(const erg_kernel_shape *s)
{
    double rows = (double)s->batch * (double)s->heads, width = (double)s->head_dim;
    double reach = reach_of(s), seq = (double)s->seq;
    bool is_decode = s->kind == ERG_KERNEL_DECODE;
    double pairs = is_decode ? reach : reach * (reach + 1) / 2 + (seq - reach) * reach;
    double queries = is_decode ? 1 : seq, kept = is_decode ? reach : seq;

    return (erg_kernel_roof){
        .flop = 4 * rows * pairs * width,
        .bytes = 4 * rows * queries * width
               + 2 * type_bytes[s->type] * (double)(s->batch * s->kv_heads) * width * kept,
        .roof_s = LEAST_ATTENTION_S,
    };
}

/* Blocks of queries run on one unit each: a unit too many makes all wait. Products are
 * split in ways that only their neighbours know. */
static double unevenness(const erg_kernel_machine *machine, const erg_kernel_shape *s)
{
    double blocks = (double)(s->batch * s->heads) * ceil((double)s->seq / QUERY_TILE);

    return s->kind == ERG_KERNEL_PREFILL
        ? ceil(blocks / machine->units) * machine->units / blocks
        : 1;
}

erg_kernel_roof erg_kernel_roof_of(const erg_kernel_machine *machine,
                                   const erg_kernel_shape *shape)
{
    bool is_product = shape->kind == ERG_KERNEL_GEMM;
    erg_kernel_roof roof = is_product ? product_roof(shape) : attention_roof(shape);
    /* Attention computes in bf16, whatever its cache holds. */
    erg_kernel_type unit = is_product ? shape->type : ERG_KERNEL_BF16;

    roof.compute_s = roof.flop / machine->flop_per_s[unit];
    roof.memory_s = roof.bytes / machine->bytes_per_s;
    roof.roof_s += fmax(roof.compute_s * unevenness(machine, shape), roof.memory_s);
    return roof;
}

/* ---- features ------------------------------------------------------------------------ */

typedef struct row { float *to; size_t count; } row;

static void put(row *of, double value) { of->to[of->count++] = (float)value; }

/* Waves of tiles over the units, and how much longer the last, partly empty one makes
 * them. */
static double put_waves(row *of, double count, double units)
{
    double waves = count / units, whole = ceil(waves);

    put(of, waves);
    put(of, whole / waves);
    return whole;
}

static void put_product(row *of, const erg_kernel_shape *s, double units)
{
    double m = (double)s->m, n = (double)s->n, k = (double)s->k;

    put(of, m), put(of, n), put(of, k), put(of, n / k);
    put(of, m * n), put(of, n * k), put(of, m * k);
    for (size_t i = 0; i < ERG_COUNT(tile_shifts); i++) {
        int shift_m = tile_shifts[i].m, shift_n = tile_shifts[i].n;
        int64_t down = (s->m + (1 << shift_m) - 1) >> shift_m;
        int64_t across = (s->n + (1 << shift_n) - 1) >> shift_n;
        double size = (double)(1 << (shift_m + shift_n)), count = (double)(down * across);
        double whole = put_waves(of, count, units);
        put(of, count * size / (m * n));
        put(of, whole * size * k);
    }
    put(of, (double)(s->m % 8)), put(of, (double)(s->m % 64)),
        put(of, (double)(s->m % 128));
    put(of, (double)(s->n % 128)), put(of, (double)(s->n % 256));
    put(of, (double)(s->k % 64)), put(of, (double)(s->k % 128));
}

/* A device sees batch x heads pieces of work: 2 x 32 and 1 x 64 take as long. Trees that
 * could tell them apart would learn the measured numbers of heads by heart. */
static void put_attention(row *of, const erg_kernel_shape *s, double units)
{
    double batch = (double)s->batch, seq = (double)s->seq, reach = reach_of(s);
    double heads = (double)s->heads, kv_heads = (double)s->kv_heads;
    double blocks = s->kind == ERG_KERNEL_DECODE ? 1 : ceil(seq / QUERY_TILE);

    put(of, seq), put(of, (double)s->head_dim), put(of, (double)s->window);
    put(of, reach), put(of, heads / kv_heads);
    put(of, batch * heads), put(of, batch * kv_heads);
    put_waves(of, batch * heads * blocks, units);
    put_waves(of, batch * kv_heads * blocks, units);
    put_waves(of, batch * kv_heads * ceil(reach / CACHE_TILE), units);
}

/* Readings of power hold what drifted over a campaign, which went through batches and
 * heads in their order. */
size_t erg_kernel_campaign(const erg_kernel_shape *s, float to[])
{
    double batch = (double)s->batch, heads = (double)s->heads;
    double kv_heads = (double)s->kv_heads, width = (double)s->head_dim;
    row of = { to, 0 };

    if (s->kind == ERG_KERNEL_GEMM)
        return 0;
    put(&of, batch), put(&of, heads), put(&of, kv_heads);
    put(&of, batch * (double)s->seq), put(&of, heads * width), put(&of, kv_heads * width);
    return of.count;
}

size_t erg_kernel_features(const erg_kernel_machine *machine, const erg_kernel_shape *shape,
                           const erg_kernel_roof *roof, float to[ERG_TREE_FEATURES])
{
    row of = { to, 0 };

    put(&of, shape->type);
    put(&of, roof->flop), put(&of, roof->bytes);
    put(&of, roof->compute_s / roof->memory_s), put(&of, roof->roof_s);
    if (shape->kind == ERG_KERNEL_GEMM)
        put_product(&of, shape, machine->units);
    else
        put_attention(&of, shape, machine->units);
    return of.count;
}

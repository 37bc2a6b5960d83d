/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the dimensions of a graph are bound to: names, as options and habit have it, and
 * calculations that exporters name them by: "past_sequence_length + 1", "2*s0",
 * "(s0 + s1)//2".
 *
 *   sum = product { (+ | -) product }, product = factor { (* | / | //) factor },
 *   factor = number | name | ( sum ); a division is rounded down.
 */
#include <ctype.h>
#include <stdlib.h>
#include <string.h>
#include "workload/onnx_graph.h"

enum { DEPTH_MOST = 16, NAME_BYTES = 96 };

/* ---- names ----------------------------------------------------------------------- */

static const char *const batch_names[] = { "batch", "N", "batch_size", "n", "B" };
static const char *const seq_names[] = { "sequence", "seq_len", "sequence_length", "seq",
                                         "seq_length" };

static bool is_among(const char *const *names, size_t count, const char *name)
{
    for (size_t i = 0; i < count; i++)
        if (strcmp(names[i], name) == 0)
            return true;
    return false;
}

int64_t erg_onnx_length(const erg_graph_options *options, const char *name)
{
    for (size_t i = 0; i < options->dim_count; i++)
        if (strcmp(options->dims[i].name, name) == 0)
            return options->dims[i].value;
    return is_among(seq_names, ERG_COUNT(seq_names), name) ? options->seq : -1;
}

static int64_t bound_name(erg_onnx_model *model, const char *name)
{
    int64_t length = erg_onnx_length(model->options, name);

    if (length >= 0 || !is_among(batch_names, ERG_COUNT(batch_names), name))
        return length;
    model->asks_batch = true;
    return model->options->batch;
}

/* ---- calculations ---------------------------------------------------------------- */

typedef struct calculation {
    erg_onnx_model *model;
    const char *at;
    int depth;
} calculation;

static void skip(calculation *c)
{
    while (*c->at == ' ')
        c->at++;
}

/* Length of the name or number that begins here; 0: none does. */
static size_t word_length(const char *at)
{
    size_t count = 0;

    while (isalnum((unsigned char)at[count]) || (at[count] && strchr("_.:[]#", at[count])))
        count++;
    return count;
}

static bool sum_read(calculation *c, int64_t *out);

static bool word_read(calculation *c, int64_t *out)
{
    size_t count = word_length(c->at);
    char word[NAME_BYTES];
    bool is_number = count > 0 && count < 19;

    if (count == 0 || count >= sizeof(word))
        return false;
    memcpy(word, c->at, count);
    word[count] = '\0';
    c->at += count;
    for (size_t i = 0; i < count; i++)
        is_number &= isdigit((unsigned char)word[i]) != 0;
    *out = is_number ? strtoll(word, NULL, 10) : bound_name(c->model, word);
    return *out >= 0;
}

static bool factor_read(calculation *c, int64_t *out)
{
    skip(c);
    if (*c->at != '(')
        return word_read(c, out);
    c->at++;
    if (++c->depth > DEPTH_MOST || !sum_read(c, out))
        return false;
    skip(c);
    c->depth--;
    return *c->at++ == ')';
}

static bool divided(int64_t *out, int64_t by)
{
    if (by < 1)
        return false;
    int64_t rest = *out % by;
    *out = *out / by - (rest < 0);
    return true;
}

static bool product_read(calculation *c, int64_t *out)
{
    if (!factor_read(c, out))
        return false;
    for (skip(c); *c->at == '*' || *c->at == '/'; skip(c)) {
        bool divides = *c->at++ == '/';
        int64_t by;
        c->at += divides && *c->at == '/';
        if (!factor_read(c, &by)
            || (divides ? !divided(out, by) : __builtin_mul_overflow(*out, by, out)))
            return false;
    }
    return true;
}

static bool sum_read(calculation *c, int64_t *out)
{
    if (!product_read(c, out))
        return false;
    for (skip(c); *c->at == '+' || *c->at == '-'; skip(c)) {
        bool takes = *c->at++ == '-';
        int64_t more;
        if (!product_read(c, &more)
            || (takes ? __builtin_sub_overflow(*out, more, out)
                      : __builtin_add_overflow(*out, more, out)))
            return false;
    }
    return true;
}

int64_t erg_onnx_bound(erg_onnx_model *model, const char *name)
{
    int64_t value = bound_name(model, name);
    calculation c = { .model = model, .at = name };

    if (value >= 0)
        return value;
    return sum_read(&c, &value) && *c.at == '\0' && value >= 0 ? value : -1;
}

bool erg_onnx_dim_has(const char *calculated, const char *name)
{
    size_t length = strlen(name);

    for (const char *at = calculated; *at;) {
        size_t count = word_length(at);
        if (count == length && memcmp(at, name, length) == 0)
            return true;
        at += count ? count : 1;
    }
    return false;
}

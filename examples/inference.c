/* SPDX-License-Identifier: Apache-2.0 */
/*
 * How many joules does a token cost? A small transformer on the CPU: prefill of a
 * prompt, then one token at a time with a key-value cache, computed by OpenBLAS.
 * The weights are random, the arithmetic is that of GPT-2 (pre-norm, 4x MLP).
 *
 *     erg run --repeat 3 --per tokens -- ./inference [prompt tokens] [generated tokens]
 */
#include <cblas.h>
#include <math.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <erg/record.h>

enum { WIDTH = 512, HEADS = 8, HEAD = WIDTH / HEADS, LAYERS = 6, WORDS = 8192,
       CONTEXT = 1024 };

typedef struct layer {
    float *qkv, *out, *up, *down;   /* WIDTH x 3W, W x W, W x 4W, 4W x W */
    float *keys, *values;           /* CONTEXT x WIDTH: the cache */
} layer;

typedef struct network {
    float *embedding;               /* WORDS x WIDTH, tied with the output */
    layer layers[LAYERS];
    float *x, *normed, *qkv, *mixed, *hidden, *scores, *logits;
} network;

static void *grab(size_t count)
{
    void *memory = calloc(count, sizeof(float));
    if (!memory) {
        fputs("inference: out of memory\n", stderr);
        exit(1);
    }
    return memory;
}

static float *random_weights(size_t rows, size_t columns)
{
    float *w = grab(rows * columns), scale = 2.0f / sqrtf((float)rows) / (float)RAND_MAX;
    for (size_t i = 0; i < rows * columns; i++)
        w[i] = ((float)rand() - 0.5f * (float)RAND_MAX) * scale;
    return w;
}

static void network_init(network *net)
{
    net->embedding = random_weights(WORDS, WIDTH);
    for (int i = 0; i < LAYERS; i++)
        net->layers[i] = (layer){
            .qkv = random_weights(WIDTH, 3 * WIDTH), .out = random_weights(WIDTH, WIDTH),
            .up = random_weights(WIDTH, 4 * WIDTH),
            .down = random_weights(4 * WIDTH, WIDTH),
            .keys = grab(CONTEXT * WIDTH), .values = grab(CONTEXT * WIDTH) };
    net->x = grab(CONTEXT * WIDTH);
    net->normed = grab(CONTEXT * WIDTH);
    net->qkv = grab(CONTEXT * 3 * WIDTH);
    net->mixed = grab(CONTEXT * WIDTH);
    net->hidden = grab(CONTEXT * 4 * WIDTH);
    net->scores = grab((size_t)CONTEXT * CONTEXT);
    net->logits = grab(WORDS);
}

static void network_free(network *net)
{
    for (int i = 0; i < LAYERS; i++) {
        layer *one = &net->layers[i];
        float *all[] = { one->qkv, one->out, one->up, one->down, one->keys, one->values };
        for (size_t j = 0; j < sizeof(all) / sizeof(all[0]); j++)
            free(all[j]);
    }
    float *all[] = { net->embedding, net->x, net->normed, net->qkv, net->mixed, net->hidden,
                     net->scores, net->logits };
    for (size_t j = 0; j < sizeof(all) / sizeof(all[0]); j++)
        free(all[j]);
}

static void normalise(const float *in, float *out, int rows)
{
    for (int r = 0; r < rows; r++, in += WIDTH, out += WIDTH) {
        float mean = 0, spread = 0;
        for (int i = 0; i < WIDTH; i++)
            mean += in[i] / WIDTH;
        for (int i = 0; i < WIDTH; i++)
            spread += (in[i] - mean) * (in[i] - mean) / WIDTH;
        for (int i = 0; i < WIDTH; i++)
            out[i] = (in[i] - mean) / sqrtf(spread + 1e-5f);
    }
}

/* c[rows x columns] (+)= a[rows x inner] b[inner x columns] */
static void multiply(int rows, int columns, int inner, const float *a,
                     const float *b, float *c, float keep)
{
    cblas_sgemm(CblasRowMajor, CblasNoTrans, CblasNoTrans, rows, columns, inner, 1,
                a, inner, b, columns, keep, c, columns);
}

static void softmax_causal(float *scores, int rows, int past, int width)
{
    for (int r = 0; r < rows; r++, scores += width) {
        int seen = past + r + 1;
        float top = scores[0], sum = 0;
        for (int i = 1; i < seen; i++)
            top = fmaxf(top, scores[i]);
        for (int i = 0; i < seen; i++)
            sum += scores[i] = expf(scores[i] - top);
        for (int i = 0; i < width; i++)
            scores[i] = i < seen ? scores[i] / sum : 0;
    }
}

static void attend(network *net, const layer *one, int rows, int past)
{
    int all = past + rows;

    for (int h = 0; h < HEADS; h++) {
        cblas_sgemm(CblasRowMajor, CblasNoTrans, CblasTrans, rows, all, HEAD,
                    1.0f / sqrtf(HEAD), net->qkv + h * HEAD, 3 * WIDTH,
                    one->keys + h * HEAD, WIDTH, 0, net->scores, all);
        softmax_causal(net->scores, rows, past, all);
        cblas_sgemm(CblasRowMajor, CblasNoTrans, CblasNoTrans, rows, HEAD, all, 1,
                    net->scores, all, one->values + h * HEAD, WIDTH, 0,
                    net->mixed + h * HEAD, WIDTH);
    }
}

static void layer_forward(network *net, layer *one, int rows, int past)
{
    normalise(net->x, net->normed, rows);
    multiply(rows, 3 * WIDTH, WIDTH, net->normed, one->qkv, net->qkv, 0);
    for (int r = 0; r < rows; r++) {
        const float *qkv = net->qkv + (size_t)r * 3 * WIDTH;
        memcpy(one->keys + (size_t)(past + r) * WIDTH, qkv + WIDTH, WIDTH * sizeof(float));
        memcpy(one->values + (size_t)(past + r) * WIDTH, qkv + 2 * WIDTH,
               WIDTH * sizeof(float));
    }
    attend(net, one, rows, past);
    multiply(rows, WIDTH, WIDTH, net->mixed, one->out, net->x, 1);

    normalise(net->x, net->normed, rows);
    multiply(rows, 4 * WIDTH, WIDTH, net->normed, one->up, net->hidden, 0);
    for (int i = 0; i < rows * 4 * WIDTH; i++) {
        float v = net->hidden[i];
        net->hidden[i] = 0.5f * v * (1 + tanhf(0.79788456f * (v + 0.044715f * v * v * v)));
    }
    multiply(rows, WIDTH, 4 * WIDTH, net->hidden, one->down, net->x, 1);
}

/* Runs rows tokens after past cached ones; returns the likeliest next token. */
static int forward(network *net, const int *tokens, int rows, int past)
{
    for (int r = 0; r < rows; r++)
        memcpy(net->x + (size_t)r * WIDTH, net->embedding + (size_t)tokens[r] * WIDTH,
               WIDTH * sizeof(float));
    for (int i = 0; i < LAYERS; i++)
        layer_forward(net, &net->layers[i], rows, past);
    normalise(net->x + (size_t)(rows - 1) * WIDTH, net->normed, 1);
    cblas_sgemv(CblasRowMajor, CblasNoTrans, WORDS, WIDTH, 1, net->embedding, WIDTH,
                net->normed, 1, 0, net->logits, 1);
    return (int)cblas_isamax(WORDS, net->logits, 1);
}

int main(int argc, char *argv[])
{
    int prompt = argc > 1 ? atoi(argv[1]) : 256, tokens = argc > 2 ? atoi(argv[2]) : 192;
    static int text[CONTEXT];
    network net;

    if (prompt < 1 || tokens < 1 || prompt + tokens > CONTEXT) {
        fprintf(stderr, "usage: inference [prompt] [tokens], together at most %d\n",
                CONTEXT);
        return 2;
    }
    erg_recorder *rec = erg_recorder_join(&(erg_env){ .ring = getenv("ERG_RING") }, NULL);

    srand(1);
    erg_region_token loading = erg_region_begin(rec, "load");
    network_init(&net);
    for (int i = 0; i < prompt; i++)
        text[i] = rand() % WORDS;
    erg_region_end(rec, loading);

    erg_region_token prefill = erg_region_begin(rec, "prefill");
    int next = forward(&net, text, prompt, 0);
    erg_mark(rec, "tokens", prompt);
    erg_region_end(rec, prefill);

    erg_region_token decode = erg_region_begin(rec, "decode");
    for (int i = 0; i < tokens; i++) {
        int token = next;
        next = forward(&net, &token, 1, prompt + i);
        erg_mark(rec, "tokens", 1);
    }
    erg_region_end(rec, decode);

    printf("%d prompt tokens, %d generated, last one %d\n", prompt, tokens, next);
    network_free(&net);
    erg_recorder_free(rec);
    return 0;
}

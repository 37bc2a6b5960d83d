/* SPDX-License-Identifier: Apache-2.0 */
/* Operators that oneDNN computes in parts, and recurrent layers, against loops. */
#include <math.h>
#include "engine/onednn_bench.h"

/* ---- moves ------------------------------------------------------------------------ */

static void a_split_gives_each_its_share(void)
{
    static const int widths[] = { 2, 5, 1 };
    bench on = begin(ERG_OP_SPLIT);

    TENSOR(&on, 3, 8, 4);
    for (int i = 0; i < 3; i++)
        TENSOR(&on, 3, widths[i], 4);
    on.signature.input_count = 1;
    on.signature.output_count = 3;
    launch(&on);
    for (int i = 0, first = 0; i < 3; first += widths[i++])
        for (int row = 0; row < 3; row++)
            for (int k = 0; k < widths[i] * 4; k++)
                CHECK(on.memory[1 + i][row * widths[i] * 4 + k]
                      == on.memory[0][row * 32 + first * 4 + k]);
    end(&on);
}

static void a_tile_repeats_along_every_axis(void)
{
    bench on = begin(ERG_OP_TILE);

    TENSOR(&on, 2, 3);
    TENSOR(&on, 5, 6, 12);
    launch(&on);
    for (int i = 0; i < 5; i++)
        for (int j = 0; j < 6; j++)
            for (int k = 0; k < 12; k++)
                CHECK(on.memory[1][(i * 6 + j) * 12 + k]
                      == on.memory[0][j % 2 * 3 + k % 3]);
    end(&on);
}

static void a_pad_is_the_operand_and_zeros(void)
{
    bench on = begin(ERG_OP_PAD);

    TENSOR(&on, 2, 3, 4);
    TENSOR(&on, 3, 3, 7);
    launch(&on);
    for (int i = 0; i < 3; i++)
        for (int j = 0; j < 3; j++)
            for (int k = 0; k < 7; k++) {
                float want = i < 2 && k < 4 ? on.memory[0][(i * 3 + j) * 4 + k] : 0;

                CHECK(on.memory[1][(i * 3 + j) * 7 + k] == want);
            }
    end(&on);
}

static void twenty_tensors_are_joined(void)
{
    enum { COUNT = 20 };
    bench on = begin(ERG_OP_CONCAT);

    for (int i = 0; i < COUNT; i++)
        TENSOR(&on, 2, 1 + i % 3, 4);
    TENSOR(&on, 2, 39, 4);
    launch(&on);
    for (int i = 0, first = 0; i < COUNT; first += 1 + i++ % 3)
        for (int row = 0; row < 2; row++)
            for (int k = 0; k < (1 + i % 3) * 4; k++)
                CHECK(on.memory[COUNT][(row * 39 + first) * 4 + k]
                      == on.memory[i][row * (1 + i % 3) * 4 + k]);
    end(&on);
}

/* As a class token [1, c] before the patches [1, n, c] of an image. */
static void axes_that_an_operand_lacks_are_one(void)
{
    bench token = begin(ERG_OP_CONCAT);

    TENSOR(&token, 1, 4);
    TENSOR(&token, 1, 5, 4);
    TENSOR(&token, 1, 6, 4);
    launch(&token);
    for (int i = 0; i < 24; i++)
        CHECK(token.memory[2][i] == (i < 4 ? token.memory[0][i] : token.memory[1][i - 4]));
    end(&token);
    bench apart = begin(ERG_OP_SUB);
    TENSOR(&apart, 2, 9);
    TENSOR(&apart, 1, 2, 9);
    TENSOR(&apart, 1, 2, 9);
    launch(&apart);
    for (int i = 0; i < 18; i++)
        CHECK_NEAR(apart.memory[2][i], apart.memory[0][i] - apart.memory[1][i], 1e-6);
    end(&apart);
}

/* ---- resizes, maps ----------------------------------------------------------------- */

/* Halves of pixels, as the library and ONNX ("half_pixel") count. */
static double between(const float *row, int width, double at)
{
    double x = at < 0 ? 0 : at > width - 1 ? width - 1 : at;
    int left = (int)floor(x), right = left + 1 < width ? left + 1 : left;

    return row[left] + (x - left) * (row[right] - row[left]);
}

static void a_resize_takes_the_nearest_or_what_lies_between(void)
{
    for (int linear = 0; linear < 2; linear++) {
        bench on = begin(ERG_OP_RESIZE);

        on.signature.flop = linear;
        TENSOR(&on, 1, 2, 5);
        TENSOR(&on, 1, 2, 15);
        launch(&on);
        for (int c = 0; c < 2; c++)
            for (int i = 0; i < 15; i++) {
                const float *row = on.memory[0] + c * 5;
                double want = linear ? between(row, 5, (i + 0.5) / 3 - 0.5) : row[i / 3];

                CHECK_NEAR(on.memory[1][c * 15 + i], want, 1e-6);
            }
        end(&on);
    }
}

static void an_erf_is_timed_as_the_map_that_holds_it(void)
{
    bench on = begin(ERG_OP_ERF);

    TENSOR(&on, 1, 1000);
    TENSOR(&on, 1, 1000);
    launch(&on);
    for (int i = 0; i < 1000; i++) {
        double x = on.memory[0][i];

        CHECK_NEAR(on.memory[1][i], x / 2 * (1 + erf(x / sqrt(2))), 1e-5);
    }
    end(&on);
}

/* ---- recurrent layers ---------------------------------------------------------------- */

enum { T = 5, N = 3, WIDTH = 4, H = 6 };

static double logistic(double x) { return 1 / (1 + exp(-x)); }

/* Of gate g and cell k: weights lie as [width, gate, cell]. */
static double weighted(const float *weights, const double *x, int width, int gates,
                       int g, int k)
{
    double sum = 0;

    for (int i = 0; i < width; i++)
        sum += x[i] * weights[(i * gates + g) * H + k];
    return sum;
}

static void step_lstm(float *const memory[], const double *x, double h[H], double c[H])
{
    double next[H], gate[4];

    for (int k = 0; k < H; k++) {
        for (int g = 0; g < 4; g++)
            gate[g] = weighted(memory[1], x, WIDTH, 4, g, k)
                      + weighted(memory[2], h, H, 4, g, k) + memory[3][g * H + k];
        c[k] = logistic(gate[1]) * c[k] + logistic(gate[0]) * tanh(gate[2]);
        next[k] = logistic(gate[3]) * tanh(c[k]);
    }
    memcpy(h, next, sizeof(next));
}

/* Its fourth bias is that of what comes back, inside of the reset. */
static void step_gru(float *const memory[], const double *x, double h[H])
{
    double next[H];

    for (int k = 0; k < H; k++) {
        double in[3], back[3];

        for (int g = 0; g < 3; g++) {
            in[g] = weighted(memory[1], x, WIDTH, 3, g, k) + memory[3][g * H + k];
            back[g] = weighted(memory[2], h, H, 3, g, k);
        }
        double update = logistic(in[0] + back[0]), reset = logistic(in[1] + back[1]);
        double fresh = tanh(in[2] + reset * (back[2] + memory[3][3 * H + k]));
        next[k] = update * h[k] + (1 - update) * fresh;
    }
    memcpy(h, next, sizeof(next));
}

static void check_recurrent(const bench *on, int out)
{
    for (int n = 0; n < N; n++) {
        double h[H] = { 0 }, c[H] = { 0 }, x[WIDTH];

        for (int t = 0; t < T; t++) {
            for (int i = 0; i < WIDTH; i++)
                x[i] = on->memory[0][(t * N + n) * WIDTH + i];
            if (on->signature.op == ERG_OP_LSTM)
                step_lstm(on->memory, x, h, c);
            else
                step_gru(on->memory, x, h);
            for (int k = 0; k < H; k++)
                CHECK_NEAR(on->memory[out][(t * N + n) * H + k], h[k], 1e-5);
        }
    }
}

/* As the zoo has it: four tensors of weights and biases. */
static void an_lstm_is_its_gates(void)
{
    bench on = begin(ERG_OP_LSTM);

    TENSOR(&on, T, N, WIDTH);
    TENSOR(&on, 4 * H, WIDTH);
    TENSOR(&on, 4 * H, H);
    TENSOR(&on, 4 * H);
    TENSOR(&on, 4 * H);
    TENSOR(&on, T, N, H);
    launch(&on);
    check_recurrent(&on, 5);
    end(&on);
}

/* As ONNX has it: an axis of directions, both biases in one. */
static void a_gru_is_its_gates(void)
{
    bench on = begin(ERG_OP_GRU);

    TENSOR(&on, T, N, WIDTH);
    TENSOR(&on, 1, 3 * H, WIDTH);
    TENSOR(&on, 1, 3 * H, H);
    TENSOR(&on, 1, 6 * H);
    TENSOR(&on, T, 1, N, H);
    launch(&on);
    check_recurrent(&on, 4);
    end(&on);
}

/* ---- attention ---------------------------------------------------------------------- */

enum { B = 6, Q = 7, K = 9, D = 16, V = 8 };

static double attended(float *const memory[], int b, int i, int d)
{
    double sum = 0, of = 0;

    for (int j = 0; j < K; j++) {
        double score = 0;

        for (int k = 0; k < D; k++)
            score += (double)memory[0][(b * Q + i) * D + k]
                * memory[1][(b * K + j) * D + k];
        sum += exp(score / sqrt(D));
        of += exp(score / sqrt(D)) * memory[2][(b * K + j) * V + d];
    }
    return of / sum;
}

static void attention_is_two_products_around_a_softmax(void)
{
    bench on = begin(ERG_OP_ATTENTION);

    on.signature.batch = B;
    on.signature.m = Q;
    on.signature.n = K;
    on.signature.k = D;
    TENSOR(&on, 2, 3, Q, D);
    TENSOR(&on, 2, 3, K, D);
    TENSOR(&on, 2, 3, K, V);
    TENSOR(&on, 2, 3, Q, V);
    for (int i = 0; i < B * Q * D; i++)     /* else all scores were alike */
        on.memory[0][i] *= 100;
    launch(&on);
    for (int b = 0; b < B; b++)
        for (int i = 0; i < Q; i++)
            for (int d = 0; d < V; d++)
                CHECK_NEAR(on.memory[3][(b * Q + i) * V + d], attended(on.memory, b, i, d),
                           1e-5);
    end(&on);
}

static void what_does_not_fit_is_refused_by_name(void)
{
    bench on = begin(ERG_OP_SPLIT);
    erg_error err = { 0 };

    TENSOR(&on, 3, 8);
    TENSOR(&on, 3, 7);
    TENSOR(&on, 3, 2);
    on.signature.input_count = 1;
    on.signature.output_count = 2;
    CHECK(!engine->prepare(on.session, &on.signature, &err) && err.code == ERG_UNSUPPORTED);
    CHECK(strstr(err.text, "split"));
    on.signature.op = ERG_OP_TILE;
    on.signature.output_count = 1;
    CHECK(!engine->prepare(on.session, &on.signature, &err) && strstr(err.text, "tile"));
    on.signature.op = ERG_OP_LSTM;
    CHECK(!engine->prepare(on.session, &on.signature, &err) && strstr(err.text, "lstm"));
    end(&on);
}

int main(void)
{
    static const test tests[] = {
        TEST(a_split_gives_each_its_share),
        TEST(a_tile_repeats_along_every_axis),
        TEST(a_pad_is_the_operand_and_zeros),
        TEST(twenty_tensors_are_joined),
        TEST(axes_that_an_operand_lacks_are_one),
        TEST(a_resize_takes_the_nearest_or_what_lies_between),
        TEST(an_erf_is_timed_as_the_map_that_holds_it),
        TEST(an_lstm_is_its_gates),
        TEST(a_gru_is_its_gates),
        TEST(attention_is_two_products_around_a_softmax),
        TEST(what_does_not_fit_is_refused_by_name),
    };
    return test_run(tests, ERG_COUNT(tests));
}

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A small real training run that logs loss, gradient norm and learning rate of each step,
 * and marks its phases:
 *
 *     erg couple --record t.erg --log train.jsonl -- train --log train.jsonl
 *
 * A network of one hidden layer learns a fixed function by gradient descent. The batch is
 * large or small by chance for seconds at a time, so that power moves as training does.
 * --gpu FOLDER pretends that a simulated device does the work (sim:...,heat,follow=FOLDER):
 * a step then takes as long as that device's clock says; with --deaf it does not listen.
 */
#include <errno.h>
#include <math.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <erg/erg.h>

enum { INPUTS = 16, HIDDEN = 48, BATCH_LARGE = 64, BATCH_SMALL = 12 };
/* Of the simulated device: a step at its highest clock, and what the input may add by
 * chance, whatever the batch. */
static const double step_s = 0.02, late_most = 0.1;
static const double rate_first = 0.1, rate_falls_s = 60;
static const double block_least_s = 2, block_most_s = 6;

typedef struct network {
    double in[HIDDEN][INPUTS], out[HIDDEN];
} network;

typedef struct wish {
    double for_s;
    const char *log, *gpu;
    bool deaf;
    unsigned seed;
} wish;

static volatile sig_atomic_t is_asked_to_end;

static void ask_to_end(int signal)
{
    (void)signal;
    is_asked_to_end = 1;
}

static double now_s(clockid_t clock)
{
    struct timespec now;
    clock_gettime(clock, &now);
    return (double)now.tv_sec + 1e-9 * (double)now.tv_nsec;
}

static double uniform(unsigned *seed)
{
    return (double)rand_r(seed) / RAND_MAX;
}

/* ---- learning ---------------------------------------------------------------- */

static double teacher(const double x[INPUTS])
{
    return sin(2 * x[0]) + x[1] * x[2] - 0.5 * x[3];
}

static void begin_network(network *net, unsigned *seed)
{
    for (int h = 0; h < HIDDEN; h++) {
        for (int i = 0; i < INPUTS; i++)
            net->in[h][i] = (2 * uniform(seed) - 1) / sqrt(INPUTS);
        net->out[h] = (2 * uniform(seed) - 1) / sqrt(HIDDEN);
    }
}

/* Adds the gradient of one example; its squared error. */
static double learn_one(const network *net, const double x[INPUTS], network *gradient)
{
    double hidden[HIDDEN], said = 0;

    for (int h = 0; h < HIDDEN; h++) {
        double sum = 0;
        for (int i = 0; i < INPUTS; i++)
            sum += net->in[h][i] * x[i];
        hidden[h] = tanh(sum);
        said += net->out[h] * hidden[h];
    }
    double off = said - teacher(x);
    for (int h = 0; h < HIDDEN; h++) {
        double back = off * net->out[h] * (1 - hidden[h] * hidden[h]);
        gradient->out[h] += off * hidden[h];
        for (int i = 0; i < INPUTS; i++)
            gradient->in[h][i] += back * x[i];
    }
    return off * off;
}

/* One step of descent: the mean loss of the batch, and the norm of its gradient. */
static double learn(network *net, int batch, double rate, unsigned *seed, double *norm)
{
    static network gradient;
    double loss = 0, square = 0, *weight = &net->in[0][0], *slope = &gradient.in[0][0];

    memset(&gradient, 0, sizeof(gradient));
    for (int b = 0; b < batch; b++) {
        double x[INPUTS];
        for (int i = 0; i < INPUTS; i++)
            x[i] = 2 * uniform(seed) - 1;
        loss += learn_one(net, x, &gradient) / batch;
    }
    for (size_t w = 0; w < sizeof(network) / sizeof(double); w++) {
        square += slope[w] / batch * (slope[w] / batch);
        weight[w] -= rate * slope[w] / batch;
    }
    *norm = sqrt(square);
    return loss;
}

/* ---- the simulated device ------------------------------------------------------ */

static void ask_of_gpu(const char *folder, double load)
{
    char path[512];
    snprintf(path, sizeof(path), "%s/load", folder);
    FILE *file = fopen(path, "r+");
    if (file) {
        fprintf(file, "%.4f\n", load);
        fclose(file);
    }
}

static double clock_of_gpu(const char *folder)
{
    char path[512];
    double clock = 1;
    snprintf(path, sizeof(path), "%s/clock", folder);
    FILE *file = fopen(path, "r");
    if (file && (fscanf(file, "%lf", &clock) != 1 || !(clock > 0)))
        clock = 1;
    if (file)
        fclose(file);
    return clock;
}

static void wait_until(double at_s)
{
    struct timespec at = { .tv_sec = (time_t)at_s,
                           .tv_nsec = (long)(1e9 * (at_s - floor(at_s))) };
    while (clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &at, NULL) == EINTR)
        ;
}

/* ---- training -------------------------------------------------------------------- */

typedef struct training {
    const wish *options;
    erg_recorder *erg;
    FILE *log;
    network net;
    unsigned seed, luck;    /* luck: of what is no part of learning */
    int step;
    double begin_s;
} training;

static void tell(training *of, double loss, double norm, double rate, double took_s)
{
    if (!of->log) {
        erg_mark(of->erg, "step", of->step);
        erg_mark(of->erg, "loss", loss);
        erg_mark(of->erg, "grad_norm", norm);
        erg_mark(of->erg, "lr", rate);
        return;
    }
    fprintf(of->log, "{\"step\": %d, \"timestamp_shared\": %.6f, \"loss\": %.8g, "
            "\"grad_norm\": %.8g, \"learning_rate\": %.8g, \"step_s\": %.6f}\n", of->step,
            now_s(CLOCK_REALTIME), loss, norm, rate, took_s);
    fflush(of->log);
}

static void step(training *of, int batch)
{
    const wish *options = of->options;
    double begin_s = now_s(CLOCK_MONOTONIC), norm;
    double rate = rate_first / (1 + (begin_s - of->begin_s) / rate_falls_s);
    double loss = learn(&of->net, batch, rate, &of->seed, &norm);

    if (options->gpu) {
        double clock = options->deaf ? 1 : clock_of_gpu(options->gpu);
        wait_until(begin_s + step_s * (1 / clock + late_most * uniform(&of->luck)));
    }
    of->step++;
    tell(of, loss, norm, rate, now_s(CLOCK_MONOTONIC) - begin_s);
}

/* Blocks of one batch size, each a region of its own. */
static void train(training *of)
{
    double end_s = of->begin_s + of->options->for_s;

    for (int block = 0; !is_asked_to_end && now_s(CLOCK_MONOTONIC) < end_s; block++) {
        int batch = block % 2 ? BATCH_SMALL : BATCH_LARGE;
        double until_s = now_s(CLOCK_MONOTONIC) + block_least_s
            + (block_most_s - block_least_s) * uniform(&of->luck);
        erg_region_token region =
            erg_region_begin(of->erg, block % 2 ? "small batch" : "large batch");
        if (of->options->gpu)
            ask_of_gpu(of->options->gpu, (double)batch / BATCH_LARGE);
        while (!is_asked_to_end && now_s(CLOCK_MONOTONIC) < fmin(until_s, end_s))
            step(of, batch);
        erg_region_end(of->erg, region);
    }
    if (of->options->gpu)
        ask_of_gpu(of->options->gpu, 0);
}

static bool read_options(int argc, char *argv[], wish *out)
{
    for (int i = 1; i < argc; i++) {
        bool more = i + 1 < argc;
        if (strcmp(argv[i], "--deaf") == 0)
            out->deaf = true;
        else if (more && strcmp(argv[i], "--for") == 0)
            out->for_s = strtod(argv[++i], NULL);
        else if (more && strcmp(argv[i], "--log") == 0)
            out->log = argv[++i];
        else if (more && strcmp(argv[i], "--gpu") == 0)
            out->gpu = argv[++i];
        else if (more && strcmp(argv[i], "--seed") == 0)
            out->seed = (unsigned)strtoul(argv[++i], NULL, 10);
        else
            return false;
    }
    return out->for_s > 0;
}

int main(int argc, char *argv[])
{
    static training of;
    wish options = { .for_s = 30, .seed = 1 };
    erg_env env = { .ring = getenv("ERG_RING") };

    if (!read_options(argc, argv, &options)) {
        fprintf(stderr, "usage: train [--for SECONDS] [--log FILE] [--seed N] "
                "[--gpu FOLDER [--deaf]]\n");
        return 2;
    }
    of = (training){ .options = &options, .seed = options.seed,
                     .luck = options.seed + 1,
                     .begin_s = now_s(CLOCK_MONOTONIC) };
    of.log = options.log ? fopen(options.log, "w") : NULL;
    if (options.log && !of.log) {
        perror(options.log);
        return 1;
    }
    of.erg = erg_recorder_join(&env, NULL); /* NULL outside erg run: marks cost nothing */
    signal(SIGTERM, ask_to_end); /* so that the device is not left at work */
    begin_network(&of.net, &of.seed);
    train(&of);
    if (of.log)
        fclose(of.log);
    erg_recorder_free(of.erg);
    return 0;
}

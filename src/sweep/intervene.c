/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A program runs, and meanwhile a knob is turned to and fro in blocks. The knob is turned
 * and put back as a sweep does it; when it was turned stands in the run file as marks.
 * Of a program in two variants each block is a run of its own.
 */
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include "erg/intervene.h"
#include "math/random.h"
#include "run/file_name.h"
#include "run/spawn.h"
#include "sweep/sweep_inside.h"
#include "run/recording.h"
#include "run/training_log.h"
#include "sweep/variants.h"
#include "couple/intervention.h"

static const double usual_block_s = 30, usual_hz = 10, first_updates_s = 3;
enum { USUAL_BLOCKS = 20, FIRST_UPDATES = 2 };

typedef struct trial {
    const erg_env *env;
    const erg_intervene_options *options;
    char *const *argv;
    erg_sweep_setup setup; /* settings: the high one first */
    erg_variants variants;
    bool has_variants, is_over; /* is_over: a variant ended badly */
    size_t logged;              /* blocks whose steps were in the log */
    erg_recording *rec;
    erg_child child;
    erg_span run;
    erg_intervene_outcome *out;
} trial;

/* ---- what is asked ---------------------------------------------------------------- */

/* "power_limit=150W:200W" as a sweep's "power_limit=150W,200W". */
static bool knob_words(const char *change, char *to, size_t size, erg_error *err)
{
    const char *equals = strchr(change, '='), *colon = equals ? strchr(equals, ':') : NULL;

    if (!equals || !colon || strpbrk(colon + 1, ":,") || strlen(change) >= size)
        return erg_fail(err, ERG_BAD_INPUT,
                        "--intervene %.60s is not of the form "
                        "KNOB=LOW:HIGH, as in power_limit=150W:200W",
                        change);
    erg_text_put(to, size, change);
    to[colon - change] = ',';
    return true;
}

/* Nothing is turned, but what the command does to the board is looked at. */
static bool prepare_variants(trial *of, erg_error *err)
{
    const erg_sweep_options how = {
        .sensors = of->options->sensors,
        .sensor_count = of->options->sensor_count,
        .mode = ERG_SWEEP_BASELINE,
    };

    if (!erg_variants_parse(of->options->change, of->argv, &of->variants, err)
        || !erg_sweep_prepare(of->env, &how, &of->setup, err))
        return false;
    size_t count = erg_devices_count(of->setup.devices);
    for (size_t i = 0; i < count; i++)
        if (erg_devices_state(of->setup.devices, of->setup.device) != ERG_PRESENT)
            of->setup.device = i;
    return true;
}

static bool prepare(trial *of, erg_error *err)
{
    char words[200];
    const char *const knobs[] = { words };
    const erg_sweep_options how = {
        .sensors = of->options->sensors,
        .sensor_count = of->options->sensor_count,
        .knobs = knobs,
        .knob_count = 1,
        .device = of->options->device,
        .floor_hz = -1,
    };

    of->has_variants = erg_variants_are(of->options->change);
    if (of->has_variants)
        return prepare_variants(of, err);
    if (!knob_words(of->options->change, words, sizeof(words), err))
        return false;
    erg_sweep_put_back_left(of->env);
    if (!erg_sweep_prepare(of->env, &how, &of->setup, err))
        return false;
    return of->setup.count == 2
           || erg_fail(err, ERG_BAD_INPUT,
                       "--intervene %.60s: to this device both are one setting: "
                       "take values that lie further apart",
                       of->options->change);
}

static void put_head(const trial *of)
{
    const erg_intervene_options *options = of->options;
    bool turns = !of->has_variants;
    const erg_device_info *device = erg_devices_info(
        of->setup.devices, turns ? of->setup.dials[0].devices[0] : of->setup.device);
    char text[32];

    erg_recording_meta(of->rec, "intervene", options->change);
    erg_recording_meta(of->rec, "intervene_knob",
                       turns ? erg_knob_infos[of->setup.dials[0].knob].name : "variant");
    erg_recording_meta(of->rec, "intervene_device", device->name);
    snprintf(text, sizeof(text), "%llu", (unsigned long long)options->key);
    erg_recording_meta(of->rec, "intervene_key", options->key ? text : "1");
}

/* ---- blocks -------------------------------------------------------------------------- */

static bool has_ended(const trial *of)
{
    return erg_spawn_has_ended(&of->child);
}

static bool asked(const trial *of)
{
    return of->options->ask_stop && *of->options->ask_stop;
}

/* False: the command is over, or a signal came. */
static bool wait_until(const trial *of, int64_t until_ns)
{
    static const int64_t look_ns = 20 * ERG_NS_PER_MS;

    while (!asked(of) && !has_ended(of)) {
        int64_t now_ns = erg_env_now_ns(of->env);
        if (now_ns >= until_ns)
            return true;
        erg_env_sleep_until_ns(of->env,
                               until_ns - now_ns > look_ns ? now_ns + look_ns : until_ns);
    }
    return false;
}

static void put_mark(const trial *of, int64_t t_ns, double value)
{
    erg_mark_row mark = { .t_ns = t_ns, .value = value };
    erg_text_put(mark.name, sizeof(mark.name), erg_trial_mark);
    erg_recording_mark(of->rec, &mark);
}

static void tell(const trial *of, int block, int blocks)
{
    char text[80];

    if (!of->options->progress)
        return;
    snprintf(text, sizeof(text), "block %d of %d", block + 1, blocks);
    of->options->progress(of->options->progress_self, text);
}

/* The command is ended by us when its blocks are done: that is no failure of it. */
static void end_command(trial *of)
{
    bool is_ours = !asked(of) && !has_ended(of);

    if (is_ours)
        of->child.deadline_ns = erg_env_now_ns(NULL);
    of->out->exit_status = erg_spawn_wait(&of->child, of->options->ask_stop);
    if (is_ours)
        of->out->exit_status = 0;
}

/* The log of each run, as the next one may write it anew. */
static bool take_log(trial *of, erg_span span, erg_error *err)
{
    erg_error why = { 0 };

    if (!of->options->log)
        return true;
    bool good = erg_record_training_log(of->rec, of->env, of->options->log, span, &why);
    of->logged += good;
    return good || why.code == ERG_NO_DATA || erg_fail(err, why.code, "%s", why.text);
}

/* A run for itself; one that ends early, and well, is a short block. */
static bool do_variant(trial *of, int pair, bool is_high, double block_s, erg_error *err)
{
    char **words = erg_variants_words(&of->variants, is_high, of->argv, err);
    erg_span span = { .begin_ns = erg_env_now_ns(of->env) };
    bool good = words
                && erg_spawn(&of->child, words, erg_ring_path(erg_recording_ring(of->rec)),
                             &of->out->exit_status, err);

    erg_words_free(words);
    if (!good)
        return false;
    put_mark(of, span.begin_ns, is_high ? pair : -pair);
    wait_until(of, span.begin_ns + erg_ns_from_s(block_s));
    span.end_ns = erg_env_now_ns(of->env);
    end_command(of);
    of->is_over = asked(of) || of->out->exit_status != 0;
    if (of->is_over)
        return true;
    put_mark(of, span.end_ns, 0);
    of->out->blocks++;
    return take_log(of, span, err);
}

/* A block begins once the knob is turned: what the turn itself took belongs to none. */
static bool do_block(trial *of, int pair, bool is_high, double block_s, erg_error *err)
{
    if (of->has_variants)
        return do_variant(of, pair, is_high, block_s, err);
    if (!erg_sweep_turn(&of->setup, &of->setup.settings[is_high ? 0 : 1],
                        of->options->shared, err))
        return false;
    put_mark(of, erg_env_now_ns(of->env), is_high ? pair : -pair);
    if (wait_until(of, erg_env_now_ns(of->env) + erg_ns_from_s(block_s))) {
        put_mark(of, erg_env_now_ns(of->env), 0);
        of->out->blocks++;
    }
    return true;
}

static bool goes_on(const trial *of)
{
    return !asked(of) && (of->has_variants ? !of->is_over : !has_ended(of));
}

static bool do_blocks(trial *of, erg_error *err)
{
    const erg_intervene_options *options = of->options;
    double block_s = options->block_s > 0 ? options->block_s : usual_block_s;
    int blocks = options->blocks > 0 ? options->blocks : USUAL_BLOCKS;
    erg_random luck = { options->key ? options->key : 1 };
    bool high_first = false;

    blocks += blocks % 2;
    for (int b = 0; b < blocks && goes_on(of); b++) {
        if (b % 2 == 0)
            high_first = erg_random_below(&luck, 2) == 1;
        tell(of, b, blocks);
        if (!do_block(of, b / 2 + 1, high_first == (b % 2 == 0), block_s, err))
            return false;
    }
    return true;
}

/* ---- around them -------------------------------------------------------------------- */

static bool run_turned(trial *of, erg_error *err)
{
    if (of->has_variants)
        return do_blocks(of, err);
    if (!erg_spawn(&of->child, of->argv, erg_ring_path(erg_recording_ring(of->rec)),
                   &of->out->exit_status, err))
        return false;
    bool good = do_blocks(of, err);
    end_command(of);
    return good;
}

static bool run_command(trial *of, erg_error *err)
{
    int64_t id = erg_recording_region(of->rec, "run", true);

    of->run.begin_ns = erg_env_now_ns(of->env);
    bool good = run_turned(of, err);
    of->run.end_ns = erg_recording_region_end(of->rec, id, good ? 1 : NAN);
    erg_error inner = { 0 };
    bool is_back = erg_devices_restore(of->setup.devices, &inner);
    if (good && !is_back)
        return erg_fail(err, inner.code, "%s", inner.text);
    return good;
}

static bool end_log(trial *of, erg_error *err)
{
    if (!of->options->log)
        return true;
    if (!of->has_variants)
        return erg_record_training_log(of->rec, of->env, of->options->log, of->run, err);
    return of->logged > 0
           || erg_fail(err, ERG_NO_DATA, "%s: no step of any block stands there: does the "
                       "command log where --log says?", of->options->log);
}

static bool record(trial *of, erg_error *err)
{
    const erg_intervene_options *options = of->options;
    erg_recording_setup how = { .path = of->out->file,
                                .all_at_rate = true,
                                .rate_hz =
                                    options->rate_hz > 0 ? options->rate_hz : usual_hz };

    of->rec = erg_recording_new(of->env, of->setup.devices, &how, err);
    if (!of->rec)
        return false;
    put_head(of);
    if (!erg_recording_begin(of->rec, err))
        return false;
    erg_recording_wait_updates(of->rec, FIRST_UPDATES, first_updates_s, options->ask_stop);
    bool good = run_command(of, err) && end_log(of, err);
    return erg_recording_end(of->rec, good ? err : NULL) && good;
}

bool erg_intervene(const erg_env *env, char *const argv[],
                   const erg_intervene_options *options, erg_intervene_outcome *out,
                   erg_error *err)
{
    trial of = { .env = env, .options = options, .argv = argv, .out = out };

    *out = (erg_intervene_outcome){ .exit_status = ERG_EXIT_OWN };
    if (env && env->clock)
        return erg_fail(err, ERG_UNSUPPORTED, "a command cannot be run on a manual clock");
    bool good = prepare(&of, err);
    if (good && options->output)
        erg_text_put(out->file, sizeof(out->file), options->output);
    else if (good)
        erg_run_file_name(env, out->file, sizeof(out->file));
    good = good && record(&of, err);
    erg_recording_free(of.rec);
    erg_sweep_drop(&of.setup);
    return good;
}

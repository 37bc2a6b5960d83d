/* SPDX-License-Identifier: Apache-2.0 */
/* Marks say when the knob was turned; each block is judged by what is left of it. */
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include "erg/energy.h"
#include "math/stats.h"
#include "couple/intervention_blocks.h"

static const double drop_share = 0.2, drop_taus = 3;

typedef struct sources {
    const erg_trace *trace;
    const erg_training_row *rows; /* of its marks; NULL: none */
    size_t row_count;
    int power, temp; /* channels; -1: none */
    double *x, *y;   /* room for a block's samples */
} sources;

/* ---- the blocks ---- */

static size_t find_blocks(const erg_trace *trace, erg_trial_block blocks[])
{
    size_t count = 0;
    bool is_open = false;

    for (size_t i = 0; i < erg_trace_mark_count(trace); i++) {
        const erg_mark_row *mark = erg_trace_mark(trace, i);
        if (strcmp(mark->name, erg_trial_mark) != 0)
            continue;
        if (is_open)
            blocks[count++].span.end_ns = mark->t_ns;
        is_open = mark->value != 0;
        if (is_open)
            blocks[count] = (erg_trial_block){ .span = { .begin_ns = mark->t_ns },
                                               .pair = (int)fabs(mark->value),
                                               .is_high = mark->value > 0 };
    }
    return count; /* one that was not ended is no block */
}

/* What settles, or is still of the setting before, is left out. */
static erg_span kept(const erg_trial_block *block, const erg_intervention_options *options)
{
    erg_span span = block->span;
    double whole_s = erg_s_from_ns(span.end_ns - span.begin_ns);
    double drop_s = options->drop_s > 0 ? options->drop_s : drop_share * whole_s;

    if (options->tau_s > 0)
        drop_s = fmax(drop_s, drop_taus * options->tau_s);
    span.begin_ns += erg_ns_from_s(fmin(drop_s, whole_s));
    return span;
}

/* ---- their means ---- */

/* Steps that lie in it with all their time. */
static size_t steps_in(const sources *from, erg_span span, erg_training_value value)
{
    size_t count = 0;

    for (size_t i = 0; i < from->row_count; i++) {
        const erg_training_row *row = &from->rows[i];
        double took_s = row->value[ERG_TRAINING_STEP_S];
        int64_t begin_ns = row->t_ns - erg_ns_from_s(isnan(took_s) ? 0 : took_s);
        if (begin_ns < span.begin_ns || row->t_ns >= span.end_ns
            || isnan(row->value[value]))
            continue;
        from->x[count] = erg_s_from_ns(row->t_ns - span.begin_ns);
        from->y[count++] = row->value[value];
    }
    return count;
}

static double mean_of_channel(const sources *from, int channel, erg_span span)
{
    size_t count = 0, n = 0;
    double sum = 0;
    const erg_sample *samples =
        channel >= 0 ? erg_trace_samples(from->trace, channel, &count) : NULL;

    for (size_t i = 0; i < count; i++)
        if (samples[i].t_ns >= span.begin_ns && samples[i].t_ns < span.end_ns
            && !isnan(samples[i].value)) {
            sum += samples[i].value;
            n++;
        }
    return n ? sum / (double)n : NAN;
}

static double mean_w(const sources *from, erg_span span)
{
    erg_energy energy;

    if (from->power < 0 || span.end_ns <= span.begin_ns
        || !erg_trace_energy(from->trace, from->power, span, &energy, NULL))
        return NAN;
    return energy.energy_j / erg_s_from_ns(span.end_ns - span.begin_ns);
}

static void judge(const sources *from, erg_trial_block *block, erg_span span)
{
    const int64_t utc_ns = erg_trace_utc_ns(from->trace, span.begin_ns) - span.begin_ns;
    const erg_span utc = { span.begin_ns + utc_ns, span.end_ns + utc_ns };
    erg_line line;

    size_t steps = steps_in(from, utc, ERG_TRAINING_STEP_S);
    block->value[ERG_TRIAL_STEP_S] = erg_mean(from->y, steps);
    size_t losses = steps_in(from, utc, ERG_TRAINING_LOSS);
    block->value[ERG_TRIAL_LOSS_SLOPE] =
        losses > 2 && erg_line_fit(from->x, from->y, losses, &line) ? line.slope : NAN;
    block->value[ERG_TRIAL_POWER] = mean_w(from, span);
    block->value[ERG_TRIAL_TEMP] = mean_of_channel(from, from->temp, span);
}

/* ---- the whole ---- */

/* The first device that was turned. */
static void find_channels(sources *from)
{
    const char *device = erg_trace_meta(from->trace, "intervene_device");
    char name[80];

    from->power = from->temp = -1;
    if (!device)
        return;
    from->power = erg_trace_find_channel(from->trace, device);
    snprintf(name, sizeof(name), "%s/temperature", device);
    from->temp = erg_trace_find_channel(from->trace, name);
}

static bool fill(const erg_trace *trace, const erg_intervention_options *options,
                 erg_trial_block blocks[], size_t count, erg_error *err)
{
    sources from = { .trace = trace };
    erg_error why = { 0 };
    erg_training *training = erg_training_of_trace(trace, &why);

    /* A command that logs no steps has power and heat all the same. */
    if (!training && why.code != ERG_NO_DATA)
        return erg_fail(err, why.code, "%s", why.text);
    if (training)
        from.rows = erg_training_rows(training, &from.row_count);
    from.x = calloc(from.row_count + 1, sizeof(*from.x));
    from.y = calloc(from.row_count + 1, sizeof(*from.y));
    bool good = (from.x && from.y) || erg_fail(err, ERG_NO_MEMORY, "out of memory");
    find_channels(&from);
    for (size_t i = 0; good && i < count; i++)
        judge(&from, &blocks[i], kept(&blocks[i], options));
    free(from.x);
    free(from.y);
    erg_training_free(training);
    return good;
}

erg_trial_block *erg_trial_blocks_read(const erg_trace *trace,
                                       const erg_intervention_options *options,
                                       size_t *count, erg_error *err)
{
    erg_trial_block *blocks = calloc(erg_trace_mark_count(trace) + 1, sizeof(*blocks));

    if (!blocks) {
        erg_fail(err, ERG_NO_MEMORY, "out of memory");
        return NULL;
    }
    *count = find_blocks(trace, blocks);
    if (*count == 0)
        erg_fail(err, ERG_NO_DATA,
                 "no block of an intervention was finished: let the command "
                 "run longer than a block");
    else if (fill(trace, options, blocks, *count, err))
        return blocks;
    free(blocks);
    return NULL;
}

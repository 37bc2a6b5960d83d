/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A floor of the node's power: where its load falls below shaper.floor a filler burns the
 * difference, until the policy `floor` (the one that the simulator plays) lets go of it.
 * Simulated devices take it as a load; else a process does, which the daemon feeds by
 * erg_governor_fill and whose watts at full share are learned from what the node draws.
 *
 * What is measured is load and filler together, and a sensor tells of the past: the load is
 * only known to lie between what is drawn less the most and less the least that the filler
 * has burnt within the sensor's memory, and is taken to be where it was, as far as it may.
 *
 *   Source   docs/govern.md.
 */
#include <math.h>
#include <string.h>
#include "govern/govern.h"

#define ROOM 0.95           /* of the limit: a filler goes no higher */
#define QUIET_S 10.0        /* without burning, and its line in the journal is closed */
#define LEARN_SHARE 0.2     /* a lesser change of share teaches nothing */
#define LEARN_LEAST 0.1     /* of what was assumed: less is noise, or others' doing */
#define LEARN_MOST 4.0
#define LEARN_S 10.0        /* after so long the load will have changed, too */
#define SAME_SHARE 0.02

static bool is_set(const erg_governor *governor)
{
    return governor->config->shaper.floor_w > 0;
}

static bool enforces(const erg_governor *governor)
{
    return governor->config->mode == ERG_ENFORCE && !governor->is_let_go;
}

/* ---- begin --------------------------------------------------------------------------- */

/* How long a change of power takes to be seen whole. */
static double memory_s(const erg_governor *governor)
{
    double longest_s = 0.05;

    for (size_t i = 0; i < governor->count; i++) {
        const erg_governed *item = &governor->items[i];
        int at = item->power_at >= 0 ? item->power_at : item->energy_at;
        if (at < 0)
            continue;
        const erg_channel_info *is = erg_devices_channel(governor->devices, item->index,
                                                         (size_t)at);
        const double known = item->power_at >= 0 ? 1 : 10;  /* a counter is differenced */
        longest_s = fmax(longest_s, fmax(0, is->delay_s) + fmax(0, is->window_s)
                                        + known * fmax(0, is->update_s));
    }
    return longest_s + 2 * governor->config->period_s;
}

/* Watts that all devices of a kind may draw at most; 0: none says so. */
static double highest_w(const erg_governor *governor, bool of_gpus)
{
    double sum_w = 0;

    for (size_t i = 0; i < governor->count; i++)
        if (governor->items[i].has_limit && governor->items[i].is_gpu == of_gpus)
            sum_w += erg_govern_knob(governor, &governor->items[i])->high;
    return sum_w;
}

/* Of a process at full share, before anything was learned: rather too much, so that the
 * first steps come short of the floor. */
static double assumed_w(const erg_governor *governor)
{
    double sum_w = highest_w(governor, governor->config->shaper.filler.count > 0);

    return sum_w > 0 ? sum_w : governor->config->shaper.floor_w;
}

void erg_govern_floor_begin(erg_governor *governor)
{
    const erg_govern_config *config = governor->config;
    const erg_policy_setup setup = { .values = { config->shaper.floor_w,
                                                 config->shaper.hold_s,
                                                 config->shaper.down_w_per_s } };
    erg_governed_floor *is = &governor->floor;

    if (!is_set(governor))
        return;
    erg_policy_floor.start(&is->state, &setup);
    is->state.floor.low_s = INFINITY;   /* nothing burns before there was a load */
    is->load_w = is->seen_share = is->taken = NAN;
    is->memory_s = memory_s(governor);
    is->full_w = is->assumed_w = assumed_w(governor);
    for (size_t i = 0; i < governor->count; i++)
        if (erg_devices_fill(governor->devices, governor->items[i].index, 0)) {
            is->simulated_w += erg_govern_knob(governor, &governor->items[i])->high;
            is->is_simulated = true;
        }
    if (is->is_simulated)
        is->full_w = is->simulated_w;
}

/* ---- what has been burnt ------------------------------------------------------------- */

static double burnt_now_w(const erg_governed_floor *is)
{
    double taken = isnan(is->taken) ? is->share : is->taken;

    return is->is_running || is->is_simulated ? taken * is->full_w : 0;
}

/* Slots are an eighth of the memory long; each holds the least and the most of its time. */
static void remember(erg_governor *governor, double low_w, double high_w)
{
    erg_governed_floor *is = &governor->floor;
    erg_govern_burnt *last = is->past_count ? &is->past[is->past_count - 1] : NULL;

    if (last && erg_s_from_ns(governor->now_ns - last->t_ns) < is->memory_s / 8) {
        last->low_w = fmin(last->low_w, low_w);
        last->high_w = fmax(last->high_w, high_w);
        return;
    }
    if (is->past_count == ERG_GOVERN_BURNT) {
        is->past_count--;
        memmove(is->past, is->past + 1, is->past_count * sizeof(is->past[0]));
    }
    is->past[is->past_count++] = (erg_govern_burnt){ governor->now_ns, low_w, high_w };
}

/* Least and most of the sensor's memory. */
static erg_govern_burnt burnt(const erg_governor *governor)
{
    const erg_governed_floor *is = &governor->floor;
    erg_govern_burnt out = { 0 };

    for (size_t i = is->past_count; i-- > 0;) {
        const erg_govern_burnt *slot = &is->past[i];
        bool is_last = i + 1 == is->past_count;
        out.low_w = is_last ? slot->low_w : fmin(out.low_w, slot->low_w);
        out.high_w = is_last ? slot->high_w : fmax(out.high_w, slot->high_w);
        if (erg_s_from_ns(governor->now_ns - slot->t_ns) > is->memory_s)
            break;
    }
    return out;
}

static double median_of(const double values[], int count)
{
    double sorted[ERG_GOVERN_LEARNED];

    for (int i = 0, k; i < count; i++) {
        for (k = i; k > 0 && sorted[k - 1] > values[i]; k--)
            sorted[k] = sorted[k - 1];
        sorted[k] = values[i];
    }
    return count % 2 ? sorted[count / 2] : (sorted[count / 2 - 1] + sorted[count / 2]) / 2;
}

static void take_lesson(erg_governed_floor *is, double found_w)
{
    is->learned_w[is->lessons++ % ERG_GOVERN_LEARNED] = found_w;
    int count = is->lessons < ERG_GOVERN_LEARNED ? is->lessons : ERG_GOVERN_LEARNED;
    double full_w = median_of(is->learned_w, count);
    /* What was burnt stays what it was thought to be; the memory does not. */
    for (size_t i = 0; i < is->past_count; i++) {
        is->past[i].low_w *= full_w / is->full_w;
        is->past[i].high_w *= full_w / is->full_w;
    }
    is->full_w = full_w;
}

/* Between two moments at which all is settled, not long apart. A load that fell while the
 * filler rose hides the change, one that rose with it shows too much: both are passed
 * over. */
static void learn(erg_governor *governor, const erg_govern_burnt *past)
{
    erg_governed_floor *is = &governor->floor;
    double share = past->high_w / is->full_w, step = fabs(share - is->seen_share);
    double found_w = (governor->power_w - is->seen_w) / (share - is->seen_share);

    if (is->is_simulated || past->high_w - past->low_w > SAME_SHARE * is->full_w)
        return;
    bool is_old = erg_s_from_ns(governor->now_ns - is->seen_ns) > LEARN_S;
    if (!is_old && step >= LEARN_SHARE && found_w > LEARN_LEAST * is->assumed_w
        && found_w < LEARN_MOST * is->assumed_w)
        take_lesson(is, found_w);
    else if (!is_old && step > SAME_SHARE && step < LEARN_SHARE)
        return;         /* on its way */
    is->seen_share = share;
    is->seen_w = governor->power_w;
    is->seen_ns = governor->now_ns;
}

static void find_load(erg_governor *governor)
{
    erg_governed_floor *is = &governor->floor;
    double power_w = governor->power_w;

    if (isnan(power_w)) {
        is->load_w = NAN;
        return;
    }
    const erg_govern_burnt past = burnt(governor);
    double least_w = power_w - past.high_w, most_w = power_w - past.low_w;
    learn(governor, &past);
    is->load_w = isnan(is->load_w) ? most_w : fmin(most_w, fmax(least_w, is->load_w));
}

/* ---- what shall burn ------------------------------------------------------------ */

static bool is_hot(const erg_governor *governor)
{
    for (size_t i = 0; i < governor->count; i++)
        if (governor->items[i].guard.is_hot)
            return true;
    return false;
}

/* Whatever protects comes before a floor. */
static const char *forbids(const erg_governor *governor)
{
    if (governor->is_braked || governor->bands.is_braked)
        return "all is braked";
    if (governor->is_short)
        return "the limit is below the least of all devices";
    if (is_hot(governor))
        return "a device is hot";
    return isnan(governor->power_w) ? "the node's power is not measured" : NULL;
}

static void say(erg_governed_floor *is, const char *state, const char *reason)
{
    is->status = state;
    erg_text_put(is->reason, sizeof(is->reason), reason ? reason : "");
}

static void describe(const erg_governor *governor, erg_governed_floor *is)
{
    const char *ban = forbids(governor);

    if (!enforces(governor))
        say(is, "observe", "mode is observe: nothing is burnt");
    else if (ban)
        say(is, "held_off", ban);
    else if (!is->is_simulated && !is->is_running && is->process[0])
        say(is, "refused", is->process);
    else if (!(is->share > 0))
        say(is, "idle", isinf(is->state.floor.low_s)
                            ? "the load has not yet been at the floor" : NULL);
    else if (is->share >= 1)
        say(is, "short", "the filler burns all it can, and the floor is not reached");
    else
        say(is, "filling", NULL);
}

/* One line where burning begins and one where it has ended, however often between. */
static void note_change(erg_governor *governor)
{
    erg_governed_floor *is = &governor->floor;
    bool burns = enforces(governor) && is->share > 0;

    if (burns)
        is->burnt_ns = governor->now_ns;
    bool is_noted = burns || (is->is_noted && erg_s_from_ns(governor->now_ns - is->burnt_ns)
                                                  < QUIET_S);
    if (is_noted == is->is_noted)
        return;
    is->is_noted = is_noted;
    erg_govern_note(governor, &(erg_govern_change){
                                  NULL, "floor", "ergd", is->load_w,
                                  is_noted ? is->level_w : 0,
                                  is_noted ? is->share * is->full_w : 0, NAN });
}

static void fill_simulated(erg_governor *governor)
{
    const erg_governed_floor *is = &governor->floor;

    for (size_t i = 0; is->is_simulated && i < governor->count; i++) {
        const erg_device_knob *knob = erg_govern_knob(governor, &governor->items[i]);
        if (knob)
            erg_devices_fill(governor->devices, governor->items[i].index,
                             is->share * knob->high);
    }
}

static void decide(erg_governor *governor, double dt_s)
{
    erg_governed_floor *is = &governor->floor;
    erg_policy_out out = erg_policy_free();
    double before = is->share;

    is->share = is->level_w = is->want_w = 0;
    if (!isnan(is->load_w)) {
        const erg_policy_in in = { .power_w = is->load_w };
        erg_policy_floor.step(&is->state, &in, dt_s, &out);
        is->level_w = out.floor_w;
    }
    if (!forbids(governor) && !isnan(is->load_w)) {
        double level_w = fmin(is->level_w, ROOM * governor->budget_w);
        is->want_w = fmax(0, level_w - is->load_w);
        is->share = enforces(governor) ? fmin(1, is->want_w / is->full_w) : 0;
    }
    if (fabs(is->share - before) > 0.05)
        is->asked_ns = governor->now_ns;
}

/* A share just asked for may burn already, or not yet. */
static void remember_now(erg_governor *governor)
{
    const erg_governed_floor *is = &governor->floor;
    double now_w = burnt_now_w(is), asked_w = is->is_running ? is->share * is->full_w : 0;
    bool is_new = erg_s_from_ns(governor->now_ns - is->asked_ns) < is->memory_s;

    remember(governor, is_new ? fmin(now_w, asked_w) : now_w,
             is_new ? fmax(now_w, asked_w) : now_w);
}

void erg_govern_floor_step(erg_governor *governor, double dt_s)
{
    erg_governed_floor *is = &governor->floor;

    if (!is_set(governor))
        return;
    is->burned_j += burnt_now_w(is) * dt_s;
    find_load(governor);
    decide(governor, dt_s);
    fill_simulated(governor);
    remember_now(governor);
    describe(governor, is);
    note_change(governor);
}

/* ---- the daemon's end ----------------------------------------------------------- */

double erg_governor_fill(const erg_governor *governor)
{
    return is_set(governor) && enforces(governor) && !governor->floor.is_simulated
        ? governor->floor.share : NAN;
}

void erg_governor_filled(erg_governor *governor, bool is_running, double taken,
                         const char *reason)
{
    erg_governed_floor *is = &governor->floor;

    is->is_running = is_running;
    is->taken = taken;
    erg_text_put(is->process, sizeof(is->process), reason ? reason : "");
}

double erg_govern_burnt_w(const erg_governor *governor)
{
    return is_set(governor) && enforces(governor) ? burnt_now_w(&governor->floor) : 0;
}

/* ---- the table ------------------------------------------------------------------ */

static const erg_column columns[] = {
    { "floor_w", ERG_REAL, "shaper.floor of the configuration" },
    { "held_w", ERG_REAL, "what of it is held now" },
    { "load_w", ERG_REAL, "what the node draws without the filler" },
    { "fill_w", ERG_REAL, "what the filler burns; in mode observe: would" },
    { "share", ERG_REAL, "of the most that the filler can burn" },
    { "full_w", ERG_REAL, "that most: simulated, assumed, or as learned" },
    { "burned_total_j", ERG_REAL, "Energy burnt by the filler since ergd was started" },
    { "method", ERG_TEXT, "simulated, or model: watts learned from changes of the share" },
    { "filler", ERG_TEXT, "what burns" },
    { "state", ERG_TEXT, "observe, idle, filling, short, held_off or refused" },
    { "reason", ERG_TEXT, "why it is in that state" },
};

/* Only where there is a floor. */
bool erg_govern_add_floor(const erg_governor *governor, erg_result *result, erg_error *err)
{
    const erg_governed_floor *is = &governor->floor;
    const erg_govern_list *words = &governor->config->shaper.filler;
    const double fill_w = enforces(governor) ? burnt_now_w(is) : is->want_w;
    const double values[] = { governor->config->shaper.floor_w, is->level_w, is->load_w,
                              fill_w, is->share, is->full_w, is->burned_j };

    if (!is_set(governor))
        return true;
    erg_table *table = erg_result_add(result, "floor", columns, ERG_COUNT(columns), err);
    bool good = table && erg_table_row(table, err);
    for (size_t i = 0; good && i < ERG_COUNT(values); i++)
        good = erg_table_real(table, columns[i].name, values[i], err);
    return good
        && erg_table_text(table, "method", is->is_simulated ? "simulated" : "model", err)
        && erg_table_text(table, "filler", is->is_simulated ? "simulated load"
                                           : words->count   ? words->items[0]
                                                            : "ergd's own", err)
        && erg_table_text(table, "state", is->status, err)
        && erg_table_text(table, "reason", is->reason[0] ? is->reason : NULL, err);
}

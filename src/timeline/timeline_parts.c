/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Joules of every class: the joules of each step of the sensor
 * are shared by time x watts, what ran in nothing is a class like the others.
 *
 * Two sweeps. The first asks the looks what watts explain them (timeline_watts.c), the
 * second shares with these; what a sensor of 100 ms cannot tell keeps a wide interval.
 */
#include <math.h>
#include <stdlib.h>
#include "math/numbers.h"
#include "math/stats.h"
#include "timeline/timeline.h"

static const double PRIOR_U = 0.5;          /* of the mean: kernels take 0 to 2 of it */
static const double LEAST_SHARE = 0.02;     /* no class is shared out at no watts */
static const double FREE_QUANTILE = 0.05;
enum { LOOKS_MOST = 200000, BLOCK = 2000 };     /* the watts are learnt from */

typedef struct sharing {
    const erg_work_list *work;
    const erg_prior *prior;
    erg_part *parts;            /* classes + 1 */
    size_t *column;             /* of each class */
    double *watts_of;           /* classes + 1 */
    erg_watts watts;
    int64_t longest_ns;         /* of any work */
    size_t every, seen;         /* looks: one in so many is tried */
    double before_w, products, squares;     /* residuals of the looks, for their memory */
} sharing;

/* ---- first sweep: watts ------------------------------------------------------------- */

/* Shares of a look by column. Zero columns: nothing was seen. */
typedef struct look {
    size_t columns[ERG_WATTS_MOST + 2], count;
    double shares[ERG_WATTS_MOST + 2];
} look;

static look look_of(const sharing *own, const erg_step_view *view)
{
    double length_s = erg_s_from_ns(view->step->end_ns - view->step->look_ns);
    double by_column[ERG_WATTS_MOST + 2];
    look out;

    out.count = 0;
    if (!(length_s > 0) || isnan(view->step->look_w))
        return out;
    for (size_t c = 0; c < own->watts.columns; c++)
        by_column[c] = 0;
    for (size_t i = 0; i < view->count; i++) {
        uint32_t class = view->classes[i];
        by_column[own->column[class]] += view->time[class].look_s;
    }
    by_column[own->watts.columns - 1] = view->free_look_s;
    for (size_t c = 0; c < own->watts.columns; c++)
        if (by_column[c] > 0) {
            out.columns[out.count] = c;
            out.shares[out.count++] = by_column[c] / length_s;
        }
    return out;
}

static void learn(void *self, const erg_step_view *view)
{
    sharing *own = self;
    look at = look_of(own, view);

    if (at.count)
        erg_watts_add(&own->watts, at.columns, at.shares, at.count, view->step->look_w);
}

typedef struct ranked { double s; uint32_t class; } ranked;

static int longest_first(const void *a, const void *b)
{
    const ranked *left = a, *right = b;
    if (left->s != right->s)
        return left->s < right->s ? 1 : -1;
    return left->class < right->class ? -1 : left->class > right->class;
}

/* How long each class ran in all, and the longest of all. */
static bool add_up(sharing *own, ranked order[], erg_error *err)
{
    erg_work *room = own->work->aside ? malloc(ERG_WORKS_AT_ONCE * sizeof(*room)) : NULL;
    bool ok = room || !own->work->aside || erg_fail(err, ERG_NO_MEMORY, "out of memory");
    size_t some;

    for (size_t at = 0; ok && at < own->work->count; at += some) {
        const erg_work *works = erg_works_some(own->work, at, room, &some, err);
        ok = works != NULL;
        for (size_t i = 0; ok && i < some; i++) {
            int64_t length_ns = works[i].end_ns - works[i].begin_ns;
            order[works[i].class].s += erg_s_from_ns(length_ns);
            own->longest_ns = length_ns > own->longest_ns ? length_ns : own->longest_ns;
        }
    }
    free(room);
    return ok;
}

/* The longest get columns of their own. */
static bool give_columns(sharing *own, erg_error *err)
{
    size_t classes = own->work->classes;
    ranked *order = calloc(classes + 1, sizeof(*order));
    bool ok = order != NULL || erg_fail(err, ERG_NO_MEMORY, "out of memory");

    for (size_t i = 0; ok && i < classes; i++)
        order[i].class = (uint32_t)i;
    ok = ok && add_up(own, order, err);
    size_t named = classes < ERG_WATTS_MOST ? classes : ERG_WATTS_MOST;
    if (ok)
        qsort(order, classes, sizeof(*order), longest_first);
    for (size_t i = 0; ok && i < classes; i++)
        own->column[order[i].class] = i < named ? i : named;
    own->watts.columns = named + 2;
    free(order);
    return ok;
}

/* The looks of all steps. */
typedef struct looks {
    const erg_step_list *steps;
    double sum_w, most_w;
    size_t count;
    erg_numbers_take *take;     /* whom they are shown to, while they are */
    void *to;
} looks;

static void gather(void *self, const erg_sensor_step steps[], size_t count)
{
    looks *of = self;

    for (size_t i = 0; i < count; i++) {
        if (!isfinite(steps[i].look_w))
            continue;
        of->count++;
        of->sum_w += steps[i].look_w;
        of->most_w = fmax(of->most_w, steps[i].look_w);
    }
}

static void hand_on(void *self, const erg_sensor_step steps[], size_t count)
{
    const looks *of = self;

    for (size_t i = 0; i < count; i++)
        if (isfinite(steps[i].look_w))
            of->take(of->to, &steps[i].look_w, 1);
}

static bool each_look(void *self, erg_numbers_take *take, void *to, erg_error *err)
{
    looks *of = self;

    of->take = take;
    of->to = to;
    return erg_steps_each(of->steps, hand_on, of, err);
}

static bool set_prior(sharing *own, const erg_step_list *steps, erg_error *err)
{
    looks of = { .steps = steps };
    double free_w = own->prior->free_w;
    erg_watts *watts = &own->watts;
    bool ok = erg_steps_each(steps, gather, &of, err);

    /* The level below which a device hardly ever was; the idle record knows better. */
    if (ok && isnan(free_w)) {
        ok = erg_quantile_of(&(erg_numbers){ each_look, &of, of.count }, FREE_QUANTILE,
                             &free_w, err);
        free_w = fmax(0, free_w);
    }
    double mean_w = of.count > 0 ? of.sum_w / (double)of.count : 0;
    for (size_t c = 0; c + 1 < watts->columns; c++)
        watts->prior_w[c] = mean_w;
    watts->prior_w[watts->columns - 1] = free_w;
    watts->prior_u_w = fmax(fmax(PRIOR_U * mean_w, (of.most_w - free_w) / 2), 1e-9);
    for (size_t i = 0; own->prior->class_w && i < own->work->classes; i++)
        if (own->prior->class_w[i] > 0 && own->column[i] + 2 < watts->columns)
            watts->prior_w[own->column[i]] = own->prior->class_w[i];
    return ok;
}

/* Number of the first work that begins at t or later. */
static bool first_after(const erg_work_list *work, int64_t t_ns, size_t *first,
                        erg_error *err)
{
    size_t low = 0, high = work->count;

    while (low < high) {
        size_t middle = low + (high - low) / 2;
        erg_work one;
        if (!work->aside)
            one = work->items[middle];
        else if (!erg_spill_read(work->aside, work->first + middle, 1, &one, err))
            return false;
        if (one.begin_ns < t_ns)
            low = middle + 1;
        else
            high = middle;
    }
    *first = low;
    return true;
}

/* One step; false: it could not be read. */
static bool step_at(const erg_step_list *steps, size_t at, erg_sensor_step *out,
                    erg_error *err)
{
    erg_step_list one = erg_steps_part(steps, at, 1);
    size_t count;
    const erg_sensor_step *step = erg_steps_some(&one, 0, out, &count, err);

    if (step && step != out)
        *out = *step;
    return step != NULL;
}

/* One block in so many is learnt from; all, where work is longer than the blocks. */
static bool blocks_apart(const erg_step_list *steps, int64_t longest_ns, size_t *every,
                         erg_error *err)
{
    erg_sensor_step first, last;

    *every = 1;
    if (steps->count <= LOOKS_MOST)
        return true;
    if (!step_at(steps, 0, &first, err) || !step_at(steps, steps->count - 1, &last, err))
        return false;
    int64_t block_ns = (last.end_ns - first.begin_ns) / (int64_t)(steps->count / BLOCK);
    if (longest_ns <= 4 * block_ns)
        *every = steps->count / LOOKS_MOST + 1;
    return true;
}

/* A block begins with what may still run from before it. */
static bool learn_block(sharing *own, const erg_step_list *block, erg_error *err)
{
    erg_sensor_step begin;
    size_t first;

    if (!step_at(block, 0, &begin, err)
        || !first_after(own->work, begin.begin_ns - own->longest_ns, &first, err))
        return false;
    erg_work_list work = erg_works_from(own->work, first);
    return erg_overlaps_sweep(&work, block, learn, own, err);
}

/* Looks of some blocks of steps say as much of the watts as those of all. */
static bool learn_all(sharing *own, const erg_step_list *steps, erg_error *err)
{
    size_t every;

    if (!blocks_apart(steps, own->longest_ns, &every, err))
        return false;
    for (size_t at = 0; at < steps->count; at += every * BLOCK) {
        size_t left = steps->count - at;
        erg_step_list block =
            erg_steps_part(steps, at, every == 1 || left < BLOCK ? left : BLOCK);
        if (!learn_block(own, &block, err))
            return false;
        if (every == 1)
            break;
    }
    return true;
}

/* ---- second sweep: joules ----------------------------------------------------------- */

static void note_residual(sharing *own, const erg_step_view *view, double look_j)
{
    double length_s = erg_s_from_ns(view->step->end_ns - view->step->look_ns);
    double left_w = view->step->look_w - look_j / length_s;

    if (!(length_s > 0) || isnan(left_w))
        return;
    own->products += left_w * own->before_w;
    own->squares += left_w * left_w;
    own->before_w = left_w;
    if (own->seen++ % own->every)
        return;
    look at = look_of(own, view);
    erg_watts_try(&own->watts, at.columns, at.shares, at.count, left_w);
}

static void share_out(void *self, const erg_step_view *view)
{
    sharing *own = self;
    size_t rest = own->work->classes;
    double energy_j = view->step->energy_j;
    double sum_j = view->free_s * own->watts_of[rest];
    double look_j = view->free_look_s * own->watts_of[rest];

    for (size_t i = 0; i < view->count; i++) {
        const erg_class_time *time = &view->time[view->classes[i]];
        sum_j += time->all_s * own->watts_of[view->classes[i]];
        look_j += time->look_s * own->watts_of[view->classes[i]];
    }
    note_residual(own, view, look_j);
    double factor = sum_j > 0 ? energy_j / sum_j : 0;
    for (size_t i = 0; i < view->count; i++) {
        uint32_t class = view->classes[i];
        double s = view->time[class].all_s;
        own->parts[class].duration_s += s;
        own->parts[class].most_j += s > 0 ? fmax(0, energy_j) : 0;
        own->parts[class].energy_j += s * own->watts_of[class] * factor;
    }
    own->parts[rest].duration_s += view->free_s;
    own->parts[rest].most_j += view->free_s > 0 ? fmax(0, energy_j) : 0;
    own->parts[rest].energy_j += sum_j > 0 ? view->free_s * own->watts_of[rest] * factor
                                           : energy_j;
}

static double watts_of(const sharing *own, size_t class)
{
    const erg_watts *watts = &own->watts;
    size_t rest = own->work->classes;
    size_t column = class == rest ? watts->columns - 1 : own->column[class];
    bool is_known = class < rest && own->prior->class_w && own->prior->class_w[class] > 0;
    /* Of what has no column of its own only an estimate knows more than the mean. */
    double w = column + 2 == watts->columns && is_known ? own->prior->class_w[class]
                                                         : watts->w[column];

    return fmax(w, LEAST_SHARE * fmax(watts->prior_w[column], watts->prior_u_w));
}

/* Neighbouring looks that err alike say less: the variance of a mean grows by
 * (1 + r)/(1 - r) (Bayley and Hammersley 1946). */
static double memory_of(const sharing *own)
{
    double r = own->squares > 0 ? own->products / own->squares : 0;

    r = fmin(0.95, fmax(0, r));
    return (1 + r) / (1 - r);
}

static void set_doubt(sharing *own, size_t class)
{
    const erg_watts *watts = &own->watts;
    bool is_rest = class == own->work->classes;
    size_t column = is_rest ? watts->columns - 1 : own->column[class];
    double w = watts->w[column];
    double u_square = watts->u_squares[column * (ERG_WATTS_MOST + 2) + column];
    erg_part *part = &own->parts[class];
    double prior_square = watts->prior_u_w * watts->prior_u_w;

    u_square = fmin(prior_square, u_square * memory_of(own));
    if (!is_rest && column + 2 == watts->columns)
        u_square += prior_square;   /* one of many under a common figure */
    /* What the looks left over was shared out as well: that much the two ways differ. */
    part->u_j = hypot(sqrt(u_square) * part->duration_s,
                      part->energy_j - w * part->duration_s);
}

static bool share_all(sharing *own, const erg_step_list *steps, erg_error *err)
{
    size_t rest = own->work->classes;

    if (!give_columns(own, err) || !set_prior(own, steps, err)
        || !learn_all(own, steps, err)
        || !erg_watts_solve(&own->watts, err))
        return false;
    for (size_t i = 0; i <= rest; i++)
        own->watts_of[i] = watts_of(own, i);
    own->every = steps->count / LOOKS_MOST + 1;
    if (!erg_overlaps_sweep(own->work, steps, share_out, own, err))
        return false;
    erg_watts_widen(&own->watts);
    for (size_t i = 0; i <= rest; i++)
        set_doubt(own, i);
    return true;
}

bool erg_share_energy(const erg_work_list *work, const erg_step_list *steps,
                      const erg_prior *prior, erg_part parts[], erg_sharing *out,
                      erg_error *err)
{
    sharing own = { .work = work, .prior = prior, .parts = parts };
    size_t count = work->classes + 1;

    own.column = calloc(count, sizeof(*own.column));
    own.watts_of = calloc(count, sizeof(*own.watts_of));
    for (size_t i = 0; i < count; i++)
        parts[i] = (erg_part){ 0 };
    bool ok = own.column && own.watts_of ? share_all(&own, steps, err)
            : erg_fail(err, ERG_NO_MEMORY, "out of memory");
    *out = (erg_sharing){ .noise_w = own.watts.noise_w,
                          .has_learnt = own.watts.has_learnt };
    free(own.column);
    free(own.watts_of);
    return ok;
}

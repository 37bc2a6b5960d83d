/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A Chrome trace as a plan: launches as they stream by are counted by kernel and by step.
 * Steps that launch the same kernels equally often are of one kind;
 * kinds are counted apart.
 */
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include "replay/plan_chrome.h"
#include "replay/plan_chrome_streams.h"
#include "replay/plan_read.h"

enum { COUNTS_MOST = 300000, STREAMS_MOST = 256, KINDS_TOLD = 4 };
static const int64_t STEPS_ROOM = 1 << 20;      /* of a key of counts;
                                                 * chrome_launch has fewer */

typedef struct row {
    int32_t kernel;         /* among found; -1: left out */
    int64_t count, outside; /* outside: launched in no step */
    int64_t duration_ns;
} row;

typedef struct last_product { int64_t device, stream, row; } last_product;

typedef struct reading {
    const erg_replay_plan_options *options;
    erg_replay_plan *plan;
    erg_replay_plan *found; /* with kernels that steps may turn out not to have */
    erg_chrome_launches launches;
    erg_links known;        /* hash of a launch: row */
    erg_links counts;       /* row and step: launches */
    bool has_many_steps;    /* counts had no room */
    row *rows;
    size_t row_count, row_capacity;
    last_product products[STREAMS_MOST];
    size_t product_count;
    erg_plan_streams streams;
    int64_t parts_of_products, device_ns, exchange_ns;
} reading;

/* ---- one launch ---------------------------------------------------------------------- */

static void fill(const reading *r, const erg_chrome_launch *l, erg_replay_kernel *kernel)
{
    char name[4 * ERG_KERNEL_NAME];
    erg_signature *s = &kernel->signature;

    erg_chrome_put(&l->name, name, sizeof(name));
    erg_replay_kernel_init(kernel, "", "chrome");
    erg_replay_name_put(kernel->name, name, strlen(name));
    memcpy(s->grid, l->grid, sizeof(s->grid));
    memcpy(s->block, l->block, sizeof(s->block));
    s->shared_bytes = l->shared_bytes;
    s->op = erg_op_of_name(kernel->name);
    kernel->stream = l->stream;
    kernel->count = 0;
    if (l->bytes >= 0 && (l->kind == ERG_EVENT_COPY || l->kind == ERG_EVENT_SET))
        erg_plan_move(kernel, l->bytes);
    kernel->tier = l->kind == ERG_EVENT_COPY || l->kind == ERG_EVENT_SET ? ERG_TIER_MOVE
                 : l->is_communication || l->kind == ERG_EVENT_COLLECTIVE
                     ? ERG_TIER_COLLECTIVE : erg_tier_of(kernel->name, s->op);
    erg_chrome_operator by = erg_chrome_launches_operator(&r->launches, l->by);
    if (l->node.count)
        erg_plan_chrome_node(kernel, l);
    else
        erg_plan_chrome_shape(kernel, &by);
}

static bool add_row(reading *r, const erg_chrome_launch *l, int64_t key, erg_error *err)
{
    erg_replay_kernel kernel;
    char device[24];
    row one = { .kernel = -1 };

    fill(r, l, &kernel);
    snprintf(device, sizeof(device), "%lld", (long long)l->device);
    if (erg_plan_takes(r->options, r->plan, &kernel, l->device >= 0 ? device : NULL)
        && !erg_replay_plan_add(r->found, &kernel, &one.kernel, err))
        return false;
    if (!erg_grow((void **)&r->rows, &r->row_capacity, r->row_count, sizeof(one), err))
        return false;
    r->rows[r->row_count++] = one;
    return erg_links_put(&r->known, &(erg_link){ key, 0, (int64_t)r->row_count - 1 }, err);
}

static bool count_step(reading *r, int64_t at, int32_t step, erg_error *err)
{
    erg_link link = { .key = at * STEPS_ROOM + step };
    const erg_link *there = erg_links_find(&r->counts, link.key);
    erg_error why = { 0 };

    link.value = there ? there->value + 1 : 1;
    if (erg_links_put(&r->counts, &link, &why))
        return true;
    r->has_many_steps = true;
    return why.code == ERG_OK || erg_fail(err, why.code, "%s", why.text);
}

/* ---- products in parts --------------------------------------------------------------- */

static last_product *product_of(reading *r, const erg_chrome_launch *l)
{
    for (size_t i = 0; i < r->product_count; i++)
        if (r->products[i].device == l->device && r->products[i].stream == l->stream)
            return &r->products[i];
    if (r->product_count == STREAMS_MOST)
        return NULL;
    r->products[r->product_count] = (last_product){ l->device, l->stream, -1 };
    return &r->products[r->product_count++];
}

/* The sum over the parts of a product, right behind it: its time is the product's. */
static bool ends_product(const erg_chrome_launch *l)
{
    return erg_chrome_has(&l->name, "splitKreduce");
}

static bool take(void *self, const erg_chrome_launch *l, erg_error *err)
{
    reading *r = self;
    int64_t key = erg_plan_chrome_key(r->options, l);
    last_product *product = product_of(r, l);

    if (!erg_plan_streams_see(&r->streams, l, err))
        return false;
    r->device_ns += l->duration_ns;
    r->exchange_ns += l->is_communication || l->kind == ERG_EVENT_COLLECTIVE
        ? l->duration_ns : 0;
    if (product && product->row >= 0 && ends_product(l)) {
        r->rows[product->row].duration_ns += l->duration_ns;
        r->parts_of_products++;
        return true;
    }
    const erg_link *known = erg_links_find(&r->known, key);
    int64_t at = known ? known->value : (int64_t)r->row_count;
    if (!known && !add_row(r, l, key, err))
        return false;
    row *one = &r->rows[at];
    one->count++;
    one->duration_ns += l->duration_ns;
    one->outside += l->step < 0;
    bool is_product = one->kernel >= 0
                   && r->found->kernels[one->kernel].tier == ERG_TIER_MATRIX;
    if (product)
        product->row = is_product ? at : -1;
    return l->step < 0 || r->has_many_steps || count_step(r, at, l->step, err);
}

/* ---- kinds of steps ------------------------------------------------------------------ */

typedef struct kind { uint64_t hash; int64_t steps, launches; } kind;

typedef struct kinds {
    kind *steps;            /* one a step at first; then one a kind, the commonest first */
    size_t count;
} kinds;

static int by_hash(const void *a, const void *b)
{
    uint64_t x = ((const kind *)a)->hash, y = ((const kind *)b)->hash;
    return (x > y) - (x < y);
}

static int by_steps(const void *a, const void *b)
{
    const kind *x = a, *y = b;
    return x->steps != y->steps
        ? (x->steps < y->steps) - (x->steps > y->steps) : by_hash(a, b);
}

/* A sum over what a step launched, whatever the order. */
static void add_hashes(const reading *r, kind *steps)
{
    for (size_t i = 0; i < r->counts.capacity; i++) {
        const erg_link *one = &r->counts.slots[i];
        if (one->key == INT64_MIN)
            continue;
        int64_t parts[] = { one->key / STEPS_ROOM, one->value };
        kind *step = &steps[one->key % STEPS_ROOM];
        step->hash += erg_plan_chrome_mix(0, parts, ERG_COUNT(parts));
        step->launches += one->value;
    }
}

static bool find_kinds(const reading *r, kinds *out, erg_error *err)
{
    size_t steps = (size_t)r->launches.steps;

    out->steps = calloc(steps + 1, sizeof(*out->steps));
    out->count = 0;
    if (!out->steps)
        return erg_fail(err, ERG_NO_MEMORY, "no memory for %zu steps", steps);
    add_hashes(r, out->steps);
    qsort(out->steps, steps, sizeof(*out->steps), by_hash);
    for (size_t i = 0; i < steps; i++) {
        kind *last = out->count ? &out->steps[out->count - 1] : NULL;
        if (out->steps[i].launches == 0)
            continue;
        if (last && last->hash == out->steps[i].hash)
            last->steps++;
        else
            out->steps[out->count] = out->steps[i], out->steps[out->count++].steps = 1;
    }
    qsort(out->steps, out->count, sizeof(*out->steps), by_steps);
    return true;
}

static bool tell_kinds(const reading *r, const kinds *all, erg_error *err)
{
    erg_text text = { 0 };

    if (r->has_many_steps)
        return erg_replay_plan_note(r->plan, err,
                                    "too many kernels and steps to tell steps of "
                                    "unlike kinds apart");
    if (all->count < 2)
        return true;
    for (size_t i = 0; i < all->count && i < KINDS_TOLD; i++)
        erg_text_add(&text, "%s%lld of %lld launches", i ? ", " : "",
                     (long long)all->steps[i].steps, (long long)all->steps[i].launches);
    bool good = erg_replay_plan_note(r->plan, err,
                                     "steps of %zu kinds: %.120s%s; --step-kind 1 "
                                     "takes the commonest alone", all->count,
                                     text.data ? text.data : "",
                                     all->count > KINDS_TOLD ? " .." : "");
    erg_text_free(&text);
    return good;
}

/* Only the launches of steps of one kind stay. */
static bool keep_kind(reading *r, const kinds *all, int64_t *steps, erg_error *err)
{
    size_t wanted = (size_t)r->options->step_kind;
    size_t count = (size_t)r->launches.steps;

    if (wanted > all->count || r->has_many_steps)
        return erg_fail(err, ERG_BAD_INPUT,
                        "--step-kind %zu: the trace has steps of %zu kinds", wanted,
                        all->count);
    kind *of = calloc(count + 1, sizeof(*of));
    if (!of)
        return erg_fail(err, ERG_NO_MEMORY, "no memory for %zu steps", count);
    add_hashes(r, of);
    for (size_t i = 0; i < r->row_count; i++)
        r->rows[i].outside = r->rows[i].count;
    for (size_t i = 0; i < r->counts.capacity; i++) {
        const erg_link *one = &r->counts.slots[i];
        if (one->key != INT64_MIN
            && of[one->key % STEPS_ROOM].hash == all->steps[wanted - 1].hash)
            r->rows[one->key / STEPS_ROOM].outside -= one->value;
    }
    *steps = all->steps[wanted - 1].steps;
    free(of);
    return true;
}

static bool set_steps(reading *r, erg_error *err)
{
    kinds all;
    int64_t steps = 0;

    if (r->launches.steps == 0)
        return r->options->step_kind == 0
            || erg_fail(err, ERG_BAD_INPUT, "--step-kind: the trace names no steps");
    bool good = find_kinds(r, &all, err);
    for (size_t i = 0; good && i < all.count; i++)
        steps += all.steps[i].steps;
    good = good && (r->options->step_kind ? keep_kind(r, &all, &steps, err)
                                          : tell_kinds(r, &all, err));
    r->plan->steps = r->has_many_steps ? (double)r->launches.steps : (double)steps;
    if (r->options->step_mark)
        snprintf(r->plan->steps_from, sizeof(r->plan->steps_from), "--step-mark %.20s",
                 r->options->step_mark);
    else
        erg_text_put(r->plan->steps_from, sizeof(r->plan->steps_from), "ProfilerStep#N");
    free(all.steps);
    return good;
}

/* ---- the whole ----------------------------------------------------------------------- */

/* A row's time is shared out by count: launches outside of steps are as long as others. */
static void count_kernels(reading *r, double seconds[], int64_t *outside)
{
    bool has_steps = r->launches.steps > 0;

    for (size_t i = 0; i < r->row_count; i++) {
        const row *one = &r->rows[i];
        int64_t kept = one->count - (has_steps ? one->outside : 0);
        if (one->kernel < 0) {
            r->plan->left_out += one->count;
            continue;
        }
        *outside += one->count - kept;
        r->found->kernels[one->kernel].count += kept;
        seconds[one->kernel] += erg_s_from_ns(one->duration_ns) * (double)kept
                              / (double)one->count;
    }
    r->plan->left_out += *outside;
}

static bool put_kernels(reading *r, const double seconds[], erg_error *err)
{
    for (size_t i = 0; i < r->found->kernel_count; i++) {
        erg_replay_kernel *kernel = &r->found->kernels[i];
        if (kernel->count == 0)
            continue;
        kernel->traced_s = seconds[i] / (double)kernel->count;
        kernel->id[0] = '\0';
        if (!erg_replay_plan_add(r->plan, kernel, NULL, err))
            return false;
    }
    return true;
}

static bool tell_rest(const reading *r, int64_t outside, erg_error *err)
{
    const erg_chrome_launches *l = &r->launches;
    int64_t lost = l->facts.bad + l->facts.too_long + l->facts.unpaired;
    double share = r->device_ns > 0 ? (double)r->exchange_ns / (double)r->device_ns : 0;

    return (!l->facts.is_torn
            || erg_replay_plan_note(r->plan, err, "the trace is cut off: counts are "
                                    "of what came before"))
        && (lost == 0
            || erg_replay_plan_note(r->plan, err, "%lld events without a phase or stamp, "
                                    "too long, or without their other end are in no count",
                                    (long long)lost))
        && erg_plan_streams_tell(&r->streams, r->options->device != NULL, r->plan, err)
        && (outside == 0
            || erg_replay_plan_note(r->plan, err, "%lld launches lie in no step that "
                                    "counts: left out", (long long)outside))
        && (r->parts_of_products == 0
            || erg_replay_plan_note(r->plan, err,
                                    "%lld launches of splitKreduce belong to their "
                                    "products, and so does their time",
                                    (long long)r->parts_of_products))
        && (r->exchange_ns == 0
            || erg_replay_plan_note(r->plan, err,
                                    "communication is %.3g %% of the devices' time",
                                    100 * share))
        && (l->without_operator == 0 || l->without_operator == l->launches
            || erg_replay_plan_note(r->plan, err, "%lld of %lld launches name no operator",
                                    (long long)l->without_operator,
                                    (long long)l->launches));
}

static bool finish(reading *r, erg_error *err)
{
    int64_t outside = 0;

    if (r->launches.launches == 0)
        return erg_fail(err, ERG_BAD_INPUT, "%s: no kernel, copy or fill of a device is in "
                        "it%s", r->launches.path, r->launches.facts.is_torn
                            ? ": it is cut before them, record it again"
                            : ": record it with the profiler's activities of the device");
    if (!set_steps(r, err))
        return false;
    double *seconds = calloc(r->found->kernel_count + 1, sizeof(*seconds));
    if (!seconds)
        return erg_fail(err, ERG_NO_MEMORY, "no memory for a plan");
    count_kernels(r, seconds, &outside);
    bool good = put_kernels(r, seconds, err);
    free(seconds);
    return good && tell_rest(r, outside, err);
}

static bool read_trace(const erg_plan_input *input, const erg_replay_plan_options *options,
                       erg_replay_plan *plan, erg_error *err)
{
    reading *r = calloc(1, sizeof(*r));

    if (!r)
        return erg_fail(err, ERG_NO_MEMORY, "no memory for a plan");
    r->options = options;
    r->plan = plan;
    r->counts.most = COUNTS_MOST;
    r->launches = (erg_chrome_launches){ .path = input->path,
                                         .step_mark = options->step_mark,
                                         .take = take, .self = r };
    r->found = erg_replay_plan_new(err);
    bool good = r->found && erg_chrome_launches_read(&r->launches, err) && finish(r, err);
    erg_replay_plan_free(r->found);
    erg_chrome_launches_free(&r->launches);
    erg_plan_streams_free(&r->streams);
    erg_links_free(&r->known);
    erg_links_free(&r->counts);
    free(r->rows);
    free(r);
    return good;
}

static bool is_trace(const erg_plan_input *input)
{
    return erg_chrome_sniff(input->head, input->head_size);
}

const erg_plan_reader erg_plan_chrome = { .name = "chrome", .sniff = is_trace,
                                          .read = read_trace, .streams = true };

/* SPDX-License-Identifier: Apache-2.0 */
/* Unique kernels: a table by hash, for a trace has a million launches
 * of a hundred kernels. */
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include "replay/plan.h"

/* Words of a tensor, of a window, and of all else that makes a kernel itself. */
enum { TENSOR_WORDS = 2 + 2 * ERG_SIGNATURE_RANK + (ERG_SIGNATURE_LAYOUT + 7) / 8,
       WINDOW_WORDS = 19, OTHER_WORDS = 24,
       WORDS_MOST = ERG_SIGNATURE_TENSORS * TENSOR_WORDS + WINDOW_WORDS + OTHER_WORDS };
enum { SLOTS_LEAST = 64 };

erg_replay_plan *erg_replay_plan_new(erg_error *err)
{
    erg_replay_plan *plan = calloc(1, sizeof *plan);
    if (!plan) {
        erg_fail(err, ERG_NO_MEMORY, "no memory for a plan");
        return NULL;
    }
    plan->steps = NAN;
    plan->said_kernels = plan->said_launches = ERG_NONE;
    return plan;
}

void erg_replay_plan_free(erg_replay_plan *plan)
{
    if (!plan) return;
    for (size_t i = 0; i < plan->kernel_count; i++) free(plan->kernels[i].foreign);
    free(plan->kernels);
    free(plan->launches);
    free(plan->notes);
    free(plan->foreign);
    free(plan->slots);
    free(plan);
}

/* ---- identity ------------------------------------------------------------------------ */

/* Eight bytes a turn; the constants are those of MurmurHash64A (A.
 * Appleby, public domain). */
static uint64_t mix(uint64_t hash, uint64_t word)
{
    const uint64_t by = 0xc6a4a7935bd1e995u;

    word *= by;
    word ^= word >> 47;
    return (hash ^ word * by) * by;
}

static uint64_t hash_bytes(uint64_t hash, const char *bytes, size_t count)
{
    uint64_t word;

    for (; count >= sizeof word; count -= sizeof word, bytes += sizeof word) {
        memcpy(&word, bytes, sizeof word);
        hash = mix(hash, word);
    }
    word = count;
    for (size_t i = 0; i < count; i++) word = word << 8 | (unsigned char)bytes[i];
    return mix(hash, word);
}

void erg_replay_text_mend(char *text)
{
    size_t count = strlen(text), bad;

    while ((bad = erg_utf8_valid(text, count)) < count) text[bad] = '?';
}

void erg_replay_name_put(char to[ERG_KERNEL_NAME], const char *name, size_t count)
{
    char tail[20] = "";

    if (count >= ERG_KERNEL_NAME)
        snprintf(tail, sizeof tail, "~%016llx",
                 (unsigned long long)hash_bytes(count, name, count));
    size_t room = ERG_KERNEL_NAME - 1 - strlen(tail), kept = count < room ? count : room;
    memcpy(to, name, kept);
    strcpy(to + kept, tail);
    erg_replay_text_mend(to);
}

typedef struct identity { uint64_t words[WORDS_MOST]; size_t count; } identity;

static void say(identity *to, int64_t word) { to->words[to->count++] = (uint64_t)word; }

static void say_real(identity *to, double value)
{
    memcpy(&to->words[to->count++], &value, sizeof value);
}

static void say_text(identity *to, const char *text, size_t size)
{
    size_t words = (size + 7) / 8;

    memset(&to->words[to->count], 0, 8 * words);
    memcpy(&to->words[to->count], text, strnlen(text, size));
    to->count += words;
}

static void say_tensor(identity *to, const erg_signature_tensor *tensor)
{
    say(to, tensor->rank);
    say(to, tensor->precision);
    for (int i = 0; i < tensor->rank && i < ERG_SIGNATURE_RANK; i++) {
        say(to, tensor->dims[i]);
        say(to, tensor->strides[i]);
    }
    say_text(to, tensor->layout, sizeof tensor->layout);
}

static void say_window(identity *to, const erg_window *w)
{
    say(to, w->axes);
    if (w->axes == 0) return;
    for (int i = 0; i < 3; i++) {
        say(to, w->kernel[i]);
        say(to, w->stride[i]);
        say(to, w->pad_begin[i]);
        say(to, w->pad_end[i]);
        say(to, w->dilation[i]);
    }
    say(to, w->channels_in);
    say(to, w->channels_out);
    say(to, w->groups);
}

/* All that makes it itself, field by field: a struct has holes that hold anything. */
static void identity_of(const erg_replay_kernel *kernel, identity *to)
{
    const erg_signature *s = &kernel->signature;

    to->count = 0;
    say(to, s->shape_known ? s->op : ERG_OP_UNKNOWN);  /* else its name has told it */
    say(to, s->shape_known | s->transpose_a << 1 | s->transpose_b << 2);
    say(to, s->input_count);
    say(to, s->output_count);
    for (int i = 0; i < s->input_count + s->output_count && i < ERG_SIGNATURE_TENSORS; i++)
        say_tensor(to, &s->tensors[i]);
    say(to, s->precision);
    say(to, s->batch);
    say(to, s->m);
    say(to, s->n);
    say(to, s->k);
    say_real(to, s->alpha);
    say_real(to, s->beta);
    say(to, s->axis);
    say_window(to, &s->window);
    for (int i = 0; i < 3; i++) {
        say(to, s->grid[i]);
        say(to, s->block[i]);
    }
    say(to, s->shared_bytes);
    say(to, s->in_bytes);
    say(to, s->out_bytes);
    say(to, kernel->stream);
}

static uint64_t hash_of(const erg_replay_kernel *kernel, const identity *words)
{
    uint64_t hash = hash_bytes(words->count, (const char *)words->words,
                               words->count * sizeof words->words[0]);

    hash = hash_bytes(hash, kernel->signature.algo, strlen(kernel->signature.algo));
    hash = hash_bytes(hash, kernel->name, strlen(kernel->name));
    return hash ^ hash >> 29;
}

static bool is_same(const erg_replay_kernel *a, const erg_replay_kernel *b)
{
    identity of_a, of_b;

    if (strcmp(a->name, b->name) != 0 || strcmp(a->signature.algo, b->signature.algo) != 0)
        return false;
    identity_of(a, &of_a);
    identity_of(b, &of_b);
    return of_a.count == of_b.count
        && memcmp(of_a.words, of_b.words, of_a.count * sizeof of_a.words[0]) == 0;
}

/* ---- the table by hash --------------------------------------------------------------- */

static uint32_t *slot_of(const erg_replay_plan *plan, const erg_replay_kernel *kernel,
                         uint64_t hash)
{
    size_t at = hash & (plan->slot_count - 1);

    for (; plan->slots[at]; at = (at + 1) & (plan->slot_count - 1)) {
        const erg_replay_kernel *held = &plan->kernels[plan->slots[at] - 1];
        if (held->hash == hash && is_same(held, kernel)) break;
    }
    return &plan->slots[at];
}

/* At most half full. */
static bool make_room(erg_replay_plan *plan, erg_error *err)
{
    if (2 * (plan->kernel_count + 1) <= plan->slot_count) return true;
    size_t count = plan->slot_count ? 2 * plan->slot_count : SLOTS_LEAST;
    uint32_t *slots = calloc(count, sizeof *slots);
    if (!slots) return erg_fail(err, ERG_NO_MEMORY, "no memory for %zu kernels", count / 2);
    free(plan->slots);
    plan->slots = slots;
    plan->slot_count = count;
    for (size_t i = 0; i < plan->kernel_count; i++)
        *slot_of(plan, &plan->kernels[i], plan->kernels[i].hash) = (uint32_t)i + 1;
    return true;
}

static bool append(erg_replay_plan *plan, const erg_replay_kernel *kernel, uint64_t hash,
                   erg_error *err)
{
    if (plan->kernel_count == INT32_MAX - 1)
        return erg_fail(err, ERG_BAD_INPUT, "more than %d kernels in one plan",
                        INT32_MAX - 1);
    if (!erg_grow((void **)&plan->kernels, &plan->kernel_capacity, plan->kernel_count,
                  sizeof *kernel, err)) return false;
    erg_replay_kernel *own = &plan->kernels[plan->kernel_count];
    *own = *kernel;
    own->hash = hash;
    own->foreign = kernel->foreign ? erg_text_copy(kernel->foreign) : NULL;
    if (kernel->foreign && !own->foreign)
        return erg_fail(err, ERG_NO_MEMORY, "no memory for a kernel");
    /* A library that names its implementation has named its operator too. */
    if (own->signature.op == ERG_OP_UNKNOWN && !own->signature.algo[0])
        own->signature.op = erg_op_of_name(own->name);
    if (own->tier == ERG_TIER_UNKNOWN) own->tier = erg_tier_of(own->name,
                                                               own->signature.op);
    if (!own->id[0]) snprintf(own->id, sizeof own->id, "k%zu", plan->kernel_count);
    plan->kernel_count++;
    return true;
}

static void count_more(erg_replay_kernel *held, const erg_replay_kernel *more)
{
    double launches = (double)held->count + (double)more->count;

    if (launches > 0 && !isnan(more->traced_s))
        held->traced_s = (held->traced_s * (double)held->count
                          + more->traced_s * (double)more->count) / launches;
    held->count += more->count;
}

void erg_replay_kernel_init(erg_replay_kernel *kernel, const char *name, const char *source)
{
    *kernel = (erg_replay_kernel){ .count = 1, .stream = -1, .traced_s = NAN };
    kernel->signature = (erg_signature){ .alpha = 1, .axis = -1, .in_bytes = ERG_NONE,
                                         .out_bytes = ERG_NONE, .flop = ERG_NONE };
    erg_replay_name_put(kernel->name, name, strlen(name));
    erg_text_put(kernel->source, sizeof kernel->source, source);
}

/* Without its first axis a size is not told, and no kernel is another one for the rest. */
static bool settle_axes(int64_t axes[3])
{
    bool is_told = axes[0] > 0;

    if (!is_told) memset(axes, 0, 3 * sizeof *axes);
    return is_told;
}

static erg_replay_kernel settled(const erg_replay_kernel *kernel)
{
    erg_replay_kernel own = *kernel;
    erg_signature *s = &own.signature;

    if (!settle_axes(s->grid)) s->shared_bytes = 0;
    settle_axes(s->block);
    return own;
}

static bool add(erg_replay_plan *plan, const erg_replay_kernel *kernel, int32_t *index,
                erg_error *err)
{
    identity words;

    if (kernel->count < 0
        || __builtin_add_overflow(plan->total, kernel->count, &plan->total))
        return erg_fail(err, ERG_BAD_INPUT, "%.100s: more launches than can be counted",
                        kernel->name);
    if (!make_room(plan, err)) return false;
    identity_of(kernel, &words);
    uint64_t hash = hash_of(kernel, &words);
    uint32_t *slot = slot_of(plan, kernel, hash);
    if (index) *index = *slot ? (int32_t)*slot - 1 : (int32_t)plan->kernel_count;
    if (*slot) {
        count_more(&plan->kernels[*slot - 1], kernel);
        return true;
    }
    if (!append(plan, kernel, hash, err)) return false;
    *slot = (uint32_t)plan->kernel_count;
    return true;
}

bool erg_replay_plan_add(erg_replay_plan *plan, const erg_replay_kernel *kernel,
                         int32_t *index, erg_error *err)
{
    erg_replay_kernel own = settled(kernel);
    return add(plan, &own, index, err);
}

bool erg_replay_plan_launch(erg_replay_plan *plan, const erg_replay_launch *launch,
                            erg_error *err)
{
    if (!erg_grow((void **)&plan->launches, &plan->launch_capacity, plan->launch_count,
                  sizeof *launch, err)) return false;
    plan->launches[plan->launch_count++] = *launch;
    return true;
}

bool erg_replay_plan_note(erg_replay_plan *plan, erg_error *err, const char *format, ...)
{
    if (!erg_grow((void **)&plan->notes, &plan->note_capacity, plan->note_count,
                  sizeof plan->notes[0], err)) return false;
    char *note = plan->notes[plan->note_count];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(note, sizeof plan->notes[0], format, arguments);
    va_end(arguments);
    for (size_t i = 0; i < plan->note_count; i++)
        if (strcmp(plan->notes[i], note) == 0) return true;
    plan->note_count++;
    return true;
}

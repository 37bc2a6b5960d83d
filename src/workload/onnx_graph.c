/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The reader of ONNX: file, shapes, patterns, operators. A batch may be put in for a
 * fixed leading 1 only where everything that depends on the input then grows by it:
 * that is inferred twice and compared, never believed.
 */
#include <stdlib.h>
#include <string.h>
#include "workload/onnx_graph.h"

/* protobuf: ir_version (field 1, varint) first, or any field of ModelProto by length. */
static bool onnx_sniff(const char *spec, const char *head, size_t count)
{
    bool is_named = erg_text_ends(spec, ".onnx");
    bool looks_so = count > 2 && head[0] == 0x08 && head[1] > 0 && head[1] < 32;

    return count > 0 && (is_named || looks_so);
}

static const char *base_name(const char *path, char *to, size_t size)
{
    snprintf(to, size, "%s", erg_path_base(path));
    char *dot = strrchr(to, '.');
    if (dot && dot != to)
        *dot = '\0';
    return to;
}

/* A file that is read again, and the shapes of its first reading: they serve all of that
 * batch, and those of other batches are held against them. */
typedef struct onnx_kept {
    erg_onnx_file file;
    erg_onnx_model first;           /* arena NULL: there is none yet */
    erg_graph_options options;      /* of that */
} onnx_kept;

static void kept_close(onnx_kept *kept)
{
    erg_arena_free(kept->first.arena);
    erg_onnx_close(&kept->file);
}

/* Conditions that follow from shapes say which branch runs; those of a pass that failed
 * count, too, for it may have failed in the other branch. */
static void conditions_tell(erg_onnx_branches *branches, const erg_onnx_model *model)
{
    for (int32_t i = 0; i < branches->count; i++) {
        const char *name = branches->conditions[i];
        const erg_onnx_value *value =
            name && name[0] ? erg_onnx_value_find(model, name) : NULL;
        bool is_told = value && value->ints && value->elements == 1;
        branches->told[i] = !is_told       ? ERG_ONNX_BY_WEIGHT
                            : value->ints[0] ? ERG_ONNX_THEN
                                             : ERG_ONNX_ELSE;
    }
}

/* Defaults filled in. False: nothing is left in model. */
static bool infer_one(erg_onnx_model *model, erg_onnx_file *file,
                      const erg_graph_options *options, int64_t batch, erg_error *err)
{
    *model = (erg_onnx_model){ .path = file->path, .proto = file->model,
                               .options = options, .batch = batch, .err = err };
    model->arena = erg_arena_new(err);
    bool ok = model->arena && erg_onnx_infer(model);
    if (model->slots)
        conditions_tell(&file->branches, model);
    if (!ok) {
        erg_arena_free(model->arena);
        model->arena = NULL;
    }
    return ok;
}

/* ---- batch ---------------------------------------------------------------------- */

/* Everything that an input reaches must have grown by the batch. */
static bool batch_holds(erg_onnx_model *grown, const erg_onnx_model *single)
{
    for (int32_t i = 0; i < grown->node_count; i++) {
        const erg_onnx_node *node = &grown->nodes[i], *was = &single->nodes[i];
        for (int32_t j = 0; j < node->out_count; j++) {
            const erg_onnx_value *now = node->out[j], *old = was->out[j];
            if (!now || !now->is_batched || now->rank == ERG_ONNX_UNKNOWN
                || (now->elements % grown->batch == 0
                    && now->elements / grown->batch == old->elements))
                continue;
            return erg_onnx_refuse(grown, node,
                                   "batch %lld cannot be put in: the graph fixes "
                                   "its batch here; export it with a dynamic batch",
                                   (long long)grown->batch);
        }
    }
    return true;
}

/* The first input has a leading dimension of 1, and more was asked for. */
static bool wants_batch(const erg_onnx_model *model, const erg_graph_options *options)
{
    const erg_onnx_value *first = model->first_input;
    return options->batch > 1 && first && first->rank >= 2 && first->dims[0] == 1
        && !model->names_batch;
}

static bool infer_batched(erg_onnx_model *grown, const erg_onnx_model *single,
                          erg_onnx_file *file, const erg_graph_options *options,
                          erg_error *err)
{
    erg_error why = { 0 };

    if (!infer_one(grown, file, options, options->batch, &why))
        return erg_fail(err, why.code,
                        "%.240s (batch 1 is fine; with batch %lld this fails)", why.text,
                        (long long)options->batch);
    grown->err = err;
    bool ok = batch_holds(grown, single);
    if (!ok) {
        erg_arena_free(grown->arena);
        grown->arena = NULL;
    }
    return ok;
}

/* The first reading was of batch 1, and would have been the same for another wish. */
static bool has_single(const onnx_kept *kept, const erg_graph_options *options)
{
    return kept->first.arena && kept->options.batch == 1 && !kept->first.asks_batch
        && kept->options.seq == options->seq && wants_batch(&kept->first, options);
}

static bool infer(erg_onnx_model *model, onnx_kept *kept,
                  const erg_graph_options *options, erg_error *err)
{
    if (has_single(kept, options))
        return infer_batched(model, &kept->first, &kept->file, options, err);
    if (!infer_one(model, &kept->file, options, 1, err))
        return false;
    const erg_onnx_value *first = model->first_input;
    if (wants_batch(model, options)) {
        erg_onnx_model single = *model;
        bool ok = infer_batched(model, &single, &kept->file, options, err);
        erg_arena_free(single.arena);
        return ok;
    }
    if (options->batch > 1 && first && first->rank >= 1 && !model->names_batch
        && first->dims[0] != options->batch)
        return erg_fail(err, ERG_BAD_INPUT,
                        "%s: its input %.80s has a fixed leading dimension "
                        "of %lld, not the batch of %lld",
                        model->path, first->name, (long long)first->dims[0],
                        (long long)options->batch);
    return true;
}

/* ---- the reader ------------------------------------------------------------------- */

static erg_graph *build(erg_onnx_model *model, const erg_onnx_file *file, bool has_patterns,
                        erg_builder *builder, erg_error *err)
{
    erg_error why = { 0 };

    model->err = &why;
    model->options = erg_build_options(builder);
    erg_build_reserve(builder, (size_t)model->node_count + 1, model->value_count + 1);
    bool ok = has_patterns || erg_onnx_patterns(model);
    if (ok && !has_patterns)
        erg_onnx_once(model);
    ok = ok && erg_onnx_emit(model, builder);
    for (int32_t i = 0; i < file->note_count; i++)
        erg_build_note(builder, "%s", file->notes[i]);
    if (model->options->phase == ERG_DECODE)
        erg_build_note(builder, "an ONNX file is the pass that it holds: --phase decode "
                       "changes nothing in it");
    if (!ok)
        erg_build_refuse(builder, "%s", why.text);
    return erg_build_end(builder, err);
}

/* branches: what is wanted. */
static bool open_flat(const char *path, const erg_graph_options *options,
                      const erg_onnx_branches *branches, erg_onnx_file *file,
                      erg_error *err)
{
    if (!erg_onnx_open(path, file, err))
        return false;
    file->branches = *branches;
    return erg_onnx_flatten(file, options, err);
}

static bool serves(const onnx_kept *kept, const erg_graph_options *options)
{
    const erg_graph_options *of = &kept->options;
    return kept->first.arena && of->batch == options->batch && of->seq == options->seq
        && of->fold_batch_norm == options->fold_batch_norm
        && (of->attention == options->attention || !kept->first.asks_attention);
}

/* options: defaults filled in. */
static erg_graph *graph_of(onnx_kept *kept, const erg_graph_options *options,
                           erg_error *err)
{
    bool is_again = serves(kept, options);
    erg_onnx_model model = is_again ? kept->first : (erg_onnx_model){ 0 };
    erg_graph *graph = NULL;
    char name[128];

    if (is_again || infer(&model, kept, options, err)) {
        erg_builder *builder =
            erg_build_begin(base_name(kept->file.path, name, sizeof(name)), "onnx",
                            options, err);
        graph = builder ? build(&model, &kept->file, is_again, builder, err) : NULL;
    }
    if (graph && !kept->first.arena) {
        kept->first = model;
        kept->options = *options;
    } else if (!is_again) {
        erg_arena_free(model.arena);
    }
    return graph;
}

/* err: never NULL. branches: what is wanted, then what was taken. */
static erg_graph *read_file(const char *path, const erg_graph_options *options,
                            erg_onnx_branches *branches, erg_error *err)
{
    onnx_kept kept = { .first.arena = NULL };
    bool ok = open_flat(path, options, branches, &kept.file, err);
    erg_graph *graph = ok ? graph_of(&kept, options, err) : NULL;

    *branches = kept.file.branches;
    kept_close(&kept);
    return graph;
}

/* Likewise, until no branch is taken that shapes tell against: what follows an If is
 * known only in the branch that runs. */
static erg_graph *read_told(const char *path, const erg_graph_options *options,
                            erg_onnx_branches *branches, erg_error *err)
{
    for (;;) {
        erg_graph *graph = read_file(path, options, branches, err);
        erg_onnx_branches next = { 0 };
        int32_t i = 0;
        for (; i < branches->count; i++) {
            next.wanted[i] = branches->taken[i];
            next.is_sure[i] = branches->is_sure[i];
            if (branches->told[i] != ERG_ONNX_BY_WEIGHT && !branches->is_sure[i])
                break;
        }
        if (i == branches->count)
            return graph;
        erg_graph_free(graph);
        next.wanted[i] = branches->told[i];
        next.is_sure[i] = true;
        *branches = next;
    }
}

static bool costs_more(const erg_graph *a, const erg_graph *b)
{
    double bytes[2] = { 0, 0 };

    for (int i = 0; i < 2; i++) {
        const erg_graph *graph = i ? b : a;
        for (int32_t k = 0; k < graph->operator_count; k++)
            bytes[i] += (double)graph->operators[k].in_bytes
                        + (double)graph->operators[k].out_bytes
                        + (double)graph->operators[k].weight_bytes;
    }
    return a->flop != b->flop ? a->flop > b->flop : bytes[0] > bytes[1];
}

/* Of each If the branch that costs more: the other one is tried, with all that follows. */
static erg_graph *branches_compare(const char *path, const erg_graph_options *options,
                                   erg_graph *graph, erg_onnx_branches seen)
{
    for (int32_t i = 0; i < seen.count; i++) {
        erg_onnx_branches other = { 0 };
        erg_error why = { 0 };
        for (int32_t k = 0; k <= i; k++) {
            other.wanted[k] = seen.taken[k];
            other.is_sure[k] = seen.is_sure[k];
        }
        if (seen.is_sure[i])
            continue;
        other.wanted[i] = seen.taken[i] == ERG_ONNX_THEN ? ERG_ONNX_ELSE : ERG_ONNX_THEN;
        erg_graph *tried = read_told(path, options, &other, &why);
        if (tried && costs_more(tried, graph)) {
            erg_graph *cheap = graph;
            graph = tried;
            tried = cheap;
            seen = other;
        }
        erg_graph_free(tried);
    }
    return graph;
}

static erg_graph_options filled_in(const erg_graph_options *options)
{
    erg_graph_options filled = options ? *options : (erg_graph_options){ 0 };

    erg_build_fill(&filled);
    return filled;
}

static erg_graph *onnx_read(const char *path, const erg_graph_options *options,
                            erg_error *err)
{
    erg_graph_options filled = filled_in(options);
    erg_onnx_branches branches = { 0 };
    erg_error why = { 0 };

    erg_graph *graph = read_told(path, &filled, &branches, &why);
    if (!graph) {
        erg_fail(err, why.code, "%s", why.text);
        return NULL;
    }
    return branches_compare(path, &filled, graph, branches);
}

/* ---- read again ------------------------------------------------------------------- */

/* The flat file, unless the costlier branch of an If has to be found first, or steps of a
 * Scan went by these options. */
static void *onnx_keep(const char *path, const erg_graph_options *options)
{
    erg_graph_options filled = filled_in(options);
    erg_onnx_branches none = { 0 };
    onnx_kept *kept = calloc(1, sizeof(*kept));

    if (kept && open_flat(path, &filled, &none, &kept->file, NULL)
        && kept->file.branches.count == 0 && !kept->file.is_unrolled_by_option)
        return kept;
    if (kept)
        kept_close(kept);
    free(kept);
    return NULL;
}

static erg_graph *onnx_read_kept(void *kept, const erg_graph_options *options,
                                 erg_error *err)
{
    erg_graph_options filled = filled_in(options);
    erg_error why = { 0 };
    erg_graph *graph = graph_of(kept, &filled, &why);

    if (!graph)
        erg_fail(err, why.code, "%s", why.text);
    return graph;
}

static void onnx_drop(void *kept)
{
    kept_close(kept);
    free(kept);
}

const erg_graph_reader erg_reader_onnx = {
    .name = "onnx",
    .about = "an ONNX model: MODEL.onnx",
    .sniff = onnx_sniff,
    .read = onnx_read,
    .keep = onnx_keep,
    .read_kept = onnx_read_kept,
    .drop = onnx_drop,
};

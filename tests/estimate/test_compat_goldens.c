/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Compat mode against every number that the estimator of 2025-10-28 gave
 * (data/graphs, from branes-ai/graphs, MIT): relative 1e-8, texts equal.
 */
#include <jansson.h>
#include "estimate/compat.h"
#include "test.h"

static const erg_catalog catalog = { .data_dir = ERG_TEST_SOURCE "/data" };

typedef struct run { erg_graph *graph; erg_hardware *hardware; erg_compat *compat; } run;

static run run_of(const char *model, const char *hardware, erg_precision precision,
                  int64_t batch)
{
    char spec[64];
    erg_error err = { 0 };
    run r = { 0 };

    snprintf(spec, sizeof(spec), "zoo:%s", model);
    r.graph = erg_graph_load(spec, &(erg_graph_options){ .batch = batch,
                                                         .precision = precision }, &err);
    r.hardware = r.graph ? erg_hardware_load(NULL, &catalog, hardware, &err) : NULL;
    r.compat = r.hardware ? erg_compat_new(r.graph, r.hardware, &err) : NULL;
    if (!r.compat)
        fail_msg("%s on %s: %s", model, hardware, err.text);
    return r;
}

static void run_free(run *r)
{
    erg_compat_free(r->compat);
    erg_hardware_free(r->hardware);
    erg_graph_free(r->graph);
}

static const char *record_of(const char *demo)
{
    return strcmp(demo, "GPU-A100") == 0 ? "compat-gpu-a100" : "compat-edge-jetson";
}

/* ---- rows of a CSV against named values --------------------------------------- */

typedef struct named { const char *name; double value; const char *text; } named;

static const named *find(const named *values, size_t count, const char *name)
{
    for (size_t i = 0; i < count; i++)
        if (strcmp(values[i].name, name) == 0)
            return &values[i];
    fail_msg("nothing compares column %s", name);
    return NULL;
}

static void compare(const named *got, const char *want, const char *where)
{
    if (got->text) {
        if (strcmp(got->text, want) != 0)
            fail_msg("%s: %s is %s, not %s", where, got->name, got->text, want);
        return;
    }
    double value = strtod(want, NULL);
    /* The files hold nine digits: 5e-9 of them is rounding. */
    if (!(fabs(got->value - value) <= 1e-8 * fabs(value)))
        fail_msg("%s: %s is %.12g, not %.12g", where, got->name, got->value, value);
}

enum { FIELDS = 32, LINE = 1024 };

static size_t split(char *line, char *fields[FIELDS])
{
    size_t count = 0;

    line[strcspn(line, "\r\n")] = '\0';
    for (char *field; count < FIELDS && (field = strsep(&line, ",")); )
        fields[count++] = field;
    return count;
}

static void compare_row(const named *values, size_t count, char *heads, const char *row)
{
    char head_copy[LINE], row_copy[LINE];
    char *names[FIELDS], *fields[FIELDS];

    erg_text_put(head_copy, sizeof(head_copy), heads);
    erg_text_put(row_copy, sizeof(row_copy), row);
    size_t columns = split(head_copy, names);
    assert_int_equal(split(row_copy, fields), columns);
    for (size_t i = 0; i < columns; i++)
        compare(find(values, count, names[i]), fields[i], row);
}

/* ---- per subgraph --------------------------------------------------------------- */

static const char *const bounds[] = { [ERG_BOUND_COMPUTE] = "compute_bound",
                                      [ERG_BOUND_BANDWIDTH] = "bandwidth_bound",
                                      [ERG_BOUND_BALANCED] = "balanced" };

static void compare_part(const erg_compat_part *p, int index, char *heads, const char *row)
{
    const erg_compat_node *n = p->node;
    const named values[] = {
        { "idx", index, NULL }, { "name", 0, n->name }, { "op_type", 0, n->type },
        { "flops", (double)n->flop, NULL }, { "macs", (double)n->macs, NULL },
        { "input_bytes", (double)n->in_bytes, NULL },
        { "output_bytes", (double)n->out_bytes, NULL },
        { "weight_bytes", (double)n->weight_bytes, NULL },
        { "arithmetic_intensity", p->intensity, NULL },
        { "static_bottleneck_class", 0, p->static_class },
        { "total_threads", (double)n->threads, NULL },
        { "partition_reason", 0, p->reason },
        { "compute_time_s", p->latency.compute_s, NULL },
        { "memory_time_s", p->latency.memory_s, NULL },
        { "overhead_s", p->latency.overhead_s, NULL },
        { "latency_s", p->latency.total_s, NULL },
        { "roofline_bottleneck", 0, bounds[p->latency.bound] },
        { "compute_j", p->energy.compute_j, NULL },
        { "memory_j", p->energy.memory_j, NULL },
        { "static_j", p->energy.static_j, NULL },
        { "total_j", p->energy.total_j, NULL },
        { "utilization", p->latency.utilization, NULL },
        { "wasted_j", p->energy.wasted_j, NULL },
        { "efficiency", p->energy.efficiency, NULL },
    };
    compare_row(values, ERG_COUNT(values), heads, row);
}

static void compare_file(const char *model, const char *demo, const char *precision)
{
    char name[128], heads[LINE], row[LINE];
    run r = run_of(model, record_of(demo), strcmp(precision, "fp16") == 0 ? ERG_FP16
                                                                          : ERG_FP32, 1);
    int rows = 0;

    snprintf(name, sizeof(name), "graphs/%s_%s_%s_b1_per_subgraph.csv", model, demo,
             precision);
    FILE *file = fopen(test_data(name), "r");
    assert_non_null(file);
    assert_non_null(fgets(heads, sizeof(heads), file));
    while (fgets(row, sizeof(row), file)) {
        assert_true(rows < r.compat->part_count);
        compare_part(&r.compat->parts[rows], rows, heads, row);
        rows++;
    }
    fclose(file);
    assert_int_equal(rows, r.compat->part_count);
    run_free(&r);
}

static void every_subgraph_of_the_eight_files_is_the_same(void)
{
    static const char *const models[] = { "resnet18", "mobilenet_v2" };
    static const char *const demos[] = { "GPU-A100", "Edge-Jetson" };
    static const char *const precisions[] = { "fp32", "fp16" };

    test_data("graphs/summary.csv");
    for (int i = 0; i < 8; i++)
        compare_file(models[i & 1], demos[i >> 1 & 1], precisions[i >> 2]);
}

/* ---- summary --------------------------------------------------------------------- */

static void compare_summary(char *heads, const char *row)
{
    char copy[LINE];
    char *f[FIELDS];

    erg_text_put(copy, sizeof(copy), row);
    assert_true(split(copy, f) > 4);
    run r = run_of(f[0], record_of(f[2]), strcmp(f[3], "fp16") == 0 ? ERG_FP16 : ERG_FP32,
                   strtol(f[1], NULL, 10));
    const erg_compat *c = r.compat;
    const erg_compat_energy *e = &c->energy;
    const named values[] = {
        { "model", 0, f[0] }, { "batch", (double)c->graph->batch, NULL }, { "hw", 0, f[2] },
        { "precision", 0, erg_precision_name(c->graph->precision) },
        { "subgraphs", c->part_count, NULL }, { "flops", (double)c->partition.flop, NULL },
        { "macs", (double)c->partition.macs, NULL },
        { "bytes", (double)c->partition.bytes, NULL }, { "tdp_w", c->machine.cap_w, NULL },
        { "idle_w", c->machine.idle_w, NULL }, { "latency_s", e->latency_s, NULL },
        { "compute_time_s", e->compute_s, NULL }, { "memory_time_s", e->memory_s, NULL },
        { "overhead_s", e->overhead_s, NULL }, { "n_compute", e->compute_bound, NULL },
        { "n_memory", e->memory_bound, NULL }, { "n_balanced", e->balanced, NULL },
        { "flops_util", e->flop_share, NULL }, { "bw_util", e->bandwidth_share, NULL },
        { "total_j", e->total_j, NULL }, { "compute_j", e->compute_j, NULL },
        { "memory_j", e->memory_j, NULL }, { "static_j", e->static_j, NULL },
        { "avg_power_w", e->mean_w, NULL }, { "peak_power_w", e->peak_w, NULL },
        { "avg_eff", e->efficiency, NULL }, { "avg_util", e->utilization, NULL },
        { "wasted_j", e->wasted_j, NULL },
    };
    compare_row(values, ERG_COUNT(values), heads, row);
    run_free(&r);
}

static void all_rows_of_the_summary_are_the_same(void)
{
    FILE *file = fopen(test_data("graphs/summary.csv"), "r");
    char heads[LINE], row[LINE];
    int rows = 0;

    assert_non_null(file);
    assert_non_null(fgets(heads, sizeof(heads), file));
    for (; fgets(row, sizeof(row), file); rows++)
        compare_summary(heads, row);
    fclose(file);
    assert_int_equal(rows, 24);
}

/* ---- partition, memory, concurrency, fusion --------------------------------------- */

static void counts_are(const json_t *want, const erg_compat *c,
                       const char *(*word)(const erg_compat_part *))
{
    const char *key;
    json_t *value;

    json_object_foreach((json_t *)want, key, value) {
        json_int_t count = 0;
        for (int32_t i = 0; i < c->part_count; i++)
            count += strcmp(word(&c->parts[i]), key) == 0;
        if (count != json_integer_value(value))
            fail_msg("%s: %d %s, not %d", c->graph->name, (int)count, key,
                     (int)json_integer_value(value));
    }
}

static const char *type_word(const erg_compat_part *p) { return p->node->type; }
static const char *class_word(const erg_compat_part *p) { return p->static_class; }
static const char *reason_word(const erg_compat_part *p) { return p->reason; }

static const char *threads_word(const erg_compat_part *p)
{
    static const struct { int64_t below; const char *word; } steps[] = {
        { 1000, "<1K" }, { 10000, "1K-10K" }, { 100000, "10K-100K" },
        { 1000000, "100K-1M" }, { INT64_MAX, ">1M" },
    };
    int i = 0;

    while (p->node->threads >= steps[i].below)
        i++;
    return steps[i].word;
}

static void numbers_are(const json_t *want, const named *values, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        const json_t *value = json_object_get(want, values[i].name);
        assert_non_null(value);
        if (values[i].text)
            CHECK_TEXT(values[i].text, json_string_value(value));
        else if (!(fabs(values[i].value - json_number_value(value))
                   <= 1e-8 * fabs(json_number_value(value))))
            fail_msg("%s is %.12g, not %.12g", values[i].name, values[i].value,
                     json_number_value(value));
    }
}

static void compare_partition(const json_t *want, const erg_compat *c)
{
    const named values[] = {
        { "subgraphs", c->part_count, NULL }, { "flops", (double)c->partition.flop, NULL },
        { "macs", (double)c->partition.macs, NULL },
        { "traffic", (double)c->partition.bytes, NULL },
        { "avg_ai", c->partition.mean_intensity, NULL },
        { "crit_len", c->concurrency.path_length, NULL },
    };
    numbers_are(want, values, ERG_COUNT(values));
    counts_are(json_object_get(want, "optypes"), c, type_word);
    counts_are(json_object_get(want, "static_bottleneck"), c, class_word);
    counts_are(json_object_get(want, "reasons"), c, reason_word);
    counts_are(json_object_get(want, "threads"), c, threads_word);
}

static void compare_memory(const json_t *want, const erg_compat *c)
{
    const erg_compat_memory *m = &c->memory;
    const json_t *hints = json_object_get(want, "sugg");
    const named values[] = {
        { "peak", (double)m->peak_bytes, NULL },
        { "act", (double)m->activation_bytes, NULL },
        { "weights", (double)m->weights_bytes, NULL },
        { "ws", (double)m->workspace_bytes, NULL }, { "avg", m->mean_bytes, NULL },
        { "util", m->mean_over_peak, NULL }, { "peak_step", m->peak_step, NULL },
        { "peak_name", 0, m->peak_name },
    };
    numbers_are(want, values, ERG_COUNT(values));
    assert_int_equal(c->memory_hints.count, json_array_size(hints));
    for (int32_t i = 0; i < c->memory_hints.count; i++)
        CHECK_TEXT(c->memory_hints.list[i].text,
                   json_string_value(json_array_get(hints, (size_t)i)));
}

static void compare_concurrency(const json_t *want, const erg_compat *c)
{
    const erg_compat_concurrency *con = &c->concurrency;
    const named values[] = {
        { "stages", con->stages, NULL }, { "max_par", con->widest, NULL },
        { "crit", con->path_length, NULL }, { "crit_flops", (double)con->path_flop, NULL },
        { "util", con->use, NULL }, { "peff", con->efficiency, NULL },
    };
    numbers_are(want, values, ERG_COUNT(values));
}

static void compare_fusion(const json_t *want, const erg_compat *c)
{
    const erg_compat_fusion *f = &c->fusion;
    const named values[] = {
        { "n", f->chain_count, NULL }, { "orig", c->node_count, NULL },
        { "flops", (double)f->flop, NULL }, { "fused", (double)f->fused_bytes, NULL },
        { "unfused", (double)f->unfused_bytes, NULL }, { "red", f->reduction, NULL },
        { "maxsize", f->longest, NULL },
    };
    const char *key;
    json_t *value;

    numbers_are(want, values, ERG_COUNT(values));
    json_object_foreach(json_object_get(want, "patterns"), key, value) {
        json_int_t count = 0;
        for (int32_t i = 0; i < f->chain_count; i++)
            count += strcmp(f->chains[i].pattern, key) == 0;
        if (count != json_integer_value(value))
            fail_msg("%s: %d chains %s", c->graph->name, (int)count, key);
    }
}

static void partition_memory_concurrency_and_fusion_of_four_networks_are_the_same(void)
{
    const char *path = test_data("graphs/partition_memory_concurrency_fusion.json");
    json_t *all = json_load_file(path, 0, NULL);
    const char *model;
    json_t *want;

    assert_int_equal(json_object_size(all), 4);
    json_object_foreach(all, model, want) {
        run r = run_of(model, "compat-gpu-a100", ERG_FP32, 1);
        compare_partition(want, r.compat);
        compare_memory(json_object_get(want, "mem"), r.compat);
        compare_concurrency(json_object_get(want, "con"), r.compat);
        compare_fusion(json_object_get(want, "fusion"), r.compat);
        run_free(&r);
    }
    json_decref(all);
}

/* ---- the demo ---------------------------------------------------------------------- */

static void the_reports_are_those_of_the_demo_byte_by_byte(void)
{
    static const struct { const char *model, *hardware; int top; } reports[] = {
        { "resnet18", "compat-gpu-a100", 5 }, { "mobilenet_v2", "compat-gpu-a100", 0 },
        { "resnet18", "compat-edge-jetson", 0 },
    };
    size_t count;
    erg_error err = { 0 };
    char *demo = erg_file_read(test_data("graphs/demo_output.txt"), 1 << 20, &count, &err);
    const char *from = demo;

    assert_non_null(demo);
    for (size_t i = 0; i < ERG_COUNT(reports); i++) {
        run r = run_of(reports[i].model, reports[i].hardware, ERG_FP32, 1);
        erg_text text = { 0 };
        CHECK_OK(erg_compat_print(r.compat, reports[i].top, &text, &err), err);
        const char *at = strstr(from, text.data);
        if (!at)
            fail_msg("the demo does not hold this report:\n%s", text.data);
        from = at + text.count;
        erg_text_free(&text);
        run_free(&r);
    }
    free(demo);
}

int main(void)
{
    static const test tests[] = {
        TEST(every_subgraph_of_the_eight_files_is_the_same),
        TEST(all_rows_of_the_summary_are_the_same),
        TEST(partition_memory_concurrency_and_fusion_of_four_networks_are_the_same),
        TEST(the_reports_are_those_of_the_demo_byte_by_byte),
    };
    return test_run(tests, ERG_COUNT(tests));
}

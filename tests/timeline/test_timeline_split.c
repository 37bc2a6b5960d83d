/* SPDX-License-Identifier: Apache-2.0 */
/* What the joules were for, against energies that were planted to the last joule. */
#include <math.h>
#include "trace/told.h"

/* Rounds of 1 s at work, 0.5 s of a collective, 0.25 s of a copy, 0.25 s of nothing, each
 * at its watts, under a counter that says so every 50 ms. */
enum { ROUNDS = 20, READS_A_S = 20, PIECES = 4 };
static const double watts[PIECES] = { 300, 150, 120, 50 };
static const int64_t lengths_ms[PIECES] = { 1000, 500, 250, 250 };
static const double planted_j[PIECES] = { 6000, 1500, 600, 250 };

static double watts_at(int64_t t_ms)
{
    int piece = 0;

    for (t_ms %= 2000; t_ms >= lengths_ms[piece]; piece++)
        t_ms -= lengths_ms[piece];
    return watts[piece];
}

static erg_trace *counted(void)
{
    series readings = { 0 };
    double sum_j = 0;

    for (int i = 0; i <= 2 * ROUNDS * READS_A_S; i++) {
        int64_t t_ms = i * (1000 / READS_A_S);
        series_add(&readings, t_ms * ERG_NS_PER_MS, sum_j);
        sum_j += watts_at(t_ms) / READS_A_S;
    }
    return trace_of((erg_channel_info){ .kind = ERG_COUNTER, .update_s = 0.05,
                                        .method = ERG_METHOD_COUNTER }, &readings);
}

/* kinds of 0: nothing runs then. */
static void add_events(erg_trace *trace, const char *const names[], const int32_t kinds[],
                       bool on_device)
{
    erg_error err = { 0 };
    erg_track info = { .name = "s", .device = on_device ? 0 : -1 };
    int32_t track = erg_trace_add_track(trace, &info, &err);
    int32_t by = erg_trace_add_event_name(trace, "aten::step", &err);
    int64_t t_ms = 0;

    for (int i = 0; i < ROUNDS * PIECES; t_ms += lengths_ms[i++ % PIECES]) {
        int piece = i % PIECES;
        if (!kinds[piece])
            continue;
        erg_trace_event event = {
            .begin_ns = t_ms * ERG_NS_PER_MS, .kind = kinds[piece], .track = track,
            .duration_ns = lengths_ms[piece] * ERG_NS_PER_MS,
            .name = erg_trace_add_event_name(trace, names[piece], &err),
            .by = on_device ? by : ERG_EVENT_NOBODY,
        };
        CHECK_OK(erg_trace_add_events(trace, &event, 1, &err), err);
    }
}

static erg_trace *with_kernels(void)
{
    static const char *const names[PIECES] = { "gemm", "ncclAllReduce", "Memcpy DtoH" };
    static const int32_t kinds[PIECES] = { ERG_EVENT_KERNEL, ERG_EVENT_COLLECTIVE,
                                           ERG_EVENT_COPY };
    erg_trace *trace = counted();

    add_events(trace, names, kinds, true);
    return trace;
}

static double part_j(const erg_table *table, const char *part)
{
    return real(table, row_named(table, "part", part), "energy_j");
}

/* All parts, and no more joules than the total has. */
static void check_whole(const erg_result *result, size_t rows)
{
    const erg_table *table = table_of(result, "split");
    double sum_j = 0, share = 0, whole_j = real(table_of(result, "summary"), 0, "energy_j");

    CHECK(erg_table_row_count(table) == rows);
    for (size_t i = 0; i < rows; i++) {
        sum_j += real(table, i, "energy_j");
        share += real(table, i, "share");
    }
    CHECK_NEAR(sum_j / whole_j, 1, 1e-9);
    CHECK_NEAR(share, 1, 1e-9);
}

static void every_part_has_the_joules_that_were_planted(void)
{
    static const char *const parts[PIECES] = { "compute", "communication", "memory",
                                               "unattributed" };
    erg_trace *trace = with_kernels();
    erg_result *result = timeline(trace, (erg_timeline_options){ 0 });
    const erg_table *table = table_of(result, "split");

    check_whole(result, PIECES);
    for (int i = 0; i < PIECES; i++) {
        size_t row = row_named(table, "part", parts[i]);
        CHECK_NEAR(real(table, row, "energy_j"), planted_j[i], 1e-9 * planted_j[i]);
        CHECK_NEAR(real(table, row, "duration_s"), ROUNDS * 1e-3 * (double)lengths_ms[i],
                   1e-9);
        CHECK(real(table, row, "energy_low_j") <= planted_j[i]);
        CHECK(real(table, row, "energy_high_j") >= planted_j[i]);
        CHECK_TEXT(erg_table_find(table, row, "method").text, "counter");
    }
    erg_result_free(result);
    erg_trace_free(trace);
}

static const char *written(const char *text)
{
    static char path[300];

    snprintf(path, sizeof(path), "%s/bytes.csv", test_folder());
    FILE *file = fopen(path, "w");
    CHECK(file && fputs(text, file) >= 0 && fclose(file) == 0);
    return path;
}

/* bytes x e_byte goes from compute to memory, is a model, and never more than there is. */
static void bytes_take_their_joules_out_of_compute_and_are_called_a_model(void)
{
    static const struct { const char *bytes; double byte_j, moved_j; } rows[] = {
        { "2e12", 20e-12, 2e12 * 20e-12 * ROUNDS },
        { "1e12", 1e-12, 1e12 * 1e-12 * ROUNDS },
        { "1e15", 20e-12, 6000 },           /* cannot be: all that compute has */
    };
    erg_trace *trace = with_kernels();

    for (size_t i = 0; i < ERG_COUNT(rows); i++) {
        char text[200];
        snprintf(text, sizeof(text), "name,mean_w,bytes\ngemm,300,%s\n", rows[i].bytes);
        erg_result *result =
            timeline(trace, (erg_timeline_options){ .prior = written(text),
                                                    .byte_j = rows[i].byte_j });
        const erg_table *table = table_of(result, "split");
        size_t memory = row_named(table, "part", "memory");
        size_t wire = row_named(table, "part", "communication");
        CHECK_NEAR(part_j(table, "memory"), 600 + rows[i].moved_j, 1e-5);
        CHECK_TEXT(erg_table_find(table, memory, "method").text, "model");
        CHECK(isnan(real(table, memory, "energy_low_j")));
        CHECK_TEXT(erg_table_find(table, wire, "method").text, "counter");
        CHECK_NEAR(part_j(table, "compute"), 6000 - rows[i].moved_j, 1e-5);
        check_whole(result, PIECES);
        erg_result_free(result);
    }
    erg_trace_free(trace);
}

static void by_operator_the_time_of_its_kernels_divides_its_joules(void)
{
    erg_trace *trace = with_kernels();
    erg_result *result = timeline(trace, (erg_timeline_options){ .by = "operator" });
    const erg_table *table = table_of(result, "split");
    double whole_j = part_j(table, "compute") / (1000 / 1750.0);

    check_whole(result, PIECES);
    CHECK_NEAR(whole_j, 8100, 81);
    CHECK_NEAR(part_j(table, "communication") / whole_j, 500 / 1750.0, 1e-9);
    CHECK_NEAR(part_j(table, "memory") / whole_j, 250 / 1750.0, 1e-9);
    erg_result_free(result);
    erg_trace_free(trace);
}

/* On the host, and without a profiler, names tell: those of MPI, NCCL and PyTorch. */
static void names_tell_what_is_communication(void)
{
    static const char *const wires[] = { "c10d::allreduce_", "MPI_Bcast", "MPI wait",
                                         "all_gather" };
    static const int32_t kinds[PIECES] = { ERG_EVENT_OPERATOR, ERG_EVENT_OPERATOR,
                                           ERG_EVENT_OPERATOR };

    for (size_t i = 0; i < ERG_COUNT(wires); i++) {
        const char *const names[PIECES] = { "aten::mm", wires[i], "aten::copy_" };
        erg_trace *trace = counted();
        add_events(trace, names, kinds, false);
        erg_result *result = timeline(trace, (erg_timeline_options){ 0 });
        check_whole(result, 3);
        CHECK_NEAR(part_j(table_of(result, "split"), "communication"), 1500, 1e-6);
        CHECK_NEAR(part_j(table_of(result, "split"), "compute"), 6600, 1e-6);
        erg_result_free(result);
        erg_trace_free(trace);
    }
}

static void a_region_is_compute_only_if_somebody_said_so(void)
{
    const erg_region regions[] = {
        { .id = 1, .name = "epoch", .end_ns = 20 * ERG_NS_PER_S },
        { .id = 2, .name = "MPI_Allreduce", .begin_ns = 20 * ERG_NS_PER_S,
          .end_ns = 30 * ERG_NS_PER_S },
    };
    erg_trace *trace = counted();
    erg_error err = { 0 };

    for (size_t i = 0; i < ERG_COUNT(regions); i++)
        CHECK_OK(erg_trace_add_region(trace, &regions[i], &err), err);
    erg_result *result = timeline(trace, (erg_timeline_options){ 0 });
    const erg_table *table = table_of(result, "split");
    check_whole(result, 3);
    CHECK_NEAR(part_j(table, "region"), 10 * 417.5, 1e-6);
    CHECK_NEAR(part_j(table, "communication"), 5 * 417.5, 1e-6);
    erg_result_free(result);
    erg_trace_free(trace);
}

static void without_work_all_is_idle_and_no_part_is_invented(void)
{
    erg_trace *trace = counted();
    erg_result *result = timeline(trace, (erg_timeline_options){ .byte_j = 20e-12 });

    check_whole(result, 1);
    CHECK_NEAR(part_j(table_of(result, "split"), "unattributed"), 8350, 1e-5);
    erg_result_free(result);
    erg_trace_free(trace);
}

int main(void)
{
    static const test tests[] = {
        TEST(every_part_has_the_joules_that_were_planted),
        TEST(bytes_take_their_joules_out_of_compute_and_are_called_a_model),
        TEST(by_operator_the_time_of_its_kernels_divides_its_joules),
        TEST(names_tell_what_is_communication),
        TEST(a_region_is_compute_only_if_somebody_said_so),
        TEST(without_work_all_is_idle_and_no_part_is_invented),
    };
    return test_run(tests, ERG_COUNT(tests));
}

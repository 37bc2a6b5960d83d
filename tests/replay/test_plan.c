/* SPDX-License-Identifier: Apache-2.0 */
/* Plans: unique kernels, tiers, networks as launches. */
#include "replay/planned.h"

static void add(erg_replay_plan *plan, const char *name, int64_t grid,
                int64_t stream, double s)
{
    static erg_replay_kernel kernel;
    erg_error err = { 0 };

    erg_replay_kernel_init(&kernel, name, "test");
    kernel.signature.grid[0] = grid;
    kernel.stream = stream;
    kernel.traced_s = s;
    CHECK_OK(erg_replay_plan_add(plan, &kernel, NULL, &err), err);
}

static void equal_kernels_are_one_row_and_their_time_is_the_mean(void)
{
    erg_replay_plan *plan = erg_replay_plan_new(NULL);

    add(plan, "a", 1, -1, 1e-6);
    add(plan, "a", 2, -1, NAN);
    add(plan, "a", 1, -1, 4e-6);
    add(plan, "b", 1, -1, 1e-6);
    add(plan, "a", 1, 7, 1e-6);
    add(plan, "a", 1, -1, 4e-6);
    CHECK(plan->kernel_count == 4);
    CHECK(plan->kernels[0].count == 3);
    CHECK_NEAR(plan->kernels[0].traced_s, 3e-6, 1e-18);
    CHECK(isnan(plan->kernels[1].traced_s));
    CHECK(plan->kernels[3].stream == 7);
    CHECK_TEXT(plan->kernels[3].id, "k3");
    erg_replay_plan_free(plan);
}

static void names_longer_than_their_place_stay_apart(void)
{
    erg_replay_plan *plan = erg_replay_plan_new(NULL);
    char name[3000];

    memset(name, 'x', sizeof name);
    name[sizeof name - 1] = '\0';
    add(plan, name, 1, -1, NAN);
    name[2900] = 'y';
    add(plan, name, 1, -1, NAN);
    add(plan, name, 1, -1, NAN);
    CHECK(plan->kernel_count == 2);
    CHECK(plan->kernels[1].count == 2);
    CHECK(strlen(plan->kernels[1].name) == ERG_KERNEL_NAME - 1);
    erg_replay_plan_free(plan);
}

/* Against counting by hand: which of 1000 kernels is drawn is known. */
static void a_hundred_thousand_launches_are_counted_each(void)
{
    static int64_t drawn[1000];
    erg_replay_plan *plan = erg_replay_plan_new(NULL);
    test_random random = { 5 };
    char name[40];

    memset(drawn, 0, sizeof drawn);
    for (int i = 0; i < 100000; i++) {
        int which = (int)(1000 * test_uniform(&random));
        drawn[which]++;
        snprintf(name, sizeof name, "kernel %d", which / 10);
        add(plan, name, which % 10 + 1, -1, 1e-6);
    }
    CHECK(plan->kernel_count == 1000);
    for (size_t i = 0; i < plan->kernel_count; i++) {
        int which = 10 * atoi(plan->kernels[i].name + 7)
            + (int)plan->kernels[i].signature.grid[0] - 1;
        CHECK(plan->kernels[i].count == drawn[which]);
    }
    erg_replay_plan_free(plan);
}

static void tiers_go_by_name_and_then_by_operator(void)
{
    static const struct { const char *name; erg_op_kind op; erg_tier tier; } rows[] = {
        { "Memcpy HtoD (Pageable -> Device)", ERG_OP_UNKNOWN, ERG_TIER_MOVE },
        { "Memset (Device)", ERG_OP_UNKNOWN, ERG_TIER_MOVE },
        { "reorder", ERG_OP_UNKNOWN, ERG_TIER_MOVE },
        { "void cublasLt::splitKreduce_kernel<32, 16>", ERG_OP_UNKNOWN, ERG_TIER_MATRIX },
        { "volta_fp16_s884gemm_fp16_128x64_ldg8_f2f_tn", ERG_OP_UNKNOWN, ERG_TIER_MATRIX },
        { "sm80_xmma_fprop_implicit", ERG_OP_UNKNOWN, ERG_TIER_MATRIX },
        { "inner_product", ERG_OP_UNKNOWN, ERG_TIER_MATRIX },
        { "ncclDevKernel_AllReduce_Sum_f16_RING_LL", ERG_OP_UNKNOWN, ERG_TIER_COLLECTIVE },
        { "ncclKernel_Broadcast_RING_LL_Sum_int8_t", ERG_OP_UNKNOWN, ERG_TIER_COLLECTIVE },
        { "elementwise_kernel<BroadcastAdd>", ERG_OP_UNKNOWN, ERG_TIER_OTHER },
        { "void at::native::reduce_kernel<512, 1>", ERG_OP_UNKNOWN, ERG_TIER_OTHER },
        { "softmax_warp_forward", ERG_OP_UNKNOWN, ERG_TIER_OTHER },
        { "conv", ERG_OP_CONV, ERG_TIER_MATRIX },
        { "attention", ERG_OP_ATTENTION, ERG_TIER_MATRIX },
        { "layer_norm", ERG_OP_LAYER_NORM, ERG_TIER_OTHER },
    };

    for (size_t i = 0; i < ERG_COUNT(rows); i++)
        CHECK_TEXT(erg_tier_name(erg_tier_of(rows[i].name, rows[i].op)),
                   erg_tier_name(rows[i].tier));
}

/* ---- networks ----------------------------------------------------------------------- */

/* What a launch adds up to must be what the graph counted. */
static void check_sums(const char *name)
{
    erg_replay_plan *plan = plan_of(name);
    erg_graph *graph = erg_graph_load(name, NULL, NULL);
    int64_t flop = 0, bytes = 0, bytes_of_graph = 0, launches = 0;

    for (size_t i = 0; i < plan->kernel_count; i++) {
        const erg_replay_kernel *kernel = &plan->kernels[i];
        CHECK(kernel->signature.shape_known);
        CHECK(kernel->signature.op != ERG_OP_UNKNOWN);
        flop += kernel->count * kernel->signature.flop;
        bytes += kernel->count * (kernel->signature.in_bytes + kernel->signature.out_bytes);
        launches += kernel->count;
    }
    for (int32_t i = 0; i < graph->operator_count; i++)
        bytes_of_graph += graph->operators[i].in_bytes + graph->operators[i].weight_bytes
            + graph->operators[i].out_bytes;
    CHECK(flop == graph->flop);
    CHECK(bytes == bytes_of_graph);
    CHECK(launches == (int64_t)plan->launch_count);
    CHECK(plan->steps == 1);
    erg_graph_free(graph);
    erg_replay_plan_free(plan);
}

static void the_four_networks_have_all_shapes_and_the_work_of_their_graphs(void)
{
    for (size_t i = 0; i < ERG_COUNT(networks); i++) check_sums(networks[i]);
}

/* What is read was written before, or is a weight or an input that nothing ever writes. */
static void check_order(const char *name)
{
    erg_replay_plan *plan = plan_of(name);
    bool *is_written = calloc((size_t)plan->tensor_count, sizeof *is_written);
    bool *is_source = calloc((size_t)plan->tensor_count, sizeof *is_source);

    for (size_t i = 0; i < plan->launch_count; i++) {
        const erg_replay_launch *launch = &plan->launches[i];
        const erg_signature *s = &plan->kernels[launch->kernel].signature;
        for (int32_t t = 0; t < s->input_count + s->output_count; t++) {
            CHECK(launch->tensors[t] >= 0 && launch->tensors[t] < plan->tensor_count);
            if (t >= s->input_count) is_written[launch->tensors[t]] = true;
            else if (!is_written[launch->tensors[t]]) is_source[launch->tensors[t]] = true;
        }
        for (int32_t t = s->input_count + s->output_count; t < ERG_SIGNATURE_TENSORS; t++)
            CHECK(launch->tensors[t] == -1);
        for (int32_t t = s->input_count; t < s->input_count + s->output_count; t++)
            CHECK(!is_source[launch->tensors[t]]);
    }
    free(is_written);
    free(is_source);
    erg_replay_plan_free(plan);
}

static void a_step_reads_only_what_it_wrote_or_was_given(void)
{
    for (size_t i = 0; i < ERG_COUNT(networks); i++) check_order(networks[i]);
}

/* Elements by hand: what the matrix form says must be what its tensors hold. */
static void matrix_work_fits_its_tensors(void)
{
    for (size_t n = 0; n < ERG_COUNT(networks); n++) {
        erg_replay_plan *plan = plan_of(networks[n]);
        for (size_t i = 0; i < plan->kernel_count; i++) {
            const erg_signature *s = &plan->kernels[i].signature;
            if (s->op != ERG_OP_LINEAR && s->op != ERG_OP_MATMUL) continue;
            const erg_signature_tensor *b = &s->tensors[1],
                                       *y = &s->tensors[s->input_count];
            int64_t elements = 1;
            for (int32_t d = 0; d < y->rank; d++) elements *= y->dims[d];
            CHECK(elements == s->batch * s->m * s->n);
            CHECK(b->dims[b->rank - 2] == (s->transpose_b ? s->n : s->k));
            CHECK(b->dims[b->rank - 1] == (s->transpose_b ? s->k : s->n));
            CHECK(s->flop == 2 * s->batch * s->m * s->n * s->k);
        }
        erg_replay_plan_free(plan);
    }
}

static int64_t count_of(const erg_replay_plan *plan, erg_op_kind op)
{
    int64_t count = 0;

    for (size_t i = 0; i < plan->kernel_count; i++)
        if (plan->kernels[i].signature.op == op) count += plan->kernels[i].count;
    return count;
}

static void resnet18_and_gpt2_have_the_layers_of_their_papers(void)
{
    erg_replay_plan *resnet = plan_of("zoo:resnet18"), *gpt2 = plan_of("zoo:gpt2");

    CHECK(count_of(resnet, ERG_OP_CONV) == 20);
    CHECK(count_of(resnet, ERG_OP_BATCH_NORM) == 20);
    CHECK(count_of(resnet, ERG_OP_LINEAR) == 1);
    CHECK(resnet->kernels[0].signature.flop == 236027904);
    CHECK(count_of(gpt2, ERG_OP_LAYER_NORM) == 25);
    CHECK(count_of(gpt2, ERG_OP_SOFTMAX) == 12);
    CHECK(count_of(gpt2, ERG_OP_LINEAR) == 49);     /* 4 a layer and the head */
    erg_replay_plan_free(resnet);
    erg_replay_plan_free(gpt2);
}

/* As many tensors and axes as there can be, apart in the last stride alone. */
static void the_widest_kernel_is_told_from_its_twin(void)
{
    erg_error err = { 0 };
    erg_replay_plan *plan = erg_replay_plan_new(&err);
    erg_replay_kernel kernel;
    int32_t first, second, again;

    erg_replay_kernel_init(&kernel, "concat", "test");
    erg_signature *wide = &kernel.signature;
    wide->op = ERG_OP_CONCAT;
    wide->shape_known = true;
    wide->window.axes = 3;
    wide->output_count = 1;
    wide->input_count = ERG_SIGNATURE_TENSORS - 1;
    for (int i = 0; i < ERG_SIGNATURE_TENSORS; i++)
        wide->tensors[i] = (erg_signature_tensor){ .rank = ERG_SIGNATURE_RANK,
                                                   .dims = { 1, 2, 3, 4, 5, 6 },
                                                   .layout = "aBCdef16b16c" };
    CHECK_OK(erg_replay_plan_add(plan, &kernel, &first, &err), err);
    wide->tensors[ERG_SIGNATURE_TENSORS - 1].strides[ERG_SIGNATURE_RANK - 1] = 1;
    CHECK_OK(erg_replay_plan_add(plan, &kernel, &second, &err), err);
    CHECK_OK(erg_replay_plan_add(plan, &kernel, &again, &err), err);
    CHECK(first == 0 && second == 1 && again == 1 && plan->kernels[1].count == 2);
    erg_replay_plan_free(plan);
}

int main(void)
{
    static const test tests[] = {
        TEST(equal_kernels_are_one_row_and_their_time_is_the_mean),
        TEST(names_longer_than_their_place_stay_apart),
        TEST(a_hundred_thousand_launches_are_counted_each),
        TEST(tiers_go_by_name_and_then_by_operator),
        TEST(the_four_networks_have_all_shapes_and_the_work_of_their_graphs),
        TEST(a_step_reads_only_what_it_wrote_or_was_given),
        TEST(matrix_work_fits_its_tensors),
        TEST(resnet18_and_gpt2_have_the_layers_of_their_papers),
        TEST(the_widest_kernel_is_told_from_its_twin),
    };
    return test_run(tests, ERG_COUNT(tests));
}

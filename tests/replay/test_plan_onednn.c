/* SPDX-License-Identifier: Apache-2.0 */
/* oneDNN's verbose log as a plan, and of itself. */
#include <fcntl.h>
#include <sys/resource.h>
#include "engine/engine.h"
#include "replay/plan.h"
#include "test.h"

static erg_replay_plan *plan_of(const char *text)
{
    char path[300];
    const char *paths[] = { path };
    erg_error err = { 0 };

    snprintf(path, sizeof path, "%s/log", test_folder());
    test_write(path, text);
    erg_replay_plan *plan = erg_replay_plan_load(paths, 1, NULL, &err);
    CHECK_OK(plan != NULL, err);
    return plan;
}

#define V2 "cpu,matmul,gemm:jit,undef,src_f32::blocked:ab:f0 wei_f32::blocked:ba:f0 " \
    "dst_f32::blocked:ab:f0,,,128x256:256x512:128x512"
#define V3 "cpu,matmul,brg_matmul:avx512_core_bf16,undef,src:bf16::blocked:ab::f0 " \
    "wei:bf16::blocked:ab::f0 dst:bf16::blocked:ab::f0,attr-scratchpad:user,," \
    "128x3584:3584x37888"
#define CONV "cpu,convolution,jit:avx2,forward_inference,src_f32::blocked:abcd:f0 " \
    "wei_f32:p:blocked:Acdb8a:f0 bia_undef::undef::f0 dst_f32::blocked:aBcd8b:f0,," \
    "alg:convolution_direct,mb1_ic3oc64_ih224oh112kh7sh2dh0ph3_iw224ow112kw7sw2dw0pw3"

static void both_versions_give_m_n_and_k_with_and_without_a_stamp(void)
{
    static const struct {
        const char *text;
        int64_t m, n, k;
        bool turned;
        double time_s;
    } rows[] = {
        { "onednn_verbose,exec," V2 ",0.427002\n", 128, 512, 256, true, 0.427002e-3 },
        { "onednn_verbose,1693533460193.34,exec," V2 ",0.427002\n", 128, 512, 256, true,
          0.427002e-3 },
        { "dnnl_verbose,exec," V2 ",0.427002", 128, 512, 256, true, 0.427002e-3 },
        { "onednn_verbose,v1,primitive,exec," V3 ",1.18311\n", 128, 37888, 3584, false,
          1.18311e-3 },
        { "onednn_verbose,v1,1693533460193.34,primitive,exec," V3 ",1.18311\r\n", 128,
          37888, 3584, false, 1.18311e-3 },
    };

    for (size_t i = 0; i < ERG_COUNT(rows); i++) {
        erg_replay_plan *plan = plan_of(rows[i].text);
        const erg_signature *s = &plan->kernels[0].signature;
        CHECK(plan->kernel_count == 1 && s->shape_known && s->op == ERG_OP_MATMUL);
        CHECK(s->m == rows[i].m && s->n == rows[i].n && s->k == rows[i].k);
        CHECK(s->flop == 2 * s->m * s->n * s->k);
        CHECK(s->transpose_b == rows[i].turned && !s->transpose_a);
        CHECK(s->tensors[1].dims[0] == (rows[i].turned ? s->n : s->k));
        CHECK(s->precision == (i < 3 ? ERG_FP32 : ERG_BF16));
        CHECK_NEAR(plan->kernels[0].traced_s, rows[i].time_s, 1e-15);
        CHECK(plan->kernels[0].tier == ERG_TIER_MATRIX);
        erg_replay_plan_free(plan);
    }
}

static void lines_are_grouped_by_everything_but_stamp_and_time(void)
{
    erg_replay_plan *plan = plan_of(
        "onednn_verbose,info,oneDNN v2.6.0\n"
        "onednn_verbose,create:cache_miss," V2 ",9.9\n"
        "a program speaks\n"
        "onednn_verbose,exec," V2 ",1\n"
        "onednn_verbose,5.5,exec," V2 ",2\n"
        "half a line of a program: onednn_verbose,exec," V2 ",3\n"
        "onednn_verbose,exec," V2 ",\n"
        "onednn_verbose,exec,cpu,matm\n"
        "onednn_verbose,v1,graph,exec,cpu,100002,conv_post_ops,a,,b,c,d,e,f,g,1\n"
        "onednn_verbose,exec," CONV ",1.5\n");

    CHECK(plan->kernel_count == 2);
    CHECK(plan->kernels[0].count == 3);
    CHECK_NEAR(plan->kernels[0].traced_s, 2e-3, 1e-15);
    CHECK(strstr(plan->notes[0], "2 lines were cut"));
    CHECK(strncmp(plan->kernels[1].name, "convolution,jit:avx2,", 21) == 0);
    erg_replay_plan_free(plan);
}

static double peak_mib(void)
{
    struct rusage use;

    CHECK(getrusage(RUSAGE_SELF, &use) == 0);
    return (double)use.ru_maxrss / 1024;
}

/* What a program says besides is not held in memory. */
static void a_log_of_days_streams_by(void)
{
    enum { MIB = 64, LINE = 1 << 10, GROWTH_MIB = 24 };
    char path[300], chatter[LINE + 1];
    const char *paths[] = { path };
    erg_error err = { 0 };

    snprintf(path, sizeof path, "%s/days", test_folder());
    memset(chatter, 'x', LINE);
    chatter[LINE - 1] = '\n';
    chatter[LINE] = '\0';
    FILE *file = fopen(path, "w");
    CHECK(file != NULL);
    for (int i = 0; i < MIB; i++) {
        CHECK(fputs("onednn_verbose,exec," V2 ",1\n", file) >= 0);
        for (int k = 0; k < (1 << 20) / LINE; k++)
            CHECK(fputs(chatter, file) >= 0);
    }
    CHECK(fclose(file) == 0);
    double before_mib = peak_mib();
    erg_replay_plan *plan = erg_replay_plan_load(paths, 1, NULL, &err);
    CHECK_OK(plan != NULL, err);
    CHECK(plan->kernel_count == 1 && plan->kernels[0].count == MIB);
    CHECK(peak_mib() < before_mib + GROWTH_MIB);
    erg_replay_plan_free(plan);
    unlink(path);
}

static void a_convolution_has_the_flop_of_its_letters(void)
{
    erg_replay_plan *plan = plan_of("onednn_verbose,exec," CONV ",1.5\n");
    const erg_signature *s = &plan->kernels[0].signature;

    CHECK(s->flop == 236027904);
    CHECK(s->window.axes == 2 && s->window.stride[1] == 2 && s->window.pad_begin[0] == 3);
    CHECK(s->window.pad_end[0] == 2 && s->window.dilation[0] == 1);
    CHECK(s->input_count == 2 && s->output_count == 1);
    CHECK_TEXT(s->tensors[0].layout, "");
    CHECK_TEXT(s->tensors[1].layout, "Acdb8a");
    CHECK_TEXT(s->tensors[2].layout, "aBcd8b");
    CHECK(s->tensors[2].dims[3] == 112);
    CHECK_TEXT(s->algo, "jit:avx2");
    CHECK(s->in_bytes == 4 * (3 * 224 * 224 + 64 * 3 * 49));
    erg_replay_plan_free(plan);
}

static void a_template_line_says_where_the_fields_are(void)
{
    erg_replay_plan *plan = plan_of(
        "onednn_verbose,info,prim_template:timestamp,operation,engine,primitive,"
        "implementation,prop_kind,memory_descriptors,attributes,auxiliary,weather,"
        "problem_desc,exec_time\n"
        "onednn_verbose,7.5,exec,cpu,matmul,ref:any,undef,src_f32::blocked:ab:f0 "
        "wei_f32::blocked:ab:f0 dst_f32::blocked:ab:f0,,,fine,2x3:3x4:2x4,0.25\n");
    const erg_signature *s = &plan->kernels[0].signature;

    CHECK(s->shape_known && s->m == 2 && s->n == 4 && s->k == 3);
    CHECK_NEAR(plan->kernels[0].traced_s, 0.25e-3, 1e-15);
    erg_replay_plan_free(plan);
}

/* FLOP, bytes and axis by hand. */
static void other_primitives_have_their_shapes(void)
{
    static const struct {
        const char *line; erg_op_kind op; int inputs; int64_t flop, bytes; int axis;
        erg_tier tier;
    } rows[] = {
        { "eltwise,jit:avx2,forward_inference,data_f32::blocked:ab:f0 "
          "diff_undef::undef::f0 src_f32::blocked:ab:f0,,alg:eltwise_relu alpha:0 "
          "beta:0,4x8", ERG_OP_RELU, 1, 32, 256, -1, ERG_TIER_OTHER },
        { "softmax,jit:avx2,forward_inference,src_f32::blocked:ab:f0 "
          "dst_f32::blocked:ab:f0,,alg:softmax_accurate axis:1,4x8", ERG_OP_SOFTMAX, 1, 160,
          256, 1, ERG_TIER_OTHER },
        { "binary,jit:uni,undef,src_f32::blocked:ab:f0 src_f32::blocked:ab:f0 "
          "dst_f32::blocked:ab:f0,,alg:binary_add,4x8:1x8", ERG_OP_ADD, 2, 32, 288, -1,
          ERG_TIER_OTHER },
        { "layer_normalization,simple:any,forward_inference,src:f16::blocked:abc::f0 "
          "dst:f16::blocked:abc::f0,,flags:CH,2x4x8", ERG_OP_LAYER_NORM, 3, 512, 320, 2,
          ERG_TIER_OTHER },
        { "batch_normalization,bnorm_jit:avx2,forward_inference,"
          "data_f32::blocked:aBcd8b:f0,,flags:GS,mb1ic8ih2iw3", ERG_OP_BATCH_NORM, 5, 96,
          512, 1, ERG_TIER_OTHER },
        { "pooling,jit:avx2,forward_inference,src_f32::blocked:aBcd8b:f0 "
          "dst_f32::blocked:aBcd8b:f0,,alg:pooling_max,"
          "mb1ic8_ih4oh2kh2sh2dh0ph0_iw4ow2kw2sw2dw0pw0", ERG_OP_MAX_POOL, 1, 128, 640,
          -1, ERG_TIER_OTHER },
        { "reduction,jit:avx2,undef,src_f32::blocked:ab:f0 dst_f32::blocked:ab:f0,,"
          "alg:reduction_mean p:0 eps:0,4x8:4x1", ERG_OP_REDUCE, 1, 32, 144, -1,
          ERG_TIER_OTHER },
        { "reorder,jit:uni,undef,src_f32::blocked:abcd:f0 dst_f32::blocked:Acdb8a:f0,,,"
          "64x3x7x7", ERG_OP_COPY, 1, 0, 75264, -1, ERG_TIER_MOVE },
        { "inner_product,gemm:jit,forward_inference,src_f32::blocked:ab:f0 "
          "wei_f32::blocked:ab:f0 bia_f32::blocked:a:f0 dst_f32::blocked:ab:f0,,,mb2ic8oc4",
          ERG_OP_LINEAR, 3, 128, 240, -1, ERG_TIER_MATRIX },
        { "concat,simple:any,undef,src_f32::blocked:ab:f0 src_f32::blocked:ab:f0 "
          "dst_f32::blocked:ab:f0,,axis:1,2x3:2x5:2x8", ERG_OP_CONCAT, 2, 0, 128, 1,
          ERG_TIER_OTHER },
        { "matmul,gemm:jit,undef,src_f32::blocked:acb:f0 wei_f32::blocked:abc:f0 "
          "bia_f32_mask4::blocked:abc:f0 dst_f32::blocked:abc:f0,,,5x2x3:5x3x4:5x2x4",
          ERG_OP_MATMUL, 3, 240, 536, -1, ERG_TIER_MATRIX },
        { "convolution,jit:avx2,forward_inference,src_f32::blocked:aBcd8b:f0 "
          "wei_f32:p:blocked:Abcde8a:f0 bia_f32::blocked:a:f0 dst_f32::blocked:aBcd8b:f0,,"
          "alg:convolution_direct,g8mb2_ic8oc8_ih4oh4kh3sh1dh0ph1_iw4ow4kw3sw1dw0pw1",
          ERG_OP_CONV, 3, 4608, 4 * (256 + 72 + 8 + 256), -1, ERG_TIER_MATRIX },
    };

    for (size_t i = 0; i < ERG_COUNT(rows); i++) {
        char text[500];
        snprintf(text, sizeof text, "onednn_verbose,exec,cpu,%s,0.5\n", rows[i].line);
        erg_replay_plan *plan = plan_of(text);
        const erg_signature *s = &plan->kernels[0].signature;
        if (!s->shape_known || s->flop != rows[i].flop
            || s->in_bytes + s->out_bytes != rows[i].bytes)
            print_message("# %s: %d %lld %lld\n", rows[i].line, s->input_count,
                          (long long)s->flop, (long long)(s->in_bytes + s->out_bytes));
        CHECK(s->shape_known && s->op == rows[i].op && s->input_count == rows[i].inputs);
        CHECK(s->flop == rows[i].flop && s->in_bytes + s->out_bytes == rows[i].bytes);
        CHECK(s->axis == rows[i].axis && plan->kernels[0].tier == rows[i].tier);
        erg_replay_plan_free(plan);
    }
}

static void what_is_not_understood_stays_without_a_shape(void)
{
    static const char *const lines[] = {
        "rnn,ref:any,forward_inference,src_f32::blocked:abc:f0,,alg:vanilla_lstm,"
        "l1t5mb16sic8slc8dhc8dic8",
        "matmul,ref:any,undef,src_f32::blocked:ab:f0 wei_f32::blocked:ab:f0,,,"
        "*x256:256x512:*x512",
        "matmul,ref:any,undef,src_f32::blocked:ab:f0 wei_f32::blocked:ab:f0,,,"
        "2x256:255x512:2x512",
        "convolution,ref:any,forward_inference,src_f32::blocked:abcd:f0,,,"
        "g3mb1_ic8oc8_ih4oh4_iw4ow4",
        ("convolution,ref:any,forward_inference,src_f32::blocked:abcd:f0,,,"
         "mb999999999999_ic999999999999oc999999999999_ih9oh9_iw9ow9"),
        "matmul,ref:any,,,,,", "softmax,ref:any,,,,,4xx",
    };

    for (size_t i = 0; i < ERG_COUNT(lines); i++) {
        char text[400];
        snprintf(text, sizeof text, "onednn_verbose,exec,cpu,%s,0.5\n", lines[i]);
        erg_replay_plan *plan = plan_of(text);
        CHECK(!plan->kernels[0].signature.shape_known);
        CHECK(plan->kernels[0].signature.flop == ERG_NONE);
        CHECK(plan->kernels[0].signature.input_count == 0);
        erg_replay_plan_free(plan);
    }
}

/* ---- a live log --------------------------------------------------------------------- */

static const erg_op_kind logged[] = { ERG_OP_MATMUL, ERG_OP_LINEAR, ERG_OP_CONV };

/* Prepares and launches a kernel once; false: the engine cannot. */
static bool run_once(const erg_engine *engine, erg_engine_session *session,
                     const erg_signature *s)
{
    void *memory[ERG_SIGNATURE_TENSORS] = { NULL };
    erg_error err = { 0 };
    erg_engine_job *job = engine->prepare(session, s, &err);
    bool good = job != NULL;

    for (int32_t i = 0; good && i < s->input_count + s->output_count; i++) {
        memory[i] = engine->take(session, &s->tensors[i], 1, &err);
        good = memory[i] != NULL;
    }
    good = good && engine->launch(job, memory, &err) && engine->wait(session, &err);
    for (int32_t i = 0; i < ERG_SIGNATURE_TENSORS; i++)
        if (memory[i]) engine->give(session, memory[i]);
    if (job) engine->free(job);
    return good;
}

static bool is_logged(const erg_signature *s)
{
    for (size_t i = 0; i < ERG_COUNT(logged); i++)
        if (s->op == logged[i]) return true;
    return false;
}

/* The launches of matrix work with this size. */
static int64_t count_like(const erg_replay_plan *plan, const erg_signature *s)
{
    int64_t count = 0;

    for (size_t i = 0; i < plan->kernel_count; i++) {
        const erg_signature *is = &plan->kernels[i].signature;
        count += is_logged(is) && is->batch * is->m == s->batch * s->m && is->n == s->n
            && is->k == s->k ? plan->kernels[i].count : 0;
    }
    return count;
}

/* oneDNN writes to stdout: it goes to a file, as a user would have it. */
static int run_all(const erg_engine *engine, const erg_replay_plan *plan, const char *path)
{
    erg_error err = { 0 };
    fflush(stdout);
    int kept = dup(1), to = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600),
        ran = 0;
    dup2(to, 1);
    erg_engine_session *session = engine->open(&(erg_engine_options){ .threads = 1 }, &err);
    for (size_t i = 0; session && i < plan->kernel_count; i++)
        if (is_logged(&plan->kernels[i].signature))
            ran += run_once(engine, session, &plan->kernels[i].signature);
    if (session) engine->close(session);
    fflush(stdout);
    dup2(kept, 1);
    close(kept);
    close(to);
    return ran;
}

static void a_live_log_of_a_network_is_its_plan(void)
{
    const char *network = "zoo:resnet18";
    const erg_engine *engine = erg_engine_find("onednn");
    char path[300], why[200];
    const char *paths[] = { path };
    erg_error err = { 0 };

    if (!engine->find(why, sizeof why)) SKIP(why);
    snprintf(path, sizeof path, "%s/live", test_folder());
    erg_replay_plan *plan = erg_replay_plan_load(&network, 1, NULL, &err);
    CHECK_OK(plan != NULL, err);
    CHECK(run_all(engine, plan, path) >= 12);
    erg_replay_plan *live = erg_replay_plan_load(paths, 1, NULL, &err);
    CHECK_OK(live != NULL, err);
    for (size_t i = 0; i < plan->kernel_count; i++) {
        const erg_signature *s = &plan->kernels[i].signature;
        if (is_logged(s)) CHECK(count_like(live, s)
                                == count_like(plan, s) / plan->kernels[i].count);
    }
    for (size_t i = 0; i < live->kernel_count; i++) {
        CHECK(live->kernels[i].signature.shape_known);
        CHECK(live->kernels[i].traced_s > 0);
        if (is_logged(&live->kernels[i].signature))
            CHECK(count_like(plan, &live->kernels[i].signature) > 0);
    }
    erg_replay_plan_free(plan);
    erg_replay_plan_free(live);
}

int main(void)
{
    static const test tests[] = {
        TEST(both_versions_give_m_n_and_k_with_and_without_a_stamp),
        TEST(lines_are_grouped_by_everything_but_stamp_and_time),
        TEST(a_log_of_days_streams_by),
        TEST(a_convolution_has_the_flop_of_its_letters),
        TEST(a_template_line_says_where_the_fields_are),
        TEST(other_primitives_have_their_shapes),
        TEST(what_is_not_understood_stays_without_a_shape),
        TEST(a_live_log_of_a_network_is_its_plan),
    };
    setenv("ONEDNN_VERBOSE", "1", 1);   /* read by the library once, when it begins */
    return test_run(tests, ERG_COUNT(tests));
}

/* SPDX-License-Identifier: Apache-2.0 */
/* Exported networks as plans: oneDNN has all of their kernels. */
#include "engine/engine.h"
#include "replay/replay.h"
#include "run/replay_stage.h"
#include "test.h"

/* Masks written out as graphs, halves of channels, hard sigmoids, pools that round up,
 * response norms, 49 tensors joined. */
static const char *const networks[] = {
    "torchvision/swin_t",       "torchvision/shufflenet_v2_x0_5",
    "torchvision/googlenet",    "torchvision/mobilenet_v3_small",
    "torchvision/densenet201",  "torchvision/maxvit_t",
    "light/light_bvlc_alexnet", "light/light_shufflenet",
};

static void stage(const erg_engine *engine, const char *path)
{
    erg_error err = { 0 };
    erg_replay_plan *plan = erg_replay_plan_load(&path, 1, NULL, &err);

    CHECK_OK(plan != NULL, err);
    erg_stage *staged =
        erg_stage_open(engine, &(erg_engine_options){ .threads = 1 }, plan, &err);
    CHECK_OK(staged != NULL, err);
    for (size_t i = 0; i < staged->plan->note_count; i++)
        if (strstr(staged->plan->notes[i], "not replayable"))
            fail_msg("%s: %s", path, staged->plan->notes[i]);
    CHECK(staged->is_whole);
    erg_stage_close(staged);
    erg_replay_plan_free(plan);
}

static void exported_networks_are_replayed_whole(void)
{
    const erg_engine *engine = erg_engine_find("onednn");
    char why[200], name[160];

    CHECK(engine);
    if (!engine->find(why, sizeof(why)))
        SKIP(why);
    for (size_t i = 0; i < ERG_COUNT(networks); i++) {
        snprintf(name, sizeof(name), "onnx/%s.onnx", networks[i]);
        stage(engine, test_data(name));
    }
}

int main(void)
{
    static const test tests[] = { TEST(exported_networks_are_replayed_whole) };
    return test_run(tests, ERG_COUNT(tests));
}

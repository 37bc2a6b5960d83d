/* SPDX-License-Identifier: Apache-2.0 */
/* What the files of the fake NVML share: its script, and what was turned. */
#ifndef ERG_TESTS_FAKE_NVML_H
#define ERG_TESTS_FAKE_NVML_H

#include "device/drivers/nvml_abi.h"
#include "device/drivers/sim_spec.h"

#define EXPORT __attribute__((visibility("default")))
#define HIDDEN __attribute__((visibility("hidden")))
enum { GPUS_MOST = 16, FANS_MOST = 2, FOR_ERROR = 100 };
enum { PARAMETERS = 8 }; /* of a preset of power smoothing */
enum { MEM_MHZ = 1215, PARKED_MHZ = 405, PARKED_MOST_MHZ = 420 };

/* MB/s of a PCIe 5 lane after its coding, and of an NVLink of Hopper. */
enum { LANE_KB_PER_S = 3938500, LINK_MB_PER_S = 26562 };

struct nvml_gpu {
    unsigned index;
};

typedef struct script {
    erg_sim_spec sim;
    double gpus, mig, tegra, architecture, driver, init, lost, instant, average, usage,
        blank, module, memory, model, rights, locks, apps, parked, throttle, fan,
        fans, held, health, gpm, buffer, dry, lanes, links, presets, moved, delayed,
        override, workloads, update, process, comes, goes;
} script;

/* What was turned, of each GPU. In the file FAKE_NVML_STATE where that is given, for
 * then it outlives the process as a real GPU's does. */
typedef struct turned {
    unsigned locked_mhz, mem_locked_mhz, app_mem_mhz, app_sm_mhz, limit_mw, calls;
    unsigned fan_policy[FANS_MOST], fan_pct[FANS_MOST];
    unsigned smoothing, preset, workloads;
    double parameters[NVML_PRESETS_MOST][PARAMETERS];   /* as they were written */
} turned;

extern HIDDEN script fake_script;
extern HIDDEN turned *fake_turns;
/* fake_nvml_smoothing.c: its settings at the start; whether a field is of it. */
HIDDEN void fake_smoothing_start(turned *turn);
HIDDEN bool fake_smoothing_field(unsigned gpu, nvml_field *field, unsigned *code);
/* What may be changed; NULL: nothing. Counted, the refused ones too. */
HIDDEN turned *fake_change(nvml_handle gpu, double right);
/* Since the library was opened, on its clock. */
HIDDEN int64_t fake_since_ns(void);
/* Where the clock is stepped, that. */
HIDDEN int64_t fake_utc_ns(void);
/* fake_nvml_truth.c: at a time since the script began; what was held of another script. */
HIDDEN double fake_power_w(const struct nvml_gpu *gpu, double window_s, int64_t t_ns);
HIDDEN double fake_counter_j(int64_t t_ns);
HIDDEN void fake_truth_forget(void);
/* From a file that outlives the process; NULL: fresh, in memory. */
HIDDEN void fake_turns_open(const char *file);

#endif

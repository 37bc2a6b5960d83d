/* SPDX-License-Identifier: Apache-2.0 */
/* What the two files of the fake NVML share: its script, and what was turned. */
#ifndef ERG_TESTS_FAKE_NVML_H
#define ERG_TESTS_FAKE_NVML_H

#include "device/drivers/nvml_abi.h"
#include "device/drivers/sim_spec.h"

#define EXPORT __attribute__((visibility("default")))
#define HIDDEN __attribute__((visibility("hidden")))
enum { GPUS_MOST = 16, FOR_ERROR = 100 };
enum { MEM_MHZ = 1215, PARKED_MHZ = 405, PARKED_MOST_MHZ = 420 };

struct nvml_gpu {
    unsigned index;
};

typedef struct script {
    erg_sim_spec sim;
    double gpus, mig, tegra, architecture, driver, init, lost, instant, average, usage,
        blank, module, memory, model, rights, locks, apps, parked, throttle, fan, held;
} script;

/* What was turned, of each GPU. In the file FAKE_NVML_STATE where that is given, for
 * then it outlives the process as a real GPU's does. */
typedef struct turned {
    unsigned locked_mhz, mem_locked_mhz, app_mem_mhz, app_sm_mhz, limit_mw, calls;
} turned;

extern HIDDEN script fake_script;
extern HIDDEN turned *fake_turns;
/* From a file that outlives the process; NULL: fresh, in memory. */
HIDDEN void fake_turns_open(const char *file);

#endif

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A librocm_smi64 of two cards. The first (03:00.0) counts 0.5 s of 200 W, which is
 * 100 J, between every two looks; the counter of the second (04:00.0) stands still.
 */
#include <stdint.h>

#pragma GCC visibility push(default)

static uint64_t looks;

int rsmi_init(uint64_t flags) { return flags != 0; }
int rsmi_shut_down(void) { return 0; }

int rsmi_num_monitor_devices(uint32_t *count)
{
    *count = 2;
    return 0;
}

int rsmi_dev_pci_id_get(uint32_t index, uint64_t *id)
{
    *id = index == 0 ? 0x300 : 0x400;
    return 0;
}

int rsmi_dev_energy_count_get(uint32_t index, uint64_t *steps, float *resolution_uj,
                              uint64_t *t_ns)
{
    *steps = index == 0 ? looks++ * 100 * 65536 : 77;
    *resolution_uj = 15.3f;
    *t_ns = 0;
    return 0;
}

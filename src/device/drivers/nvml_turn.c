/* SPDX-License-Identifier: Apache-2.0 */
/* What every knob of NVML's shares: who may turn it, and why it could not be turned. */
#include <string.h>
#include <unistd.h>
#include "device/drivers/nvml.h"

const char *nvml_gpu_name(const erg_device *dev)
{
    return dev->info.uuid[0] ? dev->info.uuid : dev->info.name + strlen("nvml:");
}

erg_device_knob *nvml_add_knob(erg_device *dev, erg_knob which)
{
    erg_device_knob *knob = erg_device_add_knob(dev, which);
    if (geteuid() != 0)
        erg_text_put(knob->reason, sizeof(knob->reason),
                     "NVIDIA's driver lets root turn it: run erg as root");
    return knob;
}

bool nvml_fail_turn(const erg_device *dev, const char *what, unsigned code, erg_error *err)
{
    if (code == NVML_NO_PERMISSION)
        return erg_fail(err, ERG_NO_ACCESS,
                        "the %s of %s may be turned by root only: run erg "
                        "as root, or let users set application clocks with sudo nvidia-smi "
                        "-i %s -acp UNRESTRICTED", what, dev->info.name,
                        nvml_gpu_name(dev));
    if (code == NVML_LOST)
        return erg_fail(err, ERG_IO, "%s has fallen off the bus: restart the machine",
                        dev->info.name);
    return erg_fail(err, code == NVML_NOT_SUPPORTED ? ERG_UNSUPPORTED : ERG_IO,
                    "the %s of %s cannot be turned (NVML code %u): %s", what,
                    dev->info.name, code, code == NVML_NOT_SUPPORTED
                                              ? "this GPU does not offer it"
                                                     : "nvidia-smi shows its state");
}

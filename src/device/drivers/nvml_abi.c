/* SPDX-License-Identifier: Apache-2.0 */
/* Finding NVML at run time: one table of symbols, the newest name first. */
#include "base/library.h"
#include "device/drivers/nvml_abi.h"

#define SLOT(member) offsetof(nvml_api, member)

static const erg_symbol symbols[] = {
    { "nvmlInit_v2", SLOT(init), true },
    { "nvmlShutdown", SLOT(shutdown), true },
    { "nvmlDeviceGetCount_v2", SLOT(count), true },
    { "nvmlDeviceGetHandleByIndex_v2", SLOT(by_index), true },
    { "nvmlDeviceGetHandleByUUID", SLOT(by_uuid), false },
    { "nvmlDeviceGetIndex", SLOT(index), false },
    { "nvmlDeviceGetName", SLOT(name), false },
    { "nvmlDeviceGetUUID", SLOT(uuid), false },
    { "nvmlSystemGetDriverVersion", SLOT(driver), false },
    { "nvmlDeviceGetArchitecture", SLOT(architecture), false },
    { "nvmlDeviceGetTotalEnergyConsumption", SLOT(energy), false },
    { "nvmlDeviceGetPowerUsage", SLOT(power), false },
    { "nvmlDeviceGetFieldValues", SLOT(fields), false },
    { "nvmlDeviceGetClockInfo", SLOT(clock), false },
    { "nvmlDeviceGetTemperature", SLOT(temperature), false },
    { "nvmlDeviceGetUtilizationRates", SLOT(use), false },
    { "nvmlDeviceGetTemperatureThreshold", SLOT(threshold), false },
    { "nvmlDeviceGetMemoryInfo", SLOT(memory), false },
    { "nvmlDeviceGetTotalEccErrors", SLOT(ecc), false },
    { "nvmlDeviceGetFanSpeed", SLOT(fan), false },
    { "nvmlDeviceGetEnforcedPowerLimit", SLOT(limit), false },
    { "nvmlDeviceGetCurrentClocksEventReasons", SLOT(throttle), false },
    { "nvmlDeviceGetCurrentClocksThrottleReasons", SLOT(throttle), false },
    { "nvmlDeviceGetSamples", SLOT(samples), false },
    { "nvmlDeviceGetMigMode", SLOT(mig), false },
    { "nvmlDeviceGetComputeRunningProcesses_v3", SLOT(processes), false },
    { "nvmlDeviceGetComputeRunningProcesses_v2", SLOT(processes), false },
    { "nvmlDeviceGetPerformanceState", SLOT(state), false },
    { "nvmlDeviceGetSupportedMemoryClocks", SLOT(mem_clocks), false },
    { "nvmlDeviceGetSupportedGraphicsClocks", SLOT(sm_clocks), false },
    { "nvmlDeviceGetApplicationsClock", SLOT(app_clock), false },
    { "nvmlDeviceSetApplicationsClocks", SLOT(set_app_clocks), false },
    { "nvmlDeviceSetGpuLockedClocks", SLOT(lock_sm), false },
    { "nvmlDeviceResetGpuLockedClocks", SLOT(unlock_sm), false },
    { "nvmlDeviceSetMemoryLockedClocks", SLOT(lock_mem), false },
    { "nvmlDeviceResetMemoryLockedClocks", SLOT(unlock_mem), false },
    { "nvmlDeviceGetPowerManagementLimit", SLOT(limit_set), false },
    { "nvmlDeviceGetPowerManagementLimitConstraints", SLOT(limit_range), false },
    { "nvmlDeviceSetPowerManagementLimit", SLOT(set_limit), false },
    { "nvmlDeviceGetNumFans", SLOT(fans), false },
    { "nvmlDeviceGetMinMaxFanSpeed", SLOT(fan_range), false },
    { "nvmlDeviceGetFanControlPolicy_v2", SLOT(fan_policy), false },
    { "nvmlDeviceGetTargetFanSpeed", SLOT(fan_target), false },
    { "nvmlDeviceSetFanSpeed_v2", SLOT(set_fan), false },
    { "nvmlDeviceSetDefaultFanSpeed_v2", SLOT(free_fan), false },
    { "nvmlDevicePowerSmoothingActivatePresetProfile", SLOT(preset), false },
    { "nvmlDevicePowerSmoothingUpdatePresetProfileParam", SLOT(preset_parameter), false },
    { "nvmlDevicePowerSmoothingSetState", SLOT(smoothing), false },
    { "nvmlDeviceWorkloadPowerProfileGetCurrentProfiles", SLOT(workloads), false },
    { "nvmlDeviceWorkloadPowerProfileUpdateProfiles_v1", SLOT(workload_update), false },
    { "nvmlDeviceWorkloadPowerProfileSetRequestedProfiles", SLOT(workload_add), false },
    { "nvmlDeviceWorkloadPowerProfileClearRequestedProfiles", SLOT(workload_clear), false },
    { "nvmlDeviceGetMaxPcieLinkGeneration", SLOT(pcie_generation), false },
    { "nvmlDeviceGetMaxPcieLinkWidth", SLOT(pcie_lanes), false },
    { "nvmlGpmQueryDeviceSupport", SLOT(gpm_support), false },
    { "nvmlGpmSampleAlloc", SLOT(gpm_new), false },
    { "nvmlGpmSampleFree", SLOT(gpm_free), false },
    { "nvmlGpmSampleGet", SLOT(gpm_take), false },
    { "nvmlGpmMetricsGet", SLOT(gpm_means), false },
};

static bool init_failed(unsigned code, erg_error *err)
{
    if (code == NVML_DRIVER_NOT_LOADED)
        return erg_fail(
            err, ERG_NOT_FOUND,
            "NVML is here but the NVIDIA driver is not loaded: "
            "load it with modprobe nvidia, or start the container with its GPUs");
    if (code == NVML_NO_PERMISSION)
        return erg_fail(err, ERG_NO_ACCESS,
                        "NVML may not be used by this user: ask for read and "
                        "write access to /dev/nvidiactl and /dev/nvidia*");
    if (code == NVML_VERSION_MISMATCH)
        return erg_fail(err, ERG_UNSUPPORTED,
                        "the NVIDIA library and its Linux module are of two "
                        "versions: restart the machine to load the new module");
    return erg_fail(err, ERG_UNSUPPORTED,
                    "nvmlInit_v2 failed with code %u: nvidia-smi shows what "
                    "the driver says",
                    code);
}

bool nvml_api_open(const erg_env *env, nvml_api *out, erg_error *err)
{
    const char *const file = env->nvml ? env->nvml : "libnvidia-ml.so.1";
    *out = (nvml_api){ .library = erg_library_open(&file, 1) };
    if (!out->library)
        return erg_fail(err, ERG_NOT_FOUND,
                        "no NVIDIA driver: %s was not found; install the "
                        "NVIDIA driver, or name its library with --nvml FILE",
                        file);
    const char *missing = erg_library_find(out->library, symbols, ERG_COUNT(symbols), out);
    unsigned code = missing ? NVML_DONE : out->init();
    if (!missing && code == NVML_DONE)
        return true;
    erg_library_close(out->library);
    *out = (nvml_api){ 0 };
    return missing ? erg_fail(err, ERG_UNSUPPORTED,
                              "%s has no %s: it is too old or "
                              "not NVML; update the NVIDIA driver",
                              file, missing)
                   : init_failed(code, err);
}

void nvml_api_close(nvml_api *api)
{
    if (!api->library)
        return;
    api->shutdown();
    erg_library_close(api->library);
    *api = (nvml_api){ 0 };
}

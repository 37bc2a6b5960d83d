/* SPDX-License-Identifier: Apache-2.0 */
/* What the files of the NVML driver share: one GPU, and the table of its readings. */
#ifndef ERG_DEVICE_DRIVERS_NVML_H
#define ERG_DEVICE_DRIVERS_NVML_H

#include "device/driver.h"
#include "device/drivers/nvml_abi.h"

typedef struct nvml {
    nvml_api api;
    nvml_handle gpu;
    bool has_instant;      /* field 186 answers: else power is PowerUsage */
    unsigned architecture; /* 0: unknown */
    char driver_version[32];
    const struct nvml_quantity *rows[ERG_CHANNELS_MOST];
} nvml;

typedef struct nvml_quantity {
    const char *name;
    erg_quantity quantity;
    erg_kind kind;
    unsigned scope;   /* NVML_CHIP: as the device; of the superchip; of the HBM alone */
    const char *unit; /* where the quantity has none of its own */
    unsigned field;   /* read by its number, in units of to_si; 0: by read */
    double to_si;
    unsigned (*read)(const nvml *own, double *out);
} nvml_quantity;

extern const nvml_quantity nvml_quantities[];
extern const size_t nvml_quantity_count;

/* Each gives an nvml_code; *out is set when it is NVML_DONE, NAN for a blank. */
unsigned nvml_read(const nvml *own, const nvml_quantity *row, double *out);
/* Fields of milliwatts. */
unsigned nvml_read_field(const nvml *own, unsigned id, unsigned scope, double *out);
unsigned nvml_read_limit(const nvml *own, double *out);

/* Declares what can be turned; a GPU that lists nothing has no knobs. */
bool nvml_add_knobs(erg_device *dev, erg_error *err);
bool nvml_save(erg_device *dev, erg_knob which, erg_text *to, erg_error *err);
bool nvml_turn(erg_device *dev, erg_knob which, double value, double *enforced,
               erg_error *err);
bool nvml_put_back(erg_device *dev, erg_knob which, const char *saved, erg_error *err);

#endif

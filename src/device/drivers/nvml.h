/* SPDX-License-Identifier: Apache-2.0 */
/* What the files of the NVML driver share: one GPU, and the table of its readings. */
#ifndef ERG_DEVICE_DRIVERS_NVML_H
#define ERG_DEVICE_DRIVERS_NVML_H

#include "device/driver.h"
#include "device/drivers/nvml_abi.h"
#include "device/drivers/nvml_follow.h"

enum { NVML_ACTIVITIES = 8, NVML_LINKS = 2, NVML_MEANS = NVML_ACTIVITIES + NVML_LINKS };

/* What a GPU's units were at between the last two samples (GPM). */
typedef struct nvml_gpm {
    nvml_gpm_sample samples[2];     /* NULL: the GPU has none */
    unsigned newest;
    size_t first_channel;
    int64_t end_ns;         /* of the newest */
    /* Activities, then links whose peak is known, in the order of channels. */
    double shares[NVML_MEANS];
    bool is_told[NVML_MEANS];
    size_t count;
    size_t links[NVML_LINKS];           /* rows of the table of links */
    double peaks_mib_per_s[NVML_LINKS]; /* of one direction */
} nvml_gpm;

/* The driver's own buffer of power samples. */
typedef struct nvml_samples {
    nvml_sample *room;
    unsigned room_count;
    size_t channel;             /* SIZE_MAX: none */
    double interval_s;          /* NAN: it holds too few to tell */
    unsigned long long seen_us; /* the newest that was handed out */
    int64_t last_ns;            /* its stamp */
    int64_t fresh_ns;           /* when there last was a new one */
} nvml_samples;

typedef struct nvml {
    nvml_handle gpu;
    bool has_instant;      /* field 186 answers: else power is PowerUsage */
    bool is_renumbered;    /* R575 or R580: some fields have other numbers */
    unsigned architecture; /* 0: unknown */
    nvml_dcgmi dcgmi;      /* where there is no gpm */
    nvml_api api;
    const struct nvml_quantity *rows[ERG_CHANNELS_MOST]; /* NULL: an activity */
    char driver_version[32];
    nvml_samples samples;
    nvml_gpm gpm;
    struct {
        unsigned moved;     /* fields of power smoothing are so much higher */
        unsigned preset;    /* in force when it was opened: its parameters are turned */
    } smoothing;
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
/* NAN for a blank. */
double nvml_narrow(unsigned value);
double nvml_value_of(unsigned type, const nvml_value *value);
/* A field as it is told, by the number that this driver has for it. */
unsigned nvml_read_number(const nvml *own, unsigned id, unsigned scope, double *out);
/* Fields of milliwatts. */
unsigned nvml_read_field(const nvml *own, unsigned id, unsigned scope, double *out);
unsigned nvml_read_limit(const nvml *own, double *out);

/* Declares what can be turned; a GPU that lists nothing has no knobs. */
bool nvml_add_knobs(erg_device *dev, erg_error *err);
bool nvml_save(erg_device *dev, erg_knob which, erg_text *to, erg_error *err);
bool nvml_turn(erg_device *dev, erg_knob which, double value, double *enforced,
               erg_error *err);
bool nvml_put_back(erg_device *dev, erg_knob which, const char *saved, erg_error *err);

/* nvml_turn.c: the GPU as nvidia-smi takes it; a knob that says who may turn it; what a
 * refusal means. */
const char *nvml_gpu_name(const erg_device *dev);
erg_device_knob *nvml_add_knob(erg_device *dev, erg_knob which);
bool nvml_fail_turn(const erg_device *dev, const char *what, unsigned code, erg_error *err);

/* nvml_fan.c: all fans of the board as one knob. */
void nvml_fan_add(erg_device *dev);
bool nvml_fan_save(erg_device *dev, erg_text *to, erg_error *err);
bool nvml_fan_turn(erg_device *dev, double share, double *enforced, erg_error *err);
bool nvml_fan_put_back(erg_device *dev, const char *saved, erg_error *err);

/* nvml_smoothing.c: power smoothing, the preset in force and its parameters. */
bool nvml_smoothing_add(erg_device *dev, erg_error *err);
bool nvml_smoothing_save(erg_device *dev, erg_knob which, erg_text *to, erg_error *err);
bool nvml_smoothing_turn(erg_device *dev, erg_knob which, double value, double *enforced,
                         erg_error *err);
bool nvml_smoothing_put_back(erg_device *dev, erg_knob which, const char *saved,
                             erg_error *err);

/* nvml_workload.c: the profile of power for a kind of work. */
bool nvml_workload_add(erg_device *dev, erg_error *err);
bool nvml_workload_save(erg_device *dev, erg_knob which, erg_text *to, erg_error *err);
bool nvml_workload_turn(erg_device *dev, erg_knob which, double value, double *enforced,
                        erg_error *err);
bool nvml_workload_put_back(erg_device *dev, erg_knob which, const char *saved,
                            erg_error *err);

/* nvml_others.c: whether processes of others compute on it. */
bool nvml_has_others(erg_device *dev);

/* nvml_samples.c: what the buffer holds. Open it before its channel is declared. */
bool nvml_samples_open(nvml *own, erg_error *err);
bool nvml_samples_are_dense(const nvml *own);
unsigned nvml_samples_read(erg_device *dev, erg_reading *out);
void nvml_samples_close(nvml *own);

/* nvml_gpm.c: activities as channels, where the GPU tells them. */
extern const char *const nvml_activity_names[NVML_ACTIVITIES];
bool nvml_gpm_open(erg_device *dev, erg_error *err);
unsigned nvml_gpm_read(erg_device *dev, size_t channel, erg_reading *out);
void nvml_gpm_close(nvml *own);

#endif

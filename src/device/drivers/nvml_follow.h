/* SPDX-License-Identifier: Apache-2.0 */
/* Columns of numbers that nvidia-smi or dcgmi prints, line by line, as readings. */
#ifndef ERG_DEVICE_DRIVERS_NVML_FOLLOW_H
#define ERG_DEVICE_DRIVERS_NVML_FOLLOW_H

#include "device/drivers/child.h"
#include "device/driver.h"

enum { NVML_COLUMNS_MOST = 8, NVML_LINES_MOST = 32 };

/* SI = unit * cell + zero */
typedef struct nvml_scale {
    double unit, zero;
} nvml_scale;

typedef struct nvml_follow {
    bool is_table; /* "GPU 0  1.5  2.5", else "1.5, 2.5" */
    size_t columns;
    nvml_scale scales[NVML_COLUMNS_MOST];
    erg_child child;
    int64_t looked_ns;
    double lines[NVML_LINES_MOST][NVML_COLUMNS_MOST]; /* of this look */
    size_t line_count;
    erg_reading waiting[NVML_COLUMNS_MOST]; /* until it is read */
    bool has_ended;
} nvml_follow;

size_t nvml_split(char *line, bool is_table, char *cells[], size_t most);
/* Set is_table, columns and scales first. arguments as erg_child_start. */
bool nvml_follow_start(nvml_follow *own, const erg_env *env, const char *const arguments[],
                       erg_error *err);
/* Until a line tells a number, which is dropped; false once it has ended or wait_s is
 * over. */
bool nvml_follow_wait(nvml_follow *own, const erg_env *env, double wait_s);
/* What has come of one column since it was last read. */
void nvml_follow_read(nvml_follow *own, const erg_env *env, size_t column,
                      erg_reading *out);
void nvml_follow_stop(nvml_follow *own);

/* nvml_dcgmi.c: activities from dcgmi dmon, where NVML has none. Apart, as what a child
 * prints takes more room than all else that is known of a GPU. */
typedef struct nvml_dcgmi {
    nvml_follow *lines;     /* NULL: there is no dcgmi, or it has none */
    size_t first_channel;   /* SIZE_MAX then */
} nvml_dcgmi;

/* Declares channels of dev. False: no memory. */
bool nvml_dcgmi_open(nvml_dcgmi *own, erg_device *dev, const char *gpu, erg_error *err);
void nvml_dcgmi_read(nvml_dcgmi *own, const erg_env *env, size_t channel, erg_reading *out);
void nvml_dcgmi_stop(nvml_dcgmi *own);

#endif

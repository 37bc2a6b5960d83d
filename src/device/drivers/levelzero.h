/* SPDX-License-Identifier: Apache-2.0 */
/* What the files of the Level Zero driver share: one GPU and its domains. */
#ifndef ERG_DEVICE_DRIVERS_LEVELZERO_H
#define ERG_DEVICE_DRIVERS_LEVELZERO_H

#include "device/driver.h"
#include "device/drivers/levelzero_abi.h"

enum { LEVELZERO_DOMAINS = 16 };

typedef struct levelzero {
    levelzero_api api;
    levelzero_handle gpu;
    levelzero_handle power;     /* NULL: nothing is metered */
    bool is_card;               /* power is the whole card's */
    levelzero_handle clocks[2]; /* of the GPU and of its memory; NULL: none */
    levelzero_handle heat[3];   /* hottest, GPU, memory */
    levelzero_energy last;      /* that power was told from */
    double last_w;
    const struct levelzero_quantity *rows[ERG_CHANNELS_MOST];
} levelzero;

typedef struct levelzero_quantity {
    const char *name;
    erg_quantity quantity;
    erg_kind kind;
    size_t which;
    double (*read)(levelzero *own, size_t which); /* NAN: not told */
} levelzero_quantity;

extern const levelzero_quantity levelzero_quantities[];
extern const size_t levelzero_quantity_count;

/* levelzero_knob.c: the sustained power limit, the range of the GPU's clock. */
bool levelzero_add_knobs(erg_device *dev, erg_error *err);
bool levelzero_save(erg_device *dev, erg_knob which, erg_text *to, erg_error *err);
bool levelzero_turn(erg_device *dev, erg_knob which, double value, double *enforced,
                    erg_error *err);
bool levelzero_put_back(erg_device *dev, erg_knob which, const char *saved, erg_error *err);

#endif

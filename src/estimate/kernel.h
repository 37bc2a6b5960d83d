/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The kernel model inside: a shape becomes a roofline, a place among measured shapes and
 * a row of features; the latter two are the same in learning and in prediction.
 */
#ifndef ERG_ESTIMATE_KERNEL_H
#define ERG_ESTIMATE_KERNEL_H

#include "erg/kernel.h"
#include "math/trees.h"

enum {
    ERG_KERNEL_AXES = 7, ERG_AXIS_MOST = 128, ERG_KERNEL_CELLS = 1 << 22,
    ERG_KERNEL_NEAR = 10,           /* features of the neighbours, of each target */
    ERG_KERNEL_CLASSES = 5,         /* of latency, for intervals */
    ERG_KERNEL_REGIMES = ERG_KERNEL_TYPES * ERG_KERNEL_CLASSES,
    ERG_KERNEL_FORMAT = 2,
};

typedef enum erg_kernel_target { ERG_TARGET_LATENCY, ERG_TARGET_POWER, ERG_TARGETS }
    erg_kernel_target;
/* Of which intervals are kept. */
typedef enum erg_kernel_quantity { ERG_KERNEL_LATENCY, ERG_KERNEL_POWER, ERG_KERNEL_ENERGY,
                                   ERG_KERNEL_QUANTITIES } erg_kernel_quantity;

/* The device as it was when the model learnt; kept with it. */
typedef struct erg_kernel_machine {
    double flop_per_s[ERG_KERNEL_TYPES], bytes_per_s, units, cap_w;
} erg_kernel_machine;

typedef struct erg_kernel_roof {
    double flop, bytes, compute_s, memory_s;
    double roof_s;                  /* with the least time of any launch */
} erg_kernel_roof;

/* ---- shapes ---------------------------------------------------------------------- */

bool erg_kernel_shape_check(const erg_kernel_shape *shape, erg_error *err);
/* On the axes of its kind; the last two are those of a pair: (n, k), (heads, kv_heads). */
int erg_kernel_coordinates(const erg_kernel_shape *shape, double out[ERG_KERNEL_AXES]);
erg_kernel_roof erg_kernel_roof_of(const erg_kernel_machine *machine,
                                   const erg_kernel_shape *shape);
/* Returns how many; those of neighbours are not among them. */
size_t erg_kernel_features(const erg_kernel_machine *machine, const erg_kernel_shape *shape,
                           const erg_kernel_roof *roof, float to[ERG_TREE_FEATURES]);
/* Those that tell of power alone, and how many. */
size_t erg_kernel_campaign(const erg_kernel_shape *shape, float to[]);

/* ---- measured shapes ------------------------------------------------------------- */

typedef struct erg_kernel_axis {
    size_t count;
    double values[ERG_AXIS_MOST];   /* ascending */
    double middles[ERG_AXIS_MOST];  /* between a value and its next, geometrically */
    double logs[ERG_AXIS_MOST];
} erg_kernel_axis;

/* ln(measured / roofline) and ln(power / cap) in steps of 1/2048. */
typedef struct erg_kernel_cell { int16_t target[ERG_TARGETS]; } erg_kernel_cell;
#define ERG_KERNEL_MISSING INT16_MIN

typedef struct erg_kernel_grid {
    int axes;
    erg_kernel_axis axis[ERG_KERNEL_AXES];
    size_t strides[ERG_KERNEL_AXES], count;
    erg_kernel_cell *cells;
} erg_kernel_grid;

typedef struct erg_kernel_spot {    /* where a shape lies on a grid */
    size_t cell;                    /* the nearest */
    size_t at[2];                   /* on the axes of the pair */
    double pair[2], logs[2];
    bool beyond;
} erg_kernel_spot;

/* Axes from the values that rows have, count rows of axes coordinates; all cells empty. */
bool erg_kernel_grid_make(erg_kernel_grid *grid, const double *rows, size_t count, int axes,
                          erg_error *err);
/* From axes that are filled in: strides, middles, cells. */
bool erg_kernel_grid_finish(erg_kernel_grid *grid, erg_error *err);
void erg_kernel_grid_free(erg_kernel_grid *grid);
erg_kernel_spot erg_kernel_spot_of(const erg_kernel_grid *grid,
                                   const double coordinates[]);
/* A type was measured at sizes of its own: where none of it lies at the nearest one of the
 * axis before the pair (m of products) goes to the nearest that has some. */
void erg_kernel_spot_settle(const erg_kernel_grid *grid, const double coordinates[],
                            erg_kernel_spot *spot);
/* What the next shapes along both axes of the pair were measured at: never the shape
 * itself. to[ERG_KERNEL_BASE] is the value they suggest. */
enum { ERG_KERNEL_BASE = 8 };
void erg_kernel_near(const erg_kernel_grid *grid, const erg_kernel_spot *spot,
                     float to[ERG_TARGETS][ERG_KERNEL_NEAR]);
int16_t erg_kernel_cell_value(double value);

/* What the neighbours are good for. Products: the start that trees correct. Numbers of
 * heads that were measured lie too far apart for that: in decode they are features, in
 * prefill trees do better without. */
typedef enum erg_near_use {
    ERG_NEAR_START, ERG_NEAR_FEATURE, ERG_NEAR_UNUSED
} erg_near_use;
extern const erg_near_use erg_near_uses[ERG_KERNEL_KINDS];

/* ---- the model ----------------------------------------------------------------------- */

typedef struct erg_kernel_regime {
    int rows;                       /* held-out rows it comes from */
    /* of measured / predicted */
    double low[ERG_KERNEL_QUANTITIES], high[ERG_KERNEL_QUANTITIES];
} erg_kernel_regime;

typedef struct erg_kernel_part {    /* one kind */
    int rows;                       /* learnt from; 0: it has not learnt this kind */
    bool has_power;
    erg_kernel_machine machine;
    erg_kernel_grid grid;
    erg_forest forests[ERG_TARGETS];
    erg_kernel_regime regimes[ERG_KERNEL_REGIMES];
} erg_kernel_part;

struct erg_kernels {
    char hardware[64], source[256], date[32];
    erg_kernel_part parts[ERG_KERNEL_KINDS];
};

size_t erg_kernel_regime_of(erg_kernel_type type, double latency_s);
/* Every feature: of the shape, of the neighbours of each target, of power alone. */
typedef struct erg_kernel_row {
    float features[ERG_TREE_FEATURES];
    size_t counts[ERG_TARGETS];     /* trees of a target ask the first so many */
    size_t near_from, near_to;      /* those of the neighbours */
    float bases[ERG_TARGETS];       /* what they correct */
    bool beyond;                    /* all that was measured */
} erg_kernel_row;

void erg_kernel_row_fill(const erg_kernel_part *part, const erg_kernel_shape *shape,
                         const erg_kernel_roof *roof, erg_kernel_row *to);

#endif

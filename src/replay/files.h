/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The files of the benchmark guide: what was timed and metered, and what came of it. Keys
 * are exactly those that other tools write; what is ours stands under `erg`, and what is
 * neither theirs nor ours is kept under `erg.foreign`.
 *
 *   Units    Inside SI; us, ms and per cent exist only in the files.
 *   Stamps   Read in UTC, or in the zone given; written in UTC with Z, and without a zone
 *            where nobody ever said one.
 *   Source   docs/replay.md, "The files of the benchmark guide".
 */
#ifndef ERG_REPLAY_FILES_H
#define ERG_REPLAY_FILES_H

#include "format/json.h"
#include "format/stamp.h"
#include "replay/replay.h"

enum { ERG_TOP_KERNELS = 20 };
/* A JSON document is held whole, at some ten times its size: a list of 80,000 kernels is a
 * file of this. What lists launches comes by the line, or as a Chrome trace. */
enum { ERG_REPLAY_JSON_MOST = 64 << 20 };
enum { ERG_KEPT_WHOLE, ERG_KEPT_KERNELS }; /* of erg_replay.kept */

/* ---- comparison_report.json --------------------------------------------- */

typedef struct erg_comparison_tier {
    char method[64];
    double kernels, total_s, share; /* share of what is predicted */
} erg_comparison_tier;

typedef struct erg_comparison_row {
    char name[ERG_KERNEL_NAME];
    erg_tier tier;
    double count, single_s, total_s, share;
    json_t *kept;
} erg_comparison_row;

typedef struct erg_comparison {
    double whole_s, predicted_s, error_s, error; /* error: of the whole, a ratio */
    erg_comparison_tier tiers[ERG_TIERS];
    erg_comparison_row rows[ERG_TOP_KERNELS];
    size_t row_count;
    double steps, e_n, low_s, high_s; /* interval of what is predicted */
    json_t *audit;                    /* array of {check, state}; NULL */
    json_t *kept;
} erg_comparison;

/* From the kernels and the whole: sums per step, the largest 20. */
bool erg_comparison_of(erg_replay *replay, erg_error *err);
void erg_comparison_free(erg_comparison *comparison);

/* ---- kernel_energy_report.json ------------------------------------------ */

typedef struct erg_kernel_energy {
    char name[ERG_KERNEL_NAME];
    erg_tier tier;
    double count, runs, duration_s, total_j, execution_j, inference_j, samples;
    char method[16];
    json_t *kept;
} erg_kernel_energy;

typedef struct erg_kernel_energies {
    double runs, total_j, inference_j, duration_s, samples; /* of the whole */
    double unique, measured, estimated, predicted_j, excluded_j, mean_w;
    double processed, skipped; /* of older files; NAN */
    double whole_j, compared_j, error_j, error, ratio;
    erg_kernel_energy *rows;
    size_t row_count, row_capacity;
    json_t *kept;
} erg_kernel_energies;

/* From energies in the kernels and the whole. */
bool erg_kernel_energies_of(erg_replay *replay, erg_error *err);
void erg_kernel_energies_free(erg_kernel_energies *energies);

/* ---- reading and writing ------------------------------------------------ */

typedef struct erg_replay_reading {
    erg_replay *into;
    const char *name;      /* of the file, in sentences */
    erg_stamp_style style; /* zone NULL: stamps without one are local and flagged */
} erg_replay_reading;

typedef struct erg_replay_file {
    const char *name; /* "full_model_timing.json" */
    bool (*read)(const erg_replay_reading *reading, const json_t *root, erg_error *err);
    json_t *(*write)(const erg_replay *from); /* NULL: nothing to say, or no memory */
    bool (*holds)(const erg_replay *from);    /* is there anything to write? */
} erg_replay_file;

extern const erg_replay_file erg_replay_file_whole, erg_replay_file_kernels,
    erg_replay_file_comparison, erg_replay_file_energies, erg_replay_file_report;
/* All of them, ended by NULL. */
extern const erg_replay_file *const erg_replay_files[];

/* The file whose keys these are; NULL: none. */
const erg_replay_file *erg_replay_file_sniff(const json_t *root);
bool erg_replay_file_parse(const erg_replay_reading *reading, const erg_replay_file *file,
                           const char *bytes, size_t size, erg_error *err);
bool erg_replay_file_read(erg_replay *into, const erg_replay_file *file, const char *path,
                          const erg_zone *zone, erg_error *err);
/* Every file that has something to say, into a folder that is there: all or none. */
bool erg_replay_files_write(const erg_replay *replay, const char *folder, erg_error *err);

#endif

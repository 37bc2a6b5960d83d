/* SPDX-License-Identifier: Apache-2.0 */
/* A campaign while it is read: runs known by their name, filled in from logs, from their
 * profile and from what their program said. */
#ifndef ERG_SWEEP_CAMPAIGN_H
#define ERG_SWEEP_CAMPAIGN_H

#include "base/base.h"
#include "erg/campaign.h"

/* What a profile shows. NAN: it does not show it. */
typedef struct erg_campaign_profile {
    size_t rows;
    double period_s;            /* true: from the counter, the stamps or the duration */
    double length_s;            /* first to last row */
    double mean_w, peak_w;      /* peak: the highest mean of one second */
    double energy_j;            /* counter, else trapezoid over stamps */
    double covered;             /* share of rows that hold a watt */
    double temp_c, limit_w, app_clock_hz, seen_clock_hz;
    double fp_active, dram_active;
    double idle_head_s;         /* before the first work */
    int64_t start_ns;           /* UTC; INT64_MIN: no stamps */
    bool has_counter, is_shared;
    int boards;
    char model[64];
} erg_campaign_profile;

typedef struct erg_campaign_run {
    char id[64];                /* "1_01", "baseline_01": as in the logs */
    double clock_hz;            /* asked for; NAN: the name does not say */
    double duration_s;          /* NAN: no log has it */
    bool whole_seconds;
    int exit_code;              /* -1: no log has it */
    char status[16];            /* "success", "failed", "timeout"; "": no log has it */
    char path[ERG_PATH_MOST];   /* of the profile; "": none */
    bool downloads;             /* its program said so */
    bool has_profile;
    erg_campaign_profile profile;
    erg_visit_state state;
} erg_campaign_run;

typedef struct erg_campaign {
    const char *folder;
    char application[96], gpu[48];
    erg_campaign_run *runs;
    size_t count, capacity;
    erg_points *points;         /* notes and rejections go there */
} erg_campaign;

/* The run of that name and clock, made at first sight. NULL: no memory. */
erg_campaign_run *erg_campaign_find(erg_campaign *campaign, const char *id, double clock_hz,
                                    erg_error *err);
/* ".../run_1_01_freq_1410_profile.csv": "1_01" and 1410 MHz. Names of others: all before
 * the first point, and a number that is a clock. */
void erg_campaign_name(const char *path, char *id, size_t size, double *clock_hz);

/* ---- campaign_logs.c ------------------------------------------------------- */

typedef enum erg_campaign_log {
    ERG_LOG_NONE, ERG_LOG_TIMING, ERG_LOG_EXPERIMENT
} erg_campaign_log;

erg_campaign_log erg_campaign_sniff(const char *bytes, size_t size);
bool erg_campaign_read_log(erg_campaign *campaign, erg_campaign_log kind, const char *name,
                           const char *bytes, size_t size, erg_error *err);

/* ---- campaign_profile.c ---------------------------------------------------- */

bool erg_campaign_read_profile(erg_campaign_run *run, const erg_campaign_options *options,
                               erg_error *err);

/* ---- campaign_doubts.c ----------------------------------------------------- */

/* The state of each run, and a note a kind of doubt with the runs it is about. */
bool erg_campaign_judge(erg_campaign *campaign, double stated_period_s, erg_error *err);

#endif

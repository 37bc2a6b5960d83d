/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the knobs of one device were at, kept in state_dir/knobs for as long as they
 * are turned, so that the next process can put them back after a kill.
 *
 * One file and one lock for each device. The lock, not the process id, tells that the
 * process lives; the file is written aside, synced and renamed before anything is
 * turned, and goes only once everything is back.
 */
#ifndef ERG_DEVICE_SAVED_H
#define ERG_DEVICE_SAVED_H

#include "device/driver.h"

typedef struct erg_saved_knob {
    erg_knob knob;
    char *was;                  /* what put_back takes */
} erg_saved_knob;

typedef struct erg_saved {
    int64_t pid;
    char driver[16], device[32], uuid[64];
    char host[64], boot[64], root[ERG_PATH_MOST], nvml[ERG_PATH_MOST];
    erg_saved_knob knobs[ERG_KNOBS];
    size_t count;
} erg_saved;

/* The lock of one device's file, held while its knobs are turned. */
typedef struct erg_saving {
    int lock;                   /* -1: none */
    char path[ERG_PATH_MOST];
} erg_saving;

/* False without a state folder: what cannot be saved is not turned. */
bool erg_saved_folder(const erg_env *env, char to[ERG_PATH_MOST], erg_error *err);
/* Which machine and boot this is, as the files say it. */
void erg_saved_here(const erg_env *env, erg_saved *to);
void erg_saved_path(const char *folder, const erg_saved *of, char to[ERG_PATH_MOST]);

/* ERG_REFUSED if another process holds it for longer than wait_s. */
bool erg_saving_begin(const char *path, double wait_s, erg_saving *out, erg_error *err);
/* is_back: everything is put back, the file goes. */
void erg_saving_end(erg_saving *saving, bool is_back);

/* Puts back what is saved, the last first; goes on after a failure. */
bool erg_saved_put_back(const erg_saved *saved, erg_device *dev, erg_error *err);
/* What dead processes of this machine left turned. A row each of the columns device,
 * knob, was, state, reason; NULL: the failed ones are logged. */
bool erg_saved_recover(const erg_env *env, erg_table *rows, erg_error *err);

bool erg_saved_write(const erg_saving *saving, const erg_saved *saved, erg_error *err);
/* ERG_NOT_FOUND: there is none. ERG_BAD_INPUT: it cannot be read, with the cure. */
bool erg_saved_read(const char *path, erg_saved *out, erg_error *err);
bool erg_saved_parse(const char *text, size_t count, const char *path, erg_saved *out,
                     erg_error *err);
void erg_saved_free(erg_saved *saved);

#endif

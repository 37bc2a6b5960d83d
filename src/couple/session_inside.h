/* SPDX-License-Identifier: Apache-2.0 */
/* What the readers and writers of sessions share. */
#ifndef ERG_COUPLE_SESSION_INSIDE_H
#define ERG_COUPLE_SESSION_INSIDE_H

#include "base/base.h"
#include "base/sha256.h"
#include "erg/session.h"
#include "format/json.h"

struct erg_session {
    char path[ERG_PATH_MOST], name[64];
    char log_path[ERG_PATH_MOST], training_path[ERG_PATH_MOST];     /* "": none */
    char log_hash[ERG_SHA256_TEXT], training_hash[ERG_SHA256_TEXT];
    erg_monitor *monitor;
    erg_training *training;
    erg_session_facts facts;
    int64_t zone_ns;            /* from local stamps of the training log to UTC, guessed */
};

extern const erg_session_facts erg_session_unknown;

/* The object that bytes hold, NaN and all; yours. NULL: they hold none; what are named. */
json_t *erg_session_object(const char *name, const char *bytes, size_t size,
                           const char *what, erg_error *err);
/* Facts of analysis_ID.json, version_ID.json or timestamp_analysis.json, laid over *facts:
 * what the file does not state stays. */
bool erg_session_facts_read(const char *path, erg_session_facts *facts, erg_error *err);
bool erg_session_facts_parse(const char *name, const char *bytes, size_t size,
                             erg_session_facts *facts, erg_error *err);

/* CSV_metadata.json beside a log, where there is one: what no other file stated. One that
 * cannot be read leaves a sentence in sidecar_trouble, no error. */
bool erg_session_sidecar_read(const char *log_path, erg_session_facts *facts,
                              erg_error *err);
bool erg_session_sidecar_parse(const char *name, const char *bytes, size_t size,
                               erg_session_facts *facts, erg_error *err);

#endif

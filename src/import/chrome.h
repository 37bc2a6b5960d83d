/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Chrome traces of any size, event by event: PyTorch's profiler (Kineto), ONNX Runtime, and
 * whoever else writes them. An object with "traceEvents" somewhere, or a bare array; plain
 * or gzip. What is not asked for is passed over.
 *
 *   Memory   Some 12 MB, whatever the file's size; an event of over 1 MB is passed over and
 *            counted.
 *   Time     Stamps in a trace are microseconds, possibly fractional, and may count from
 *            "baseTimeNanoseconds", which can stand behind the events: begin_ns is without
 *            it, and erg_chrome_facts has it in the end.
 *   Owning   Texts of an event are the file's own bytes, still escaped, and good until the
 *            callback returns.
 *   Source   "Trace Event Format", Google; docs/adr/0009-scanner-for-traces.md.
 */
#ifndef ERG_IMPORT_CHROME_H
#define ERG_IMPORT_CHROME_H

#include "base/base.h"

enum { ERG_CHROME_ARGS = 24 };

/* A value as it stands in the file; a string without its quotes. count 0: it is not
 * there. */
typedef struct erg_chrome_text {
    const char *at;
    size_t count;
} erg_chrome_text;

typedef struct erg_chrome_event {
    char phase; /* X i C M; pairs of B and E come as X */
    bool has_time;
    erg_chrome_text name, category, process, thread;
    int64_t begin_ns, duration_ns;
    erg_chrome_text args[ERG_CHROME_ARGS]; /* by place among those asked for */
} erg_chrome_event;

typedef struct erg_chrome_facts {
    bool has_base;
    int64_t base_ns; /* "baseTimeNanoseconds" */
    bool is_torn;    /* ends within an event, or before its brackets close */
    int64_t events;  /* handed over */
    int64_t bad;     /* without a phase or a stamp that can be read */
    int64_t too_long;
    int64_t unpaired; /* B without E, or E without B */
    int64_t bytes;    /* of JSON, unpacked */
} erg_chrome_facts;

typedef struct erg_chrome_asked {
    const char *const *args; /* names within "args", at most ERG_CHROME_ARGS; NULL ends */
    bool (*take)(void *self, const erg_chrome_event *event, erg_error *err);
    void *self;
} erg_chrome_asked;

/* ERG_BAD_INPUT: it is no trace. A torn one gives the events before the tear. "-" is
 * stdin. */
bool erg_chrome_read(const char *path, const erg_chrome_asked *asked,
                     erg_chrome_facts *facts, erg_error *err);
/* The same from memory; gzip is not looked for. */
bool erg_chrome_read_bytes(const char *name, const char *bytes, size_t size,
                           const erg_chrome_asked *asked, erg_chrome_facts *facts,
                           erg_error *err);
/* Does the head of a file look like one? */
bool erg_chrome_sniff(const char *head, size_t size);

/* ---- values ------------------------------------------------------------------------ */

/* Neither word nor part is empty. */
bool erg_chrome_is(const erg_chrome_text *text, const char *word);
bool erg_chrome_has(const erg_chrome_text *text, const char *part);
/* Microseconds as whole nanoseconds, exact to 19 digits; false: no number, or beyond
 * reason. */
bool erg_chrome_ns(const erg_chrome_text *text, int64_t *ns);
/* A whole number, quoted or not; false: it is none. */
bool erg_chrome_whole(const erg_chrome_text *text, int64_t *out);
/* Up to most whole numbers of a flat list; how many; -1: it is no such list. */
int erg_chrome_list(const erg_chrome_text *text, int64_t out[], int most);
/* Unescaped, cut at size - 1 on a code point, terminated. */
void erg_chrome_put(const erg_chrome_text *text, char *to, size_t size);

#endif

/* SPDX-License-Identifier: Apache-2.0 */
/* The inside of reading Chrome traces, for chrome*.c only. */
#ifndef ERG_IMPORT_CHROME_INSIDE_H
#define ERG_IMPORT_CHROME_INSIDE_H

#include "import/chrome.h"
#include "import/chrome_scan.h"

/* ---- chrome_window.c: a part of the file, and where its quotes and brackets are ------ */

enum { ERG_PANE_ROOM = 1 << 20 }; /* an event is no longer than this */

typedef struct erg_chrome_pane {
    const char *name;
    unsigned char *bytes; /* ERG_PANE_ROOM, and a step more */
    uint32_t *tokens;     /* offsets in bytes */
    size_t filled, scanned, token_count;
    erg_scan scan;
    void *file;       /* gzFile; NULL: from memory */
    const char *left; /* in memory: not in the window yet */
    size_t left_count;
    int64_t total;
    bool at_end, was_cut; /* cut: within what gzip holds */
} erg_chrome_pane;

typedef enum erg_pane_more {
    ERG_PANE_MORE,
    ERG_PANE_END,
    ERG_PANE_FULL,
    ERG_PANE_FAILED
} erg_pane_more;

bool erg_pane_open(erg_chrome_pane *window, erg_error *err);
bool erg_pane_open_file(erg_chrome_pane *window, const char *path, erg_error *err);
void erg_pane_close(erg_chrome_pane *window);
/* Drops everything before token *from, which becomes number 0, and reads on. */
erg_pane_more erg_pane_slide(erg_chrome_pane *window, size_t from, erg_error *err);

/* What gzip would unpack first; 0: it is not gzip. */
size_t erg_pane_unpack(const char *head, size_t size, char to[], size_t room);

/* ---- chrome_event.c: objects, token by token ------------------------------- */

typedef enum erg_chrome_step {
    ERG_CHROME_DONE,
    ERG_CHROME_MORE, /* the window must slide first */
    ERG_CHROME_BAD,
    ERG_CHROME_STOP /* the object, or the reading, ends here */
} erg_chrome_step;

enum { ERG_CHROME_SLOTS = 128 };

/* Names of args by hash. */
typedef struct erg_chrome_args {
    erg_chrome_text names[ERG_CHROME_ARGS];
    size_t count;
    uint8_t slots[ERG_CHROME_SLOTS]; /* number of the name + 1; 0: free */
} erg_chrome_args;

void erg_chrome_args_index(erg_chrome_args *args, const char *const names[]);
/* The event that begins with token *token, which moves behind it. Its phase is 0 where it
 * has none, or a stamp that cannot be read; other phases than erg_chrome_event says
 * come. */
erg_chrome_step erg_chrome_take(const erg_chrome_pane *window, size_t *token,
                                const erg_chrome_args *args, erg_chrome_event *event);
/* A member of the object around the events. value->count 0: it is a container, and *token
 * its bracket. */
erg_chrome_step erg_chrome_top(const erg_chrome_pane *window, size_t *token,
                               erg_chrome_text *key, erg_chrome_text *value);

/* ---- chrome_pair.c: B and E become X ------------------------------------------------- */

typedef struct erg_chrome_pairs erg_chrome_pairs;

erg_chrome_pairs *erg_chrome_pairs_new(erg_error *err);
void erg_chrome_pairs_free(erg_chrome_pairs *pairs);
/* False: there is no room for more that are open at once. */
bool erg_chrome_pairs_begin(erg_chrome_pairs *pairs, const erg_chrome_event *event);
/* The event of phase E becomes the one that began last on its thread; false: none did. */
bool erg_chrome_pairs_end(erg_chrome_pairs *pairs, erg_chrome_event *event);
/* How many are still open. */
int64_t erg_chrome_pairs_open(const erg_chrome_pairs *pairs);

#endif

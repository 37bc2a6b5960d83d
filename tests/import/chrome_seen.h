/* SPDX-License-Identifier: Apache-2.0 */
/* What a reader of Chrome traces has seen, as lines of text. */
#ifndef ERG_TESTS_CHROME_SEEN_H
#define ERG_TESTS_CHROME_SEEN_H

#include "test.h"
#include "import/chrome.h"

static const char *const asked_args[] = { "correlation", "External id", "stream", "grid",
                                          "Input Dims", NULL };
enum { CORRELATION, EXTERNAL_ID, STREAM, GRID, DIMS };

/* Events as lines of text: what is compared with the lines that jansson gives. */
typedef struct seen {
    erg_text lines;
    int64_t count, last_begin_ns, last_duration_ns;
} seen;

static inline void put(erg_text *lines, const erg_chrome_text *text)
{
    char word[200];

    erg_chrome_put(text, word, sizeof(word));
    erg_text_add(lines, "|%s", text->count ? word : "");
}

static inline bool take(void *self, const erg_chrome_event *event, erg_error *err)
{
    seen *to = self;

    (void)err;
    to->count++;
    to->last_begin_ns = event->begin_ns;
    to->last_duration_ns = event->duration_ns;
    erg_text_add(&to->lines, "%c|%lld|%lld", event->phase, (long long)event->begin_ns,
                 (long long)event->duration_ns);
    put(&to->lines, &event->name);
    put(&to->lines, &event->category);
    put(&to->lines, &event->thread);
    put(&to->lines, &event->args[STREAM]);
    put(&to->lines, &event->args[EXTERNAL_ID]);
    erg_text_add(&to->lines, "\n");
    return true;
}

static inline bool read_into(seen *to, const char *bytes, size_t size,
                             erg_chrome_facts *facts,
                             erg_error *err)
{
    const erg_chrome_asked asked = { asked_args, take, to };
    return erg_chrome_read_bytes("trace.json", bytes, size, &asked, facts, err);
}

static inline seen read_text(const char *bytes, erg_chrome_facts *facts)
{
    seen to = { 0 };
    erg_error err = { 0 };

    CHECK_OK(read_into(&to, bytes, strlen(bytes), facts, &err), err);
    return to;
}

static inline uint64_t bits(test_random *random)
{
    return (uint64_t)(test_uniform(random) * 0x1p53);
}

#endif

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The events of a Chrome trace, one after the other. Only quotes and brackets are looked at
 * (chrome_scan.h): a value that nobody asks for costs a few steps, however long it is.
 *
 * An event is taken when the window holds all of it. Where it does not yet, the window
 * slides and the event is begun anew: one event in a few hundred is begun twice.
 */
#include <stdlib.h>
#include <string.h>
#include "import/chrome_inside.h"

typedef erg_chrome_step step;
typedef enum place { AT_START, IN_OBJECT, IN_EVENTS, AT_END } place;

typedef struct reader {
    erg_chrome_pane window;
    const erg_chrome_asked *asked;
    erg_chrome_args args;
    erg_chrome_event event;
    erg_chrome_facts *facts;
    erg_chrome_pairs *pairs;
    erg_error *err;
    size_t token; /* the first that is not done with */
    place place;
    int64_t skip; /* brackets to close before going on */
    bool is_bare, has_events;
} reader;

/* ---- events ----------------------------------------------------------------------- */

static step hand_over(reader *r)
{
    r->facts->events++;
    bool good = r->asked->take(r->asked->self, &r->event, r->err);
    return good ? ERG_CHROME_DONE : ERG_CHROME_STOP;
}

static step take_event(reader *r, size_t *token)
{
    step got = erg_chrome_take(&r->window, token, &r->args, &r->event);

    if (got != ERG_CHROME_DONE)
        return got;
    r->token = *token;
    switch (r->event.phase) {
    case '\0':
        r->facts->bad++;
        return ERG_CHROME_DONE;
    case 'B':
        r->facts->unpaired += !erg_chrome_pairs_begin(r->pairs, &r->event);
        return ERG_CHROME_DONE;
    case 'E':
        if (erg_chrome_pairs_end(r->pairs, &r->event))
            return hand_over(r);
        r->facts->unpaired++;
        return ERG_CHROME_DONE;
    case 'I':
        r->event.phase = 'i';
        return hand_over(r);
    case 'X': case 'i': case 'C': case 'M':
        return hand_over(r);
    default:
        return ERG_CHROME_DONE;
    }
}

/* ---- the whole --------------------------------------------------------------------- */

/* Until the brackets that are open are closed. */
static step skip(reader *r)
{
    const erg_chrome_pane *w = &r->window;

    while (r->skip > 0) {
        if (r->token >= w->token_count)
            return ERG_CHROME_MORE;
        unsigned char c = w->bytes[w->tokens[r->token]];
        r->token++;
        r->skip += c == '{' || c == '[' ? 1 : c == '"' ? 0 : -1;
    }
    return ERG_CHROME_DONE;
}

static step start(reader *r)
{
    const erg_chrome_pane *w = &r->window;

    if (r->token >= w->token_count)
        return ERG_CHROME_MORE;
    unsigned char c = w->bytes[w->tokens[r->token++]];
    r->is_bare = r->has_events = c == '[';
    r->place = c == '[' ? IN_EVENTS : IN_OBJECT;
    return c == '[' || c == '{' ? ERG_CHROME_DONE : ERG_CHROME_BAD;
}

static step in_object(reader *r)
{
    size_t token = r->token;
    erg_chrome_text key, value;
    step got = erg_chrome_top(&r->window, &token, &key, &value);

    if (got == ERG_CHROME_STOP)
        return r->place = AT_END, ERG_CHROME_DONE;
    if (got != ERG_CHROME_DONE)
        return got;
    if (token < r->window.token_count && value.at == NULL) {
        bool is_list = r->window.bytes[r->window.tokens[token]] == '[';
        bool ours = is_list && erg_chrome_is(&key, "traceEvents");
        r->place = ours ? IN_EVENTS : IN_OBJECT;
        r->has_events = r->has_events || ours;
        r->skip = !ours;
        token++;
    } else if (erg_chrome_is(&key, "baseTimeNanoseconds")) {
        r->facts->has_base = erg_chrome_whole(&value, &r->facts->base_ns);
    }
    r->token = token;
    return ERG_CHROME_DONE;
}

static step in_events(reader *r)
{
    const erg_chrome_pane *w = &r->window;
    size_t token = r->token;

    if (token >= w->token_count)
        return ERG_CHROME_MORE;
    unsigned char c = w->bytes[w->tokens[token]];
    if (c == '{') {
        step got = take_event(r, &token);
        if (got != ERG_CHROME_BAD)
            return got;
        r->facts->bad++;
    }
    r->token++;
    if (c == ']')
        r->place = r->is_bare ? AT_END : IN_OBJECT;
    else if (c == '}')
        return ERG_CHROME_BAD;
    else if (c != '"')
        r->skip = 1;
    return ERG_CHROME_DONE;
}

static step go_on(reader *r)
{
    static step (*const at[])(reader * r) = {
        [AT_START] = start,
        [IN_OBJECT] = in_object,
        [IN_EVENTS] = in_events,
    };
    return r->skip > 0 ? skip(r) : at[r->place](r);
}

/* An event that the window cannot hold is passed over, bracket by bracket. */
static bool pass_long(reader *r)
{
    if (r->place != IN_EVENTS || r->skip > 0)
        return erg_fail(r->err, ERG_BAD_INPUT,
                        "%s: a text before the events is longer than "
                        "1 MB: is this a trace?",
                        r->window.name);
    r->facts->too_long++;
    r->token++;
    r->skip = 1;
    return true;
}

/* False: a failure. */
static bool slide(reader *r)
{
    erg_pane_more more = erg_pane_slide(&r->window, r->token, r->err);

    if (more != ERG_PANE_END)
        r->token = 0;
    if (more == ERG_PANE_FULL)
        return pass_long(r);
    if (more == ERG_PANE_END) {
        /* "the ']' at the end is optional", says the format of bare lists. */
        bool whole = r->place == IN_EVENTS && r->is_bare && r->skip == 0
                     && r->token >= r->window.token_count;
        r->facts->is_torn = !whole || r->window.was_cut;
        r->place = AT_END;
    }
    return more != ERG_PANE_FAILED;
}

static bool read_all(reader *r)
{
    bool good = true;

    while (good && r->place != AT_END) {
        step got = go_on(r);
        if (got == ERG_CHROME_MORE)
            good = slide(r);
        else if (got == ERG_CHROME_BAD)
            good = erg_fail(r->err, ERG_BAD_INPUT,
                            "%s is no Chrome trace: it is not JSON as "
                            "profilers write it",
                            r->window.name);
        else if (got == ERG_CHROME_STOP)
            return false;
    }
    return good
           && (r->has_events
               || erg_fail(
                   r->err, ERG_BAD_INPUT, "%s holds no \"traceEvents\"%s", r->window.name,
                   r->facts->is_torn ? ": it is cut before them" : ": is it a trace?"));
}

static bool read_window(reader *r)
{
    *r->facts = (erg_chrome_facts){ 0 };
    erg_chrome_args_index(&r->args, r->asked->args);
    r->pairs = erg_chrome_pairs_new(r->err);
    bool good = r->pairs && read_all(r);

    if (r->pairs)
        r->facts->unpaired += erg_chrome_pairs_open(r->pairs);
    r->facts->bytes = r->window.total;
    erg_chrome_pairs_free(r->pairs);
    return good;
}

bool erg_chrome_read(const char *path, const erg_chrome_asked *asked,
                     erg_chrome_facts *facts, erg_error *err)
{
    reader r = { .window = { .name = path }, .asked = asked, .facts = facts, .err = err };
    bool good = erg_pane_open_file(&r.window, path, err) && read_window(&r);

    erg_pane_close(&r.window);
    return good;
}

bool erg_chrome_read_bytes(const char *name, const char *bytes, size_t size,
                           const erg_chrome_asked *asked, erg_chrome_facts *facts,
                           erg_error *err)
{
    reader r = { .window = { .name = name, .left = bytes, .left_count = size },
                 .asked = asked,
                 .facts = facts,
                 .err = err };
    bool good = erg_pane_open(&r.window, err) && read_window(&r);

    erg_pane_close(&r.window);
    return good;
}

static bool is_space(unsigned char c)
{
    return c == ' ' || c == '\n' || c == '\r' || c == '\t';
}

static bool has(const char *head, size_t size, const char *word)
{
    return memmem(head, size, word, strlen(word)) != NULL;
}

static bool looks_like(const char *head, size_t size)
{
    while (head && size && is_space((unsigned char)*head))
        head++, size--;
    if (!head || size == 0)
        return false;
    return *head == '{' ? has(head, size, "\"traceEvents\"")
         : *head == '[' && has(head, size, "\"ph\"") && has(head, size, "\"ts\"");
}

bool erg_chrome_sniff(const char *head, size_t size)
{
    enum { ENOUGH = 1 << 16 };
    char unpacked[ENOUGH];
    size_t count = erg_pane_unpack(head, size < ENOUGH ? size : ENOUGH, unpacked, ENOUGH);

    return count ? looks_like(unpacked, count) : looks_like(head, size);
}

/* SPDX-License-Identifier: Apache-2.0 */
/* One event of a Chrome trace: its members, from token to token. */
#include <string.h>
#include "import/chrome_inside.h"

typedef erg_chrome_step step;

/* One "key": value. A container's value is not passed: *token is its bracket. That of a
 * number, true, false or null reaches to the next token:
 * its end is looked for when it is asked for. */
typedef struct member {
    erg_chrome_text key, value;
    unsigned char kind;     /* the value's first byte */
} member;

static bool is_space(unsigned char c)
{
    return c == ' ' || c == '\n' || c == '\r' || c == '\t';
}

/* ---- members ----------------------------------------------------------------------- */

static erg_chrome_text settled(const member *one)
{
    erg_chrome_text text = one->value;
    size_t at = 0;

    if (one->kind == '"' || one->kind == '[' || one->kind == '{')
        return text;
    while (at < text.count && text.at[at] != ',' && !is_space((unsigned char)text.at[at]))
        at++;
    text.count = at;
    return text;
}

static erg_chrome_text between(const erg_chrome_pane *w, size_t begin, size_t end)
{
    return (erg_chrome_text){ (const char *)w->bytes + begin, end - begin };
}

static step take_string(const erg_chrome_pane *w, size_t *token, erg_chrome_text *out)
{
    if (*token + 1 >= w->token_count)
        return ERG_CHROME_MORE;
    *out = between(w, w->tokens[*token] + 1, w->tokens[*token + 1]);
    *token += 2;
    return ERG_CHROME_DONE;
}

/* Behind the key, where next is the token that follows it. */
static step take_value(const erg_chrome_pane *w, size_t *token, size_t at, member *out)
{
    const unsigned char *bytes = w->bytes;
    size_t next = w->tokens[*token];

    while (is_space(bytes[at]))
        at++;
    if (bytes[at] != ':')
        return ERG_CHROME_BAD;
    for (at++; is_space(bytes[at]);)
        at++;
    out->kind = bytes[at];
    if (at < next) {
        out->value = between(w, at, next);
        return bytes[at] != ',' ? ERG_CHROME_DONE : ERG_CHROME_BAD;
    }
    if (bytes[at] == '"')
        return take_string(w, token, &out->value);
    return bytes[at] == '{' || bytes[at] == '[' ? ERG_CHROME_DONE : ERG_CHROME_BAD;
}

/* ERG_CHROME_STOP: the object ends here. */
static step next_member(const erg_chrome_pane *w, size_t *token, member *out)
{
    if (*token >= w->token_count)
        return ERG_CHROME_MORE;
    size_t open = w->tokens[*token];
    if (w->bytes[open] == '}')
        return ++*token, ERG_CHROME_STOP;
    if (w->bytes[open] != '"')
        return ERG_CHROME_BAD;
    if (*token + 2 >= w->token_count)
        return ERG_CHROME_MORE;
    size_t close = w->tokens[*token + 1];
    out->key = between(w, open + 1, close);
    *token += 2;
    return take_value(w, token, close + 1, out);
}

/* From its opening bracket to behind its closing one; out: its text. */
static step pass_container(const erg_chrome_pane *w, size_t *token, erg_chrome_text *out)
{
    size_t begin = w->tokens[*token], depth = 0;

    for (size_t at = *token; at < w->token_count; at++) {
        unsigned char c = w->bytes[w->tokens[at]];
        depth += c == '{' || c == '[';
        if ((c == '}' || c == ']') && --depth == 0) {
            *out = between(w, begin, w->tokens[at] + 1);
            *token = at + 1;
            return ERG_CHROME_DONE;
        }
    }
    return ERG_CHROME_MORE;
}

static step pass_value(const erg_chrome_pane *w, size_t *token, member *one)
{
    bool is_container = one->kind == '{' || one->kind == '[';
    return is_container ? pass_container(w, token, &one->value) : ERG_CHROME_DONE;
}

/* ---- args -------------------------------------------------------------------------- */

static size_t slot_of(const char *name, size_t count)
{
    size_t mixed = count * 31;

    if (count)
        mixed += (unsigned char)name[0] * 7u + (unsigned char)name[count - 1] * 3u;
    return mixed % ERG_CHROME_SLOTS;
}

void erg_chrome_args_index(erg_chrome_args *args, const char *const names[])
{
    for (size_t i = 0; i < ERG_CHROME_ARGS && names[i]; i++) {
        args->names[i] = (erg_chrome_text){ names[i], strlen(names[i]) };
        size_t at = slot_of(names[i], args->names[i].count);
        while (args->slots[at])
            at = (at + 1) % ERG_CHROME_SLOTS;
        args->slots[at] = (uint8_t)(i + 1);
        args->count = i + 1;
    }
}

static bool is_same(const erg_chrome_text *a, const erg_chrome_text *b)
{
    return a->count == b->count && (a->count == 0 || memcmp(a->at, b->at, a->count) == 0);
}

static int arg_of(const erg_chrome_args *args, const erg_chrome_text *key)
{
    for (size_t at = slot_of(key->at, key->count); args->slots[at];
         at = (at + 1) % ERG_CHROME_SLOTS)
        if (is_same(&args->names[args->slots[at] - 1], key))
            return args->slots[at] - 1;
    return -1;
}

static step take_args(const erg_chrome_pane *w, size_t *token, const erg_chrome_args *args,
                      erg_chrome_event *event)
{
    member one;
    step got;

    ++*token;
    while ((got = next_member(w, token, &one)) == ERG_CHROME_DONE) {
        if ((got = pass_value(w, token, &one)) != ERG_CHROME_DONE)
            return got;
        int arg = arg_of(args, &one.key);
        if (arg >= 0)
            event->args[arg] = settled(&one);
    }
    return got == ERG_CHROME_STOP ? ERG_CHROME_DONE : got;
}

/* ---- events ------------------------------------------------------------------------ */

typedef struct fields {
    erg_chrome_event *event;
    erg_chrome_text begin, duration, phase;
} fields;

static bool is_key(const char *key, const char *word, size_t count)
{
    return memcmp(key, word, count) == 0;
}

/* Where a member's value goes; NULL: it is nobody's. */
static erg_chrome_text *field_of(fields *to, const erg_chrome_text *key)
{
    switch (key->count) {
    case 2:
        return is_key(key->at, "ts", 2) ? &to->begin
             : is_key(key->at, "ph", 2) ? &to->phase : NULL;
    case 3:
        return is_key(key->at, "cat", 3) ? &to->event->category
             : is_key(key->at, "pid", 3) ? &to->event->process
             : is_key(key->at, "tid", 3) ? &to->event->thread
             : is_key(key->at, "dur", 3) ? &to->duration : NULL;
    case 4:
        return is_key(key->at, "name", 4) ? &to->event->name : NULL;
    default:
        return NULL;
    }
}

static bool read_stamps(erg_chrome_event *event, const fields *from)
{
    event->has_time = from->begin.count > 0;
    if (!event->has_time)
        return event->phase == 'M';
    if (!erg_chrome_ns(&from->begin, &event->begin_ns))
        return false;
    return event->phase != 'X' || from->duration.count == 0
        || (erg_chrome_ns(&from->duration, &event->duration_ns) && event->duration_ns >= 0);
}

static step take_members(const erg_chrome_pane *w, size_t *token,
                         const erg_chrome_args *args, fields *to)
{
    member one;
    step got;

    while ((got = next_member(w, token, &one)) == ERG_CHROME_DONE) {
        bool is_args = one.kind == '{' && one.key.count == 4
            && is_key(one.key.at, "args", 4);
        got = is_args ? take_args(w, token, args, to->event) : pass_value(w, token, &one);
        if (got != ERG_CHROME_DONE)
            return got;
        erg_chrome_text *field = is_args ? NULL : field_of(to, &one.key);
        if (field)
            *field = settled(&one);
    }
    return got == ERG_CHROME_STOP ? ERG_CHROME_DONE : got;
}

step erg_chrome_take(const erg_chrome_pane *w, size_t *token, const erg_chrome_args *args,
                     erg_chrome_event *event)
{
    fields from = { .event = event };

    event->phase = '\0';
    event->name = event->category = event->process = event->thread = (erg_chrome_text){ 0 };
    event->begin_ns = event->duration_ns = 0;
    memset(event->args, 0, args->count * sizeof(event->args[0]));
    ++*token;
    step got = take_members(w, token, args, &from);
    if (got != ERG_CHROME_DONE)
        return got;
    event->phase = from.phase.count == 1 ? from.phase.at[0] : '\0';
    /* Flows, asynchronous events and objects are nobody's: their stamps are not read. */
    bool is_ours = event->phase && strchr("XBEiICM", event->phase);
    if (is_ours && !read_stamps(event, &from))
        event->phase = '\0';
    return ERG_CHROME_DONE;
}

/* ---- the object around the events ---------------------------------------------------- */

step erg_chrome_top(const erg_chrome_pane *w, size_t *token, erg_chrome_text *key,
                    erg_chrome_text *value)
{
    member one = { 0 };
    step got = next_member(w, token, &one);

    *key = one.key;
    *value = one.kind == '{' || one.kind == '[' ? (erg_chrome_text){ 0 } : settled(&one);
    return got;
}

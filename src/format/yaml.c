/* SPDX-License-Identifier: Apache-2.0 */
#include <libfyaml.h>
#include <string.h>
#include "format/yaml.h"

typedef struct builder {
    erg_arena *arena;
    const char *name;
    erg_yaml *open[ERG_YAML_DEEPEST];       /* lists and maps around the next node */
    erg_yaml *last[ERG_YAML_DEEPEST];       /* their newest child */
    const char *key[ERG_YAML_DEEPEST];      /* of a map: read, its value comes next */
    size_t depth, nodes, documents;
    erg_yaml *root;
    erg_error *err;
} builder;

static bool refuse(const builder *to, int line, const char *what)
{
    return erg_fail(to->err, ERG_BAD_INPUT, "%s:%d: %s", to->name, line, what);
}

static char *copy_token(const builder *to, struct fy_token *token, int line)
{
    size_t count = 0;
    const char *text = token ? fy_token_get_text(token, &count) : "";
    char *copy;

    if (text && count && memchr(text, 0, count)) {
        refuse(to, line, "a NUL byte");
        return NULL;
    }
    copy = erg_arena_take(to->arena, count + 1, to->err);
    if (copy && text)
        memcpy(copy, text, count);
    return copy;
}

static bool check_key(const builder *to, const char *key, int line)
{
    for (const erg_yaml *child = to->open[to->depth - 1]->first; child; child = child->next)
        if (strcmp(child->key, key) == 0)
            return erg_fail(to->err, ERG_BAD_INPUT, "%s:%d: '%s' is there twice",
                            to->name, line, key);
    return true;
}

/* Hangs a new node under what is open. NULL: refused. */
static erg_yaml *hang(builder *to, erg_yaml_kind kind, int line)
{
    erg_yaml *node = to->nodes++ < ERG_YAML_NODES_MOST
                   ? erg_arena_take(to->arena, sizeof(*node), to->err) : NULL;
    size_t top = to->depth - 1;

    if (!node) {
        if (to->nodes > ERG_YAML_NODES_MOST)
            refuse(to, line, "the file is too large");
        return NULL;
    }
    *node = (erg_yaml){ .kind = kind, .line = line };
    if (to->depth == 0)
        return to->root = node;
    if (to->open[top]->kind == ERG_YAML_MAP && !to->key[top]) {
        refuse(to, line, "a key must be plain text");
        return NULL;
    }
    node->key = to->key[top];
    to->key[top] = NULL;
    if (to->last[top])
        to->last[top]->next = node;
    else
        to->open[top]->first = node;
    to->last[top] = node;
    to->open[top]->count++;
    return node;
}

static bool add_scalar(builder *to, struct fy_event *event, int line)
{
    char *text = copy_token(to, event->scalar.value, line);
    erg_yaml *node;

    if (!text)
        return false;
    if (to->depth && to->open[to->depth - 1]->kind == ERG_YAML_MAP
        && !to->key[to->depth - 1]) {
        to->key[to->depth - 1] = text;
        return check_key(to, text, line);
    }
    node = hang(to, ERG_YAML_SCALAR, line);
    if (node)
        node->text = text;
    return node != NULL;
}

static bool open_node(builder *to, erg_yaml_kind kind, int line)
{
    if (to->depth == ERG_YAML_DEEPEST)
        return refuse(to, line, "too deeply nested");
    erg_yaml *node = hang(to, kind, line);
    if (!node)
        return false;
    to->open[to->depth] = node;
    to->last[to->depth] = NULL;
    to->key[to->depth++] = NULL;
    return true;
}

static bool take_event(builder *to, struct fy_event *event)
{
    const struct fy_mark *mark = fy_event_start_mark(event);
    int line = mark ? mark->line + 1 : 1;

    if (fy_event_get_anchor_token(event) || fy_event_get_tag_token(event)
        || event->type == FYET_ALIAS)
        return refuse(to, line, "anchors, aliases and tags are not read");
    switch (event->type) {
    case FYET_DOCUMENT_START:
        return to->documents++ == 0 || refuse(to, line, "a second document");
    case FYET_MAPPING_START:
        return open_node(to, ERG_YAML_MAP, line);
    case FYET_SEQUENCE_START:
        return open_node(to, ERG_YAML_LIST, line);
    case FYET_MAPPING_END: case FYET_SEQUENCE_END:
        to->depth--;
        return true;
    case FYET_SCALAR:
        return add_scalar(to, event, line);
    case FYET_NONE: case FYET_STREAM_START: case FYET_STREAM_END: case FYET_DOCUMENT_END:
    case FYET_ALIAS:
        break;
    }
    return true;
}

/* libfyaml's own sentence, with its line. */
static bool refuse_syntax(const builder *to, struct fy_diag *diag)
{
    void *at = NULL;
    const struct fy_diag_error *first = fy_diag_errors_iterate(diag, &at);

    if (first && first->msg)
        return erg_fail(to->err, ERG_BAD_INPUT, "%s:%d: %.200s", to->name, first->line,
                        first->msg);
    return erg_fail(to->err, ERG_BAD_INPUT, "%s: not YAML", to->name);
}

static bool build(builder *to, struct fy_parser *parser, struct fy_diag *diag)
{
    bool ok = true, is_over = false;

    while (ok && !is_over) {
        struct fy_event *event = fy_parser_parse(parser);
        is_over = !event || event->type == FYET_STREAM_END;
        ok = !event || take_event(to, event);
        fy_parser_event_free(parser, event);
    }
    if (ok && fy_parser_get_stream_error(parser))
        return refuse_syntax(to, diag);
    return ok && (to->root || erg_fail(to->err, ERG_BAD_INPUT, "%s: empty", to->name));
}

/* It must say nothing on stderr: the errors are collected. */
static void swallow(struct fy_diag *diag, void *user, const char *bytes, size_t count)
{
    (void)diag, (void)user, (void)bytes, (void)count;
}

/* The scanner of libfyaml 0.7 never ends on some directives and on bytes that are no text:
 * what a file of settings has no need of is not handed to it. */
static bool is_text(const builder *to, const char *bytes, size_t size)
{
    size_t valid = erg_utf8_valid(bytes, size);
    int line = 1;

    for (size_t i = 0; i < valid; i++) {
        /* After any byte above 127 too: some of these end a line, or begin the file. */
        bool begins = i == 0 || bytes[i - 1] == '\n' || bytes[i - 1] == '\r'
            || (unsigned char)bytes[i - 1] >= 0x80;
        if (begins && bytes[i] == '%')
            return refuse(to, line, "YAML directives are not read");
        if ((unsigned char)bytes[i] < ' ' && bytes[i] != '\t' && bytes[i] != '\n'
            && bytes[i] != '\r')
            return refuse(to, line, "a byte that is no text");
        line += bytes[i] == '\n';
    }
    return valid == size || refuse(to, line, "not UTF-8");
}

const erg_yaml *erg_yaml_parse(erg_arena *arena, const char *name, const char *bytes,
                               size_t size, erg_error *err)
{
    builder to = { .arena = arena, .name = name, .err = err };
    struct fy_diag_cfg how;
    bool ok = false;

    if (size == 0) {
        erg_fail(err, ERG_BAD_INPUT, "%s: empty", name);
        return NULL;
    }
    if (!is_text(&to, bytes, size))
        return NULL;
    fy_diag_cfg_default(&how);
    how.fp = NULL;
    how.output_fn = swallow;
    struct fy_diag *diag = fy_diag_create(&how);
    struct fy_parse_cfg config = { .flags = FYPCF_QUIET, .diag = diag };
    struct fy_parser *parser = diag ? fy_parser_create(&config) : NULL;
    if (parser) {
        fy_diag_set_collect_errors(diag, true);
        ok = fy_parser_set_string(parser, bytes, size) == 0 && build(&to, parser, diag);
    } else
        erg_fail(err, ERG_NO_MEMORY, "out of memory for %s", name);
    fy_parser_destroy(parser);
    fy_diag_destroy(diag);
    return ok ? to.root : NULL;
}

/* SPDX-License-Identifier: Apache-2.0 */
/* The ground: what every room may use. */
#ifndef ERG_BASE_BASE_H
#define ERG_BASE_BASE_H

#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include "erg/env.h"
#include "erg/error.h"
#include "erg/quantity.h"

#define ERG_COUNT(table) (sizeof(table) / sizeof((table)[0]))

/* clang's analyzer sees one file at a time: it must be told what error.c returns. */
#ifdef __clang_analyzer__
#define erg_fail(...) ((void)erg_fail(__VA_ARGS__), false)
#endif

enum { ERG_PATH_MOST = 512 };

#define ERG_NS_PER_S 1000000000LL
#define ERG_NS_PER_MS 1000000LL
#define ERG_NS_PER_US 1000LL

static inline double erg_s_from_ns(int64_t ns) { return (double)ns * 1e-9; }
/* To the nearest; held within 73 years, so that no sum of a stamp and a span overflows. NAN
 * is 0. */
static inline int64_t erg_ns_from_s(double s)
{
    const double most_ns = 0x1p61, ns = s * 1e9 + (s < 0 ? -0.5 : 0.5);
    return ns >= most_ns ? (int64_t)most_ns : ns <= -most_ns ? -(int64_t)most_ns
         : ns == ns ? (int64_t)ns : 0;
}

/* ---- text: a growing buffer, and parsing of what people type ------------ */

typedef struct erg_text { char *data; size_t count, capacity; bool failed; } erg_text;

void erg_text_add(erg_text *text, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
void erg_text_add_bytes(erg_text *text, const char *bytes, size_t count);
/* Takes the string out (NULL if memory ran out on the way); the buffer is empty. */
char *erg_text_take(erg_text *text);
void erg_text_free(erg_text *text);
char *erg_text_copy(const char *text);

/* One code point from *text, which moves on; 0xfffd (and one byte) where it is none. */
uint32_t erg_code_point(const char **text, const char *end);
/* The offset of the first byte that is not UTF-8, or count. */
size_t erg_utf8_valid(const char *bytes, size_t count);

/* Copies with truncation on a UTF-8 boundary; terminated wherever there is room. */
void erg_text_put(char *to, size_t size, const char *from);
bool erg_text_ends(const char *text, const char *end);

/* A finite C-locale number spanning all of text[0..count). */
bool erg_number_parse(const char *text, size_t count, char decimal, double *out);

/* ---- file --------------------------------------------------------------- */

/* env->root + path into to (ERG_PATH_MOST bytes). */
bool erg_path_join(const erg_env *env, const char *path, char *to, erg_error *err);
/* What is behind the last slash; all of it where there is none. */
const char *erg_path_base(const char *path);
bool erg_is_folder(const char *path);
/* Whole file, NUL-terminated, at most limit bytes; free() it. "-" is stdin. */
char *erg_file_read(const char *path, size_t limit, size_t *count, erg_error *err);
/* False, and err is why: the machine failed, and not the data. Whoever goes on without an
 * answer asks first. */
static inline bool erg_can_do_without(const erg_error *why, erg_error *err)
{
    return (why->code != ERG_NO_MEMORY && why->code != ERG_IO)
        || erg_fail(err, why->code, "%s", why->text);
}
/* With the folders above it, for this user alone; one that is there is fine. */
bool erg_folder_make(const char *folder, erg_error *err);
/* Writes aside and renames; begin gives the stream, end commits or discards. What is killed
 * on the way leaves nothing, where the filesystem has files without a name. "-" is stdout;
 * a pipe or a device is written as it is. */
typedef struct erg_aside {
    FILE *stream;
    bool is_nameless;       /* it has no name yet */
    char path[ERG_PATH_MOST], temporary[ERG_PATH_MOST + 32];
} erg_aside;
bool erg_aside_begin(erg_aside *aside, const char *path, erg_error *err);
bool erg_aside_end(erg_aside *aside, bool keep, erg_error *err);
/* Whether a file may be renamed over what bears that name: over a folder it cannot, and a
 * pipe or a device it would replace. What is not there may be. */
bool erg_may_be_replaced(const char *path, erg_error *err);
/* What bears a name while it is written; drop removes what processes that are no more have
 * left of that. */
#define ERG_ASIDE_MARK ".erg-part-"
void erg_drop_abandoned(const char *path);
/* First line of a small file (a /sys attribute) without its newline. */
bool erg_file_line(const char *path, char *to, size_t size, erg_error *err);

/* ---- clock, log --------------------------------------------------------- */

int64_t erg_env_now_ns(const erg_env *env);
int64_t erg_env_boot_ns(const erg_env *env);
int64_t erg_env_utc_ns(const erg_env *env);
void erg_env_sleep_until_ns(const erg_env *env, int64_t at_ns);
void erg_env_log(const erg_env *env, erg_level level, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
/* "2026-02-06T18:32:23.532000Z"; digits: decimals of the second, 0 to 9. */
void erg_utc_format(int64_t utc_ns, int digits, char *to, size_t size);

/* ---- arena: things built once and dropped together ---------------------- */

typedef struct erg_arena erg_arena;
erg_arena *erg_arena_new(erg_error *err);
void erg_arena_free(erg_arena *arena);
/* Zeroed, aligned for anything; NULL and err when memory ran out. */
void *erg_arena_take(erg_arena *arena, size_t bytes, erg_error *err);
/* The same, not zeroed: for what is written at once. */
void *erg_arena_room(erg_arena *arena, size_t bytes, erg_error *err);
/* What is taken next, so many bytes of it, lies in one piece, got at once. */
bool erg_arena_reserve(erg_arena *arena, size_t bytes, erg_error *err);
char *erg_arena_text(erg_arena *arena, const char *text, erg_error *err);

/* Grows *items (elements of size bytes) so that one more fits; false: no memory. */
bool erg_grow(void **items, size_t *capacity, size_t count, size_t size, erg_error *err);

#endif

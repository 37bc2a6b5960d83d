/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Why a call failed: a code for programs, one sentence for people.
 *
 *   Failing  A function that can fail takes erg_error *err (or NULL) last and
 *            returns false or NULL. "Unsupported" is never success.
 *   Owning   An erg_error is a plain value: copy it, put it on the stack. It is filled only
 *            on failure: begin it with { 0 }.
 *   Threads  Nothing is shared: what a call filled belongs to its caller.
 */
#ifndef ERG_ERROR_H
#define ERG_ERROR_H

#include <stdbool.h>

#pragma GCC visibility push(default)
#ifdef __cplusplus
extern "C" {
#endif

typedef enum erg_code {
    ERG_OK,
    ERG_NOT_FOUND,      /* no such file, device, channel, region */
    ERG_NO_ACCESS,      /* it is there, but not for us: the text names the cure */
    ERG_UNSUPPORTED,    /* this hardware or system cannot do it */
    ERG_BAD_INPUT,      /* a file or an option is wrong: the text says where */
    ERG_NO_DATA,        /* nothing was measured there */
    ERG_REFUSED,        /* a figure would be wrong: the text says why */
    ERG_NO_MEMORY,
    ERG_IO
} erg_code;

typedef struct erg_error {
    erg_code code;
    char text[480];     /* what, where, what to do: one sentence, no newline */
} erg_error;

/* Fills *err (if any) from a printf format; always returns false. */
bool erg_fail(erg_error *err, erg_code code, const char *format, ...)
#ifdef __GNUC__
    __attribute__((format(printf, 3, 4)))
#endif
    ;

#ifdef __cplusplus
}
#endif
#pragma GCC visibility pop
#endif

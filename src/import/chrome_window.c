/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A window that slides over a file. It is filled in steps that the processor's second cache
 * holds: the bytes are scanned and parsed while they are still there.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <zlib.h>
#include "import/chrome_inside.h"

enum { CHUNK = 1 << 17, UNPACK_BYTES = 1 << 15 };

bool erg_pane_open(erg_chrome_pane *window, erg_error *err)
{
    window->bytes = malloc(ERG_PANE_ROOM + ERG_SCAN_STEP);
    window->tokens = malloc((ERG_PANE_ROOM + ERG_SCAN_STEP) * sizeof(*window->tokens));
    if (window->bytes && window->tokens)
        return true;
    return erg_fail(err, ERG_NO_MEMORY, "out of memory while reading %s", window->name);
}

bool erg_pane_open_file(erg_chrome_pane *window, const char *path, erg_error *err)
{
    int input = strcmp(path, "-") == 0 ? dup(STDIN_FILENO) : -1;

    errno = 0;
    window->file = input >= 0 ? gzdopen(input, "rb") : gzopen(path, "rbe");
    if (!window->file) {
        if (input >= 0)
            close(input);
        return erg_fail(err,
                        errno == ENOENT   ? ERG_NOT_FOUND
                        : errno == EACCES ? ERG_NO_ACCESS
                                          : ERG_IO,
                        "cannot open %s: %s", path, strerror(errno ? errno : ENOMEM));
    }
    gzbuffer(window->file, UNPACK_BYTES);
    return erg_pane_open(window, err);
}

void erg_pane_close(erg_chrome_pane *window)
{
    if (window->file)
        gzclose_r(window->file);
    free(window->bytes);
    free(window->tokens);
}

static bool fail_read(const erg_chrome_pane *window, erg_error *err)
{
    int number = errno;
    return erg_fail(err, ERG_IO, "cannot read %s: %s", window->name,
                    number ? strerror(number) : "its gzip data is damaged");
}

/* Up to room bytes behind what is filled; -1: a failure. */
static int64_t fill(erg_chrome_pane *window, size_t room, erg_error *err)
{
    int code = Z_OK;

    if (!window->file) {
        size_t some = window->left_count < room ? window->left_count : room;
        if (some)
            memcpy(window->bytes + window->filled, window->left, some);
        window->left += some;
        window->left_count -= some;
        return (int64_t)some;
    }
    errno = 0;
    int count = gzread(window->file, window->bytes + window->filled, (unsigned)room);
    gzerror(window->file, &code);
    if (count < 0 && code != Z_DATA_ERROR && code != Z_BUF_ERROR)
        return fail_read(window, err), -1;
    window->was_cut = window->was_cut || code == Z_DATA_ERROR || code == Z_BUF_ERROR;
    return count < 0 ? 0 : count;
}

static void scan(erg_chrome_pane *window)
{
    size_t whole = (window->filled - window->scanned) / ERG_SCAN_STEP * ERG_SCAN_STEP;

    if (window->at_end && window->scanned + whole < window->filled) {
        memset(window->bytes + window->filled, ' ', ERG_SCAN_STEP);
        whole += ERG_SCAN_STEP;
    }
    window->token_count +=
        erg_scan_tokens(&window->scan, window->bytes, window->scanned,
                        window->scanned + whole, window->tokens + window->token_count);
    window->scanned += whole;
}

/* What lies behind the last scanned step stays in any case. */
static void drop_before(erg_chrome_pane *window, size_t from)
{
    size_t left = window->token_count - from;
    size_t drop = left ? window->tokens[from] : window->scanned;

    if (drop == 0)
        return;
    memmove(window->bytes, window->bytes + drop, window->filled - drop);
    for (size_t i = 0; i < left; i++)
        window->tokens[i] = window->tokens[from + i] - (uint32_t)drop;
    window->token_count = left;
    window->filled -= drop;
    window->scanned -= drop;
}

erg_pane_more erg_pane_slide(erg_chrome_pane *window, size_t from, erg_error *err)
{
    if (window->at_end)
        return ERG_PANE_END;
    drop_before(window, from);
    size_t room = ERG_PANE_ROOM - window->filled;
    if (room == 0)
        return ERG_PANE_FULL;
    int64_t count = fill(window, room < CHUNK ? room : CHUNK, err);
    if (count < 0)
        return ERG_PANE_FAILED;
    window->at_end = count == 0;
    window->filled += (size_t)count;
    window->total += count;
    scan(window);
    return ERG_PANE_MORE;
}

size_t erg_pane_unpack(const char *head, size_t size, char to[], size_t room)
{
    z_stream stream = { .next_in = (Bytef *)(uintptr_t)head,
                        .avail_in = (unsigned)size,
                        .next_out = (Bytef *)to,
                        .avail_out = (unsigned)room };

    if (size < 2 || memcmp(head, "\x1f\x8b", 2) != 0
        || inflateInit2(&stream, 16 + MAX_WBITS) != Z_OK)
        return 0;
    inflate(&stream, Z_SYNC_FLUSH);
    inflateEnd(&stream);
    return room - stream.avail_out;
}

/* SPDX-License-Identifier: Apache-2.0 */
/* Protobuf's wire format over pread: a mapped file that shrinks would kill the process. */
#include <errno.h>
#include <string.h>
#include <unistd.h>
#include "workload/onnx_wire.h"

enum {
    VARINT_BYTES_MOST = 10,
    FIELD_MOST = (1 << 29) - 1,
    HEAD_BYTES = 64, /* a fault so early, and outside of all parts: of another format */
    PATH_SHOWN = 60,
    WAY_SHOWN = 70
};

/* "graph.node[3].attribute[0]"; of a deep way the end, that is where it went wrong. */
static void way_put(const erg_wire *wire, char *to, size_t size)
{
    int begin = wire->depth > 6 ? wire->depth - 6 : 0;
    size_t count = 0;

    to[0] = '\0';
    for (int i = begin; i < wire->depth && count < size; i++)
        count += (size_t)snprintf(to + count, size - count, "%s%s[%lld]", i ? "." : "",
                                  wire->way[i].name, (long long)wire->way[i].index);
}

bool erg_wire_refuse(erg_wire *wire, erg_code code, const char *format, ...)
{
    char what[120], way[WAY_SHOWN];
    size_t length = strlen(wire->path);
    va_list arguments;

    va_start(arguments, format);
    vsnprintf(what, sizeof(what), format, arguments);
    va_end(arguments);
    way_put(wire, way, sizeof(way));
    bool is_foreign = code == ERG_BAD_INPUT && wire->depth == 0 && wire->at < HEAD_BYTES;
    return erg_fail(wire->err, code, "%s%s: byte %lld%s%s: %s%s",
                    length > PATH_SHOWN ? ".." : "",
                    wire->path + (length > PATH_SHOWN ? length - PATH_SHOWN : 0),
                    (long long)wire->at, way[0] ? ", " : "", way, what,
                    is_foreign ? ": not an ONNX model?" : "");
}

void erg_wire_enter(erg_wire *wire, const char *name, int64_t index)
{
    wire->way[wire->depth].name = name;
    wire->way[wire->depth++].index = index;
}

void erg_wire_leave(erg_wire *wire) { wire->depth--; }

static bool window_fill(erg_wire *wire)
{
    ssize_t got;

    do
        got = pread(wire->file, wire->window, sizeof(wire->window), (off_t)wire->at);
    while (got < 0 && errno == EINTR);
    if (got < 0)
        return erg_wire_refuse(wire, ERG_IO, "cannot be read: %s", strerror(errno));
    if (got == 0)
        return erg_wire_refuse(wire, ERG_IO, "the file became shorter while it was read");
    wire->window_at = wire->at;
    wire->window_count = (size_t)got;
    return true;
}

/* How many bytes lie ready at wire->at; 0: err is set. */
static size_t window_ready(erg_wire *wire)
{
    int64_t offset = wire->at - wire->window_at;

    if (offset < 0 || offset >= (int64_t)wire->window_count) {
        if (!window_fill(wire))
            return 0;
        offset = 0;
    }
    return wire->window_count - (size_t)offset;
}

bool erg_wire_bytes(erg_wire *wire, int64_t end, void *to, size_t count)
{
    uint8_t *next = to;

    if (wire->at > end || (int64_t)count > end - wire->at)
        return erg_wire_refuse(wire, ERG_BAD_INPUT,
                               "the file or its parent ends within a value");
    while (count) {
        size_t ready = window_ready(wire);
        if (!ready)
            return false;
        size_t take = ready < count ? ready : count;
        memcpy(next, wire->window + (wire->at - wire->window_at), take);
        wire->at += (int64_t)take;
        next += take;
        count -= take;
    }
    return true;
}

/* Most of a skeleton is keys and lengths of one byte:
 * those come straight from the window. */
static bool byte_read(erg_wire *wire, int64_t end, uint8_t *out)
{
    uint64_t offset = (uint64_t)(wire->at - wire->window_at);

    if (offset >= wire->window_count || wire->at >= end)
        return erg_wire_bytes(wire, end, out, 1);
    *out = wire->window[offset];
    wire->at++;
    return true;
}

bool erg_wire_varint(erg_wire *wire, int64_t end, uint64_t *out)
{
    uint64_t value = 0;

    for (int i = 0; i < VARINT_BYTES_MOST; i++) {
        uint8_t byte = 0;
        if (!byte_read(wire, end, &byte))
            return false;
        value |= (uint64_t)(byte & 127) << (7 * i);
        if (byte < 128) {
            *out = value;
            return true;
        }
    }
    return erg_wire_refuse(wire, ERG_BAD_INPUT, "a number of more than %d bytes",
                           VARINT_BYTES_MOST);
}

bool erg_wire_length(erg_wire *wire, int64_t end, int64_t *out)
{
    uint64_t length = 0;

    if (!erg_wire_varint(wire, end, &length))
        return false;
    if (length > (uint64_t)(end - wire->at))
        return erg_wire_refuse(wire, ERG_BAD_INPUT,
                               "a length of %llu where %lld bytes are left",
                               (unsigned long long)length, (long long)(end - wire->at));
    *out = (int64_t)length;
    return true;
}

bool erg_wire_key_read(erg_wire *wire, int64_t end, erg_wire_key *out)
{
    uint64_t key = 0;

    if (!erg_wire_varint(wire, end, &key))
        return false;
    if (key >> 3 == 0 || key >> 3 > FIELD_MOST || (key & 7) > ERG_WIRE_FIXED32)
        return erg_wire_refuse(wire, ERG_BAD_INPUT,
                               "no protobuf field");
    *out = (erg_wire_key){ (uint32_t)(key >> 3), (erg_wire_type)(key & 7) };
    return true;
}

static bool advance(erg_wire *wire, int64_t end, int64_t count)
{
    if (count > end - wire->at)
        return erg_wire_refuse(wire, ERG_BAD_INPUT,
                               "the file or its parent ends within a value");
    wire->at += count;
    return true;
}

/* Everything but a group. */
static bool value_skip(erg_wire *wire, int64_t end, erg_wire_type type)
{
    uint64_t ignored;
    int64_t length = 0;

    if (type == ERG_WIRE_VARINT)
        return erg_wire_varint(wire, end, &ignored);
    if (type == ERG_WIRE_BYTES)
        return erg_wire_length(wire, end, &length) && advance(wire, end, length);
    return advance(wire, end, type == ERG_WIRE_FIXED64 ? 8 : 4);
}

/* Ends of groups carry the number of their beginning. */
bool erg_wire_skip(erg_wire *wire, int64_t end, erg_wire_key key)
{
    uint32_t open[ERG_WIRE_DEPTH];
    int count = 0;

    for (;;) {
        if (key.type == ERG_WIRE_GROUP) {
            if (count + wire->depth >= ERG_WIRE_DEPTH)
                return erg_wire_refuse(wire, ERG_BAD_INPUT, "nested deeper than %d",
                                       ERG_WIRE_DEPTH);
            open[count++] = key.field;
        } else if (key.type == ERG_WIRE_GROUP_END) {
            if (!count || open[--count] != key.field)
                return erg_wire_refuse(wire, ERG_BAD_INPUT,
                                       "a group ends that did not begin");
        } else if (!value_skip(wire, end, key.type)) {
            return false;
        }
        if (!count)
            return true;
        if (!erg_wire_key_read(wire, end, &key))
            return false;
    }
}

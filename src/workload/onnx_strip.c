/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The stripper: a ModelProto from a file into memory without its weights.
 *
 * The descriptors that protoc-c made say which fields hold messages; two tables say
 * what is dropped and how much of anything there may be. A length is written before
 * its content is known, so each takes five bytes and is filled in afterwards.
 */
#include <string.h>
#include "workload/onnx_inside.h"

typedef enum limit { NODES, TENSORS, NUMBERS, STRINGS, MESSAGES, LIMITS } limit;

static const struct { const char *what; int64_t most; } limits[LIMITS] = {
    [NODES]    = { "nodes",                1 << 20 },
    [TENSORS]  = { "tensors",              1 << 20 },
    [NUMBERS]  = { "numbers in lists",     1 << 23 },
    [STRINGS]  = { "names",                1 << 22 },
    [MESSAGES] = { "parts",                1 << 22 },
};

enum {
    NAME_BYTES_MOST = 64 << 10,
    ATTRIBUTE_BYTES_MOST = 64 << 10,
    SKELETON_BYTES_MOST = 256 << 20,
    MERGED_MOST = 16, /* parts given again and again are merged, at a price */
    FIELDS_MOST = 32,
    LENGTH_BYTES = 5
};

#define BIT(field) (UINT64_C(1) << (field))

typedef struct message_rule {
    const ProtobufCMessageDescriptor *message;
    uint64_t dropped;               /* fields, by number */
    uint64_t payload;               /* dropped together where longer than most */
    int64_t payload_most;
    limit counts_as;
} message_rule;

static const message_rule rules[] = {
    { &onnx__tensor_proto__descriptor, BIT(12) | BIT(16),
      BIT(4) | BIT(5) | BIT(6) | BIT(7) | BIT(9) | BIT(10) | BIT(11), ERG_ONNX_PAYLOAD_MOST,
      TENSORS },
    { &onnx__attribute_proto__descriptor, BIT(13), BIT(4) | BIT(7) | BIT(8) | BIT(9),
      ATTRIBUTE_BYTES_MOST, MESSAGES },
    { &onnx__node_proto__descriptor, BIT(6) | BIT(9), 0, 0, NODES },
    { &onnx__value_info_proto__descriptor, BIT(3) | BIT(4), 0, 0, MESSAGES },
    { &onnx__graph_proto__descriptor, BIT(10) | BIT(16), 0, 0, MESSAGES },
    { &onnx__model_proto__descriptor, BIT(6) | BIT(14) | BIT(20), 0, 0, MESSAGES },
    { &onnx__function_proto__descriptor, BIT(8) | BIT(14), 0, 0, MESSAGES },
};

typedef struct stripper { erg_wire *wire; erg_text *out; int64_t counts[LIMITS]; } stripper;

/* One message on the way down. */
typedef struct message {
    const ProtobufCMessageDescriptor *type;
    int64_t end;
    uint64_t dropped;
    int32_t counts[FIELDS_MOST];    /* of each field, so far */
} message;

static const message_rule *rule_find(const ProtobufCMessageDescriptor *type)
{
    for (size_t i = 0; i < ERG_COUNT(rules); i++)
        if (rules[i].message == type)
            return &rules[i];
    return NULL;
}

static bool count_add(stripper *strip, limit of, int64_t more)
{
    strip->counts[of] += more;
    return strip->counts[of] <= limits[of].most
        || erg_wire_refuse(strip->wire, ERG_BAD_INPUT, "more than %lld %s",
                           (long long)limits[of].most, limits[of].what);
}

/* ---- what is written ---------------------------------------------------------- */

static bool bytes_put(stripper *strip, const void *bytes, size_t count)
{
    if (strip->out->count + count > SKELETON_BYTES_MOST)
        return erg_wire_refuse(strip->wire, ERG_BAD_INPUT,
                               "more than %d MiB that are not weights",
                               SKELETON_BYTES_MOST >> 20);
    if (strip->out->count + count < strip->out->capacity) {
        memcpy(strip->out->data + strip->out->count, bytes, count);
        strip->out->count += count;
        return true;
    }
    erg_text_add_bytes(strip->out, bytes, count);
    return !strip->out->failed
           || erg_wire_refuse(strip->wire, ERG_NO_MEMORY, "out of memory");
}

static bool varint_put(stripper *strip, uint64_t value)
{
    uint8_t bytes[10];
    size_t count = 0;

    for (; value > 127; value >>= 7)
        bytes[count++] = (uint8_t)(value | 128);
    bytes[count++] = (uint8_t)value;
    return bytes_put(strip, bytes, count);
}

static bool key_put(stripper *strip, erg_wire_key key)
{
    return varint_put(strip, (uint64_t)key.field << 3 | key.type);
}

static void length_fill(stripper *strip, size_t place)
{
    size_t length = strip->out->count - place - LENGTH_BYTES;

    for (int i = 0; i < LENGTH_BYTES; i++) {
        unsigned more = i < LENGTH_BYTES - 1 ? 128 : 0;
        strip->out->data[place + i] = (char)((length >> (7 * i) & 127) | more);
    }
}

/* count bytes of the file as they are. */
static bool copy(stripper *strip, int64_t count)
{
    char block[1024];

    while (count) {
        size_t take = count < (int64_t)sizeof(block) ? (size_t)count : sizeof(block);
        if (!erg_wire_bytes(strip->wire, strip->wire->at + count, block, take)
            || !bytes_put(strip, block, take))
            return false;
        count -= (int64_t)take;
    }
    return true;
}

/* ---- values ---------------------------------------------------------- */

static bool is_text(const ProtobufCFieldDescriptor *field)
{
    return field->type == PROTOBUF_C_TYPE_STRING;
}

static bool is_blob(const ProtobufCFieldDescriptor *field)
{
    return is_text(field) || field->type == PROTOBUF_C_TYPE_BYTES;
}

/* Fixed width of the numbers ONNX uses; all others are varints. */
static erg_wire_type number_type(const ProtobufCFieldDescriptor *field)
{
    if (field->type == PROTOBUF_C_TYPE_FLOAT)
        return ERG_WIRE_FIXED32;
    return field->type == PROTOBUF_C_TYPE_DOUBLE ? ERG_WIRE_FIXED64 : ERG_WIRE_VARINT;
}

static bool fits(const ProtobufCFieldDescriptor *field, erg_wire_type type)
{
    if (is_blob(field) || field->type == PROTOBUF_C_TYPE_MESSAGE)
        return type == ERG_WIRE_BYTES;
    return type == number_type(field)
        || (type == ERG_WIRE_BYTES && field->label == PROTOBUF_C_LABEL_REPEATED);
}

/* A zero byte would end the name early: two names could become one. */
static bool text_check(stripper *strip, size_t begin)
{
    return !memchr(strip->out->data + begin, 0, strip->out->count - begin)
        || erg_wire_refuse(strip->wire, ERG_BAD_INPUT, "a zero byte within a name");
}

static bool blob_strip(stripper *strip, erg_wire_key key, int64_t length, bool text)
{
    if (length > NAME_BYTES_MOST)
        return erg_wire_refuse(strip->wire, ERG_BAD_INPUT, "a name of %lld bytes",
                               (long long)length);
    if (!count_add(strip, STRINGS, 1) || !key_put(strip, key)
        || !varint_put(strip, (uint64_t)length))
        return false;
    size_t begin = strip->out->count;
    return length == 0 || (copy(strip, length) && (!text || text_check(strip, begin)));
}

/* Numbers are written one by one: what protobuf-c gets is packed or not as it came, but
 * each number of it is known to be whole. */
static bool packed_strip(stripper *strip, erg_wire_key key, int64_t length,
                         const ProtobufCFieldDescriptor *field)
{
    erg_wire_type type = number_type(field);
    int64_t end = strip->wire->at + length, width = type == ERG_WIRE_FIXED32 ? 4 : 8;
    size_t place;

    if (length == 0)
        return true;
    if (!key_put(strip, key))
        return false;
    place = strip->out->count;
    if (!bytes_put(strip, "\0\0\0\0", LENGTH_BYTES))
        return false;
    while (strip->wire->at < end) {
        uint64_t number = 0;
        if (!count_add(strip, NUMBERS, 1))
            return false;
        if (type == ERG_WIRE_VARINT
            ? !erg_wire_varint(strip->wire, end, &number) || !varint_put(strip, number)
            : !erg_wire_bytes(strip->wire, end, &number, (size_t)width)
                || !bytes_put(strip, &number, (size_t)width))
            return false;
    }
    length_fill(strip, place);
    return true;
}

static bool number_strip(stripper *strip, int64_t end, erg_wire_key key)
{
    uint64_t number = 0;
    size_t width = key.type == ERG_WIRE_FIXED32 ? 4 : 8;

    if (!count_add(strip, NUMBERS, 1) || !key_put(strip, key))
        return false;
    if (key.type == ERG_WIRE_VARINT)
        return erg_wire_varint(strip->wire, end, &number) && varint_put(strip, number);
    return erg_wire_bytes(strip->wire, end, &number, width)
           && bytes_put(strip, &number, width);
}

/* ---- messages ---------------------------------------------------------- */

/* Bytes of the payload of a message; all of it goes when it is more than most. */
static bool payload_weigh(stripper *strip, const message_rule *rule, message *frame)
{
    erg_wire *wire = strip->wire;
    int64_t begin = wire->at, payload = 0;
    erg_wire_key key;

    while (wire->at < frame->end) {
        if (!erg_wire_key_read(wire, frame->end, &key))
            return false;
        int64_t value_at = wire->at, length;
        if (key.type == ERG_WIRE_BYTES) {
            if (!erg_wire_length(wire, frame->end, &length))
                return false;
            value_at = wire->at;
            wire->at += length;
        } else if (!erg_wire_skip(wire, frame->end, key)) {
            return false;
        }
        if (key.field < 64 && rule->payload & BIT(key.field))
            payload += wire->at - value_at;
    }
    wire->at = begin;
    if (payload > rule->payload_most)
        frame->dropped |= rule->payload;
    return true;
}

static bool message_strip(stripper *strip, const ProtobufCMessageDescriptor *type,
                          int64_t end);

static bool part_strip(stripper *strip, erg_wire_key key, int64_t length,
                       const ProtobufCFieldDescriptor *field)
{
    size_t place;

    if (strip->wire->depth > ERG_WIRE_DEPTH)
        return erg_wire_refuse(strip->wire, ERG_BAD_INPUT, "nested deeper than %d",
                               ERG_WIRE_DEPTH);
    if (!key_put(strip, key))
        return false;
    place = strip->out->count;
    if (!bytes_put(strip, "\0\0\0\0", LENGTH_BYTES)
        || !message_strip(strip, field->descriptor, strip->wire->at + length))
        return false;
    length_fill(strip, place);
    return true;
}

/* A known field that is kept. */
static bool value_strip(stripper *strip, message *frame, erg_wire_key key,
                        const ProtobufCFieldDescriptor *field)
{
    int64_t index = frame->counts[field - frame->type->fields]++, length;
    bool is_part = field->type == PROTOBUF_C_TYPE_MESSAGE;

    if (!fits(field, key.type))
        return erg_wire_refuse(strip->wire, ERG_BAD_INPUT, "%s has the wire type %d",
                               field->name, (int)key.type);
    if (is_part && field->label != PROTOBUF_C_LABEL_REPEATED && index >= MERGED_MOST)
        return erg_wire_refuse(strip->wire, ERG_BAD_INPUT, "%s is given more than %d times",
                               field->name, MERGED_MOST);
    if (key.type != ERG_WIRE_BYTES)
        return number_strip(strip, frame->end, key);
    erg_wire_enter(strip->wire, field->name, index);
    if (!erg_wire_length(strip->wire, frame->end, &length))
        return false;
    bool good = is_part ? part_strip(strip, key, length, field)
        : is_blob(field) ? blob_strip(strip, key, length, is_text(field))
        : packed_strip(strip, key, length, field);
    if (good)
        erg_wire_leave(strip->wire);
    return good;
}

static bool field_strip(stripper *strip, message *frame)
{
    erg_wire_key key;

    if (!erg_wire_key_read(strip->wire, frame->end, &key))
        return false;
    const ProtobufCFieldDescriptor *field =
        protobuf_c_message_descriptor_get_field(frame->type, key.field);
    bool dropped = key.field < 64 && frame->dropped & BIT(key.field);
    return field && !dropped ? value_strip(strip, frame, key, field)
                             : erg_wire_skip(strip->wire, frame->end, key);
}

static bool message_strip(stripper *strip, const ProtobufCMessageDescriptor *type,
                          int64_t end)
{
    const message_rule *rule = rule_find(type);
    message frame = { .type = type, .end = end, .dropped = rule ? rule->dropped : 0 };

    if (type->n_fields > FIELDS_MOST)
        return erg_wire_refuse(strip->wire, ERG_UNSUPPORTED, "%s is larger than erg knows",
                               type->short_name);
    if (!count_add(strip, rule ? rule->counts_as : MESSAGES, 1))
        return false;
    bool may_be_heavy = rule && rule->payload && end - strip->wire->at > rule->payload_most;
    if (may_be_heavy && !payload_weigh(strip, rule, &frame))
        return false;
    while (strip->wire->at < end)
        if (!field_strip(strip, &frame))
            return false;
    return true;
}

bool erg_onnx_strip(erg_wire *wire, erg_text *out)
{
    stripper strip = { .wire = wire, .out = out };
    return message_strip(&strip, &onnx__model_proto__descriptor, wire->size);
}

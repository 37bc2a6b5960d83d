/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The fields of a record: key, unit, bounds and where the number goes. A number
 * that is not in this table, or says another unit, is refused.
 */
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include "hardware/record.h"

const char *const erg_hardware_kind_names[ERG_HARDWARE_KINDS] = {
    [ERG_GPU] = "gpu", [ERG_CPU] = "cpu",   [ERG_NPU] = "npu", [ERG_TPU] = "tpu",
    [ERG_DSP] = "dsp", [ERG_CGRA] = "cgra", [ERG_DPU] = "dpu",
};

const char *const erg_unit_class_names[ERG_UNIT_CLASSES] = {
    [ERG_UNIT_VECTOR] = "vector", [ERG_UNIT_TENSOR] = "tensor",
};

static const char *const grades[] = { "measured", "datasheet", "derived", "estimate",
                                      "fictional" };

/* by what the key goes on: nothing, .vector, .fp32 or .vector.fp32 */
typedef enum field_form { PLAIN, WHOLE, BY_CLASS, BY_PRECISION, BY_BOTH } field_form;

enum { KEPT = -1 };     /* in the list of numbers only: for checks and for reading */

typedef struct field {
    const char *key, *unit;
    field_form form;
    int at;
    double most;
} field;

#define AT(member) (int)offsetof(erg_hardware, member)

static const field fields[] = {
    { "node_nm", "nm", PLAIN, AT(node_nm), 1e3 },
    { "units", "1", WHOLE, AT(units), 1e6 },
    { "devices", "1", WHOLE, AT(devices), 64 },
    { "lanes_per_unit", "1", WHOLE, AT(lanes_per_unit), 1e6 },
    { "threads_per_unit", "1", WHOLE, AT(threads_per_unit), 1e6 },
    { "warp", "1", WHOLE, AT(warp), 1e4 },
    { "issue_width", "1", PLAIN, KEPT, 64 },
    { "top_clock_hz", "hz", PLAIN, AT(top_clock_hz), 2e10 },
    { "peak_clock_hz", "hz", BY_CLASS, AT(peak_clock_hz), 2e10 },
    { "flop_per_clock_per_unit", "flop", BY_BOTH, KEPT, 1e9 },
    { "peak_flop_per_s", "flop_per_s", BY_BOTH, AT(peak_flop_per_s), 1e18 },
    { "sparse_flop_per_s", "flop_per_s", BY_BOTH, KEPT, 1e18 },
    { "gemm_flop_per_s", "flop_per_s", BY_BOTH, AT(gemm_flop_per_s), 1e18 },
    { "emulated_share", "share", BY_PRECISION, AT(emulated_share), 1 },
    { "levels.l1.capacity_bytes", "bytes", PLAIN, AT(l1_bytes_per_unit), 1e9 },
    { "levels.l1.bw_bytes_per_s", "bytes_per_s", PLAIN, AT(l1_bytes_per_s), 1e15 },
    { "levels.l1.achievable_share", "share", PLAIN, KEPT, 1 },
    { "levels.l2.capacity_bytes", "bytes", PLAIN, AT(l2_bytes), 1e11 },
    { "levels.l2.bw_bytes_per_s", "bytes_per_s", PLAIN, AT(l2_bytes_per_s), 1e15 },
    { "levels.l2.achievable_share", "share", PLAIN, KEPT, 1 },
    { "levels.l3.capacity_bytes", "bytes", PLAIN, KEPT, 1e11 },
    { "levels.l3.bw_bytes_per_s", "bytes_per_s", PLAIN, KEPT, 1e15 },
    { "levels.l3.achievable_share", "share", PLAIN, KEPT, 1 },
    { "levels.memory.capacity_bytes", "bytes", PLAIN, AT(memory_bytes), 1e14 },
    { "levels.memory.bw_bytes_per_s", "bytes_per_s", PLAIN, AT(memory_bytes_per_s), 1e14 },
    { "levels.memory.achievable_share", "share", PLAIN, AT(memory_share), 1 },
    { "memory_bus.width_bits", "bits", PLAIN, AT(memory_bus_bits), 1e6 },
    { "memory_bus.rate_bits_per_s", "bits_per_s", PLAIN, KEPT, 1e12 },
    { "cap_w", "w", PLAIN, AT(cap_w), 1e6 },
    { "cap_low_w", "w", PLAIN, AT(cap_low_w), 1e6 },
    { "cap_high_w", "w", PLAIN, AT(cap_high_w), 1e6 },
    { "idle_w", "w", PLAIN, AT(idle_w), 1e6 },
    { "busy_static_w", "w", PLAIN, AT(busy_static_w), 1e6 },
    { "op_j_per_flop", "j_per_flop", BY_BOTH, AT(op_j_per_flop), 1e-6 },
    { "byte_j", "j_per_byte", PLAIN, AT(byte_j), 1e-3 },
    { "launch_s", "s", PLAIN, AT(launch_s), 1 },
    { "host_s", "s", PLAIN, AT(host_s), 1 },
};

/* "thermal.NAME." goes before. */
static const field thermal_fields[] = {
    { "cap_w",        "w",     PLAIN, KEPT, 1e6 },
    { "base_hz",      "hz",    PLAIN, KEPT, 2e10 },
    { "boost_hz",     "hz",    PLAIN, KEPT, 2e10 },
    { "sustained_hz", "hz",    PLAIN, KEPT, 2e10 },
    { "efficiency",   "share", PLAIN, KEPT, 1 },
};

static void all_unknown(erg_hardware *hardware)
{
    double *const single[] = {
        &hardware->node_nm, &hardware->memory_bytes, &hardware->memory_bytes_per_s,
        &hardware->memory_share, &hardware->memory_bus_bits, &hardware->l2_bytes,
        &hardware->l2_bytes_per_s, &hardware->l1_bytes_per_unit,
        &hardware->l1_bytes_per_s, &hardware->cap_w, &hardware->cap_low_w,
        &hardware->cap_high_w, &hardware->idle_w, &hardware->busy_static_w,
        &hardware->top_clock_hz, &hardware->byte_j, &hardware->launch_s,
        &hardware->host_s,
    };

    for (size_t i = 0; i < ERG_COUNT(single); i++)
        *single[i] = NAN;
    for (int p = 0; p < ERG_PRECISIONS; p++)
        hardware->emulated_share[p] = NAN;
    for (int c = 0; c < ERG_UNIT_CLASSES; c++) {
        hardware->peak_clock_hz[c] = NAN;
        for (int p = 0; p < ERG_PRECISIONS; p++) {
            hardware->peak_flop_per_s[c][p] = NAN;
            hardware->op_j_per_flop[c][p] = NAN;
            hardware->gemm_flop_per_s[c][p] = NAN;
        }
    }
}

erg_record *erg_record_new(const char *file, erg_error *err)
{
    erg_arena *arena = erg_arena_new(err);
    erg_record *record = arena ? erg_arena_take(arena, sizeof(*record), err) : NULL;

    if (!record || !(record->file = erg_arena_text(arena, file, err))) {
        erg_arena_free(arena);
        return NULL;
    }
    record->arena = arena;
    record->hardware.inside = record;
    record->hardware.kind = ERG_HARDWARE_KINDS;
    all_unknown(&record->hardware);
    return record;
}

void erg_record_free(erg_record *record)
{
    if (!record)
        return;
    free(record->numbers);
    erg_arena_free(record->arena);
}

const erg_record *erg_record_of(const erg_hardware *hardware) { return hardware->inside; }

void erg_hardware_free(erg_hardware *hardware)
{
    erg_record_free(hardware ? hardware->inside : NULL);
}

/* ---- numbers ------------------------------------------------------------------ */

static int word_at(const char *const *words, size_t count, const char *word, size_t length)
{
    for (size_t i = 0; i < count; i++)
        if (strlen(words[i]) == length && memcmp(words[i], word, length) == 0)
            return (int)i;
    return -1;
}

typedef struct place { const field *field; int row; erg_precision precision; } place;

/* ".tensor.bf16" after a BY_BOTH key. */
static bool rest_fits(const char *rest, place *found)
{
    field_form form = found->field->form;

    if (form == BY_CLASS || form == BY_BOTH) {
        size_t length = *rest == '.' ? strcspn(rest + 1, ".") : 0;
        found->row = word_at(erg_unit_class_names, ERG_UNIT_CLASSES, rest + 1, length);
        if (!length || found->row < 0)
            return false;
        rest += 1 + length;
    }
    if (form == BY_PRECISION || form == BY_BOTH)
        return *rest == '.' && erg_precision_parse(rest + 1, &found->precision);
    return *rest == '\0';
}

static bool thermal_find(const char *key, place *found)
{
    const char *member = strrchr(key, '.') + 1;

    for (size_t i = 0; i < ERG_COUNT(thermal_fields); i++)
        if (strcmp(thermal_fields[i].key, member) == 0) {
            *found = (place){ .field = &thermal_fields[i] };
            return true;
        }
    return false;
}

static bool key_find(const char *key, place *found)
{
    if (strncmp(key, "thermal.", 8) == 0)
        return thermal_find(key, found);
    for (size_t i = 0; i < ERG_COUNT(fields); i++) {
        size_t length = strlen(fields[i].key);
        *found = (place){ .field = &fields[i] };
        if (strncmp(fields[i].key, key, length) == 0 && rest_fits(key + length, found))
            return true;
    }
    return false;
}

static void number_put(erg_hardware *hardware, const place *to, double value)
{
    if (to->field->at == KEPT)
        return;
    char *at = (char *)hardware + to->field->at;
    if (to->field->form == WHOLE)
        *(int *)(void *)at = (int)value;
    else if (to->field->form == BY_BOTH)
        ((double *)(void *)at)[to->row * ERG_PRECISIONS + (int)to->precision] = value;
    else if (to->field->form == BY_PRECISION)
        ((double *)(void *)at)[to->precision] = value;
    else
        ((double *)(void *)at)[to->row] = value;
}

/* "2025", "2025-06" or "2025-06-30" */
static bool is_date(const char *text)
{
    static const char shape[] = "dddd-dd-dd";
    size_t count = strlen(text);

    if (count != 4 && count != 7 && count != 10)
        return false;
    for (size_t i = 0; i < count; i++)
        if (shape[i] == '-' ? text[i] != '-' : text[i] < '0' || text[i] > '9')
            return false;
    return true;
}

static bool is_blank(const char *text) { return !text || !text[strspn(text, " \t")]; }

static bool source_checked(const erg_record *record, const erg_number *number,
                           erg_error *err)
{
    if (is_blank(number->source))
        return erg_fail(err, ERG_BAD_INPUT,
                        "%s: %s has no source: say where the number is from", record->file,
                        number->key);
    if (!number->grade
        || word_at(grades, ERG_COUNT(grades), number->grade, strlen(number->grade)) < 0)
        return erg_fail(err, ERG_BAD_INPUT, "%s: %s: grade must be measured, datasheet, "
                        "derived, estimate or fictional", record->file, number->key);
    if (!number->date || !is_date(number->date))
        return erg_fail(err, ERG_BAD_INPUT, "%s: %s has no date as 2025-06", record->file,
                        number->key);
    return true;
}

static bool number_keep(erg_record *record, const erg_number *number, erg_error *err)
{
    if (!erg_grow((void **)&record->numbers, &record->number_capacity, record->number_count,
                  sizeof(*record->numbers), err))
        return false;
    erg_number *kept = &record->numbers[record->number_count];
    erg_arena *arena = record->arena;

    *kept = (erg_number){
        .key = erg_arena_text(arena, number->key, err),
        .unit = erg_arena_text(arena, number->unit, err),
        .source = erg_arena_text(arena, number->source, err),
        .grade = erg_arena_text(arena, number->grade, err),
        .date = erg_arena_text(arena, number->date, err),
        .note = number->note ? erg_arena_text(arena, number->note, err) : NULL,
        .value = number->value,
    };
    record->number_count++;
    return kept->key && kept->unit && kept->source && kept->grade && kept->date
        && (kept->note || !number->note);
}

/* Below all that is measured in SI here (a FLOP takes 1e-13 J): a slip of the pen. */
static const double value_least = 1e-15;

bool erg_record_number(erg_record *record, const erg_number *number, erg_error *err)
{
    place to;

    if (!key_find(number->key, &to))
        return erg_fail(err, ERG_BAD_INPUT, "%s: unknown key %s", record->file,
                        number->key);
    if (erg_hardware_number(&record->hardware, number->key))
        return erg_fail(err, ERG_BAD_INPUT, "%s: %s is given twice", record->file,
                        number->key);
    if (!number->unit || strcmp(number->unit, to.field->unit) != 0)
        return erg_fail(err, ERG_BAD_INPUT, "%s: %s must be in %s, not in %s", record->file,
                        number->key, to.field->unit,
                        number->unit ? number->unit : "nothing");
    if (!(number->value >= value_least && number->value <= to.field->most)
        || (to.field->form == WHOLE && number->value != floor(number->value)))
        return erg_fail(err, ERG_BAD_INPUT,
                        "%s: %s cannot be %g: leave out what is not known", record->file,
                        number->key, number->value);
    if (!source_checked(record, number, err) || !number_keep(record, number, err))
        return false;
    number_put(&record->hardware, &to, number->value);
    return true;
}

size_t erg_hardware_number_count(const erg_hardware *hardware)
{
    return erg_record_of(hardware)->number_count;
}

const erg_number *erg_hardware_number_at(const erg_hardware *hardware, size_t index)
{
    return &erg_record_of(hardware)->numbers[index];
}

const erg_number *erg_hardware_number(const erg_hardware *hardware, const char *key)
{
    const erg_record *record = erg_record_of(hardware);

    /* A device made by hand has no numbers behind it. */
    for (size_t i = 0; record && i < record->number_count; i++)
        if (strcmp(record->numbers[i].key, key) == 0)
            return &record->numbers[i];
    return NULL;
}

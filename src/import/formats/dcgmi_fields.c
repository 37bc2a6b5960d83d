/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Columns of dcgmi dmon. They are found by name, never by the number of a word from
 * the left: a board's name is two or three words.
 *
 * Source: dcgm_fields.h; names as dcgmi 3 prints them. Activities are shares 0..1.
 */
#include <ctype.h>
#include <stdlib.h>
#include <string.h>
#include "import/formats/dcgmi_fields.h"

enum { NAME_ID = 50 };
static const char name_head[] = "DVNAM";

/* An activity may be a little above 1 by its sampling; in percent it would be far above. */
#define SHARE ERG_USE, 1, 0, 1.05

const erg_dcgmi_field erg_dcgmi_fields[ERG_DCGMI_FIELDS] = {
    { 155, { "POWER", "POWR" }, "power", "W", ERG_POWER, 1, 0, 0 },
    { 157, { "PWINS", "POWIN", "POWINST" }, "power_instant", "W", ERG_POWER, 1, 0, 0 },
    { 156, { "TOTEC" }, "energy", "J", ERG_ENERGY, 1e-3, 0, 0 },
    { 150, { "TMPTR" }, "temperature", "K", ERG_TEMPERATURE, 1, 273.15, 0 },
    { 140, { "MMTMP" }, "memory_temp", "K", ERG_TEMPERATURE, 1, 273.15, 0 },
    { 100, { "SMCLK" }, "sm_clock", "Hz", ERG_CLOCK_RATE, 1e6, 0, 0 },
    { 101, { "MMCLK" }, "memory_clock", "Hz", ERG_CLOCK_RATE, 1e6, 0, 0 },
    { 110, { "SACLK" }, "sm_app_clock", "Hz", ERG_CLOCK_RATE, 1e6, 0, 0 },
    { 203, { "GPUTL" }, "use", "", ERG_USE, 0.01, 0, 0 },
    { 204, { "MCUTL" }, "memory_use", "", ERG_USE, 0.01, 0, 0 },
    { 1001, { "GRACT" }, "graphics_active", "", SHARE },
    { 1002, { "SMACT" }, "sm_active", "", SHARE },
    { 1003, { "SMOCC" }, "sm_occupancy", "", SHARE },
    { 1004, { "TENSO" }, "tensor_active", "", SHARE },
    { 1005, { "DRAMA" }, "dram_active", "", SHARE },
    { 1006, { "FP64A" }, "fp64_active", "", SHARE },
    { 1007, { "FP32A" }, "fp32_active", "", SHARE },
    { 1008, { "FP16A" }, "fp16_active", "", SHARE },
    { 1009, { "PCITX" }, "pcie_sent", "B/s", ERG_OTHER, 1, 0, 0 },
    { 1010, { "PCIRX" }, "pcie_received", "B/s", ERG_OTHER, 1, 0, 0 },
    { 252, { "FBUSD" }, "memory_used", "B", ERG_BYTES, 1048576, 0, 0 },
    { 250, { "FBTTL" }, "memory_total", "B", ERG_BYTES, 1048576, 0, 0 },
    { 158, { "SDTMP" }, "temperature_limit", "K", ERG_TEMPERATURE, 1, 273.15, 0 },
    { 310, { "ESVTL" }, "ecc_single_bit", "", ERG_OTHER, 1, 0, 0 },
    { 311, { "EDVTL" }, "ecc_double_bit", "", ERG_OTHER, 1, 0, 0 },
    { 160, { "PMLMT" }, "power_limit_w", NULL, ERG_POWER, 1, 0, 0 },
};

size_t erg_dcgmi_split(erg_field line, erg_field words[])
{
    const char *c = line.text, *end = c + line.count;
    size_t count = 0;

    while (c < end && count < ERG_DCGMI_WORDS) {
        while (c < end && isspace((unsigned char)*c))
            c++;
        const char *word = c;
        while (c < end && !isspace((unsigned char)*c))
            c++;
        if (c > word)
            words[count++] = (erg_field){ word, (size_t)(c - word) };
    }
    return count;
}

size_t erg_dcgmi_header(const erg_field words[], size_t count)
{
    if (count > 1 && erg_field_is(words[0], "#") && erg_field_is(words[1], "Entity"))
        return 2;
    return count > 0 && erg_field_is(words[0], "#Entity");
}

static void clear(erg_dcgmi_layout *layout)
{
    layout->count = 0;
    layout->name = -1;
    for (size_t i = 0; i < ERG_DCGMI_FIELDS; i++)
        layout->columns[i] = -1;
}

bool erg_dcgmi_take_ids(erg_dcgmi_layout *layout, const char *list, erg_error *err)
{
    const char *c = list;

    for (clear(layout); *c; layout->count++) {
        char *end;
        long id = strtol(c, &end, 10);
        if (end == c || (*end && *end != ',') || layout->count == ERG_DCGMI_WORDS)
            return erg_fail(err, ERG_BAD_INPUT,
                            "--fields '%.60s' is no list of numbers, as 155,156", list);
        if (id == NAME_ID)
            layout->name = layout->count;
        for (size_t i = 0; i < ERG_DCGMI_FIELDS; i++)
            if (erg_dcgmi_fields[i].id == id)
                layout->columns[i] = layout->count;
        c = end + (*end == ',');
    }
    return true;
}

/* -1: a column that erg does not keep. */
static int field_of(erg_field head)
{
    for (int i = 0; i < ERG_DCGMI_FIELDS; i++)
        for (size_t n = 0; n < ERG_COUNT(erg_dcgmi_fields[i].names); n++) {
            const char *name = erg_dcgmi_fields[i].names[n];
            if (name && erg_field_is(head, name))
                return i;
        }
    return -1;
}

bool erg_dcgmi_take_names(erg_dcgmi_layout *layout, const erg_field names[], size_t count)
{
    char heads[sizeof(layout->heads)];
    size_t used = 0;

    heads[0] = '\0';
    for (size_t i = 0; i < count && used < sizeof(heads); i++)
        used += (size_t)snprintf(heads + used, sizeof(heads) - used, "%.*s ",
                                 (int)names[i].count, names[i].text);
    if (layout->heads[0])
        return strcmp(heads, layout->heads) == 0;
    memcpy(layout->heads, heads, sizeof(heads));
    if (layout->count)
        return true;            /* --fields: the user knows better */
    clear(layout);
    layout->count = (int)count;
    for (size_t i = 0; i < count; i++) {
        int field = field_of(names[i]);
        if (field >= 0)
            layout->columns[field] = (int)i;
        if (erg_field_is(names[i], name_head))
            layout->name = (int)i;
    }
    return true;
}

bool erg_dcgmi_measures(const erg_dcgmi_layout *layout)
{
    return layout->columns[ERG_DCGMI_POWER] >= 0 || layout->columns[ERG_DCGMI_ENERGY] >= 0
        || layout->columns[ERG_DCGMI_POWER_INSTANT] >= 0;
}

/* What is too much belongs to the name. */
bool erg_dcgmi_cut(const erg_dcgmi_layout *layout, const erg_field words[], size_t count,
                   erg_field cells[])
{
    size_t wanted = (size_t)layout->count;
    size_t more = count - wanted;

    if (count < wanted || (more > 0 && layout->name < 0))
        return false;
    for (size_t i = 0, w = 0; i < wanted; i++, w++) {
        cells[i] = words[w];
        if ((int)i != layout->name)
            continue;
        w += more;
        cells[i].count = (size_t)(words[w].text + words[w].count - cells[i].text);
    }
    return true;
}

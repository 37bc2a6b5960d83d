/* SPDX-License-Identifier: Apache-2.0 */
/* The parts of a calibration's plan, read from one word of the command line. */
#include <math.h>
#include <string.h>
#include "base/base.h"
#include "erg/plan.h"
#include "erg/quantity.h"

#define STEP_S 300.0
#define PART_MOST_S 86400.0

/* What stands between the colons: kinds of field, in order. An optional one is last. */
typedef enum field { NONE, LEVEL, LEVELS, CHIP, HERTZ, TIME, TIME_OR_USUAL } field;
enum { FIELDS = 4 };

typedef struct part_kind {
    const char *name;
    field fields[FIELDS];
    const char *example;
} part_kind;

static const part_kind kinds[] = {
    [ERG_PLAN_SOAK] = { "soak", { TIME }, "soak=300s" },
    [ERG_PLAN_STEP] = { "step", { LEVEL, LEVEL, TIME_OR_USUAL }, "step=100W:200W:300s" },
    [ERG_PLAN_PRBS] = { "prbs", { CHIP, TIME }, "prbs=15s:900s" },
    [ERG_PLAN_HOLD] = { "hold", { LEVEL, TIME }, "hold=150W:60s" },
    [ERG_PLAN_RAMP] = { "ramp", { LEVEL, LEVEL, TIME }, "ramp=100W:200W:120s" },
    [ERG_PLAN_SINE] = { "sine", { LEVEL, LEVEL, HERTZ, TIME },
                        "sine=150W:40W:0.02Hz:300s" },
    [ERG_PLAN_STEPS] = { "steps", { LEVELS, TIME }, "steps=100W/150W/200W:60s" },
};

const char *erg_plan_kind_name(erg_plan_kind kind) { return kinds[kind].name; }

static const char *unit_of(field of)
{
    switch (of) {
    case LEVEL: case LEVELS: return "W";
    case HERTZ: return "Hz";
    case NONE: case CHIP: case TIME: case TIME_OR_USUAL: break;
    }
    return "s";
}

static bool take_value(erg_plan_part *to, field of, const char *word, erg_error *err)
{
    double value;

    if (!erg_quantity_parse(word, unit_of(of), &value, err))
        return false;
    if (!(value > 0) || !isfinite(value))
        return erg_fail(err, ERG_BAD_INPUT, "'%s' is not above 0", word);
    if ((of == LEVEL || of == LEVELS) && to->levels == ERG_PLAN_LEVELS)
        return erg_fail(err, ERG_BAD_INPUT, "at most %d levels", ERG_PLAN_LEVELS);
    if (of == LEVEL || of == LEVELS)
        to->level_w[to->levels++] = value;
    else if (of == CHIP)
        to->chip_s = value;
    else if (of == HERTZ)
        to->hz = value;
    else
        to->duration_s = value;
    return true;
}

/* Levels are parted by slashes, as colons part fields and commas part parts. */
static bool take_field(erg_plan_part *to, field of, char *word, erg_error *err)
{
    char *rest = NULL;

    if (of != LEVELS)
        return take_value(to, of, word, err);
    for (char *one = strtok_r(word, "/", &rest); one; one = strtok_r(NULL, "/", &rest))
        if (!take_value(to, LEVELS, one, err))
            return false;
    return to->levels > 0;
}

static bool take_fields(erg_plan_part *to, char *text, erg_error *err)
{
    const field *fields = kinds[to->kind].fields;
    char *rest = NULL, *word = strtok_r(text, ":", &rest);

    for (size_t i = 0; i < FIELDS && fields[i] != NONE; i++) {
        if (!word && fields[i] == TIME_OR_USUAL)
            to->duration_s = STEP_S;
        else if (!word || !take_field(to, fields[i], word, err))
            return false;
        word = word ? strtok_r(NULL, ":", &rest) : NULL;
    }
    return !word;
}

static bool take_part(erg_plan *plan, char *text, erg_error *err)
{
    char *value = strchr(text, '=');
    erg_plan_part part = { .begin_s = plan->duration_s };
    erg_error why = { 0 };
    size_t kind = 0;

    if (!value)
        return erg_fail(err, ERG_BAD_INPUT, "--plan: '%s' is no part as in soak=300s",
                        text);
    *value++ = '\0';
    while (kind < ERG_COUNT(kinds) && strcmp(kinds[kind].name, text) != 0)
        kind++;
    if (kind == ERG_COUNT(kinds))
        return erg_fail(err, ERG_BAD_INPUT,
                        "--plan: there is no part '%s': soak, step, prbs, "
                        "hold, ramp, sine or steps", text);
    if (plan->count == ERG_PLAN_PARTS)
        return erg_fail(err, ERG_BAD_INPUT, "--plan: at most %d parts", ERG_PLAN_PARTS);
    part.kind = (erg_plan_kind)kind;
    if (!take_fields(&part, value, &why))
        return erg_fail(err, ERG_BAD_INPUT, "--plan: %s is written as %s%s%s",
                        kinds[kind].name,
                        kinds[kind].example, why.text[0] ? ": " : "", why.text);
    if (part.kind == ERG_PLAN_STEP || part.kind == ERG_PLAN_STEPS)
        part.duration_s *= (double)part.levels;
    if (part.duration_s > PART_MOST_S)
        return erg_fail(err, ERG_BAD_INPUT, "--plan: %s is longer than a day",
                        kinds[kind].name);
    plan->duration_s += part.duration_s;
    plan->parts[plan->count++] = part;
    return true;
}

/* ---- levels -------------------------------------------------------------------------- */

static void see(erg_plan *plan, double power_w)
{
    plan->low_w = plan->low_w > 0 ? fmin(plan->low_w, power_w) : power_w;
    plan->high_w = fmax(plan->high_w, power_w);
}

static void find_bounds(erg_plan *plan)
{
    for (size_t i = 0; i < plan->count; i++) {
        const erg_plan_part *part = &plan->parts[i];
        bool is_sine = part->kind == ERG_PLAN_SINE;
        for (size_t j = 0; j < part->levels && !is_sine; j++)
            see(plan, part->level_w[j]);
        if (is_sine) {
            see(plan, fmax(part->level_w[0] - part->level_w[1], 1));
            see(plan, part->level_w[0] + part->level_w[1]);
        }
    }
}

static bool give_levels(erg_plan *plan, erg_error *err)
{
    const erg_plan_part *step = NULL;

    for (size_t i = 0; i < plan->count && !step; i++)
        if (plan->parts[i].kind == ERG_PLAN_STEP)
            step = &plan->parts[i];
    for (size_t i = 0; i < plan->count; i++) {
        erg_plan_part *part = &plan->parts[i];
        if (part->kind != ERG_PLAN_PRBS)
            continue;
        if (!step)
            return erg_fail(err, ERG_BAD_INPUT,
                            "--plan: prbs takes its two powers from a step: "
                            "step=100W:200W,prbs=15s:900s");
        part->levels = 2;
        memcpy(part->level_w, step->level_w, 2 * sizeof(double));
    }
    return true;
}

bool erg_plan_parse(const char *text, erg_plan *out, erg_error *err)
{
    char copy[1024], *rest = NULL;

    *out = (erg_plan){ .count = 0 };
    if (strlen(text) >= sizeof(copy))
        return erg_fail(err, ERG_BAD_INPUT, "--plan: longer than %zu characters",
                        sizeof(copy) - 1);
    erg_text_put(copy, sizeof(copy), text);
    for (char *part = strtok_r(copy, ",", &rest); part; part = strtok_r(NULL, ",", &rest))
        if (!take_part(out, part, err))
            return false;
    if (!out->count)
        return erg_fail(err, ERG_BAD_INPUT, "--plan: no part, as in "
                        "soak=300s,step=100W:200W,prbs=15s:900s");
    if (!give_levels(out, err))
        return false;
    find_bounds(out);
    return true;
}

/* ---- what is to be drawn ------------------------------------------------------------- */

/* x^5 + x^3 + 1 and x^6 + x^5 + 1 are primitive: every state but 0 comes once a round. */
int erg_plan_chip(int bits, size_t i)
{
    unsigned state = 1, length = (1u << bits) - 1;
    int other = bits == 5 ? 2 : 1;

    for (size_t k = 0; k < i % length; k++) {
        unsigned next = (state ^ (state >> other)) & 1;
        state = (state >> 1) | (next << (bits - 1));
    }
    return (int)(state & 1);
}

/* A whole round of 63 chips where it fits, else of 31. */
static double chip_w(const erg_plan_part *part, double t_s)
{
    int bits = part->duration_s >= 63 * part->chip_s ? 6 : 5;

    return part->level_w[erg_plan_chip(bits, (size_t)(t_s / part->chip_s))];
}

const erg_plan_part *erg_plan_part_at(const erg_plan *plan, double t_s)
{
    for (size_t i = 0; i < plan->count; i++)
        if (t_s >= plan->parts[i].begin_s
            && t_s < plan->parts[i].begin_s + plan->parts[i].duration_s)
            return &plan->parts[i];
    return NULL;
}

double erg_plan_power_w(const erg_plan *plan, double t_s)
{
    const double pi = 3.14159265358979323846;
    const erg_plan_part *part = erg_plan_part_at(plan, t_s);

    if (!part)
        return 0;
    double since_s = t_s - part->begin_s, share = since_s / part->duration_s;
    const double *w = part->level_w;
    switch (part->kind) {
    case ERG_PLAN_SOAK: return 0;
    case ERG_PLAN_HOLD: return w[0];
    case ERG_PLAN_PRBS: return chip_w(part, since_s);
    case ERG_PLAN_RAMP: return w[0] + share * (w[1] - w[0]);
    case ERG_PLAN_SINE: return fmax(0, w[0] + w[1] * sin(2 * pi * part->hz * since_s));
    case ERG_PLAN_STEP: case ERG_PLAN_STEPS: break;
    }
    size_t at = (size_t)(share * (double)part->levels);
    return w[at < part->levels ? at : part->levels - 1];
}

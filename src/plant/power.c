/* SPDX-License-Identifier: Apache-2.0 */
/* Power laws: sums of straight lines, so that every integral is a closed form. */
#include <math.h>
#include <string.h>
#include "plant/power.h"

enum { FIELDS_MOST = 2 * ERG_LAW_LINES_MOST };

typedef struct fields {
    char text[FIELDS_MOST][24];
    size_t count;
} fields;

typedef struct shape {
    const char *name;
    const char *usage;
    size_t least, most;
    bool (*read)(const fields *given, erg_law_part *out, erg_error *err);
} shape;

/* ---- the closed forms --------------------------------------------------- */

static double line_j(const erg_law_line *line, double elapsed_s)
{
    double share = line->duration_s > 0 ? elapsed_s / line->duration_s : 0;
    return elapsed_s * (line->begin_w + 0.5 * share * (line->end_w - line->begin_w));
}

static double part_duration_s(const erg_law_part *part)
{
    double sum_s = 0;
    for (size_t i = 0; i < part->count; i++)
        sum_s += part->lines[i].duration_s;
    return sum_s;
}

/* From 0 to elapsed_s, which lies inside the part. */
static double part_inside_j(const erg_law_part *part, double elapsed_s)
{
    double sum_j = 0;
    for (size_t i = 0; i < part->count && elapsed_s > 0; i++) {
        sum_j += line_j(&part->lines[i], fmin(elapsed_s, part->lines[i].duration_s));
        elapsed_s -= part->lines[i].duration_s;
    }
    return sum_j;
}

static double part_j(const erg_law_part *part, double t_s)
{
    double whole_s = part_duration_s(part);
    if (part->repeats) {
        double turns = floor(t_s / whole_s);
        return turns * part_inside_j(part, whole_s)
               + part_inside_j(part, t_s - turns * whole_s);
    }
    if (t_s < 0)
        return part->lines[0].begin_w * t_s;
    double after_s = fmax(t_s - whole_s, 0);
    return part_inside_j(part, t_s) + after_s * part->lines[part->count - 1].end_w;
}

static double part_w(const erg_law_part *part, double t_s)
{
    double whole_s = part_duration_s(part);
    if (part->repeats)
        t_s -= floor(t_s / whole_s) * whole_s;
    if (t_s < 0)
        return part->lines[0].begin_w;
    for (size_t i = 0; i < part->count; i++) {
        const erg_law_line *line = &part->lines[i];
        if (t_s < line->duration_s)
            return line->begin_w + t_s / line->duration_s * (line->end_w - line->begin_w);
        t_s -= line->duration_s;
    }
    return part->lines[part->count - 1].end_w;
}

double erg_law_w(const erg_law *law, double t_s)
{
    double sum_w = 0;
    for (size_t i = 0; i < law->count; i++)
        sum_w += part_w(&law->parts[i], t_s);
    return sum_w;
}

double erg_law_j(const erg_law *law, double begin_s, double end_s)
{
    double sum_j = 0;
    for (size_t i = 0; i < law->count; i++)
        sum_j += part_j(&law->parts[i], end_s) - part_j(&law->parts[i], begin_s);
    return sum_j;
}

/* ---- making one --------------------------------------------------------- */

static void add_line(erg_law_part *part, double duration_s, double begin_w, double end_w)
{
    part->lines[part->count++] = (erg_law_line){ duration_s, begin_w, end_w };
}

erg_law erg_law_constant(double level_w)
{
    erg_law law = { .count = 1, .parts[0].repeats = true };
    add_line(&law.parts[0], 1.0, level_w, level_w);
    return law;
}

static void set_square(erg_law_part *part, double low_w, double high_w, double period_s,
                       double duty)
{
    part->repeats = true;
    add_line(part, duty * period_s, high_w, high_w);
    add_line(part, (1 - duty) * period_s, low_w, low_w);
}

erg_law erg_law_square(double low_w, double high_w, double period_s, double duty)
{
    erg_law law = { .count = 1 };
    set_square(&law.parts[0], low_w, high_w, period_s, duty);
    return law;
}

/* ---- as people type it -------------------------------------------------- */

static bool read_watts(const char *text, double *out, erg_error *err)
{
    if (!erg_number_parse(text, strlen(text), '.', out)
        && !erg_quantity_parse(text, "W", out, err))
        return false;
    return *out >= 0
           || erg_fail(err, ERG_BAD_INPUT, "'%s' is negative: give watts, as in 250W",
                       text);
}

static bool read_duration(const char *text, double *out, erg_error *err)
{
    if (!erg_quantity_parse(text, "s", out, err))
        return false;
    return *out > 0 || erg_fail(err, ERG_BAD_INPUT, "'%s' must be longer than 0 s", text);
}

static bool read_constant(const fields *given, erg_law_part *out, erg_error *err)
{
    double level_w;
    if (!read_watts(given->text[1], &level_w, err))
        return false;
    out->repeats = true;
    add_line(out, 1.0, level_w, level_w);
    return true;
}

static bool read_square(const fields *given, erg_law_part *out, erg_error *err)
{
    double low_w, high_w, period_s, duty = 0.5;
    if (!read_watts(given->text[1], &low_w, err)
        || !read_watts(given->text[2], &high_w, err)
        || !read_duration(given->text[3], &period_s, err))
        return false;
    const char *text = given->text[4];
    if (given->count > 4 && !erg_number_parse(text, strlen(text), '.', &duty)
        && !erg_quantity_parse(text, "%", &duty, err))
        return false;
    if (!(duty > 0 && duty < 1))
        return erg_fail(err, ERG_BAD_INPUT, "duty '%s' is not between 0 and 1", text);
    set_square(out, low_w, high_w, period_s, duty);
    return true;
}

static bool read_ramp(const fields *given, erg_law_part *out, erg_error *err)
{
    double from_w, to_w, duration_s;
    if (!read_watts(given->text[1], &from_w, err) || !read_watts(given->text[2], &to_w, err)
        || !read_duration(given->text[3], &duration_s, err))
        return false;
    add_line(out, duration_s, from_w, to_w);
    return true;
}

static bool read_list(const fields *given, erg_law_part *out, erg_error *err)
{
    if (given->count % 2 == 0)
        return erg_fail(err, ERG_BAD_INPUT,
                        "a list is pairs of watts and durations, as in list:80:2s:400:1s");
    out->repeats = true;
    for (size_t i = 1; i < given->count; i += 2) {
        double level_w, duration_s;
        if (!read_watts(given->text[i], &level_w, err)
            || !read_duration(given->text[i + 1], &duration_s, err))
            return false;
        add_line(out, duration_s, level_w, level_w);
    }
    return true;
}

static const shape shapes[] = {
    { "constant", "constant:W", 2, 2, read_constant },
    { "square", "square:LOW:HIGH:PERIOD[:DUTY]", 4, 5, read_square },
    { "ramp", "ramp:FROM:TO:DURATION", 4, 4, read_ramp },
    { "list", "list:W:DURATION[:W:DURATION]...", 3, FIELDS_MOST, read_list },
};

static bool split(const char *text, size_t count, fields *out, erg_error *err)
{
    size_t at = 0;
    while (at <= count) {
        size_t size = 0;
        while (at + size < count && text[at + size] != ':')
            size++;
        if (out->count == FIELDS_MOST || size >= sizeof(out->text[0]))
            return erg_fail(err, ERG_BAD_INPUT, "'%.*s' has a field too many or too long",
                            (int)count, text);
        memcpy(out->text[out->count], text + at, size);
        out->text[out->count++][size] = '\0';
        at += size + 1;
    }
    return true;
}

static bool part_parse(const char *text, size_t count, erg_law_part *out, erg_error *err)
{
    fields given = { 0 };
    if (!split(text, count, &given, err))
        return false;
    for (size_t i = 0; i < ERG_COUNT(shapes); i++) {
        if (strcmp(shapes[i].name, given.text[0]) != 0)
            continue;
        if (given.count < shapes[i].least || given.count > shapes[i].most)
            return erg_fail(err, ERG_BAD_INPUT, "'%.*s' is not of the form %s", (int)count,
                            text, shapes[i].usage);
        return shapes[i].read(&given, out, err);
    }
    return erg_fail(err, ERG_BAD_INPUT, "'%s' is not constant, square, ramp or list",
                    given.text[0]);
}

bool erg_law_parse(const char *text, erg_law *out, erg_error *err)
{
    memset(out, 0, sizeof(*out));
    for (;;) {
        size_t count = strcspn(text, "+");
        if (out->count == ERG_LAW_PARTS_MOST)
            return erg_fail(err, ERG_BAD_INPUT, "more than %d power laws are added",
                            ERG_LAW_PARTS_MOST);
        if (!part_parse(text, count, &out->parts[out->count], err))
            return false;
        out->count++;
        if (!text[count])
            return true;
        text += count + 1;
    }
}

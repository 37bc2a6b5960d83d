/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The flags under the tables: each once for a channel, with the regions it lies in.
 * The flag's own sentence says where and what to do; one that only a figure raised has
 * the sentence of the table of flags instead.
 */
#include <stdlib.h>
#include <string.h>
#include "trace/summary.h"

enum { NAMES_MOST = 5 };

/* A figure of that channel bears the flags; region NULL: the summary's own window. */
typedef struct raised { uint64_t flags; int channel; const char *region; } raised;

bool erg_summary_raised(summary *all, const erg_energy *energy, int channel,
                        const char *region)
{
    raised one = { energy->flags, channel, region };
    return !energy->flags || erg_rows_add(&all->raised, &one, 1, sizeof(one), all->err);
}

static bool bears(const raised *one, int code, int channel)
{
    return one->flags >> code & 1 && (channel < 0 || one->channel == channel);
}

/* " (run, prefill)" */
static void add_regions(const summary *all, erg_text *to, int code, int channel)
{
    const raised *at = all->raised.items;
    erg_interned names = { 0 };
    size_t count = 0;

    for (size_t i = 0; i < all->raised.count && !to->failed; i++) {
        if (!bears(&at[i], code, channel) || !at[i].region)
            continue;
        to->failed = erg_intern(&names, at[i].region, strlen(at[i].region), NULL) < 0;
        bool is_new = names.rows.count > count;
        count = names.rows.count;
        if (is_new && count <= NAMES_MOST)
            erg_text_add(to, "%s%s", count > 1 ? ", " : " (", at[i].region);
    }
    erg_interned_free(&names);
    if (count > NAMES_MOST)
        erg_text_add(to, " and %zu more", count - NAMES_MOST);
    erg_text_add(to, "%s", count ? ")" : "");
}

static void add_source(const summary *all, erg_text *to, int code, int channel)
{
    char source[ERG_CHANNEL_PATH_MOST];

    if (channel >= 0) {
        erg_trace_channel_path(all->trace, channel, source);
        erg_text_add(to, ", %s", source);
    }
    add_regions(all, to, code, channel);
}

/* Ends the line; frees the text. */
static bool put_line(summary *all, erg_text *line, const char *sentence)
{
    erg_text_add(line, ": %s", sentence);
    bool good = line->failed ? erg_fail(all->err, ERG_NO_MEMORY, "out of memory")
                             : erg_result_note(all->result, all->err, "%s", line->data);
    erg_text_free(line);
    return good;
}

static bool note_own(summary *all, const erg_flag *flag, size_t places)
{
    const erg_flag_info *info = erg_flag_describe(flag->code);
    erg_text line = { 0 };

    erg_text_add(&line, "%s", info->name);
    add_source(all, &line, (int)flag->code, flag->channel);
    if (places > 1)
        erg_text_add(&line, ", first of %zu places", places);
    return put_line(all, &line, *flag->text ? flag->text : info->about);
}

/* Of one group: how many of its flags lie on what is told, and the number of the first. */
typedef struct place { size_t first, count; } place;

/* Where a region or a stretch was asked for, what lies beside it is not of it. */
static bool is_of(const summary *all, const erg_flag *flag)
{
    const erg_summary_options *options = all->options;
    bool asked = options->region || options->window.end_ns > options->window.begin_ns;

    return !asked || erg_flag_lies_on(flag, all->where.spans, all->where.count);
}

/* A cell a group. */
static place *places_of(const summary *all)
{
    place *places = calloc(all->flags->count + 1, sizeof(*places));

    for (size_t i = 0; places && i < erg_trace_flag_count(all->trace); i++) {
        const erg_flag *flag = erg_trace_flag(all->trace, i);
        if (!is_of(all, flag))
            continue;
        place *at = &places[erg_flag_group_find(all->flags, flag->channel, flag->code)
                            - all->flags->at];
        at->first = at->count++ ? at->first : i;
    }
    return places;
}

static bool has_own(const summary *all, const place places[], int code, int channel)
{
    const int channels[] = { channel, -1 };
    bool has = false;

    for (size_t c = 0; c < ERG_COUNT(channels); c++) {
        const erg_flag_group *group =
            erg_flag_group_find(all->flags, channels[c], (erg_flag_code)code);
        has |= group && places[group - all->flags->at].count;
    }
    return has;
}

/* One line for all channels: the sentence is the same. is_told: a cell a channel. */
static bool note_figures(summary *all, const place places[], int code, bool is_told[])
{
    const raised *at = all->raised.items;
    const erg_flag_info *info = erg_flag_describe((erg_flag_code)code);
    erg_text line = { 0 };
    bool any = false;

    for (size_t c = 0; c < erg_trace_channel_count(all->trace); c++)
        is_told[c] = has_own(all, places, code, (int)c);
    erg_text_add(&line, "%s", info->name);
    for (size_t i = 0; i < all->raised.count; i++) {
        if (!bears(&at[i], code, -1) || is_told[at[i].channel])
            continue;
        add_source(all, &line, code, at[i].channel);
        is_told[at[i].channel] = any = true;
    }
    if (any)
        return put_line(all, &line, info->about);
    erg_text_free(&line);
    return true;
}

/* Those of one code, in the order in which they were raised. */
static bool note_code(summary *all, const place places[], int code)
{
    for (size_t i = 0; i < erg_trace_flag_count(all->trace); i++) {
        const erg_flag *flag = erg_trace_flag(all->trace, i);
        if ((int)flag->code != code)
            continue;
        const place *at = &places[erg_flag_group_find(all->flags, flag->channel, flag->code)
                                  - all->flags->at];
        if (at->count && at->first == i && !note_own(all, flag, at->count))
            return false;
    }
    return true;
}

bool erg_summary_note_flags(summary *all)
{
    bool *is_told = calloc(erg_trace_channel_count(all->trace) + 1, sizeof(*is_told));
    place *places = places_of(all);
    bool good = (is_told && places) || erg_fail(all->err, ERG_NO_MEMORY, "out of memory");

    for (int code = 0; good && code < ERG_FLAG_COUNT_OF; code++)
        good = note_code(all, places, code) && note_figures(all, places, code, is_told);
    free(places);
    free(is_told);
    return good;
}

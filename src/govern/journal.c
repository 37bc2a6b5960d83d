/* SPDX-License-Identifier: Apache-2.0 */
#include <fcntl.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "format/json.h"
#include "govern/journal.h"
#include "govern/journal_writer.h"

enum { TAIL_BYTES = ERG_JOURNAL_TAIL * ERG_JOURNAL_LINE };

struct erg_journal {
    erg_journal_file file;
    erg_journal_writer *writer;         /* NULL: who adds also writes */
    erg_journal_entry tail[ERG_JOURNAL_TAIL];
    size_t begin, count;
    uint64_t total;
};

/* ---- lines ------------------------------------------------------------------ */

static const struct { const char *key; size_t at; } numbers[] = {
    { "old", offsetof(erg_journal_entry, old_w) },
    { "requested", offsetof(erg_journal_entry, requested_w) },
    { "clamped", offsetof(erg_journal_entry, clamped_w) },
    { "enforced", offsetof(erg_journal_entry, enforced_w) },
};

/* Only in lines about a clock: those of watts are as they ever were. */
static const struct { const char *key; size_t at; } clocks[] = {
    { "old_hz", offsetof(erg_journal_entry, old_hz) },
    { "requested_hz", offsetof(erg_journal_entry, requested_hz) },
    { "clamped_hz", offsetof(erg_journal_entry, clamped_hz) },
    { "enforced_hz", offsetof(erg_journal_entry, enforced_hz) },
};

static const struct { const char *key; size_t at, size; } texts[] = {
    { "device", offsetof(erg_journal_entry, device), 32 },
    { "rule", offsetof(erg_journal_entry, rule), 24 },
    { "who", offsetof(erg_journal_entry, who), 64 },
    { "text", offsetof(erg_journal_entry, text), 96 },
};

static char *line_of(const erg_journal_entry *entry)
{
    json_t *line = json_pack("{s:I, s:I}", "t_ns", (json_int_t)entry->t_ns, "utc_ns",
                             (json_int_t)entry->utc_ns);
    char utc[40];

    erg_utc_format(entry->utc_ns, 3, utc, sizeof(utc));
    json_object_set_new(line, "utc", json_string(utc));
    for (size_t i = 0; i < ERG_COUNT(texts); i++)
        json_object_set_new(line, texts[i].key,
                            json_string((const char *)entry + texts[i].at));
    for (size_t i = 0; i < ERG_COUNT(numbers); i++) {
        double value;
        memcpy(&value, (const char *)entry + numbers[i].at, sizeof(value));
        json_object_set_new(line, numbers[i].key, erg_json_real(value));
    }
    for (size_t i = 0; i < ERG_COUNT(clocks); i++) {
        double value;
        memcpy(&value, (const char *)entry + clocks[i].at, sizeof(value));
        if (value > 0)
            json_object_set_new(line, clocks[i].key, erg_json_real(value));
    }
    char *text = json_dumps(line, JSON_COMPACT | JSON_REAL_PRECISION(9));
    json_decref(line);
    return text;
}

bool erg_journal_parse(const char *line, size_t size, erg_journal_entry *out)
{
    json_t *root = erg_json_parse("journal", line, size, NULL);
    const json_t *t = json_object_get(root, "t_ns"), *utc = json_object_get(root, "utc_ns");
    bool good = json_is_integer(t) && json_is_integer(utc);

    *out = (erg_journal_entry){ .t_ns = json_integer_value(t),
                                .utc_ns = json_integer_value(utc) };
    for (size_t i = 0; i < ERG_COUNT(texts); i++) {
        const char *text = json_string_value(json_object_get(root, texts[i].key));
        erg_text_put((char *)out + texts[i].at, texts[i].size, text ? text : "");
    }
    for (size_t i = 0; i < ERG_COUNT(numbers); i++) {
        double value = erg_json_number_of(root, numbers[i].key);
        memcpy((char *)out + numbers[i].at, &value, sizeof(value));
    }
    for (size_t i = 0; i < ERG_COUNT(clocks); i++) {
        double value = erg_json_number_of(root, clocks[i].key);
        memcpy((char *)out + clocks[i].at, &value, sizeof(value));
    }
    json_decref(root);
    return good;
}

static void remember(erg_journal *journal, const erg_journal_entry *entry)
{
    size_t at = (journal->begin + journal->count) % ERG_JOURNAL_TAIL;

    journal->tail[at] = *entry;
    if (journal->count < ERG_JOURNAL_TAIL)
        journal->count++;
    else
        journal->begin = (journal->begin + 1) % ERG_JOURNAL_TAIL;
}

/* ---- the file ------------------------------------------------------------------ */

/* A torn last line, as of a full disk, is passed over. */
static void read_tail(erg_journal *journal)
{
    const erg_journal_file *file = &journal->file;
    char *bytes = malloc(TAIL_BYTES);
    off_t from = file->bytes > TAIL_BYTES ? (off_t)file->bytes - TAIL_BYTES : 0;
    ssize_t count = bytes ? pread(file->fd, bytes, TAIL_BYTES, from) : -1;
    erg_journal_entry entry;

    for (const char *at = bytes, *end = bytes + (count > 0 ? count : 0);
         bytes && at < end;) {
        const char *stop = memchr(at, '\n', (size_t)(end - at));
        if (!stop)
            break;
        if (erg_journal_parse(at, (size_t)(stop - at), &entry))
            remember(journal, &entry);
        at = stop + 1;
    }
    free(bytes);
}

erg_journal *erg_journal_open(const char *path, double most_bytes, erg_error *err)
{
    erg_journal *journal = calloc(1, sizeof(*journal));

    if (!journal) {
        erg_fail(err, ERG_NO_MEMORY, "out of memory for the journal");
        return NULL;
    }
    journal->file.fd = -1;
    if (!path)
        return journal;
    if (erg_journal_file_open(&journal->file, path, most_bytes, err)) {
        read_tail(journal);
        return journal;
    }
    erg_journal_free(journal);
    return NULL;
}

bool erg_journal_write_apart(erg_journal *journal, erg_error *err)
{
    if (journal->file.fd < 0 || journal->writer)
        return true;
    journal->writer = erg_journal_writer_start(&journal->file, err);
    return journal->writer;
}

void erg_journal_free(erg_journal *journal)
{
    if (!journal)
        return;
    erg_journal_writer_end(journal->writer);
    erg_journal_file_close(&journal->file);
    free(journal);
}

bool erg_journal_add(erg_journal *journal, const erg_journal_entry *entry, erg_error *err)
{
    erg_text line = { 0 };
    char *text = line_of(entry);

    remember(journal, entry);
    journal->total++;
    erg_text_add(&line, "%s\n", text ? text : "");
    free(text);
    bool good = !line.failed;
    if (good && journal->writer)
        erg_journal_writer_take(journal->writer, line.data, line.count);
    else if (good && journal->file.fd >= 0)
        good = erg_journal_file_add(&journal->file, line.data, line.count, err);
    erg_text_free(&line);
    return good;
}

bool erg_journal_say(erg_journal *journal, const erg_env *env,
                     const erg_journal_words *words, erg_error *err)
{
    erg_journal_entry entry = {
        .t_ns = erg_env_now_ns(env), .utc_ns = erg_env_utc_ns(env),
        .old_w = NAN, .requested_w = NAN, .clamped_w = NAN, .enforced_w = NAN,
    };

    erg_text_put(entry.device, sizeof(entry.device), words->device);
    erg_text_put(entry.rule, sizeof(entry.rule), words->rule);
    erg_text_put(entry.who, sizeof(entry.who), words->who);
    erg_text_put(entry.text, sizeof(entry.text), words->text);
    return erg_journal_add(journal, &entry, err);
}

bool erg_journal_sync(erg_journal *journal, erg_error *err)
{
    return journal->writer ? erg_journal_writer_ask(journal->writer, err)
                           : erg_journal_file_sync(&journal->file, err);
}

uint64_t erg_journal_total(const erg_journal *journal) { return journal->total; }

size_t erg_journal_count(const erg_journal *journal)
{
    return journal->count;
}

const erg_journal_entry *erg_journal_at(const erg_journal *journal, size_t index)
{
    return &journal->tail[(journal->begin + index) % ERG_JOURNAL_TAIL];
}

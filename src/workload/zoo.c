/* SPDX-License-Identifier: Apache-2.0 */
/* The zoo: built-in networks, written as parametric graphs, a table a family. */
#include <string.h>
#include "workload/build.h"

static const struct {
    const erg_zoo_entry *rows;
    bool sees_images;           /* whole ones: nothing is read token by token */
} tables[] = {
    { erg_zoo_resnet,       true },
    { erg_zoo_mobilenet,    true },
    { erg_zoo_vgg,          true },
    { erg_zoo_efficientnet, true },
    { erg_zoo_transformer,  false },
    { erg_zoo_lstm,         false },
    { erg_zoo_yolo,         true },
    { erg_zoo_unet,         true },
};

static const erg_zoo_entry *entry_at(size_t index)
{
    for (size_t i = 0; i < ERG_COUNT(tables); i++)
        for (const erg_zoo_entry *entry = tables[i].rows; entry->name; entry++)
            if (index-- == 0)
                return entry;
    return NULL;
}

size_t erg_zoo_count(void)
{
    size_t count = 0;

    while (entry_at(count))
        count++;
    return count;
}

const char *erg_zoo_name(size_t index) { return entry_at(index)->name; }

const char *erg_zoo_about(size_t index) { return entry_at(index)->about; }

static const char *skip_joints(const char *at)
{
    return at + strspn(at, "-_");
}

/* "llama2_7b", "llama2-7b" and "llama-2-7b" are all about: joints do not count. */
static bool same_name(const char *name, const char *said)
{
    name = skip_joints(name);
    said = skip_joints(said);
    while (*name && *name == *said) {
        name = skip_joints(name + 1);
        said = skip_joints(said + 1);
    }
    return *name == *said;
}

static const erg_zoo_entry *entry_find(const char *name, bool *sees_images)
{
    for (size_t i = 0; i < ERG_COUNT(tables); i++)
        for (const erg_zoo_entry *entry = tables[i].rows; entry->name; entry++)
            if (same_name(entry->name, name)) {
                *sees_images = tables[i].sees_images;
                return entry;
            }
    return NULL;
}

static bool zoo_sniff(const char *spec, const char *head, size_t count)
{
    (void)head;
    (void)count;
    return strncmp(spec, "zoo:", 4) == 0;
}

static erg_graph *zoo_read(const char *spec, const erg_graph_options *options,
                           erg_error *err)
{
    bool sees_images = false;
    const erg_zoo_entry *entry = entry_find(spec + 4, &sees_images);

    if (!entry) {
        erg_fail(err, ERG_BAD_INPUT, "the zoo has no %s; `erg zoo` lists what it has",
                 spec + 4);
        return NULL;
    }
    erg_builder *builder = erg_build_begin(entry->name, "zoo", options, err);
    if (!builder)
        return NULL;
    if (sees_images && options->phase == ERG_DECODE)
        erg_build_refuse(builder, "%s looks at whole images: it has no decode phase",
                         entry->name);
    entry->build(builder, entry->shape);
    return erg_build_end(builder, err);
}

static const erg_column columns[] = {
    { "name",       ERG_TEXT,    "give it as zoo:NAME" },
    { "family",     ERG_TEXT,    "kind of network" },
    { "parameters", ERG_INTEGER, "trained numbers" },
    { "macs",       ERG_INTEGER, "multiply-adds of matrix work, batch 1, default length" },
    { "operators",  ERG_INTEGER, "launches of an eager run" },
    { "about",      ERG_TEXT,    "what it is" },
};

static bool row_add(erg_table *table, const erg_zoo_entry *entry, erg_error *err)
{
    char spec[80];

    snprintf(spec, sizeof(spec), "zoo:%s", entry->name);
    erg_graph_options options = { .head = entry->head };
    erg_graph *graph = zoo_read(spec, &options, err);
    bool ok = graph && erg_table_row(table, err)
        && erg_table_text(table, "name", entry->name, err)
        && erg_table_text(table, "family", entry->family, err)
        && erg_table_integer(table, "parameters", graph->parameters, err)
        && erg_table_integer(table, "macs", graph->macs, err)
        && erg_table_integer(table, "operators", graph->operator_count, err)
        && erg_table_text(table, "about", entry->about, err);
    erg_graph_free(graph);
    return ok;
}

erg_result *erg_zoo_table(const char *name, erg_error *err)
{
    erg_result *result = erg_result_new("zoo", err);
    erg_table *table = result
        ? erg_result_add(result, "zoo", columns, ERG_COUNT(columns), err)
        : NULL;
    bool ok = table != NULL, sees_images;

    if (ok && name && !entry_find(name, &sees_images))
        ok = erg_fail(err, ERG_BAD_INPUT, "the zoo has no %s; `erg zoo` lists what it has",
                      name);
    for (size_t i = 0; ok && entry_at(i); i++)
        if (!name || same_name(entry_at(i)->name, name))
            ok = row_add(table, entry_at(i), err);
    if (!ok) {
        erg_result_free(result);
        return NULL;
    }
    return result;
}

const erg_graph_reader erg_reader_zoo = {
    .name = "zoo",
    .about = "built-in networks: zoo:NAME",
    .sniff = zoo_sniff,
    .read = zoo_read,
};

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a node's configuration says to the tools beside its jobs: ergd only hands it out, so
 * that one file serves a node. A tool asks in the words of its own environment variable.
 */
#include <math.h>
#include <string.h>
#include "govern/govern.h"

static const erg_column setting_columns[] = {
    { "tool", ERG_TEXT, "whom it is for" },
    { "variable", ERG_TEXT, "the environment variable that would say the same" },
    { "settings", ERG_TEXT, "its value" },
};

bool erg_govern_add_settings(const erg_governor *governor, erg_result *result,
                             erg_error *err)
{
    erg_table *table = erg_result_add(result, "settings", setting_columns,
                                      ERG_COUNT(setting_columns), err);

    if (!table || !governor->config->mpi[0])
        return table != NULL;
    return erg_table_row(table, err) && erg_table_text(table, "tool", "mpi", err)
        && erg_table_text(table, "variable", "ERG_MPI", err)
        && erg_table_text(table, "settings", governor->config->mpi, err);
}

bool erg_govern_settings(const char *socket, const char *tool, char *to, size_t size,
                         erg_error *err)
{
    const erg_govern_request request = { .verb = ERG_GOVERN_SETTINGS };
    erg_result *result = erg_govern_ask(socket ? socket : ERG_GOVERN_SOCKET, &request, err);
    const erg_table *table = result ? erg_result_find(result, "settings") : NULL;
    const char *text = "";

    for (size_t i = 0; table && i < erg_table_row_count(table); i++) {
        const char *name = erg_table_find(table, i, "tool").text;
        if (name && strcmp(name, tool) == 0)
            text = erg_table_find(table, i, "settings").text;
    }
    bool good = result && text && strlen(text) < size;
    if (good)
        erg_text_put(to, size, text);
    else if (result)
        erg_fail(err, ERG_BAD_INPUT, "ergd's settings of %.20s are not understood", tool);
    erg_result_free(result);
    return good;
}

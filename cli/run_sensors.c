/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>
#include "run_sensors.h"

/* The end of the first spec of a list: at a comma, but not one that goes before a
 * KEY=VALUE, as in sim:plain,load=constant:200. */
static char *spec_end(char *list)
{
    char *comma = strchr(list, ',');
    while (comma && strncmp(list, "sim", 3) == 0
           && comma[1 + strcspn(comma + 1, ",:=")] == '=')
        comma = strchr(comma + 1, ',');
    return comma;
}

bool cli_sensors_gather(const cli *call, const char *devices, const char *tape,
                        const char *sim, cli_sensors *list, erg_error *err)
{
    for (size_t i = 0; i < call->common.sensors.count; i++)
        list->items[list->count++] = call->common.sensors.items[i];
    if (tape) {
        snprintf(list->tape_spec, sizeof(list->tape_spec), "tape:%s", tape);
        list->items[list->count++] = list->tape_spec;
    }
    if (sim) {
        snprintf(list->sim_spec, sizeof(list->sim_spec), "sim:%s", sim);
        list->items[list->count++] = list->sim_spec;
    }
    if (!devices)
        return true;
    if (strlen(devices) >= sizeof(list->words))
        return erg_fail(err, ERG_BAD_INPUT, "--device: the list is too long");
    strcpy(list->words, devices);
    for (char *word = list->words, *end = word; end && list->count < CLI_COUNT(list->items);
         word = end + 1) {
        if ((end = spec_end(word)))
            *end = '\0';
        list->items[list->count++] = word;
    }
    return true;
}

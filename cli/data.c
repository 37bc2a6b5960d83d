/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Where erg's own data lie: ERG_DATA, else share/erg beside the folder of the
 * program, else data/ in a folder above it (a build tree). The user's records lie
 * in ~/.config/erg and come first.
 */
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include "cli.h"

bool cli_ends_in(const char *path, const char *end)
{
    size_t count = path ? strlen(path) : 0, tail = strlen(end);
    return path && count >= tail && strcmp(path + count - tail, end) == 0;
}

bool cli_is_folder(const char *path)
{
    struct stat there;
    return stat(path, &there) == 0 && S_ISDIR(there.st_mode);
}

/* base + end into to, if hardware/ lies there. */
static bool holds(const char *base, const char *end, char *to)
{
    char probe[CLI_PATH_MOST + 16];

    if (snprintf(to, CLI_PATH_MOST, "%s%s", base, end) >= CLI_PATH_MOST)
        return false;
    snprintf(probe, sizeof(probe), "%s/hardware", to);
    return cli_is_folder(probe);
}

static bool cut_last(char *path)
{
    char *slash = strrchr(path, '/');

    if (slash)
        *slash = '\0';
    return slash != NULL;
}

static bool near_program(char *to)
{
    char folder[CLI_PATH_MOST];
    ssize_t count = readlink("/proc/self/exe", folder, sizeof(folder) - 1);

    if (count <= 0)
        return false;
    folder[count] = '\0';
    if (!cut_last(folder))
        return false;
    if (holds(folder, "/../share/erg", to))
        return true;
    do {
        if (holds(folder, "/data", to))
            return true;
    } while (cut_last(folder));
    return false;
}

const erg_catalog *cli_catalog(const cli *call, cli_folders *folders)
{
    const cli_places *places = &call->places;
    int count = 0;

    *folders = (cli_folders){ 0 };
    if (places->data && *places->data)
        folders->catalog.data_dir = places->data;
    else if (near_program(folders->data))
        folders->catalog.data_dir = folders->data;

    if (places->config && *places->config)
        count = snprintf(folders->user, CLI_PATH_MOST, "%s/erg", places->config);
    else if (places->home && *places->home)
        count = snprintf(folders->user, CLI_PATH_MOST, "%s/.config/erg", places->home);
    if (count > 0 && count < CLI_PATH_MOST)
        folders->catalog.user_dir = folders->user;
    return &folders->catalog;
}

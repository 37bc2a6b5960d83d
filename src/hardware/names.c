/* SPDX-License-Identifier: Apache-2.0 */
/* Names of the catalogue: files NAME.json in hardware/ of the user's and of erg's
 * folder. The user's come first. */
#include <dirent.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "hardware/record.h"

enum { NAMES_MOST = 10000, NEAR_MOST = 4, WORD_MOST = 64 };

static bool name_add(erg_names *names, const char *file, erg_error *err)
{
    size_t count = strlen(file);

    if (count < 6 || file[0] == '.' || strcmp(file + count - 5, ".json") != 0
        || names->count >= NAMES_MOST)
        return true;
    if (!erg_grow((void **)&names->items, &names->capacity, names->count, sizeof(char *),
                  err))
        return false;
    char *name = strndup(file, count - 5);
    if (!name)
        return erg_fail(err, ERG_NO_MEMORY, "out of memory");
    names->items[names->count++] = name;
    return true;
}

static bool folder_list(const char *folder, erg_names *names, erg_error *err)
{
    char path[ERG_PATH_MOST];
    bool ok = true;

    if (!folder || snprintf(path, sizeof(path), "%s/hardware", folder) >= ERG_PATH_MOST)
        return true;
    DIR *dir = opendir(path);
    if (!dir)
        return true;
    for (struct dirent *entry; ok && (entry = readdir(dir));)
        ok = name_add(names, entry->d_name, err);
    closedir(dir);
    return ok;
}

static int by_name(const void *a, const void *b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

bool erg_names_list(const erg_catalog *catalog, erg_names *names, erg_error *err)
{
    if (!folder_list(catalog->user_dir, names, err)
        || !folder_list(catalog->data_dir, names, err))
        return false;
    if (names->count)
        qsort(names->items, names->count, sizeof(char *), by_name);
    size_t kept = 0;
    for (size_t i = 0; i < names->count; i++) {
        if (kept && strcmp(names->items[kept - 1], names->items[i]) == 0)
            free(names->items[i]);
        else
            names->items[kept++] = names->items[i];
    }
    names->count = kept;
    return true;
}

void erg_names_free(erg_names *names)
{
    for (size_t i = 0; i < names->count; i++)
        free(names->items[i]);
    free(names->items);
    *names = (erg_names){ 0 };
}

/* ---- near names ------------------------------------------------------------------ */

static int least(int a, int b) { return a < b ? a : b; }

/* Letters to insert, delete or replace (Levenshtein). */
static int distance(const char *a, const char *b)
{
    int row[WORD_MOST + 1];
    int columns = (int)strnlen(b, WORD_MOST);

    for (int j = 0; j <= columns; j++)
        row[j] = j;
    for (int i = 1; a[i - 1] && i <= WORD_MOST; i++) {
        int corner = row[0];
        row[0] = i;
        for (int j = 1; j <= columns; j++) {
            int other = corner + (a[i - 1] != b[j - 1]);
            corner = row[j];
            row[j] = least(other, least(row[j], row[j - 1]) + 1);
        }
    }
    return row[columns];
}

/* 0: the name begins as asked; NEAR_MOST and above: not near. Slips in the first part
 * of a long name count only there: a101 is near a100-pcie-40gb. */
static int farness(const char *asked, const char *name)
{
    char begin[WORD_MOST + 1];

    if (strlen(asked) >= 3 && strstr(name, asked))
        return strstr(name, asked) != name;
    erg_text_put(begin, sizeof(begin), name);
    if (strlen(asked) >= 4 && strlen(asked) < strlen(begin))
        begin[strlen(asked)] = '\0';
    return least(distance(asked, begin), distance(asked, name)) + 1;
}

static void near_list(const erg_names *names, const char *asked, erg_text *text)
{
    int listed = 0;

    for (int far = 0; far < NEAR_MOST && listed < NEAR_MOST; far++)
        for (size_t i = 0; i < names->count && listed < NEAR_MOST; i++)
            if (farness(asked, names->items[i]) == far)
                erg_text_add(text, "%s %s", listed++ ? "," : "; near it are",
                             names->items[i]);
}

static bool no_catalogue(const erg_catalog *catalog, erg_error *err)
{
    return erg_fail(err, ERG_NOT_FOUND, "there is no catalogue in %s: set ERG_DATA to the "
                    "folder that has hardware/",
                    catalog->data_dir ? catalog->data_dir : "share/erg or data");
}

static bool none_found(const erg_catalog *catalog, const char *name, erg_error *err)
{
    erg_names names = { 0 };
    erg_text text = { 0 };

    if (erg_names_list(catalog, &names, NULL))
        near_list(&names, name, &text);
    char *near = erg_text_take(&text);
    if (names.count == 0)
        no_catalogue(catalog, err);
    else
        erg_fail(err, ERG_NOT_FOUND,
                 "the catalogue has no device %.80s%s; `erg hardware` lists "
                 "what it has",
                 name, near ? near : "");
    free(near);
    erg_names_free(&names);
    return false;
}

bool erg_names_find(const erg_catalog *catalog, const char *name, char *path,
                    erg_error *err)
{
    const char *const folders[] = { catalog->user_dir, catalog->data_dir };

    for (size_t i = 0; i < ERG_COUNT(folders); i++)
        if (folders[i]
            && snprintf(path, ERG_PATH_MOST, "%s/hardware/%s.json", folders[i], name)
                < ERG_PATH_MOST
            && access(path, F_OK) == 0)
            return true;
    return none_found(catalog, name, err);
}

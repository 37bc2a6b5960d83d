/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Runs while erg is built: lays the tables of an empty run file and prints its bytes as a C
 * array. To have SQLite read that SQL at each start took more than a third of all that a
 * short `erg run` executes.
 *
 * Arguments: a file to work in, which is removed.
 */
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include "trace/schema.h"

static int fail(sqlite3 *db, const char *path)
{
    fprintf(stderr, "lay_schema: %s: %s\n", path, sqlite3_errmsg(db));
    sqlite3_close(db);
    return 1;
}

static int print(const char *path)
{
    FILE *file = fopen(path, "rb");
    int byte;

    if (!file) {
        perror(path);
        return 1;
    }
    printf("/* Made by src/trace/lay_schema.c from src/trace/schema.c. */\n"
           "static const unsigned char erg_empty_file[] = {");
    for (long i = 0; (byte = getc(file)) != EOF; i++)
        printf("%s%d,", i % 16 ? "" : "\n", byte);
    printf("\n};\n");
    fclose(file);
    return 0;
}

int main(int argc, char *argv[])
{
    sqlite3 *db = NULL;

    if (argc != 2) {
        fprintf(stderr, "usage: lay_schema FILE\n");
        return 2;
    }
    remove(argv[1]);
    if (sqlite3_open(argv[1], &db) != SQLITE_OK
        || sqlite3_exec(db, erg_store_schema, NULL, NULL, NULL) != SQLITE_OK)
        return fail(db, argv[1]);
    sqlite3_close(db);
    int status = print(argv[1]);
    remove(argv[1]);
    return status;
}

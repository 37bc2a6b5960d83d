/* SPDX-License-Identifier: Apache-2.0 */
/*
 * cmocka behind one thin header: tests are a table, their names are sentences,
 * the output is TAP. SKIP says why.
 */
#ifndef ERG_TEST_H
#define ERG_TEST_H

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <cmocka.h>
#include "base/base.h"
#include "erg/table.h"

typedef struct test { const char *name; void (*run)(void); } test;

#define TEST(function) { #function, function }
#define CHECK(truth) \
    _assert_true((unsigned long)((truth) ? 1 : 0), #truth, __FILE__, __LINE__)
#define CHECK_OK(call, err) test_ok((call), &(err), #call, __FILE__, __LINE__)
#define CHECK_NEAR(got, want, most) \
    test_near((double)(got), (double)(want), (double)(most), #got, __FILE__, __LINE__)
#define CHECK_TEXT(got, want) test_text((got), (want), #got, __FILE__, __LINE__)
#define SKIP(why) (print_message("# skipped: %s\n", (why)), skip())

void test_near(double got, double want, double most, const char *what, const char *file,
               int line);
void test_text(const char *got, const char *want, const char *what, const char *file,
               int line);
void test_ok(bool good, const erg_error *err, const char *what, const char *file, int line);

/* A path in ../shared/data (or ERG_SHARED/data); skips with the reason without it.
 * Good until the next call. */
const char *test_data(const char *name);
/* A path in tests/fixtures of the source tree. Good until the next call. */
const char *test_fixture(const char *name);
/* A new folder under /tmp, removed at exit. Good until the next call. */
const char *test_folder(void);
/* text into a file, new or in place of another. */
void test_write(const char *path, const char *text);
/* A file of that name in a new folder. Good until four calls later. */
const char *test_file(const char *name, const char *text);
/* How many files a folder has whose names begin with no dot. */
size_t test_files_in(const char *folder);
/* How often word stands in text. */
size_t test_count(const char *text, const char *word);
/* Whether a note of the result has these words. */
bool test_has_note(const erg_result *result, const char *words);
/* A seeded generator, the same on every machine: uniform [0,1), normal(0,1). */
typedef struct test_random { uint64_t state; } test_random;
double test_uniform(test_random *random);
double test_normal(test_random *random);

int test_run(const test *tests, size_t count);

#endif

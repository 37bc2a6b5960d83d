/* SPDX-License-Identifier: Apache-2.0 */
/* Libraries opened at run time, on one that every machine has. */
#include "base/library.h"
#include "test.h"

static const char *const files[] = { "liberg-not-here.so.7", "libm.so.6" };

typedef struct calls {
    double (*cosine)(double x);
    double (*root)(double x);
} calls;

#define SLOT(member) offsetof(calls, member)

static void the_first_file_that_is_there_is_opened(void)
{
    void *library = erg_library_open(files, ERG_COUNT(files));

    CHECK(library);
    erg_library_close(library);
    CHECK(!erg_library_open(files, 1));
    erg_library_close(NULL);
}

static void calls_are_found_by_their_names(void)
{
    static const erg_symbol symbols[] = {
        { "cos", SLOT(cosine), true },
        { "sqrt", SLOT(root), false },
    };
    void *library = erg_library_open(files, ERG_COUNT(files));
    calls of = { 0 };

    CHECK(!erg_library_find(library, symbols, ERG_COUNT(symbols), &of));
    CHECK_NEAR(of.cosine(0), 1, 0);
    CHECK_NEAR(of.root(9), 3, 0);
    erg_library_close(library);
}

static void only_a_required_call_is_missed(void)
{
    static const erg_symbol optional[] = {
        { "cos", SLOT(cosine), true },
        { "no_such_root", SLOT(root), false },
    };
    static const erg_symbol required[] = {
        { "no_such_cosine", SLOT(cosine), true },
        { "no_such_root", SLOT(root), true },
        { "sqrt", SLOT(root), true },
    };
    void *library = erg_library_open(files, ERG_COUNT(files));
    calls of = { 0 };

    CHECK(!erg_library_find(library, optional, ERG_COUNT(optional), &of));
    CHECK(of.cosine && !of.root);
    CHECK_TEXT(erg_library_find(library, required, ERG_COUNT(required), &of),
               "no_such_cosine");
    erg_library_close(library);
}

/* The newest name first; what it filled no older name that is missing empties. */
static void one_slot_may_have_two_names(void)
{
    static const erg_symbol symbols[] = {
        { "sqrt", SLOT(root), false },
        { "no_such_root", SLOT(root), false },
    };
    void *library = erg_library_open(files, ERG_COUNT(files));
    calls of = { 0 };

    CHECK(!erg_library_find(library, symbols, ERG_COUNT(symbols), &of));
    CHECK_NEAR(of.root(16), 4, 0);
    erg_library_close(library);
}

int main(void)
{
    static const test tests[] = {
        TEST(the_first_file_that_is_there_is_opened),
        TEST(calls_are_found_by_their_names),
        TEST(only_a_required_call_is_missed),
        TEST(one_slot_may_have_two_names),
    };
    return test_run(tests, ERG_COUNT(tests));
}

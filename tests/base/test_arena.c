/* SPDX-License-Identifier: Apache-2.0 */
/* Things that are dropped together. */
#include "base/base.h"
#include "test.h"

static void what_is_reserved_lies_in_one_piece(void)
{
    erg_arena *arena = erg_arena_new(NULL);

    erg_arena_take(arena, 16000, NULL);
    assert_true(erg_arena_reserve(arena, 100000, NULL));
    char *first = erg_arena_room(arena, 60000, NULL), *second = first + 60000;
    assert_ptr_equal(erg_arena_take(arena, 40000, NULL), second);
    assert_int_equal(second[0] | second[39999], 0);
    erg_arena_free(arena);
}

static void more_than_there_is_is_refused(void)
{
    static const size_t sizes[] = { SIZE_MAX, SIZE_MAX - 15, PTRDIFF_MAX,
                                    SIZE_MAX / 2 + 1 };
    erg_arena *arena = erg_arena_new(NULL);

    for (size_t i = 0; i < ERG_COUNT(sizes); i++) {
        erg_error err = { 0 };
        assert_null(erg_arena_take(arena, sizes[i], &err));
        assert_int_equal(err.code, ERG_NO_MEMORY);
        assert_false(erg_arena_reserve(arena, sizes[i], NULL));
    }
    assert_non_null(erg_arena_take(arena, 1, NULL));
    erg_arena_free(arena);
}

int main(void)
{
    static const test tests[] = {
        TEST(what_is_reserved_lies_in_one_piece),
        TEST(more_than_there_is_is_refused),
    };
    return test_run(tests, ERG_COUNT(tests));
}

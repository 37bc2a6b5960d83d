/* SPDX-License-Identifier: Apache-2.0 */
/* What contains what, and which figures of one machine may be added. */
#include "test.h"
#include "trace/scope.h"

static void chip_and_memory_lie_within_the_board(void)
{
    CHECK(erg_scope_contains(ERG_SCOPE_BOARD, ERG_SCOPE_CHIP));
    CHECK(erg_scope_contains(ERG_SCOPE_BOARD, ERG_SCOPE_MEMORY));
    CHECK(!erg_scope_contains(ERG_SCOPE_CHIP, ERG_SCOPE_MEMORY));
}

static void a_package_holds_its_cores_but_not_the_dram_of_a_server(void)
{
    CHECK(erg_scope_contains(ERG_SCOPE_PACKAGE, ERG_SCOPE_CORE));
    CHECK(!erg_scope_contains(ERG_SCOPE_PACKAGE, ERG_SCOPE_DRAM));
    CHECK(!erg_scope_contains(ERG_SCOPE_PACKAGE, ERG_SCOPE_BOARD));
}

static void psys_holds_package_and_dram_but_no_graphics_board(void)
{
    CHECK(erg_scope_contains(ERG_SCOPE_PSYS, ERG_SCOPE_PACKAGE));
    CHECK(erg_scope_contains(ERG_SCOPE_PSYS, ERG_SCOPE_CORE));
    CHECK(erg_scope_contains(ERG_SCOPE_PSYS, ERG_SCOPE_DRAM));
    CHECK(!erg_scope_contains(ERG_SCOPE_PSYS, ERG_SCOPE_BOARD));
}

static void a_node_holds_everything_and_nothing_holds_itself(void)
{
    for (erg_scope scope = ERG_SCOPE_CHIP; scope <= ERG_SCOPE_NODE; scope++) {
        CHECK(erg_scope_contains(ERG_SCOPE_NODE, scope) == (scope != ERG_SCOPE_NODE));
        CHECK(!erg_scope_contains(scope, scope));
    }
}

static void containment_is_an_order(void)
{
    for (erg_scope a = ERG_SCOPE_CHIP; a <= ERG_SCOPE_NODE; a++)
        for (erg_scope b = ERG_SCOPE_CHIP; b <= ERG_SCOPE_NODE; b++) {
            CHECK(!(erg_scope_contains(a, b) && erg_scope_contains(b, a)));
            for (erg_scope c = ERG_SCOPE_CHIP; c <= ERG_SCOPE_NODE; c++)
                CHECK(!(erg_scope_contains(a, b) && erg_scope_contains(b, c))
                      || erg_scope_contains(a, c));
        }
}

static void two_packages_their_dram_and_a_board_are_added_and_cores_are_not(void)
{
    static const erg_scope scopes[] = { ERG_SCOPE_PACKAGE, ERG_SCOPE_PACKAGE,
                                        ERG_SCOPE_DRAM, ERG_SCOPE_CORE, ERG_SCOPE_BOARD };
    static const bool wanted[] = { true, true, true, false, true };
    bool chosen[5];

    erg_scope_outermost(scopes, 5, chosen);
    for (size_t i = 0; i < 5; i++)
        CHECK(chosen[i] == wanted[i]);
}

static void psys_stands_for_its_packages_and_a_plug_for_all(void)
{
    static const erg_scope scopes[] = { ERG_SCOPE_PACKAGE, ERG_SCOPE_DRAM, ERG_SCOPE_PSYS,
                                        ERG_SCOPE_BOARD, ERG_SCOPE_NODE };
    bool chosen[5];

    erg_scope_outermost(scopes, 4, chosen);
    CHECK(!chosen[0] && !chosen[1] && chosen[2] && chosen[3]);
    erg_scope_outermost(scopes, 5, chosen);
    CHECK(!chosen[0] && !chosen[1] && !chosen[2] && !chosen[3] && chosen[4]);
}

int main(void)
{
    static const test tests[] = {
        TEST(chip_and_memory_lie_within_the_board),
        TEST(a_package_holds_its_cores_but_not_the_dram_of_a_server),
        TEST(psys_holds_package_and_dram_but_no_graphics_board),
        TEST(a_node_holds_everything_and_nothing_holds_itself),
        TEST(containment_is_an_order),
        TEST(two_packages_their_dram_and_a_board_are_added_and_cores_are_not),
        TEST(psys_stands_for_its_packages_and_a_plug_for_all),
    };
    return test_run(tests, ERG_COUNT(tests));
}

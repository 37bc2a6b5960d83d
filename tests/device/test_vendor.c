/* SPDX-License-Identifier: Apache-2.0 */
/* When a maker's library is looked for: where a sign of its kernel driver is there. */
#include <unistd.h>
#include "device/drivers/vendor.h"
#include "test.h"

typedef struct calls { double (*root_of)(double); } calls;

static const erg_symbol symbols[] = { { "sqrt", offsetof(calls, root_of), true } };

/* libm stands for it: each machine has that. */
static void a_library_is_looked_for_where_its_kernel_driver_is(void)
{
    char sign[300], other[300];
    const erg_env env = { 0 };
    erg_error err = { 0 };
    calls found;
    snprintf(sign, sizeof(sign), "%s/module", test_folder());
    snprintf(other, sizeof(other), "%s/elsewhere", test_folder());
    const vendor_library of = { .names = { "libm.so.6" }, .signs = { other, sign },
                                .symbols = symbols, .symbol_count = ERG_COUNT(symbols),
                                .name = "libm.so.6", .unloaded = "load the module",
                                .install = "install it" };

    CHECK(!vendor_open(&env, &of, &found, &err) && err.code == ERG_NOT_FOUND);
    CHECK_TEXT(err.text, "load the module");
    fclose(fopen(sign, "w"));
    void *library = vendor_open(&env, &of, &found, &err);
    CHECK_OK(library, err);
    CHECK(found.root_of(9) == 3);
    erg_library_close(library);
}

static void a_library_that_is_not_there_names_the_cure(void)
{
    const erg_env env = { 0 };
    erg_error err = { 0 };
    calls found;
    const vendor_library of = { .names = { "libnobody-has-this.so.0" }, .symbols = symbols,
                                .symbol_count = 1, .name = "it",
                                .install = "install it" };

    CHECK(!vendor_open(&env, &of, &found, &err) && err.code == ERG_NOT_FOUND);
    CHECK_TEXT(err.text, "it was not found: install it");
}

int main(void)
{
    static const test tests[] = {
        TEST(a_library_is_looked_for_where_its_kernel_driver_is),
        TEST(a_library_that_is_not_there_names_the_cure),
    };
    return test_run(tests, ERG_COUNT(tests));
}

/* SPDX-License-Identifier: Apache-2.0 */
/* Packed texts: what goes in comes out, and nothing else is taken for one. */
#include "format/pack.h"
#include "test.h"

static void all_lengths_come_back(void)
{
    uint8_t bytes[300], back[300];
    test_random random = { 3 };

    for (size_t i = 0; i < sizeof(bytes); i++)
        bytes[i] = (uint8_t)(256 * test_uniform(&random));
    for (size_t count = 0; count <= sizeof(bytes); count += 1 + count / 9) {
        erg_error err = { 0 };
        char *text = erg_pack(bytes, count, &err);
        CHECK(text != NULL);
        CHECK_OK(erg_unpack(text, back, count, &err), err);
        CHECK(memcmp(bytes, back, count) == 0);
        CHECK(count == 0 || !erg_unpack(text, back, count - 1, &err));
        CHECK(count == sizeof(bytes) || !erg_unpack(text, back, count + 1, &err));
        free(text);
    }
}

static void every_cut_and_every_wrong_letter_is_refused(void)
{
    uint8_t back[8];
    char *text = erg_pack("12345678", 8, NULL);

    for (size_t i = 0; text[i]; i++) {
        char kept = text[i];
        text[i] = '\0';
        CHECK(!erg_unpack(text, back, 8, NULL));
        text[i] = '!';
        CHECK(!erg_unpack(text, back, 8, NULL));
        text[i] = kept;
    }
    CHECK(erg_unpack(text, back, 8, NULL));
    free(text);
}

int main(void)
{
    static const test tests[] = {
        TEST(all_lengths_come_back),
        TEST(every_cut_and_every_wrong_letter_is_refused),
    };
    return test_run(tests, ERG_COUNT(tests));
}

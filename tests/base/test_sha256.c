/* SPDX-License-Identifier: Apache-2.0 */
/* SHA-256 on the examples of FIPS 180-4 and of every length about a block. */
#include "base/sha256.h"
#include "test.h"

static void the_examples_of_the_standard_come_out(void)
{
    char hex[ERG_SHA256_TEXT];

    erg_sha256("", 0, hex);
    CHECK_TEXT(hex, "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
    erg_sha256("abc", 3, hex);
    CHECK_TEXT(hex, "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
    erg_sha256("abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq", 56, hex);
    CHECK_TEXT(hex, "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1");
}

/* hashlib: sha256 of the digests, in hex, of 0 to 199 letters a, one after the other. */
static void every_length_about_a_block_is_padded_right(void)
{
    char letters[200], all[200 * 64], hex[ERG_SHA256_TEXT];

    memset(letters, 'a', sizeof(letters));
    for (size_t n = 0; n < sizeof(letters); n++) {
        erg_sha256(letters, n, hex);
        memcpy(all + 64 * n, hex, 64);
    }
    erg_sha256(all, sizeof(all), hex);
    CHECK_TEXT(hex, "019f2b9f1af27a53a1f046da7e98af2c179f431e4b5bebb000e74040917a4123");
}

int main(void)
{
    static const test tests[] = {
        TEST(the_examples_of_the_standard_come_out),
        TEST(every_length_about_a_block_is_padded_right),
    };
    return test_run(tests, ERG_COUNT(tests));
}

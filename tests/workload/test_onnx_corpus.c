/* SPDX-License-Identifier: Apache-2.0 */
/* The conformance models of ONNX (Debian: libonnx-testdata), where they are installed. */
#include <ftw.h>
#include "workload/onnx.h"
#include "test.h"

static const char corpus[] = "/usr/share/libonnx-testdata";

static struct { int opened, flat, refused; erg_error worst; } tally;

static int one(const char *path, const struct stat *facts, int kind, struct FTW *walk)
{
    erg_onnx_file file;
    erg_error err = { 0 };

    (void)facts;
    if (kind != FTW_F || strcmp(path + walk->base, "model.onnx") != 0)
        return 0;
    if (erg_onnx_open(path, &file, &err)) {
        const erg_dim dims[] = { { "trip", 2 } };
        const erg_graph_options options = { .dims = dims, .dim_count = 1 };
        tally.opened++;
        if (erg_onnx_flatten(&file, &options, &err))
            tally.flat++;
    }
    if (err.code != ERG_OK) {
        tally.refused++;
        tally.worst = err;
        print_message("# %s\n", err.text);
        CHECK(err.text[0] && !strchr(err.text, '\n'));
    }
    erg_onnx_close(&file);
    return 0;
}

static void every_model_opens_or_is_refused_in_one_sentence(void)
{
    if (access(corpus, R_OK) != 0)
        SKIP("libonnx-testdata is not installed");
    CHECK(nftw(corpus, one, 16, FTW_PHYS) == 0);
    print_message("# %d opened, %d made flat, %d refused\n", tally.opened, tally.flat,
                  tally.refused);
    CHECK(tally.opened >= 1000 && tally.flat >= 1000);
}

int main(void)
{
    static const test tests[] = {
        TEST(every_model_opens_or_is_refused_in_one_sentence),
    };
    return test_run(tests, ERG_COUNT(tests));
}

/* SPDX-License-Identifier: Apache-2.0 */
/* Our own kernels compiled for this device by NVRTC, once for each type that is asked
 * for. */
#include <stdlib.h>
#include <string.h>
#include "engine/cuda.h"
#include "engine/cuda_kernels.h"

static const struct { erg_precision precision; const char *options[3]; } elements[] = {
    { ERG_FP32, { "-DELEMENT=float", "-DGET=same", "-DPUT=same" } },
    { ERG_FP16, { "-DELEMENT=bits16", "-DGET=from_half", "-DPUT=to_half" } },
    { ERG_BF16, { "-DELEMENT=bits16", "-DGET=from_brain", "-DPUT=to_brain" } },
};
_Static_assert(ERG_COUNT(elements) == CUDA_ELEMENTS, "a module for each type");

static char *whole_source(erg_error *err)
{
    erg_text text = { 0 };

    for (const char *const *piece = cuda_source; *piece; piece++)
        erg_text_add(&text, "%s\n", *piece);
    char *all = erg_text_take(&text);
    if (!all)
        erg_fail(err, ERG_NO_MEMORY, "no memory for the kernels' source");
    return all;
}

/* The compiler's own words, as far as they fit. */
static bool tell(const cuda_compiler *with, void *program, int code, erg_error *err)
{
    size_t bytes = 0;
    char *log = with->log_size(program, &bytes) == 0 ? calloc(1, bytes + 1) : NULL;

    if (!log || with->log(program, log) != 0 || !*log)
        erg_fail(err, ERG_UNSUPPORTED,
                 "NVRTC cannot compile for this GPU (code %d): a newer CUDA may know it",
                 code);
    else
        erg_fail(err, ERG_UNSUPPORTED, "NVRTC cannot compile for this GPU: %.*s",
                 (int)strcspn(log, "\n"), log);
    free(log);
    return false;
}

static bool load_code(erg_engine_session *session, void *program, cuda_module *out,
                      erg_error *err)
{
    const cuda_compiler *with = &session->compiler;
    size_t bytes = 0;

    if (!cuda_library_worked(with->code_size(program, &bytes), "nvrtcGetCUBINSize", err))
        return false;
    char *code = malloc(bytes > 0 ? bytes : 1);
    bool good = code
        ? cuda_library_worked(with->code(program, code), "nvrtcGetCUBIN", err)
              && cuda_worked(session, session->driver.module_load(out, code),
                             "cuModuleLoadData", err)
        : erg_fail(err, ERG_NO_MEMORY, "no memory for compiled kernels");
    free(code);
    return good;
}

static bool compile(erg_engine_session *session, size_t element, cuda_module *out,
                    erg_error *err)
{
    const cuda_compiler *with = &session->compiler;
    char arch[32], *text = whole_source(err);
    const char *options[] = { elements[element].options[0], elements[element].options[1],
                              elements[element].options[2], arch };
    void *program = NULL;

    if (!text)
        return false;
    snprintf(arch, sizeof(arch), "-arch=sm_%d", session->capability);
    bool good = cuda_library_worked(with->begin(&program, text, "erg.cu", 0, NULL, NULL),
                                    "nvrtcCreateProgram", err);
    if (good) {
        int code = with->compile(program, (int)ERG_COUNT(options), options);
        good = code == 0 ? load_code(session, program, out, err)
                         : tell(with, program, code, err);
        with->end(&program);
    }
    free(text);
    return good;
}

bool cuda_module_of(erg_engine_session *session, erg_precision precision, cuda_module *out,
                    erg_error *err)
{
    size_t i = 0;

    while (i < ERG_COUNT(elements) && elements[i].precision != precision)
        i++;
    if (i == ERG_COUNT(elements))
        return erg_fail(err, ERG_UNSUPPORTED, "our kernels are not replayable in %s",
                        erg_precision_name(precision));
    if (!session->compiler.library
        && !cuda_library_open(&cuda_library_compiler, &session->compiler,
                              sizeof(session->compiler), err))
        return false;
    if (!session->modules[i] && !compile(session, i, &session->modules[i], err)) {
        session->modules[i] = NULL;
        return false;
    }
    *out = session->modules[i];
    return true;
}

/* SPDX-License-Identifier: Apache-2.0 */
/* Which reader a workload is for: the first row that knows it. */
#include <fcntl.h>
#include <string.h>
#include <unistd.h>
#include "workload/build.h"

static const erg_graph_reader *const readers[] = {
    &erg_reader_zoo,
    &erg_reader_hf_config,
    &erg_reader_kernel_list,
    &erg_reader_onnx,
};

enum { HEAD_BYTES = 4096 };

/* A zoo name is no file: then there is no head, and no error. */
static bool read_head(const char *spec, char head[HEAD_BYTES], size_t *count,
                      erg_error *err)
{
    int file = open(spec, O_RDONLY | O_CLOEXEC);

    *count = 0;
    if (file < 0)
        return erg_fail(err, ERG_BAD_INPUT,
                        "%s: no such workload; name a file, or see `erg zoo`", spec);
    ssize_t got = read(file, head, HEAD_BYTES);
    close(file);
    if (got < 0)
        return erg_fail(err, ERG_BAD_INPUT, "%s cannot be read", spec);
    *count = (size_t)got;
    return true;
}

const erg_graph_reader *erg_graph_reader_find(const char *spec, erg_error *err)
{
    char head[HEAD_BYTES];
    size_t count = 0;
    bool is_file = strncmp(spec, "zoo:", 4) != 0;

    if (is_file && !read_head(spec, head, &count, err))
        return NULL;
    for (size_t i = 0; i < ERG_COUNT(readers); i++)
        if (readers[i]->sniff(spec, head, count))
            return readers[i];
    erg_fail(err, ERG_BAD_INPUT,
             "%s: neither an ONNX model, a config.json nor a kernel list", spec);
    return NULL;
}

bool erg_graph_reader_takes(const erg_graph_reader *reader, const char *spec,
                            const erg_graph_options *options, erg_error *err)
{
    return reader == &erg_reader_onnx || options->dim_count == 0
        || erg_fail(err, ERG_BAD_INPUT, "%s has no dimension %.60s to set: only ONNX "
                    "models name dimensions", spec, options->dims[0].name);
}

erg_graph *erg_graph_load(const char *spec, const erg_graph_options *options,
                          erg_error *err)
{
    static const erg_graph_options none;
    const erg_graph_reader *reader = erg_graph_reader_find(spec, err);

    options = options ? options : &none;
    return reader && erg_graph_reader_takes(reader, spec, options, err)
        ? reader->read(spec, options, err) : NULL;
}

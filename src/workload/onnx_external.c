/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Weights in other files: only whether they are there and long enough is asked, the
 * bytes are never read. A model is input from anywhere, so a path that would lead
 * out of its folder, by name or by link, is refused.
 */
#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include "workload/onnx_inside.h"

/* The file last asked about: a thousand tensors lie in one. */
typedef struct search {
    erg_onnx_file *file;
    erg_error *err;
    char folder[PATH_MAX];          /* of the model, links resolved */
    const char *location;
    int64_t bytes;                  /* of that location, -1: it is missing */
} search;

typedef struct stretch { const char *location; int64_t offset, length; } stretch;

/* ---- where ---------------------------------------------------------- */

static bool folder_find(search *look)
{
    char *real = realpath(look->file->path, NULL);
    char *slash = real ? strrchr(real, '/') : NULL;

    if (slash)
        slash[slash == real] = '\0';
    bool good = slash && strlen(real) < sizeof(look->folder);
    if (good)
        erg_text_put(look->folder, sizeof(look->folder), real);
    free(real);
    return good || erg_fail(look->err, ERG_IO, "%s has gone", look->file->path);
}

/* "a/../b", "..", "/a", "" lead elsewhere or nowhere. */
static bool is_inside_by_name(const char *location)
{
    if (!*location || *location == '/')
        return false;
    for (const char *part = location; part; part = strchr(part, '/')) {
        part += *part == '/';
        if (strncmp(part, "..", 2) == 0 && (!part[2] || part[2] == '/'))
            return false;
    }
    return true;
}

static bool is_inside(const char *folder, const char *real)
{
    size_t count = strlen(folder);

    return strncmp(folder, real, count) == 0
        && (real[count] == '/' || (count && folder[count - 1] == '/'));
}

static bool location_look(search *look, const char *location)
{
    char path[PATH_MAX], real[PATH_MAX];
    struct stat there;

    if (look->location && strcmp(look->location, location) == 0)
        return true;
    if (!is_inside_by_name(location))
        return erg_fail(
            look->err, ERG_BAD_INPUT,
            "%.80s keeps weights in '%.60s': only paths within its folder are read",
            look->file->path, location);
    look->location = location;
    look->bytes = -1;
    int count = snprintf(path, sizeof(path), "%s/%s", look->folder, location);
    if (count < 0 || (size_t)count >= sizeof(path) || !realpath(path, real)
        || stat(real, &there) != 0) {
        const char *slash = strrchr(look->file->path, '/');
        erg_onnx_note(look->file, "%.120s is not beside %.120s: shapes do not need it",
                      location, slash ? slash + 1 : look->file->path);
        return true;
    }
    if (!is_inside(look->folder, real))
        return erg_fail(look->err, ERG_BAD_INPUT,
                        "%.80s keeps weights in '%.60s', a link out of its folder",
                        look->file->path, location);
    if (!S_ISREG(there.st_mode))
        return erg_fail(look->err, ERG_BAD_INPUT, "%.80s keeps weights in '%.60s', no file",
                        look->file->path, location);
    look->bytes = there.st_size;
    return true;
}

/* ---- which bytes ---------------------------------------------------------- */

static bool decimal(const char *text, int64_t *out)
{
    int64_t value = 0;

    if (!*text)
        return false;
    for (; *text; text++)
        if (*text < '0' || *text > '9' || __builtin_mul_overflow(value, 10, &value)
            || __builtin_add_overflow(value, *text - '0', &value))
            return false;
    *out = value;
    return true;
}

static bool extent_read(search *look, const Onnx__TensorProto *tensor, stretch *out)
{
    const char *name = tensor->name ? tensor->name : "";

    *out = (stretch){ .length = -1 };
    for (size_t i = 0; i < tensor->n_external_data; i++) {
        const char *key = tensor->external_data[i]->key,
                   *value = tensor->external_data[i]->value;
        if (!key || !value)
            continue;
        int64_t *number = strcmp(key, "offset") == 0 ? &out->offset
            : strcmp(key, "length") == 0 ? &out->length : NULL;
        if (number && !decimal(value, number))
            return erg_fail(look->err, ERG_BAD_INPUT,
                            "%.80s: %s of tensor '%.40s' is '%.30s'", look->file->path, key,
                            name, value);
        if (strcmp(key, "location") == 0)
            out->location = value;
    }
    return out->location
           || erg_fail(look->err, ERG_BAD_INPUT,
                       "%.80s: tensor '%.60s' is external but says not where",
                       look->file->path, name);
}

/* Packed; 0 where nobody can say. */
static int64_t bytes_of(const Onnx__TensorProto *tensor)
{
    int64_t bits = erg_onnx_elements(tensor);

    if (bits < 0
        || __builtin_mul_overflow(bits, erg_onnx_type_bits(tensor->data_type), &bits))
        return 0;
    return bits / 8;
}

static bool tensor_look(search *look, const Onnx__TensorProto *tensor)
{
    stretch extent;

    if (!tensor || tensor->data_location != ONNX__TENSOR_PROTO__DATA_LOCATION__EXTERNAL)
        return true;
    if (!extent_read(look, tensor, &extent) || !location_look(look, extent.location))
        return false;
    if (look->bytes < 0)
        return true;
    /* Length absent: to the end of the file. */
    int64_t rest = look->bytes - extent.offset;
    if (rest < 0 || extent.length > rest || (extent.length < 0 && bytes_of(tensor) > rest))
        erg_onnx_note(look->file, "%.200s is too short for the weights of the model",
                      extent.location);
    else
        look->file->external_bytes += extent.length < 0 ? rest : extent.length;
    return true;
}

/* ---- all tensors of a model ---------------------------------------------------------- */

static bool graph_look(search *look, const Onnx__GraphProto *graph);

static bool sparse_look(search *look, const Onnx__SparseTensorProto *sparse)
{
    return !sparse
           || (tensor_look(look, sparse->values) && tensor_look(look, sparse->indices));
}

static bool attribute_look(search *look, const Onnx__AttributeProto *attribute)
{
    bool good = tensor_look(look, attribute->t)
                && sparse_look(look, attribute->sparse_tensor)
                && (!attribute->g || graph_look(look, attribute->g));

    for (size_t i = 0; good && i < attribute->n_tensors; i++)
        good = tensor_look(look, attribute->tensors[i]);
    for (size_t i = 0; good && i < attribute->n_sparse_tensors; i++)
        good = sparse_look(look, attribute->sparse_tensors[i]);
    for (size_t i = 0; good && i < attribute->n_graphs; i++)
        good = graph_look(look, attribute->graphs[i]);
    return good;
}

static bool nodes_look(search *look, Onnx__NodeProto *const *nodes, size_t count)
{
    for (size_t i = 0; i < count; i++)
        for (size_t k = 0; k < nodes[i]->n_attribute; k++)
            if (!attribute_look(look, nodes[i]->attribute[k]))
                return false;
    return true;
}

static bool graph_look(search *look, const Onnx__GraphProto *graph)
{
    for (size_t i = 0; i < graph->n_initializer; i++)
        if (!tensor_look(look, graph->initializer[i]))
            return false;
    for (size_t i = 0; i < graph->n_sparse_initializer; i++)
        if (!sparse_look(look, graph->sparse_initializer[i]))
            return false;
    return nodes_look(look, graph->node, graph->n_node);
}

bool erg_onnx_external(erg_onnx_file *file, erg_error *err)
{
    const Onnx__ModelProto *model = file->model;
    search look = { .file = file, .err = err };
    bool good = folder_find(&look) && graph_look(&look, model->graph);

    for (size_t i = 0; good && i < model->n_functions; i++)
        good = nodes_look(&look, model->functions[i]->node, model->functions[i]->n_node);
    return good;
}

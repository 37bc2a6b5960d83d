/* SPDX-License-Identifier: Apache-2.0 */
/* Opening an ONNX file: strip it, decode what is left, hold it to its version. */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include "workload/onnx_inside.h"

enum { IR_FIRST = 1, IR_LAST = 13, OPSET_LAST = 25, FILE_BYTES_SMALL = 4 << 20 };

#define FILE_BYTES_MOST (INT64_C(2) << 30)
#define DECODED_BYTES_MOST (INT64_C(512) << 20)

/* ---- memory: all of a model in one arena, and not without end ------------------ */

typedef struct bounded { erg_arena *arena; int64_t left; } bounded;

static void *store_take(void *data, size_t size)
{
    bounded *store = data;

    if ((int64_t)size > store->left)
        return NULL;
    store->left -= (int64_t)size;
    return erg_arena_take(store->arena, size, NULL);
}

/* The arena drops all at once. */
static void store_give(void *data, void *pointer)
{
    (void)data;
    (void)pointer;
}

/* ---- opening ---------------------------------------------------------- */

static bool wire_open(erg_wire *wire, const char *path, erg_error *err)
{
    struct stat there;

    wire->path = path;
    wire->err = err;
    /* Without blocking: a pipe of that name would never be opened. */
    wire->file = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    if (wire->file < 0)
        return erg_fail(err, errno == ENOENT ? ERG_NOT_FOUND : ERG_NO_ACCESS,
                        "cannot read %s: %s", path, strerror(errno));
    if (fstat(wire->file, &there) != 0 || !S_ISREG(there.st_mode))
        return erg_fail(err, ERG_BAD_INPUT, "%s is no file", path);
    if (there.st_size > FILE_BYTES_MOST)
        return erg_fail(
            err, ERG_BAD_INPUT,
            "%s is larger than 2 GiB, which no ONNX file is: keep its weights in "
            "external data",
            path);
    static const char pointer[] = "version https://git-lfs";
    char head[sizeof(pointer) - 1];
    if (pread(wire->file, head, sizeof(head), 0) == (ssize_t)sizeof(head)
        && memcmp(head, pointer, sizeof(head)) == 0)
        return erg_fail(err, ERG_BAD_INPUT,
                        "%s is a pointer of Git LFS, not the model: fetch that with "
                        "'git lfs pull'", path);
    wire->size = there.st_size;
    /* A skeleton lies scattered between weights: reading ahead would load those. */
    if (there.st_size > FILE_BYTES_SMALL)
        posix_fadvise(wire->file, 0, 0, POSIX_FADV_RANDOM);
    return true;
}

/* An operator means what its set says it does: a set that erg cannot know is said. */
static bool opset_check(erg_onnx_file *file, erg_error *err)
{
    const Onnx__ModelProto *model = file->model;
    bool is_named = false;

    for (size_t i = 0; i < model->n_opset_import; i++) {
        const char *domain = model->opset_import[i]->domain;
        long long version = (long long)model->opset_import[i]->version;
        if (domain && domain[0] && strcmp(domain, "ai.onnx") != 0)
            continue;
        is_named = true;
        if (version < 1)
            return erg_fail(err, ERG_BAD_INPUT,
                            "%s names operator set %lld, and they begin at 1: "
                            "export it anew", file->path, version);
        if (version > OPSET_LAST)
            erg_onnx_note(file,
                          "operator set %lld is newer than %d: read by the rules of %d",
                          version, OPSET_LAST, OPSET_LAST);
    }
    if (!is_named && model->n_opset_import == 0)
        erg_onnx_note(file, "it names no operator set: read as set 1");
    return true;
}

static bool model_check(erg_onnx_file *file, erg_error *err)
{
    const Onnx__ModelProto *model = file->model;

    if (!model->has_ir_version || !model->graph)
        return erg_fail(err, ERG_BAD_INPUT, "%s has no %s: not an ONNX model", file->path,
                        model->graph ? "ir_version" : "graph");
    if (model->ir_version < IR_FIRST || model->ir_version > IR_LAST)
        return erg_fail(err, ERG_BAD_INPUT, "%s has IR version %lld; erg reads %d to %d: "
                        "export it anew with such a version",
                        file->path, (long long)model->ir_version, IR_FIRST, IR_LAST);
    return opset_check(file, err);
}

static bool model_decode(erg_onnx_file *file, const erg_text *skeleton, erg_error *err)
{
    bounded store = { file->arena, DECODED_BYTES_MOST };
    ProtobufCAllocator allocator = { store_take, store_give, &store };

    file->skeleton_bytes = (int64_t)skeleton->count;
    file->model =
        onnx__model_proto__unpack(&allocator, skeleton->count,
                                  (const uint8_t *)(skeleton->data ? skeleton->data : ""));
    return file->model
           || erg_fail(err, ERG_BAD_INPUT, "%s: not an ONNX model that can be decoded",
                       file->path);
}

Onnx__ModelProto *erg_onnx_open(const char *path, erg_onnx_file *file, erg_error *err)
{
    erg_wire wire = { .file = -1 };
    erg_text skeleton = { 0 };
    bool good;

    *file = (erg_onnx_file){ 0 };
    file->arena = erg_arena_new(err);
    file->path = file->arena ? erg_arena_text(file->arena, path, err) : NULL;
    good = file->path && wire_open(&wire, path, err) && erg_onnx_strip(&wire, &skeleton)
        && model_decode(file, &skeleton, err) && model_check(file, err)
        && erg_onnx_external(file, err);
    file->file_bytes = wire.size;
    if (wire.file >= 0)
        close(wire.file);
    erg_text_free(&skeleton);
    if (!good)
        erg_onnx_close(file);
    return good ? file->model : NULL;
}

void erg_onnx_close(erg_onnx_file *file)
{
    erg_arena_free(file->arena);
    *file = (erg_onnx_file){ 0 };
}

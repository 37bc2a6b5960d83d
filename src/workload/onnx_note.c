/* SPDX-License-Identifier: Apache-2.0 */
/* What is said of a model that was read all the same. */
#include <string.h>
#include "workload/onnx.h"

void erg_onnx_note(erg_onnx_file *file, const char *format, ...)
{
    char text[300];
    va_list arguments;

    va_start(arguments, format);
    vsnprintf(text, sizeof(text), format, arguments);
    va_end(arguments);
    for (int32_t i = 0; i < file->note_count; i++)
        if (strcmp(file->notes[i], text) == 0)
            return;
    if (file->note_count == ERG_ONNX_NOTES)
        return;
    bool is_last = file->note_count == ERG_ONNX_NOTES - 1;
    const char *copy = erg_arena_text(file->arena, is_last ? "and more notes" : text, NULL);
    if (copy)
        file->notes[file->note_count++] = copy;
}

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Starting reads far more of the libraries than running does: tables of symbols,
 * relocations, set-ups of TLS that nobody has asked for. Those pages stay resident until
 * the machine is short of memory; what runs for hours beside somebody's work should not
 * hold them until then.
 */
#include <link.h>
#include <malloc.h>
#include <sys/mman.h>
#include <unistd.h>
#include "erg/env.h"

enum { SPANS_MOST = 256 };     /* a library has three: erg and all it opens fit */

typedef struct span { void *begin; size_t size; } span;
typedef struct spans { size_t count; span at[SPANS_MOST]; } spans;

/* Only segments that are never written: the file is their copy, and a page that is needed
 * again is mapped from it again. (What the loader relocates lies in the writable ones.) */
static int note_segments(struct dl_phdr_info *object, size_t size, void *self)
{
    const uintptr_t page = (uintptr_t)sysconf(_SC_PAGESIZE);
    spans *found = self;
    (void)size;

    for (size_t i = 0; i < object->dlpi_phnum && found->count < SPANS_MOST; i++) {
        const ElfW(Phdr) *segment = &object->dlpi_phdr[i];
        uintptr_t begin = (object->dlpi_addr + segment->p_vaddr) & ~(page - 1);
        uintptr_t end = object->dlpi_addr + segment->p_vaddr + segment->p_filesz;
        if (segment->p_type == PT_LOAD && !(segment->p_flags & PF_W) && end > begin)
            found->at[found->count++] = (span){ (void *)begin, end - begin };
    }
    return 0;
}

/* All are noted first: the list of its segments lies in the first one of each library,
 * and reading on would bring that back with its neighbours. */
void erg_give_back_memory(void)
{
    spans found = { .count = 0 };

    dl_iterate_phdr(note_segments, &found);
    malloc_trim(0);
    for (size_t i = 0; i < found.count; i++)
        madvise(found.at[i].begin, found.at[i].size, MADV_DONTNEED);
}

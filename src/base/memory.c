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

/* Only segments that are never written: the file is their copy, and a page that is needed
 * again is mapped from it again. (What the loader relocates lies in the writable ones.) */
static int give_back_pages(struct dl_phdr_info *object, size_t size, void *self)
{
    const uintptr_t page = (uintptr_t)sysconf(_SC_PAGESIZE);
    (void)size, (void)self;

    for (size_t i = 0; i < object->dlpi_phnum; i++) {
        const ElfW(Phdr) *segment = &object->dlpi_phdr[i];
        uintptr_t begin = (object->dlpi_addr + segment->p_vaddr) & ~(page - 1);
        uintptr_t end = object->dlpi_addr + segment->p_vaddr + segment->p_filesz;
        if (segment->p_type == PT_LOAD && !(segment->p_flags & PF_W) && end > begin)
            madvise((void *)begin, end - begin, MADV_DONTNEED);
    }
    return 0;
}

void erg_give_back_memory(void)
{
    dl_iterate_phdr(give_back_pages, NULL);
    malloc_trim(0);
}

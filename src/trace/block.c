/* SPDX-License-Identifier: Apache-2.0 */
/* The sample codec: stamps, half-widths and values, one after the other. */
#include <stdlib.h>
#include "trace/block_inside.h"

enum { BLOCK_VERSION = 1, ZSTD_LEVEL = 1 };

erg_block *erg_block_new(erg_error *err)
{
    erg_block *block = malloc(sizeof(*block));  /* its buffers stay untouched till used */
    if (block) {
        block->is_brief = false;
        block->packer = ZSTD_createCCtx();
        block->unpacker = ZSTD_createDCtx();
    }
    if (!block || !block->packer || !block->unpacker) {
        erg_block_free(block);
        erg_fail(err, ERG_NO_MEMORY, "out of memory");
        return NULL;
    }
    ZSTD_CCtx_setParameter(block->packer, ZSTD_c_compressionLevel, ZSTD_LEVEL);
    ZSTD_CCtx_setParameter(block->packer, ZSTD_c_contentSizeFlag, 0);
    ZSTD_CCtx_setParameter(block->packer, ZSTD_c_windowLog, 11);
    return block;
}

void erg_block_free(erg_block *block)
{
    if (!block)
        return;
    ZSTD_freeCCtx(block->packer);
    ZSTD_freeDCtx(block->unpacker);
    free(block);
}

static bool encode(erg_block *block, const erg_sample samples[], size_t count,
                   const unsigned char **bytes_out, size_t *size)
{
    bytes to = { block->out, 0 };
    if (count == 0 || count > ERG_BLOCK_MOST)
        return false;

    erg_bytes_put(&to, BLOCK_VERSION);
    erg_bytes_put_number(&to, count);
    erg_stamps_put(block, &to, samples, count);
    erg_widths_put(block, &to, count);
    erg_values_put(block, &to, samples, count);
    *bytes_out = to.data;
    *size = to.count;
    return true;
}

bool erg_block_encode(erg_block *block, const erg_sample samples[], size_t count,
                      const unsigned char **bytes_out, size_t *size)
{
    block->is_brief = false;
    return encode(block, samples, count, bytes_out, size);
}

bool erg_block_encode_briefly(erg_block *block, const erg_sample samples[], size_t count,
                              const unsigned char **bytes_out, size_t *size)
{
    block->is_brief = true;
    return encode(block, samples, count, bytes_out, size);
}

size_t erg_block_decode(erg_block *block, const unsigned char data[], size_t size,
                        erg_sample samples[])
{
    source from = { data, size, false };
    if (erg_bytes_get(&from) != BLOCK_VERSION)
        return 0;
    uint64_t count = erg_bytes_get_number(&from);
    if (from.bad || count == 0 || count > ERG_BLOCK_MOST)
        return 0;
    bool good = erg_stamps_get(block, &from, samples, count)
             && erg_widths_get(block, &from, samples, count)
             && erg_values_get(block, &from, samples, count);
    return good && !from.bad && from.count == 0 ? count : 0;
}

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Samples on their way into blocks. Each channel keeps its last ones in memory. A commit
 * writes them as a block and later commits rewrite that block until it is closed: slow
 * channels would otherwise cost one row a second for a single sample.
 */
#include "trace/store_inside.h"

/* A block that a commit finds nearly full is closed, and so is one that was written so
 * often: all that lies in it is held, and coded anew with each new sample, till then. */
enum { ENOUGH = ERG_BLOCK_MOST - ERG_BLOCK_MOST / 4, WRITES_MOST = 128 };

typedef bool encode(erg_block *codec, const erg_sample samples[], size_t count,
                    const unsigned char **bytes, size_t *size);

typedef struct series { const erg_sample *at; size_t count; } series;

static bool put_block(erg_store *store, erg_store_block row, series samples, encode *as,
                      erg_error *err)
{
    row.first_ns = samples.at[0].t_ns;
    row.count = samples.count;
    if (!as(store->codec, samples.at, samples.count, &row.bytes, &row.size))
        return erg_fail(err, ERG_BAD_INPUT, "%s: samples are out of order", store->path);
    return erg_store_put_block(store, &row, err);
}

bool erg_store_put_waiting(erg_store *store, int channel, bool closes, erg_error *err)
{
    erg_store_tail *last = &store->tails[channel];
    series samples = { store->unpacked, last->waiting.count };

    if (samples.count == (closes ? 0 : last->written))
        return true;
    if (last->block_id == 0)
        last->block_id = ++store->block_count;
    erg_store_block row = { .id = last->block_id, .channel = channel };
    closes = closes || samples.count >= ENOUGH || last->writes + 1 == WRITES_MOST;
    erg_tail_get(&last->waiting, store->unpacked);
    if (!put_block(store, row, samples,
                   closes ? erg_block_encode : erg_block_encode_briefly, err))
        return false;
    last->written = samples.count;
    last->writes++;
    if (closes) {
        erg_tail_clear(&last->waiting);
        *last = (erg_store_tail){ .waiting = last->waiting };
    }
    return true;
}

static bool put_whole(erg_store *store, int channel, series samples, erg_error *err)
{
    erg_store_block row = { .id = ++store->block_count, .channel = channel };

    return put_block(store, row, samples, erg_block_encode, err);
}

static bool wait_for_block(erg_store *store, int channel, const erg_sample *sample,
                           erg_error *err)
{
    erg_tail *waiting = &store->tails[channel].waiting;

    return (waiting->count < ERG_BLOCK_MOST
            || erg_store_put_waiting(store, channel, true, err))
        && erg_tail_put(waiting, sample, err);
}

bool erg_store_samples(erg_store *store, int channel, const erg_sample *samples,
                       size_t count, erg_error *err)
{
    if (channel < 0 || (size_t)channel >= store->channel_count)
        return erg_fail(err, ERG_NOT_FOUND, "%s has no channel %d", store->path, channel);

    if (count == 1)     /* as a recording's come */
        return wait_for_block(store, channel, samples, err);
    while (count) {
        bool is_block = count >= ERG_BLOCK_MOST && store->tails[channel].waiting.count == 0;
        series some = { samples, is_block ? ERG_BLOCK_MOST : 1 };
        if (is_block ? !put_whole(store, channel, some, err)
                     : !wait_for_block(store, channel, samples, err))
            return false;
        samples += some.count;
        count -= some.count;
    }
    return true;
}

int erg_store_channel(erg_store *store, const erg_channel_info *info, erg_error *err)
{
    void *tails = store->tails;
    bool room = erg_grow(&tails, &store->channel_capacity, store->channel_count,
                         sizeof(erg_store_tail), err);
    store->tails = tails;
    if (!room)
        return -1;

    if (!erg_store_put_channel(store, info, err))
        return -1;
    store->tails[store->channel_count] = (erg_store_tail){ .block_id = 0 };
    return (int)store->channel_count++;
}

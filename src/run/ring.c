/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The bounded queue of Vyukov (1024cores.net), in a file that processes share.
 *
 * A slot's turn says whose it is: position = free for that push, position + 1 =
 * filled. A producer killed between taking and filling a slot would stop the queue
 * for ever, so the consumer takes such a slot back after a while.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/futex.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>
#include "erg/trace.h"
#include "run/ring.h"

enum { SLOTS = 4096, LINE = 64 };   /* SLOTS: a power of two */

static const char magic[8] = "ergring";
static const char prefix[] = "erg-ring-";
static const char *const folders[] = { "/dev/shm", "/tmp" };
static const uint32_t layout = 1;
static const int64_t stuck_ns = ERG_NS_PER_S / 2;

typedef struct slot {
    _Atomic uint64_t turn;
    erg_event event;
} slot;

typedef struct shared {
    char magic[sizeof(magic)];
    uint32_t layout, slots;
    /* One cache line for each writer's favourite. */
    _Alignas(LINE) _Atomic uint64_t pushed;
    _Atomic int64_t next_id;
    _Atomic uint64_t dropped;
    _Alignas(LINE) _Atomic uint64_t popped;
    _Atomic int64_t run;
    _Atomic int64_t wake_from_ns;
    _Atomic uint32_t edges;     /* the futex */
    _Atomic uint32_t closed;
    _Alignas(LINE) slot slot[SLOTS];
} shared;

struct erg_ring {
    shared *shared;
    int fd;
    bool is_owner;
    uint32_t seen_edges;
    uint64_t stuck_at;
    int64_t stuck_since_ns;
    char path[ERG_PATH_MOST];
};

static int64_t mono_ns(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * ERG_NS_PER_S + now.tv_nsec;
}

/* Rings of recordings that were killed: their creator holds no lock any more. */
static void sweep(const char *folder)
{
    DIR *list = opendir(folder);
    if (!list)
        return;
    for (struct dirent *entry; (entry = readdir(list));) {
        if (strncmp(entry->d_name, prefix, sizeof(prefix) - 1) != 0)
            continue;
        int fd = openat(dirfd(list), entry->d_name,
                        O_RDWR | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
        if (fd < 0)
            continue;
        struct stat facts;
        if (fstat(fd, &facts) == 0 && facts.st_uid == geteuid() && facts.st_size > 0
            && flock(fd, LOCK_EX | LOCK_NB) == 0)
            unlinkat(dirfd(list), entry->d_name, 0);
        close(fd);
    }
    closedir(list);
}

static bool make_file(erg_ring *ring)
{
    for (size_t i = 0; i < ERG_COUNT(folders) && ring->fd < 0; i++) {
        sweep(folders[i]);
        snprintf(ring->path, sizeof(ring->path), "%s/%sXXXXXX", folders[i], prefix);
        ring->fd = mkostemp(ring->path, O_CLOEXEC);
    }
    /* The lock before the size: an empty file is one that is being made. */
    return ring->fd >= 0 && flock(ring->fd, LOCK_EX | LOCK_NB) == 0
        && ftruncate(ring->fd, sizeof(shared)) == 0;
}

static bool map(erg_ring *ring)
{
    void *at = mmap(NULL, sizeof(shared), PROT_READ | PROT_WRITE, MAP_SHARED, ring->fd, 0);
    if (at == MAP_FAILED)
        return false;
    ring->shared = at;
    return true;
}

static erg_ring *ring_new(erg_error *err)
{
    erg_ring *ring = calloc(1, sizeof(*ring));
    if (!ring)
        erg_fail(err, ERG_NO_MEMORY, "out of memory for the region ring");
    else
        ring->fd = -1;
    return ring;
}

erg_ring *erg_ring_create(erg_error *err)
{
    erg_ring *ring = ring_new(err);
    if (!ring)
        return NULL;
    ring->is_owner = true;
    if (!make_file(ring) || !map(ring)) {
        erg_fail(err, ERG_IO, "cannot make the region ring in /dev/shm or /tmp: %s",
                 strerror(errno));
        erg_ring_close(ring);
        return NULL;
    }
    /* A slot's turn is kept as a difference to its place: zeros are a valid start,
     * so that no page is touched before it is used. */
    shared *at = ring->shared;
    at->layout = layout;
    at->slots = SLOTS;
    atomic_store(&at->next_id, 1);
    atomic_store(&at->wake_from_ns, INT64_MAX);
    memcpy(at->magic, magic, sizeof(magic));
    return ring;
}

erg_ring *erg_ring_open(const char *path, erg_error *err)
{
    erg_ring *ring = ring_new(err);
    if (!ring)
        return NULL;
    struct stat facts;
    erg_text_put(ring->path, sizeof(ring->path), path);
    ring->fd = open(path, O_RDWR | O_CLOEXEC | O_NOFOLLOW);
    bool good = ring->fd >= 0 && fstat(ring->fd, &facts) == 0 && S_ISREG(facts.st_mode)
        && facts.st_size == (off_t)sizeof(shared) && map(ring)
        && memcmp(ring->shared->magic, magic, sizeof(magic)) == 0
        && ring->shared->layout == layout && ring->shared->slots == SLOTS
        && !atomic_load(&ring->shared->closed);
    if (!good) {
        erg_fail(err, ERG_NOT_FOUND, "nobody records at %s (ERG_RING): start the program "
                 "with `erg run`", path);
        erg_ring_close(ring);
        return NULL;
    }
    return ring;
}

void erg_ring_close(erg_ring *ring)
{
    if (!ring)
        return;
    if (ring->is_owner && ring->fd >= 0) {
        if (ring->shared)
            atomic_store(&ring->shared->closed, 1);
        unlink(ring->path);
    }
    if (ring->shared)
        munmap(ring->shared, sizeof(shared));
    if (ring->fd >= 0)
        close(ring->fd);
    free(ring);
}

const char *erg_ring_path(const erg_ring *ring)
{
    return ring->path;
}

void erg_event_name(erg_event *event, const char *name)
{
    enum { TAIL = 7 };              /* ~ and six digits */
    size_t size = event->kind == ERG_EVENT_MARK ? sizeof(((erg_mark_row *)0)->name)
                                                : sizeof(event->name);
    uint32_t hash = 2166136261;     /* FNV-1a */

    erg_text_put(event->name, sizeof(event->name), name);
    if (strlen(name) < size)
        return;
    for (const char *c = name; *c; c++)
        hash = (hash ^ (unsigned char)*c) * 16777619;
    erg_text_put(event->name, size - TAIL, name);
    size_t used = strlen(event->name);
    snprintf(event->name + used, sizeof(event->name) - used, "~%06x",
             (unsigned)(hash & 0xffffff));
}

int64_t erg_ring_next_id(erg_ring *ring)
{
    return atomic_fetch_add_explicit(&ring->shared->next_id, 1, memory_order_relaxed);
}

/* Turns are stored less the slot's own place, so a ring of zeros is empty. */
static uint64_t turn_of(slot *at, uint64_t place)
{
    return atomic_load_explicit(&at->turn, memory_order_acquire) + place;
}

bool erg_ring_push(erg_ring *ring, const erg_event *event)
{
    shared *at = ring->shared;
    if (atomic_load_explicit(&at->closed, memory_order_relaxed))
        return false;
    uint64_t position = atomic_load_explicit(&at->pushed, memory_order_relaxed);
    slot *mine;
    for (;;) {
        mine = &at->slot[position % SLOTS];
        int64_t ahead = (int64_t)(turn_of(mine, position % SLOTS) - position);
        if (ahead < 0) {
            atomic_fetch_add_explicit(&at->dropped, 1, memory_order_relaxed);
            return false;
        }
        if (ahead > 0)
            position = atomic_load_explicit(&at->pushed, memory_order_relaxed);
        else if (atomic_compare_exchange_weak_explicit(&at->pushed, &position, position + 1,
                                                       memory_order_relaxed,
                                                       memory_order_relaxed))
            break;
    }
    /* Filling up: wake the consumer, who may sleep for a while yet. */
    if (position - atomic_load_explicit(&at->popped, memory_order_relaxed) == SLOTS / 2)
        erg_ring_kick(ring);
    mine->event = *event;
    mine->event.run = atomic_load_explicit(&at->run, memory_order_relaxed);
    /* Fails only if the consumer has given us up for dead and counted it. */
    uint64_t turn = position - position % SLOTS;
    return atomic_compare_exchange_strong_explicit(&mine->turn, &turn, turn + 1,
                                                   memory_order_release,
                                                   memory_order_relaxed);
}

void erg_ring_edge(erg_ring *ring, int64_t now_ns)
{
    int64_t from_ns = atomic_load_explicit(&ring->shared->wake_from_ns,
                                           memory_order_relaxed);
    if (now_ns >= from_ns
        && atomic_compare_exchange_strong(&ring->shared->wake_from_ns, &from_ns, INT64_MAX))
        erg_ring_kick(ring);
}

/* The slot at position was taken but never filled: has it been so for long? */
static bool skip_stuck(erg_ring *ring, uint64_t position)
{
    shared *at = ring->shared;
    if (atomic_load_explicit(&at->pushed, memory_order_relaxed) == position)
        return false;
    if (ring->stuck_at != position + 1) {
        ring->stuck_at = position + 1;
        ring->stuck_since_ns = mono_ns();
        return false;
    }
    if (mono_ns() - ring->stuck_since_ns < stuck_ns)
        return false;
    uint64_t turn = position - position % SLOTS;
    if (!atomic_compare_exchange_strong(&at->slot[position % SLOTS].turn, &turn,
                                        turn + SLOTS))
        return true;
    atomic_fetch_add_explicit(&at->dropped, 1, memory_order_relaxed);
    atomic_store_explicit(&at->popped, position + 1, memory_order_relaxed);
    return true;
}

bool erg_ring_pop(erg_ring *ring, erg_event *out)
{
    shared *at = ring->shared;
    for (;;) {
        uint64_t position = atomic_load_explicit(&at->popped, memory_order_relaxed);
        slot *next = &at->slot[position % SLOTS];
        if (turn_of(next, position % SLOTS) == position + 1) {
            *out = next->event;
            out->name[sizeof(out->name) - 1] = '\0';
            atomic_store_explicit(&next->turn, position - position % SLOTS + SLOTS,
                                  memory_order_release);
            atomic_store_explicit(&at->popped, position + 1, memory_order_relaxed);
            return true;
        }
        if (!skip_stuck(ring, position))
            return false;
    }
}

uint64_t erg_ring_dropped(const erg_ring *ring)
{
    return atomic_load(&ring->shared->dropped);
}

bool erg_ring_is_half_full(const erg_ring *ring)
{
    uint64_t popped = atomic_load_explicit(&ring->shared->popped, memory_order_relaxed);
    return atomic_load_explicit(&ring->shared->pushed, memory_order_relaxed)
        - popped > SLOTS / 2;
}

void erg_ring_set_run(erg_ring *ring, int64_t run)
{
    atomic_store(&ring->shared->run, run);
}

void erg_ring_want_edges(erg_ring *ring, int64_t from_ns)
{
    atomic_store(&ring->shared->wake_from_ns, from_ns);
}

bool erg_ring_wait(erg_ring *ring, int64_t until_ns)
{
    shared *at = ring->shared;
    struct timespec until = { .tv_sec = until_ns / ERG_NS_PER_S,
                              .tv_nsec = until_ns % ERG_NS_PER_S };
    long result;
    /* FUTEX_WAIT_BITSET takes an absolute CLOCK_MONOTONIC deadline: no drift. */
    do
        result = syscall(SYS_futex, &at->edges, FUTEX_WAIT_BITSET, ring->seen_edges, &until,
                         NULL, FUTEX_BITSET_MATCH_ANY);
    while (result != 0 && errno == EINTR);

    uint32_t edges = atomic_load(&at->edges);
    bool woken = edges != ring->seen_edges;
    ring->seen_edges = edges;
    return woken;
}

void erg_ring_kick(erg_ring *ring)
{
    atomic_fetch_add(&ring->shared->edges, 1);
    syscall(SYS_futex, &ring->shared->edges, FUTEX_WAKE, 1, NULL, NULL, 0);
}

/* SPDX-License-Identifier: Apache-2.0 */
#include <inttypes.h>
#include <string.h>
#include <time.h>
#include <unistd.h>
#include "cupti/records.h"

/* ---- time ------------------------------------------------------------------------- */

static int64_t now_ns(clockid_t clock)
{
    struct timespec now;
    clock_gettime(clock, &now);
    return 1000000000LL * now.tv_sec + now.tv_nsec;
}

/* On the line through the last two pairs: the clocks drift by parts in a million. */
static int64_t mono_of(const records *to, clock_pair now, uint64_t gpu_ns)
{
    int64_t span = now.gpu_ns - to->last.gpu_ns, since = (int64_t)gpu_ns - to->last.gpu_ns;
    double rate = span > 0 ? (double)(now.mono_ns - to->last.mono_ns) / (double)span : 1;

    return to->last.mono_ns + since + (int64_t)((rate - 1) * (double)since);
}

/* ---- text ------------------------------------------------------------------------- */

static void put_text(FILE *to, const char *text)
{
    fputc('"', to);
    for (const unsigned char *at = (const unsigned char *)text; *at; at++)
        if (*at == '"' || *at == '\\')
            fprintf(to, "\\%c", *at);
        else if (*at < 0x20)
            fprintf(to, "\\u%04x", *at);
        else
            fputc(*at, to);
    fputc('"', to);
}

/* What all kinds have; their own arguments follow. */
typedef struct common {
    const char *category, *name;
    uint64_t begin_ns, end_ns;
    uint32_t device, context, stream, correlation, graph;
    uint64_t graph_node;
} common;

/* The activity's own arguments follow, and two brackets. False: it never ran. */
static bool begin(records *to, const common *of, clock_pair now)
{
    if (of->begin_ns == 0 || of->end_ns < of->begin_ns) {
        to->not_timed++;
        return false;
    }
    int64_t begin_ns = mono_of(to, now, of->begin_ns) - to->begin_mono_ns;
    int64_t time_ns = (int64_t)(of->end_ns - of->begin_ns);
    fprintf(to->file, "%s\n{\"ph\":\"X\",\"cat\":\"%s\",\"name\":", to->written ? "," : "",
            of->category);
    put_text(to->file, of->name ? of->name : of->category);
    fprintf(to->file,
            ",\"pid\":%u,\"tid\":%u,\"ts\":%s%" PRId64 ".%03" PRId64 ",\"dur\":%" PRId64
            ".%03" PRId64 ",\"args\":{\"device\":%u,\"context\":%u,\"stream\":%u"
            ",\"correlation\":%u",
            of->device, of->stream, begin_ns < 0 ? "-" : "",
            (begin_ns < 0 ? -begin_ns : begin_ns) / 1000,
            (begin_ns < 0 ? -begin_ns : begin_ns) % 1000, time_ns / 1000, time_ns % 1000,
            of->device, of->context, of->stream, of->correlation);
    if (of->graph != 0)
        fprintf(to->file, ",\"graph id\":%u,\"graph node id\":%" PRIu64, of->graph,
                of->graph_node);
    to->written++;
    return true;
}

/* ---- kinds ------------------------------------------------------------------------ */

static void add_kernel(records *to, const void *record, clock_pair now)
{
    CUpti_ActivityKernel9 of;
    memcpy(&of, record, sizeof(of));
    const common facts = { "kernel", of.name, of.start, of.end, of.deviceId, of.contextId,
                              of.streamId, of.correlationId, of.graphId, of.graphNodeId };

    if (begin(to, &facts, now))
        fprintf(to->file,
                ",\"grid\":[%d,%d,%d],\"block\":[%d,%d,%d],\"shared memory\":%lld"
                ",\"registers per thread\":%u}}",
                of.gridX, of.gridY, of.gridZ, of.blockX, of.blockY, of.blockZ,
                (long long)of.staticSharedMemory + of.dynamicSharedMemory,
                of.registersPerThread);
}

/* As CUPTI numbers them; the words are those of other tracers. */
static const char *copy_name(unsigned kind)
{
    static const char *const names[] = { "Memcpy", "Memcpy HtoD",
                                         "Memcpy DtoH", "Memcpy HtoA", "Memcpy AtoH",
                                         "Memcpy AtoA", "Memcpy AtoD", "Memcpy DtoA",
                                         "Memcpy DtoD", "Memcpy HtoH", "Memcpy PtoP" };
    return names[kind < sizeof(names) / sizeof(*names) ? kind : 0];
}

static void add_copy(records *to, const void *record, clock_pair now)
{
    CUpti_ActivityMemcpy5 of;
    memcpy(&of, record, sizeof(of));
    const common facts = { "gpu_memcpy", copy_name(of.copyKind), of.start, of.end,
                              of.deviceId, of.contextId, of.streamId, of.correlationId,
                              of.graphId, of.graphNodeId };

    if (begin(to, &facts, now))
        fprintf(to->file, ",\"bytes\":%" PRIu64 "}}", of.bytes);
}

static void add_set(records *to, const void *record, clock_pair now)
{
    CUpti_ActivityMemset3 of;
    memcpy(&of, record, sizeof(of));
    const common facts = { "gpu_memset", "Memset (Device)", of.start, of.end, of.deviceId,
                              of.contextId, of.streamId, of.correlationId, of.graphId,
                              of.graphNodeId };

    if (begin(to, &facts, now))
        fprintf(to->file, ",\"bytes\":%" PRIu64 "}}", of.bytes);
}

static const struct {
    CUpti_ActivityKind kind;
    void (*add)(records *to, const void *record, clock_pair now);
} kinds[] = {
    { CUPTI_ACTIVITY_KIND_CONCURRENT_KERNEL, add_kernel },
    { CUPTI_ACTIVITY_KIND_KERNEL, add_kernel },
    { CUPTI_ACTIVITY_KIND_MEMCPY, add_copy },
    { CUPTI_ACTIVITY_KIND_MEMSET, add_set },
};

/* ---- the file --------------------------------------------------------------------- */

bool records_open(records *to, const char *path, clock_pair first)
{
    int64_t mono_ns = now_ns(CLOCK_MONOTONIC), utc_ns = now_ns(CLOCK_REALTIME);
    *to = (records){ .file = fopen(path, "w"), .first = first, .last = first,
                     .begin_mono_ns = first.mono_ns,
                     .begin_utc_ns = utc_ns - mono_ns + first.mono_ns };

    if (!to->file)
        return false;
    fprintf(to->file, "{\"schemaVersion\":1,\"baseTimeNanoseconds\":%" PRId64
            ",\"traceEvents\":[", to->begin_utc_ns);
    to->end_at = ftell(to->file);
    records_settle(to, first);
    return true;
}

void records_add(records *to, const CUpti_Activity *activity, clock_pair now)
{
    for (size_t i = 0; i < sizeof(kinds) / sizeof(*kinds); i++)
        if (kinds[i].kind == activity->kind) {
            kinds[i].add(to, activity, now);
            return;
        }
}

static void put_pair(FILE *to, const char *name, clock_pair of)
{
    fprintf(to, "\"%s\":{\"gpu_ns\":%" PRId64 ",\"mono_ns\":%" PRId64
            ",\"half_width_ns\":%" PRId64 "}", name, of.gpu_ns, of.mono_ns,
            of.half_width_ns);
}

void records_settle(records *to, clock_pair now)
{
    to->end_at = ftell(to->file);
    to->last = now;
    fprintf(to->file,
            "\n],\"erg\":{\"clock\":\"CLOCK_MONOTONIC\",\"mono_begin_ns\":%" PRId64
            ",", to->begin_mono_ns);
    put_pair(to->file, "first", to->first);
    fputc(',', to->file);
    put_pair(to->file, "last", now);
    fprintf(to->file,
            ",\"records\":%" PRIu64 ",\"dropped\":%" PRIu64 ",\"not_timed\":%" PRIu64
            "}}\n", to->written, to->dropped, to->not_timed);
    fflush(to->file);
    /* This end may be shorter than the one that it was written over. */
    (void)!ftruncate(fileno(to->file), ftell(to->file));
    fseek(to->file, to->end_at, SEEK_SET);
}

void records_close(records *to)
{
    if (to->file)
        fclose(to->file);
    to->file = NULL;
}

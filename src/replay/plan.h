/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What is to be replayed: unique kernels with their counts per step, and, where the input
 * had them, the launches of one step in order with the tensors that they share.
 *
 *   Owning   erg_replay_plan_new gives a plan that is yours: erg_replay_plan_free. Kernels
 *            handed in are copied. Pointers out of it are good until the next add.
 *   Source   docs/replay.md, "erg replay plan".
 */
#ifndef ERG_REPLAY_PLAN_H
#define ERG_REPLAY_PLAN_H

#include "erg/replay.h"
#include "workload/signature.h"

/* A kernel's name as C++ prints it: templates make it long (984 bytes were seen). */
enum { ERG_KERNEL_NAME = 1280 };

typedef enum erg_tier { ERG_TIER_UNKNOWN, ERG_TIER_MOVE, ERG_TIER_MATRIX, ERG_TIER_OTHER,
                        ERG_TIER_COLLECTIVE, ERG_TIERS } erg_tier;

typedef struct erg_replay_kernel {
    char id[40];                /* "k17", stable within the plan */
    char name[ERG_KERNEL_NAME];     /* by erg_replay_name_put; of graphs: the kind */
    erg_tier tier;              /* ERG_TIER_UNKNOWN: erg_replay_plan_add finds it */
    erg_signature signature;
    int64_t count;              /* launches in the whole input */
    int64_t stream;             /* kept apart by --keep-stream; -1: not */
    double traced_s;            /* mean time of a launch in the input; NAN: none */
    char *foreign;              /* keys of its object in plan.jsonl that are not ours;
                                 * NULL */
    uint64_t hash;
    char source[24];            /* "onnx", "chrome", "onednn", "kernel_jsonl".. */
} erg_replay_kernel;

/* One launch of a step: memory by tensor of the kernel's signature; -1: its own. */
typedef struct erg_replay_launch {
    int32_t kernel;
    int32_t stream;             /* launches of one stream follow each other; 0: the only
                                 * one */
    int32_t tensors[ERG_SIGNATURE_TENSORS];
} erg_replay_launch;

struct erg_replay_plan {
    char workload[64];          /* "zoo:resnet18", a path's last part */
    double steps;               /* in the input; NAN: not stated */
    char steps_from[40];        /* "ProfilerStep#N", "--steps", "graph"; "": not stated */
    erg_replay_kernel *kernels;
    size_t kernel_count, kernel_capacity;
    erg_replay_launch *launches;  /* of one step, in order; NULL: only counts are known */
    size_t launch_count, launch_capacity;
    int64_t total;              /* launches of all kernels: no sum of counts overflows */
    int64_t left_out;           /* launches of other devices, of runtime calls, of --comm
                                 * drop */
    int64_t said_kernels, said_launches;    /* by an input that lists none; ERG_NONE:
                                             * unsaid */
    int32_t tensor_count;       /* shared tensors are 0 .. tensor_count - 1 */
    char (*notes)[240];
    size_t note_count, note_capacity;
    char *foreign;              /* keys of the plan's own object that are not ours; NULL */
    uint32_t *slots;            /* kernels by hash, plus 1; 0: free */
    size_t slot_count;
};

erg_replay_plan *erg_replay_plan_new(erg_error *err);
/* What is not UTF-8 cannot be saved: '?' stands for each such byte. */
void erg_replay_text_mend(char *text);
/* A name too long for its place keeps its first part and a hash of the whole. */
void erg_replay_name_put(char to[ERG_KERNEL_NAME], const char *name, size_t count);
/* What is not known: bytes, flop, time, stream; 1 launch of a name. */
void erg_replay_kernel_init(erg_replay_kernel *kernel, const char *name,
                            const char *source);
/* Adds count launches of this kernel: the first with this name and signature makes a row.
 * Its traced time becomes the mean over all of them. A tier, or an operator that its shapes
 * do not tell, is found by its name. */
bool erg_replay_plan_add(erg_replay_plan *plan, const erg_replay_kernel *kernel,
                         int32_t *index, erg_error *err);
bool erg_replay_plan_launch(erg_replay_plan *plan, const erg_replay_launch *launch,
                            erg_error *err);
/* Equal notes are kept once. */
bool erg_replay_plan_note(erg_replay_plan *plan, erg_error *err, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
/* By name, then by operator: one table. */
erg_tier erg_tier_of(const char *name, erg_op_kind op);
/* "layer_norm" in a foreign name and the like; ERG_OP_UNKNOWN: no word of ours is in it. */
erg_op_kind erg_op_of_name(const char *name);
bool erg_name_is_collective(const char *name);
/* "1x64x56x56,64x64x3x3 -> 1x64x56x56 fp32 k3x3 s1x1 p1x1": column `signature`. Five alike
 * and more in a row are "6*1x32x56x56". */
void erg_signature_say(erg_text *to, const erg_signature *signature);
const char *erg_tier_name(erg_tier tier);       /* "gemm": column `tier` */

#endif

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One blocking collective, shaped: entry delayed by group, in pieces with gaps, in two
 * levels, waited for without burning. Which of these is done follows from the arguments
 * that MPI wants equal on every rank, the group and the configuration, so every rank does
 * the same.
 */
#include <stddef.h>
#include "mpi/carry.h"
#include "mpi/idle.h"

/* ---- pacing --------------------------------------------------------------------- */

/* Sleeps until the rate allows a start, and books these bytes. */
static void pace(mpi_visit *here, mpi_group *group, double bytes)
{
    double gap_s = mpi_plan_gap_s(mpi_settings(), bytes);
    int64_t now_ns = mpi_now_ns();

    if (!(gap_s > 0))
        return;
    if (group->free_ns > now_ns)
        mpi_hold(here, 1e-9 * (double)(group->free_ns - now_ns));
    now_ns = mpi_now_ns();
    group->free_ns = now_ns + (int64_t)(1e9 * gap_s);
}

/* Counts and types of a broadcast may differ between ranks as long as the bytes agree;
 * pieces may be cut only where they do not differ. */
static bool is_alike(const mpi_args *args, int element_bytes)
{
    int extremes[4] = { args->recv.count, -args->recv.count, element_bytes,
                        -element_bytes };

    PMPI_Allreduce(MPI_IN_PLACE, extremes, 4, MPI_INT, MPI_MIN, args->comm);
    return extremes[0] == -extremes[1] && extremes[2] == -extremes[3];
}

static const void *shifted(const void *at, ptrdiff_t bytes)
{
    return at == MPI_IN_PLACE || !at ? at : (const char *)at + bytes;
}

static int carry_piece(mpi_visit *here, const mpi_form *form, mpi_args piece, int from,
                       int count)
{
    MPI_Aint low, extent;

    PMPI_Type_get_extent(piece.recv.type, &low, &extent);
    piece.send.at = shifted(piece.send.at, from * extent);
    piece.recv.at = shifted(piece.recv.at, from * extent);
    piece.send.count = piece.recv.count = count;
    return mpi_carry(here, form, &piece);
}

static int carry_paced(mpi_visit *here, const mpi_form *form, const mpi_args *args,
                       mpi_group *group)
{
    int element_bytes = form->cuts ? (int)mpi_volume(1, args->recv.type) : 0;
    mpi_cut cut = { .each = args->recv.count, .pieces = 1 };
    int rc = MPI_SUCCESS;

    if (form->cuts)
        cut =
            mpi_plan_cut(mpi_settings(), group->nodes < 2, args->recv.count, element_bytes);
    if (form == &mpi_forms[CALL_BCAST] && here->bytes > mpi_uncut_bytes
        && !is_alike(args, element_bytes))
        cut.pieces = 1;
    if (cut.pieces < 2) {
        pace(here, group, here->bytes);
        return mpi_carry_levels(here, form, args, group);
    }
    for (int from = 0, left = args->recv.count; rc == MPI_SUCCESS && left > 0;) {
        int count = left < cut.each ? left : cut.each;
        pace(here, group, (double)count * element_bytes);
        rc = carry_piece(here, form, *args, from, count);
        from += count;
        left -= count;
    }
    return rc;
}

/* ---- how sparse ------------------------------------------------------------------- */

/* Before the clock of the call starts: the look is none of its time. */
static mpi_density look(mpi_call_id id, const mpi_args *args)
{
    const void *at = args->send.at == MPI_IN_PLACE ? args->recv.at : args->send.at;
    MPI_Datatype type = args->recv.type;
    int integers, addresses, types, combiner = MPI_COMBINER_DUP;
    mpi_density seen = { 0 };

    if ((id != CALL_ALLREDUCE && id != CALL_IALLREDUCE) || args->op != MPI_SUM
        || !mpi_is_looked_into(id) || type == MPI_DATATYPE_NULL || args->recv.count < 1)
        return seen;
    PMPI_Type_get_envelope(type, &integers, &addresses, &types, &combiner);
    bool is_real = type == MPI_FLOAT || type == MPI_DOUBLE || type == MPI_REAL
                || type == MPI_DOUBLE_PRECISION;
    if (combiner == MPI_COMBINER_NAMED)
        mpi_density_add(&seen, at, (size_t)args->recv.count, (size_t)mpi_volume(1, type),
                        is_real);
    return seen;
}

/* ---- all of it -------------------------------------------------------------------- */

static int shape(mpi_visit *here, const mpi_form *form, const mpi_args *args,
                 mpi_group *group)
{
    double offset_s = mpi_group_offset_s(group, args->comm);

    if (offset_s > 0)
        mpi_hold(here, offset_s);
    if (mpi_plan_gap_s(mpi_settings(), 1) > 0)
        return carry_paced(here, form, args, group);
    return mpi_carry_levels(here, form, args, group);
}

int mpi_collective(mpi_call_id id, const mpi_args *args)
{
    const mpi_form *form = &mpi_forms[id];
    mpi_visit here;

    if (!mpi_on())
        return form->block(args);
    mpi_density seen = look(id, args);
    mpi_enter(&here, id, mpi_args_bytes(form, args));
    here.density = seen;
    mpi_group *group = mpi_group_of(args->comm);
    int rc = group ? shape(&here, form, args, group) : mpi_carry(&here, form, args);
    mpi_leave(&here);
    if (group)
        mpi_group_left(group);
    return rc;
}

int mpi_collective_start(mpi_call_id blocking, const mpi_args *args, MPI_Request *request)
{
    const mpi_form *form = &mpi_forms[blocking];
    mpi_visit here;

    if (!mpi_on())
        return form->start(args, request);
    mpi_density seen = look(blocking + CALL_COLLECTIVES, args);
    mpi_enter(&here, blocking + CALL_COLLECTIVES, mpi_args_bytes(form, args));
    here.density = seen;
    int rc = form->start(args, request);
    mpi_leave(&here);
    return rc;
}

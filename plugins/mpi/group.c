/* SPDX-License-Identifier: Apache-2.0 */
#include <math.h>
#include <stdlib.h>
#include "mpi/group.h"

enum { AGREE_EVERY = 16 };

static int keyval = MPI_KEYVAL_INVALID;

static void group_free(mpi_group *group)
{
    if (!group)
        return;
    if (group->node != MPI_COMM_NULL)
        PMPI_Comm_free(&group->node);
    if (group->leaders != MPI_COMM_NULL)
        PMPI_Comm_free(&group->leaders);
    free(group->seats);
    free(group);
}

/* MPI calls it when the communicator goes, on every rank of it. */
static int forget(MPI_Comm comm, int key, void *value, void *extra)
{
    (void)comm, (void)key, (void)extra;
    group_free(value);
    return MPI_SUCCESS;
}

void mpi_group_begin(void)
{
    if (mpi_config_acts(mpi_settings()))
        PMPI_Comm_create_keyval(MPI_COMM_NULL_COPY_FN, forget, &keyval, NULL);
}

void mpi_group_end(void)
{
    void *value;
    int found = 0;

    if (keyval == MPI_KEYVAL_INVALID)
        return;
    /* The world outlives all else and is never freed by the program. */
    PMPI_Comm_get_attr(MPI_COMM_WORLD, keyval, &value, &found);
    if (found)
        PMPI_Comm_delete_attr(MPI_COMM_WORLD, keyval);
    PMPI_Comm_free_keyval(&keyval);
}

static bool is_needed(const mpi_config *config)
{
    return config->stagger_s > 0 || config->jitter.to_s > 0
           || (!config->deterministic
               && (config->pace_bytes_per_s > 0 || config->hierarchical));
}

/* ---- made once a communicator -------------------------------------------------- */

/* The first two ranks tell where the group lies in the world. */
static void take_place(mpi_group *group, MPI_Comm comm)
{
    int64_t seat[2] = { -1, -1 };
    int world = mpi_world_size();

    if (group->rank < 2)
        seat[group->rank] = mpi_world_rank();
    int64_t low[2];
    PMPI_Allreduce(seat, low, 2, MPI_INT64_T, MPI_MAX, comm);
    int64_t stride = group->size > 1 ? llabs(low[1] - low[0]) : 1;
    mpi_place place = {
        .first = low[0], .stride = stride, .size = group->size, .world = world
    };
    group->index = mpi_place_index(place);
    group->groups = world / group->size;
}

static void split_nodes(mpi_group *group, MPI_Comm comm)
{
    int ranks = (int)mpi_settings()->node_ranks;
    mpi_seat seat;

    if (ranks > 0)
        PMPI_Comm_split(comm, group->rank / ranks, group->rank, &group->node);
    else
        PMPI_Comm_split_type(comm, MPI_COMM_TYPE_SHARED, group->rank, MPI_INFO_NULL,
                             &group->node);
    PMPI_Comm_rank(group->node, &seat.rank);
    PMPI_Comm_split(comm, seat.rank == 0 ? 0 : MPI_UNDEFINED, group->rank, &group->leaders);
    if (seat.rank == 0)
        PMPI_Comm_rank(group->leaders, &seat.node);
    PMPI_Bcast(&seat.node, 1, MPI_INT, 0, group->node);
    PMPI_Allgather(&seat, 2, MPI_INT, group->seats, 2, MPI_INT, comm);
    for (int i = 0; i < group->size; i++)
        if (group->seats[i].node >= group->nodes)
            group->nodes = group->seats[i].node + 1;
}

static mpi_group *make(MPI_Comm comm)
{
    const mpi_config *config = mpi_settings();
    mpi_group *group = calloc(1, sizeof(*group));
    int room;

    if (group) {
        *group = (mpi_group){ .slack_s = INFINITY,
                              .offer_s = INFINITY,
                              .node = MPI_COMM_NULL,
                              .leaders = MPI_COMM_NULL };
        PMPI_Comm_rank(comm, &group->rank);
        PMPI_Comm_size(comm, &group->size);
        group->seats = calloc((size_t)group->size, sizeof(*group->seats));
    }
    /* All or none: a rank without memory would cut nothing where others cut. */
    room = group && group->seats;
    PMPI_Allreduce(MPI_IN_PLACE, &room, 1, MPI_INT, MPI_MIN, comm);
    if (!group || !room) {
        group_free(group);
        return NULL;
    }
    take_place(group, comm);
    if (!config->deterministic && (config->hierarchical || config->pace_bytes_per_s > 0))
        split_nodes(group, comm);
    group->waited_s = mpi_waited_s();
    return group;
}

mpi_group *mpi_group_of(MPI_Comm comm)
{
    void *value = NULL;
    int found = 0, between = 0;

    if (comm == MPI_COMM_NULL || !is_needed(mpi_settings()))
        return NULL;
    PMPI_Comm_get_attr(comm, keyval, &value, &found);
    if (found)
        return value;
    PMPI_Comm_test_inter(comm, &between);
    if (between)
        return NULL;
    mpi_group *group = make(comm);
    if (group)
        PMPI_Comm_set_attr(comm, keyval, group);
    return group;
}

/* ---- each call -------------------------------------------------------------------- */

static double stagger_s(mpi_group *group, MPI_Comm comm)
{
    const mpi_config *config = mpi_settings();

    if (!(config->stagger_s > 0) || group->groups < 2)
        return 0;
    if (group->sequence > 0)
        group->offer_s =
            fmin(group->offer_s,
                 mpi_plan_slack_s(group->applied_s, mpi_waited_s() - group->waited_s));
    if (group->sequence > 0 && group->sequence % AGREE_EVERY == 0) {
        PMPI_Allreduce(&group->offer_s, &group->slack_s, 1, MPI_DOUBLE, MPI_MIN, comm);
        group->offer_s = INFINITY;
    }
    group->applied_s =
        mpi_plan_offset_s(config, group->index, group->groups, group->slack_s);
    return group->applied_s;
}

double mpi_group_offset_s(mpi_group *group, MPI_Comm comm)
{
    double offset_s = stagger_s(group, comm)
        + mpi_plan_jitter_s(mpi_settings(), group->index, group->groups, group->sequence);

    group->sequence++;
    return offset_s;
}

void mpi_group_left(mpi_group *group) { group->waited_s = mpi_waited_s(); }

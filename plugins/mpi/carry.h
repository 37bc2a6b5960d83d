/* SPDX-License-Identifier: Apache-2.0 */
/* One collective, or one piece of it, waited for as configured. */
#ifndef ERG_PLUGIN_MPI_CARRY_H
#define ERG_PLUGIN_MPI_CARRY_H

#include "mpi/forms.h"
#include "mpi/group.h"

int mpi_carry(mpi_visit *here, const mpi_form *form, const mpi_args *args);
/* In two levels where that is wished, possible and known how; else mpi_carry. */
int mpi_carry_levels(mpi_visit *here, const mpi_form *form, const mpi_args *args,
                     const mpi_group *group);

#endif

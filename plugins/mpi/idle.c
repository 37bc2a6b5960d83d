/* SPDX-License-Identifier: Apache-2.0 */
#include <math.h>
#include <sys/prctl.h>
#include <time.h>
#include "mpi/idle.h"
#include "mpi/plan.h"
#include "recording.h"

/* Linux lets a nap end 50 us late by default, which is more than most naps are long. The
 * program's own slack comes back after the wait. */
static long slack_tighten(void)
{
    long before = prctl(PR_GET_TIMERSLACK, 0, 0, 0, 0);
    prctl(PR_SET_TIMERSLACK, 1, 0, 0, 0);
    return before;
}

static void slack_restore(long before)
{
    if (before > 0)
        prctl(PR_SET_TIMERSLACK, before, 0, 0, 0);
}

/* A signal may cut a nap short: then it is tested a little earlier. */
static void nap(double nap_s)
{
    struct timespec t = { .tv_sec = (time_t)nap_s,
                          .tv_nsec = (long)(1e9 * (nap_s - floor(nap_s))) };
    nanosleep(&t, NULL);
}

int mpi_idle(mpi_visit *here, mpi_pending *pending)
{
    int64_t begin_ns = mpi_now_ns();
    erg_region_token region = { 0 };
    int done = 0, rc = pending->test(pending, &done);
    bool napped = false, is_slow = false;
    long slack = 0;

    while (rc == MPI_SUCCESS && !done) {
        double nap_s =
            mpi_plan_nap_s(mpi_settings(), 1e-9 * (double)(mpi_now_ns() - begin_ns));
        if (nap_s > 0 && !napped) {
            napped = here->napped = true;
            slack = slack_tighten();
            region = recording_begin("MPI wait");
            is_slow = mpi_slacken();
        }
        if (nap_s > 0 && !is_slow)
            nap(nap_s);
        rc = pending->test(pending, &done);
    }
    if (is_slow)
        mpi_hurry();
    if (napped) {
        slack_restore(slack);
        recording_end(region);
    }
    return rc;
}

static int test_one(mpi_pending *of, int *done)
{
    return PMPI_Test(of->requests, done, of->statuses);
}

int mpi_idle_one(mpi_visit *here, MPI_Request *request, MPI_Status *status)
{
    return mpi_idle(
        here, &(mpi_pending){
                  .test = test_one, .count = 1, .requests = request, .statuses = status });
}

void mpi_hold(mpi_visit *here, double hold_s)
{
    static const double step_s = 1e-3;
    int64_t begin_ns = mpi_now_ns(), now_ns = begin_ns;
    int64_t until_ns = begin_ns + (int64_t)(1e9 * hold_s);

    while (now_ns < until_ns) {
        int flag;
        nap(fmin(step_s, 1e-9 * (double)(until_ns - now_ns)));
        /* Nothing is ever sent here: it lets MPI move what is under way. */
        PMPI_Iprobe(MPI_ANY_SOURCE, MPI_ANY_TAG, MPI_COMM_SELF, &flag, MPI_STATUS_IGNORE);
        now_ns = mpi_now_ns();
    }
    here->held_ns += now_ns - begin_ns;
}

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * launch_work driver|ex LAUNCHES LIBRARY, launch_work runtime LAUNCHES LIBRARY: launches
 * through a library that is opened for itself alone, as Python opens CUDA's. Prints the
 * most launches that were under way at once, the events recorded and the seconds it took.
 */
#include <stdint.h>
#include "bound.h"

typedef struct size { unsigned x, y, z; } size;
typedef struct settings { unsigned sizes[6]; uint64_t shared; void *stream; } settings;
typedef int launch_driver(void *, unsigned, unsigned, unsigned, unsigned,
                          unsigned, unsigned, unsigned, void *, void **, void **);
typedef int launch_ex(const settings *, void *, void **, void **);
typedef int launch_runtime(const void *, size, size, void **, size_t, void *);

static int launch(const char *what, function call)
{
    settings how = { .sizes = { 1, 2, 3, 4, 5, 6 }, .shared = 7 };
    if (strcmp(what, "ex") == 0)
        return ((launch_ex *)call)(&how, NULL, NULL, NULL);
    if (strcmp(what, "driver") == 0)
        return ((launch_driver *)call)(NULL, 1, 2, 3, 4, 5, 6, 7, NULL, NULL, NULL);
    return ((launch_runtime *)call)(NULL, (size){ 1, 2, 3 }, (size){ 4, 5, 6 },
                                    NULL, 7, NULL);
}

int main(int argc, char **argv)
{
    if (argc < 4)
        return 2;
    int is_runtime = strcmp(argv[1], "runtime") == 0, recorded = 0;
    void *library = dlopen(argv[3], RTLD_NOW | RTLD_LOCAL);
    if (!library)
        return 3;
    function call = bind(library, is_runtime                     ? "cudaLaunchKernel"
                                  : strcmp(argv[1], "ex") == 0 ? "cuLaunchKernelEx"
                                                               : "cuLaunchKernel");
    int (*most)(int *recorded) = (int (*)(int *))bind(library,
                                                      is_runtime ? "stub_runtime_most"
                                                                          : "stub_most");
    double begin_s = now_s();
    for (int i = 0; i < atoi(argv[2]); i++)
        if (launch(argv[1], call) != 0)
            return 1;
    double took_s = now_s() - begin_s;
    int at_once = most(&recorded);
    printf("%d %d %.4f\n", at_once, recorded, took_s);
    return 0;
}

/* SPDX-License-Identifier: Apache-2.0 */
/* nvidia-smi says why it refused on its standard output. */
#include "device/drivers/child.h"
#include "device/drivers/nvml_smi.h"

static const double most_s = 10; /* a sleeping driver may take seconds */

static void keep_first(void *self, char *line)
{
    erg_error *said = self;
    if (!said->text[0] && line[0])
        erg_text_put(said->text, sizeof(said->text), line);
}

bool nvml_smi_lock(const erg_env *env, const char *gpu, unsigned mhz, erg_error *err)
{
    char file[ERG_PATH_MOST], clocks[32];
    const char *const arguments[] = { file, "-i", gpu, mhz ? "-lgc" : "-rgc",
                                      mhz ? clocks : NULL, NULL };
    erg_error said = { 0 };
    erg_child child;

    if (!erg_child_seek(env->path, "nvidia-smi", file))
        return erg_fail(err, ERG_UNSUPPORTED, "NVML cannot lock the clocks of GPU %s, and "
                        "nvidia-smi is not there to do it", gpu);
    snprintf(clocks, sizeof(clocks), "%u,%u", mhz, mhz);
    if (!erg_child_start(&child, arguments, err))
        return false;
    return erg_child_finish(&child, most_s, keep_first, &said)
        || erg_fail(err, ERG_NO_ACCESS, "%s -i %s %s failed (%.200s): run erg as root",
                    file, gpu, arguments[3], said.text);
}

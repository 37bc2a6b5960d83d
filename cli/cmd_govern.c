/* SPDX-License-Identifier: Apache-2.0 */
/* erg govern: asks the daemon of this machine, ergd, what it does and why. */
#include <string.h>
#include "cli.h"

typedef struct govern_options {
    const char *socket, *device;
    double cap_w, for_s;
} govern_options;

#define AT(field) offsetof(govern_options, field)

static const cli_option option_rows[] = {
    { 0, "cap", CLI_WATTS, AT(cap_w), "POWER", "set: draw at most so much", true },
    { 0, "device", CLI_TEXT, AT(device), "DEVICE", "set, release: this one, not the node" },
    { 0, "for", CLI_SECONDS, AT(for_s), "TIME", "set: released by itself after so long",
      true },
    { 0, "socket", CLI_TEXT, AT(socket), "PATH", "of the daemon (" ERG_GOVERN_SOCKET ")" },
    { 0 },
};

static const struct { const char *name; erg_govern_verb verb; } verbs[] = {
    { "status", ERG_GOVERN_STATUS }, { "set", ERG_GOVERN_SET }, { "why", ERG_GOVERN_WHY },
    { "release", ERG_GOVERN_RELEASE }, { "brake", ERG_GOVERN_BRAKE },
    { "sensors", ERG_GOVERN_SENSORS },
};

static bool find_verb(const cli *call, erg_govern_request *out)
{
    for (size_t i = 0; call->argc == 1 && i < CLI_COUNT(verbs); i++)
        if (strcmp(call->argv[0], verbs[i].name) == 0) {
            out->verb = verbs[i].verb;
            return true;
        }
    return false;
}

static bool fits(const govern_options *options, erg_govern_verb verb)
{
    bool sets = verb == ERG_GOVERN_SET;

    return sets == (options->cap_w > 0) && (sets || options->for_s == 0)
        && (sets || verb == ERG_GOVERN_RELEASE || !options->device);
}

static int run(const cli *call)
{
    const govern_options *options = call->options;
    const char *socket = options->socket ? options->socket : ERG_GOVERN_SOCKET;
    erg_govern_request request = { .cap_w = options->cap_w, .for_s = options->for_s };
    erg_error err = { 0 };

    if (!find_verb(call, &request))
        return cli_misused(call,
                           "says one of status, set, release, brake, why and sensors");
    if (!fits(options, request.verb))
        return cli_misused(call, "set takes --cap, and perhaps --device and --for; release "
                           "takes --device; the others none of these");
    if (options->device && strlen(options->device) >= sizeof(request.device))
        return cli_misused(call, "there is no device %.60s", options->device);
    if (options->device)
        memcpy(request.device, options->device, strlen(options->device) + 1);
    erg_result *result = erg_govern_ask(socket, &request, &err);
    int status = result ? cli_write(call, result, call->common.output, stdout)
                        : cli_failed(call, &err);
    erg_result_free(result);
    return status;
}

const cli_command cmd_govern = {
    .name = "govern",
    .usage = "erg govern [options] status|set|release|brake|why|sensors",
    .summary = "ask the daemon of this machine what it grants, and set or release a cap",
    .about = "ergd reads the sensors of this machine, shares its watts out among GPUs and "
             "CPU, and\n"
             "is the only writer of their limits (docs/govern.md). A cap counts as "
             "enforced only\n"
             "once the device has said so when it was read back.\n"
             "\n"
             "status tells what each device is granted and by which rule, why the last "
             "changes,\n"
             "sensors the last readings. set lowers the node or one device, until release "
             "or for\n"
             "a time; brake holds everything at its least until release. The daemon's\n"
             "configuration says who may read and who may set.\n",
    .examples = "erg govern status\n"
                "erg govern set --cap 900W --for 10min\n"
                "erg govern set --cap 250W --device nvml:0\n"
                "erg govern release\n"
                "erg govern why\n",
    .options = option_rows,
    .options_size = sizeof(govern_options),
    .run = run,
};

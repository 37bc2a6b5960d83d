/* SPDX-License-Identifier: Apache-2.0 */
/* erg govern: asks the daemon of this machine, ergd, what it does and why. */
#include <math.h>
#include <string.h>
#include <time.h>
#include "cli.h"

typedef struct govern_options {
    const char *socket, *device, *job, *phase, *objective, *dvfs, *knob;
    double cap_w, clock_hz, for_s, power_w, least_w, units, slowdown, epoch_s;
    int class;
    bool wait;
} govern_options;

#define AT(field) offsetof(govern_options, field)

static const cli_option option_rows[] = {
    { 0, "cap", CLI_WATTS, AT(cap_w), "POWER", "set, hint: draw at most so much", true },
    { 0, "class", CLI_WHOLE, AT(class), "N", "admit: the higher goes first (0)" },
    { 0, "clock", CLI_HERTZ, AT(clock_hz), "FREQUENCY",
      "set: hold the clock of the GPUs, or of the device, to this one", true },
    { 0, "device", CLI_TEXT, AT(device), "DEVICE",
      "set, release, work, hint: this one, not the node or all GPUs" },
    { 0, "dvfs", CLI_TEXT, AT(dvfs), "WHEN",
      "hint: auto: a clock for each phase that your job tells; off" },
    { 0, "epoch", CLI_SECONDS, AT(epoch_s), "TIME",
      "work: what the own work of a step took, for the policy balance", true },
    { 0, "for", CLI_SECONDS, AT(for_s), "TIME",
      "set, hint: released by itself after so long (a hint: at most 1 h); admit: over by "
      "then; work: forgotten if nothing more is told (30s)", true },
    { 0, "job", CLI_TEXT, AT(job), "NAME",
      "admit, done, work: the job; hint: one of several of yours (hand)" },
    { 0, "knob", CLI_TEXT, AT(knob), "KNOB=VALUE",
      "set: hold a knob of the boards, as smoothing_floor=60% (docs/knobs.md); release: "
      "KNOB alone" },
    { 0, "least", CLI_WATTS, AT(least_w), "POWER",
      "admit: what it draws even when it is held down (0W)", true },
    { 0, "objective", CLI_TEXT, AT(objective), "NAME",
      "hint: of --dvfs auto: throughput_per_watt or energy, edp, ed2p" },
    { 0, "phase", CLI_TEXT, AT(phase), "NAME",
      "work: what begins or goes on; without it nothing does" },
    { 0, "power", CLI_WATTS, AT(power_w), "POWER", "admit: what it will draw", true },
    { 0, "slowdown", CLI_RATIO, AT(slowdown), "RATIO",
      "hint: of --dvfs auto: most extra time, as in 3%", true },
    { 0, "socket", CLI_TEXT, AT(socket), "PATH", "of the daemon (" ERG_GOVERN_SOCKET ")" },
    { 0, "units", CLI_NUMBER, AT(units), "N",
      "work: of that phase, done since the job began: tokens, steps", true },
    { 0, "wait", CLI_FLAG, AT(wait), NULL, "admit: until it may start" },
    { 0 },
};

/* Which options a verb needs and takes, one bit each. */
enum {
    CAP = 1, DEVICE = 2, FOR = 4, JOB = 8, POWER = 16, LEAST = 32, WAIT = 64, CLASS = 128,
    CLOCK = 256, PHASE = 512, UNITS = 1024, DVFS = 2048, OBJECTIVE = 4096, SLOWDOWN = 8192,
    EPOCH = 16384, KNOB = 32768
};

typedef struct verb_row {
    const char *name;
    erg_govern_verb verb;
    const char *says;                   /* what it takes, in words */
    int needs, takes, any;              /* any: at least one of these */
} verb_row;

static const verb_row verbs[] = {
    { "status", ERG_GOVERN_STATUS, "no option but --socket" },
    { "set", ERG_GOVERN_SET, "--cap, --clock or --knob, and perhaps --device and --for", 0,
      DEVICE | FOR, CAP | CLOCK | KNOB },
    { "hint", ERG_GOVERN_HINT,
      "any of --cap, --dvfs, --objective, --slowdown, --device, --job and --for", 0,
      CAP | DVFS | OBJECTIVE | SLOWDOWN | DEVICE | JOB | FOR },
    { "release", ERG_GOVERN_RELEASE, "no option but --device, --knob and --socket", 0,
      DEVICE | KNOB },
    { "brake", ERG_GOVERN_BRAKE, "no option but --socket" },
    { "why", ERG_GOVERN_WHY, "no option but --socket" },
    { "sensors", ERG_GOVERN_SENSORS, "no option but --socket" },
    { "work", ERG_GOVERN_WORK,
      "any of --phase, --units, --epoch, --device, --job and --for", 0,
      PHASE | UNITS | EPOCH | DEVICE | JOB | FOR },
    { "admit", ERG_GOVERN_ADMIT,
      "--job and --power, and perhaps --least, --class, --for and --wait", JOB | POWER,
      FOR | LEAST | WAIT | CLASS },
    { "done", ERG_GOVERN_DONE, "--job", JOB },
};

static int given(const govern_options *options)
{
    return (options->cap_w > 0 ? CAP : 0) | (options->clock_hz > 0 ? CLOCK : 0)
        | (options->device ? DEVICE : 0) | (options->for_s > 0 ? FOR : 0)
        | (options->job ? JOB : 0)
        | (options->power_w > 0 ? POWER : 0) | (options->least_w > 0 ? LEAST : 0)
        | (options->phase ? PHASE : 0) | (options->units > 0 ? UNITS : 0)
        | (options->epoch_s > 0 ? EPOCH : 0) | (options->wait ? WAIT : 0)
        | (options->knob ? KNOB : 0)
        | (options->class ? CLASS : 0)
        | (options->dvfs ? DVFS : 0) | (options->objective ? OBJECTIVE : 0)
        | (options->slowdown > 0 ? SLOWDOWN : 0);
}

static bool is_admitted(const erg_result *result, const char *job)
{
    const erg_table *jobs = erg_result_find(result, "jobs");

    for (size_t i = 0; jobs && i < erg_table_row_count(jobs); i++) {
        const char *name = erg_table_find(jobs, i, "job").text;
        const char *state = erg_table_find(jobs, i, "state").text;
        if (name && state && strcmp(name, job) == 0)
            return strcmp(state, "admitted") == 0;
    }
    return false;
}

static int ask(const cli *call, const erg_govern_request *request)
{
    const govern_options *options = call->options;
    const char *socket = options->socket ? options->socket : ERG_GOVERN_SOCKET;
    const bool admits = request->verb == ERG_GOVERN_ADMIT;
    erg_error err = { 0 };
    erg_result *result = erg_govern_ask(socket, request, &err);

    while (result && options->wait && !is_admitted(result, request->job)) {
        nanosleep(&(struct timespec){ .tv_sec = 1 }, NULL);
        erg_result_free(result);
        result = erg_govern_ask(socket, request, &err);
    }
    int status = result ? cli_write(call, result, call->common.output, stdout)
                        : cli_failed(call, &err);
    if (result && status == CLI_DONE && admits && !is_admitted(result, request->job))
        status = CLI_NO;
    erg_result_free(result);
    return status;
}

static bool copy_name(const char *from, char *to, size_t size)
{
    if (from && strlen(from) >= size)
        return false;
    if (from)
        memcpy(to, from, strlen(from) + 1);
    return true;
}

/* Beside what `erg run` asks for in the same user's name. Nobody says it again, as a
 * program would: it is kept until release, or for the stated time. */
static bool make_hint(const govern_options *options, erg_govern_request *to)
{
    if (to->verb != ERG_GOVERN_HINT)
        return true;
    to->slowdown = options->slowdown;
    to->until_release = !(options->for_s > 0);
    return copy_name(options->job ? options->job : "hand", to->job, sizeof(to->job))
        && copy_name(options->dvfs, to->dvfs, sizeof(to->dvfs))
        && copy_name(options->objective, to->objective, sizeof(to->objective));
}

/* KNOB=VALUE, with a unit or in that of the knob's column; of release KNOB. */
static int take_knob(const cli *call, const char *text, erg_govern_request *to)
{
    bool has_value = to->verb == ERG_GOVERN_SET;
    const char *equals = text ? strchr(text, '=') : NULL;
    size_t length = equals ? (size_t)(equals - text) : text ? strlen(text) : 0;
    erg_knob knob;

    if (!text)
        return CLI_DONE;
    if (length == 0 || length >= sizeof(to->knob) || has_value != (equals != NULL))
        return cli_misused(call, "%s takes --knob %s, not %.60s", call->argv[0],
                           has_value ? "KNOB=VALUE, as smoothing_floor=60%"
                                     : "KNOB, as smoothing_floor", text);
    memcpy(to->knob, text, length);
    to->knob[length] = '\0';
    if (!erg_knob_parse(to->knob, &knob))
        return cli_misused(call, "there is no knob %s: erg devices --table knobs names "
                           "them", to->knob);
    if (!has_value)
        return CLI_DONE;
    if (!erg_knob_value_parse(equals + 1, strlen(equals + 1), knob, &to->value))
        return cli_misused(call, "%s cannot be %.40s (docs/knobs.md)", to->knob,
                           equals + 1);
    return CLI_DONE;
}

static const verb_row *verb_of(const cli *call)
{
    for (size_t i = 0; call->argc == 1 && i < CLI_COUNT(verbs); i++)
        if (strcmp(call->argv[0], verbs[i].name) == 0)
            return &verbs[i];
    return NULL;
}

/* Also what --dvfs and --objective say; what does not fit is told. */
static int take_names(const cli *call, erg_govern_request *to)
{
    const govern_options *options = call->options;

    if (!copy_name(options->device, to->device, sizeof(to->device)))
        return cli_misused(call, "there is no device %.60s", options->device);
    if (!copy_name(options->job, to->job, sizeof(to->job)))
        return cli_misused(call, "a job's name has at most %zu bytes", sizeof(to->job) - 1);
    if (!copy_name(options->phase, to->phase, sizeof(to->phase)))
        return cli_misused(call, "a phase's name has at most %zu bytes",
                           sizeof(to->phase) - 1);
    if (!make_hint(options, to))
        return cli_misused(call, "--dvfs is auto or off, --objective throughput_per_watt, "
                           "energy, edp or ed2p");
    return CLI_DONE;
}

static int run(const cli *call)
{
    const govern_options *options = call->options;
    const verb_row *verb = verb_of(call);
    const int has = given(options);

    if (!verb)
        return cli_misused(call, "says one of status, set, hint, release, brake, why, "
                           "sensors, work, admit and done");
    if ((has & verb->needs) != verb->needs
        || (has & ~(verb->needs | verb->takes | verb->any))
        || (verb->any && !(has & verb->any)))
        return cli_misused(call, "%s takes %s", verb->name, verb->says);
    erg_govern_request request = {
        .verb = verb->verb,
        .cap_w = options->cap_w,
        .clock_hz = options->clock_hz,
        .for_s = options->for_s,
        .power_w = options->power_w,
        .least_w = options->least_w,
        .priority = options->class,
        .epoch_s = options->epoch_s,
        .units = options->units > 0 ? options->units : NAN,
    };
    int status = take_names(call, &request);
    if (status == CLI_DONE)
        status = take_knob(call, options->knob, &request);
    return status == CLI_DONE ? ask(call, &request) : status;
}

static const char about[] =
"ergd reads the sensors of this machine, shares its watts out among GPUs and CPU, and\n"
"is the only writer of their limits (docs/govern.md). A cap counts as enforced only\n"
"once the device has said so when it was read back.\n"
"\n"
"status tells what each device is granted and by which rule, why the last changes,\n"
"sensors the last readings. set lowers the node or one device, or holds the clock or a\n"
"knob (power smoothing, workload profile) of all GPUs or of one device, until release or\n"
"for a time (release --knob KNOB lets go of that one); brake holds everything at its\n"
"least until release. The daemon's configuration says who may read and who may set.\n"
"\n"
"hint asks for what erg run --power-cap --dvfs --objective --slowdown ask for, by hand:\n"
"it only lowers, is shown in the table hints, and ends with release, with --for, or with\n"
"a hint that asks for nothing.\n"
"\n"
"work tells which phase of a job has begun or goes on, and how much of it is done: how\n"
"long each takes and what it draws is then in the table phases.\n"
"\n"
"admit asks for a job, before it starts, whether its watts fit what is left: status 0,\n"
"or 1 while it is queued (with --wait not before it may start); done says that it has\n"
"ended.\n";

const cli_command cmd_govern = {
    .name = "govern",
    .usage = "erg govern [options] "
             "status|set|hint|release|brake|why|sensors|work|admit|done",
    .summary = "ask the daemon of this machine what it grants; set or release caps, knobs",
    .about = about,
    .examples = "erg govern status\n"
                "erg govern set --cap 900W --for 10min\n"
                "erg govern set --cap 250W --device nvml:0\n"
                "erg govern set --clock 1200MHz --device nvml:0 --for 1h\n"
                "erg govern set --knob smoothing_floor=60% --for 1h\n"
                "erg govern hint --cap 275W --dvfs auto --slowdown 3%\n"
                "erg govern release\n"
                "erg govern release --knob smoothing_floor\n"
                "erg govern why\n"
                "erg govern work --phase decode --units 4096\n"
                "erg govern admit --job train-7 --power 700W --for 2h --wait\n",
    .options = option_rows,
    .options_size = sizeof(govern_options),
    .run = run,
};

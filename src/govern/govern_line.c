/* SPDX-License-Identifier: Apache-2.0 */
/* A request as a line of JSON: read by the daemon, written by who asks it. */
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include "base/socket.h"
#include "erg/govern.h"
#include "erg/hint.h"
#include "erg/report.h"
#include "format/json.h"

#define WAIT_S 5.0

static const char *const verbs[] = {
    [ERG_GOVERN_STATUS] = "status",   [ERG_GOVERN_SENSORS] = "sensors",
    [ERG_GOVERN_WHY] = "why",         [ERG_GOVERN_SETTINGS] = "settings",
    [ERG_GOVERN_WORK] = "work",       [ERG_GOVERN_WAIT] = "wait",
    [ERG_GOVERN_HINT] = "hint",
    [ERG_GOVERN_SET] = "set",         [ERG_GOVERN_RELEASE] = "release",
    [ERG_GOVERN_BRAKE] = "brake",     [ERG_GOVERN_ADMIT] = "admit",
    [ERG_GOVERN_DONE] = "done",
};

/* ---- read ----------------------------------------------------------------------- */

static bool find_verb(const json_t *root, erg_govern_request *out, erg_error *err)
{
    const char *name = json_string_value(json_object_get(root, "do"));

    for (size_t i = 0; name && i < ERG_COUNT(verbs); i++)
        if (strcmp(name, verbs[i]) == 0) {
            out->verb = (erg_govern_verb)i;
            return true;
        }
    return erg_fail(err, ERG_BAD_INPUT,
                    "\"do\" is status, sensors, why, settings, work, wait, hint, set, "
                    "release, brake, admit or done");
}

/* A missing number is `otherwise`. */
static bool find_positive(const json_t *root, const char *key, double otherwise,
                          double *out, erg_error *err)
{
    const json_t *value = json_object_get(root, key);

    *out = value && !json_is_null(value) ? json_number_value(value) : otherwise;
    if (!value || json_is_null(value) || (json_is_number(value) && *out > 0))
        return true;
    return erg_fail(err, ERG_BAD_INPUT, "\"%s\" is a number above 0", key);
}

/* Names come back in answers and journals, and on terminals. */
static bool is_name(const char *text, size_t room)
{
    bool good = text && *text && strlen(text) < room;

    for (const char *c = text; good && *c; c++)
        good = *c > ' ' && *c < 127;
    return good;
}

/* "" where it is not said. */
static bool find_name(const json_t *root, const char *key, bool is_needed, char *to,
                      size_t room, erg_error *err)
{
    const json_t *value = json_object_get(root, key);
    const char *text = json_string_value(value);

    if (!is_needed && (!value || (text && !*text)))
        return true;
    if (!is_name(text, room))
        return erg_fail(err, ERG_BAD_INPUT, "\"%s\" is a name of at most %zu plain "
                        "characters without spaces", key, room - 1);
    erg_text_put(to, room, text);
    return true;
}

static bool find_work(const json_t *root, erg_govern_request *out, erg_error *err)
{
    const json_t *units = json_object_get(root, "units");

    if (out->verb != ERG_GOVERN_WORK)
        return true;
    out->units = json_is_number(units) ? json_number_value(units) : NAN;
    if (units && !json_is_null(units) && !(out->units >= 0))
        return erg_fail(err, ERG_BAD_INPUT, "\"units\" is a number, 0 or above");
    if (!find_positive(root, "epoch_s", NAN, &out->epoch_s, err)
        || !find_name(root, "job", false, out->job, sizeof(out->job), err)
        || !find_name(root, "phase", false, out->phase, sizeof(out->phase), err))
        return false;
    return out->phase[0] || isnan(out->units)
        || erg_fail(err, ERG_BAD_INPUT, "\"units\" needs \"phase\": they are of one");
}

static bool find_cpu(const json_t *root, erg_govern_request *out, erg_error *err)
{
    const json_t *cpu = json_object_get(root, "cpu");

    if (out->verb != ERG_GOVERN_WAIT)
        return true;
    out->cpu = json_integer_value(cpu);
    return (json_is_integer(cpu) && out->cpu >= 0 && out->cpu < 1 << 16)
        || erg_fail(err, ERG_BAD_INPUT, "wait needs \"cpu\", the number of one");
}

static bool find_job(const json_t *root, erg_govern_request *out, erg_error *err)
{
    const json_t *class = json_object_get(root, "class");

    if (out->verb != ERG_GOVERN_ADMIT && out->verb != ERG_GOVERN_DONE)
        return true;
    if (!find_name(root, "job", true, out->job, sizeof(out->job), err))
        return false;
    out->priority = json_integer_value(class);
    if (class && !json_is_integer(class))
        return erg_fail(err, ERG_BAD_INPUT, "\"class\" is a whole number");
    if (out->verb == ERG_GOVERN_ADMIT && isnan(out->power_w))
        return erg_fail(err, ERG_BAD_INPUT,
                        "admit needs \"power_w\", what the job will draw");
    return !(out->least_w > out->power_w)
        || erg_fail(err, ERG_BAD_INPUT, "\"least_w\" is above \"power_w\"");
}

/* What has the form of one: whether the device can do it, the governor knows. */
static bool find_hint(const json_t *root, erg_govern_request *out, erg_error *err)
{
    const json_t *delta = json_object_get(root, "clock_delta_hz");
    const char *words[] = { json_string_value(json_object_get(root, "objective")),
                            json_string_value(json_object_get(root, "dvfs")) };

    if (out->verb != ERG_GOVERN_HINT)
        return true;
    if (!find_positive(root, "slowdown", 0, &out->slowdown, err)
        || !find_name(root, "job", false, out->job, sizeof(out->job), err))
        return false;
    out->until_release = json_is_true(json_object_get(root, "until_release"));
    out->clock_delta_hz = json_number_value(delta);
    erg_text_put(out->objective, sizeof(out->objective), words[0] ? words[0] : "");
    erg_text_put(out->dvfs, sizeof(out->dvfs), words[1] ? words[1] : "");
    const erg_hint hint = { .power_cap_w = out->cap_w > 0 ? out->cap_w : 0,
                            .objective = words[0], .dvfs = words[1],
                            .sm_clock_delta_hz = out->clock_delta_hz,
                            .slowdown = out->slowdown };
    bool is_empty = hint.power_cap_w == 0 && !words[0] && !words[1]
        && hint.sm_clock_delta_hz == 0 && hint.slowdown == 0;
    return is_empty || erg_hint_check(&hint, err);
}

/* Whether there is such a knob, and what it may be, the governor knows. */
static bool find_knob(const json_t *root, erg_govern_request *out, erg_error *err)
{
    const json_t *value = json_object_get(root, "value");

    if (out->verb != ERG_GOVERN_SET && out->verb != ERG_GOVERN_RELEASE)
        return true;
    if (!find_name(root, "knob", false, out->knob, sizeof(out->knob), err))
        return false;
    out->value = json_number_value(value);
    return !out->knob[0] || out->verb == ERG_GOVERN_RELEASE || json_is_number(value)
        || erg_fail(err, ERG_BAD_INPUT, "\"knob\" needs \"value\", a number");
}

static bool find_all(const json_t *root, erg_govern_request *out, erg_error *err)
{
    const char *device = json_string_value(json_object_get(root, "device"));

    if (!json_is_object(root))
        return erg_fail(err, ERG_BAD_INPUT, "a request is one JSON object on a line");
    if (!find_verb(root, out, err) || !find_positive(root, "cap_w", NAN, &out->cap_w, err)
        || !find_positive(root, "clock_hz", NAN, &out->clock_hz, err)
        || !find_positive(root, "for_s", INFINITY, &out->for_s, err)
        || !find_positive(root, "power_w", NAN, &out->power_w, err)
        || !find_positive(root, "least_w", NAN, &out->least_w, err)
        || !find_job(root, out, err) || !find_work(root, out, err)
        || !find_cpu(root, out, err) || !find_hint(root, out, err)
        || !find_knob(root, out, err))
        return false;
    if (device && strlen(device) >= sizeof(out->device))
        return erg_fail(err, ERG_NOT_FOUND, "there is no device %.60s", device);
    erg_text_put(out->device, sizeof(out->device), device ? device : "");
    if (out->verb == ERG_GOVERN_SET && isnan(out->cap_w) && isnan(out->clock_hz)
        && !out->knob[0])
        return erg_fail(err, ERG_BAD_INPUT, "set needs \"cap_w\", the watts, or "
                        "\"clock_hz\", the clock, or \"knob\" with \"value\"");
    return true;
}

bool erg_govern_request_parse(const char *bytes, size_t size, erg_govern_request *out,
                              erg_error *err)
{
    *out = (erg_govern_request){ .cap_w = NAN, .clock_hz = NAN, .for_s = INFINITY,
                                 .power_w = NAN, .least_w = NAN, .units = NAN,
                                 .epoch_s = NAN };
    if (size > ERG_GOVERN_REQUEST_MOST)
        return erg_fail(err, ERG_BAD_INPUT, "a request has at most %d bytes",
                        ERG_GOVERN_REQUEST_MOST);
    json_t *root = erg_json_parse("request", bytes, size, err);
    bool good = root && find_all(root, out, err);
    json_decref(root);
    return good;
}

/* ---- written --------------------------------------------------------------------- */

static void add_hint(json_t *root, const erg_govern_request *request)
{
    if (request->clock_delta_hz < 0)
        json_object_set_new(root, "clock_delta_hz", erg_json_real(request->clock_delta_hz));
    if (request->slowdown > 0)
        json_object_set_new(root, "slowdown", erg_json_real(request->slowdown));
    if (request->objective[0])
        json_object_set_new(root, "objective", json_string(request->objective));
    if (request->dvfs[0])
        json_object_set_new(root, "dvfs", json_string(request->dvfs));
    if (request->until_release)
        json_object_set_new(root, "until_release", json_true());
}

static char *line_of(const erg_govern_request *request)
{
    json_t *root = json_pack("{s:s}", "do", verbs[request->verb]);

    if (request->cap_w > 0)
        json_object_set_new(root, "cap_w", erg_json_real(request->cap_w));
    if (request->clock_hz > 0)
        json_object_set_new(root, "clock_hz", erg_json_real(request->clock_hz));
    if (request->knob[0])
        json_object_set_new(root, "knob", json_string(request->knob));
    if (request->knob[0] && request->verb == ERG_GOVERN_SET)
        json_object_set_new(root, "value", erg_json_real(request->value));
    if (request->for_s > 0 && isfinite(request->for_s))
        json_object_set_new(root, "for_s", erg_json_real(request->for_s));
    if (request->device[0])
        json_object_set_new(root, "device", json_string(request->device));
    if (request->job[0])
        json_object_set_new(root, "job", json_string(request->job));
    if (request->verb == ERG_GOVERN_WORK && request->phase[0])
        json_object_set_new(root, "phase", json_string(request->phase));
    if (request->verb == ERG_GOVERN_WORK && request->units >= 0)
        json_object_set_new(root, "units", erg_json_real(request->units));
    if (request->verb == ERG_GOVERN_WORK && request->epoch_s > 0)
        json_object_set_new(root, "epoch_s", erg_json_real(request->epoch_s));
    if (request->verb == ERG_GOVERN_HINT)
        add_hint(root, request);
    if (request->power_w > 0)
        json_object_set_new(root, "power_w", erg_json_real(request->power_w));
    if (request->least_w > 0)
        json_object_set_new(root, "least_w", erg_json_real(request->least_w));
    if (request->priority != 0)
        json_object_set_new(root, "class", json_integer(request->priority));
    char *text = json_dumps(root, JSON_COMPACT);
    json_decref(root);
    return text;
}

/* {"error": "sentence", "code": 2} */
static bool is_refused(const char *answer, size_t count, erg_error *err)
{
    json_t *root = erg_json_parse("ergd", answer, count, NULL);
    const char *text = json_string_value(json_object_get(root, "error"));
    int code = (int)json_integer_value(json_object_get(root, "code"));

    if (text)
        erg_fail(err, code > ERG_OK && code <= ERG_IO ? (erg_code)code : ERG_IO, "%s",
                 text);
    json_decref(root);
    return text != NULL;
}

erg_result *erg_govern_ask(const char *socket, const erg_govern_request *request,
                           erg_error *err)
{
    erg_text line = { 0 };
    char *text = line_of(request);
    size_t count = 0;

    erg_text_add(&line, "%s\n", text ? text : "");
    free(text);
    char *answer =
        line.failed ? NULL : erg_socket_ask(socket, line.data, WAIT_S, &count, err);
    erg_result *result = answer && !is_refused(answer, count, err)
                             ? erg_result_parse("ergd", answer, count, err)
                             : NULL;
    erg_text_free(&line);
    free(answer);
    return result;
}

/* ---- may another process turn? ------------------------------------------------------- */

static const char *state_of(const erg_result *status, const char *device)
{
    const erg_table *grants = erg_result_find(status, "grants");

    for (size_t i = 0; grants && i < erg_table_row_count(grants); i++) {
        const char *node = erg_table_find(grants, i, "node").text;
        const char *slash = node ? strchr(node, '/') : NULL;
        if (slash && strcmp(slash + 1, device) == 0)
            return erg_table_find(grants, i, "state").text;
    }
    return "sensor";
}

/* A device that has no power limit may be held by its clock, or by another knob. */
static bool holds(const erg_result *status, const char *name, const char *device)
{
    const erg_table *table = erg_result_find(status, name);

    for (size_t i = 0; table && i < erg_table_row_count(table); i++) {
        const char *node = erg_table_find(table, i, "node").text;
        const char *slash = node ? strchr(node, '/') : NULL;
        const char *state = erg_table_find(table, i, "state").text;
        if (slash && strcmp(slash + 1, device) == 0)
            return state && strcmp(state, "observe") != 0 && strcmp(state, "free") != 0;
    }
    return false;
}

bool erg_govern_is_free(const erg_env *env, const char *device, erg_error *err)
{
    const erg_govern_request request = { .verb = ERG_GOVERN_STATUS };
    char socket[ERG_PATH_MOST];
    erg_error fault = { 0 };

    if (!erg_path_join(env, ERG_GOVERN_SOCKET, socket, err))
        return false;
    erg_result *status = erg_govern_ask(socket, &request, &fault);
    if (!status && fault.code == ERG_NOT_FOUND)
        return true;
    if (!status)
        return erg_fail(err, ERG_NO_ACCESS, "ergd may turn %s, and does not say: %.120s",
                        device, fault.text);
    const char *state = state_of(status, device);
    bool is_free = state && !holds(status, "clocks", device)
        && !holds(status, "held", device)
        && (strcmp(state, "sensor") == 0 || strcmp(state, "observe") == 0);
    erg_result_free(status);
    return is_free
        || erg_fail(err, ERG_REFUSED,
                    "ergd turns %s: stop it, or let it observe, to turn it from "
                    "here (erg govern set asks it for a cap)", device);
}

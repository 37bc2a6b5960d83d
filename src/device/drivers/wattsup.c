/* SPDX-License-Identifier: Apache-2.0 */
/*
 * WattsUp plug meters on a serial line: the power of the whole node, once a second.
 *
 * 115200 8N1. "#L,W,3,E,,1;" starts a log to us each second, "#O,W,1,2;" lets it
 * overwrite when full, "#L,W,0;" ends it. Lines "#d,...;": watts field 3 / 10, volts
 * field 4 / 10, amperes field 5 / 1000. A line says nothing of when it was sent: its
 * stamp is the middle of the time between two polls.
 */
#include <errno.h>
#include <fcntl.h>
#include <math.h>
#include <poll.h>
#include <string.h>
#include <termios.h>
#include <unistd.h>
#include "device/driver.h"

static const char begin_text[] = "#L,W,3,E,,1;", overwrite_text[] = "#O,W,1,2;";
static const char end_text[] = "#L,W,0;";
static const char *const usual_ports[] = { "/dev/ttyUSB0", "/dev/ttyUSB1" };
static const int answer_ms = 3000;      /* a meter speaks each second */
static const double interval_s = 1, gain_u = 0.015;

static const struct wattsup_field {
    const char *name, *unit;
    erg_quantity quantity;
    int field;
    double scale;
} fields[] = {
    { "power",   "W", ERG_POWER, 3, 0.1 },
    { "voltage", "V", ERG_OTHER, 4, 0.1 },
    { "current", "A", ERG_OTHER, 5, 0.001 },
};

typedef struct wattsup {
    int fd;
    bool started;
    struct termios before;
    char line[256];
    size_t count;
    int64_t polled_ns;
    erg_reading waiting[ERG_COUNT(fields)];
} wattsup;

/* ---- find ------------------------------------------------------------------ */

static bool port_add(erg_devices *found, const char *port, erg_error *err)
{
    const char *base = erg_path_base(port);
    char name[32];

    snprintf(name, sizeof(name), "wattsup:%.20s", base);
    erg_device *dev = erg_devices_add(found, &erg_driver_wattsup, name, err);
    if (!dev)
        return false;
    dev->info.scope = ERG_SCOPE_NODE;
    erg_text_put(dev->info.model, sizeof(dev->info.model), "WattsUp plug meter");
    erg_text_put(dev->argument, sizeof(dev->argument), port);
    return true;
}

static bool ports_add(erg_devices *found, const char *ports, erg_error *err)
{
    char port[256];

    while (*ports) {
        size_t count = strcspn(ports, ",");
        if (count == 0 || count >= sizeof(port))
            return erg_fail(err, ERG_BAD_INPUT, "wattsup takes ports, as in "
                            "wattsup:/dev/ttyUSB0,/dev/ttyUSB1");
        memcpy(port, ports, count);
        port[count] = '\0';
        if (!port_add(found, port, err))
            return false;
        ports += count + (ports[count] == ',');
    }
    return true;
}

static bool port_exists(const erg_env *env, const char *port)
{
    char path[ERG_PATH_MOST];

    return erg_path_join(env, port, path, NULL) && access(path, F_OK) == 0;
}

/* A serial line may be anything, and opening it alone resets some boards: so none is
 * touched unless the driver was named. */
static bool wattsup_find(erg_devices *found, const char *argument, erg_error *err)
{
    size_t there = 0;

    if (argument && *argument)
        return ports_add(found, argument, err);
    for (size_t i = 0; i < ERG_COUNT(usual_ports); i++) {
        if (!port_exists(erg_devices_env(found), usual_ports[i]))
            continue;
        there++;
        if (argument && !port_add(found, usual_ports[i], err))
            return false;
    }
    if (there && argument)
        return true;
    return erg_devices_absent(found, &erg_driver_wattsup, ERG_ABSENT, err, "%s",
        there ? "serial lines are not touched unasked: name the meter's, as in --sensor "
                "wattsup:/dev/ttyUSB0"
              : "neither /dev/ttyUSB0 nor /dev/ttyUSB1 is there: connect the "
                              "meter, or name its "
                "line, as in --sensor wattsup:/dev/ttyUSB2");
}

/* ---- lines ----------------------------------------------------------------- */

static void line_take(wattsup *meter, char *line, erg_sample stamp)
{
    char *rest = line, *cells[16] = { 0 };

    for (size_t i = 0; i < ERG_COUNT(cells) && rest; i++)
        cells[i] = strsep(&rest, ",");
    if (strcmp(cells[0], "#d") != 0 || !cells[5])
        return;     /* an answer to a command, or the torn first line */
    for (size_t i = 0; i < ERG_COUNT(fields); i++) {
        erg_reading *waiting = &meter->waiting[i];
        const char *cell = cells[fields[i].field];
        double value;
        bool good = erg_number_parse(cell, strlen(cell), '.', &value);
        if (waiting->count == ERG_READ_MOST)
            continue;
        stamp.value = good ? value * fields[i].scale : NAN;
        waiting->at[waiting->count++] = stamp;
    }
}

/* Of k lines at once, the last is new and each before it one second older. */
static void stamps_spread(wattsup *meter, const size_t before[])
{
    for (size_t i = 0; i < ERG_COUNT(fields); i++) {
        erg_reading *waiting = &meter->waiting[i];
        for (size_t k = before[i]; k < waiting->count; k++)
            waiting->at[k].t_ns -= (int64_t)(waiting->count - 1 - k)
                                 * erg_ns_from_s(interval_s);
    }
}

static void bytes_take(wattsup *meter, const char *bytes, size_t count, erg_sample stamp)
{
    for (size_t i = 0; i < count; i++) {
        if (bytes[i] == '#')
            meter->count = 0;       /* a new line begins, whatever was torn before */
        if (bytes[i] == ';') {
            meter->line[meter->count] = '\0';
            line_take(meter, meter->line, stamp);
            meter->count = 0;
        } else if (bytes[i] >= ' ' && meter->count + 1 < sizeof(meter->line)) {
            meter->line[meter->count++] = bytes[i];
        }
    }
}

static bool pump(erg_device *dev, erg_error *err)
{
    wattsup *meter = dev->own;
    size_t before[ERG_COUNT(fields)];
    char bytes[512];
    ssize_t count;
    int64_t now_ns = erg_env_now_ns(dev->env), since_ns = now_ns - meter->polled_ns;

    if (since_ns > erg_ns_from_s(interval_s))
        since_ns = erg_ns_from_s(interval_s);
    erg_sample stamp = { now_ns - since_ns / 2, since_ns / 2, NAN };
    meter->polled_ns = now_ns;
    for (size_t i = 0; i < ERG_COUNT(fields); i++)
        before[i] = meter->waiting[i].count;
    while ((count = read(meter->fd, bytes, sizeof(bytes))) > 0)
        bytes_take(meter, bytes, (size_t)count, stamp);
    stamps_spread(meter, before);
    if (count < 0 && (errno == EAGAIN || errno == EINTR))
        return true;
    return erg_fail(err, ERG_IO, "the meter on %s is gone: check its cable", dev->argument);
}

/* ---- the driver ------------------------------------------------------------ */

static bool say(int fd, const char *text)
{
    return write(fd, text, strlen(text)) == (ssize_t)strlen(text) && tcdrain(fd) == 0;
}

static bool line_set_up(wattsup *meter, const char *port, erg_error *err)
{
    struct termios line;

    if (tcgetattr(meter->fd, &meter->before) != 0)
        return erg_fail(err, ERG_UNSUPPORTED, "%s is no serial line: %s", port,
                        strerror(errno));
    line = meter->before;
    cfmakeraw(&line);
    line.c_cflag &= ~(tcflag_t)(CSTOPB | PARENB | CRTSCTS);
    line.c_cflag |= CLOCAL | CREAD | CS8;
    line.c_cc[VMIN] = 1;        /* with O_NONBLOCK: no byte is EAGAIN, 0 is a hang-up */
    line.c_cc[VTIME] = 0;
    cfsetspeed(&line, B115200);
    if (tcsetattr(meter->fd, TCSANOW, &line) != 0)
        return erg_fail(err, ERG_IO, "%s takes no 115200 8N1: %s", port, strerror(errno));
    meter->started = true;
    tcflush(meter->fd, TCIOFLUSH);
    return (say(meter->fd, begin_text) && say(meter->fd, overwrite_text))
        || erg_fail(err, ERG_IO, "cannot write to %s: %s", port, strerror(errno));
}

static bool first_line(erg_device *dev, erg_error *err)
{
    wattsup *meter = dev->own;
    struct pollfd ready = { .fd = meter->fd, .events = POLLIN };

    for (int left_ms = answer_ms; left_ms > 0 && meter->waiting[0].count == 0;
         left_ms -= 100) {
        if (poll(&ready, 1, 100) > 0 && !pump(dev, err))
            return false;
    }
    return meter->waiting[0].count > 0
        || erg_fail(err, ERG_NOT_FOUND,
                    "no WattsUp answers on %s within %d s: check that it is "
                    "the meter's line", dev->argument, answer_ms / 1000);
}

static bool wattsup_open(erg_device *dev, erg_error *err)
{
    wattsup *meter = erg_device_state(dev, sizeof(*meter), err);
    erg_error fault = { 0 };

    if (!meter)
        return false;
    meter->fd = erg_env_open(dev->env, dev->argument,
                             O_RDWR | O_NOCTTY | O_NONBLOCK, &fault);
    if (meter->fd < 0)
        return erg_fail(err, fault.code, "%.300s%s", fault.text, fault.code == ERG_NO_ACCESS
                        ? "; cure: usermod -a -G dialout USER, then log in anew" : "");
    meter->polled_ns = erg_env_now_ns(dev->env);
    if (!line_set_up(meter, dev->argument, err) || !first_line(dev, err))
        return false;
    for (size_t i = 0; i < ERG_COUNT(fields); i++) {
        erg_channel_info *channel = erg_device_channel(dev, fields[i].name,
                                                       fields[i].quantity, ERG_AVG_PREV);
        erg_text_put(channel->unit, sizeof(channel->unit), fields[i].unit);
        channel->update_s = channel->window_s = interval_s;
        channel->gain_u = gain_u;
        channel->resolution = fields[i].scale;
    }
    return true;
}

static bool wattsup_read(erg_device *dev, size_t channel, erg_reading *out, erg_error *err)
{
    wattsup *meter = dev->own;

    if (!pump(dev, err))
        return false;
    *out = meter->waiting[channel];
    meter->waiting[channel].count = 0;
    return true;
}

static void wattsup_close(erg_device *dev)
{
    wattsup *meter = dev->own;

    if (meter->started) {
        say(meter->fd, end_text);
        tcsetattr(meter->fd, TCSANOW, &meter->before);
    }
    if (meter->fd > 0)
        close(meter->fd);
}

const erg_driver erg_driver_wattsup = {
    .name = "wattsup",
    .about = "WattsUp plug meter on a serial line (whole node)",
    .find = wattsup_find,
    .open = wattsup_open,
    .read = wattsup_read,
    .close = wattsup_close,
};

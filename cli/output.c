/* SPDX-License-Identifier: Apache-2.0 */
/* What a person or a script reads: tables to stdout or a file, sentences to stderr. */
#include <signal.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>
#include "cli.h"

static volatile int stop_signal;
static volatile uint64_t kept_signals;

/* What a code means to a script. */
static int status_of(erg_code code)
{
    switch (code) {
    case ERG_OK:
        return CLI_DONE;
    case ERG_BAD_INPUT:
        return CLI_USAGE;
    case ERG_NOT_FOUND:
    case ERG_NO_ACCESS:
    case ERG_UNSUPPORTED:
        return CLI_UNAVAILABLE;
    case ERG_NO_DATA:
    case ERG_REFUSED:
        return CLI_NO;
    case ERG_NO_MEMORY:
    case ERG_IO:
        return CLI_FAULT;
    }
    return CLI_FAULT;
}

void cli_put_plain(FILE *out, const char *text, size_t bytes)
{
    for (size_t i = 0; i < bytes; i++)
        fputc((unsigned char)text[i] < ' ' || text[i] == 0x7f ? '?' : text[i], out);
}

int cli_failed(const cli *call, const erg_error *err)
{
    fprintf(stderr, "erg %s: %s\n", call->command->name, err->text);
    return status_of(err->code);
}

int cli_refused(const cli *call, const erg_error *err)
{
    int status = cli_failed(call, err);
    return err->code == ERG_NOT_FOUND || err->code == ERG_NO_ACCESS ? CLI_USAGE : status;
}

erg_trace *cli_load(const cli *call, const char *path, int *status)
{
    erg_error err = { 0 };
    erg_trace *trace = erg_trace_load_aside(path, &err);

    *status = CLI_DONE;
    if (trace && !erg_trace_check(trace, &err)) {
        erg_trace_free(trace);
        trace = NULL;
    }
    if (!trace)
        *status = cli_refused(call, &err);
    return trace;
}

int cli_misused(const cli *call, const char *format, ...)
{
    va_list arguments;

    fprintf(stderr, "erg %s: ", call->command->name);
    va_start(arguments, format);
    vfprintf(stderr, format, arguments);
    va_end(arguments);
    fputc('\n', stderr);
    return CLI_USAGE;
}

bool cli_is_writer(const char *format)
{
    for (size_t i = 0; i < erg_writer_count(); i++)
        if (strcmp(erg_writer_name(i), format) == 0)
            return true;
    return false;
}

bool cli_is_exporter(const char *format)
{
    for (size_t i = 0; i < erg_exporter_count(); i++)
        if (strcmp(erg_exporter_name(i), format) == 0)
            return true;
    return false;
}

bool cli_page(const void *what, const void *how, FILE *out, erg_error *err)
{
    return erg_report_result(what, how, out, err);
}

bool cli_wants_page(const cli *call)
{
    const char *format = call->common.format;
    return format && strcmp(format, "html") == 0 && !call->common.table;
}

bool cli_wants_color(const cli *call, FILE *stream)
{
    if (call->common.color && strcmp(call->common.color, "auto"))
        return strcmp(call->common.color, "always") == 0;
    const char *no = getenv("NO_COLOR");
    return isatty(fileno(stream)) && !(no && *no);
}

int cli_width_of(FILE *stream)
{
    struct winsize size;
    return isatty(fileno(stream)) && ioctl(fileno(stream), TIOCGWINSZ, &size) == 0
        ? size.ws_col : 0;
}

int cli_put(const cli *call, cli_body body, const void *what, const void *how,
            const char *output, FILE *stream)
{
    erg_error err = { 0 };
    bool to_file = output && strcmp(output, "-") != 0;
    bool good = to_file ? erg_write_file(output, body, what, how, &err)
                        : body(what, how, stream, &err);

    if (good && !to_file && fflush(stream) != 0)
        good = erg_fail(&err, ERG_IO, "cannot write stdout");
    return good ? CLI_DONE : cli_refused(call, &err);
}

static bool put_tables(const void *what, const void *how, FILE *out, erg_error *err)
{
    const cli *call = how;
    return erg_write(what, call->common.format ? call->common.format : "text",
                     &(erg_write_options){ .table = call->common.table,
                                           .color = cli_wants_color(call, out),
                                           .width = cli_width_of(out) },
                     out, err);
}

int cli_write(const cli *call, const erg_result *result, const char *output, FILE *stream)
{
    if (call->common.format && !cli_is_writer(call->common.format))
        return cli_misused(call, "--format is text, json, csv, html, prometheus or "
                           "openmetrics, not '%s'", call->common.format);
    return cli_put(call, put_tables, result, call, output, stream);
}

static bool put_export(const void *what, const void *how, FILE *out, erg_error *err)
{
    return erg_export(what, how, out, err);
}

int cli_export(const cli *call, const erg_trace *trace, const erg_export_options *options,
               const char *output, FILE *stream)
{
    return cli_put(call, put_export, trace, options, output, stream);
}

/* A tape and a timeline are of all that was recorded: a part of it is not what they say. */
static int export_part(const cli *call, const erg_trace *trace,
                       const erg_summary_options *options, const char *output, FILE *stream)
{
    static const char *const of_parts[] = { "energy-report", "prometheus" };
    const erg_export_options part = { .format = call->common.format,
                                      .region = options->region,
                                      .window = options->window };
    bool has_parts = !part.region && part.window.end_ns <= part.window.begin_ns;

    for (size_t i = 0; i < CLI_COUNT(of_parts); i++)
        has_parts |= strcmp(part.format, of_parts[i]) == 0;
    return has_parts ? cli_export(call, trace, &part, output, stream)
        : cli_misused(call, "--format %s is of the whole recording: leave --region and "
                      "--window away", part.format);
}

int cli_write_trace(const cli *call, const erg_trace *trace,
                    const erg_summary_options *options, const char *output, FILE *stream)
{
    const char *format = call->common.format;
    erg_error err = { 0 };
    /* The exporter knows what a channel is: its joules are a counter. */
    bool exports = format && cli_is_exporter(format)
        && (!cli_is_writer(format) || strcmp(format, "prometheus") == 0);

    if (exports && !call->common.table)
        return export_part(call, trace, options, output, stream);
    erg_result *result = erg_trace_summary(trace, options, &err);
    bool is_brief = (!format || strcmp(format, "text") == 0) && !call->common.table
        && !call->common.verbose && !options->trace_facts;
    cli_brief brief = { 0 };
    bool ok = result && (!is_brief || cli_brief_make(&brief, result, options->per, &err));
    int status = ok ? cli_write(call, is_brief ? brief.result : result, output, stream)
                    : cli_refused(call, &err);
    erg_result_free(brief.result);
    erg_result_free(result);
    return status;
}

bool cli_talks(const cli *call) { return isatty(STDERR_FILENO) && !call->common.quiet; }

void cli_progress(void *self, const char *text)
{
    (void)self;
    fprintf(stderr, "\r\033[K%s", text);
}

void cli_progress_end(const cli *call)
{
    if (cli_talks(call))
        fputs("\r\033[K", stderr);
}

/* Those of the figures, as TOO_SHORT and NO_DATA; the others are of the recording. */
static bool has_flagged_figure(const erg_result *result)
{
    static const char *const tables[] = { "summary", "devices", "regions" };

    for (size_t t = 0; t < CLI_COUNT(tables); t++) {
        const erg_table *table = erg_result_find(result, tables[t]);
        for (size_t row = 0; table && row < erg_table_row_count(table); row++) {
            const char *flags = erg_table_find(table, row, "flags").text;
            if (flags && *flags)
                return true;
        }
    }
    return false;
}

int cli_strict(const cli *call, const erg_trace *trace, const erg_summary_options *of,
               int status)
{
    erg_error err = { 0 };

    if (status != CLI_DONE)
        return status;
    erg_result *result = erg_trace_summary(trace, of, &err);
    if (!result)
        return cli_failed(call, &err);
    bool flagged = erg_trace_flag_count(trace) > 0 || has_flagged_figure(result);
    erg_result_free(result);
    return flagged ? CLI_NO : CLI_DONE;
}

/* A terminal sends Ctrl-C to the command too: then it is not to be passed on. */
static void keep_signal(int number, siginfo_t *info, void *context)
{
    (void)context;
    stop_signal = info->si_code == SI_KERNEL ? -number : number;
}

/* For the command; the terminal gives it Ctrl-\ itself, which ends the runs too. */
static void keep_for_command(int number, siginfo_t *info, void *context)
{
    (void)context;
    if (info->si_code != SI_KERNEL)
        __atomic_fetch_or(&kept_signals, UINT64_C(1) << (number - 1), __ATOMIC_RELAXED);
    else if (number == SIGQUIT)
        stop_signal = -number;
}

static void let_it_fail(int number, siginfo_t *info, void *context)
{
    (void)number, (void)info, (void)context;
}

typedef struct watched {
    int number;
    void (*handler)(int number, siginfo_t *info, void *context);
} watched;

/* SIGXFSZ, SIGPIPE: what cannot be written fails, and the command goes on. */
static const watched stopping[] = {
    { SIGINT, keep_signal }, { SIGTERM, keep_signal }, { SIGHUP, keep_signal },
    { SIGXFSZ, let_it_fail }, { SIGPIPE, let_it_fail },
};

/* Left alone they would end us, and leave the command behind. */
static const watched passing[] = {
    { SIGUSR1, keep_for_command }, { SIGUSR2, keep_for_command },
    { SIGQUIT, keep_for_command }, { SIGALRM, keep_for_command },
    { SIGCONT, keep_for_command }, { SIGWINCH, keep_for_command },
    { SIGVTALRM, keep_for_command }, { SIGPROF, keep_for_command },
    { SIGPOLL, keep_for_command }, { SIGPWR, keep_for_command },
};

/* Handlers, for what is ignored stays ignored in the command too. */
static void watch(const watched rows[], size_t count, int flags)
{
    for (size_t i = 0; i < count; i++) {
        struct sigaction action = { .sa_sigaction = rows[i].handler,
                                    .sa_flags = SA_SIGINFO | flags };
        struct sigaction before;
        sigemptyset(&action.sa_mask);
        /* nohup and background jobs ignore signals on purpose: leave them so. */
        if (sigaction(rows[i].number, NULL, &before) == 0 && before.sa_handler != SIG_IGN)
            sigaction(rows[i].number, &action, NULL);
    }
}

const volatile int *cli_watch_signals(void)
{
    watch(stopping, CLI_COUNT(stopping), 0);
    return &stop_signal;
}

volatile uint64_t *cli_keep_signals(void)
{
    watch(passing, CLI_COUNT(passing), SA_RESTART);
    for (int number = SIGRTMIN; number <= SIGRTMAX; number++)
        watch(&(watched){ number, keep_for_command }, 1, SA_RESTART);
    return &kept_signals;
}

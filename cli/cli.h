/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A command is one file and one line in main.c. Its options are a const table:
 * parsing, --help, the man page and shell completion all come from it.
 */
#ifndef ERG_CLI_H
#define ERG_CLI_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>
#include <erg/erg.h>

#define CLI_COUNT(table) (sizeof(table) / sizeof((table)[0]))

/* Exit statuses (docs/man/erg.1). */
enum { CLI_DONE, CLI_NO, CLI_USAGE, CLI_UNAVAILABLE, CLI_FAULT };

typedef enum cli_type {
    CLI_FLAG,       /* bool */
    CLI_TEXT,       /* const char * */
    CLI_LIST,       /* cli_list: may be given again */
    CLI_WHOLE,      /* int, no unit */
    CLI_SECONDS,    /* double; "2s" */
    CLI_HERTZ,      /* double; "1kHz" */
    CLI_RATIO,      /* double; "3%" */
    CLI_WATTS,      /* double; "250W" */
    CLI_KELVIN,     /* double; "80C", "353K" */
    CLI_JOULES,     /* double; "1J" */
    CLI_BYTES,      /* double; "8GiB" */
    CLI_NUMBER      /* double, no unit */
} cli_type;

enum { CLI_LIST_MOST = 64 };

typedef struct cli_list { const char *items[CLI_LIST_MOST]; size_t count; } cli_list;

typedef struct cli_option {
    char letter;            /* 0: none */
    const char *name;       /* NULL ends the table */
    cli_type type;
    size_t at;              /* offsetof in the command's struct */
    const char *value;      /* as shown in help: "FILE"; NULL for a flag */
    const char *about;
    bool above_zero;        /* 0 would mean "not given": refused */
} cli_option;

typedef struct cli_common {
    const char *format, *output, *table, *root, *nvml, *color;
    cli_list sensors;
    bool quiet, verbose, help, version;
} cli_common;

enum { CLI_PATH_MOST = 512 };

/* Variables of the environment that say where things lie; NULL: not set. */
typedef struct cli_places { const char *data, *config, *home; } cli_places;

typedef struct cli {
    const struct cli_command *command;
    cli_common common;
    const void *options;    /* the command's struct, filled in */
    int argc;               /* what is left: files, or the command to run */
    char **argv;
    erg_env env;
    cli_places places;
} cli;

typedef struct cli_command {
    const char *name;
    const char *usage;      /* "erg show [options] RUN" */
    const char *summary;    /* one line */
    const char *about;      /* paragraphs for --help and the man page */
    const char *examples;   /* lines as typed */
    const cli_option *options;
    size_t options_size;
    const char *formats;    /* what --format takes; NULL: what it takes of every command */
    bool runs_command;      /* parsing stops at the first word that is no option */
    bool hands_on;          /* its exit status is the command's */
    bool is_short;          /* milliseconds, in a few MB */
    int (*run)(const cli *call);
} cli_command;

extern const cli_command *const cli_commands[];     /* NULL-terminated; main.c */
extern const cli_option cli_common_options[];
extern const cli_command cmd_devices;
extern const cli_command cmd_hardware;
extern const cli_command cmd_zoo;
extern const cli_command cmd_estimate;
extern const cli_command cmd_calibrate;
extern const cli_command cmd_run;
extern const cli_command cmd_show;
extern const cli_command cmd_compare;
extern const cli_command cmd_import;
extern const cli_command cmd_export;
extern const cli_command cmd_timeline;
extern const cli_command cmd_sweep;
extern const cli_command cmd_fit;
extern const cli_command cmd_predict;
extern const cli_command cmd_choose;
extern const cli_command cmd_quality;
extern const cli_command cmd_rle;
extern const cli_command cmd_couple;
extern const cli_command cmd_thermal;
extern const cli_command cmd_shape;
extern const cli_command cmd_govern;
extern const cli_command cmd_replay;
extern const cli_command cmd_report;
extern const cli_command cmd_advise;
extern const cli_command cmd_help;

/* ---- options.c ----------------------------------------------------------- */

/* Fills call->common, *options, argc and argv. False: a sentence was printed. */
bool cli_parse(cli *call, void *options, int argc, char *argv[]);
const cli_command *cli_find(const char *name);
/* "1s,2500ms" relative to nothing: two times in seconds. */
bool cli_pair(const char *text, double *a, double *b, erg_error *err);

/* ---- words.c --------------------------------------------------------------- */

/* A call as words that say it again: options that are given, and --sensor and --root. */
enum { CLI_WORDS_MOST = 256 };
typedef struct cli_words { char *items[CLI_WORDS_MOST]; size_t count; } cli_words;
/* skip: names of options to leave out, NULL behind the last. False: too many. */
bool cli_words_of(const cli *call, const char *const skip[], cli_words *out);
void cli_words_add(cli_words *words, const char *word);
void cli_words_free(cli_words *words);

/* ---- data.c ---------------------------------------------------------------- */

typedef struct cli_folders {
    char data[CLI_PATH_MOST], user[CLI_PATH_MOST];
    erg_catalog catalog;            /* NULL: no such folder */
} cli_folders;
/* Fills folders and gives its catalog. */
const erg_catalog *cli_catalog(const cli *call, cli_folders *folders);
bool cli_is_folder(const char *path);
bool cli_ends_in(const char *path, const char *end);    /* false for NULL */

/* ---- help.c ---------------------------------------------------------------- */

void cli_help(const cli_command *command, FILE *out);
void cli_overview(FILE *out);
void cli_man(const cli_command *command, FILE *out);    /* NULL: erg(1) itself */
void cli_completion(FILE *out);
extern const char cli_accuracy[];

/* ---- brief.c --------------------------------------------------------------- */

/* One line a region, for a person. The heads live here, beside the result that uses
 * them. */
typedef struct cli_brief {
    erg_result *result;             /* yours to free */
    erg_column heads[10], picked[10];
    char net[80], per[80];
} cli_brief;
/* per: the mark that counts units, or NULL. */
bool cli_brief_make(cli_brief *brief, const erg_result *full, const char *per,
                    erg_error *err);

/* ---- devices_brief.c ------------------------------------------------------- */

/* A cli_body: what is there, what is not, why, and the cure; what: the result. */
bool cli_devices_brief(const void *what, const void *how, FILE *out, erg_error *err);

/* ---- hardware_brief.c ------------------------------------------------------ */

/* A cli_body: a line a device; what: the result. */
bool cli_hardware_brief(const void *what, const void *how, FILE *out, erg_error *err);

/* ---- fit_brief.c ----------------------------------------------------------- */

/* A cli_body: a line a model; what: the result. */
bool cli_fit_brief(const void *what, const void *how, FILE *out, erg_error *err);

/* ---- output.c -------------------------------------------------------------- */

/* "erg show: sentence" on stderr; returns the exit status that fits the code. */
int cli_failed(const cli *call, const erg_error *err);
/* The same where a word of the user names what is not there: bad input, not absent
 * hardware. */
int cli_refused(const cli *call, const erg_error *err);
/* A run to read, whose readings and events need not fit into memory. NULL: a sentence was
 * printed; *status is CLI_USAGE where the file is missing, unreadable or no run. */
erg_trace *cli_load(const cli *call, const char *path, int *status);
int cli_misused(const cli *call, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
/* Opens output (or takes stream), lets body write, keeps the file only if all went
 * well. */
typedef bool (*cli_body)(const void *what, const void *how, FILE *out, erg_error *err);
/* A cli_body: the page of erg report; what: the result, how: its title. */
bool cli_page(const void *what, const void *how, FILE *out, erg_error *err);
/* --format html of all tables: a page, with its pictures. */
bool cli_wants_page(const cli *call);
int cli_put(const cli *call, cli_body body, const void *what, const void *how,
            const char *output, FILE *stream);
int cli_export(const cli *call, const erg_trace *trace, const erg_export_options *options,
               const char *output, FILE *stream);
/* Words of a device or a file, which must not steer the terminal. */
void cli_put_plain(FILE *out, const char *text, size_t bytes);
/* Writes tables to --output (or to stream where output is NULL) in --format. */
int cli_write(const cli *call, const erg_result *result, const char *output, FILE *stream);
/* A trace in --format: a table format, or one of the exporters'. */
int cli_write_trace(const cli *call, const erg_trace *trace,
                    const erg_summary_options *options, const char *output, FILE *stream);
bool cli_wants_color(const cli *call, FILE *stream);
int cli_width_of(FILE *stream);         /* columns of a terminal; else 0 */
bool cli_is_writer(const char *format);
bool cli_is_exporter(const char *format);
/* stderr is a terminal, and nobody asked for quiet. */
bool cli_talks(const cli *call);
/* The `progress` of options: a line on stderr, written over by the next one. */
void cli_progress(void *self, const char *text);
/* Wipes the last of them off where it talks. */
void cli_progress_end(const cli *call);
/* --strict: 1 if the trace or a figure of its summary has a flag, else status. */
int cli_strict(const cli *call, const erg_trace *trace, const erg_summary_options *of,
               int status);
/* Set to the signal's number by SIGINT, SIGTERM and SIGHUP once watched. */
const volatile int *cli_watch_signals(void);
/* Bit N - 1 is set by signal N, for those that only a command can know what to do about. */
volatile uint64_t *cli_keep_signals(void);

#endif

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * An importer knows one format of others. What it reads is gathered in an intake
 * and becomes part of the trace only when the whole file was understood.
 */
#ifndef ERG_IMPORT_FORMATS_IMPORTER_H
#define ERG_IMPORT_FORMATS_IMPORTER_H

#include "base/base.h"
#include "erg/import.h"
#include "format/csv.h"
#include "format/stamp.h"
#include "import/spool.h"
#include "trace/rows.h"

typedef struct erg_source {
    const char *name;       /* stands in sentences */
    const char *path;       /* NULL: not from a file */
    const char *bytes;
    size_t size;
    bool is_head;           /* bytes are but the first of path, which is read as it streams
                             * by */
    const erg_import_options *options;  /* never NULL */
    erg_stamp_style style;
    int64_t modified_utc_ns;    /* of the file; 0: not known */
    const erg_trace *joins;     /* what is there already; the importers fill a new trace */
} erg_source;

typedef struct erg_importer {
    const char *name, *about;
    bool streams;           /* reads path itself where it is given a head */
    bool (*sniff)(const erg_source *source);
    bool (*read)(erg_trace *into, const erg_source *source, erg_error *err);
} erg_importer;

extern const erg_importer erg_importer_power_log, erg_importer_nvidia_smi,
    erg_importer_dcgmi, erg_importer_wattsup, erg_importer_hwinfo, erg_importer_timing_json,
    erg_importer_erg, erg_importer_tape, erg_importer_erg_csv, erg_importer_erg_json,
    erg_importer_csv, erg_importer_chrome;

/* What no reader of text gets on with. */
bool erg_is_utf16(const char *bytes, size_t size);
bool erg_is_packed(const char *bytes, size_t size);     /* by gzip, zstd, xz, bzip2, zip */
/* Lines end as they did on a Mac before 2001: all is one line then. */
bool erg_is_of_cr(const char *bytes, size_t size);

enum { ERG_HEAD_BYTES = 1 << 16 };
/* What a file begins with; 0: it is none, or it is empty. */
size_t erg_head_read(const char *path, char head[ERG_HEAD_BYTES]);
/* Is the file read as it streams by, however large it is? */
bool erg_import_streams(const char *path, const char *format);
/* As erg_import, of a file that sentences call name. */
typedef bool erg_import_by(erg_trace *into, const char *path, const char *name,
                           const erg_import_options *options, erg_error *err);
erg_import_by erg_import_as;
/* What may be a pipe, read by one of these; its errors name what the user named. */
bool erg_import_any(erg_import_by *by, erg_trace *into, const char *path,
                    const erg_import_options *options, erg_error *err);
/* Where a pipe has to be read twice; fails where it is no log and no text. Close it. */
bool erg_import_open(erg_spool *spool, const char **path, const erg_import_options *options,
                     erg_error *err);

/* ---- lines ----------------------------------------------------------------- */

typedef struct erg_log_line {
    erg_field text;         /* without its newline */
    size_t number, place;   /* from 1; bytes before it */
    bool is_whole;          /* the last one may lack its newline */
} erg_log_line;

typedef bool erg_log_line_visit(void *self, const erg_log_line *line, erg_error *err);
/* All lines of a source; of a file they stream by, and have a limit. */
bool erg_log_lines_each(const erg_source *source, erg_log_line_visit *visit, void *self,
                    erg_error *err);

/* ---- intake ---------------------------------------------------------------- */

typedef struct erg_intake erg_intake;

erg_intake *erg_intake_new(const erg_source *source, erg_error *err);
void erg_intake_free(erg_intake *in);

/* The device of that name, made at first sight by copying info; -1: no memory. */
int erg_intake_device(erg_intake *in, const erg_device_info *info, erg_error *err);
erg_device_info *erg_intake_device_at(erg_intake *in, int device);
/* info->device is an intake device. */
int erg_intake_channel(erg_intake *in, const erg_channel_info *info, erg_error *err);
erg_channel_info *erg_intake_channel_at(erg_intake *in, int channel);
/* Good until the next push. They may be more than memory holds: as erg_rows_pass does, so
 * whoever walks along them. */
erg_sample *erg_intake_samples(erg_intake *in, int channel, size_t *count);

/* A stamp of the file in UTC ns; false: it is none. Hours that come twice are
 * told apart by the order of the rows. */
bool erg_intake_stamp(erg_intake *in, erg_field field, int64_t *t_ns);
/* Fails with the line where the stamp goes back. An exact duplicate is dropped. */
bool erg_intake_push(erg_intake *in, int channel, erg_sample sample, size_t line,
                     erg_error *err);
void erg_intake_pass(const erg_intake *in, int channel, size_t at);
const erg_rows *erg_intake_rows(const erg_intake *in, int channel);
/* As if none had been pushed. */
void erg_intake_forget(erg_intake *in, int channel);
bool erg_intake_setting(erg_intake *in, const erg_setting *setting, erg_error *err);
/* Line 0: the last one, which the file ends in. */
void erg_intake_torn(erg_intake *in, size_t line);
/* Stamps that another read have no zone; what it added to them since an hour came twice. */
void erg_intake_local(erg_intake *in, int64_t twice_ns);
/* The file says nothing of its sensors: how often they have a new value is looked for. */
void erg_intake_find_periods(erg_intake *in);
/* Stamps count from nowhere: no anchor is added. */
void erg_intake_relative(erg_intake *in, bool relative);
/* One flag over the whole file. */
bool erg_intake_flag(erg_intake *in, erg_flag_code code, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
/* Everything into the trace, on its clock. Fails where there is no sample. */
bool erg_intake_finish(erg_intake *in, erg_trace *into, erg_error *err);

/* Both have a date, or neither: else they cannot lie side by side, and a sentence says the
 * cure. own is not empty, nor is into. */
bool erg_import_may_join(const erg_trace *own, const erg_trace *into, const char *name,
                         erg_error *err);

/* 2001: stamps before it count from no epoch but from some start. */
#define ERG_EPOCH_LEAST_NS 1000000000000000000

/* The clock of a trace for stamps in UTC: through its nearest anchor; a trace
 * without one gets an anchor that makes mono_ns equal utc_ns. */
bool erg_import_clock(erg_trace *into, int64_t utc_ns, int64_t *shift_ns, erg_error *err);

/* ---- cells ------------------------------------------------------------------- */

/* "12.5", "12.5 W"; NAN for N/A, [N/A], [Not Supported] and what no meter says:
 * above 1 MW. False: it is no number at all. */
bool erg_cell_number(const erg_source *source, erg_field cell, double *out);
/* What stands behind the number: "mW" of "12.5 mW". */
erg_field erg_cell_unit(erg_field cell);
/* "mW" of a column "power [mW]" or "power (mW)"; empty: it names none. */
erg_field erg_column_unit(erg_field name);
/* Watts or joules of a unit; NAN: it is none of that quantity. */
double erg_si_of(erg_field unit, erg_quantity quantity);
/* Index of a column by name, any case, blanks and a unit in brackets taken off;
 * -1: none. */
int erg_column_find(const erg_csv_row *header, const char *name);
bool erg_missing_column(const erg_source *source, const erg_csv_row *header,
                        const char *wanted, erg_error *err);
/* Is header, apart from unknown columns, one with these (NULL ends the list)? */
bool erg_header_has(const erg_source *source, const char *const names[]);
/* Names a workload and its clock, and nobody says which column is what: no log at all. */
bool erg_is_table_of_points(const erg_source *source);
/* Fails at the first NUL byte, and at the first line that is_foreign to the format: two
 * writers made one file. */
bool erg_one_format(const erg_source *source, bool (*is_foreign)(erg_field line),
                    erg_error *err);
/* A board whose power is read as others read it: facts by model where known. */
erg_channel_info erg_power_channel(int device, const char *name, erg_scope scope);

#endif

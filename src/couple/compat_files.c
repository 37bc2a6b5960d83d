/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The files of the published programs: the same names, keys and words, so that scripts
 * which read them go on working. A key "erg" says what made them, from what, and that they
 * are no evidence.
 */
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include "erg/version.h"
#include "format/json.h"
#include "couple/compat_inside.h"

enum { FILE_MOST = 1 << 28, STAMP_SIZE = 40, ID_SIZE = 64 };

static const char not_evidence[] = "not evidence: published figures, reproduced";

typedef struct out_files {
    const char *folder;
    char stamp[STAMP_SIZE];
    erg_lag_mode mode;
    erg_error *err;
} out_files;

/* Not known is null: a made-up version of Python helps nobody. */
static json_t *text_or_null(const char *text)
{
    return text && text[0] ? json_string(text) : json_null();
}

static json_t *whole_or_null(int64_t value)
{
    return value == ERG_NONE ? json_null() : json_integer(value);
}

static json_t *truth_or_null(int64_t value)
{
    return value == ERG_NONE ? json_null() : json_boolean(value == 1);
}

static double start_of(const erg_session *session)
{
    size_t count = 0;

    if (isfinite(session->facts.start_s) || !session->training)
        return session->facts.start_s;
    return erg_s_from_ns(erg_training_rows(session->training, &count)[0].t_ns);
}

/* As the session was called, else its start in UTC; letters that are safe in a name. */
static void id_of(const erg_session *session, char to[ID_SIZE])
{
    double start_s = start_of(session);
    char stamp[STAMP_SIZE];

    erg_text_put(to, ID_SIZE, session->facts.id[0] ? session->facts.id : session->name);
    if (!session->facts.id[0] && isfinite(start_s)) {
        erg_utc_format(erg_ns_from_s(start_s), 0, stamp, sizeof(stamp));
        snprintf(to, ID_SIZE, "%.4s%.2s%.2s_%.2s%.2s%.2s", stamp, stamp + 5, stamp + 8,
                 stamp + 11, stamp + 14, stamp + 17);
    }
    for (char *at = to; *at; at++)
        if (!strchr("0123456789_-abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ",
                    *at))
            *at = '_';
}

/* ---- writing ------------------------------------------------------------------------ */

static bool path_of(const out_files *to, const char *kind, const char *id, const char *end,
                    char path[ERG_PATH_MOST])
{
    int count = snprintf(path, ERG_PATH_MOST, "%s/%s%s%s", to->folder, kind, id, end);
    return (count > 0 && count < ERG_PATH_MOST)
        || erg_fail(to->err, ERG_BAD_INPUT, "the path of the folder %.80s is too long",
                    to->folder);
}

static bool put_bytes(const out_files *to, const char *path, const char *bytes, size_t size)
{
    erg_aside aside;

    if (!erg_aside_begin(&aside, path, to->err))
        return false;
    bool ok = fwrite(bytes, 1, size, aside.stream) == size;
    return erg_aside_end(&aside, ok, to->err)
        && (ok || erg_fail(to->err, ERG_IO, "cannot write %s", path));
}

static bool put_json(const out_files *to, const char *path, json_t *take)
{
    char *text = take ? json_dumps(take, JSON_INDENT(2) | JSON_REAL_PRECISION(17)) : NULL;
    bool ok = text ? put_bytes(to, path, text, strlen(text))
                   : erg_fail(to->err, ERG_NO_MEMORY, "out of memory");

    free(text);
    json_decref(take);
    return ok;
}

static bool copy_file(const out_files *to, const char *from, const char *path)
{
    size_t size = 0;
    char *bytes = erg_file_read(from, FILE_MOST, &size, to->err);
    bool ok = bytes && put_bytes(to, path, bytes, size);

    free(bytes);
    return ok;
}

/* ---- one session --------------------------------------------------------------------- */

static json_t *origin(const out_files *to, const erg_session *session)
{
    return json_pack("{s:s, s:s, s:s, s:o, s:o, s:n}", "version", ERG_VERSION, "compat",
                     erg_lag_mode_name(to->mode), "note", not_evidence, "monitor_sha256",
                     text_or_null(session->log_hash), "training_sha256",
                     text_or_null(session->training_hash), "rng_key");
}

/* The seven keys that analysis and version share, in their order. */
static void add_version(json_t *to, const erg_session *session, const char *stamp)
{
    const erg_session_facts *facts = &session->facts;

    json_object_set_new(to, "instrument_name", text_or_null(facts->instrument));
    json_object_set_new(to, "version", text_or_null(facts->version));
    json_object_set_new(to, "git_hash", text_or_null(facts->git_hash));
    json_object_set_new(to, "git_status", text_or_null(facts->git_status));
    json_object_set_new(to, "python_version", text_or_null(facts->python_version));
    json_object_set_new(to, "timestamp", json_string(stamp));
    json_object_set_new(to, "reproducibility",
                        json_string("Scientific instrument with version tracking"));
}

static double duration_of(const erg_session *session)
{
    size_t count = 0;

    if (isfinite(session->facts.duration_s) || !session->training)
        return session->facts.duration_s;
    const erg_training_row *rows = erg_training_rows(session->training, &count);
    return erg_s_from_ns(rows[count - 1].t_ns - rows[0].t_ns);
}

/* 180, not 180.0: as the old programs write it. */
static json_t *number(double value)
{
    return isfinite(value) && value == floor(value) && fabs(value) < 1e15
        ? json_integer((json_int_t)value) : erg_json_real(value);
}

static json_t *analysis(const out_files *to, const erg_session *session, const char *id,
                        const erg_lag_figures *of)
{
    json_t *out = json_pack(
        "{s:s, s:o, s:o, s:o, s:{s:o, s:o, s:o}, s:o, s:o, s:o, s:o, s:o}",
        "session_id", id,
        "model", text_or_null(session->facts.model),
        "duration", number(duration_of(session)),
        "aligned_samples", whole_or_null(of->aligned), "correlations", "gpu_grad_rle",
        erg_json_real(of->grad_rle), "gpu_temp_grad", erg_json_real(of->temp_grad),
        "gpu_loss_rle", erg_json_real(of->loss_rle),
        "peak_lag", whole_or_null(of->peak_lag),
        "peak_correlation", erg_json_real(of->peak_r), "causal_order",
        truth_or_null(of->is_causal), "session_start", erg_json_real(start_of(session)),
        "ambient_temp", erg_json_real(session->facts.ambient_k - 273.15));

    if (!out)
        return NULL;
    add_version(out, session, to->stamp);
    json_object_set_new(out, "erg", origin(to, session));
    return out;
}

static json_t *version(const out_files *to, const erg_session *session, const char *id)
{
    json_t *out = json_object();

    if (!out)
        return NULL;
    add_version(out, session, to->stamp);
    json_object_set_new(out, "session_id", json_string(id));
    json_object_set_new(out, "erg", origin(to, session));
    return out;
}

static void add_figures(erg_text *out, const erg_lag_figures *of)
{
    bool strong = strcmp(erg_lag_strength(of->grad_rle), "strong") == 0;
    bool enough = strcmp(erg_lag_amount(of->aligned), "sufficient") == 0;

    erg_text_add(out, "Correlation Analysis:\n  GPU grad_norm ↔ RLE: %.3f\n"
                 "  GPU temp ↔ grad_norm: %.3f\n  GPU loss ↔ RLE: %.3f\n\n",
                 of->grad_rle, of->temp_grad, of->loss_rle);
    erg_text_add(out, "Causal Analysis:\n  Peak Correlation: %.3f at lag %llds\n"
                 "  Causal Order: %s\n\n", of->peak_r, (long long)of->peak_lag,
                 of->is_causal == 1 ? "grad_norm → RLE" : "RLE → grad_norm");
    erg_text_add(out, "Interpretation:\n  %s\n  %s\n  %s\n\n",
                 strong ? "✅ Strong thermal-optimization coupling detected"
                        : "⚠️  Weak thermal-optimization coupling",
                 of->is_causal == 1 ? "✅ Consistent causal ordering"
                                    : "⚠️  Reverse or simultaneous causality",
                 enough ? "✅ Sufficient data for analysis" : "⚠️  Limited data samples");
}

static bool put_report(const out_files *to, const erg_session *session, const char *id,
                       const erg_lag_figures *of)
{
    const erg_session_facts *facts = &session->facts;
    char path[ERG_PATH_MOST];
    erg_text out = { 0 };

    erg_text_add(&out, "\nTHERMAL-OPTIMIZATION COUPLING ANALYSIS REPORT\n"
                 "============================================\n\nSession Information:\n"
                 "  Session ID: %s\n  Model: %s\n  Duration: %.15gs\n"
                 "  Ambient Temperature: %.1f°C\n  Aligned Samples: %lld\n\n", id,
                 facts->model[0] ? facts->model : "n/a", duration_of(session),
                 facts->ambient_k - 273.15, (long long)of->aligned);
    add_figures(&out, of);
    erg_text_add(&out, "Files Generated:\n  - rle_data_%s.csv\n  - training_log_%s.json\n"
                 "  - analysis_%s.json\n  - report_%s.txt\n\n", id, id, id, id);
    erg_text_add(&out, "Next Steps:\n"
                 "  - Run multiple sessions for reproducibility analysis\n"
                 "  - Vary model parameters to test coupling sensitivity\n"
                 "  - Use results for thermal-aware AI system design\n"
                 "\nerg %s, --compat %s: %s.\n", ERG_VERSION, erg_lag_mode_name(to->mode),
                 not_evidence);
    size_t size = out.count;
    char *text = erg_text_take(&out);
    bool ok = (text || erg_fail(to->err, ERG_NO_MEMORY, "out of memory"))
           && path_of(to, "report_", id, ".txt", path) && put_bytes(to, path, text, size);
    free(text);
    return ok;
}

static bool put_session(const out_files *to, const erg_session *session,
                        const erg_lag_figures *of)
{
    char id[ID_SIZE], path[ERG_PATH_MOST];

    id_of(session, id);
    return path_of(to, "analysis_", id, ".json", path)
        && put_json(to, path, analysis(to, session, id, of))
        && path_of(to, "version_", id, ".json", path)
        && put_json(to, path, version(to, session, id)) && put_report(to, session, id, of)
        && (!session->training_path[0]
            || (path_of(to, "rle_data_", id, ".csv", path)
                && copy_file(to, session->log_path, path)
                && path_of(to, "training_log_", id, ".json", path)
                && copy_file(to, session->training_path, path)));
}

/* ---- lag_analysis_report.json -------------------------------------------------------- */

/* By the folder's name, as the old program guessed it. */
static const char *type_of(const erg_session *session)
{
    static const struct { const char *word, *type; } types[] = {
        { "reproducibility", "Training (Reproducibility)" },
        { "cpu_inference", "CPU Inference" }, { "gpu_inference", "GPU Inference" },
    };

    for (size_t i = 0; i < ERG_COUNT(types); i++)
        if (strcasestr(session->name, types[i].word))
            return types[i].type;
    return "Unknown";
}

static json_t *lags_json(const erg_lags *lags)
{
    json_t *out = json_object();

    for (size_t i = 0; i < lags->count; i++) {
        const erg_lag *lag = &lags->at[i];
        char key[16], said[ERG_LAG_WORDS];
        snprintf(key, sizeof(key), "%d", lag->lag);
        erg_lag_said(lags->mode, lag->lag, said);
        json_object_set_new(out, key, json_pack("{s:o, s:o, s:s}", "correlation",
                                                erg_json_real(lag->r), "p_value",
                                                erg_json_real(lag->p_value),
                                                "interpretation", said));
    }
    return out;
}

static json_t *lag_result(const erg_session *session, const erg_lags *lags)
{
    return json_pack("{s:s, s:s, s:I, s:o, s:o, s:o}", "session_dir", session->name,
                     "session_type", type_of(session), "samples", (json_int_t)lags->rows,
                     "peak_lag", whole_or_null(lags->figures.peak_lag), "peak_correlation",
                     erg_json_real(lags->figures.peak_r),
                     "lag_correlations", lags_json(lags));
}

static void add_type(json_t *types, const char *type)
{
    for (size_t i = 0; i < json_array_size(types); i++)
        if (strcmp(json_string_value(json_array_get(types, i)), type) == 0)
            return;
    json_array_append_new(types, json_string(type));
}

/* ---- public -------------------------------------------------------------------------- */

/* What was published stays as it was. */
static bool is_own_folder(const erg_session *session, const char *folder)
{
    char *own = realpath(session->path, NULL), *other = realpath(folder, NULL);
    bool same = own && other && strcmp(own, other) == 0;

    free(own);
    free(other);
    return same;
}

static bool put_one(const out_files *to, const erg_session *session, json_t *results,
                    json_t *types)
{
    erg_lags lags;

    if (is_own_folder(session, to->folder))
        return erg_fail(to->err, ERG_BAD_INPUT,
                        "%s is the session's own folder: its published "
                        "files would be written over; name another --output", to->folder);
    if (!session->monitor)
        return put_session(to, session, &session->facts.published);
    if (!erg_lags_of(session, to->mode, &lags, to->err)
        || !put_session(to, session, &lags.figures))
        return false;
    json_array_append_new(results, lag_result(session, &lags));
    add_type(types, type_of(session));
    return true;
}

bool erg_lags_save(const erg_session *const sessions[], size_t count, erg_lag_mode mode,
                   const char *folder, int64_t utc_ns, erg_error *err)
{
    out_files to = { .folder = folder, .mode = mode, .err = err };
    json_t *results = json_array(), *types = json_array();
    char path[ERG_PATH_MOST];
    bool ok = results && types;

    erg_utc_format(utc_ns, 6, to.stamp, sizeof(to.stamp));
    ok = (ok || erg_fail(err, ERG_NO_MEMORY, "out of memory"))
        && erg_folder_make(folder, err);
    for (size_t i = 0; ok && i < count; i++)
        ok = put_one(&to, sessions[i], results, types);
    json_t *all = json_pack("{s:s, s:I, s:o, s:o, s:{s:s, s:s, s:s}}", "analysis_timestamp",
                            to.stamp,
                            "total_sessions", (json_int_t)json_array_size(results),
                            "session_types", types, "detailed_results", results, "erg",
                            "version", ERG_VERSION, "compat", erg_lag_mode_name(mode),
                            "note", not_evidence);
    ok = ok && path_of(&to, "lag_analysis_report", "", ".json", path);
    if (ok)
        return put_json(&to, path, all);
    json_decref(all);
    return false;
}

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A campaign folder as points. Every file is known by what is in it: a profile, one of
 * the two logs, or what the program said; its name tells only which run it is of.
 */
#include <ctype.h>
#include <dirent.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include "erg/import.h"
#include "sweep/campaign.h"

enum { FILE_MOST = 1 << 28, SNIFFED = 1 << 16 };

/* ---- names --------------------------------------------------------------------------- */

/* "1_01" is the first run of the campaign and the first at its clock. */
static void order_of(const char *id, int *block, int *place)
{
    const char *last = strrchr(id, '_');
    const char *repeat = last ? last + 1 : id;

    *block = isdigit((unsigned char)*repeat) ? (int)strtol(repeat, NULL, 10) - 1 : -1;
    *place = last && isdigit((unsigned char)*id) ? (int)strtol(id, NULL, 10) - 1 : -1;
}

/* ---- files --------------------------------------------------------------------------- */

static bool is_profile(const char *bytes, size_t size)
{
    static const char *const formats[] = { "dcgmi", "nvidia_smi", "power_log" };
    const char *format = erg_import_format(bytes, size);

    for (size_t i = 0; format && i < ERG_COUNT(formats); i++)
        if (strcmp(format, formats[i]) == 0)
            return true;
    return false;
}

/* What loaders of models print while they fetch one; loading from disk is called so. */
static bool says_download(const char *bytes, size_t size)
{
    return memmem(bytes, size, "Downloading", 11) || memmem(bytes, size, "downloading", 11);
}

static bool is_of_a_run(const char *path)
{
    return strncmp(erg_path_base(path), "run_", 4) == 0;
}

static bool take_profile(erg_campaign *campaign, const char *path, erg_error *err)
{
    char id[64];
    double clock_hz;

    erg_campaign_name(path, id, sizeof(id), &clock_hz);
    erg_campaign_run *run = erg_campaign_find(campaign, id, clock_hz, err);
    if (!run)
        return false;
    if (run->path[0])
        return erg_points_note(campaign->points, err,
                               "run %s has two profiles: %s was left out", id,
                               erg_path_base(path));
    erg_text_put(run->path, sizeof(run->path), path);
    return true;
}

static bool take_output(erg_campaign *campaign, const char *path, const char *bytes,
                        size_t size, erg_error *err)
{
    char id[64];
    double clock_hz;

    if (!is_of_a_run(path) || !says_download(bytes, size))
        return true;
    erg_campaign_name(path, id, sizeof(id), &clock_hz);
    erg_campaign_run *run = erg_campaign_find(campaign, id, clock_hz, err);
    if (run)
        run->downloads = true;
    return run != NULL;
}

static bool take_file(erg_campaign *campaign, const char *path, erg_error *err)
{
    size_t size;
    char *bytes = erg_file_read(path, FILE_MOST, &size, err);
    if (!bytes)
        return false;
    erg_campaign_log log = erg_campaign_sniff(bytes, size < SNIFFED ? size : SNIFFED);
    bool good = is_profile(bytes, size) ? take_profile(campaign, path, err)
              : log ? erg_campaign_read_log(campaign, log, path, bytes, size, err)
              : take_output(campaign, path, bytes, size, err);

    free(bytes);
    return good;
}

static int by_name(const struct dirent **a, const struct dirent **b)
{
    return strcmp((*a)->d_name, (*b)->d_name);
}

/* Calls take for each regular file, or (folders) for each folder, in order of names. */
static bool walk(erg_campaign *campaign, const char *folder, bool folders,
                 bool (*take)(erg_campaign *campaign, const char *path, erg_error *err),
                 erg_error *err)
{
    struct dirent **entries = NULL;
    int count = scandir(folder, &entries, NULL, by_name);
    bool good = count >= 0
        || erg_fail(err, ERG_NOT_FOUND, "cannot read the folder %s", folder);

    for (int i = 0; i < count; i++) {
        char path[ERG_PATH_MOST];
        struct stat about;
        int used = snprintf(path, sizeof(path), "%s/%s", folder, entries[i]->d_name);
        bool known = used < (int)sizeof(path) && stat(path, &about) == 0;
        bool wanted = known && (folders ? S_ISDIR(about.st_mode) : S_ISREG(about.st_mode));
        if (good && wanted && entries[i]->d_name[0] != '.')
            good = take(campaign, path, err);
        free(entries[i]);
    }
    free(entries);
    return good;
}

/* ---- points -------------------------------------------------------------------------- */

static bool put_application(erg_campaign *campaign, const erg_campaign_options *options,
                            size_t *index, erg_error *err)
{
    erg_application app = { .definition = options->definition, .retention = NAN,
                            .retention_low = NAN };
    char folder[ERG_PATH_MOST];

    erg_text_put(folder, sizeof(folder), campaign->folder);
    for (size_t end = strlen(folder); end > 1 && folder[end - 1] == '/'; end--)
        folder[end - 1] = '\0';
    if (options->application)
        erg_text_put(app.name, sizeof(app.name), options->application);
    else if (campaign->application[0])
        snprintf(app.name, sizeof(app.name), "%s%s%s", campaign->gpu,
                 campaign->gpu[0] ? "/" : "", campaign->application);
    else
        erg_text_put(app.name, sizeof(app.name), erg_path_base(folder));
    erg_text_put(app.device_model, sizeof(app.device_model), campaign->gpu);
    for (size_t i = 0; i < campaign->count; i++)
        if (campaign->runs[i].profile.model[0])
            erg_text_put(app.device_model, sizeof(app.device_model),
                         campaign->runs[i].profile.model);
    return erg_points_application(campaign->points, &app, index, err);
}

/* The counter's joules where it ran as long as the program; else watts over its time. */
static bool energy_over(erg_campaign *campaign, const erg_campaign_run *run, double time_s,
                        double *energy_j, erg_error *err)
{
    const erg_campaign_profile *seen = &run->profile;
    double off_s = fabs(seen->length_s - time_s);

    *energy_j = seen->energy_j;
    if (!(off_s > 1 && off_s > 0.02 * time_s))
        return true;
    *energy_j = seen->mean_w * time_s;
    return erg_points_note(campaign->points, err,
                           "PROFILE_LENGTH: where a profile is longer or "
                           "shorter than its run, energy is its mean power "
                           "over the run's time, as of run %s: %.1f s for %g s", run->id,
                           seen->length_s, time_s);
}

static bool put_visit(erg_campaign *campaign, const erg_campaign_run *run,
                      size_t application, erg_error *err)
{
    const erg_campaign_profile *seen = &run->profile;
    erg_visit visit = {
        .application = application, .setting = erg_knob_setting_none(),
        .start_ns = seen->start_ns, .state = run->state, .exit_status = run->exit_code,
        .time_s = isnan(run->duration_s) ? seen->length_s : run->duration_s,
        .time_half_s = run->whole_seconds ? 0.5 : 0,
        .energy_listed_j = NAN, .samples = (double)seen->rows,
        .mean_w = seen->mean_w, .peak_w = seen->peak_w, .temp_c = seen->temp_c,
        .sm_clock_seen_hz = isnan(seen->seen_clock_hz)
            ? seen->app_clock_hz : seen->seen_clock_hz,
        .fp_active = seen->fp_active, .dram_active = seen->dram_active,
    };
    bool moved = run->state == ERG_VISIT_THROTTLED || isnan(run->clock_hz);

    order_of(run->id, &visit.block, &visit.place);
    visit.setting.at[ERG_SM_CLOCK] = moved ? visit.sm_clock_seen_hz : run->clock_hz;
    return energy_over(campaign, run, visit.time_s, &visit.energy_j, err)
        && erg_points_add(campaign->points, &visit, err);
}

static bool reject(erg_campaign *campaign, const erg_campaign_run *run, const char *name,
                   const char *why, erg_error *err)
{
    erg_knob_setting setting = erg_knob_setting_none();
    char reason[600];

    setting.at[ERG_SM_CLOCK] = run->clock_hz;
    snprintf(reason, sizeof(reason), "run %s: %s", run->id, why);
    return erg_points_reject(campaign->points, name, &setting, reason, err);
}

static bool put_run(erg_campaign *campaign, const erg_campaign_run *run, size_t application,
                    const char *why, erg_error *err)
{
    const char *name = erg_points_application_at(campaign->points, application)->name;
    bool timed = !isnan(run->duration_s) || !isnan(run->profile.length_s);

    if (run->has_profile && timed)
        return put_visit(campaign, run, application, err);
    return reject(campaign, run, name,
                  run->has_profile
                      ? "neither a log, nor stamps, nor a counter tell how long it "
                        "took: state the time between its rows with --period"
                      : run->path[0] ? why : "no profile of it is here", err);
}

static bool put_runs(erg_campaign *campaign, const erg_campaign_options *options,
                     char *whys[], erg_error *err)
{
    size_t application;
    bool good = erg_campaign_judge(campaign, options->period_s, err)
             && put_application(campaign, options, &application, err);

    for (size_t i = 0; good && i < campaign->count; i++)
        good = put_run(campaign, &campaign->runs[i], application, whys[i], err);
    return good;
}

/* As they were made, as far as names tell. */
static int by_order(const void *left, const void *right)
{
    const erg_campaign_run *a = left, *b = right;
    int a_block, b_block, a_place, b_place;

    order_of(a->id, &a_block, &a_place);
    order_of(b->id, &b_block, &b_place);
    if (a_place != b_place)
        return a_place < b_place ? -1 : 1;
    return strcmp(a->id, b->id);
}

/* Reads the profiles; what cannot be read is a rejection, unless nothing else is left. */
static bool take_runs(erg_campaign *campaign, const erg_campaign_options *options,
                      erg_error *err)
{
    char **whys = calloc(campaign->count + 1, sizeof(*whys));
    bool good = whys || erg_fail(err, ERG_NO_MEMORY, "out of memory");
    size_t read = 0;

    if (campaign->count)
        qsort(campaign->runs, campaign->count, sizeof(*campaign->runs), by_order);
    for (size_t i = 0; good && i < campaign->count; i++) {
        erg_error why = { 0 };
        erg_campaign_run *run = &campaign->runs[i];
        if (!run->path[0] || erg_campaign_read_profile(run, options, &why))
            read += run->path[0] != '\0';
        else if (campaign->count == 1)
            good = erg_fail(err, why.code, "%s", why.text);
        else
            whys[i] = erg_text_copy(why.text);
    }
    good = good && (read || erg_fail(err, ERG_BAD_INPUT, "%s: no profile in it can be read",
                                     campaign->folder))
        && put_runs(campaign, options, whys, err);
    for (size_t i = 0; whys && i < campaign->count; i++)
        free(whys[i]);
    free(whys);
    return good;
}

static void drop_runs(erg_campaign *campaign)
{
    free(campaign->runs);
    campaign->runs = NULL;
    campaign->count = campaign->capacity = 0;
    campaign->application[0] = campaign->gpu[0] = '\0';
}

typedef struct nest {
    erg_campaign campaign;
    const erg_campaign_options *options;
    bool any;
} nest;

static bool take_folder(erg_campaign *campaign, const char *path, erg_error *err)
{
    nest *of = (nest *)campaign;    /* its first member */
    bool good = walk(campaign, path, false, take_file, err);

    campaign->folder = path;
    if (good && campaign->count) {
        of->any = true;
        good = take_runs(campaign, of->options, err);
    }
    drop_runs(campaign);
    campaign->folder = NULL;        /* path lasts no longer than this call */
    return good;
}

bool erg_points_read_campaign(erg_points *points, const char *folder,
                              const erg_campaign_options *options, erg_error *err)
{
    erg_campaign_options how = options ? *options : (erg_campaign_options){ 0 };
    nest of = { .campaign = { .folder = folder, .points = points }, .options = &how };

    if (!how.definition)
        how.definition = ERG_ACTIVITY_HALF;
    bool good = take_folder(&of.campaign, folder, err)
             && (of.any || walk(&of.campaign, folder, true, take_folder, err));
    return good
        && (of.any || erg_fail(err, ERG_BAD_INPUT,
                               "%s: no run of a campaign is in it: profiles of "
                               "dcgmi or nvidia-smi, one a run", folder));
}

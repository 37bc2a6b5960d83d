/* SPDX-License-Identifier: Apache-2.0 */
/*
 * bf16 forward passes at 900 MHz (EnergAIzer, energy/measured.csv) joined with
 * their kernel lists; eager rows only. Rows of the A100 that do not say their
 * attention are eager too.
 */
#include <dirent.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "accuracy.h"
#include "estimate/time_fit.h"

static const struct { const char *in_rows, *record; double budget; } boards[] = {
    { "a100", "a100-pcie-40gb", 0.15 }, { "a10", "a10", 0.15 },
};

typedef struct board_rows {
    char model[64][40];
    erg_graph *graphs[64];
    erg_timed_row rows[64];
    size_t count;
} board_rows;

/* The list of a row's work; false: there is none. */
static bool find_list(const evidence *court, const sheet *rows, size_t i,
                      char path[ERG_PATH_MOST])
{
    char stem[128], folder[ERG_PATH_MOST - 128];
    const char *model = sheet_text(rows, i, "model"), *seq = sheet_text(rows, i, "seq");
    bool found = false;

    snprintf(folder, sizeof(folder), "%s/energy/workloads", court->data);
    snprintf(stem, sizeof(stem), "_pbf16_b%s_%s%s", sheet_text(rows, i, "batch"),
             *seq ? "s" : "f", seq);
    DIR *dir = opendir(folder);
    for (struct dirent *entry; dir && !found && (entry = readdir(dir));) {
        const char *at = strstr(entry->d_name, stem);
        char after = at ? at[strlen(stem)] : 0;
        found = at && strncmp(entry->d_name, model, strlen(model)) == 0
            && (after == '_' || after == 'r');      /* _mode.., freq.. */
        if (found)
            snprintf(path, ERG_PATH_MOST, "%s/%.120s", folder, entry->d_name);
    }
    if (dir)
        closedir(dir);
    return found;
}

static bool is_eager(const sheet *rows, size_t i)
{
    const char *attention = sheet_text(rows, i, "attn");

    return !*attention || strcmp(attention, "eager") == 0;
}

static bool add_row(board_rows *all, const sheet *rows, size_t i, const char *path,
                    erg_error *err)
{
    size_t at = all->count;

    snprintf(all->model[at], sizeof(all->model[at]), "%s", sheet_text(rows, i, "model"));
    all->graphs[at] = erg_graph_load(path, &(erg_graph_options){
        .precision = ERG_BF16, .complete_list = true }, err);
    erg_partition *cut = all->graphs[at]
        ? erg_graph_partition(all->graphs[at], ERG_FUSION_NONE, err) : NULL;
    all->rows[at] = (erg_timed_row){ cut, ERG_EAGER,
                                     1e6 * sheet_number(rows, i, "freq_mhz"),
                                     1e-3 * sheet_number(rows, i, "time_ms") };
    all->count++;
    return cut != NULL;
}

static bool load_rows(const evidence *court, const char *gpu, board_rows *all,
                      erg_error *err)
{
    sheet rows;
    bool good = sheet_load(&rows, court->data, "energy/measured.csv", err);

    for (size_t i = 0; good && i < rows.count; i++) {
        char path[ERG_PATH_MOST];
        bool wanted = strcmp(sheet_text(&rows, i, "gpu"), gpu) == 0
            && strcmp(sheet_text(&rows, i, "precision"), "bf16") == 0 && is_eager(&rows, i);
        if (wanted && all->count < ERG_COUNT(all->rows) && find_list(court, &rows, i, path))
            good = add_row(all, &rows, i, path, err);
    }
    sheet_free(&rows);
    return good;
}

/* Fitted to the rows of all models but one. */
static void fit_without(const board_rows *all, const char *model,
                        const erg_hardware *hardware, erg_time_terms *terms)
{
    erg_timed_row rows[ERG_COUNT(all->rows)];
    erg_time_fit fit = { hardware, rows, 0, ERG_UNIT_TENSOR, ERG_FREE_ALL };

    for (int unit = 0; unit < ERG_UNIT_CLASSES; unit++)
        terms[unit] = erg_time_shared(hardware, (erg_unit_class)unit);
    for (size_t i = 0; i < all->count; i++)
        if (strcmp(all->model[i], model) != 0)
            rows[fit.count++] = all->rows[i];
    erg_time_fit_terms(&fit, terms, NULL);
}

static void print_terms(const char *without, const erg_time_terms *t)
{
    printf("  without %-16s share %.3f fill_k %.0f elementwise %.3f softmax %.3f "
           "launch %.2f us host %.2f us\n", *without ? without : "none", t->share,
           t->fill_k, t->bandwidth[ERG_BYTES_ELEMENTWISE], t->bandwidth[ERG_BYTES_SOFTMAX],
           1e6 * t->launch_s, 1e6 * t->host_s);
}

static void judge_board(const evidence *court, const board_rows *all,
                        const erg_hardware *hardware, verdict *v)
{
    erg_time_terms terms[ERG_UNIT_CLASSES];
    const char *last = NULL;

    for (size_t done = 0; done < all->count; done++) {      /* a model at a time */
        bool is_new = true;
        for (size_t i = 0; i < done; i++)
            is_new = is_new && strcmp(all->model[i], all->model[done]) != 0;
        if (!is_new)
            continue;
        last = all->model[done];
        fit_without(all, last, hardware, terms);
        if (court->details)
            print_terms(last, &terms[ERG_UNIT_TENSOR]);
        for (size_t i = 0; i < all->count; i++)
            if (strcmp(all->model[i], last) == 0) {
                double time_s = erg_time_of_row(&all->rows[i], hardware, terms);
                verdict_add(v, (verdict_row){ .model = all->model[i], .predicted = time_s,
                                              .measured = all->rows[i].measured_s });
                if (court->details)
                    printf("  %s batch %lld seq %lld: %.2f ms, %+.1f %%\n", last,
                           (long long)all->graphs[i]->batch, (long long)all->graphs[i]->seq,
                           1e3 * all->rows[i].measured_s,
                           100 * (time_s / all->rows[i].measured_s - 1));
            }
    }
    if (court->details) {
        fit_without(all, "", hardware, terms);
        print_terms("", &terms[ERG_UNIT_TENSOR]);
    }
}

bool judge_bf16_left_out(const evidence *court, erg_error *err)
{
    for (size_t b = 0; b < ERG_COUNT(boards); b++) {
        verdict v = { .judge = "bf16 time, model left out", .device = boards[b].record,
                      .budget = boards[b].budget,
                      .calibrated_on = "rows of its other models" };
        board_rows all = { .count = 0 };
        erg_hardware *hardware = erg_hardware_load(NULL, &court->catalog,
                                                   boards[b].record, err);
        if (!hardware || !load_rows(court, boards[b].in_rows, &all, err))
            return false;
        judge_board(court, &all, hardware, &v);
        verdict_print(&v);
        for (size_t i = 0; i < all.count; i++) {
            erg_partition_free((erg_partition *)all.rows[i].partition);
            erg_graph_free(all.graphs[i]);
        }
        erg_hardware_free(hardware);
    }
    return true;
}

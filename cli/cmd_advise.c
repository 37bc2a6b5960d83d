/* SPDX-License-Identifier: Apache-2.0 */
/* erg advise: what only the program or its compiler can change, with the numbers. */
#include <math.h>
#include <string.h>
#include "cli.h"

typedef struct advise_options {
    const char *error, *phases, *density, *precision, *hops, *rankfile, *on;
    double window_s, switch_j, index_bytes, node_w, idle_w, cooling, flop_j, byte_j,
           static_w, slowdown;
    int ranks, domains, batch, seq, top;
} advise_options;

enum { FILES_MOST = 512 };

#define AT(field) offsetof(advise_options, field)

static const cli_option option_rows[] = {
    { 0, "error", CLI_TEXT, AT(error), "RATIO",
      "precision: most relative error against fp64, as in 1e-3 or 0.1%" },
    { 0, "phases", CLI_TEXT, AT(phases), "FILE",
      "precision: CSV phase,tolerance,steps: a variant for each" },
    { 0, "switch", CLI_JOULES, AT(switch_j), "ENERGY",
      "precision: of changing the variant between two phases (0J)" },
    { 0, "ranks", CLI_WHOLE, AT(ranks), "N", "sparse: of the all-reduce", true },
    { 0, "precision", CLI_TEXT, AT(precision), "NAME", "of values and arithmetic (fp32)" },
    { 0, "index", CLI_BYTES, AT(index_bytes), "SIZE", "sparse: sent with each value (4B)",
      true },
    { 0, "density", CLI_TEXT, AT(density), "RATIO",
      "sparse: share of values that are not 0, as in 5%" },
    { 0, "hops", CLI_TEXT, AT(hops), "FILE",
      "map: CSV from,to,hops between slots (host or host:slot)" },
    { 0, "rankfile", CLI_TEXT, AT(rankfile), "FILE",
      "map: write the order for mpirun --rankfile" },
    { 0, "domains", CLI_WHOLE, AT(domains), "N", "place: domains of power (2)", true },
    { 0, "node-power", CLI_WATTS, AT(node_w), "POWER",
      "place: pack onto nodes that carry so much", true },
    { 0, "idle", CLI_WATTS, AT(idle_w), "POWER", "place: of a node that is freed", true },
    { 0, "cooling", CLI_RATIO, AT(cooling), "RATIO", "place: on top of that, as in 30%" },
    { 0, "on", CLI_TEXT, AT(on), "HARDWARE",
      "recompute, fusion, order: whose joules" },
    { 0, "flop-energy", CLI_JOULES, AT(flop_j), "ENERGY", "of an operation, as in 0.71pJ",
      true },
    { 0, "byte-energy", CLI_JOULES, AT(byte_j), "ENERGY",
      "of a byte from memory, as in 20pJ", true },
    { 0, "static-power", CLI_WATTS, AT(static_w), "POWER", "while an operator runs", true },
    { 0, "window", CLI_SECONDS, AT(window_s), "TIME",
      "order: of the mean whose peak is lowered (100ms; a graph's tenth)", true },
    { 0, "slowdown", CLI_RATIO, AT(slowdown), "RATIO",
      "stages: most extra time of the whole (0%)", true },
    { 0, "batch", CLI_WHOLE, AT(batch), "N", "recompute, fusion, order: of the graph (1)",
      true },
    { 0, "seq", CLI_WHOLE, AT(seq), "N", "recompute, fusion, order: tokens (512)", true },
    { 0, "top", CLI_WHOLE, AT(top), "N", "recompute, fusion: rows (20)", true },
    { 0 },
};

typedef struct subject {
    const char *name, *usage, *about;
    int least, most; /* files */
    erg_result *(*advise)(const cli *call, char *files[], erg_error *err);
} subject;

/* "0.1%" or "1e-3"; NAN where it was not given. */
static bool parse_ratio(const char *text, double *out, erg_error *err)
{
    *out = NAN;
    return !text || erg_quantity_parse(text, strchr(text, '%') ? "%" : "", out, err);
}

static erg_result *advise_precision(const cli *call, char *files[], erg_error *err)
{
    const advise_options *options = call->options;
    erg_precision_wish wish = { .phases = options->phases, .switch_j = options->switch_j };

    return parse_ratio(options->error, &wish.error, err)
               ? erg_advise_precision(files[0], &wish, err)
               : NULL;
}

static erg_result *advise_sparse(const cli *call, char *files[], erg_error *err)
{
    const advise_options *options = call->options;
    erg_sparse_wish wish = { .ranks = options->ranks, .index_bytes = options->index_bytes };
    erg_precision precision = ERG_FP32;

    (void)files;
    if (options->precision && !erg_precision_parse(options->precision, &precision)) {
        erg_fail(err, ERG_BAD_INPUT, "--precision: there is no '%s'", options->precision);
        return NULL;
    }
    wish.element_bytes = erg_precision_bits(precision) / 8.0;
    return parse_ratio(options->density, &wish.density, err) ? erg_advise_sparse(&wish, err)
                                                             : NULL;
}

static bool put_rankfile(const void *what, const void *how, FILE *out, erg_error *err)
{
    (void)how;
    return erg_rank_map_write(what, out, err);
}

static erg_result *advise_map(const cli *call, char *files[], erg_error *err)
{
    const advise_options *options = call->options;
    erg_rank_map *map = NULL;
    erg_result *result = NULL;

    if (options->hops)
        map = erg_rank_map_new(files[0], options->hops, err);
    else
        erg_fail(err, ERG_BAD_INPUT, "map needs --hops FILE");
    bool wrote = map
                 && (!options->rankfile
                     || cli_put(call, put_rankfile, map, NULL, options->rankfile, stdout)
                            == CLI_DONE);
    if (wrote)
        result = erg_rank_map_result(map, err);
    else if (map)
        erg_fail(err, ERG_IO, "the rankfile was not written");
    erg_rank_map_free(map);
    return result;
}

static erg_result *advise_place(const cli *call, char *files[], erg_error *err)
{
    const advise_options *options = call->options;
    const erg_place_wish wish = { options->domains, options->node_w, options->idle_w,
                                  options->cooling };

    return erg_advise_place(files, (size_t)call->argc - 1, &wish, err);
}

/* folders: what the answer borrows. */
static erg_advise_device device_of(const cli *call, cli_folders *folders)
{
    const advise_options *options = call->options;

    return (erg_advise_device){
        .env = &call->env,
        .catalog = cli_catalog(call, folders),
        .hardware = options->on,
        .flop_j = options->flop_j,
        .byte_j = options->byte_j,
        .static_w = options->static_w,
        .precision = options->precision,
        .batch = options->batch,
        .seq = options->seq,
        .top = options->top,
    };
}

typedef erg_result *about_tensors(const char *path, const erg_advise_device *on,
                                  erg_error *err);

static erg_result *advise_tensors(const cli *call, about_tensors *about, const char *path,
                                  erg_error *err)
{
    cli_folders folders;
    const erg_advise_device on = device_of(call, &folders);

    return about(path, &on, err);
}

static erg_result *advise_recompute(const cli *call, char *files[], erg_error *err)
{
    return advise_tensors(call, erg_advise_recompute, files[0], err);
}

static erg_result *advise_fusion(const cli *call, char *files[], erg_error *err)
{
    return advise_tensors(call, erg_advise_fusion, files[0], err);
}

static erg_result *advise_offload(const cli *call, char *files[], erg_error *err)
{
    (void)call;
    return erg_advise_offload(files[0], err);
}

static erg_result *order_of_run(const char *path, double window_s, erg_error *err)
{
    erg_trace *trace = erg_trace_load(path, err);
    erg_result *result = trace && erg_trace_check(trace, err)
        ? erg_advise_order_of_run(trace, path, window_s, err) : NULL;

    erg_trace_free(trace);
    return result;
}

static erg_result *advise_order(const cli *call, char *files[], erg_error *err)
{
    const double window_s = ((const advise_options *)call->options)->window_s;
    cli_folders folders;

    if (cli_ends_in(files[0], ".csv"))
        return erg_advise_order(files[0], window_s, err);
    if (cli_ends_in(files[0], ".erg"))
        return order_of_run(files[0], window_s, err);
    const erg_advise_device on = device_of(call, &folders);
    return erg_advise_order_of_graph(files[0], window_s, &on, err);
}

static erg_result *advise_stages(const cli *call, char *files[], erg_error *err)
{
    return erg_advise_stages(files[0], ((const advise_options *)call->options)->slowdown,
                             err);
}

static const subject subjects[] = {
    { "precision", "precision VARIANTS.csv", "energy to solution of each variant", 1, 1,
      advise_precision },
    { "sparse", "sparse --ranks N", "density below which a sparse all-reduce moves less", 0,
      0, advise_sparse },
    { "map", "map TRAFFIC.csv --hops HOPS.csv", "order of ranks of least bytes x hops", 1,
      1, advise_map },
    { "place", "place RUN.erg|CSV..", "loads over domains of power, and packing", 1,
      FILES_MOST, advise_place },
    { "recompute", "recompute TENSORS.csv|WORKLOAD --on HARDWARE", "compute again or keep",
      1, 1, advise_recompute },
    { "fusion", "fusion WORKLOAD --on HARDWARE", "tensors that need not go to memory", 1, 1,
      advise_fusion },
    { "offload", "offload OPERATORS.csv", "operators that belong on the CPU", 1, 1,
      advise_offload },
    { "order", "order RUN.erg|OPERATORS.csv|WORKLOAD --on HARDWARE",
      "operators in the order of least peak", 1, 1, advise_order },
    { "stages", "stages STAGES.csv", "how slow each stage of one job may be", 1, 1,
      advise_stages },
};

/* No subject: a run file. */
static erg_result *advise_run(const cli *call, int *status, erg_error *err)
{
    erg_trace *trace = cli_load(call, call->argv[0], status);
    erg_result *result = trace ? erg_advise_run(trace, err) : NULL;

    erg_trace_free(trace);
    return result;
}

static const subject *find(const char *name)
{
    for (size_t i = 0; i < CLI_COUNT(subjects); i++)
        if (strcmp(subjects[i].name, name) == 0)
            return &subjects[i];
    return NULL;
}

static int run(const cli *call)
{
    const subject *about = call->argc ? find(call->argv[0]) : NULL;
    int files = call->argc - 1, status = CLI_DONE;
    erg_error err = { 0 };

    if (!about && files != 0)
        return cli_misused(call, "needs a run file or a subject: see erg advise --help");
    if (about && (files < about->least || files > about->most))
        return cli_misused(call, "is used as in erg advise %s", about->usage);
    erg_result *result =
        about ? about->advise(call, call->argv + 1, &err) : advise_run(call, &status, &err);
    if (status == CLI_DONE)
        status = result ? cli_write(call, result, call->common.output, stdout)
                        : cli_refused(call, &err);
    erg_result_free(result);
    return status;
}

static const char about[] =
"RUN.erg                  what a recorded run suggests: idle power, waits, low use,\n"
"                         throttling, sensors too slow, where the joules are\n"
"precision VARIANTS.csv   energy to solution; the CSV names variant, energy_per_step_j,\n"
"                         steps (to the same target) and error (relative, to fp64)\n"
"sparse --ranks N         the density below which sending only what is not 0 moves less\n"
"map TRAFFIC.csv          the order of ranks of least bytes x hops (CSV from,to,bytes)\n"
"place RUN.erg|CSV..      loads over domains of power so that peaks do not meet; with\n"
"                         --node-power how few nodes carry them\n"
"recompute CSV|WORKLOAD   which tensors of a training step to compute again (CSV tensor,\n"
"                         flop,bytes,time_s[,input_bytes])\n"
"fusion WORKLOAD          tensors that a compiler that fuses keeps on chip\n"
"offload OPERATORS.csv    operators for the CPU (CSV operator,cpu_s,copy_s,slack_s,cpu_j,\n"
"                         copy_j,gpu_j; joules marginal)\n"
"order RUN.erg|CSV|WORKLOAD  heavy operators between light ones, so that the mean over\n"
"                         --window peaks lowest (the regions of a run; CSV operator,\n"
"                         time_s,power_w[,after])\n"
"stages STAGES.csv        how slow each stage of one job may be at no loss, or within\n"
"                         --slowdown (CSV stage,time_s,energy_j[,after], a row a clock)\n"
"\n"
"Nothing is set or changed. Every row says where its figures are from and whether they\n"
"were measured.\n";

static const char examples[] =
    "erg advise run.erg\n"
    "erg advise precision variants.csv --error 1e-3\n"
    "erg advise precision variants.csv --phases phases.csv --switch 500J\n"
    "erg advise sparse --ranks 8 --density 5%\n"
    "erg advise map traffic.csv --hops hops.csv --rankfile ranks\n"
    "erg advise place a.erg b.erg c.csv --node-power 3kW --idle 400W --cooling 30%\n"
    "erg advise recompute zoo:resnet18 --on a100-pcie-40gb --precision bf16 --batch 64\n"
    "erg advise fusion model.onnx --on l4 --precision fp16\n"
    "erg advise order run.erg --window 1s\n"
    "erg advise stages stages.csv --slowdown 5%\n"
    "erg advise order zoo:googlenet --on a100-pcie-40gb --precision fp16\n";

const cli_command cmd_advise = {
    .name = "advise",
    .usage = "erg advise [options] RUN.erg | SUBJECT [FILE..]",
    .summary = "what only the program can change, with the joules at stake",
    .about = about,
    .examples = examples,
    .options = option_rows,
    .options_size = sizeof(advise_options),
    .run = run,
};

/* SPDX-License-Identifier: Apache-2.0 */
/* --help, man pages and completion: all from the same tables as the parser. */
#include <string.h>
#include "cli.h"

static void each_option(const cli_command *command, FILE *out,
                        void (*print)(const cli_option *row, FILE *out))
{
    for (const cli_option *row = command->options; row && row->name; row++)
        print(row, out);
}

static void print_option(const cli_option *row, FILE *out)
{
    char left[64];
    snprintf(left, sizeof(left), "%c%c%s--%s%s%s", row->letter ? '-' : ' ',
             row->letter ? row->letter : ' ', row->letter ? ", " : "  ", row->name,
             row->value ? " " : "", row->value ? row->value : "");
    fprintf(out, "  %-28s %s%s\n", left,
            strlen(left) > 28 ? "\n                               " : "", row->about);
}

static bool is_own(const cli_command *command, const char *name)
{
    for (const cli_option *row = command->options; row && row->name; row++)
        if (strcmp(row->name, name) == 0)
            return true;
    return false;
}

/* As it is for this command. */
static cli_option common_of(const cli_command *command, const cli_option *row)
{
    cli_option own = *row;

    if (command->formats && strcmp(row->name, "format") == 0)
        own.about = command->formats;
    return own;
}

static void print_common(const cli_command *command, const cli_option *row, FILE *out)
{
    cli_option own = common_of(command, row);

    print_option(&own, out);
}

void cli_help(const cli_command *command, FILE *out)
{
    fprintf(out, "%s: %s\n\n    %s\n\n%s", command->name, command->summary, command->usage,
            command->about ? command->about : "");
    if (command->options) {
        fputs("\nOptions\n", out);
        each_option(command, out, print_option);
    }
    fputs("\nCommon options\n", out);
    for (const cli_option *row = cli_common_options; row->name; row++)
        if (!is_own(command, row->name))
            print_common(command, row, out);
    if (command->examples)
        fprintf(out, "\nExamples\n%s", command->examples);
}

void cli_overview(FILE *out)
{
    fputs("erg follows the joule through an AI workload.\n\n"
          "    erg COMMAND [options] [arguments]\n\n", out);
    for (size_t i = 0; cli_commands[i]; i++)
        fprintf(out, "  %-10s %s\n", cli_commands[i]->name, cli_commands[i]->summary);
    fputs("\nerg COMMAND --help tells more; erg help accuracy tells how long to measure.\n"
          "Exit status: 0 done, 1 the answer is no, 2 bad usage or input, 3 not available\n"
          "here, 4 a fault of erg. erg run hands back the command's own.\n", out);
}

/* ---- man pages ------------------------------------------------------------- */

/* roff takes a leading dot or quote for a request, and a bare hyphen for a dash. */
static void put_roff(const char *text, FILE *out)
{
    bool line_start = true;
    for (; *text; text++) {
        if (line_start && (*text == '.' || *text == '\''))
            fputs("\\&", out);
        line_start = *text == '\n';
        if (*text == '-')
            fputs("\\-", out);
        else if (*text == '\\')
            fputs("\\e", out);
        else
            fputc(*text, out);
    }
}

static void man_option(const cli_option *row, FILE *out)
{
    fputs(".TP\n\\fB", out);
    if (row->letter)
        fprintf(out, "\\-%c\\fR, \\fB", row->letter);
    fputs("\\-\\-", out);
    put_roff(row->name, out);
    fputs("\\fR", out);
    if (row->value)
        fprintf(out, " \\fI%s\\fR", row->value);
    fputc('\n', out);
    put_roff(row->about, out);
    fputc('\n', out);
}

static void man_examples(const char *examples, FILE *out)
{
    fputs(".SH EXAMPLES\n.nf\n", out);
    put_roff(examples, out);
    fputs(".fi\n", out);
}

static void man_overview(FILE *out)
{
    fprintf(out, ".TH ERG 1 \"\" \"erg %s\" \"User Commands\"\n.SH NAME\nerg "
            "\\- the energy of AI workloads\n.SH SYNOPSIS\n\\fBerg\\fR \\fICOMMAND\\fR "
            "[options] [arguments]\n"
            ".SH COMMANDS\n", erg_version());
    for (size_t i = 0; cli_commands[i]; i++) {
        fprintf(out, ".TP\n\\fBerg\\-%s\\fR(1)\n", cli_commands[i]->name);
        put_roff(cli_commands[i]->summary, out);
        fputc('\n', out);
    }
    fputs(".SH COMMON OPTIONS\n", out);
    for (const cli_option *row = cli_common_options; row->name; row++)
        man_option(row, out);
    fputs(".SH EXIT STATUS\n0 done; 1 the answer is no (a gate rejected, a "
          "check failed); 2 bad usage or\nbad input; 3 not available here (no sensor, no "
          "permission); 4 a fault of erg.\n"
          "\\fBerg run\\fR hands back the command's own status; its own "
          "failures are 125\n(erg), 126 (cannot execute) and 127 (not found); a command "
          "killed by signal N\ngives 128 + N.\n"
          ".SH HOW LONG TO MEASURE\n.nf\n", out);
    put_roff(cli_accuracy, out);
    fputs(".fi\n", out);
}

void cli_man(const cli_command *command, FILE *out)
{
    if (!command) {
        man_overview(out);
        return;
    }
    fprintf(out, ".TH ERG\\-%s 1 \"\" \"erg %s\" \"User Commands\"\n.SH "
            "NAME\nerg\\-%s \\- ", command->name, erg_version(), command->name);
    put_roff(command->summary, out);
    fputs("\n.SH SYNOPSIS\n", out);
    put_roff(command->usage, out);
    fputs("\n.SH DESCRIPTION\n", out);
    put_roff(command->about ? command->about : command->summary, out);
    if (command->options) {
        fputs("\n.SH OPTIONS\n", out);
        each_option(command, out, man_option);
    }
    for (const cli_option *row = cli_common_options; command->formats && row->name; row++) {
        cli_option own = common_of(command, row);
        if (own.about == command->formats)
            man_option(&own, out);
    }
    fputs(".PP\nThe common options and the exit status are in \\fBerg\\fR(1).\n", out);
    if (command->examples)
        man_examples(command->examples, out);
    fputs(".SH SEE ALSO\n\\fBerg\\fR(1)\n", out);
}

/* ---- completion -------------------------------------------------------------- */

static void completion_word(const cli_option *row, FILE *out)
{
    fprintf(out, " --%s", row->name);
}

void cli_completion(FILE *out)
{
    fputs("# bash completion for erg\n_erg()\n{\n"
          "    local word=${COMP_WORDS[COMP_CWORD]} words\n"
          "    if [ \"$COMP_CWORD\" -eq 1 ]; then\n        words=\"", out);
    for (size_t i = 0; cli_commands[i]; i++)
        fprintf(out, "%s%s", i ? " " : "", cli_commands[i]->name);
    fputs("\"\n    else\n        case ${COMP_WORDS[1]} in\n", out);
    for (size_t i = 0; cli_commands[i]; i++) {
        fprintf(out, "        %s) words=\"", cli_commands[i]->name);
        each_option(cli_commands[i], out, completion_word);
        fputs("\" ;;\n", out);
    }
    fputs("        *) words= ;;\n        esac\n        words=\"$words", out);
    for (const cli_option *row = cli_common_options; row->name; row++)
        completion_word(row, out);
    fputs("\"\n    fi\n    case $word in\n"
          "    -*) mapfile -t COMPREPLY < <(compgen -W \"$words\" -- \"$word\") ;;\n"
          "    *)\n        if [ \"$COMP_CWORD\" -eq 1 ]; then\n"
          "            mapfile -t COMPREPLY < <(compgen -W \"$words\" -- \"$word\")\n"
          "        else\n            mapfile -t COMPREPLY < <(compgen -f -- \"$word\")\n"
          "        fi\n        ;;\n    esac\n}\ncomplete -o filenames -F _erg erg\n", out);
}

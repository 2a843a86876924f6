// --help, made from the tables of options.c.
#include <string.h>

#include "app/options.h"

static void print_row(FILE *out, const struct option_row *row)
{
    char left[64];
    snprintf(left, sizeof(left), "%c%c%s --%s %s", row->letter ? '-' : ' ',
             row->letter ? row->letter : ' ', row->letter ? "," : " ", row->name,
             row->argument ? row->argument : "");
    if (strlen(left) > 28)
        fprintf(out, "  %s\n  %-28s %s\n", left, "", row->help);
    else
        fprintf(out, "  %-28s %s\n", left, row->help);
}

static void print_options(FILE *out, enum command_bit bit)
{
    const char *group = NULL;
    for (size_t i = 0; i < option_count; i++) {
        const struct option_row *row = &option_table[i];
        if (!(row->commands & bit))
            continue;
        if (!group || strcmp(group, row->group))
            fprintf(out, "\n%s\n", row->group);
        group = row->group;
        print_row(out, row);
    }
}

static void print_commands(FILE *out, const char *prefix)
{
    for (size_t i = 0; i < command_count; i++) {
        const struct command *c = &command_table[i];
        if (!strncmp(c->words, prefix, strlen(prefix)) && *c->words)
            fprintf(out, "  %-15s %s\n", c->words, c->help);
    }
}

static void print_chat_help(FILE *out)
{
    fputs("Pumice answers questions about pictures, on this machine alone.\n\n"
          "Usage\n"
          "  pumice [PICTURE...]                   chat on the full screen\n"
          "  pumice -p TEXT [-i PICTURE]...        one answer\n"
          "  ... | pumice -p TEXT -i -             picture from standard input\n"
          "  ... | pumice -p TEXT                  without a picture: text from standard input, "
          "before TEXT\n"
          "  pumice COMMAND ...                    (pumice COMMAND --help shows its options)\n"
          "\nCommands\n",
          out);
    print_commands(out, "");
    print_options(out, COMMAND_CHAT);
    fputs("\nExit codes\n"
          "  0  answered, or done            1  failed while running\n"
          "  2  wrong usage or prompt        3  model missing, damaged or unfit\n"
          "  4  picture missing or damaged   5  no Vulkan device, or not enough memory\n"
          "  130  interrupted by Ctrl+C      141  the reader of standard output went away\n"
          "\nThe default model lies in $PUMICE_HOME/models, else $XDG_DATA_HOME/pumice/models\n"
          "(~/.local/share/pumice/models); ./setup puts it there.\n"
          "\nExamples\n"
          "  pumice photo.jpg -p \"What is in this picture?\"\n"
          "  pumice --plain holiday/*.jpg\n"
          "  curl -s https://example.org/cat.webp | pumice -i - -p \"What colour is it?\" --json\n"
          "  pumice -m llava-v1.5-7b.gguf --mmproj mmproj.gguf photo.jpg -p \"Describe it.\"\n",
          out);
}

void options_help(const struct options *o, FILE *out)
{
    const struct command *c = o->command;
    if (c->bit == COMMAND_CHAT) {
        print_chat_help(out);
        return;
    }
    fprintf(out, "pumice %s: %s\n\nUsage\n  pumice %s%s%s [OPTION]...\n", c->words, c->help,
            c->words, *c->operands ? " " : "", c->operands);
    if (c->bit == COMMAND_INSPECT || c->bit == COMMAND_MODELS) {
        fputs("\nCommands\n", out);
        print_commands(out, c->words);
    }
    print_options(out, c->bit);
}

#include "app/options.h"

#include <getopt.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

// How many of argv's first words name the command: 0 (the chat), 1 or 2.
static int find_command(const struct command **out, int argc, char **argv)
{
    for (size_t i = 1; i < command_count; i++) {
        const char *space = strchr(command_table[i].words, ' ');
        size_t first = space ? (size_t)(space - command_table[i].words) : 0;
        bool match = space ? argc > 2 && strlen(argv[1]) == first &&
                                 !strncmp(argv[1], command_table[i].words, first) &&
                                 !strcmp(argv[2], space + 1)
                           : argc > 1 && !strcmp(argv[1], command_table[i].words);
        if (match) {
            *out = &command_table[i];
            return space ? 2 : 1;
        }
    }
    *out = &command_table[0];
    return 0;
}

static const char *shown(const struct option_row *row, char room[32])
{
    if (row->letter)
        snprintf(room, 32, "-%c", row->letter);
    else
        snprintf(room, 32, "--%s", row->name);
    return room;
}

// A number as strtod and strtoull read it, without their spaces, signs, hexadecimals and
// infinities.
static bool is_number(const char *text, const char *letters)
{
    return *text && strspn(text, letters) == strlen(text) && *text != 'e' && *text != 'E' &&
           *text != '+';
}

static bool set_number(const struct option_row *row, void *field, const char *text, struct error *e)
{
    char name[32], *end;
    const char *what = row->kind == OPTION_FLOAT ? "a number" : "a whole number";
    bool ok = is_number(text, row->kind == OPTION_FLOAT ? "0123456789.eE+-" : "0123456789-");
    if (row->kind == OPTION_U64) {
        ok = ok && *text != '-' && strspn(text, "0123456789") == strlen(text);
        // strtoull saturates; one number in 2^64 is not worth errno's ceremony.
        unsigned long long value = ok ? strtoull(text, &end, 10) : 0;
        if (!ok || (value == UINT64_MAX && strcmp(text, "18446744073709551615")))
            return error_set(e, ERROR_USAGE,
                             "%s takes a whole number from 0 to 18446744073709551615, not '%s'",
                             shown(row, name), text);
        *(uint64_t *)field = value;
        return true;
    }
    double value = ok ? strtod(text, &end) : 0;
    if (!ok || *end || !isfinite(value) || value < row->least || value > row->most)
        return error_set(e, ERROR_USAGE, "%s takes %s from %.0f to %.0f, not '%s'",
                         shown(row, name), what, row->least, row->most, text);
    if (row->kind == OPTION_FLOAT)
        *(float *)field = (float)value;
    else
        *(uint32_t *)field = (uint32_t)value;
    return true;
}

// "6G", "512M", "1.5G", "700000000".
static bool set_size(const struct option_row *row, uint64_t *field, const char *text,
                     struct error *e)
{
    static const char units[] = "KMGT";
    size_t digits = strspn(text, "0123456789.");
    const char *unit = text[digits] ? strchr(units, text[digits]) : NULL;
    char *end;
    double value = digits > 0 ? strtod(text, &end) : -1;
    if (unit)
        value *= (double)(1ull << 10 * (unit - units + 1));
    if (digits == 0 || end != text + digits || strlen(text) != digits + (unit != NULL) ||
        !(value >= row->least && value <= row->most))
        return error_set(e, ERROR_USAGE, "--%s takes a size such as 512M or 6G, not '%s'",
                         row->name, text);
    *field = (uint64_t)value;
    return true;
}

// The choices are what --help shows: "auto|always|never".
static bool set_choice(const struct option_row *row, uint32_t *field, const char *text,
                       struct error *e)
{
    size_t size = strlen(text);
    uint32_t i = 0;
    for (const char *at = row->argument; *at; at += *at == '|', i++) {
        size_t length = strcspn(at, "|");
        if (length == size && !strncmp(at, text, size)) {
            *field = i;
            return true;
        }
        at += length;
    }
    return error_set(e, ERROR_USAGE, "--%s takes %s, not '%s'", row->name, row->argument, text);
}

static bool set_option(struct options *o, const struct option_row *row, const char *text,
                       struct error *e)
{
    void *field = (char *)o + row->offset;
    if (!(row->commands & o->command->bit)) {
        char name[32];
        if (o->command->bit == COMMAND_CHAT)
            return error_set(e, ERROR_USAGE, "%s needs a command before it; see pumice --help",
                             shown(row, name));
        return error_set(e, ERROR_USAGE, "'pumice %s' does not take %s; see pumice %s --help",
                         o->command->words, shown(row, name), o->command->words);
    }
    switch (row->kind) {
    case OPTION_FLAG:
        *(bool *)field = true;
        return true;
    case OPTION_COUNT:
        ++*(uint32_t *)field;
        return true;
    case OPTION_TEXT:
        *(const char **)field = text;
        return true;
    case OPTION_LIST:
        o->pictures[o->n_pictures++] = text;
        return true;
    case OPTION_CHOICE:
        return set_choice(row, field, text, e);
    case OPTION_SIZE:
        return set_size(row, field, text, e);
    case OPTION_U64:
        o->seed_given = true;
        return set_number(row, field, text, e);
    case OPTION_U32:
    case OPTION_FLOAT:
        return set_number(row, field, text, e);
    }
    return false;
}

// A single word that is no file looks like a command that does not exist (yet), not like a picture.
static bool looks_like_command(const char *text)
{
    return *text && strspn(text, "abcdefghijklmnopqrstuvwxyz") == strlen(text) &&
           access(text, F_OK) != 0;
}

static bool add_operand(struct options *o, const char *text, size_t *count, struct error *e)
{
    if (o->command->bit == COMMAND_CHAT) {
        if (looks_like_command(text))
            return error_set(e, ERROR_USAGE,
                             "there is no picture and no command '%s' (a command comes first); see "
                             "pumice --help",
                             text);
        o->pictures[o->n_pictures++] = text;
        return true;
    }
    if (o->command->bit == COMMAND_INSPECT)
        return error_set(e, ERROR_USAGE,
                         "there is no 'inspect %s': it takes model, tokens, pixels, rows or logits",
                         text);
    if (*count >= o->command->n_operands)
        return error_set(e, ERROR_USAGE, "'pumice %s' has no use for '%s'; see pumice %s --help",
                         o->command->words, text, o->command->words);
    o->operands[(*count)++] = text;
    return true;
}

static bool bad_option(int code, int argc, char **argv, struct error *e)
{
    const char *text = optind > 0 && optind <= argc ? argv[optind - 1] : "";
    bool is_long = !strncmp(text, "--", 2);
    if (code == ':' && is_long)
        return error_set(e, ERROR_USAGE, "%s needs a value; see pumice --help", text);
    if (code == ':')
        return error_set(e, ERROR_USAGE, "-%c needs a value; see pumice --help", optopt);
    if (!is_long && optopt)
        return error_set(e, ERROR_USAGE, "there is no option -%c; see pumice --help", optopt);
    for (size_t i = 0; optopt && i < option_count; i++)
        if (optopt == option_table[i].letter || optopt == 256 + (int)i)
            return error_set(e, ERROR_USAGE, "--%s takes no value", option_table[i].name);
    return error_set(
        e, ERROR_USAGE,
        "there is no option '%s', or it is not clear which one is meant; see pumice --help", text);
}

// getopt takes a name's beginning for the name, but what --chat means must not depend on which
// options there are. The word is the last that was read, or the one before its value.
static bool is_whole(const struct option_row *row, char **argv, struct error *e)
{
    const char *word = argv[optind - (row->argument && optarg == argv[optind - 1] ? 2 : 1)] + 2;
    size_t size = strcspn(word, "=");
    if (strlen(row->name) == size && !memcmp(word, row->name, size))
        return true;
    return error_set(e, ERROR_USAGE, "there is no option --%.*s; --%s begins like it", (int)size,
                     word, row->name);
}

static const struct option_row *find_row(int code)
{
    for (size_t i = 0; i < option_count; i++)
        if (code == 256 + (int)i || (option_table[i].letter && code == option_table[i].letter))
            return &option_table[i];
    return NULL;
}

static void fill_getopt(struct option *longs, char *shorts)
{
    // '-': operands come in their order among the options; ':': we word the messages.
    *shorts++ = '-';
    *shorts++ = ':';
    for (size_t i = 0; i < option_count; i++) {
        const struct option_row *row = &option_table[i];
        longs[i] = (struct option){row->name, row->argument ? required_argument : no_argument, NULL,
                                   256 + (int)i};
        if (row->letter)
            *shorts++ = row->letter;
        if (row->letter && row->argument)
            *shorts++ = ':';
    }
    longs[option_count] = (struct option){0};
    *shorts = '\0';
}

// What only the whole command line can tell.
static bool check(const struct options *o, size_t n_operands, struct error *e)
{
    size_t from_input = 0;
    for (size_t i = 0; i < o->n_pictures; i++)
        from_input += !strcmp(o->pictures[i], "-");
    if (o->command->bit == COMMAND_INSPECT)
        return error_set(e, ERROR_USAGE,
                         "say what to inspect: model, tokens, pixels, rows or logits");
    if (n_operands < o->command->n_operands)
        return error_set(e, ERROR_USAGE, "'pumice %s' takes %s", o->command->words,
                         o->command->operands);
    if (from_input > 1)
        return error_set(e, ERROR_USAGE, "standard input (-) can be only one picture");
    if (o->command->bit == COMMAND_CHAT && !o->prompt && from_input)
        return error_set(e, ERROR_USAGE,
                         "a chat reads its questions from standard input: ask with -p TEXT, or "
                         "give the picture as a file");
    if (o->plain && o->prompt)
        return error_set(e, ERROR_USAGE, "-p asks once and --plain chats: leave out one of them");
    return true;
}

bool options_parse(struct options *o, int argc, char **argv, struct error *e)
{
    *o = (struct options){.context = 4096,
                          .max_tokens = 1024,
                          .gpu_layers = (uint32_t)GPU_LAYERS_AUTO,
                          .temperature = 0.2f,
                          .top_p = 0.7f,
                          .repeat_penalty = 1};
    struct option longs[OPTION_MOST + 1];
    char shorts[2 * OPTION_MOST + 3];
    fill_getopt(longs, shorts);
    o->pictures = calloc((size_t)argc + 1, sizeof(*o->pictures));
    if (!o->pictures)
        return error_no_memory(e);
    int words = find_command(&o->command, argc, argv);
    argc -= words;
    argv += words;

    size_t operands = 0;
    opterr = 0;
    optind = 0;
    for (int code; (code = getopt_long(argc, argv, shorts, longs, NULL)) != -1;) {
        if (code == '?' || code == ':')
            return bad_option(code, argc, argv, e);
        if (code >= 256 && !is_whole(&option_table[code - 256], argv, e))
            return false;
        if (code == 1 ? !add_operand(o, optarg, &operands, e)
                      : !set_option(o, find_row(code), optarg, e))
            return false;
        if (o->help || o->version)
            return true;
    }
    for (; optind < argc; optind++)
        if (!add_operand(o, argv[optind], &operands, e))
            return false;
    return check(o, operands, e);
}

void options_finish(struct options *o)
{
    free(o->pictures);
    o->pictures = NULL;
    o->n_pictures = 0;
}

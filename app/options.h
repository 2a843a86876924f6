// The command line. One table (options.c) says what every option is called, takes and means, its
// range and the commands that take it; parsing and --help are made from it. A second table lists
// the commands.
//
// Nothing is copied: texts of a parsed `struct options` point into argv, which must outlive it;
// only the list of pictures is the struct's own (options_finish). Not thread-safe (getopt).
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "base/error.h"

struct app;

// One bit a command, so that a row of the option table can say who takes it.
enum command_bit {
    COMMAND_CHAT = 1 << 0, // no word: a chat, or one answer with -p
    COMMAND_MODELS = 1 << 1,
    COMMAND_COMPOSE = 1 << 2,
    COMMAND_DEVICES = 1 << 3,
    COMMAND_BENCH = 1 << 4,
    COMMAND_INSPECT = 1 << 5, // the bare word, which needs another one
    COMMAND_INSPECT_MODEL = 1 << 6,
    COMMAND_INSPECT_TOKENS = 1 << 7,
    COMMAND_INSPECT_PIXELS = 1 << 8,
    COMMAND_INSPECT_ROWS = 1 << 9,
    COMMAND_INSPECT_LOGITS = 1 << 10,
    COMMAND_CHECK = 1 << 11,
};

struct command {
    const char *words; // "inspect rows"; "" for the chat
    enum command_bit bit;
    const char *operands; // as --help shows them
    const char *help;
    size_t n_operands; // exactly as many (of the chat: pictures, any number)
};

enum { GPU_LAYERS_AUTO = -1 };

enum color_when { COLOR_AUTO, COLOR_ALWAYS, COLOR_NEVER };

struct options {
    const struct command *command;
    const char **pictures; // of the chat: -i and operands, in order of appearance
    size_t n_pictures;
    const char *operands[3];

    const char *prompt, *system;
    const char *model, *mmproj, *device, *chat_template;
    const char *output, *ids, *force, *compare;
    uint32_t context, max_tokens, top_k, repeat;
    float temperature, top_p, min_p, repeat_penalty;
    uint64_t seed;
    bool seed_given;
    uint64_t device_memory; // 0: not given
    uint32_t gpu_layers;    // GPU_LAYERS_AUTO: not given
    bool dry_run, measure, plain, json, no_save, quiet, raw_prompt, help, version;
    uint32_t verbose; // how often -v
    uint32_t kv;      // enum kv_type
    enum color_when color;
    uint32_t protocol; // of pictures on the screen: enum picture_protocol (ui/term.h)
};

// Fails with ERROR_USAGE: unknown option or command, one that the command does not take, a value
// that is missing, not a number or out of range. With help or version set nothing else is checked.
bool options_parse(struct options *o, int argc, char **argv, struct error *e);
void options_finish(struct options *o); // fine on a zeroed struct

// --help for the parsed command: what it takes, with exit codes and examples where they belong.
void options_help(const struct options *o, FILE *out);

// ---- the tables (option_table.c)

enum { OPTION_MOST = 64 }; // rows at most

enum option_kind {
    OPTION_FLAG,  // bool
    OPTION_COUNT, // uint32_t, counts how often
    OPTION_TEXT,  // const char *
    OPTION_LIST,  // a picture
    OPTION_U32,
    OPTION_U64,
    OPTION_FLOAT,
    OPTION_SIZE,   // uint64_t, bytes: 512M, 6G
    OPTION_CHOICE, // uint32_t or an enum: which of the words of `argument`, from 0
};

struct option_row {
    const char *name;     // without the dashes
    char letter;          // 0: none
    const char *argument; // as --help shows it; NULL: takes none
    enum option_kind kind;
    size_t offset;      // of the field in struct options
    double least, most; // of numbers
    unsigned commands;
    const char *group;
    const char *help;
};

extern const struct option_row option_table[];
extern const size_t option_count;
extern const struct command command_table[];
extern const size_t command_count;

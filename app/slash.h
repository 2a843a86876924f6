// The slash commands of a chat: their names and words, one table for help, completion and both
// chats. What a command does is the chat's: screen_commands.c, plain_commands.c. Pure.
#pragma once

#include <stdbool.h>
#include <stddef.h>

enum slash {
    SLASH_HELP,
    SLASH_IMAGE,
    SLASH_IMAGES,
    SLASH_DROP,
    SLASH_MOVE,
    SLASH_PASTE,
    SLASH_VIEW,
    SLASH_CLEAR,
    SLASH_NEW,
    SLASH_REGEN,
    SLASH_EDIT,
    SLASH_UNDO,
    SLASH_SYSTEM,
    SLASH_SET,
    SLASH_SHOW,
    SLASH_MODEL,
    SLASH_EXPORT,
    SLASH_COPY,
    SLASH_EDITOR,
    SLASH_STATS,
    SLASH_QUIT,
    SLASH_COUNT,
};

struct slash_command {
    const char *name; // without the slash
    const char *argument;
    const char *help;
};
extern const struct slash_command slash_table[SLASH_COUNT];

// The command of `line` ("/name argument") and where its argument begins; SLASH_COUNT: there is
// none of that name.
enum slash slash_find(const char *line, const char **argument);
// A number from 1 to `most`; 0: the argument is none.
size_t slash_number(const char *argument, size_t most);
// Two of them, each from 1 to `most`. False: it is anything else.
bool slash_numbers(const char *argument, size_t most, size_t *first, size_t *second);

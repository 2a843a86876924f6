// The line by line chat, apart from how it is started, so that tests can drive it: a console, a
// backend and a chat (all borrowed) are enough.
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "app/answer.h"
#include "app/backend.h"
#include "app/chat.h"
#include "app/console.h"
#include "base/error.h"

struct plain {
    struct answer_how how;
    struct chat *chat;
    const char *blind; // why pictures cannot be shown; NULL: they can
    bool quit;
};

// Reads and answers until the end of input or /quit. Fails only with what ends the chat: Ctrl+C at
// the prompt, standard output that cannot be written. Anything else is told, and the chat goes on.
bool plain_loop(struct plain *p, struct error *e);

// Answers the last question of the chat, again when room had to be made. A failure leaves the
// question out of the chat, its pictures waiting.
bool plain_answer(struct plain *p, struct error *e);

// A typed path becomes a waiting picture.
bool plain_attach(struct plain *p, const char *typed, struct error *e);

// ---- slash commands (slash.c)

struct slash_command {
    const char *name; // without the slash
    const char *argument;
    const char *help;
    bool (*run)(struct plain *p, const char *argument, struct error *e); // argument: "" when none
};
extern const struct slash_command slash_table[];
extern const size_t slash_count;

// The command that `line` ("/name argument") names, and its argument; NULL: there is none.
const struct slash_command *slash_find(const char *line, const char **argument);

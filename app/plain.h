// The line by line chat, apart from how it is started, so that tests can drive it: a console, a
// backend and a chat (all borrowed) are enough.
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "app/answer.h"
#include "app/backend.h"
#include "app/chat.h"
#include "app/console.h"
#include "app/slash.h"
#include "base/error.h"

// Of the last answer.
struct plain_stats {
    uint32_t prompt, cached, said; // tokens
    double prefill_ms, said_ms;
};

struct plain {
    struct answer_how how;
    struct chat *chat;
    const char *blind; // why pictures cannot be shown; NULL: they can
    bool quit;
    struct buffer taken; // the question that /edit took back; whoever runs the loop frees it
    struct plain_stats stats;
};

// Reads and answers until the end of input or /quit. Fails only with what ends the chat: Ctrl+C at
// the prompt, standard output that cannot be written. Anything else is told, and the chat goes on.
bool plain_loop(struct plain *p, struct error *e);

// Answers the last question of the chat, again when room had to be made. A failure leaves the
// question out of the chat, its pictures waiting.
bool plain_answer(struct plain *p, struct error *e);

// A typed path becomes a waiting picture.
bool plain_attach(struct plain *p, const char *typed, struct error *e);

// A picture that was read becomes a waiting one; the reference is taken over.
bool plain_take(struct plain *p, struct picture *picture, const char *path, struct error *e);
bool plain_ask(struct plain *p, const char *text, struct error *e);

// ---- plain_commands.c
bool plain_command(struct plain *p, enum slash command, const char *argument, struct error *e);

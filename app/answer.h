// One answer: brings the backend to the conversation, takes token after token, streams the text
// when asked to and keeps the figures for --json. Used by one-shot and chat alike. Main thread.
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "app/backend.h"
#include "app/chat.h"
#include "app/console.h"
#include "app/generate.h"
#include "app/progress.h"
#include "base/buffer.h"

struct answer_how {
    struct backend *backend;
    struct console *console;
    struct progress *progress;
    struct sampling sampling;
    uint32_t max_tokens;
    bool json; // nothing is streamed
};

struct answer {
    struct buffer text;        // cleaned, without blanks around it
    size_t written;            // of text, streamed already
    struct sync_report report; // its arrays are the answer's own copies
    struct generated said;
};

// Answers the last question of the chat; the answer becomes its next turn. On Ctrl+C it is true
// with END_STOPPED as soon as there was a token, else ERROR_INTERRUPTED. After a failure the
// chat may hold a part of an answer (chat_undo_answer). What was streamed ends with one newline.
// `e` is not NULL.
bool answer_run(struct answer *a, const struct answer_how *how, struct chat *chat, struct error *e);
void answer_finish(struct answer *a); // fine on a zeroed struct

// The object of --json, printed as a line.
bool answer_print_json(const struct answer *a, const struct answer_how *how,
                       const struct chat *chat, struct error *e);

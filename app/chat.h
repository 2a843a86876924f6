// A conversation as its user sees it: turns, pictures that wait for the next question, the system
// text. Pure: no terminal, no device. Owns its texts, its lists and one reference to each picture.
// An answer keeps the ids that were sampled for it, so that it is never tokenised again.
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"
#include "engine/engine.h"

struct chat;

struct chat *chat_create(struct error *e);
void chat_destroy(struct chat *c); // NULL allowed

// NULL: the model's own.
bool chat_set_system(struct chat *c, const char *text, struct error *e);
const char *chat_system(const struct chat *c);

// ---- pictures: all of the conversation in order, then those that wait for the next question

// Takes over the reference, also when it fails. `path` is what --json calls it.
bool chat_attach(struct chat *c, struct picture *p, const char *path, struct error *e);
size_t chat_picture_count(const struct chat *c);
struct picture *chat_picture(const struct chat *c, size_t i, const char **path, bool *waiting);
void chat_drop_picture(struct chat *c, size_t i); // i < count; out of its turn, if it has one
size_t chat_waiting_count(const struct chat *c);
// Both below the count: places among those that wait. The others close up.
void chat_move_waiting(struct chat *c, size_t from, size_t to);

// ---- turns

// The next question, with the waiting pictures.
bool chat_ask(struct chat *c, const char *text, struct error *e);
// Takes the last question back (it was not answered): its pictures wait again.
void chat_take_back(struct chat *c);
// Forgets the last question, pictures and all. It has no answer.
void chat_drop_question(struct chat *c);
// Adds to the answer of the last question, which begins with the first call.
bool chat_answer(struct chat *c, const char *text, size_t size, const int32_t *id, struct error *e);
// The last answer is its text alone from now on: its ids spell more than that (struct token, cut).
void chat_forget_ids(struct chat *c);
// Removes the last answer, so that the question is open again. False: there is none.
bool chat_undo_answer(struct chat *c);
size_t chat_turn_count(const struct chat *c); // questions and answers
// Removes the oldest turns; `n` even: whole exchanges. Their pictures go with them.
void chat_forget(struct chat *c, size_t n);
void chat_clear(struct chat *c); // turns and pictures; the system text stays

// The conversation without its oldest `skip` turns, system text first, as a session takes it; lives
// until the chat changes or the next call. NULL: no memory.
const struct message *chat_messages(struct chat *c, size_t skip, size_t *n, struct error *e);

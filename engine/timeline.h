// What a session's cache holds, position by position, and how messages become that: a column is a
// token or one row of a picture.
#pragma once

#include "engine/engine_internal.h"

struct column {
    int32_t token;             // when rows is NULL
    uint32_t row;              // number in `rows`
    struct picture_rows *rows; // borrowed from the list's `pictures`
};

// Columns with the pictures that they hold.
struct columns {
    struct column *list;
    size_t count, room;
    struct picture_rows **rows;      // each picture in order of appearance, held
    const struct picture **pictures; // the same ones, held by whoever made the messages
    size_t n_pictures, picture_room;
};

void columns_finish(struct engine *e, struct columns *c);
bool columns_add_token(struct columns *c, int32_t id, struct error *err);
bool columns_add_picture(struct engine *e, struct columns *c, const struct picture *p,
                         struct error *err);
// Appends all that the messages make, by the engine's template and tokenizer.
bool columns_from_messages(struct engine *e, const struct message *messages, size_t n, bool open,
                           struct columns *c, struct error *err);
// Length of the common prefix.
size_t columns_common(const struct columns *a, const struct columns *b);

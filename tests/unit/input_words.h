// Events of the input parser as words, to be compared.
#pragma once

#include "base/buffer.h"
#include "ui/input.h"

// Adds what is there to the words: "C-a", "M-enter", "paste<...>", "wheel -3 @5,7",
// "reply attributes 62 4".
void take_all(struct input *in, struct buffer *out);
// The same for what comes of that many moments of silence.
void flush(struct input *in, int times, struct buffer *out);

// Bytes in pieces of `piece`, without a pause, then silence: the events are as expected or the test
// fails.
void assert_events(const char *bytes, size_t size, size_t piece, const char *expected);

struct example {
    const char *bytes, *events;
};

// Each example, cut in every size of pieces.
void check_events(const struct example *list, size_t n);
#define CHECK(list) check_events(list, sizeof(list) / sizeof(list[0]))

// Shared by input.c and input_step.c.
#pragma once

#include "base/buffer.h"
#include "ui/input.h"

enum input_state {
    GROUND,
    IN_PASTE,
    IN_STRING,   // OSC, DCS, SOS, PM, APC: replies that nobody asked for; dropped up to ST or BEL
    IN_LONG_CSI, // dropped up to its final byte
};

struct input {
    enum input_state state;
    struct buffer held; // fed and not yet used: held.data[at..held.size)
    size_t at;
    struct buffer paste; // being collected, or of the last event
    struct event second; // found together with the event just given
    int idle;            // calls of input_flush since bytes came
    bool lone_escape;    // the last thing given was a lone ESC that input_flush took for the key
};

// One step on what is held; false: no progress can be made.
bool input_step(struct input *in, struct event *out);
// What was pasted so far is all of it: the event.
bool input_finish_paste(struct input *in, struct event *out);

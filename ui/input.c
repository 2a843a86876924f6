// What has come from the terminal, the events in it, and what becomes of it when no more comes.
#include <stdlib.h>
#include <string.h>

#include "ui/input_internal.h"

enum {
    SEQUENCE_PATIENCE = 20, // calls of input_flush until half a sequence is given up: a second
    PASTE_PATIENCE = 40,    // the same for a paste whose end never comes
};

struct input *input_create(void)
{
    return calloc(1, sizeof(struct input));
}

void input_destroy(struct input *in)
{
    if (!in)
        return;
    buffer_free(&in->held);
    buffer_free(&in->paste);
    free(in);
}

// What was used goes; without this the buffer would grow for as long as something is unfinished.
static void compact(struct input *in)
{
    if (!in->at)
        return;
    in->held.size -= in->at;
    memmove(in->held.data, in->held.data + in->at, in->held.size);
    in->at = 0;
}

// Whether bytes that came after an ESC which was taken for the key look like the rest of a reply.
// Nobody types these at once.
static bool continues_escape(const char *bytes, size_t size)
{
    if (size < 2)
        return false;
    switch (bytes[0]) {
    case '[':
        return (bytes[1] >= '0' && bytes[1] <= '9') || (bytes[1] >= '<' && bytes[1] <= '?');
    case ']':
        return bytes[1] >= '0' && bytes[1] <= '9';
    case 'P':
        return strchr("!>01", bytes[1]) && bytes[1];
    default:
        return false;
    }
}

void input_feed(struct input *in, const char *bytes, size_t size)
{
    compact(in);
    if (in->lone_escape && continues_escape(bytes, size))
        buffer_add(&in->held, "\033", 1);
    in->lone_escape = false;
    buffer_add(&in->held, bytes, size); // without memory the bytes are lost, as on a bad line
    in->idle = 0;
}

bool input_pending(const struct input *in)
{
    return in->at < in->held.size || in->state != GROUND || in->second.kind != EVENT_NONE;
}

bool input_next(struct input *in, struct event *out)
{
    if (in->state != IN_PASTE)
        buffer_free(&in->paste); // may be large, and the event that showed it is over
    *out = in->second;
    in->second = (struct event){.kind = EVENT_NONE};
    while (out->kind == EVENT_NONE && input_step(in, out))
        ;
    return out->kind != EVENT_NONE;
}

bool input_flush(struct input *in, struct event *out)
{
    if (input_next(in, out))
        return true;
    in->idle++;
    if (in->state == IN_PASTE) {
        if (in->idle < PASTE_PATIENCE)
            return false;
        in->at = in->held.size;
        return input_finish_paste(in, out);
    }
    const char *bytes = in->held.data + in->at;
    size_t size = in->held.size - in->at;
    if (in->state == GROUND && size && bytes[0] == '\033') {
        if (size == 1 || bytes[1] == '\033') {
            in->lone_escape = size == 1;
            in->at++;
            *out = (struct event){.kind = EVENT_KEY, .key = INPUT_ESCAPE};
            return true;
        }
        // ESC [ is not among these: it is far more often the beginning of a reply on a slow line.
        if (size == 2 && strchr("O]PX^_", bytes[1])) {
            in->at += 2;
            *out = (struct event){.kind = EVENT_KEY,
                                  .key = INPUT_CHAR,
                                  .code = (unsigned char)bytes[1],
                                  .mods = MOD_ALT};
            return true;
        }
    }
    if (in->idle >= SEQUENCE_PATIENCE) {
        in->at = in->held.size;
        in->state = GROUND;
    }
    return false;
}

// The stream of bytes cut into what it is made of: keys, sequences, pastes, and what is dropped.
#include <string.h>

#include "base/utf8.h"
#include "ui/input_internal.h"
#include "ui/input_sequence.h"

enum {
    SEQUENCE_MOST = 256,   // bytes of a CSI sequence; no terminal sends more
    PASTE_MOST = 16 << 20, // bytes kept of one paste
};

static const char paste_end[] = "\033[201~";
enum { PASTE_END = sizeof(paste_end) - 1 };

bool input_finish_paste(struct input *in, struct event *out)
{
    in->state = GROUND;
    *out = (struct event){
        .kind = EVENT_PASTE, .text = in->paste.data ? in->paste.data : "", .size = in->paste.size};
    return true;
}

static void keep_pasted(struct input *in, const char *bytes, size_t size)
{
    size_t room = PASTE_MOST - in->paste.size;
    if (size)
        buffer_add(&in->paste, bytes, size < room ? size : room);
}

static bool take_paste(struct input *in, struct event *out)
{
    const char *bytes = in->held.data + in->at;
    size_t size = in->held.size - in->at;
    const char *end = memmem(bytes, size, paste_end, PASTE_END);
    if (end) {
        keep_pasted(in, bytes, (size_t)(end - bytes));
        in->at += (size_t)(end - bytes) + PASTE_END;
        return input_finish_paste(in, out);
    }
    // The end mark may have come in part.
    size_t tail = size < PASTE_END - 1 ? size : PASTE_END - 1;
    while (tail && memcmp(bytes + size - tail, paste_end, tail) != 0)
        tail--;
    keep_pasted(in, bytes, size - tail);
    in->at += size - tail;
    return false;
}

// Drops a string; any control character but its own end breaks it off, so that a reply cut short
// never swallows Enter or Ctrl+C. Returns false when there is nothing more to look at.
static bool skip_string(struct input *in)
{
    for (; in->at < in->held.size; in->at++) {
        unsigned char c = (unsigned char)in->held.data[in->at];
        if (c == 0x07) {
            in->at++;
        } else if (c == 0x1b) {
            if (in->at + 1 == in->held.size)
                return false;
            in->at += in->held.data[in->at + 1] == '\\' ? 2 : 0;
        } else if (c >= 0x20) {
            continue;
        }
        in->state = GROUND;
        return true;
    }
    return false;
}

static bool is_final(unsigned char c)
{
    return c >= 0x40 && c < 0x7f;
}

static bool skip_long_csi(struct input *in)
{
    while (in->at < in->held.size) {
        unsigned char c = (unsigned char)in->held.data[in->at];
        if (c >= 0x20 && c < 0x7f)
            in->at++;
        if (c < 0x20 || c >= 0x40) {
            in->state = GROUND;
            return true;
        }
    }
    return false;
}

// The parts of ground state return how many bytes were used; 0: unfinished, more must come.

// bytes[start..) follow ESC [ or ESC O.
static size_t take_sequence(struct input *in, const char *bytes, size_t size, size_t start,
                            struct event *out)
{
    bool csi = bytes[start - 1] == '[';
    size_t i = start;
    while (i < size && i - start < SEQUENCE_MOST && bytes[i] >= 0x20 && bytes[i] < 0x40)
        i++;
    if (i == size)
        return 0;
    if (i - start == SEQUENCE_MOST) {
        in->state = IN_LONG_CSI;
        return i;
    }
    if (!is_final((unsigned char)bytes[i]))
        return i; // broken off: what stands here begins anew
    if (csi && i == start && (bytes[i] == 'M' || bytes[i] == '[')) {
        size_t more = bytes[i] == 'M' ? 3 : 1;
        if (size - i <= more)
            return 0;
        if (more == 3)
            sequence_old_mouse(bytes + i + 1, out);
        else if (bytes[i + 1] >= 'A' && bytes[i + 1] <= 'E') // F1..F5 of the Linux console
            *out = (struct event){.kind = EVENT_KEY, .key = INPUT_F1 + (bytes[i + 1] - 'A')};
        return i + 1 + more;
    }
    i++;
    if (csi && sequence_is_paste_start(bytes + start, i - start)) {
        in->state = IN_PASTE;
        buffer_clear(&in->paste);
    } else if (csi) {
        sequence_csi(bytes + start, i - start, out);
    } else {
        sequence_ss3(bytes + start, i - start, out);
    }
    return i;
}

static size_t take_plain(const char *bytes, size_t size, struct event *out)
{
    unsigned char c = (unsigned char)bytes[0];
    if (c < 0x20 || c == 0x7f) {
        sequence_control(c, out);
        return 1;
    }
    if (utf8_whole(bytes, size < 4 ? size : 4) == 0)
        return 0;
    uint32_t code;
    size_t n = utf8_decode(bytes, size, &code);
    bool broken = n == 1 && c >= 0x80;
    if (!broken && (c < 0x80 || code >= 0xa0)) // C1 controls are no text
        *out = (struct event){.kind = EVENT_KEY, .key = INPUT_CHAR, .code = code};
    return n;
}

static size_t take_escape(struct input *in, const char *bytes, size_t size, struct event *out)
{
    if (size < 2)
        return 0;
    // Two: Alt with a key that is a sequence itself, or the key Escape and then a sequence.
    size_t escapes = bytes[1] == '\033' ? 2 : 1;
    if (size == escapes)
        return 0;
    char c = bytes[escapes];
    if (escapes == 2 && c != '[' && c != 'O') {
        *out = (struct event){.kind = EVENT_KEY, .key = INPUT_ESCAPE};
        return 1;
    }
    size_t used;
    if (c == '[' || c == 'O') {
        used = take_sequence(in, bytes, size, escapes + 1, out);
        if (!used || escapes == 1)
            return used;
        if (out->kind == EVENT_KEY) {
            out->mods |= MOD_ALT;
        } else {
            in->second = *out;
            *out = (struct event){.kind = EVENT_KEY, .key = INPUT_ESCAPE};
        }
        return used;
    }
    if (strchr("]PX^_", c) && c) {
        // Alone it may yet be Alt with that key.
        if (size == 2)
            return 0;
        in->state = IN_STRING;
        return 2;
    }
    used = take_plain(bytes + 1, size - 1, out);
    if (out->kind == EVENT_KEY)
        out->mods |= MOD_ALT;
    return used ? used + 1 : 0;
}

bool input_step(struct input *in, struct event *out)
{
    if (in->at == in->held.size)
        return false;
    switch (in->state) {
    case IN_PASTE:
        return take_paste(in, out);
    case IN_STRING:
        return skip_string(in);
    case IN_LONG_CSI:
        return skip_long_csi(in);
    case GROUND:
        break;
    }
    const char *bytes = in->held.data + in->at;
    size_t size = in->held.size - in->at;
    size_t used =
        bytes[0] == '\033' ? take_escape(in, bytes, size, out) : take_plain(bytes, size, out);
    in->at += used;
    return used > 0;
}

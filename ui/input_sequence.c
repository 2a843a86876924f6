#include "ui/input_sequence.h"

#include <string.h>

enum { MOST_VALUES = (int)(sizeof(((struct event *)0)->values) / sizeof(int)) };
enum { MOST_VALUE = 1000000 };
enum { MOST_MODIFIERS = 256 }; // 1 + all eight bits
enum { WHEEL_ROWS = 3 };       // of one notch

struct parameters {
    char marker; // '<' '=' '>' '?' of a private sequence, or 0
    char final;
    bool plain; // digits and semicolons only
    int count;
    int values[MOST_VALUES]; // those left out are 0
};

static void parse(const char *body, size_t size, struct parameters *p)
{
    *p = (struct parameters){.final = body[size - 1], .plain = true};
    size_t i = 0;
    if (size > 1 && body[0] >= '<' && body[0] <= '?')
        p->marker = body[i++];
    if (i < size - 1)
        p->count = 1;
    for (; i < size - 1; i++) {
        int *value = p->count <= MOST_VALUES ? &p->values[p->count - 1] : NULL;
        if (body[i] == ';')
            p->count++;
        else if (body[i] < '0' || body[i] > '9')
            p->plain = false;
        else if (value && *value < MOST_VALUE)
            *value = *value * 10 + (body[i] - '0');
    }
    if (p->count > MOST_VALUES)
        p->count = MOST_VALUES;
}

static void set_key(struct event *out, enum key key, uint32_t code, unsigned mods)
{
    out->kind = EVENT_KEY;
    out->key = key;
    out->code = code;
    out->mods = mods;
}

// xterm's parameter: 1 + a sum of bits; those of Meta and further ones are taken as Alt.
static unsigned modifiers(int value)
{
    unsigned bits = value > 1 ? (unsigned)(value - 1) : 0;
    return (bits & 1 ? MOD_SHIFT : 0) | (bits & 2 || bits & 8 ? MOD_ALT : 0) |
           (bits & 4 ? MOD_CTRL : 0);
}

// Keys that CSI and SS3 sequences name by their last byte.
static enum key letter_key(char final)
{
    static const struct {
        char final;
        enum key key;
    } table[] = {
        {'A', INPUT_UP},  {'B', INPUT_DOWN}, {'C', INPUT_RIGHT}, {'D', INPUT_LEFT},
        {'F', INPUT_END}, {'H', INPUT_HOME}, {'M', INPUT_ENTER}, {'P', INPUT_F1},
        {'Q', INPUT_F2},  {'R', INPUT_F3},   {'S', INPUT_F4},
    };
    for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++)
        if (table[i].final == final)
            return table[i].key;
    return INPUT_NONE;
}

static enum key tilde_key(int number)
{
    static const enum key table[] = {
        [1] = INPUT_HOME,    [2] = INPUT_INSERT,    [3] = INPUT_DELETE, [4] = INPUT_END,
        [5] = INPUT_PAGE_UP, [6] = INPUT_PAGE_DOWN, [7] = INPUT_HOME,   [8] = INPUT_END,
        [11] = INPUT_F1,     [12] = INPUT_F2,       [13] = INPUT_F3,    [14] = INPUT_F4,
        [15] = INPUT_F5,     [17] = INPUT_F6,       [18] = INPUT_F7,    [19] = INPUT_F8,
        [20] = INPUT_F9,     [21] = INPUT_F10,      [23] = INPUT_F11,   [24] = INPUT_F12,
    };
    return number > 0 && number < (int)(sizeof(table) / sizeof(table[0])) ? table[number]
                                                                          : INPUT_NONE;
}

// A key that the terminal names by its code point (CSI code ; modifiers u, and xterm's
// modifyOtherKeys).
static void code_key(int code, unsigned mods, struct event *out)
{
    if (code == 0 || code > 0x10ffff || (code >= 0xd800 && code < 0xe000) ||
        (code > 127 && code < 160))
        return;
    if (code < 32 || code == 127) {
        struct event plain = {.kind = EVENT_NONE};
        if (code == 27)
            set_key(&plain, INPUT_ESCAPE, 0, 0);
        else
            sequence_control((unsigned char)code, &plain);
        set_key(out, plain.key, plain.code, plain.mods | mods);
        return;
    }
    if (mods & MOD_CTRL && code >= 'A' && code <= 'Z')
        code += 'a' - 'A';
    set_key(out, INPUT_CHAR, (uint32_t)code, mods);
}

static void mouse(int button, int col, int row, struct event *out)
{
    if (!(button & 64) || (button & 3) > 1 || button & 128 || col < 1 || row < 1)
        return; // clicks are the terminal's own; only wheels up and down are asked for
    out->kind = EVENT_WHEEL;
    out->rows = button & 1 ? WHEEL_ROWS : -WHEEL_ROWS;
    out->row = row - 1;
    out->col = col - 1;
}

static void reply(const struct parameters *p, enum reply_kind kind, struct event *out)
{
    out->kind = EVENT_REPLY;
    out->reply = kind;
    out->n_values = p->count;
    memcpy(out->values, p->values, sizeof(out->values));
}

static void private_sequence(const struct parameters *p, struct event *out)
{
    enum reply_kind kind = REPLY_OTHER;
    if (p->marker == '<') {
        if (p->plain && p->count == 3 && p->final == 'M')
            mouse(p->values[0], p->values[1], p->values[2], out);
        return;
    }
    if (p->marker == '?' && p->plain && p->final == 'c' && p->count > 0)
        kind = REPLY_ATTRIBUTES;
    else if (p->marker == '?' && p->plain && p->final == 'S' && p->count >= 2)
        kind = REPLY_GRAPHICS;
    reply(p, kind, out);
}

static bool is_cell_report(const struct parameters *p)
{
    return p->plain && p->count == 3 &&
           (p->values[0] == 4 || p->values[0] == 6 || p->values[0] == 8);
}

// Answers that look like keys but for their last byte.
static bool public_reply(const struct parameters *p, struct event *out)
{
    // R is also Shift+F3 and the like in xterm, but a cursor's place must not become a key.
    if (!strchr("tRcny", p->final))
        return false;
    reply(p, p->final == 't' && is_cell_report(p) ? REPLY_CELLS : REPLY_OTHER, out);
    return true;
}

void sequence_csi(const char *body, size_t size, struct event *out)
{
    struct parameters p;
    parse(body, size, &p);
    if (p.marker) {
        private_sequence(&p, out);
        return;
    }
    if (public_reply(&p, out) || !p.plain || p.values[1] > MOST_MODIFIERS)
        return;
    const unsigned mods = modifiers(p.values[1]);
    switch (p.final) {
    case 'Z':
        set_key(out, INPUT_TAB, 0, mods | MOD_SHIFT);
        break;
    case 'u':
        code_key(p.values[0], mods, out);
        break;
    case '^': // rxvt's Ctrl
    case '~':
        if (p.count == 3 && p.values[0] == 27)
            code_key(p.values[2], mods, out);
        else if (tilde_key(p.values[0]))
            set_key(out, tilde_key(p.values[0]), 0, mods | (p.final == '^' ? MOD_CTRL : 0));
        break;
    default:
        if (letter_key(p.final) && p.final != 'M')
            set_key(out, letter_key(p.final), 0, mods);
    }
}

void sequence_ss3(const char *body, size_t size, struct event *out)
{
    struct parameters p;
    parse(body, size, &p);
    if (p.plain && !p.marker && letter_key(p.final))
        set_key(out, letter_key(p.final), 0, modifiers(p.values[p.count > 1]));
}

void sequence_old_mouse(const char bytes[3], struct event *out)
{
    const unsigned char *b = (const unsigned char *)bytes;
    mouse(b[0] - 32, b[1] - 32, b[2] - 32, out);
}

void sequence_control(unsigned char byte, struct event *out)
{
    switch (byte) {
    case 0x00:
        set_key(out, INPUT_CHAR, ' ', MOD_CTRL);
        break;
    case 0x08:
    case 0x7f:
        set_key(out, INPUT_BACKSPACE, 0, 0);
        break;
    case 0x09:
        set_key(out, INPUT_TAB, 0, 0);
        break;
    case 0x0d:
        set_key(out, INPUT_ENTER, 0, 0);
        break;
    default: // the key is the one 64 further on, letters as small ones
        set_key(out, INPUT_CHAR, byte + (byte < 0x1b ? 0x60u : 0x40u), MOD_CTRL);
    }
}

bool sequence_is_paste_start(const char *body, size_t size)
{
    return size == 4 && memcmp(body, "200~", 4) == 0;
}

#include "ui/text.h"

#include <stdlib.h>
#include <string.h>

#include <utf8proc.h>

#include "base/array.h"
#include "base/utf8.h"

enum {
    VARIATION_EMOJI = 0xfe0f,
    REGIONAL_FIRST = 0x1f1e6,
    REGIONAL_LAST = 0x1f1ff,
    TAB_CELLS = 4,
    MARKS_MOST = 3, // spacing marks that get cells
};

static bool plain(char c)
{
    return c >= 0x20 && c < 0x7f;
}

static bool regional(uint32_t c)
{
    return c >= REGIONAL_FIRST && c <= REGIONAL_LAST;
}

// Unicode lists these as bases of emoji presentation sequences.
static bool takes_emoji_look(uint32_t c)
{
    return (c >= '0' && c <= '9') || c == '#' || c == '*' ||
           utf8proc_get_property((utf8proc_int32_t)c)->boundclass ==
               UTF8PROC_BOUNDCLASS_EXTENDED_PICTOGRAPHIC;
}

// Vowel signs of Indic scripts and the like: terminals give each a cell of its own.
static bool spacing_mark(uint32_t c)
{
    return utf8proc_category((utf8proc_int32_t)c) == UTF8PROC_CATEGORY_MC;
}

// What is no text is shown as U+FFFD by whoever draws, which takes a cell.
static int code_width(uint32_t c)
{
    if (c == '\n')
        return 0;
    if (c == '\t' || utf8_harmful(c))
        return 1;
    return spacing_mark(c) ? 1 : utf8proc_charwidth((utf8proc_int32_t)c);
}

size_t text_grapheme(const char *text, size_t size, int *cells)
{
    if (plain(text[0]) && (size == 1 || (signed char)text[1] >= 0)) {
        *cells = 1;
        return 1;
    }
    uint32_t first, before, code;
    size_t n = utf8_decode(text, size, &first);
    int width = code_width(first), marks = 0;
    utf8proc_int32_t state = 0;
    before = first;
    while (n < size) {
        size_t more = utf8_decode(text + n, size - n, &code);
        // Not even a CR and its LF are one: both are on their own wherever they slip in.
        if (code_width(before) == 1 && before < 0x20)
            break;
        if (utf8proc_grapheme_break_stateful((utf8proc_int32_t)before, (utf8proc_int32_t)code,
                                             &state))
            break;
        int w = code_width(code);
        if ((code == VARIATION_EMOJI && takes_emoji_look(before)) ||
            (regional(before) && regional(code)))
            w = 2;
        marks += spacing_mark(code);
        width = w > width ? w : width;
        before = code;
        n += more;
    }
    width = width < 0 ? 0 : width > 2 ? 2 : width;
    *cells = marks > MARKS_MOST ? width + MARKS_MOST : width + marks;
    return n;
}

int text_width(const char *text, size_t size)
{
    int total = 0;
    for (size_t i = 0; i < size;) {
        int cells;
        i += text_grapheme(text + i, size - i, &cells);
        total += cells;
    }
    return total;
}

size_t text_fit(const char *text, size_t size, int cells, int *used)
{
    size_t i = 0;
    *used = 0;
    while (i < size) {
        int w;
        size_t n = text_grapheme(text + i, size - i, &w);
        if (*used + w > cells)
            break;
        *used += w;
        i += n;
    }
    return i;
}

// Whether no rule ever joins `code` to a neighbour that is such a one, too.
static bool stands_alone(uint32_t code)
{
    int c = utf8proc_get_property((utf8proc_int32_t)code)->boundclass;
    return c == UTF8PROC_BOUNDCLASS_OTHER || c == UTF8PROC_BOUNDCLASS_CONTROL ||
           c == UTF8PROC_BOUNDCLASS_LV || c == UTF8PROC_BOUNDCLASS_LVT;
}

static size_t code_before(const char *text, size_t at, uint32_t *code)
{
    size_t from = at - 1;
    while (from > 0 && at - from < 4 && ((unsigned char)text[from] & 0xc0) == 0x80)
        from--;
    return from + utf8_decode(text + from, at - from, code) == at ? from : at - 1;
}

size_t text_back(const char *text, size_t at)
{
    // Back to where a cluster certainly begins, and on from there.
    uint32_t code = 0, after = 0;
    size_t from = at;
    for (size_t begin; from > 0; from = begin, after = code) {
        begin = code_before(text, from, &code);
        if (from < at && stands_alone(code) && stands_alone(after))
            break;
    }
    for (;;) {
        int cells;
        size_t n = text_grapheme(text + from, at - from, &cells);
        if (from + n >= at)
            return from;
        from += n;
    }
}

// ---- styled text

void styled_finish(struct styled *s)
{
    free(s->text);
    free(s->runs);
    *s = (struct styled){0};
}

static bool reserve(struct styled *s, size_t more)
{
    size_t need = s->size + more + 1;
    if (need <= s->room)
        return true;
    size_t room = s->room + s->room / 2 > need ? s->room + s->room / 2 : need + 64;
    char *text = realloc(s->text, room);
    if (!text)
        return false;
    s->text = text;
    s->room = room;
    return true;
}

static bool same_style(struct style a, struct style b)
{
    return a.role == b.role && a.flags == b.flags;
}

static bool begin_run(struct styled *s, struct style style)
{
    if (s->n_runs > 0 && same_style(s->runs[s->n_runs - 1].style, style))
        return true;
    struct text_run *runs = array_reserve(s->runs, s->n_runs, &s->run_room, sizeof(*runs));
    if (!runs)
        return false;
    s->runs = runs;
    s->runs[s->n_runs++] = (struct text_run){s->size, style};
    return true;
}

// Columns from the last newline to the end.
static int column(const struct styled *s)
{
    const char *newline = s->size ? memrchr(s->text, '\n', s->size) : NULL;
    const char *line = newline ? newline + 1 : s->text;
    return s->size ? text_width(line, (size_t)(s->text + s->size - line)) : 0;
}

static bool add_spaces(struct styled *s, int n)
{
    if (!reserve(s, (size_t)n))
        return false;
    memset(s->text + s->size, ' ', (size_t)n);
    s->size += (size_t)n;
    s->text[s->size] = '\0';
    return true;
}

bool styled_add(struct styled *s, const char *text, size_t size, struct style style)
{
    if (size == 0)
        return true;
    if (!begin_run(s, style))
        return false;
    while (size > 0) {
        const char *tab = memchr(text, '\t', size);
        size_t n = tab ? (size_t)(tab - text) : size;
        if (!reserve(s, 3 * n))
            return false;
        s->size += utf8_clean(s->text + s->size, 3 * n + 1, text, n);
        if (!tab)
            return true;
        if (!add_spaces(s, TAB_CELLS - column(s) % TAB_CELLS))
            return false;
        text += n + 1;
        size -= n + 1;
    }
    return true;
}

bool styled_add_part(struct styled *s, const struct styled *from, size_t begin, size_t end)
{
    for (size_t i = styled_run(from, begin); begin < end; i++) {
        size_t next =
            i + 1 < from->n_runs && from->runs[i + 1].at < end ? from->runs[i + 1].at : end;
        if (!styled_add(s, from->text + begin, next - begin, from->runs[i].style))
            return false;
        begin = next;
    }
    return true;
}

void styled_cut(struct styled *s, size_t size)
{
    if (size >= s->size)
        return;
    s->size = size;
    s->text[size] = '\0';
    while (s->n_runs > 0 && s->runs[s->n_runs - 1].at >= size)
        s->n_runs--;
}

size_t styled_run(const struct styled *s, size_t at)
{
    size_t low = 0, high = s->n_runs;
    while (high - low > 1) {
        size_t middle = low + (high - low) / 2;
        if (s->runs[middle].at <= at)
            low = middle;
        else
            high = middle;
    }
    return low;
}

struct style styled_at(const struct styled *s, size_t at)
{
    return s->n_runs ? s->runs[styled_run(s, at)].style : (struct style){STYLE_TEXT, 0};
}

#include <curses.h>

#include "ui/term_internal.h"
#include "ui/theme.h"

static attr_t attributes_of(const struct term *t, unsigned flags)
{
    attr_t a = A_NORMAL;
    a |= flags & EMPHASIS_BOLD ? A_BOLD : 0;
    a |= flags & EMPHASIS_ITALIC ? (t->italic ? A_ITALIC : A_UNDERLINE) : 0;
    a |= flags & EMPHASIS_UNDERLINE ? A_UNDERLINE : 0;
    a |= flags & EMPHASIS_REVERSE ? A_REVERSE : 0;
    // curses cannot strike text through.
    a |= flags & (LOOK_DIM | EMPHASIS_STRIKE) ? A_DIM : 0;
    return a;
}

void term_load_theme(struct term *t)
{
    // In "direct" terminals colours are no palette; the first eight are the usual ones there too.
    const int colors = t->colors > 256 ? 8 : t->colors;
    for (int role = 0; role < STYLE_COUNT; role++) {
        struct theme_look look = theme_look(t->theme, (enum style_role)role, colors);
        bool plain = look.fg < 0 && look.bg < 0;
        t->looks[role].attributes = attributes_of(t, look.flags);
        t->looks[role].pair = (short)(plain ? 0 : role + 1);
        if (!plain)
            init_pair((short)(role + 1), look.fg, look.bg);
    }
}

void term_style(const struct term *t, struct style s, uint32_t *attributes, short *pair)
{
    const unsigned role = s.role < STYLE_COUNT ? s.role : STYLE_TEXT;
    *attributes = t->looks[role].attributes | attributes_of(t, s.flags);
    *pair = t->looks[role].pair;
}

static bool add_color(struct buffer *out, int color, int base)
{
    if (color < 0)
        return true;
    return color < 8 ? buffer_printf(out, ";%d", base + color)
                     : buffer_printf(out, ";%d;5;%d", base + 8, color);
}

bool term_sgr(struct buffer *out, uint32_t attributes, short pair)
{
    short fg = -1, bg = -1;
    if (pair)
        pair_content(pair, &fg, &bg);
    return buffer_add_text(out, "\033[0") &&
           buffer_add_text(out, attributes & A_BOLD ? ";1" : "") &&
           buffer_add_text(out, attributes & A_DIM ? ";2" : "") &&
           buffer_add_text(out, attributes & A_ITALIC ? ";3" : "") &&
           buffer_add_text(out, attributes & A_UNDERLINE ? ";4" : "") &&
           buffer_add_text(out, attributes & A_REVERSE ? ";7" : "") && add_color(out, fg, 30) &&
           add_color(out, bg, 40) && buffer_add_text(out, "m");
}

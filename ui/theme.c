#include "ui/theme.h"

enum { NONE = -1, BLACK = 0, RED = 1, YELLOW = 3, BLUE = 4, CYAN = 6 };

// Entries of the 256-colour palette: greys from 232 (black) to 255, and a cube of 6 x 6 x 6.
static const struct theme_look dark[STYLE_COUNT] = {
    [STYLE_TEXT] = {NONE, NONE, 0},
    [STYLE_DIM] = {245, NONE, 0},
    [STYLE_ACCENT] = {110, NONE, 0},
    [STYLE_HEADING] = {110, NONE, EMPHASIS_BOLD},
    [STYLE_CODE] = {252, 236, 0},
    [STYLE_QUOTE] = {248, NONE, EMPHASIS_ITALIC},
    [STYLE_ERROR] = {174, NONE, EMPHASIS_BOLD},
    [STYLE_BAR] = {250, 236, 0},
    [STYLE_CHIP] = {110, 237, 0},
    [STYLE_MATCH] = {16, 179, 0},
    [STYLE_BOX] = {241, NONE, 0},
};

static const struct theme_look light[STYLE_COUNT] = {
    [STYLE_TEXT] = {NONE, NONE, 0},
    [STYLE_DIM] = {242, NONE, 0},
    [STYLE_ACCENT] = {25, NONE, 0},
    [STYLE_HEADING] = {25, NONE, EMPHASIS_BOLD},
    [STYLE_CODE] = {236, 254, 0},
    [STYLE_QUOTE] = {240, NONE, EMPHASIS_ITALIC},
    [STYLE_ERROR] = {124, NONE, EMPHASIS_BOLD},
    [STYLE_BAR] = {238, 254, 0},
    [STYLE_CHIP] = {25, 253, 0},
    [STYLE_MATCH] = {16, 222, 0},
    [STYLE_BOX] = {247, NONE, 0},
};

// Of the eight colours that the user chose for the terminal only these; the accent is per theme.
static const struct theme_look few[STYLE_COUNT] = {
    [STYLE_TEXT] = {NONE, NONE, 0},
    [STYLE_DIM] = {NONE, NONE, LOOK_DIM},
    [STYLE_ACCENT] = {CYAN, NONE, 0},
    [STYLE_HEADING] = {CYAN, NONE, EMPHASIS_BOLD},
    [STYLE_CODE] = {NONE, NONE, EMPHASIS_BOLD},
    [STYLE_QUOTE] = {NONE, NONE, LOOK_DIM | EMPHASIS_ITALIC},
    [STYLE_ERROR] = {RED, NONE, EMPHASIS_BOLD},
    [STYLE_BAR] = {NONE, NONE, EMPHASIS_REVERSE},
    [STYLE_CHIP] = {CYAN, NONE, EMPHASIS_REVERSE},
    [STYLE_MATCH] = {BLACK, YELLOW, 0},
    [STYLE_BOX] = {NONE, NONE, LOOK_DIM},
};

static const struct theme_look none[STYLE_COUNT] = {
    [STYLE_TEXT] = {NONE, NONE, 0},
    [STYLE_DIM] = {NONE, NONE, LOOK_DIM},
    [STYLE_ACCENT] = {NONE, NONE, EMPHASIS_BOLD},
    [STYLE_HEADING] = {NONE, NONE, EMPHASIS_BOLD | EMPHASIS_UNDERLINE},
    [STYLE_CODE] = {NONE, NONE, EMPHASIS_BOLD},
    [STYLE_QUOTE] = {NONE, NONE, LOOK_DIM},
    [STYLE_ERROR] = {NONE, NONE, EMPHASIS_BOLD},
    [STYLE_BAR] = {NONE, NONE, EMPHASIS_REVERSE},
    [STYLE_CHIP] = {NONE, NONE, EMPHASIS_REVERSE},
    [STYLE_MATCH] = {NONE, NONE, EMPHASIS_REVERSE | EMPHASIS_UNDERLINE},
    [STYLE_BOX] = {NONE, NONE, LOOK_DIM},
};

struct theme_look theme_look(enum theme_name theme, enum style_role role, int colors)
{
    if (theme == THEME_NONE || colors < 8)
        return none[role];
    if (colors < 256) {
        struct theme_look look = few[role];
        if (theme == THEME_LIGHT && look.fg == CYAN)
            look.fg = BLUE;
        return look;
    }
    return theme == THEME_LIGHT ? light[role] : dark[role];
}

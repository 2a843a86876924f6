// What a stretch of text looks like: a role, which the theme turns into colour and attributes, and
// emphasis on top of it. Meaning never hangs on colour alone.
#pragma once

#include <stdint.h>

enum style_role {
    STYLE_TEXT,   // what is said
    STYLE_DIM,    // figures, captions, hints
    STYLE_ACCENT, // the one accent colour: the user's mark, prompts, links
    STYLE_HEADING,
    STYLE_CODE,
    STYLE_QUOTE,
    STYLE_ERROR,
    STYLE_BAR,   // status line
    STYLE_CHIP,  // [picture 1]
    STYLE_MATCH, // what a search found
    STYLE_BOX,   // frames of popups
    STYLE_COUNT
};

enum {
    EMPHASIS_BOLD = 1,
    EMPHASIS_ITALIC = 2,
    EMPHASIS_UNDERLINE = 4,
    EMPHASIS_REVERSE = 8,
    EMPHASIS_STRIKE = 16
};

struct style {
    uint8_t role;  // enum style_role
    uint8_t flags; // EMPHASIS_*
};

enum theme_name { THEME_DARK, THEME_LIGHT, THEME_NONE };

// The looks of the roles: one table a theme, for terminals of 256, 8 or no colours. Pure.
#pragma once

#include <stdint.h>

#include "ui/style.h"

enum { LOOK_DIM = 32 }; // beside EMPHASIS_*

struct theme_look {
    int16_t fg, bg; // palette index; -1: the terminal's own
    uint8_t flags;  // EMPHASIS_*, LOOK_DIM
};

// `colors` is what the terminal has; below 8 none are used.
struct theme_look theme_look(enum theme_name theme, enum style_role role, int colors);

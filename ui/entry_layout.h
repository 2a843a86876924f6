// Measures of an entry, for entry.c and entry_draw.c.
#pragma once

enum {
    ENTRY_MARGIN = 2,      // cells left of the text, for the mark of what the user says
    ENTRY_TEXT_MOST = 100, // cells: longer lines are hard to read
    ENTRY_PICTURE_COLS = 40,
    ENTRY_PICTURE_ROWS = 12,
};

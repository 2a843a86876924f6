// What a Tab can make of the word before the cursor: paths as a person types them (see attach.h),
// and words of a table. Pure but for the look into one folder. The caller owns the result.
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "base/error.h"

struct choice {
    char *word;  // stands in the place of what was typed
    char *shown; // for a list: the last part alone; of a folder with its slash
};

struct choices {
    struct choice *list;
    size_t count;
    char *common; // what all of them begin with, kept or not; NULL: there are none
    bool more;    // there were more than asked for, or the folder was not read to its end
};

// The files whose path goes on from `typed`, at most `most` (> 0): pictures, then folders, then
// others, each by name. Names with a dot in front only if one was typed. Words are quoted in the
// manner that `typed` began with, so that attach_path reads them; a folder ends with a slash and
// its quote stays open. Names that cannot be typed (control characters, not UTF-8) are left out.
// A folder that cannot be read gives no choices. False: no memory.
bool complete_path(const char *typed, size_t most, struct choices *out, struct error *e);

// The words of the table that begin with `typed`, in its order.
bool complete_word(const char *typed, const char *const *table, size_t count, struct choices *out,
                   struct error *e);

// A slash command and what its argument is: a path, one of some words (NULL-ended), or neither.
struct complete_command {
    const char *name; // without the slash
    bool path;
    const char *const *words; // NULL allowed
};

// The line of a chat up to the cursor: a command, its argument, or a path that stands alone as
// when it was dropped. The words of the choices are whole lines; what they show is the last part.
bool complete_line(const char *line, const struct complete_command *commands, size_t count,
                   size_t most, struct choices *out, struct error *e);

// The size of what text[0..size) and `other` begin with, in whole characters.
size_t complete_common(const char *text, size_t size, const char *other);

void choices_finish(struct choices *c);

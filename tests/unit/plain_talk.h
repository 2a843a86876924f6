// A talk with app/plain: what is typed into it, what a scripted backend answers, what comes out.
#pragma once

#include "app/plain.h"
#include "tests/unit/backend_scripted.h"

struct talk {
    const char *input;
    const struct scripted_answer *answers;
    size_t n_answers;
    uint32_t context; // 0: 1000
    bool terminal, json;
    const char *blind;

    bool ok;
    struct error error;
    char *out, *err, *seen; // freed by end_talk
};

void run_talk(struct talk *t); // fills what is below the empty line
void end_talk(struct talk *t);
void assert_holds(const char *text, const char *part);

// A folder with the pictures cat.ppm and "my dog.ppm", 3x2 each, in which the talk takes place.
int enter_picture_folder(void **state);
int leave_picture_folder(void **state);

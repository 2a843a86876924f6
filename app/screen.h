// The full-screen chat: what it holds, shared by the files screen*.c. One thread, one loop
// (screen.c); the worker and the reader work behind it and tell it news. Nothing here waits for
// either.
#pragma once

#include "app/app.h"
#include "app/browser.h"
#include "app/complete.h"
#include "app/news.h"
#include "app/reader.h"
#include "app/slash.h"
#include "app/worker.h"
#include "ui/editor.h"
#include "ui/picture.h"
#include "ui/term.h"
#include "ui/transcript.h"

// A picture that waits for the next question: a chip in the text and a preview above it. In the
// order of the chat's own waiting pictures.
struct waiting {
    int number;                 // as in [picture 1]
    unsigned job;               // of the reader; 0: it is there
    struct ui_picture *preview; // NULL while it is read
    char *path;
    uint32_t width, height, tokens;
};

enum popup { POPUP_NONE, POPUP_HELP, POPUP_BROWSER, POPUP_VIEW, POPUP_COMPLETE };

struct view {
    struct ui_picture *picture, *seen; // as it is, and as the model sees it
    unsigned job;                      // of the reader, for the latter
    bool show_seen;
};

struct screen {
    struct app *app;
    struct term *term;
    struct transcript *transcript;
    struct editor *editor;
    struct chat *chat;
    struct news_queue *news;
    struct worker *worker;
    struct reader *reader;
    struct model_files files;
    struct sampling sampling;

    bool loaded, broken; // the engine is there; it will never be
    struct engine_info info;
    bool in_phase;
    enum phase phase;
    uint64_t done, total;

    unsigned answering; // job; 0: none
    size_t entry;       // of the answer in the transcript
    struct sync_report report;
    uint32_t said; // tokens of the answer
    uint32_t used; // positions that the conversation takes
    double rate;   // tokens a second, of the last answer
    double began;  // when the first token came

    struct waiting *waiting;
    size_t n_waiting;
    unsigned last_read;  // job of the reader
    bool send_when_read; // Enter was pressed while a picture was still being read

    int rule; // row of the line above the input, in the last frame

    enum popup popup;
    int popup_row; // first line that is shown
    struct browser *browser;
    struct ui_picture *browser_preview;
    unsigned browser_job;
    struct view view;
    struct choices choices; // of a completion
    size_t choice;          // the chosen one; count: none yet

    char search[128]; // in the transcript
    bool searching;   // its text is being typed
    char note[512];   // one line that goes away
    double note_until;
    char *draft; // as it was saved last; NULL: not yet
    double draft_at;
    double last_interrupt; // Ctrl+C on an empty line
    bool quit;
    int ended_by; // a signal; 0: none
};

// ---- screen.c
void screen_note(struct screen *s, const char *format, ...) __attribute__((format(printf, 2, 3)));
void screen_fail(struct screen *s, const struct error *e); // an error entry in the transcript
void screen_suspend(struct screen *s);                     // until the shell continues us

// ---- screen_paint.c
void screen_paint(struct screen *s);

// ---- screen_news.c
void screen_hear(struct screen *s, struct news *n);
// "cat.png  640x480, 576 tokens", as far as it is known; returns the tokens.
uint32_t screen_name_picture(const struct screen *s, const struct picture *p, const char *name,
                             char *out, size_t room);
// Gives a picture that is there its preview and caption. False: no memory.
bool screen_show_waiting(struct screen *s, struct waiting *w, const struct picture *p);
// The work ahead: what is certain of the next prompt.
void screen_prepare(struct screen *s);

// ---- screen_chat.c
bool screen_send(struct screen *s, const char *text); // asks the question
void screen_submit(struct screen *s); // what is in the editor: a command, a path or a question
void screen_answer(struct screen *s); // starts answering the chat's last question
void screen_clear(struct screen *s);
void screen_end_answer(struct screen *s, const struct news *n);

// ---- screen_waiting.c
// `typed`: as a person types it; NULL: the clipboard.
void screen_attach(struct screen *s, const char *typed);
void screen_drop(struct screen *s, size_t waiting);
void screen_move(struct screen *s, size_t from,
                 size_t to); // of what waits; the line has only chips
// What picture i of the chat is called: by its chip while it waits, by its place when it is sent.
size_t screen_picture_number(const struct screen *s, size_t i);
// The chips say where a picture was put in; the model gets the pictures themselves, before the
// text. The caller frees the text without the chips of what waits; NULL: no memory.
char *screen_without_chips(const struct screen *s, const char *text);
bool screen_only_blanks(const char *text);
// The last question, which has no answer, goes back to be written: its text into an empty editor,
// its pictures to those that wait.
void screen_take_back(struct screen *s);
void waiting_finish(struct waiting *w);

// ---- screen_keys.c
void screen_event(struct screen *s, const struct event *e);

// ---- screen_popup.c
void screen_paint_popup(struct screen *s);
bool screen_popup_key(struct screen *s, const struct event *e); // false: not for the popup
void screen_close_popup(struct screen *s);
void screen_open_browser(struct screen *s);
void screen_view(struct screen *s, size_t picture);
void screen_hear_seen(struct screen *s, const struct news *n);
void screen_complete(struct screen *s);

// ---- screen_commands.c
void screen_command(struct screen *s, enum slash command, const char *argument);
void screen_edit_outside(struct screen *s);

// Keys that do something, with the words that F1 shows; the configuration will bind them one day.
struct screen_binding {
    enum key key;
    uint32_t code;
    unsigned mods;
    const char *shown, *help;
    void (*run)(struct screen *s);
};
extern const struct screen_binding screen_bindings[];
extern const size_t screen_binding_count;

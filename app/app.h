// What every command gets, and the commands. Each returns true when it did what was asked;
// otherwise the error's kind decides the exit code (console_exit_code).
#pragma once

#include "app/backend.h"
#include "app/chat.h"
#include "app/console.h"
#include "app/options.h"
#include "app/paths.h"
#include "app/progress.h"
#include "app/width.h"

struct app {
    struct options options;
    struct console console;
    struct progress progress;
    enum width_origin width;
};

bool run_dry(struct app *app, struct error *e);
bool run_oneshot(struct app *app, struct error *e);
bool run_plain(struct app *app, struct error *e);
bool run_screen(struct app *app, struct error *e);
bool run_models(struct app *app, struct error *e);
bool run_check(struct app *app, struct error *e);
bool run_compose(struct app *app, struct error *e);
bool run_devices(struct app *app, struct error *e);
bool run_inspect_model(struct app *app, struct error *e);
bool run_inspect_tokens(struct app *app, struct error *e);
bool run_inspect_pixels(struct app *app, struct error *e);
bool run_inspect_rows(struct app *app, struct error *e);
bool run_inspect_logits(struct app *app, struct error *e);
bool run_bench(struct app *app, struct error *e);

// ---- what several commands begin with (prepare.c)

// The pictures of the command line, read and checked, waiting in a new chat that also has the
// system text. NULL: failed.
struct chat *prepare_chat(struct app *app, struct error *e);

// The files that the options name, or the default ones.
enum sight { SIGHT_NONE, SIGHT_IF_ANY, SIGHT_NEEDED }; // needed: no vision file is an error
bool prepare_files(struct app *app, enum sight sight, struct model_files *files, struct error *e);

// The engine's parameters, with progress and Ctrl+C connected; they point into `files`.
struct engine_params prepare_params(struct app *app, const struct model_files *files);

// Loads, and meanwhile prepares the pictures of the chat. NULL: failed.
struct backend *prepare_backend(struct app *app, const struct model_files *files,
                                const struct chat *chat, struct error *e);

// As the options say, a random seed drawn.
struct sampling prepare_sampling(const struct options *o);

// Where no vector width is given or remembered yet: times both in children and remembers the faster
// (width_measure.c). When that fails, the driver's own stays. False: interrupted.
bool width_measure(struct app *app, struct error *e);

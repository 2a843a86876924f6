// pumice: options -> one-shot, plain chat or a command -> exit code.
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "app/app.h"
#include "app/interrupt.h"

// A program started with a closed standard stream would get it as the number of the next file that
// it opens, and write its answer into a model. Opened for reading only: writing still fails.
static void fill_standard_streams(void)
{
    while (true) {
        int fd = open("/dev/null", O_RDONLY | O_CLOEXEC);
        if (fd < 0)
            return;
        if (fd > STDERR_FILENO) {
            close(fd);
            return;
        }
    }
}

// A person at a terminal that can position a cursor gets the screen; pipes and dumb terminals,
// lines.
static bool wants_screen(const struct options *o)
{
    const char *term = getenv("TERM");
    return !o->plain && !o->json && term && *term && strcmp(term, "dumb") != 0 &&
           isatty(STDIN_FILENO) && isatty(STDOUT_FILENO);
}

static bool run_chat(struct app *app, struct error *e)
{
    if (app->options.prompt)
        return run_oneshot(app, e);
    return wants_screen(&app->options) ? run_screen(app, e) : run_plain(app, e);
}

// At once, so that the reason is known when it cannot be written.
static bool print_help(struct app *app, struct error *e)
{
    char *text = NULL;
    size_t size = 0;
    FILE *f = open_memstream(&text, &size);
    if (!f)
        return error_no_memory(e);
    options_help(&app->options, f);
    bool ok = fclose(f) == 0 ? console_write(&app->console, text, size, e) : error_no_memory(e);
    free(text);
    return ok;
}

static bool run(struct app *app, struct error *e)
{
    if (app->options.version) {
        static const char text[] = "pumice " PUMICE_VERSION "\n";
        return console_write(&app->console, text, sizeof(text) - 1, e);
    }
    if (app->options.help)
        return print_help(app, e);
    app->width = width_apply();
    if (app->options.dry_run)
        return run_dry(app, e);
    switch (app->options.command->bit) {
    case COMMAND_CHAT:
        return run_chat(app, e);
    case COMMAND_MODELS:
        return run_models(app, e);
    case COMMAND_CHECK:
        return run_check(app, e);
    case COMMAND_COMPOSE:
        return run_compose(app, e);
    case COMMAND_DEVICES:
        return run_devices(app, e);
    case COMMAND_BENCH:
        return run_bench(app, e);
    case COMMAND_INSPECT_MODEL:
        return run_inspect_model(app, e);
    case COMMAND_INSPECT_TOKENS:
        return run_inspect_tokens(app, e);
    case COMMAND_INSPECT_PIXELS:
        return run_inspect_pixels(app, e);
    case COMMAND_INSPECT_ROWS:
        return run_inspect_rows(app, e);
    case COMMAND_INSPECT_LOGITS:
        return run_inspect_logits(app, e);
    case COMMAND_INSPECT:
        break; // refused by options_parse
    }
    return false;
}

int main(int argc, char **argv)
{
    struct app app = {0};
    struct error e = {0};
    fill_standard_streams();
    interrupt_start();
    bool parsed = options_parse(&app.options, argc, argv, &e);
    console_start(&app.console, &app.options);
    app.progress.console = &app.console;
    bool ok = parsed && run(&app, &e);
    if (!ok)
        console_error(&app.console, &e);
    struct error late = {0};
    if (!console_close(&app.console, &late) && ok) {
        console_error(&app.console, &late);
        e = late;
    }
    options_finish(&app.options);
    return console_exit_code(&app.console, &e);
}

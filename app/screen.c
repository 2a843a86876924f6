// Starting, the loop, and leaving.
#include "app/screen.h"

#include <poll.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include "app/clock.h"
#include "app/draft.h"
#include "app/interrupt.h"
#include "base/log.h"

enum { NOTE_MS = 4000, ESCAPE_MS = 50, DRAFT_MS = 1000 };

void screen_note(struct screen *s, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    vsnprintf(s->note, sizeof(s->note), format, args);
    va_end(args);
    s->note_until = clock_ms() + NOTE_MS;
}

void screen_fail(struct screen *s, const struct error *e)
{
    transcript_add(s->transcript, ENTRY_ERROR, e->text);
}

static void log_line(void *data, enum log_level level, const char *line)
{
    struct screen *s = data;
    if (level <= LOG_WARNING)
        news_post(s->news, &(struct news){.kind = NEWS_LOGGED, .text = strdup(line)});
}

// ---- starting

static int open_signals(void)
{
    sigset_t set;
    sigemptyset(&set);
    for (const int *n = (const int[]){SIGWINCH, SIGTERM, SIGHUP, SIGTSTP, SIGCONT, SIGINT, 0}; *n;
         n++)
        sigaddset(&set, *n);
    // Blocked before the threads start, so that only the descriptor gets them.
    pthread_sigmask(SIG_BLOCK, &set, NULL);
    return signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
}

static struct term_params term_of(const struct options *o)
{
    const char *no_color = getenv("NO_COLOR");
    bool color = o->color == COLOR_ALWAYS || (o->color == COLOR_AUTO && !(no_color && *no_color));
    return (struct term_params){.theme = THEME_DARK,
                                .color = color,
                                .pictures = (enum picture_protocol)o->protocol,
                                .mouse = true};
}

static bool start_engine(struct screen *s, struct error *e)
{
    s->worker = worker_create(s->news, e);
    s->reader = s->worker ? reader_create(s->news, e) : NULL;
    if (!s->reader || !prepare_files(s->app, SIGHT_IF_ANY, &s->files, e))
        return false;
    struct engine_params params = prepare_params(s->app, &s->files);
    params.progress = worker_progress;
    params.progress_data = s->worker;
    struct backend *b = backend_local_create(&params, e);
    s->in_phase = true;
    return b && worker_start(s->worker, b, e);
}

static void load_history(struct screen *s, bool save)
{
    struct buffer path = {0};
    if (paths_state_file("history", &path, NULL)) {
        if (save)
            editor_save_history(s->editor, path.data);
        else
            editor_load_history(s->editor, path.data);
    }
    buffer_free(&path);
}

static bool start(struct screen *s, struct error *e)
{
    struct term_params params = term_of(&s->app->options);
    s->transcript = transcript_create();
    s->editor = editor_create();
    s->chat = chat_create(e);
    s->news = news_create(e);
    if (!s->transcript || !s->editor || !s->chat || !s->news)
        return error_no_memory(e);
    if (!chat_set_system(s->chat, s->app->options.system, e) || !(s->term = term_start(&params, e)))
        return false;
    term_guard_crashes();
    screen_paint(s); // before anything that takes time
    log_set_sink(log_line, s);
    s->sampling = prepare_sampling(&s->app->options);
    load_history(s, false);
    if (!start_engine(s, e))
        return false;
    for (size_t i = 0; i < s->app->options.n_pictures; i++)
        screen_attach(s, s->app->options.pictures[i]);
    char *draft = draft_load();
    if (draft && editor_empty(s->editor))
        editor_set(s->editor, draft);
    free(draft);
    return true;
}

// ---- the loop

void screen_suspend(struct screen *s)
{
    sigset_t continued;
    term_suspend(s->term);
    raise(SIGSTOP);
    // What hear_signals does for one who was stopped from outside is not due.
    sigemptyset(&continued);
    sigaddset(&continued, SIGCONT);
    sigtimedwait(&continued, NULL, &(struct timespec){0});
    term_resume(s->term);
    transcript_changed(s->transcript);
}

static void hear_signals(struct screen *s, int fd)
{
    struct signalfd_siginfo info;
    while (read(fd, &info, sizeof(info)) == sizeof(info)) {
        switch (info.ssi_signo) {
        case SIGWINCH:
            term_resized(s->term);
            transcript_changed(s->transcript);
            break;
        case SIGCONT:
            term_continued(s->term);
            transcript_changed(s->transcript);
            break;
        case SIGTSTP:
            screen_suspend(s);
            break;
        default:
            s->ended_by = (int)info.ssi_signo;
            s->quit = true;
        }
    }
}

static void hear_terminal(struct screen *s)
{
    struct event event;
    for (enum term_read r; !s->quit && (r = term_read(s->term, &event)) != TERM_NOTHING;) {
        if (r == TERM_CLOSED)
            s->quit = true;
        else if (r == TERM_CHANGED)
            transcript_changed(s->transcript);
        else
            screen_event(s, &event);
    }
}

static void hear_threads(struct screen *s)
{
    struct news n;
    while (news_take(s->news, &n)) {
        screen_hear(s, &n);
        news_finish(&n);
    }
}

static int wait_ms(const struct screen *s)
{
    if (term_pending(s->term))
        return ESCAPE_MS;
    double left = s->note[0] ? s->note_until - clock_ms() : 60000;
    return left < 0 ? 0 : left > 1000 ? 1000 : (int)left + 1;
}

// An unsent question must survive a crash. Only what is new is written.
static void keep_draft(struct screen *s)
{
    char *text = screen_without_chips(s, editor_text(s->editor));
    if (text && !(s->draft && strcmp(s->draft, text) == 0))
        draft_save(text);
    free(s->draft);
    s->draft = text;
}

static void loop(struct screen *s, int signals)
{
    while (!s->quit) {
        struct pollfd fds[] = {
            {term_fd(s->term), POLLIN, 0}, {news_fd(s->news), POLLIN, 0}, {signals, POLLIN, 0}};
        poll(fds, 3, wait_ms(s));
        hear_signals(s, signals);
        hear_terminal(s);
        hear_threads(s);
        double now = clock_ms();
        if (s->note[0] && now > s->note_until)
            s->note[0] = '\0';
        if (!s->app->options.no_save && now - s->draft_at >= DRAFT_MS) {
            keep_draft(s);
            s->draft_at = now;
        }
        if (!s->quit)
            screen_paint(s);
    }
    if (!s->app->options.no_save)
        load_history(s, true);
}

// ---- leaving

// The last exchange stays on the ordinary screen.
static void print_last(struct screen *s, struct error *e)
{
    for (size_t i = transcript_count(s->transcript); i > 0; i--) {
        if (transcript_kind(s->transcript, i - 1) != ENTRY_ASSISTANT)
            continue;
        const char *text = transcript_text(s->transcript, i - 1);
        console_write_clean(&s->app->console, text, strlen(text), e);
        console_write(&s->app->console, "\n", 1, e);
        return;
    }
}

static void finish(struct screen *s)
{
    screen_close_popup(s);
    log_set_sink(NULL, NULL);
    term_stop(s->term);
    reader_destroy(s->reader);
    worker_destroy(s->worker);
    news_destroy(s->news);
    for (size_t i = 0; i < s->n_waiting; i++)
        waiting_finish(&s->waiting[i]);
    free(s->waiting);
    free(s->draft);
    transcript_destroy(s->transcript);
    editor_destroy(s->editor);
    chat_destroy(s->chat);
    paths_finish(&s->files);
}

// The shell should hear what ended us.
static void end_by(int number)
{
    sigset_t set;
    sigemptyset(&set);
    sigaddset(&set, number);
    signal(number, SIG_DFL);
    raise(number);
    pthread_sigmask(SIG_UNBLOCK, &set, NULL);
}

bool run_screen(struct app *app, struct error *e)
{
    struct screen s = {.app = app};
    int signals = open_signals();
    bool ok = signals >= 0 ? start(&s, e) : error_set(e, ERROR_RUNTIME, "cannot wait for signals");
    if (ok) {
        loop(&s, signals);
        term_stop(s.term);
        s.term = NULL;
        print_last(&s, e);
        // Who leaves by a key has none; a signal or a closed terminal leaves one behind.
        if (!app->options.no_save)
            keep_draft(&s);
    }
    finish(&s);
    if (signals >= 0)
        close(signals);
    if (s.ended_by)
        end_by(s.ended_by);
    return ok;
}

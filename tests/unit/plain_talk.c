#include "tests/unit/plain_talk.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "app/interrupt.h"
#include "tests/unit/app_pictures.h"

static struct picture_folder folder;

int enter_picture_folder(void **state)
{
    (void)state;
    if (make_folder(&folder) != 0)
        return -1;
    make_picture("cat.ppm");
    make_picture("my dog.ppm");
    interrupt_start();
    return 0;
}

int leave_picture_folder(void **state)
{
    (void)state;
    return remove_folder(&folder);
}

void run_talk(struct talk *t)
{
    size_t out_size, err_size;
    char *input = strdup(t->input);
    struct console c = {.in = fmemopen(input, strlen(input), "r"),
                        .out = open_memstream(&t->out, &out_size),
                        .err = open_memstream(&t->err, &err_size),
                        .in_terminal = t->terminal};
    struct progress progress = {.console = &c};
    struct scripted s;
    backend_scripted_start(&s, t->answers, t->n_answers, t->context ? t->context : 1000);
    assert_true(s.backend.open(&s.backend, NULL));
    struct plain p = {.how = {.backend = &s.backend,
                              .console = &c,
                              .progress = &progress,
                              .max_tokens = 100,
                              .json = t->json},
                      .chat = chat_create(NULL),
                      .blind = t->blind};
    interrupt_clear();
    t->ok = plain_loop(&p, &t->error);
    t->seen = strdup(s.seen.data ? s.seen.data : "");
    fclose(c.in);
    fclose(c.out);
    fclose(c.err);
    free(input);
    chat_destroy(p.chat);
    buffer_free(&p.taken);
    s.backend.close(&s.backend);
}

void end_talk(struct talk *t)
{
    free(t->out);
    free(t->err);
    free(t->seen);
}

void assert_holds(const char *text, const char *part)
{
    if (!text || !strstr(text, part))
        fail_msg("'%s' does not hold '%s'", text ? text : "", part);
}

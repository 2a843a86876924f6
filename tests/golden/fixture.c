#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "fixture.h"

const char *data_path(const char *format, ...)
{
    static char paths[8][1024];
    static unsigned next;
    char *path = paths[next++ % 8], name[512];
    const char *folder = getenv("PUMICE_TEST_DATA");
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(name, sizeof(name), format, arguments);
    va_end(arguments);
    snprintf(path, sizeof(paths[0]), "%s/%s", folder ? folder : "tests/data", name);
    return path;
}

const char *default_model(void)
{
    return getenv("PUMICE_TEST_MODEL");
}

const char *default_eyes(void)
{
    return getenv("PUMICE_TEST_EYES");
}

void need_default_model(void)
{
    if (default_model() && default_eyes())
        return;
    printf("SKIP: PUMICE_TEST_MODEL and PUMICE_TEST_EYES do not name the default model's files "
           "(./check sets them)\n");
    exit(77); // meson's "skipped"
}

struct engine *open_engine_with(const struct engine_params *params)
{
    struct error e = {0};
    struct engine *engine = engine_create(params, &e);
    if (!engine)
        fail_msg("%s", e.text);
    return engine;
}

struct engine *open_engine(const char *model, const char *mmproj, uint32_t context)
{
    return open_engine_with(
        &(struct engine_params){.model = model, .mmproj = mmproj, .context = context});
}

struct session *open_session(struct engine *engine)
{
    struct error e = {0};
    struct session *s = session_create(engine, &e);
    if (!s)
        fail_msg("%s", e.text);
    return s;
}

struct picture *read_picture(const char *path)
{
    struct error e = {0};
    struct picture *p = picture_read(path, &e);
    if (!p)
        fail_msg("%s", e.text);
    return p;
}

struct picture *rings, *word;

void read_pictures(void)
{
    rings = read_picture(data_path("answers/pictures/count-1.png"));
    word = read_picture(data_path("answers/pictures/text-4.png"));
}

void unref_pictures(void)
{
    picture_unref(rings);
    picture_unref(word);
}

int close_engine(void **state)
{
    unref_pictures();
    engine_destroy(*state);
    return 0;
}

json_t *read_json(const char *path)
{
    json_error_t e;
    json_t *root = json_load_file(path, 0, &e);
    if (!root)
        fail_msg("%s: %s", path, e.text);
    return root;
}

float *read_floats(const char *path, size_t *count)
{
    FILE *f = fopen(path, "rb");
    if (!f)
        return NULL;
    fseek(f, 0, SEEK_END);
    *count = (size_t)ftell(f) / sizeof(float);
    rewind(f);
    float *values = malloc(*count * sizeof(float) + 1);
    assert_non_null(values);
    assert_int_equal(fread(values, sizeof(float), *count, f), *count);
    fclose(f);
    return values;
}

struct message ask(const char *text, struct picture *const *pictures, size_t n)
{
    return (struct message){.role = ROLE_USER, .text = text, .pictures = pictures, .n_pictures = n};
}

struct sync_report sync_to(struct session *s, const struct message *messages, size_t n)
{
    struct error e = {0};
    struct sync_report report;
    if (!session_sync(s, messages, n, false, &report, &e))
        fail_msg("%s", e.text);
    return report;
}

struct answer hear_answer(struct session *s, const struct sampling *how)
{
    static const struct sampling greedy = {0};
    struct answer a = {.step = STEP_TOKEN};
    size_t used = 0;
    while (a.count < ANSWER_TOKENS) {
        struct error e = {0};
        struct token t;
        a.step = session_next(s, how ? how : &greedy, &t, &e);
        if (a.step == STEP_FAILED)
            fail_msg("%s", e.text);
        assert_true(used + t.size < sizeof(a.text));
        memcpy(a.text + used, t.text, t.size);
        used += t.size;
        if (a.step != STEP_TOKEN)
            break;
        a.ids[a.count++] = t.id;
    }
    return a;
}

bool same_answers(const struct answer *a, const struct answer *b)
{
    return a->count == b->count && memcmp(a->ids, b->ids, a->count * sizeof(*a->ids)) == 0 &&
           strcmp(a->text, b->text) == 0;
}

double nmse(const float *got, const float *want, size_t n)
{
    double wrong = 0, all = 0;
    for (size_t i = 0; i < n; i++) {
        double difference = (double)got[i] - want[i];
        wrong += difference * difference;
        all += (double)want[i] * want[i];
    }
    return wrong / all;
}

size_t greatest(const float *values, size_t n)
{
    size_t best = 0;
    for (size_t i = 1; i < n; i++)
        if (values[i] > values[best])
            best = i;
    return best;
}

void check_same_logits(const struct engine *e, struct session *s, struct session *other,
                       double most, const char *what)
{
    size_t n = engine_get_info(e)->vocabulary;
    double off = nmse(session_logits(s), session_logits(other), n);
    print_message("%s: NMSE %.1e\n", what, off);
    assert_true(off < most);
    assert_int_equal(greatest(session_logits(s), n), greatest(session_logits(other), n));
}

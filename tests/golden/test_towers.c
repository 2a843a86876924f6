// Vision files against Pillow and transformers: old and new names, stored blocks, projectors,
// tables of positions of another size, and LLaVA-1.6's tiles in sizes that are hard on their rules.
// Each tower is made here with random weights (tower_file.c); its rows go on into a decoder that is
// made, too. make/towers.py computed the numbers from the same files.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "compare.h"
#include "model_file.h"

static const char *const cases[] = {
    "tower-v1",      "tower-linear",   "tower-23",         "tower-24",        "tower-24-said-23",
    "tower-layer",   "tower-new",      "tower-gelu",       "tower-q8",        "tower-grown",
    "tower-shrunk",  "unpad-376x47",   "unpad-213x160",    "unpad-160x213",   "unpad-224x224",
    "unpad-112x112", "unpad-17x13",    "unpad-640x360",    "unpad-333x100",   "unpad-100x333",
    "unpad-667x167", "unpad-1x90",     "unpad-90x1",       "unpad-1333x1000", "unpad-350x231",
    "unpad-three",   "unpad-one-line", "unpad-one-column", "unpad-new-names", "flat-213x160",
};

static char folder[64]; // that everything is made in

static const char *made(const char *name)
{
    static char paths[4][192];
    static unsigned next;
    char *path = paths[next++ % 4];
    snprintf(path, sizeof(paths[0]), "%s/%s", folder, name);
    return path;
}

// ---- pictures: what make/towers.py draws

static void draw(uint32_t width, uint32_t height)
{
    char name[64];
    snprintf(name, sizeof(name), "%ux%u.ppm", width, height);
    FILE *f = fopen(made(name), "wb");
    assert_non_null(f);
    fprintf(f, "P6 %u %u 255\n", width, height);
    for (uint32_t y = 0; y < height; y++)
        for (uint32_t x = 0; x < width; x++) {
            uint8_t rgb[] = {(uint8_t)(x * 7 + y * 3), (uint8_t)(x * x + y),
                             (uint8_t)(x * y + 11 * y)};
            fwrite(rgb, 1, sizeof(rgb), f);
        }
    assert_int_equal(fclose(f), 0);
}

static void for_pictures(const char *name, void (*each)(uint32_t, uint32_t))
{
    json_t *json = read_json(data_path("towers/%s/golden.json", name)), *picture;
    size_t i;
    json_array_foreach(json_object_get(json, "images"), i, picture)
    {
        uint32_t width, height;
        assert_int_equal(sscanf(json_string_value(picture), "%ux%u", &width, &height), 2);
        each(width, height);
    }
    json_decref(json);
}

static void erase(uint32_t width, uint32_t height)
{
    char name[64];
    snprintf(name, sizeof(name), "%ux%u.ppm", width, height);
    unlink(made(name));
}

// ---- the engine: cases of the same tower follow each other

static struct {
    char tower[64];
    struct engine *engine;
} loaded;

static void unload(void)
{
    engine_destroy(loaded.engine);
    loaded.engine = NULL;
    unlink(made("tower"));
}

static struct engine *load(const struct golden_case *c)
{
    if (loaded.engine && strcmp(loaded.tower, c->mmproj) == 0)
        return loaded.engine;
    unload();
    assert_true(model_file_write(c->lm, made("lm")));
    assert_true(model_file_write(c->mmproj, made("tower")));
    loaded.engine = open_engine(made("lm"), made("tower"), c->context);
    snprintf(loaded.tower, sizeof(loaded.tower), "%s", c->mmproj);
    unlink(made("lm"));
    return loaded.engine;
}

// All but the last picture first, as in a turn before: what comes then is only added.
static void take_earlier_turn(const struct golden_case *c, struct session *s)
{
    struct error e = {0};
    struct sync_report report;
    if (!session_sync_ids(s, c->chunks, c->pictures, c->n_pictures - 1, &report, &e))
        fail_msg("%s", e.text);
    uint32_t before = report.prompt_tokens;
    if (!session_sync_ids(s, c->chunks, c->pictures, c->n_pictures, &report, &e))
        fail_msg("%s", e.text);
    assert_int_equal(report.cached_tokens, before);
}

static void tower_equals_the_reference(void **state)
{
    const char *name = *state;
    struct golden_case c;
    struct outcome o = {0};
    for_pictures(name, draw);
    golden_read(&c, data_path("towers/%s", name), folder);
    for_pictures(name, erase);
    bound_tells_apart(&c, "wrong_rows", ROWS_MOST);
    struct engine *engine = load(&c);
    struct session *s = open_session(engine);
    compare_pixels(&c, made("tower"), &o);
    compare_rows(&c, engine, &o);
    if (c.n_pictures > 1)
        take_earlier_turn(&c, s);
    compare_logits(&c, engine, s, &o);
    outcome_print(name, &o);
    session_destroy(s);
    golden_finish(&c);
}

int main(void)
{
    snprintf(folder, sizeof(folder), "/tmp/pumice-towers-XXXXXX");
    assert_non_null(mkdtemp(folder));
    int failed = run_cases("towers", cases, COUNT(cases), tower_equals_the_reference);
    unload();
    rmdir(folder);
    return failed;
}

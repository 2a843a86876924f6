// The memory plan and what really happens: plans are as large as what is then allocated; wherever
// layers, tower and pieces of matrices lie, every bit of the result is the same.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "engine/engine_internal.h"
#include "fixture.h"

enum { LAYERS = 2, PROMPT = 300, SMALL = 256, LARGE = 1024 };

static struct picture *picture;
static int32_t prompt[PROMPT];
static struct engine_params params;

// The picture, of 64 rows, between two halves of the prompt, and one token more.
static float *logits_of(struct engine *engine, struct session *s, size_t tokens)
{
    struct error e = {0};
    struct sync_report report;
    struct id_chunk chunks[] = {{prompt, tokens / 2}, {prompt + tokens / 2, tokens - tokens / 2}};
    if (!session_sync_ids(s, chunks, &picture, 1, &report, &e) || !session_force(s, 7, &e))
        fail_msg("%s", e.text);
    size_t size = engine_get_info(engine)->vocabulary * sizeof(float);
    float *copy = malloc(size);
    memcpy(copy, session_logits(s), size);
    return copy;
}

static float *logits_with_params(size_t tokens)
{
    struct engine *engine = open_engine_with(&params);
    struct session *s = open_session(engine);
    float *logits = logits_of(engine, s, tokens);
    session_destroy(s);
    engine_destroy(engine);
    return logits;
}

static int set_up(void **state)
{
    (void)state;
    for (size_t i = 0; i < PROMPT; i++)
        prompt[i] = (int32_t)(i * 37 % 1000);
    picture = read_picture(data_path("synth/pic.png"));
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    picture_unref(picture);
    return 0;
}

static int reset(void **state)
{
    static char model[1024], eyes[1024];
    (void)state;
    unsetenv("PUMICE_MOST_BINDING");
    snprintf(model, sizeof(model), "%s", data_path("synth/lm-Q8_0.gguf"));
    snprintf(eyes, sizeof(eyes), "%s", data_path("synth/eyes-mlp-f16.gguf"));
    params = (struct engine_params){.model = model, .mmproj = eyes, .context = SMALL};
    return 0;
}

static struct memory_report report_of_params(void)
{
    struct error e = {0};
    struct memory_report r;
    if (!probe_memory(&params, &r, &e))
        fail_msg("%s", e.text);
    return r;
}

// ---- what is planned is what is there

// Of whatever `params` say. Everything is there from the start where the context is one that the
// cache begins with.
static void check_allocated(uint32_t device_layers)
{
    struct memory_report r = report_of_params();
    struct engine *engine = open_engine_with(&params);
    struct memory_use now = engine_allocated(engine);
    assert_true(r.fits);
    assert_int_equal(r.device_layers, device_layers);
    assert_int_equal(now.device, r.needed.device);
    assert_int_equal(now.host, r.needed.host);
    assert_int_equal(r.needed.device,
                     r.weights.device + r.cache.device + r.scratch.device + r.tower.device);
    assert_memory_equal(&engine_memory(engine)->needed, &r.needed, sizeof(r.needed));
    engine_destroy(engine);
}

static void what_is_planned_is_allocated(void **state)
{
    (void)state;
    check_allocated(LAYERS);
    params.layers_given = true;
    params.device_layers = 1;
    check_allocated(1);
    params.mmproj = NULL;
    check_allocated(1);
    if (default_model()) {
        params = (struct engine_params){
            .model = default_model(), .mmproj = default_eyes(), .context = SMALL};
        check_allocated(30);
    }
}

// A cache that is to grow: a layer after the other, each twice for a moment.
static void a_grown_cache_is_as_planned(void **state)
{
    (void)state;
    params.context = LARGE;
    struct memory_report r = report_of_params();
    struct engine *engine = open_engine_with(&params);
    struct session *s = open_session(engine);
    uint64_t all = r.cache.device, first = all * SMALL / LARGE, growth = all / LAYERS / 2;
    assert_int_equal(engine_allocated(engine).device, r.needed.device - growth - all + first);
    free(logits_of(engine, s, PROMPT));
    assert_int_equal(session_positions(s), PROMPT + 64 + 1);
    uint64_t grown =
        all * 512 / LARGE; // the plan for the last batch is no larger than that for a whole one
    assert_true(engine_allocated(engine).device <= r.needed.device - growth - all + grown);
    session_destroy(s);
    engine_destroy(engine);
}

// ---- the same results

static void layers_in_host_memory_compute_the_same(void **state)
{
    (void)state;
    params.context = LARGE;
    float *want = logits_with_params(PROMPT);
    for (uint32_t n = 0; n < LAYERS; n++) {
        params.layers_given = true;
        params.device_layers = n;
        float *got = logits_with_params(PROMPT);
        assert_memory_equal(got, want, 1024 * sizeof(float));
        free(got);
    }
    free(want);
}

// A device whose bindings hold no more than a part of the larger matrices (and just the largest
// tensor of a batch).
static void matrices_in_pieces_compute_the_same(void **state)
{
    (void)state;
    const char *kernels = getenv("PUMICE_KERNELS");
    if (kernels && strcmp(kernels, "gpu") == 0) {
        print_message("SKIP: batches of the gpu shape are larger than any matrix here\n");
        skip();
    }
    float *want = logits_with_params(PROMPT / 2);
    setenv("PUMICE_MOST_BINDING", "400000", 1);
    struct error e = {0};
    struct engine *engine = open_engine_with(&params);
    struct session *s = open_session(engine);
    float *got = logits_of(engine, s, PROMPT / 2);
    assert_memory_equal(got, want, 1024 * sizeof(float));
    session_destroy(s);
    engine_destroy(engine);
    params.kv = KV_F16;
    params.context = 2048; // no binding holds a layer's cache: 512 bytes a position
    assert_null(engine_create(&params, &e));
    unsetenv("PUMICE_MOST_BINDING");
    assert_int_equal(e.kind, ERROR_DEVICE);
    assert_non_null(strstr(e.text, "--ctx-size 768"));
    free(got);
    free(want);
}

// Where a layer's cache of halves is more than a binding holds, that of bytes may be less.
static void a_binding_may_hold_a_smaller_cache_alone(void **state)
{
    (void)state;
    params.context = LARGE; // 512 and 272 bytes a position
    setenv("PUMICE_MOST_BINDING", "450000", 1);
    struct memory_report r = report_of_params();
    unsetenv("PUMICE_MOST_BINDING");
    assert_true(r.fits);
    assert_string_equal(r.kv, "q8_0");
    assert_non_null(strstr(r.notice, "binding"));
}

// First the cache shrinks, where nobody asked for another one.
static void a_smaller_cache_is_the_first_choice(void **state)
{
    (void)state;
    struct memory_report f16 = report_of_params();
    params.device_memory = f16.needed.device - 1;
    struct memory_report r = report_of_params();
    assert_true(r.fits && r.tower_stays);
    assert_string_equal(f16.kv, "f16");
    assert_string_equal(r.kv, "q8_0");
    assert_non_null(strstr(r.notice, "q8_0"));
    assert_int_equal(r.cache.device, f16.cache.device / 64 * 34); // 32 values and a scale
    params.device_memory = 0;
    params.kv = KV_Q8_0;
    float *want = logits_with_params(40);
    struct memory_report asked = report_of_params();
    assert_memory_equal(&asked.needed, &r.needed, sizeof(r.needed));
    assert_string_equal(asked.notice, "");
    params.kv = KV_AUTO;
    params.device_memory = f16.needed.device - 1;
    float *got = logits_with_params(40);
    assert_memory_equal(got, want, 1024 * sizeof(float));
    free(got);
    free(want);
    check_allocated(LAYERS);
}

// Less and less memory: the tower goes, then layers do.
static void a_plan_for_less_memory_computes_the_same(void **state)
{
    (void)state;
    params.kv = KV_F16;
    struct memory_report all = report_of_params();
    float *want = logits_with_params(40);
    params.device_memory = all.needed.device - 1;
    struct memory_report r = report_of_params();
    assert_true(r.fits && !r.tower_stays);
    assert_int_equal(r.device_layers, LAYERS);
    assert_non_null(strstr(r.notice, "tower"));
    float *got = logits_with_params(40);
    assert_memory_equal(got, want, 1024 * sizeof(float));
    free(got);

    params.device_memory = r.needed.device - 1;
    r = report_of_params();
    assert_true(r.fits && !r.tower_stays);
    assert_int_equal(r.device_layers, LAYERS - 1);
    assert_non_null(strstr(r.notice, "1 of 2 layers"));
    got = logits_with_params(40);
    assert_memory_equal(got, want, 1024 * sizeof(float));
    free(got);
    free(want);
}

// Nothing of the tower is left between questions, and while it is there the cap is kept to.
static void a_tower_that_does_not_stay_is_dropped(void **state)
{
    (void)state;
    params.kv = KV_F16;
    params.device_memory = report_of_params().needed.device - 1;
    struct error e = {0};
    struct engine *engine = open_engine_with(&params);
    struct memory_use before = engine_allocated(engine);
    const struct memory_report *r = engine_memory(engine);
    assert_int_equal(before.device, r->needed.device - r->tower.device);
    assert_int_equal(before.host, r->needed.host - r->tower.host);
    float *rows;
    uint32_t n;
    assert_true(probe_rows(engine, picture, &rows, &n, NULL, &e));
    free(rows);
    struct memory_use after = engine_allocated(engine);
    assert_memory_equal(&after, &before, sizeof(after));
    atomic_bool stop = true; // somebody did not want to wait for it
    assert_false(engine_load_tower(engine, &stop, &e));
    assert_int_equal(e.kind, ERROR_INTERRUPTED);
    after = engine_allocated(engine);
    assert_memory_equal(&after, &before, sizeof(after));
    engine_destroy(engine);
}

static void too_little_memory_is_a_sentence(void **state)
{
    (void)state;
    params.device_memory = 1 << 20;
    struct error e = {0};
    assert_null(engine_create(&params, &e));
    assert_int_equal(e.kind, ERROR_DEVICE);
    assert_non_null(strstr(e.text, "not enough memory"));
    assert_non_null(strstr(e.text, "--ctx-size"));
    struct memory_report r = report_of_params();
    assert_false(r.fits);
    size_t same = (size_t)(strstr(e.text, "there are") - e.text); // what is free changes
    assert_memory_equal(r.reason, e.text, same);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(what_is_planned_is_allocated, reset),
        cmocka_unit_test_setup(a_grown_cache_is_as_planned, reset),
        cmocka_unit_test_setup(layers_in_host_memory_compute_the_same, reset),
        cmocka_unit_test_setup(matrices_in_pieces_compute_the_same, reset),
        cmocka_unit_test_setup(a_binding_may_hold_a_smaller_cache_alone, reset),
        cmocka_unit_test_setup(a_smaller_cache_is_the_first_choice, reset),
        cmocka_unit_test_setup(a_plan_for_less_memory_computes_the_same, reset),
        cmocka_unit_test_setup(a_tower_that_does_not_stay_is_dropped, reset),
        cmocka_unit_test_setup(too_little_memory_is_a_sentence, reset),
    };
    return cmocka_run_group_tests_name("memory", tests, set_up, tear_down);
}

// Families of decoders that differ from LLaMA in how their files lie: the same weights in another
// order must give the very same logits. Each file is made from the synthetic LLaMA model; what its
// family does otherwise is written out here.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "engine/model/gguf_write.h"
#include "fixture.h"

enum {
    LAYERS = 2,
    WIDTH = 256,
    HEADS = 4,
    KV_HEADS = 2,
    HEAD = 64,
    FEED_FORWARD = 768,
    PROMPT = 40
};

static int32_t prompt[PROMPT];

// ---- making files

struct maker {
    struct gguf *from;
    struct gguf_writer *w;
    void *kept[64]; // bytes that the writer reads when it finishes
    size_t n_kept;
};

static void *keep(struct maker *m, size_t size)
{
    assert_true(m->n_kept < COUNT(m->kept));
    return m->kept[m->n_kept++] = calloc(1, size);
}

static struct maker make_start(const char *path, const char *architecture)
{
    struct error e = {0};
    struct maker m = {.from = gguf_open(data_path("synth/lm-Q8_0.gguf"), &e)};
    m.w = gguf_writer_create(path, &e);
    assert_non_null(m.from);
    assert_non_null(m.w);
    gguf_write_string(m.w, "general.architecture", architecture);
    for (size_t i = 0; i < gguf_pair_count(m.from); i++) {
        struct gguf_pair p = *gguf_pair_at(m.from, i);
        char *key = keep(&m, 96);
        if (p.key.size == 20 && memcmp(p.key.data, "general.architecture", 20) == 0)
            continue;
        if (p.key.size > 6 && memcmp(p.key.data, "llama.", 6) == 0) {
            snprintf(key, 96, "%s.%.*s", architecture, (int)p.key.size - 6, p.key.data + 6);
            p.key = (struct gguf_string){key, strlen(key)};
        }
        gguf_write_pair(m.w, &p);
    }
    return m;
}

static void make_end(struct maker *m)
{
    struct error e = {0};
    if (!gguf_write_finish(m->w, &e))
        fail_msg("%s", e.text);
    gguf_writer_destroy(m->w);
    gguf_close(m->from);
    for (size_t i = 0; i < m->n_kept; i++)
        free(m->kept[i]);
}

static const struct gguf_tensor *layer(const struct maker *m, int i, const char *name)
{
    char full[64];
    snprintf(full, sizeof(full), "blk.%d.%s.weight", i, name);
    const struct gguf_tensor *t = gguf_find_tensor(m->from, full);
    assert_non_null(t);
    return t;
}

// Rows as a family with halves writes them: of a head first the even ones of LLaMA's, then the odd
// ones.
static void copy_rows(const struct gguf_tensor *t, bool halves, uint8_t *out)
{
    size_t row = t->size / t->dims[1];
    for (size_t r = 0; r < t->dims[1]; r++) {
        size_t d = r % HEAD,
               from = halves ? r - d + (d < HEAD / 2 ? 2 * d : 2 * (d - HEAD / 2) + 1) : r;
        memcpy(out + r * row, (const uint8_t *)t->data + from * row, row);
    }
}

static void add_rows(struct maker *m, const struct gguf_tensor *const *parts, size_t n,
                     const char *name, int i, bool halves)
{
    struct gguf_tensor all = *parts[0];
    char *full = keep(m, 64);
    snprintf(full, 64, "blk.%d.%s.weight", i, name);
    all.name = full;
    all.dims[1] = all.size = 0;
    for (size_t k = 0; k < n; k++) {
        all.dims[1] += parts[k]->dims[1];
        all.size += parts[k]->size;
    }
    uint8_t *bytes = keep(m, all.size);
    all.data = bytes;
    for (size_t k = 0; k < n; bytes += parts[k++]->size)
        copy_rows(parts[k], halves && k < 2, bytes);
    gguf_write_tensor(m->w, &all);
}

static bool is_one_of(const char *name, const char *const *parts)
{
    for (; *parts; parts++)
        if (strstr(name, *parts))
            return true;
    return false;
}

static void add_rest(struct maker *m, const char *const *without)
{
    for (size_t i = 0; i < gguf_tensor_count(m->from); i++)
        if (!is_one_of(gguf_tensor_at(m->from, i)->name, without))
            gguf_write_tensor(m->w, gguf_tensor_at(m->from, i));
}

static void add_qwen2(struct maker *m)
{
    static const char *const turned[] = {"attn_q.weight", "attn_k.weight", NULL};
    for (int i = 0; i < LAYERS; i++) {
        const struct gguf_tensor *q = layer(m, i, "attn_q"), *k = layer(m, i, "attn_k");
        add_rows(m, &q, 1, "attn_q", i, true);
        add_rows(m, &k, 1, "attn_k", i, true);
    }
    add_rest(m, turned);
}

static void add_phi3(struct maker *m)
{
    static const char *const fused[] = {"attn_q.weight",   "attn_k.weight", "attn_v.weight",
                                        "ffn_gate.weight", "ffn_up.weight", NULL};
    for (int i = 0; i < LAYERS; i++) {
        const struct gguf_tensor *qkv[] = {layer(m, i, "attn_q"), layer(m, i, "attn_k"),
                                           layer(m, i, "attn_v")};
        const struct gguf_tensor *ffn[] = {layer(m, i, "ffn_gate"), layer(m, i, "ffn_up")};
        add_rows(m, qkv, 3, "attn_qkv", i, true);
        add_rows(m, ffn, 2, "ffn_up", i, false);
    }
    add_rest(m, fused);
}

// ---- running them

static const char *made(void)
{
    static char path[64];
    if (!path[0])
        snprintf(path, sizeof(path), "/tmp/pumice-family-%d.gguf", (int)getpid());
    return path;
}

// The logits after the ids; the caller frees them.
static float *run(const char *model, uint32_t context, const int32_t *ids, size_t n, size_t *count)
{
    struct error e = {0};
    struct engine *engine = open_engine(model, NULL, context);
    struct session *s = open_session(engine);
    if (!session_sync_ids(s, &(struct id_chunk){ids, n}, NULL, 0, NULL, &e))
        fail_msg("%s", e.text);
    *count = engine_get_info(engine)->vocabulary;
    float *logits = malloc(*count * sizeof(*logits));
    memcpy(logits, session_logits(s), *count * sizeof(*logits));
    session_destroy(s);
    engine_destroy(engine);
    return logits;
}

static void assert_same_logits(const char *a, const char *b, uint32_t context, size_t n)
{
    size_t count;
    float *x = run(a, context, prompt, n, &count), *y = run(b, context, prompt, n, &count);
    assert_memory_equal(x, y, count * sizeof(*x));
    free(x);
    free(y);
}

static void qwen2_has_its_pairs_in_halves(void **state)
{
    (void)state;
    struct maker m = make_start(made(), "qwen2");
    add_qwen2(&m);
    make_end(&m);
    assert_same_logits(made(), data_path("synth/lm-Q8_0.gguf"), 256, PROMPT);
}

static void phi3_has_fused_matrices(void **state)
{
    (void)state;
    struct maker m = make_start(made(), "phi3");
    add_phi3(&m);
    make_end(&m);
    assert_same_logits(made(), data_path("synth/lm-Q8_0.gguf"), 256, PROMPT);
}

// With a window of W a position sees W keys, through two layers 2 (W - 1) before itself and no
// further.
static void phi3_sees_through_its_window_only(void **state)
{
    (void)state;
    enum { WINDOW = 8, REACH = 2 * (WINDOW - 1) };
    struct maker m = make_start(made(), "phi3");
    gguf_write_u32(m.w, "phi3.attention.sliding_window", WINDOW);
    add_phi3(&m);
    make_end(&m);
    size_t count;
    int32_t other[PROMPT];
    float *plain = run(made(), 256, prompt, PROMPT, &count);
    for (int far = 0; far < 2; far++) {
        memcpy(other, prompt, sizeof(other));
        other[PROMPT - 1 - REACH - far] ^= 1;
        float *changed = run(made(), 256, other, PROMPT, &count);
        assert_int_equal(memcmp(plain, changed, count * sizeof(*plain)) == 0, far);
        free(changed);
    }
    free(plain);
    // Within the window nothing is different.
    assert_same_logits(made(), data_path("synth/lm-Q8_0.gguf"), 256, WINDOW);
}

static void add_factors(struct maker *m, const char *name, float factor)
{
    float *values = keep(m, HEAD / 2 * sizeof(*values));
    for (int i = 0; i < HEAD / 2; i++)
        values[i] = factor;
    gguf_write_tensor(m->w, &(struct gguf_tensor){.name = name,
                                                  .n_dims = 1,
                                                  .dims = {HEAD / 2, 1, 1, 1},
                                                  .type = 0,
                                                  .data = values,
                                                  .size = HEAD / 2 * sizeof(*values)});
}

// Factors of 2 for every pair are a linear scale of 2; the long ones count for contexts beyond the
// original one.
static void phi3_rotates_long_contexts_by_other_factors(void **state)
{
    (void)state;
    static const char *const none[] = {NULL};
    char linear[80];
    snprintf(linear, sizeof(linear), "%s-linear", made());
    struct maker m = make_start(made(), "phi3");
    gguf_write_string(m.w, "phi3.rope.scaling.type", "longrope");
    gguf_write_u32(m.w, "phi3.rope.scaling.original_context_length", 128);
    add_factors(&m, "rope_factors_short.weight", 1);
    add_factors(&m, "rope_factors_long.weight", 2);
    add_phi3(&m);
    make_end(&m);
    struct maker l = make_start(linear, "llama");
    gguf_write_string(l.w, "llama.rope.scaling.type", "linear");
    gguf_write_f32(l.w, "llama.rope.scaling.factor", 2);
    add_rest(&l, none);
    make_end(&l);
    assert_same_logits(made(), data_path("synth/lm-Q8_0.gguf"), 128, PROMPT);
    assert_same_logits(made(), linear, 192, PROMPT);
    unlink(linear);
}

static int remove_files(void **state)
{
    (void)state;
    unlink(made());
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(qwen2_has_its_pairs_in_halves),
        cmocka_unit_test(phi3_has_fused_matrices),
        cmocka_unit_test(phi3_sees_through_its_window_only),
        cmocka_unit_test(phi3_rotates_long_contexts_by_other_factors),
    };
    for (int i = 0; i < PROMPT; i++)
        prompt[i] = (i * 37 + 11) % 1000;
    return cmocka_run_group_tests(tests, NULL, remove_files);
}

// What LLaVA-1.5-7B takes, from the tensor tables of its files alone: llama.cpp's Q4_K_M (Q6_K for
// the output, and in half of the layers for attn_v and ffn_down) and the tower in F16. All of it, and
// a context of 4096 with its keys and values as q8_0, fits into 6 GiB.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include <cmocka.h>

#include "engine/engine_internal.h"
#include "engine/memory_plan.h"
#include "memory_hollow.h"

enum { WIDTH = 4096, LAYERS = 32, FF = 11008, VOCABULARY = 32000, CONTEXT = 4096 };
enum { EYES = 1024, EYES_FF = 4096, BLOCKS = 23, PATCHES = 576 };
static const uint64_t GIB = 1u << 30;

#define DIMS(...) ((uint64_t[]){__VA_ARGS__, 0})

static const char *file(const char *name)
{
    static char paths[2][64];
    static int next;
    char *path = paths[next++ % 2];
    snprintf(path, sizeof(paths[0]), "/tmp/pumice-llava-%d-%s", (int)getpid(), name);
    return path;
}

static const char *of(const char *format, uint32_t i)
{
    static char name[32];
    snprintf(name, sizeof(name), format, i);
    return name;
}

// llama.cpp's use_more_bits.
static bool more_bits(uint32_t i)
{
    return i < LAYERS / 8 || i >= 7 * LAYERS / 8 || (i - LAYERS / 8) % 3 == 2;
}

static void write_layer(struct hollow *h, uint32_t i)
{
    enum quant_type fine = more_bits(i) ? QUANT_Q6_K : QUANT_Q4_K;
    hollow_tensor(h, of("blk.%u.attn_norm.weight", i), QUANT_F32, DIMS(WIDTH));
    hollow_tensor(h, of("blk.%u.ffn_norm.weight", i), QUANT_F32, DIMS(WIDTH));
    hollow_tensor(h, of("blk.%u.attn_q.weight", i), QUANT_Q4_K, DIMS(WIDTH, WIDTH));
    hollow_tensor(h, of("blk.%u.attn_k.weight", i), QUANT_Q4_K, DIMS(WIDTH, WIDTH));
    hollow_tensor(h, of("blk.%u.attn_v.weight", i), fine, DIMS(WIDTH, WIDTH));
    hollow_tensor(h, of("blk.%u.attn_output.weight", i), QUANT_Q4_K, DIMS(WIDTH, WIDTH));
    hollow_tensor(h, of("blk.%u.ffn_gate.weight", i), QUANT_Q4_K, DIMS(WIDTH, FF));
    hollow_tensor(h, of("blk.%u.ffn_up.weight", i), QUANT_Q4_K, DIMS(WIDTH, FF));
    hollow_tensor(h, of("blk.%u.ffn_down.weight", i), fine, DIMS(FF, WIDTH));
}

static uint64_t write_language(const char *path)
{
    struct hollow h = {0};
    hollow_text(&h, "general.architecture", "llama");
    hollow_u32(&h, "llama.context_length", 4096);
    hollow_u32(&h, "llama.embedding_length", WIDTH);
    hollow_u32(&h, "llama.block_count", LAYERS);
    hollow_u32(&h, "llama.feed_forward_length", FF);
    hollow_u32(&h, "llama.attention.head_count", 32);
    hollow_u32(&h, "llama.attention.head_count_kv", 32);
    hollow_u32(&h, "llama.rope.dimension_count", 128);
    hollow_f32(&h, "llama.attention.layer_norm_rms_epsilon", 1e-5F);
    hollow_tensor(&h, "token_embd.weight", QUANT_Q4_K, DIMS(WIDTH, VOCABULARY));
    for (uint32_t i = 0; i < LAYERS; i++)
        write_layer(&h, i);
    hollow_tensor(&h, "output_norm.weight", QUANT_F32, DIMS(WIDTH));
    hollow_tensor(&h, "output.weight", QUANT_Q6_K, DIMS(WIDTH, VOCABULARY));
    return hollow_write(&h, path);
}

static void write_linear(struct hollow *h, const char *name, uint32_t columns, uint32_t rows)
{
    char full[80];
    snprintf(full, sizeof(full), "%s.weight", name);
    hollow_tensor(h, full, QUANT_F16, DIMS(columns, rows));
    snprintf(full, sizeof(full), "%s.bias", name);
    hollow_tensor(h, full, QUANT_F32, DIMS(rows));
}

static void write_norm(struct hollow *h, const char *name)
{
    char full[80];
    snprintf(full, sizeof(full), "%s.weight", name);
    hollow_tensor(h, full, QUANT_F32, DIMS(EYES));
    snprintf(full, sizeof(full), "%s.bias", name);
    hollow_tensor(h, full, QUANT_F32, DIMS(EYES));
}

static void write_block(struct hollow *h, uint32_t i)
{
    write_norm(h, of("v.blk.%u.ln1", i));
    write_norm(h, of("v.blk.%u.ln2", i));
    write_linear(h, of("v.blk.%u.attn_q", i), EYES, EYES);
    write_linear(h, of("v.blk.%u.attn_k", i), EYES, EYES);
    write_linear(h, of("v.blk.%u.attn_v", i), EYES, EYES);
    write_linear(h, of("v.blk.%u.attn_out", i), EYES, EYES);
    write_linear(h, of("v.blk.%u.ffn_down", i), EYES, EYES_FF); // the names of old files
    write_linear(h, of("v.blk.%u.ffn_up", i), EYES_FF, EYES);
}

static uint64_t write_tower(const char *path)
{
    static const float mean[] = {0.48F, 0.46F, 0.41F}, deviation[] = {0.27F, 0.26F, 0.28F};
    struct hollow h = {0};
    hollow_text(&h, "general.architecture", "clip");
    hollow_bool(&h, "clip.has_vision_encoder", true);
    hollow_bool(&h, "clip.has_llava_projector", true);
    hollow_text(&h, "clip.projector_type", "mlp");
    hollow_u32(&h, "clip.vision.image_size", 336);
    hollow_u32(&h, "clip.vision.patch_size", 14);
    hollow_u32(&h, "clip.vision.embedding_length", EYES);
    hollow_u32(&h, "clip.vision.feed_forward_length", EYES_FF);
    hollow_u32(&h, "clip.vision.attention.head_count", 16);
    hollow_u32(&h, "clip.vision.block_count", BLOCKS);
    hollow_floats(&h, "clip.vision.image_mean", mean, 3);
    hollow_floats(&h, "clip.vision.image_std", deviation, 3);
    hollow_tensor(&h, "v.patch_embd.weight", QUANT_F16, DIMS(14, 14, 3, EYES));
    hollow_tensor(&h, "v.class_embd", QUANT_F32, DIMS(EYES));
    hollow_tensor(&h, "v.position_embd.weight", QUANT_F16, DIMS(EYES, PATCHES + 1));
    write_norm(&h, "v.pre_ln");
    for (uint32_t i = 0; i < BLOCKS; i++)
        write_block(&h, i);
    write_linear(&h, "mm.0", EYES, WIDTH);
    write_linear(&h, "mm.2", WIDTH, WIDTH);
    return hollow_write(&h, path);
}

// An engine up to where it would decide; the tokenizer and the device's free memory do not matter.
static void measure(struct engine *e, struct memory_needs *n, uint64_t *layers)
{
    struct error err = {0};
    bool ok = (e->device = vk_device_open(NULL, &err)) &&
              (e->model_file = gguf_open(file("lm"), &err)) &&
              (e->vision_file = gguf_open(file("tower"), &err)) &&
              vision_read_traits(e->vision_file, &e->traits, &err) &&
              engine_reserve(e, &(struct engine_params){.context = CONTEXT}, &err) &&
              engine_measure(e, KV_AUTO, layers, n, &err);
    if (!ok)
        fail_msg("%s", err.text);
}

static void seven_billion_and_a_picture_fit_in_6_gib(const char *shape)
{
    struct engine *e = calloc(1, sizeof(*e));
    struct memory_needs n = {0};
    uint64_t layers[LAYERS];
    setenv("PUMICE_KERNELS", shape, 1);
    measure(e, &n, layers);
    struct memory_limits l = {.device = 6 * GIB, .host = 8 * GIB};
    struct memory_plan p = memory_plan_make(&n, &l);
    print_message("%s: weights %.3f, cache %.3f (form %u), scratch %.3f, tower %.3f, all %.3f GiB, "
                  "%u layers\n",
                  shape, (double)p.weights.device / GIB, (double)p.cache.device / GIB, p.kv,
                  (double)p.scratch.device / GIB, (double)p.tower.device / GIB,
                  (double)p.needed.device / GIB, p.device_layers);
    assert_true(p.fits);
    assert_true(p.needed.device <= 6 * GIB);
    assert_int_equal(p.device_layers, LAYERS);
    assert_true(p.tower_stays);
    engine_destroy(e);
}

static void it_fits_in_6_gib_for_gpus(void **state)
{
    (void)state;
    seven_billion_and_a_picture_fit_in_6_gib("gpu");
}

static void it_fits_in_6_gib_for_cpus(void **state)
{
    (void)state;
    seven_billion_and_a_picture_fit_in_6_gib("cpu");
}

static int write_files(void **state)
{
    (void)state;
    // The sizes of the files that people have, less their vocabulary and other metadata.
    assert_in_range(write_language(file("lm")), 4079000000, 4081004224);
    assert_in_range(write_tower(file("tower")), 624000000, 624451168);
    return 0;
}

static int remove_files(void **state)
{
    (void)state;
    unlink(file("lm"));
    unlink(file("tower"));
    return 0;
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(it_fits_in_6_gib_for_gpus),
        cmocka_unit_test(it_fits_in_6_gib_for_cpus),
    };
    return cmocka_run_group_tests_name("memory_llava", tests, write_files, remove_files);
}

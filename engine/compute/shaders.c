#include "engine/compute/shaders.h"

#include "shaders/shared.h"

#include "shaders/attention_cpu.h"
#include "shaders/attention_gpu.h"
#include "shaders/between_cpu_bf16.h"
#include "shaders/between_cpu_f16.h"
#include "shaders/between_cpu_f32.h"
#include "shaders/between_cpu_iq4_nl.h"
#include "shaders/between_cpu_q2_k.h"
#include "shaders/between_cpu_q3_k.h"
#include "shaders/between_cpu_q4_0.h"
#include "shaders/between_cpu_q4_1.h"
#include "shaders/between_cpu_q5_0.h"
#include "shaders/between_cpu_q5_1.h"
#include "shaders/between_cpu_q6_k.h"
#include "shaders/between_cpu_q8_0.h"
#include "shaders/gemm_cpu_bf16.h"
#include "shaders/gemm_cpu_f16.h"
#include "shaders/gemm_cpu_f32.h"
#include "shaders/gemm_cpu_iq4_nl.h"
#include "shaders/gemm_cpu_q2_k.h"
#include "shaders/gemm_cpu_q3_k.h"
#include "shaders/gemm_cpu_q4_0.h"
#include "shaders/gemm_cpu_q4_1.h"
#include "shaders/gemm_cpu_q5_0.h"
#include "shaders/gemm_cpu_q5_1.h"
#include "shaders/gemm_cpu_q6_k.h"
#include "shaders/gemm_cpu_q8_0.h"
#include "shaders/gemm_dot_iq4_nl.h"
#include "shaders/gemm_dot_q2_k.h"
#include "shaders/gemm_dot_q3_k.h"
#include "shaders/gemm_dot_q4_0.h"
#include "shaders/gemm_dot_q4_1.h"
#include "shaders/gemm_dot_q5_0.h"
#include "shaders/gemm_dot_q5_1.h"
#include "shaders/gemm_dot_q6_k.h"
#include "shaders/gemm_dot_q8_0.h"
#include "shaders/gemm_gpu_bf16.h"
#include "shaders/gemm_gpu_f16.h"
#include "shaders/gemm_gpu_f32.h"
#include "shaders/gemm_gpu_iq4_nl.h"
#include "shaders/gemm_gpu_q2_k.h"
#include "shaders/gemm_gpu_q3_k.h"
#include "shaders/gemm_gpu_q4_0.h"
#include "shaders/gemm_gpu_q4_1.h"
#include "shaders/gemm_gpu_q5_0.h"
#include "shaders/gemm_gpu_q5_1.h"
#include "shaders/gemm_gpu_q6_k.h"
#include "shaders/gemm_gpu_q8_0.h"
#include "shaders/gemm_matrix_bf16.h"
#include "shaders/gemm_matrix_f16.h"
#include "shaders/gemm_matrix_f32.h"
#include "shaders/gemm_matrix_iq4_nl.h"
#include "shaders/gemm_matrix_q2_k.h"
#include "shaders/gemm_matrix_q3_k.h"
#include "shaders/gemm_matrix_q4_0.h"
#include "shaders/gemm_matrix_q4_1.h"
#include "shaders/gemm_matrix_q5_0.h"
#include "shaders/gemm_matrix_q5_1.h"
#include "shaders/gemm_matrix_q6_k.h"
#include "shaders/gemm_matrix_q8_0.h"
#include "shaders/gemv_cpu_bf16.h"
#include "shaders/gemv_cpu_f16.h"
#include "shaders/gemv_cpu_f32.h"
#include "shaders/gemv_cpu_iq4_nl.h"
#include "shaders/gemv_cpu_q2_k.h"
#include "shaders/gemv_cpu_q3_k.h"
#include "shaders/gemv_cpu_q4_0.h"
#include "shaders/gemv_cpu_q4_1.h"
#include "shaders/gemv_cpu_q5_0.h"
#include "shaders/gemv_cpu_q5_1.h"
#include "shaders/gemv_cpu_q6_k.h"
#include "shaders/gemv_cpu_q8_0.h"
#include "shaders/gemv_gpu_bf16.h"
#include "shaders/gemv_gpu_f16.h"
#include "shaders/gemv_gpu_f32.h"
#include "shaders/gemv_gpu_iq4_nl.h"
#include "shaders/gemv_gpu_q2_k.h"
#include "shaders/gemv_gpu_q3_k.h"
#include "shaders/gemv_gpu_q4_0.h"
#include "shaders/gemv_gpu_q4_1.h"
#include "shaders/gemv_gpu_q5_0.h"
#include "shaders/gemv_gpu_q5_1.h"
#include "shaders/gemv_gpu_q6_k.h"
#include "shaders/gemv_gpu_q8_0.h"
#include "shaders/norm_cpu.h"
#include "shaders/norm_gpu.h"
#include "shaders/peak_copy_storage.h"
#include "shaders/peak_copy_texel.h"
#include "shaders/peak_multiply.h"
#include "shaders/peak_read_storage.h"
#include "shaders/peak_read_texel.h"
#include "shaders/quantize.h"
#include "shaders/rotate_cpu.h"
#include "shaders/rotate_gpu.h"
#include "shaders/shortlist.h"

// Interfaces: what the `layout(binding = ...)` lines of a family say.
#define S        VK_BIND_STORAGE
#define U        VK_BIND_TEXEL_UINT
#define F        VK_BIND_TEXEL_FLOAT
#define GEMV_CPU 8, {U, F, S, S, S, S, S, F}, sizeof(struct push_matmul)
#define BETWEEN_CPU                                                                                \
    28, {U, F, S, S, S, S, S, F, U, F, F, S, S, U, F, F, S, S, U, F, F, S, S, S, F, U, S, S},      \
        sizeof(struct push_between)
#define GEMM_CPU      4, {U, F, S, S}, sizeof(struct push_matmul)
#define GEMV_GPU      8, {S, S, S, S, S, S, S, S}, sizeof(struct push_matmul)
#define GEMM_GPU      4, {S, S, S, S}, sizeof(struct push_matmul)
#define GEMM_DOT      5, {S, S, S, S, S}, sizeof(struct push_matmul)
#define QUANTIZE      3, {S, S, S}, sizeof(struct push_quantize)
#define ATTENTION_CPU 5, {F, U, S, S, S}, sizeof(struct push_attention)
#define ATTENTION_GPU 5, {S, S, S, S, S}, sizeof(struct push_attention)
#define NORM_CPU      4, {F, S, F, F}, sizeof(struct push_norm)
#define NORM_GPU      4, {S, S, S, S}, sizeof(struct push_norm)
#define ROTATE_CPU    5, {F, S, F, S, S}, sizeof(struct push_rotate)
#define ROTATE_GPU    5, {S, S, S, S, S}, sizeof(struct push_rotate)
#define SHORTLIST     3, {S, S, S}, sizeof(struct push_shortlist)
#define BARE_STORAGE  2, {S, S}, sizeof(struct push_peak)
#define BARE_TEXEL    2, {U, S}, sizeof(struct push_peak)
#define BARE_MULTIPLY 1, {S}, sizeof(struct push_peak)
#define MODULE(array, ...)                                                                         \
    {                                                                                              \
#array, array, sizeof(array), __VA_ARGS__                                                  \
    }

// Of the types whose values are whole numbers with a scale.
#define BLOCK_TYPES(family, ...)                                                                   \
    [QUANT_Q4_0] = MODULE(family##_q4_0, __VA_ARGS__),                                             \
    [QUANT_Q4_1] = MODULE(family##_q4_1, __VA_ARGS__),                                             \
    [QUANT_Q5_0] = MODULE(family##_q5_0, __VA_ARGS__),                                             \
    [QUANT_Q5_1] = MODULE(family##_q5_1, __VA_ARGS__),                                             \
    [QUANT_Q8_0] = MODULE(family##_q8_0, __VA_ARGS__),                                             \
    [QUANT_Q2_K] = MODULE(family##_q2_k, __VA_ARGS__),                                             \
    [QUANT_Q3_K] = MODULE(family##_q3_k, __VA_ARGS__),                                             \
    [QUANT_Q6_K] = MODULE(family##_q6_k, __VA_ARGS__),                                             \
    [QUANT_IQ4_NL] = MODULE(family##_iq4_nl, __VA_ARGS__)

#define TYPES(family, ...)                                                                         \
    {                                                                                              \
        [QUANT_F32] = MODULE(family##_f32, __VA_ARGS__),                                           \
        [QUANT_F16] = MODULE(family##_f16, __VA_ARGS__),                                           \
        [QUANT_BF16] = MODULE(family##_bf16, __VA_ARGS__), BLOCK_TYPES(family, __VA_ARGS__)        \
    }

enum { TYPE_COUNT = QUANT_BF16 + 1 };

static const struct vk_shader gemv[2][TYPE_COUNT] = {
    [VK_SHAPE_GPU] = TYPES(gemv_gpu, GEMV_GPU), [VK_SHAPE_CPU] = TYPES(gemv_cpu, GEMV_CPU)};
static const struct vk_shader between[2][TYPE_COUNT] = {[VK_SHAPE_CPU] =
                                                            TYPES(between_cpu, BETWEEN_CPU)};
static const struct vk_shader gemm[2][TYPE_COUNT] = {
    [VK_SHAPE_GPU] = TYPES(gemm_gpu, GEMM_GPU), [VK_SHAPE_CPU] = TYPES(gemm_cpu, GEMM_CPU)};
static const struct vk_shader gemm_dot[2][TYPE_COUNT] = {
    [VK_SHAPE_GPU] = {BLOCK_TYPES(gemm_dot, GEMM_DOT)}};
static const struct vk_shader gemm_matrix[2][TYPE_COUNT] = {[VK_SHAPE_GPU] =
                                                                TYPES(gemm_matrix, GEMM_GPU)};
static const struct vk_shader attention[2] = {[VK_SHAPE_GPU] = MODULE(attention_gpu, ATTENTION_GPU),
                                              [VK_SHAPE_CPU] =
                                                  MODULE(attention_cpu, ATTENTION_CPU)};
static const struct vk_shader norm[2] = {
    [VK_SHAPE_GPU] = MODULE(norm_gpu, NORM_GPU), [VK_SHAPE_CPU] = MODULE(norm_cpu, NORM_CPU)};
static const struct vk_shader shortlist_module = MODULE(shortlist, SHORTLIST);
static const struct vk_shader quantize_module = MODULE(quantize, QUANTIZE);
static const struct vk_shader rotate[2] = {[VK_SHAPE_GPU] = MODULE(rotate_gpu, ROTATE_GPU),
                                           [VK_SHAPE_CPU] = MODULE(rotate_cpu, ROTATE_CPU)};
static const struct vk_shader peaks[] = {
    [PEAK_READ_STORAGE] = MODULE(peak_read_storage, BARE_STORAGE),
    [PEAK_READ_TEXEL] = MODULE(peak_read_texel, BARE_TEXEL),
    [PEAK_COPY_STORAGE] = MODULE(peak_copy_storage, BARE_STORAGE),
    [PEAK_COPY_TEXEL] = MODULE(peak_copy_texel, BARE_TEXEL),
    [PEAK_MULTIPLY] = MODULE(peak_multiply, BARE_MULTIPLY)};

const struct vk_shader *shader_peak(enum peak peak)
{
    return &peaks[peak];
}

// The products' modules by type, NULL: the shape has none.
static const struct vk_shader *products(enum shader_family family, enum vk_shape shape)
{
    switch (family) {
    case SHADER_GEMV:
        return gemv[shape];
    case SHADER_BETWEEN:
        return between[shape];
    case SHADER_GEMM:
        return gemm[shape];
    case SHADER_GEMM_DOT:
        return gemm_dot[shape];
    case SHADER_GEMM_MATRIX:
        return gemm_matrix[shape];
    default:
        return NULL;
    }
}

const struct vk_shader *shader_find(enum shader_family family, enum vk_shape shape,
                                    enum quant_type type)
{
    if (family == SHADER_NORM)
        return &norm[shape];
    if (family == SHADER_ROTATE)
        return &rotate[shape];
    if (family == SHADER_SHORTLIST)
        return &shortlist_module;
    if (family == SHADER_QUANTIZE)
        return &quantize_module;
    if (family == SHADER_ATTENTION)
        return &attention[shape];
    const struct vk_shader *list = products(family, shape);
    return list && (unsigned)type < TYPE_COUNT && list[type].code ? &list[type] : NULL;
}

// FNV-1a (Fowler, Noll, Vo) by words.
uint64_t shader_fingerprint(void)
{
    uint64_t hash = 0xcbf29ce484222325;
    for (enum shader_family family = 0; family <= SHADER_GEMM_MATRIX; family++)
        for (uint32_t type = 0; type < TYPE_COUNT; type++) {
            const struct vk_shader *s =
                products(family, VK_SHAPE_GPU) ? shader_find(family, VK_SHAPE_GPU, type) : NULL;
            for (size_t i = 0; s && i < s->size / sizeof(*s->code); i++)
                hash = (hash ^ s->code[i]) * 0x100000001b3;
        }
    return hash;
}

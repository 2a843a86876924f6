#include "engine/compute/variants.h"

#include <stdlib.h>
#include <string.h>

#include "engine/compute/shaders.h"

static const char *const names[GEMM_VARIANTS] = {
    [GEMM_FLOAT] = "float", [GEMM_DOT] = "dot", [GEMM_MATRIX] = "matrix"};
static const uint32_t threads[GEMV_VARIANTS] = {128, 32, 64, 256};

_Static_assert((int)QUANT_BF16 < VK_NOTES, "a byte for each type");

const char *gemm_variant_name(enum gemm_variant v)
{
    return names[v];
}

bool gemm_variant_possible(const struct vk_profile *p, enum gemm_variant v, enum quant_type type)
{
    if (v == GEMM_DOT)
        return p->packed_dot && shader_find(SHADER_GEMM_DOT, p->shape, type) != NULL;
    if (v == GEMM_MATRIX)
        return p->matrix.rows > 0 && shader_find(SHADER_GEMM_MATRIX, p->shape, type) != NULL;
    return true;
}

static enum gemm_variant forced(void)
{
    const char *name = getenv("PUMICE_GEMM");
    for (enum gemm_variant v = 0; name && v < GEMM_VARIANTS; v++)
        if (strcmp(name, names[v]) == 0)
            return v;
    return GEMM_VARIANTS;
}

// A byte of the notes holds both picks.
static unsigned char *note(struct vk_device *d, enum quant_type type)
{
    return vk_device_notes(d) + type;
}

enum gemm_variant gemm_variant(struct vk_device *d, enum quant_type type)
{
    enum gemm_variant v = forced();
    if (v == GEMM_VARIANTS)
        v = *note(d, type) & 15;
    return gemm_variant_possible(vk_device_profile(d), v, type) ? v : GEMM_FLOAT;
}

void gemm_variant_pick(struct vk_device *d, enum quant_type type, enum gemm_variant v)
{
    *note(d, type) = (unsigned char)((*note(d, type) & 0xf0) | v);
}

uint32_t gemv_threads(uint32_t variant)
{
    return threads[variant];
}

uint32_t gemv_variant(struct vk_device *d, enum quant_type type)
{
    const char *wanted = getenv("PUMICE_GEMV");
    for (uint32_t v = 0; wanted && v < GEMV_VARIANTS; v++)
        if (strtoul(wanted, NULL, 10) == threads[v])
            return v;
    return *note(d, type) >> 4;
}

void gemv_variant_pick(struct vk_device *d, enum quant_type type, uint32_t variant)
{
    *note(d, type) = (unsigned char)((*note(d, type) & 15) | variant << 4);
}

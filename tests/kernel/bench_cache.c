// A KV cache in a tensor, and where its values and scales lie.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "bench.h"

struct test_cache bench_cache(struct bench *b, uint32_t type, uint32_t positions, uint32_t heads,
                              uint32_t size)
{
    struct cache_parts parts = kernel_cache_parts(type, positions, heads, size);
    assert_int_equal(parts.size, kernel_cache_size(type, positions, heads, size));
    return (struct test_cache){.tensor = bench_tensor(b, parts.size),
                               .type = type,
                               .positions = positions,
                               .heads = heads,
                               .size = size,
                               .layout = kernel_cache_layout(bench_profile(b), type),
                               .parts = parts};
}

uint64_t bench_cache_at(const struct test_cache *c, bool value, uint32_t p, uint32_t h, uint32_t d)
{
    uint64_t unit = CACHE_UNIT(c->type);
    if (!value)
        return CACHE_INDEX(p, h, d, c->heads, c->size, c->layout.key_run, unit);
    return c->parts.values / 16 * unit +
           CACHE_INDEX(p, h, d, c->heads, c->size, c->layout.value_run, 4);
}

uint64_t bench_cache_scale_at(const struct test_cache *c, bool value, uint32_t p, uint32_t h,
                              uint32_t d)
{
    uint32_t blocks = (c->size + CACHE_SCALED - 1) / CACHE_SCALED;
    uint64_t from = value ? c->parts.value_scales : c->parts.key_scales;
    return from / 2 + CACHE_INDEX(p, h, d / CACHE_SCALED, c->heads, blocks, c->layout.scale_run, 1);
}

#include "engine/model/repack.h"

#include <string.h>

#include "shaders/shared.h"

enum { UNIT_BYTES = 16 };

// What a block of 32 columns becomes for a lane: where its bytes go among the lane's units.
// scale: half2 in the first unit; high: in the second; values: in `parts` units, one for each 16
// bytes.
struct block_map {
    uint32_t head, parts; // units before the parts; parts for each of the four r
    uint32_t scale_bytes; // at the start of a file's block
    uint32_t high_bytes;  // behind them
    uint32_t value_bytes; // behind those: 16 * parts
};

static struct block_map map_of(enum quant_type type)
{
    switch (type) {
    case QUANT_Q4_0:
        return (struct block_map){1, 1, 2, 0, 16};
    case QUANT_Q4_1:
        return (struct block_map){1, 1, 4, 0, 16};
    case QUANT_Q5_0:
        return (struct block_map){2, 1, 2, 4, 16};
    case QUANT_Q5_1:
        return (struct block_map){2, 1, 4, 4, 16};
    case QUANT_Q8_0:
        return (struct block_map){1, 2, 2, 0, 32};
    case QUANT_F16:
    case QUANT_BF16:
        return (struct block_map){0, 4, 0, 0, 64};
    default: // F32: no kernel reads another
        break;
    }
    return (struct block_map){0, 8, 0, 0, 128};
}

// Bytes that the last block of a row has in the file: float rows may end inside a block.
static size_t present(const struct block_map *m, uint32_t columns, uint32_t block)
{
    size_t whole = m->scale_bytes + m->high_bytes + m->value_bytes;
    uint32_t left = columns - block * WEIGHT_BLOCK;
    return left >= WEIGHT_BLOCK ? whole : whole / WEIGHT_BLOCK * left;
}

// Where the pieces of (r, lane) lie in a block of a quad.
struct places {
    uint8_t *scale, *high, *first_part;
    size_t part_step;
};

static struct places places_of(const struct block_map *m, uint8_t *block, uint32_t r, uint32_t lane,
                               uint32_t interleave)
{
    return (struct places){
        .scale = block + (size_t)lane * UNIT_BYTES + r * 4,
        .high = block + (size_t)(interleave + lane) * UNIT_BYTES + r * 4,
        .first_part = block + (size_t)((m->head + r) * interleave + lane) * UNIT_BYTES,
        .part_step = (size_t)WEIGHT_QUAD * interleave * UNIT_BYTES,
    };
}

static void pack_block(const struct block_map *m, const uint8_t *from, size_t size,
                       struct places to)
{
    uint8_t padded[128];
    if (size < m->value_bytes) {
        memset(padded, 0, sizeof(padded));
        memcpy(padded, from, size);
        from = padded;
    }
    if (m->scale_bytes) {
        memset(to.scale, 0, 4);
        memcpy(to.scale, from, m->scale_bytes);
        from += m->scale_bytes;
    }
    if (m->high_bytes) {
        memcpy(to.high, from, 4);
        from += 4;
    }
    for (uint32_t i = 0; i < m->parts; i++)
        memcpy(to.first_part + i * to.part_step, from + (size_t)i * UNIT_BYTES, UNIT_BYTES);
}

void repack_quad(enum quant_type type, const void *const *rows, uint32_t columns,
                 uint32_t interleave, void *quad)
{
    struct block_map m = map_of(type);
    size_t file_block = m.scale_bytes + m.high_bytes + m.value_bytes;
    size_t quad_block = (size_t)(m.head + WEIGHT_QUAD * m.parts) * interleave * UNIT_BYTES;
    static const uint8_t zeros[128];
    uint32_t blocks = (columns + WEIGHT_BLOCK - 1) / WEIGHT_BLOCK;
    uint8_t *block = quad;
    for (uint32_t b = 0; b < blocks; b++, block += quad_block) {
        size_t size = present(&m, columns, b);
        for (uint32_t i = 0; i < WEIGHT_QUAD * interleave; i++) {
            struct places to = places_of(&m, block, i / interleave, i % interleave, interleave);
            const uint8_t *row = rows[i];
            pack_block(&m, row ? row + b * file_block : zeros, size, to);
        }
    }
}

void unpack_quad(enum quant_type type, const void *quad, uint32_t columns, uint32_t interleave,
                 void *const *rows)
{
    struct block_map m = map_of(type);
    size_t file_block = m.scale_bytes + m.high_bytes + m.value_bytes;
    size_t quad_block = (size_t)(m.head + WEIGHT_QUAD * m.parts) * interleave * UNIT_BYTES;
    uint32_t blocks = (columns + WEIGHT_BLOCK - 1) / WEIGHT_BLOCK;
    for (uint32_t b = 0; b < blocks; b++)
        for (uint32_t i = 0; i < WEIGHT_QUAD * interleave; i++) {
            uint8_t whole[128], *at = whole;
            struct places from = places_of(&m, (uint8_t *)quad + b * quad_block, i / interleave,
                                           i % interleave, interleave);
            memcpy(at, from.scale, m.scale_bytes);
            at += m.scale_bytes;
            if (m.high_bytes)
                memcpy(at, from.high, 4);
            at += m.high_bytes;
            for (uint32_t part = 0; part < m.parts; part++)
                memcpy(at + (size_t)part * UNIT_BYTES, from.first_part + part * from.part_step,
                       UNIT_BYTES);
            memcpy((uint8_t *)rows[i] + b * file_block, whole, present(&m, columns, b));
        }
}

// What C and GLSL must agree on: push-constant structs, specialization constants, index formulas.
// Included by both; every member is 4 bytes, so that C's layout is GLSL's.
#ifndef PUMICE_SHARED_H
#define PUMICE_SHARED_H

#ifdef GL_core_profile
#define SHARED_STRUCT(name) struct name
#define SHARED_MEMBER(name) name
#else
#include <stdint.h>
typedef uint32_t uint;
#define SHARED_STRUCT(name) struct name
#define SHARED_MEMBER(name) struct name
#endif

// Tensor types, as GGUF numbers them (engine/model/quant.h says the same to C).
#define TYPE_F32  0
#define TYPE_F16  1
#define TYPE_Q4_0 2
#define TYPE_Q4_1 3
#define TYPE_Q5_0 6
#define TYPE_Q5_1 7
#define TYPE_Q8_0 8
#define TYPE_Q2_K 10
#define TYPE_Q3_K 11
#define TYPE_Q6_K 14
#define TYPE_IQ4_NL 20
#define TYPE_BF16 30

// Weights in device memory. A matrix is cut into quads of 4 * L rows (L: the interleave, the subgroup
// size for the cpu shape, 1 for the gpu shape; row = (quad * 4 + r) * L + lane) and blocks of 32 columns.
// A quad's block is UNIT (shaders/weights.glsl) * L units of 16 bytes, one behind the other:
//   [word][lane] the head: a word of each r = 0..3; then [part][r][lane] 16 bytes of consecutive columns, or 4 bits of 32.
// The words of a row's head are its scales, then bits of its quants:
//   Q4_0, Q4_1, Q8_0   half d, half m; Q5_0 and Q5_1 behind it the fifth bits
//   IQ4_NL             half d, int8 s: the scale is d s; also IQ4_XS
//   Q6_K               half d, int8 s[2] of 16 columns each; then bits 4 and 5 of columns 0..15; of 16..31
//   Q3_K               as Q6_K, bit 2 of all columns, bits 0 and 1 of columns 0..15; of 16..31. No parts
//   Q2_K               half d, half dmin; uint8 s[2], m[2] of 16 columns each; the columns as in Q3_K. No parts
// Of n bits a column, column 4 i + j has its own in byte j from bit n i on (i from 0 in each word).
// Quads follow each other, in each the blocks in order. Rows and columns that the matrix lacks are zero.
#define WEIGHT_BLOCK 32
#define WEIGHT_QUAD  4

// What happens to a product before it is stored (constant MODE of gemv and gemm).
#define MODE_STORE    0 // y = act(v + bias)
#define MODE_RESIDUAL 1 // y += v + bias
#define MODE_GATE     2 // y = silu(gate) * up; rows come in turn, L of the gate, L of up
#define MODE_QKV      3 // gemv: rows are those of Q, K and V; q and k are rotated, K and V go to the cache

#define ACT_NONE       0
#define ACT_QUICK_GELU 1 // x * sigmoid(1.702 x): CLIP
#define ACT_GELU       2 // erf form: torch.nn.GELU

// gemm_matrix.comp: the constants by which tools/coopmat.c tells apart the matrices of a product.
#define MATRIX_M 4 // rows of W
#define MATRIX_N 5 // columns of x
#define MATRIX_K 6 // inner values

SHARED_STRUCT(push_matmul)
{
    uint rows;       // of the matrix, without padding
    uint columns;    // of x and y
    uint inner;      // blocks of 32 in a row of the matrix
    uint in_stride;  // floats from one column of x to the next, a multiple of 32
    uint in_column;  // first column that is read
    uint out_stride; // floats from one column of y to the next
    uint out_column; // first column that is written
    uint out_row;    // where row 0 goes in a column of y
    uint norm_size;  // gemv with norm: values that count in the mean square
    float norm_eps;
    uint first_row; // MODE_QKV: number of row 0 among the rows of Q, K and V
    uint q_rows;    // MODE_QKV: rows of Q
    uint kv_rows;   // MODE_QKV: rows of K, and of V
    uint kv_heads; // kv_rows / the size of a head
    uint values;   // 16 bytes from the start of a layer's cache to V
};

// quantize.comp: x as bytes, for gemm_dot.comp, in two tensors. Of a block b of 32 values of column n
//   quants  uvec4 [block][half][column]: 16 signed bytes each
//   scales  uvec2 [block][column]: d (float), then the sums of the bytes of both halves (halves)
SHARED_STRUCT(push_quantize)
{
    uint columns;   // of the result
    uint in_stride; // floats from one column of x to the next, a multiple of 32
    uint in_column; // first column that is read
};

// between_cpu.comp: three products between the attention and that of Q, K and V.
#define BETWEEN_STEPS    3
#define BETWEEN_PATIENCE 5000  // turns of waiting for a step
#define BETWEEN_MOST     40000 // turns of all its other loops
SHARED_STRUCT(between_step)
{
    uint rows;
    uint inner;     // blocks of 32 in a row
    uint norm_size; // values of x that count in the mean square
    float norm_eps;
};
SHARED_STRUCT(between_attention)
{
    uint kv_heads; // 0: there is none
    uint group;    // the rest as in push_attention
    uint values;
    float scale;
};
SHARED_STRUCT(push_between)
{
    SHARED_MEMBER(between_step) steps[BETWEEN_STEPS];
    SHARED_MEMBER(push_matmul) qkv; // MODE_QKV
    SHARED_MEMBER(between_attention) attention;
};

SHARED_STRUCT(push_rotate)
{
    uint q_heads;
    uint kv_heads;
    uint key_scales; // 16 bytes from the start of a layer's cache to its parts
    uint values;
    uint value_scales;
};

SHARED_STRUCT(push_norm)
{
    uint size;       // values of a row that count
    uint stride;     // floats from one row to the next, of input and output
    uint in_row;     // first row that is read; written from 0
    float eps;
};

SHARED_STRUCT(push_attention)
{
    uint columns; // of queries
    uint kv_heads;
    uint group;      // query heads that share a KV head
    uint q_stride;   // floats from one column of q to the next
    uint out_stride; // the same for the output
    float scale;     // of the scores, times log2(e)
    uint key_scales; // 16 bytes from the start of a layer's cache to its parts
    uint values;
    uint value_scales;
};

// The kernels of peak_*.comp.
SHARED_STRUCT(push_peak)
{
    uint turns; // of the loop: a multiple of 8, of 4 for memory
    float factor, term;
};

#define SHORTLIST_MOST  1024 // entries that are kept
#define SHORTLIST_SLICE 4096 // logits of a workgroup
SHARED_STRUCT(push_shortlist)
{
    uint count; // of logits
};

// attention_join.glsl: fewer keys are not split. A part: for each row of a tile its sums, the maximum and the total.
#define ATTENTION_SPLIT 128u
#define ATTENTION_PARTIAL(rows, size) ((rows) * ((size) + 2u))

// The KV cache of a layer, in four parts that grow at their ends only: K, the scales of K, V, the scales of V.
// CACHE_F16: halves, no scales. CACHE_Q8_0: value = q * d, q a signed byte, d a half for each CACHE_SCALED dimensions of a
// head (fewer at its end), d = max |value| / 127.
// A part is made of units, `unit` neighbouring dimensions of a position (p: its index, h: KV head, d: dimension); the
// units of `run` positions lie beside each other. K has units of 16 bytes, CACHE_UNIT dimensions, V of 4 dimensions, and
// a scale is a unit of its own, where d is the number of the scale. Runs: struct cache_layout, 1 in the gpu shape. Each
// KV_BLOCK positions, all of a head lies together, so that it is read in one stream; CACHE_ROW: its place among them.
// Head sizes are multiples of CACHE_UNIT.
#define KV_BLOCK     64u // positions: capacities are multiples of it
#define CACHE_F16    0
#define CACHE_Q8_0   1
#define CACHE_SCALED 32u
#define CACHE_UNIT(type) ((type) == CACHE_Q8_0 ? 16u : 8u)
#define CACHE_ROW(p, h, heads) (((p) / KV_BLOCK * (heads) + (h)) * KV_BLOCK + (p) % KV_BLOCK)
#define CACHE_INDEX(p, h, d, heads, size, run, unit)                                               \
    (((CACHE_ROW(p, h, heads) / (run) * ((size) / (unit)) + (d) / (unit)) * (run) + (p) % (run)) * \
         (unit) +                                                                                  \
     (d) % (unit))

#endif

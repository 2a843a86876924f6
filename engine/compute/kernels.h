// The kernels, one function a family: picks the variant and the tile for the device, checks shapes,
// and appends the operation to a plan. Formulas and mappings stand on top of the shaders
// (shaders/*.comp).
//
// "Columns" are positions or patches: column c of a tensor starts at c * stride floats. Kernels may
// read padding up to the stride (it must be finite where a matrix row is padded: see matmul) but
// never write beyond what they are said to write.
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "engine/compute/plan.h"
#include "engine/compute/shortlist.h"
#include "engine/model/quant.h"
#include "engine/vk/device.h"
#include "shaders/shared.h"

// How tensors lie in the memory of a device of this profile.
struct layout {
    uint32_t interleave;              // L: rows of a weight matrix that are interleaved
    uint32_t tile_rows, tile_columns; // that a workgroup of gemm computes
    uint32_t most_columns;            // of a batch that is worth computing at once
    uint32_t most_tiles;              // of a picture, the same
    double piece_flops; // of a piece of a submission: some 50 ms of a slow device of its kind
};
struct layout kernel_layout(const struct vk_profile *profile);

// How the KV cache of a layer lies on it (CACHE_INDEX): positions of a run.
struct cache_layout {
    uint32_t key_run, value_run, scale_run;
};
struct cache_layout kernel_cache_layout(const struct vk_profile *profile, uint32_t type);

// Where its parts begin behind K, and its size, in bytes, with room for `positions` (a multiple of
// KV_BLOCK). K and V take a half of it each. `type`: CACHE_*, which must do for heads of that size.
struct cache_parts {
    uint64_t key_scales, values, value_scales, size;
};
struct cache_parts kernel_cache_parts(uint32_t type, uint32_t positions, uint32_t kv_heads,
                                      uint32_t head_size);
uint64_t kernel_cache_size(uint32_t type, uint32_t positions, uint32_t kv_heads,
                           uint32_t head_size);
bool kernel_cache_fits(uint32_t type, uint32_t head_size);

// A matrix in device memory, laid out as shaders/shared.h says. Not owned.
struct matrix {
    enum quant_type type;
    uint32_t rows, columns;
    struct vk_slice data; // of the first piece_rows rows
    struct vk_slice bias; // rows floats, padded to 4; always there (zeros)
    // Where no binding can hold all rows: those of a piece (0 or rows: all are one), a multiple of
    // 64 and of what the layout wants; `more` has the data of the pieces behind the first.
    uint32_t piece_rows;
    const struct vk_slice *more;
};
// Bytes of a matrix in that layout.
uint64_t kernel_matrix_size(enum quant_type type, uint32_t rows, uint32_t columns,
                            uint32_t interleave);

// A normalisation: RMSNorm without a bias, LayerNorm with one.
struct norm {
    struct vk_slice gain, bias; // `size` floats, padded to 4; bias.buffer NULL: RMSNorm
    uint32_t size;
    float eps;
};

// Where the rows of Q, K and V go. Tensors are indexed by the column of the batch.
struct qkv {
    plan_tensor rotation; // head_size floats a column: (cos, sin) of each pair
    plan_tensor slots;    // uint a column: its place in the cache
    plan_tensor cache;    // of a layer: kernel_cache_size
    uint32_t cache_type;  // CACHE_*
    uint32_t positions;   // that it has room for
    uint32_t q_rows, kv_rows, head_size;
    uint32_t first_row; // set by kernel_qkv: of a matrix among the rows of Q, K and V
};

// Columns as bytes, as shaders/shared.h says (push_quantize).
struct quantized {
    plan_tensor quants, scales;
};

struct matmul {
    const struct matrix *matrix;
    uint32_t columns; // of x that are multiplied
    plan_tensor x;    // [..][x_stride]; x_stride >= matrix columns, a multiple of 32, zeros between
    uint32_t x_stride, x_column; // x_column: the first one that is read
    plan_tensor y;
    uint32_t y_stride, y_column, y_row; // the first column and row that are written
    uint32_t mode, act;                 // MODE_*, ACT_*
    const struct norm *norm;            // of x, before; NULL: none
    const struct qkv *qkv;              // MODE_QKV, set by kernel_qkv
    const struct quantized *bytes;      // of x, set by kernel_matmul and kernel_qkv for GEMM_DOT
};
// y = epilogue(matrix . norm(x)): see MODE_*. One column: gemv, else gemm.
void kernel_matmul(struct plan *p, const struct matmul *m);

// The columns of m->x that m multiplies as bytes, from 0 on.
struct quantized kernel_quantize(struct plan *p, const struct matmul *m);

// q and the cache get the rows of Q, K and V, q and k rotated. The parts multiply the same x, one
// matrix or several in the order of their rows; their y is q (stride q_rows), mode and qkv are set
// here.
void kernel_qkv(struct plan *p, const struct matmul *parts, uint32_t n, const struct qkv *qkv);

// y[0..rows) = norm(x[first..first + rows)); both `stride` floats a row.
void kernel_norm(struct plan *p, const struct norm *n, plan_tensor x, uint32_t first, plan_tensor y,
                 uint32_t stride, uint32_t rows);

struct attention {
    plan_tensor q, y;
    plan_tensor cache;   // of a layer: kernel_cache_size
    uint32_t cache_type; // CACHE_*
    uint32_t positions;  // that it has room for
    plan_tensor ranges;  // uvec2 a column: keys [begin, end) that it sees, end > begin
    uint32_t columns;
    uint32_t keys; // most that a column sees, as far as known: for the plan's estimate of the work
    uint32_t heads, kv_heads, head_size;
    uint32_t q_stride, y_stride;
    // What workgroups that share the keys of one column hand each other: kernel_attention_shared
    // bytes, zeros before the first attention that uses them and again behind it. NULL: none share.
    const plan_tensor *shared;
};
// 0: no workgroups would share.
uint64_t kernel_attention_shared(const struct vk_profile *profile, const struct attention *a);
// y = softmax(q k' / sqrt(head_size)) v
void kernel_attention(struct plan *p, const struct attention *a);

// From the Q of a layer to that of the next, in this order: attended = attention(q), x +=
// out(attended), hidden = gate_up(norm(x)), x += down(hidden), and Q, K and V of the next layer.
// Before the first layer there are no first four, behind the last no Q, K and V.
struct between {
    const struct attention *attention;
    const struct matmul *out, *gate_up, *down; // all, or NULL
    const struct matmul *parts;                // kernel_qkv's
    uint32_t n_parts;
    const struct qkv *qkv;
    uint32_t heads, kv_heads, head_size; // also where there is no attention: the kernel is the same
};
// One dispatch where that is the faster way: for one column of a small model on a CPU.
void kernel_between(struct plan *p, const struct between *b);

// list (struct shortlist) = of `count` logits those that are at most *reach (a float) below the
// greatest.
void kernel_shortlist(struct plan *p, plan_tensor logits, uint32_t count, plan_tensor reach,
                      plan_tensor list);

// Shared by weights.c (what is asked for) and weights_upload.c (filling it).
#pragma once

#include "engine/model/weights.h"

enum { PARTS_MOST = 4 };

// One thing to upload: a matrix out of tensors, or a run of floats that we hold.
struct job {
    struct matrix matrix;
    struct weight_part parts[PARTS_MOST];
    uint32_t n_parts;
    uint32_t first_row; // of the whole matrix, where this is a piece of it
    enum weight_order order;
    float *floats; // NULL: a matrix
    size_t count;
    struct vk_slice to;
};

struct section {
    struct vk_slabs *slabs;
    enum vk_memory kind;
};

struct weights {
    struct vk_device *device;
    uint32_t interleave;
    struct section *sections; // the last one is what is asked for now
    size_t n_sections, section_room;
    struct job *jobs;
    size_t n_jobs, room;
    struct vk_slice **pieces; // of the matrices that are cut
    size_t n_pieces, piece_room;
    struct vk_slice zeros; // the bias of matrices without one
    uint64_t bytes;
};

// The row of a part's tensor that becomes row `i` of the part.
static inline uint32_t weight_tensor_row(const struct weight_part *p, uint32_t i)
{
    if (p->halves) {
        uint32_t d = i % p->halves;
        i = i - d + (d % 2 ? p->halves / 2 : 0) + d / 2;
    }
    return p->first_row + i;
}

// Shared by decoder.c (the model) and decoder_state.c (its timelines).
#pragma once

#include "engine/model/decoder.h"

enum { QKV_PARTS = 3 };

struct decoder_layer {
    struct norm attention_norm, ffn_norm;
    struct matrix
        qkv[QKV_PARTS]; // the rows of Q, K and V in order; parts of one type are one matrix
    uint32_t n_qkv;
    struct matrix out;
    struct matrix gate_up; // paired
    struct matrix down;
};

struct decoder {
    struct vk_device *device;
    struct decoder_shape shape;
    const struct gguf_tensor *embedding; // stays in the file
    struct decoder_layer *layers;
    struct norm output_norm;
    struct matrix head;
    double *frequencies; // of the rotation of each pair, head_size / 2, radians a position
};

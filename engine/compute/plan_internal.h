// The inside of a plan, shared by plan.c (building, running) and plan_record.c.
#pragma once

#include "engine/compute/plan.h"

struct tensor {
    struct vk_slice slice; // of a scratch tensor: the buffer is NULL until it is placed
    bool scratch;
    size_t first, last; // operations that use it; first > last: none
};

enum op_kind { OP_DISPATCH, OP_COPY, OP_ZERO };

struct op {
    enum op_kind kind;
    struct plan_op dispatch;
    struct vk_pipeline *pipeline; // of the dispatch, once the plan is finished
    plan_tensor from, to;
    uint64_t from_offset, to_offset, size;
};

struct plan {
    struct vk_device *device;
    const char *name;
    struct tensor *tensors;
    size_t n_tensors, tensor_room;
    struct op *ops;
    size_t n_ops, op_room;
    double flops;
    struct vk_buffer *arena;
    uint64_t arena_size;
    bool placed;
    struct vk_commands *commands;
    struct error failure; // kind is not ERROR_NONE: a building call failed
};

// Numbers of the SPIR-V specification (unified 1.6), SPV_NV_cooperative_matrix and
// SPV_KHR_cooperative_matrix: those that tools/coopmat.c needs.
#pragma once

// A module is five words, the fourth of them one more than its greatest id, and instructions: the
// first word of each is its number of words << 16 | its opcode.
enum { SPIRV_MAGIC = 0x07230203, SPIRV_HEADER = 5, SPIRV_BOUND = 3 };

enum {
    OP_EXTENSION = 10,
    OP_CAPABILITY = 17,
    OP_TYPE_INT = 21,
    OP_CONSTANT_TRUE = 41,
    OP_CONSTANT_FALSE = 42,
    OP_CONSTANT = 43,
    OP_LOAD = 61,
    OP_STORE = 62,
    OP_DECORATE = 71,
    OP_CONTROL_BARRIER = 224,
    OP_TYPE_KHR = 4456,
    OP_LOAD_KHR = 4457,
    OP_STORE_KHR = 4458,
    OP_MULTIPLY_KHR = 4459,
    OP_LENGTH_KHR = 4460,
    OP_TYPE_NV = 5358,
    OP_LOAD_NV = 5359,
    OP_STORE_NV = 5360,
    OP_MULTIPLY_NV = 5361,
    OP_LENGTH_NV = 5362,
    CAPABILITY_NV = 5357,
    CAPABILITY_KHR = 6022,
    DECORATION_SPEC_ID = 1,
    SCOPE_WORKGROUP = 2,
    MAKE_POINTER_AVAILABLE = 8, // memory operands
    MAKE_POINTER_VISIBLE = 16,
    NON_PRIVATE_POINTER = 32,
    MAKE_AVAILABLE_AND_VISIBLE = 0x6000, // semantics of a barrier
};

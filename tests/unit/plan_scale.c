#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "plan_scale.h"

enum { FACTOR = 3 };

struct plan *new_plan(struct vk_device *d)
{
    struct error e;
    struct plan *p = plan_create(d, "test", &e);
    if (!p)
        fail_msg("%s", e.text);
    return p;
}

void finish_plan(struct plan *p, double piece_flops)
{
    struct error e;
    if (!plan_finish(p, piece_flops, &e))
        fail_msg("%s", e.text);
}

void run_plan(struct plan *p)
{
    struct error e;
    double ms = -1;
    if (!plan_run(p, NULL, &ms, &e))
        fail_msg("%s", e.text);
    assert_true(ms >= 0);
}

void append_scale(struct plan *p, plan_tensor from, plan_tensor to, uint32_t add)
{
    struct plan_op op = {.name = "scale",
                         .shader = &scale,
                         .constants = {64, FACTOR},
                         .n_constants = 2,
                         .tensors = {from, to},
                         .writes = 1u << 1,
                         .groups = {(N + 63) / 64, 1, 1},
                         .flops = 10};
    struct scale_push push = {N, add};
    memcpy(op.push, &push, sizeof(push));
    plan_append(p, &op);
}

struct vk_buffer *new_numbers(struct vk_device *d, uint32_t start)
{
    struct vk_buffer *b = new_buffer(d, N * sizeof(uint32_t), VK_MEMORY_READBACK);
    uint32_t *at = vk_buffer_map(b);
    for (uint32_t i = 0; i < N; i++)
        at[i] = i + start;
    return b;
}

plan_tensor scratch_numbers(struct plan *p)
{
    return plan_scratch(p, N * sizeof(uint32_t));
}

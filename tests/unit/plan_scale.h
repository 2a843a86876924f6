// What the tests of plans share: plans of one kernel, to[i] = from[i] * 3 + add of vk_fixture, over
// N numbers; each call succeeds or the test fails.
#pragma once

#include "engine/compute/plan.h"
#include "vk_fixture.h"

enum { N = 1000 };

struct plan *new_plan(struct vk_device *d);
void finish_plan(struct plan *p, double piece_flops);
void run_plan(struct plan *p);
// to = from * 3 + add; 10 flops.
void append_scale(struct plan *p, plan_tensor from, plan_tensor to, uint32_t add);
// A buffer of N numbers that the host sees: i + start.
struct vk_buffer *new_numbers(struct vk_device *d, uint32_t start);
plan_tensor scratch_numbers(struct plan *p); // room for N

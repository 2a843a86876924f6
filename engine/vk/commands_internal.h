// Shared by commands.c and timestamps.c.
#pragma once

#include "engine/vk/commands.h"
#include "engine/vk/descriptors.h"
#include "engine/vk/vk_internal.h"

enum { STAMPS = 64 };

// Timestamps of one piece; each pool is reset where it is first used, so that a piece can run again
// alone.
struct stamps {
    VkQueryPool pool;
    uint32_t used;
};

struct vk_commands {
    struct vk_device *device;
    VkCommandPool pool;
    VkFence fence;
    VkCommandBuffer *pieces; // the last is being recorded until `finished`
    size_t n_pieces;
    struct vk_descriptors descriptors;
    struct stamps *stamps;
    size_t n_stamps;

    struct error failure; // the first one
    bool failed, finished;
    bool split;    // the next command begins a new piece
    bool written;  // something was recorded since the last barrier
    bool stamping; // the last of `stamps` belongs to this piece
    const struct vk_pipeline *bound;
};

static inline VkCommandBuffer vk_piece(const struct vk_commands *c)
{
    return c->pieces[c->n_pieces - 1];
}

// Whether a command can be recorded now; begins a new piece if one is due.
bool vk_commands_ready(struct vk_commands *c);

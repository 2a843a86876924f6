// The machine's memory, as much of it as this process may have: what the kernel says, lowered to
// the limits of the control groups (of a container, a service) that the process is in.
#pragma once

#include <stdint.h>

struct host_memory {
    uint64_t total; // bytes; 0: not known
    uint64_t free;  // of these, without what the kernel can give up at once
};

// Reads ROOT/proc and ROOT/sys/fs/cgroup; "" is the machine itself. Any thread.
struct host_memory host_memory_read(const char *root);

// Device memory: buffers, slabs that many tensors share, and getting bytes in and out.
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"
#include "engine/vk/device.h"

enum vk_memory {
    VK_MEMORY_DEVICE,   // the kernels read and write it; mapped only where profile.host_visible
    VK_MEMORY_UPLOAD,   // in the host's memory, where that is another: written by the host (never
                        // read by it), read and perhaps written by the device
    VK_MEMORY_READBACK, // written by the device, read by the host (cached memory where there is
                        // any)
};

struct vk_buffer;

// A range of a buffer: what bindings and copies take.
struct vk_slice {
    struct vk_buffer *buffer;
    uint64_t offset, size;
};

// One buffer with memory of its own; usable for storage, texel and transfer. Not zeroed. `name`
// appears in validation messages and must be a literal. Fails with ERROR_DEVICE (how much was
// wanted, what there is).
struct vk_buffer *vk_buffer_create(struct vk_device *d, uint64_t size, enum vk_memory kind,
                                   const char *name, struct error *e);
void vk_buffer_destroy(struct vk_buffer *b);
void *vk_buffer_map(struct vk_buffer *b); // stays mapped; coherent; NULL: not host-visible
struct vk_slice vk_buffer_all(struct vk_buffer *b);
uint64_t vk_buffer_size(const struct vk_buffer *b);

// Bytes of all buffers that are there now, in DEVICE memory and in that of the host.
struct vk_allocated {
    uint64_t device, host;
};
struct vk_allocated vk_device_allocated(const struct vk_device *d);

// Slabs: few large buffers from which slices are taken one after the other and given back
// all at once. Taking only plans, so that all of it can be counted before any memory is there.
struct vk_slabs;
struct vk_slabs *vk_slabs_create(struct vk_device *d, const char *name, struct error *e);
void vk_slabs_destroy(struct vk_slabs *s);
// `size` bytes at an alignment fit for every binding kind. A slice never crosses a slab and never
// exceeds what one binding can hold (a larger one fails and says so).
bool vk_slabs_take(struct vk_slabs *s, uint64_t size, struct vk_slice *out, struct error *e);
uint64_t vk_slabs_most(const struct vk_slabs *s);  // bytes of a slice
uint64_t vk_slabs_total(const struct vk_slabs *s); // bytes of memory, planned or there
// Gives memory (DEVICE or UPLOAD) to all slices taken so far: only now may they be bound or filled.
bool vk_slabs_allocate(struct vk_slabs *s, enum vk_memory kind, struct error *e);

// Filling memory with bytes that are made piece by piece: where memory is mapped,
// vk_upload_begin gives the place itself; elsewhere a staging slot (its copy is submitted by
// vk_upload_end, which may wait for an older slot). size <= VK_UPLOAD_MOST. One upload at a time
// for each uploader, uploader used by one thread.
enum { VK_UPLOAD_MOST = 16 << 20 };
struct vk_uploader;
struct vk_uploader *vk_uploader_create(struct vk_device *d, struct error *e);
void vk_uploader_destroy(struct vk_uploader *u);
void *vk_upload_begin(struct vk_uploader *u, struct vk_slice to, struct error *e);
bool vk_upload_end(struct vk_uploader *u, struct error *e);
bool vk_upload_flush(struct vk_uploader *u,
                     struct error *e); // all uploads are visible to later dispatches

// A recorded list of dispatches and copies that can be submitted again and again, in pieces, so
// that no submission keeps a device busy for long and a stop is noticed between two of them.
//
// Recording calls return nothing; the first failure is kept and reported by vk_commands_finish.
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"
#include "engine/vk/memory.h"
#include "engine/vk/pipeline.h"

struct vk_commands;

struct vk_commands *vk_commands_create(struct vk_device *d, const char *name, struct error *e);
void vk_commands_destroy(struct vk_commands *c); // must not be running

// slices[i] goes to binding i of the pipeline's shader; descriptors and views are made and owned
// here. Buffers must outlive the commands. groups[i] >= 1.
void vk_record_dispatch(struct vk_commands *c, struct vk_pipeline *p, const struct vk_slice *slices,
                        const void *push, const uint32_t groups[3]);
void vk_record_copy(struct vk_commands *c, struct vk_slice from, struct vk_slice to); // equal sizes
void vk_record_zero(struct vk_commands *c, struct vk_slice to); // offset and size: multiples of 4
// All writes recorded so far are visible to everything recorded after it (kernels and copies).
void vk_record_barrier(struct vk_commands *c);
// Two timestamps bracket what was recorded between begin and end; read back by vk_commands_times.
void vk_record_timestamp(struct vk_commands *c);
void vk_record_split(struct vk_commands *c); // what follows goes into the next piece
// Ends recording, with a barrier towards host reads at the end of the last piece.
bool vk_commands_finish(struct vk_commands *c, struct error *e);

size_t vk_commands_pieces(const struct vk_commands *c);
// Submits piece `i` and waits for it (finite time-outs; a lost device is ERROR_DEVICE and a
// sentence). `ms` (may be NULL) gets the wall time from submit to completion.
bool vk_commands_run(struct vk_commands *c, size_t i, double *ms, struct error *e);
// Nanoseconds from the first timestamp to each, in order of recording, after all pieces ran. false:
// not as many were recorded, or the device has none.
bool vk_commands_times(struct vk_commands *c, double *ns, size_t n);

// A device's memory: its heaps, and what of them can be expected to be free.
#include "engine/vk/host_memory.h"
#include "engine/vk/vk_internal.h"

_Static_assert((int)VK_HEAPS_MOST == (int)VK_MAX_MEMORY_HEAPS, "all that a driver may have");

uint32_t vk_main_heap(const VkPhysicalDeviceMemoryProperties *memory)
{
    uint32_t best = 0;
    VkDeviceSize size = 0;
    for (uint32_t i = 0; i < memory->memoryHeapCount; i++) {
        const VkMemoryHeap *heap = &memory->memoryHeaps[i];
        if ((heap->flags & VK_MEMORY_HEAP_DEVICE_LOCAL_BIT) && heap->size > size) {
            best = i;
            size = heap->size;
        }
    }
    return best;
}

static struct vk_heap read_heap(const struct vk_instance *instance, const struct vk_physical *p,
                                uint32_t i)
{
    const VkMemoryHeap *heap = &p->memory.memoryHeaps[i];
    struct vk_heap h = {.size = heap->size,
                        .device_local = (heap->flags & VK_MEMORY_HEAP_DEVICE_LOCAL_BIT) != 0};
    if (!p->has_budget)
        return h;
    VkPhysicalDeviceMemoryBudgetPropertiesEXT budget = {
        .sType = VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_MEMORY_BUDGET_PROPERTIES_EXT};
    VkPhysicalDeviceMemoryProperties2 memory = {
        .sType = VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_MEMORY_PROPERTIES_2, .pNext = &budget};
    instance->fn.GetPhysicalDeviceMemoryProperties2(p->handle, &memory);
    h.budget = budget.heapBudget[i];
    h.used = budget.heapUsage[i];
    return h;
}

static uint64_t free_of_heap(const struct vk_instance *instance, const struct vk_physical *p,
                             uint32_t i)
{
    struct vk_heap h = read_heap(instance, p, i);
    if (!p->has_budget)
        return h.size / 10 * 9;
    return h.budget > h.used ? h.budget - h.used : 0; // some drivers report more use than budget
}

static uint64_t free_memory(const struct vk_instance *instance, const struct vk_physical *p,
                            const struct host_memory *machine)
{
    // A software driver's heap is whatever it likes to claim.
    if (p->profile.type == VK_TYPE_CPU && machine->total > 0)
        return machine->free;
    return free_of_heap(instance, p, vk_main_heap(&p->memory));
}

uint64_t vk_free_memory(const struct vk_instance *instance, const struct vk_physical *p)
{
    struct host_memory machine = host_memory_read("");
    return free_memory(instance, p, &machine);
}

// Heaps of the host are the machine's memory, of which others use the rest.
static void read_host(const struct vk_instance *instance, struct vk_physical *p,
                      const struct host_memory *machine)
{
    uint32_t device = vk_memory_type(&p->memory, UINT32_MAX, VK_MEMORY_DEVICE);
    uint32_t host = vk_memory_type(&p->memory, UINT32_MAX, VK_MEMORY_UPLOAD);
    p->profile.one_memory =
        p->profile.type == VK_TYPE_CPU || p->profile.type == VK_TYPE_INTEGRATED ||
        device == UINT32_MAX || host == UINT32_MAX ||
        p->memory.memoryTypes[device].heapIndex == p->memory.memoryTypes[host].heapIndex;
    if (p->profile.one_memory) {
        p->profile.free_host = p->profile.free_memory;
        return;
    }
    uint64_t heap = free_of_heap(instance, p, p->memory.memoryTypes[host].heapIndex);
    p->profile.free_host = machine->total > 0 && machine->free < heap ? machine->free : heap;
}

void vk_read_memory(const struct vk_instance *instance, struct vk_physical *p)
{
    struct host_memory machine = host_memory_read("");
    VkPhysicalDeviceMemoryProperties2 memory = {
        .sType = VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_MEMORY_PROPERTIES_2};
    instance->fn.GetPhysicalDeviceMemoryProperties2(p->handle, &memory);
    p->memory = memory.memoryProperties;
    p->profile.n_heaps = p->memory.memoryHeapCount;
    for (uint32_t i = 0; i < p->profile.n_heaps; i++)
        p->profile.heaps[i] = read_heap(instance, p, i);
    p->profile.device_memory = p->memory.memoryHeaps[vk_main_heap(&p->memory)].size;
    if (p->profile.type == VK_TYPE_CPU && machine.total > 0)
        p->profile.device_memory = machine.total;
    p->profile.free_memory = free_memory(instance, p, &machine);
    read_host(instance, p, &machine);
    uint32_t type = vk_memory_type(&p->memory, UINT32_MAX, VK_MEMORY_DEVICE);
    p->profile.host_visible = type != UINT32_MAX && (p->memory.memoryTypes[type].propertyFlags &
                                                     VK_MEMORY_PROPERTY_HOST_VISIBLE_BIT) != 0;
}

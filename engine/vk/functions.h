// The Vulkan functions that we call, as lists for X-macros: F(name) stands for vk<name>. One list
// for each way of finding a function; the tables made from them are in vk_internal.h.
#pragma once

#define VK_GLOBAL_FUNCTIONS(F)                                                                     \
    F(EnumerateInstanceVersion)                                                                    \
    F(EnumerateInstanceLayerProperties)                                                            \
    F(EnumerateInstanceExtensionProperties)                                                        \
    F(CreateInstance)

#define VK_INSTANCE_FUNCTIONS(F)                                                                   \
    F(DestroyInstance)                                                                             \
    F(EnumeratePhysicalDevices)                                                                    \
    F(EnumerateDeviceExtensionProperties)                                                          \
    F(GetPhysicalDeviceProperties)                                                                 \
    F(GetPhysicalDeviceProperties2)                                                                \
    F(GetPhysicalDeviceFeatures2)                                                                  \
    F(GetPhysicalDeviceMemoryProperties2)                                                          \
    F(GetPhysicalDeviceQueueFamilyProperties)                                                      \
    F(CreateDevice)                                                                                \
    F(GetDeviceProcAddr)

// Only there with VK_EXT_debug_utils, which only validation asks for.
#define VK_DEBUG_FUNCTIONS(F)                                                                      \
    F(CreateDebugUtilsMessengerEXT)                                                                \
    F(DestroyDebugUtilsMessengerEXT)                                                               \
    F(SetDebugUtilsObjectNameEXT)

#define VK_DEVICE_FUNCTIONS(F)                                                                     \
    F(DestroyDevice)                                                                               \
    F(GetDeviceQueue)                                                                              \
    F(QueueSubmit)                                                                                 \
    F(CreateFence)                                                                                 \
    F(DestroyFence)                                                                                \
    F(ResetFences)                                                                                 \
    F(WaitForFences)                                                                               \
    F(AllocateMemory)                                                                              \
    F(FreeMemory)                                                                                  \
    F(MapMemory)                                                                                   \
    F(CreateBuffer)                                                                                \
    F(DestroyBuffer)                                                                               \
    F(GetBufferMemoryRequirements)                                                                 \
    F(BindBufferMemory)                                                                            \
    F(CreateBufferView)                                                                            \
    F(DestroyBufferView)                                                                           \
    F(CreateShaderModule)                                                                          \
    F(DestroyShaderModule)                                                                         \
    F(CreatePipelineCache)                                                                         \
    F(DestroyPipelineCache)                                                                        \
    F(GetPipelineCacheData)                                                                        \
    F(CreateDescriptorSetLayout)                                                                   \
    F(DestroyDescriptorSetLayout)                                                                  \
    F(CreatePipelineLayout)                                                                        \
    F(DestroyPipelineLayout)                                                                       \
    F(CreateComputePipelines)                                                                      \
    F(DestroyPipeline)                                                                             \
    F(CreateDescriptorPool)                                                                        \
    F(DestroyDescriptorPool)                                                                       \
    F(AllocateDescriptorSets)                                                                      \
    F(UpdateDescriptorSets)                                                                        \
    F(CreateCommandPool)                                                                           \
    F(DestroyCommandPool)                                                                          \
    F(AllocateCommandBuffers)                                                                      \
    F(BeginCommandBuffer)                                                                          \
    F(EndCommandBuffer)                                                                            \
    F(CreateQueryPool)                                                                             \
    F(DestroyQueryPool)                                                                            \
    F(GetQueryPoolResults)                                                                         \
    F(CmdBindPipeline)                                                                             \
    F(CmdBindDescriptorSets)                                                                       \
    F(CmdPushConstants)                                                                            \
    F(CmdDispatch)                                                                                 \
    F(CmdCopyBuffer)                                                                               \
    F(CmdFillBuffer)                                                                               \
    F(CmdPipelineBarrier)                                                                          \
    F(CmdResetQueryPool)                                                                           \
    F(CmdWriteTimestamp)

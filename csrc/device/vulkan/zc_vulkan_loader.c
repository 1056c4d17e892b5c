/* zc_vulkan_loader: opens the Vulkan loader, makes the process's one instance and lists the physical devices.
 *
 * The loader is opened with dlopen, so that the package runs where there is none and can say so. The instance
 * is made at first use and lives as long as the process: drivers do not like to be unloaded. The list of devices
 * is constant once made.
 *
 * Fork: a child forgets its parent's instance and makes its own. The parent does not wait for a thread of its own
 * that is inside the loader or a driver, opening or closing a device (zc_vulkan_enter); its child could wait for
 * ever for the locks that such a thread holds there, so it is told that it has no Vulkan.
 *
 * Environment: ZCWASM_VULKAN_LOADER names another loader library; ZCWASM_VULKAN_VALIDATION=1 turns on the
 * Khronos validation layer if it is installed, whose messages are counted here for the tests.
 * Threads: any; one lock for the instance, one for the messages. Does not judge a device (zc_vulkan_physical.c),
 * and makes no logical one.
 */
#include <dlfcn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/zc_alloc.h"
#include "base/zc_fork.h"
#include "device/vulkan/zc_vulkan.h"

#define VALIDATION_LAYER "VK_LAYER_KHRONOS_validation"
#define KEPT_MESSAGES 8

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static zc_vulkan_instance *instance; /* of this process */
static bool held_for_fork, torn; /* torn: forked while another thread was inside */

static pthread_mutex_t message_lock = PTHREAD_MUTEX_INITIALIZER;
static bool validating;
static uint64_t message_count;
static char messages[KEPT_MESSAGES][512];

void zc_vulkan_enter(void)
{
    pthread_mutex_lock(&lock);
}

void zc_vulkan_leave(void)
{
    pthread_mutex_unlock(&lock);
}

static void try_lock(void)
{
    held_for_fork = pthread_mutex_trylock(&lock) == 0;
}

static void unlock_all(void)
{
    if (held_for_fork) {
        pthread_mutex_unlock(&lock);
    }
}

static void reset(void)
{
    static const pthread_mutex_t fresh = PTHREAD_MUTEX_INITIALIZER;
    if (!held_for_fork) {
        lock = fresh;
        torn = true;
    }
    instance = NULL;
    message_lock = fresh; /* held for instructions only, but in the middle of a driver's call */
    message_count = 0;
    validating = false;
}

ZC_FORK_HANDLERS(ZC_FORK_VULKAN, .lock = try_lock, .unlock = unlock_all, .reset = reset)

static VkBool32 on_message(VkDebugUtilsMessageSeverityFlagBitsEXT severity, VkDebugUtilsMessageTypeFlagsEXT type,
                           const VkDebugUtilsMessengerCallbackDataEXT *data, void *unused)
{
    (void)severity, (void)type, (void)unused;
    pthread_mutex_lock(&message_lock);
    if (message_count < KEPT_MESSAGES) {
        (void)snprintf(messages[message_count], sizeof messages[0], "%s",
                       data->pMessage ? data->pMessage : "(no text)");
    }
    message_count++;
    pthread_mutex_unlock(&message_lock);
    return VK_FALSE;
}

int64_t zc_vulkan_validation(char *out, size_t size)
{
    size_t used = 0;
    pthread_mutex_lock(&message_lock);
    int64_t count = validating ? (int64_t)message_count : -1;
    for (int64_t i = 0; i < count && i < KEPT_MESSAGES && used < size; i++) {
        used += (size_t)snprintf(out + used, size - used, "%s\n", messages[i]);
    }
    pthread_mutex_unlock(&message_lock);
    if (size && used == 0) {
        out[0] = 0;
    }
    return count;
}

static void *open_loader(char *reason, size_t size)
{
#if defined(__APPLE__)
    static const char *const names[] = {"libvulkan.1.dylib",
                                        "libvulkan.dylib",
                                        "libMoltenVK.dylib",
                                        "/usr/local/lib/libvulkan.1.dylib",
                                        "/opt/homebrew/lib/libvulkan.1.dylib",
                                        "/opt/homebrew/lib/libMoltenVK.dylib"};
#else
    static const char *const names[] = {"libvulkan.so.1", "libvulkan.so"};
#endif
    const char *chosen = getenv("ZCWASM_VULKAN_LOADER");
    void *library = NULL;
    if (chosen && *chosen) {
        library = dlopen(chosen, RTLD_NOW | RTLD_LOCAL);
    } else {
        for (size_t i = 0; i < sizeof names / sizeof names[0] && !library; i++) {
            library = dlopen(names[i], RTLD_NOW | RTLD_LOCAL);
        }
    }
    if (!library) {
        (void)snprintf(reason, size, "there is no Vulkan loader: %s cannot be opened",
                       chosen && *chosen ? chosen : names[0]);
    }
    return library;
}

static bool has_layer(const zc_vulkan_instance_functions *f, const char *name)
{
    uint32_t count = 0;
    bool found = false;
    if (f->vkEnumerateInstanceLayerProperties(&count, NULL) != VK_SUCCESS || count == 0) {
        return false;
    }
    VkLayerProperties *layers = zc_calloc(count, sizeof *layers);
    if (layers && f->vkEnumerateInstanceLayerProperties(&count, layers) >= 0) {
        for (uint32_t i = 0; i < count && !found; i++) {
            found = strcmp(layers[i].layerName, name) == 0;
        }
    }
    zc_free(layers);
    return found;
}

/* `layer` NULL asks the loader and the drivers. */
static bool has_instance_extension(const zc_vulkan_instance_functions *f, const char *layer, const char *name)
{
    uint32_t count = 0;
    bool found = false;
    if (f->vkEnumerateInstanceExtensionProperties(layer, &count, NULL) != VK_SUCCESS || count == 0) {
        return false;
    }
    VkExtensionProperties *all = zc_calloc(count, sizeof *all);
    if (all && f->vkEnumerateInstanceExtensionProperties(layer, &count, all) >= 0) {
        for (uint32_t i = 0; i < count && !found; i++) {
            found = strcmp(all[i].extensionName, name) == 0;
        }
    }
    zc_free(all);
    return found;
}

static bool load_functions(zc_vulkan_instance_functions *f, VkInstance handle, const char **missing)
{
#define GET(name)                                                           \
    if (!(f->name = (PFN_##name)f->vkGetInstanceProcAddr(handle, #name))) { \
        *missing = #name;                                                   \
        return false;                                                       \
    }
#define ZC_VULKAN_ON_INSTANCE(result, name, ...) GET(name)
#include "device/vulkan/zc_vulkan_functions.def"
    return true;
}

static bool load_global_functions(zc_vulkan_instance_functions *f, void *library, const char **missing)
{
    *(void **)&f->vkGetInstanceProcAddr = dlsym(library, "vkGetInstanceProcAddr");
    *missing = "vkGetInstanceProcAddr";
    if (!f->vkGetInstanceProcAddr) {
        return false;
    }
    PFN_vkGetInstanceProcAddr get = f->vkGetInstanceProcAddr;
#undef GET
#define GET(name)                                    \
    if (!(f->name = (PFN_##name)get(NULL, #name))) { \
        *missing = #name;                            \
        return false;                                \
    }
    GET(vkEnumerateInstanceVersion) /* absent from Vulkan 1.0 */
    GET(vkEnumerateInstanceLayerProperties)
    GET(vkEnumerateInstanceExtensionProperties)
    GET(vkCreateInstance)
#undef GET
    return true;
}

static VkResult create_instance(zc_vulkan_instance *made)
{
    static const char *const layers[] = {VALIDATION_LAYER};
    const char *extensions[2];
    uint32_t extension_count = 0;
    const char *wish = getenv("ZCWASM_VULKAN_VALIDATION");
    bool validate = wish && strcmp(wish, "1") == 0 && has_layer(&made->f, VALIDATION_LAYER) &&
                    (has_instance_extension(&made->f, VALIDATION_LAYER, "VK_EXT_debug_utils") ||
                     has_instance_extension(&made->f, NULL, "VK_EXT_debug_utils"));
    VkDebugUtilsMessengerCreateInfoEXT messenger = {.sType = VK_STRUCTURE_TYPE_DEBUG_UTILS_MESSENGER_CREATE_INFO_EXT,
                                                    .messageSeverity = VK_DEBUG_UTILS_MESSAGE_SEVERITY_WARNING_BIT_EXT |
                                                                       VK_DEBUG_UTILS_MESSAGE_SEVERITY_ERROR_BIT_EXT,
                                                    .messageType = VK_DEBUG_UTILS_MESSAGE_TYPE_VALIDATION_BIT_EXT,
                                                    .pfnUserCallback = on_message};
    VkApplicationInfo application = {.sType = VK_STRUCTURE_TYPE_APPLICATION_INFO,
                                     .pApplicationName = "zcwasm",
                                     .pEngineName = "zcwasm",
                                     .apiVersion = VK_API_VERSION_1_2};
    VkInstanceCreateInfo info = {.sType = VK_STRUCTURE_TYPE_INSTANCE_CREATE_INFO, .pApplicationInfo = &application};
    if (validate) {
        info.pNext = &messenger; /* for what is said while making the instance */
        info.enabledLayerCount = 1;
        info.ppEnabledLayerNames = layers;
        extensions[extension_count++] = "VK_EXT_debug_utils";
    }
#if defined(__APPLE__)
    if (has_instance_extension(&made->f, NULL, "VK_KHR_portability_enumeration")) {
        extensions[extension_count++] = "VK_KHR_portability_enumeration";
        info.flags = 1; /* VK_INSTANCE_CREATE_ENUMERATE_PORTABILITY_BIT_KHR */
    }
#endif
    info.enabledExtensionCount = extension_count;
    info.ppEnabledExtensionNames = extensions;
    VkResult result = made->f.vkCreateInstance(&info, NULL, &made->handle);
    if (result == VK_SUCCESS && validate) {
        PFN_vkCreateDebugUtilsMessengerEXT create = (PFN_vkCreateDebugUtilsMessengerEXT)made->f.vkGetInstanceProcAddr(
            made->handle, "vkCreateDebugUtilsMessengerEXT");
        VkDebugUtilsMessengerEXT unused;
        if (create && create(made->handle, &messenger, NULL, &unused) == VK_SUCCESS) {
            pthread_mutex_lock(&message_lock);
            validating = true;
            pthread_mutex_unlock(&message_lock);
        }
    }
    return result;
}

static VkResult enumerate(zc_vulkan_instance *made)
{
    VkPhysicalDevice handles[ZC_VULKAN_MAX_DEVICES];
    uint32_t count = ZC_VULKAN_MAX_DEVICES;
    VkResult result = made->f.vkEnumeratePhysicalDevices(made->handle, &count, handles);
    if (result < 0) {
        return result;
    }
    for (uint32_t i = 0; i < count; i++) {
        zc_vulkan_physical physical = {.handle = handles[i]};
        zc_vulkan_describe(&made->f, made->handle, &physical);
        physical.rank += physical.info.available ? 0 : 10;
        size_t at = made->count++;
        for (; at > 0 && made->physical[at - 1].rank > physical.rank; at--) {
            made->physical[at] = made->physical[at - 1];
        }
        made->physical[at] = physical;
    }
    for (uint32_t i = 0; i < made->count; i++) {
        made->physical[i].info.index = i;
    }
    return VK_SUCCESS;
}

/* With the lock held. The library stays open, also after a failure: a driver may have started threads. */
static zc_vulkan_instance *make(char *reason, size_t size)
{
    void *library = open_loader(reason, size);
    if (!library) {
        return NULL;
    }
    char unnamed[24];
    const char *missing = "";
    zc_vulkan_instance *made = zc_calloc(1, sizeof *made);
    if (!made) {
        (void)snprintf(reason, size, "there is no memory for the list of devices");
        return NULL;
    }
    if (!load_global_functions(&made->f, library, &missing)) {
        (void)snprintf(reason, size, "the Vulkan loader has no %s, Vulkan 1.1 is needed", missing);
        zc_free(made);
        return NULL;
    }
    VkResult result = create_instance(made);
    if (result != VK_SUCCESS) {
        (void)snprintf(reason, size, "the Vulkan loader finds no usable driver (vkCreateInstance: %s)",
                       zc_vulkan_result(result, unnamed));
        zc_free(made);
        return NULL;
    }
    if (!load_functions(&made->f, made->handle, &missing)) {
        (void)snprintf(reason, size, "the Vulkan instance has no %s", missing);
    } else if ((result = enumerate(made)) != VK_SUCCESS) {
        (void)snprintf(reason, size, "the Vulkan loader cannot list devices (vkEnumeratePhysicalDevices: %s)",
                       zc_vulkan_result(result, unnamed));
    } else if (made->count == 0) {
        (void)snprintf(reason, size, "the Vulkan loader finds no device");
    } else {
        return made;
    }
    if (made->f.vkDestroyInstance) {
        made->f.vkDestroyInstance(made->handle, NULL);
    }
    zc_free(made);
    return NULL;
}

const zc_vulkan_instance *zc_vulkan_instance_get(char *reason, size_t size)
{
    pthread_mutex_lock(&lock);
    if (torn) {
        (void)snprintf(reason, size,
                       "this process was forked while another thread was inside the Vulkan loader or "
                       "a driver, whose locks may be held for ever");
    } else if (!instance) {
        instance = make(reason, size);
    }
    const zc_vulkan_instance *found = instance;
    pthread_mutex_unlock(&lock);
    return found;
}

size_t zc_vulkan_list(zc_device_info *out, size_t capacity)
{
    zc_device_info absent = {.kind = "vulkan"};
    const zc_vulkan_instance *found = zc_vulkan_instance_get(absent.reason, sizeof absent.reason);
    if (!found) {
        if (capacity) {
            out[0] = absent;
        }
        return 1;
    }
    for (size_t i = 0; i < found->count && i < capacity; i++) {
        out[i] = found->physical[i].info;
    }
    return found->count;
}

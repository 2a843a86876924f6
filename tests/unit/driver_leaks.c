// Linked into what opens a Vulkan device, the tests and a sanitizer build of the program, for the
// leak checker: Mesa's drivers leave static data behind when they are unloaded, and the checker
// could not tell whose it was; the validation layer leaks by itself.
int dlclose(void *library);
const char *__lsan_default_suppressions(void);

int dlclose(void *library)
{
    (void)library;
    return 0;
}

const char *__lsan_default_suppressions(void)
{
    return "leak:libVkLayer_khronos_validation.so\nleak:libstdc++.so\n";
}

#include <dirent.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "golden_list.h"

static struct golden_job *add_job(struct golden_jobs *jobs, const char *kind, const char *name)
{
    assert_true(jobs->count < GOLDEN_JOBS);
    struct golden_job *j = &jobs->list[jobs->count++];
    snprintf(j->name, sizeof(j->name), "%s_%s", kind, name);
    for (char *at = j->name; *at; at++)
        *at = *at == '-' ? '_' : *at;
    return j;
}

static void add_default(struct golden_jobs *jobs, const char *root, const char *name)
{
    struct golden_job *j = add_job(jobs, "default", name);
    snprintf(j->folder, sizeof(j->folder), "%s/default/%s", root, name);
    snprintf(j->eyes, sizeof(j->eyes), "%s", default_eyes());
}

static void add_synth(struct golden_jobs *jobs, const char *root, const char *name)
{
    struct golden_job *j = add_job(jobs, "synth", name);
    bool spm = strcmp(name, "spm-linear") == 0;
    snprintf(j->folder, sizeof(j->folder), "%s/synth/gold/%s", root, name);
    snprintf(j->lm, sizeof(j->lm), "%s/synth/lm-%s.gguf", root, spm ? "spm-f16" : name);
    snprintf(j->eyes, sizeof(j->eyes), "%s/synth/eyes-%s.gguf", root,
             spm ? "linear-f32" : "mlp-f16");
}

// On a software device the kernels for graphics cards are very slow: some cases are enough, but for
// a run in full depth.
void golden_list_stored(struct golden_jobs *jobs)
{
    static const char *const types[] = {"Q4_0", "Q8_0"};
    static const char *const others[] = {"text-4", "text-only", "two-pictures", "two-turns"};
    const char *kernels = getenv("PUMICE_KERNELS"), *root = data_path(".");
    bool few = kernels && strcmp(kernels, "gpu") == 0 && !getenv("PUMICE_FULL");
    for (size_t i = 0; i < COUNT(types); i++)
        add_synth(jobs, root, types[i]);
    add_default(jobs, root, "count-1");
    for (size_t i = 0; i < COUNT(others) && !few; i++)
        add_default(jobs, root, others[i]);
}

static void add_folders(struct golden_jobs *jobs, const char *root, const char *folder,
                        void (*add)(struct golden_jobs *, const char *, const char *))
{
    char path[1024];
    struct dirent **list;
    snprintf(path, sizeof(path), "%s/%s", root, folder);
    int n = scandir(path, &list, NULL, alphasort);
    for (int i = 0; i < n; i++) {
        if (list[i]->d_name[0] != '.')
            add(jobs, root, list[i]->d_name);
        free(list[i]);
    }
    if (n >= 0)
        free(list);
}

void golden_list_all(struct golden_jobs *jobs, const char *root)
{
    add_folders(jobs, root, "default", add_default);
    add_folders(jobs, root, "synth/gold", add_synth);
}

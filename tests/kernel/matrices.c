#include "matrices.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "engine/vk/device.h"

enum { SKIPPED = 77 }; // what meson takes for it

int matrices_missing(void)
{
    const char *gemm = getenv("PUMICE_GEMM");
    if (!gemm || strcmp(gemm, "matrix") != 0)
        return 0;
    struct error e;
    struct vk_device *d = vk_device_open(NULL, &e);
    if (!d) {
        printf("%s\n", e.text);
        return 1;
    }
    const struct vk_profile *p = vk_device_profile(d);
    const struct vk_matrix_shape s = p->matrix;
    if (s.rows > 0)
        printf("matrices of %u x %u, %u inner values, %u lanes\n", s.rows, s.columns, s.inner,
               p->subgroup_size);
    else
        printf("SKIP: %s (%s) has no cooperative matrices of halves\n", p->name, p->driver);
    vk_device_close(d);
    return s.rows > 0 ? 0 : SKIPPED;
}

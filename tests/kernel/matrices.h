// Tests of products by cooperative matrices go on where the device has them.
#pragma once

// Unless PUMICE_GEMM=matrix: 0. Then it says what matrices the device has, or that the test is
// skipped: 0 to go on, else the exit status.
int matrices_missing(void);

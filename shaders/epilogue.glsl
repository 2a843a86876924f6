// The last step of gemv and gemm: what becomes of W x before it is stored. Expects the constants MODE and ACT and the
// push constants p (push_matmul); defines bindings 2 and 3.

layout(binding = 2) buffer Out { float y[]; };
layout(binding = 3) readonly buffer Bias { float bias[]; };

// erf to 1.5e-7 (Abramowitz and Stegun, Handbook of Mathematical Functions, 7.1.26).
float erf_about(float x)
{
    float a = abs(x), t = 1.0 / (1.0 + 0.3275911 * a);
    float s = t * (0.254829592 + t * (-0.284496736 + t * (1.421413741 + t * (-1.453152027 + t * 1.061405429))));
    return sign(x) * (1.0 - s * exp(-a * a));
}

float activate(float x)
{
    if (ACT == ACT_QUICK_GELU)
        return x / (1.0 + exp(-1.702 * x));
    if (ACT == ACT_GELU)
        return 0.5 * x * (1.0 + erf_about(x * 0.70710678));
    return x;
}

// Rows that are stored: MODE_GATE makes one of two.
uint rows_stored()
{
    return MODE == MODE_GATE ? p.rows / 2u : p.rows;
}

// The bias of a row, 0 where there is none; loaded once for all columns.
float row_bias(uint row)
{
    return MODE == MODE_GATE ? 0.0 : bias[min(row, p.rows - 1u)];
}

// Stores the product of a row and a column. MODE_GATE: `v` is the gate and `up` the product beside it.
void finish(uint row, uint column, float v, float row_bias, float up)
{
    if (column >= p.columns || row >= rows_stored())
        return;
    uint at = (p.out_column + column) * p.out_stride + p.out_row + row;
    if (MODE == MODE_STORE)
        y[at] = activate(v + row_bias);
    if (MODE == MODE_RESIDUAL)
        y[at] += v + row_bias;
    if (MODE == MODE_GATE)
        y[at] = v / (1.0 + exp(-v)) * up;
}

// The products of rows row ... + 3 (of L = 1) and columns column ... + 3: sum[column][row].
void finish_square(uint row, uint column, vec4 sum[4])
{
    [[unroll]] for (uint r = 0; r < 4u; r++)
        [[unroll]] for (uint t = 0; t < 4u; t++) {
            if (MODE != MODE_GATE)
                finish(row + r, column + t, sum[t][r], row_bias(row + r), 0.0);
            else if (r % 2u == 0u)
                finish((row + r) / 2u, column + t, sum[t][r], 0.0, sum[t][r | 1u]);
        }
}

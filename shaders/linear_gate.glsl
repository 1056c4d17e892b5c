// linear_gated: what becomes of a gate.

float gate_of(float x)
{
    return (push.flags & ZC_LINEAR_GELU_TANH) != 0u ? gelu_tanh(x) : silu(x);
}

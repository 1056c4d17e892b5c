// x of linear, linear_gated and linear_chosen, and what f makes of it: `normed` and `gated` say what f is, `push` is the kernel's.

vec4 x_at(uint i, uint count)
{
    if ((i & 3u) == 0u && count >= 4u) {
        return x4[i / 4u];
    }
    vec4 v = vec4(0.0);
    v.x = x1[i];
    if (count > 1u) {
        v.y = x1[i + 1u];
    }
    if (count > 2u) {
        v.z = x1[i + 2u];
    }
    if (count > 3u) {
        v.w = x1[i + 3u];
    }
    return v;
}

#ifdef WITHOUT_NORM
#define norm_at(i) vec4(0.0)
#define norm_scale(squares) 1.0
#else
// Elements i to i + 3 of the norm's weights; i is a multiple of 4. Beyond k anything that is there.
vec4 norm_at(uint i)
{
    uint at = push.offset.w + i, last = push.offset.w + push.k - 1u;
    if ((at & 3u) == 0u && at + 3u <= last) {
        return norm4[at / 4u];
    }
    return vec4(norm1[min(at, last)], norm1[min(at + 1u, last)], norm1[min(at + 2u, last)], norm1[min(at + 3u, last)]);
}

float norm_scale(float squares)
{
    return push.k != 0u ? inversesqrt(squares / float(push.k) + push.eps) : 0.0;
}
#endif

#ifndef GATED
#define GATED(x, up) vec4(silu(x.x), silu(x.y), silu(x.z), silu(x.w)) * up
#endif

// f(x) but for the norm's scale. Adds the squares of x.
vec4 input_of(vec4 x, vec4 up, vec4 factor, inout float squares)
{
    if (gated) {
        return GATED(x, up);
    }
    if (normed) {
        squares += dot(x, x);
        return x * factor;
    }
    return x;
}

// attention and attention_paged, on matrix units or not: which keys a row sees, what becomes of a score, and sinks.

const float LOWEST = -3.0e38; // below every score that is a number
const float LOG2_E = 1.4426950408889634;

// Keys of a row, at most.
#define KEYS_OF_ROW (push.window != 0u ? min(push.window, CONTEXT) : CONTEXT)

// Where the keys of row r begin and end; twice the end where there is none.
uvec2 span_of(uint r)
{
    uint at = push.offset.w + SPAN_WORDS * r, end = min(spans1[at + 1u], CONTEXT);
    return uvec2(end - min(end - min(spans1[at], end), KEYS_OF_ROW), end);
}

// Whether scores are capped and whether there are sinks is in the variant, so that nothing is computed where not.
const uint extras = variant / (ZC_CACHE_TYPES * ZC_ATTENTION_SHAPES);
const bool capped = (extras & ZC_ATTENTION_CAPPED) != 0u, with_sinks = (extras & ZC_ATTENTION_SINKS) != 0u;

// What a product of a query and a key is times, and a score that is made of it.

float scale_of_scores()
{
    return capped ? push.scale / SOFTCAP : push.scale;
}

#define CAPPED(score) (capped ? SOFTCAP * tanh_of(score) : (score))

// The sum of weights, relative to the largest score, `top`, in powers of two, and what a head's sink adds: 0 if it is -inf.
// One that is no number, or would be the largest score and infinite, makes NaN of all. For one far above the others there
// may be an infinite sum, which leaves 0 of all.
float with_sink(float total, float top, uint head)
{
    if (!with_sinks) {
        return total;
    }
    float sink = sinks1[SINKS_START + head];
    if (floatBitsToUint(sink) == (INFINITY_BITS | 0x80000000u)) {
        return total;
    }
    return finite(sink) ? total + exp2(LOG2_E * sink - top) : uintBitsToFloat(NAN_BITS);
}

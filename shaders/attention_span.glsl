// attention and attention_paged, on matrix units or not: which keys a row sees, and what becomes of a score.

// Keys of a row, at most.
#define KEYS_OF_ROW (push.window != 0u ? min(push.window, CONTEXT) : CONTEXT)

// Where the keys of row r begin and end; twice the end where there is none.
uvec2 span_of(uint r)
{
    uint at = push.offset.w + SPAN_WORDS * r, end = min(spans1[at + 1u], CONTEXT);
    return uvec2(end - min(end - min(spans1[at], end), KEYS_OF_ROW), end);
}

// What a product of a query and a key is times, and a score that is made of it. Whether scores are capped is in the
// variant, so that nothing is computed where they are not.
const bool capped = variant >= ZC_CACHE_TYPES * ZC_ATTENTION_SHAPES;

float scale_of_scores()
{
    return capped ? push.scale / SOFTCAP : push.scale;
}

#define CAPPED(score) (capped ? SOFTCAP * tanh_of(score) : (score))

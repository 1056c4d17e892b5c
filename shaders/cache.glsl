// Element types of a key-value cache, ZC_CACHE_*. Two float16 are one word, the first in its low half.

const uint CACHE_F32 = 0u, CACHE_F16 = 1u;

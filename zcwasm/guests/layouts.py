"""Layouts and limits of guests that Python drives. Made by buildtools/guests.py; do not edit.

From llama.h, llama_many.h and bert.h beside this file and the constants of
zcwasm/include/zcwasm_kernels.h, which say what everything means. A struct's fields go by their names.
"""

from typing import Any

import numpy as np


def _struct(size: int, *fields: tuple[str, Any, int]) -> np.dtype[np.void]:
    """Of fields with their types and offsets."""
    names, formats, offsets = zip(*fields, strict=True)
    return np.dtype({"names": names, "formats": formats, "offsets": offsets, "itemsize": size})


# zcwasm_kernels.h

ZC_WEIGHT_F32 = 0
ZC_WEIGHT_F16 = 1
ZC_WEIGHT_BF16 = 2
ZC_WEIGHT_Q8_0 = 3
ZC_WEIGHT_Q4_0 = 4
ZC_WEIGHT_Q4_1 = 5
ZC_WEIGHT_Q4_K = 6
ZC_WEIGHT_Q6_K = 7
ZC_WEIGHT_Q5_0 = 8
ZC_WEIGHT_Q5_1 = 9
ZC_WEIGHT_Q2_K = 10
ZC_WEIGHT_Q3_K = 11
ZC_WEIGHT_Q5_K = 12
ZC_WEIGHT_IQ4_NL = 13
ZC_WEIGHT_IQ4_XS = 14
ZC_WEIGHT_MXFP4 = 15
ZC_WEIGHT_F8_E4M3 = 16
ZC_WEIGHT_TYPE_COUNT = 17
ZC_EMBED_ADD = 1
ZC_LINEAR_MAX_K = 4194304
ZC_LINEAR_ADD = 1
ZC_LINEAR_BIAS = 2
ZC_LINEAR_NORM = 4
ZC_LINEAR_SWIGLU = 8
ZC_LINEAR_GELU = 16
ZC_LINEAR_EXACT = 32
ZC_LINEAR_GELU_TANH = 64
ZC_LINEAR_FLAGS = 127
ZC_LINEAR_SWIGLU_CLAMPED = 128
ZC_CACHE_F32 = 0
ZC_CACHE_F16 = 1
ZC_CACHE_Q8_0 = 2
ZC_ROPE_PAIRS = 0
ZC_ROPE_HALVES = 1
ZC_ATTENTION_MAX_HEAD = 256
ZC_LEAST_CAP = 8.673617379884035e-19
ZC_MOST_CAP = 1.152921504606847e18
ZC_ROUTE_MAX_EXPERTS = 1024
ZC_ROUTE_MAX_USED = 64
ZC_ROUTE_SOFTMAX = 0
ZC_ROUTE_CHOSEN = 1
ZC_ROUTE_SIGMOID = 2
ZC_ROUTE_NORMED_SIGMOID = 3
ZC_TOP_K_MAX = 256
ZC_DRAW_REST = 4294967295
ZC_DRAW_NONE = 4294967294
ZC_POOL_NORMALIZE = 1

# llama.h

LLAMA_VERSION = 5
LLAMA_MAX_LAYERS = 4096
LLAMA_MAX_DIM = 1048576
LLAMA_MAX_HEADS = 4096
LLAMA_MAX_FF = 4194304
LLAMA_MAX_VOCAB = 16777216
LLAMA_MAX_CONTEXT = 16777216
LLAMA_MAX_CHUNK = 4096
LLAMA_MAX_ROPES = 4
LLAMA_MAX_RESIDUAL_SCALE = 65536
LLAMA_NORM_PRE = 1
LLAMA_NORM_POST = 2
LLAMA_NORM_LAYER = 4
LLAMA_QK_NONE = 0
LLAMA_QK_HEAD = 1
LLAMA_QK_ROW = 2
LLAMA_FF_SILU = 0
LLAMA_FF_GELU_TANH = 1
LLAMA_FF_PLAIN_GELU = 2
LLAMA_FF_PLAIN_GELU_TANH = 3
LLAMA_FF_SILU_CLAMPED = 4
LLAMA_MIN_TEMPERATURE = 0.001
LLAMA_MAX_TEMPERATURE = 1000
LLAMA_MIN_PENALTY = 0.001
LLAMA_MAX_PENALTY = 1000

LLAMA_CONFIG = _struct(
    116,
    ("version", "<u4", 0),
    ("layers", "<u4", 4),
    ("dim", "<u4", 8),
    ("heads", "<u4", 12),
    ("kv_heads", "<u4", 16),
    ("head_size", "<u4", 20),
    ("rotated", "<u4", 24),
    ("ff", "<u4", 28),
    ("vocab", "<u4", 32),
    ("context", "<u4", 36),
    ("chunk", "<u4", 40),
    ("rope_layout", "<u4", 44),
    ("kv_type", "<u4", 48),
    ("exact", "<u4", 52),
    ("norms", "<u4", 56),
    ("qk_norm", "<u4", 60),
    ("feed_forward", "<u4", 64),
    ("parallel", "<u4", 68),
    ("positions", "<u4", 72),
    ("ropes", "<u4", 76),
    ("experts", "<u4", 80),
    ("experts_used", "<u4", 84),
    ("norm_epsilon", "<f4", 88),
    ("attention_scale", "<f4", 92),
    ("attention_softcap", "<f4", 96),
    ("logit_softcap", "<f4", 100),
    ("embedding_scale", "<f4", 104),
    ("residual_scale", "<f4", 108),
    ("logit_scale", "<f4", 112),
)

LLAMA_DEVICE = _struct(
    12,
    ("scratch", "<u4", 0),
    ("mirror", "<u4", 4),
    ("submit_ahead", "<u4", 8),
)

LLAMA_LAYER = _struct(
    8,
    ("window", "<u4", 0),
    ("rope", "<u4", 4),
)

LLAMA_SAMPLING = _struct(
    32,
    ("temperature", "<f4", 0),
    ("top_k", "<u4", 4),
    ("top_p", "<f4", 8),
    ("min_p", "<f4", 12),
    ("repetition_penalty", "<f4", 16),
    ("repetition_window", "<u4", 20),
    ("seed", "<u8", 24),
)

LLAMA_STATE = _struct(
    792,
    ("version", "<u4", 0),
    ("size", "<u4", 4),
    ("config", LLAMA_CONFIG, 8),
    ("device", LLAMA_DEVICE, 124),
    ("wanted", LLAMA_SAMPLING, 136),
    ("sampling", LLAMA_SAMPLING, 168),
    ("random", "<u8", 200),
    ("cache_layer_bytes", "<u8", 208),
    ("cache_bytes", "<u8", 216),
    ("cache", "<u4", 224),
    ("history", "<u4", 228),
    ("prompt", "<u4", 232),
    ("logits", "<u4", 236),
    ("scores", "<u4", 240),
    ("rope", "<u4", 244),
    ("transient", "<u4", 248),
    ("activations", "<u4", 252),
    ("cached", "<u4", 256),
    ("reused", "<u4", 260),
    ("token", "<u4", 264),
    ("chosen", "<u4", 268),
    ("error_size", "<u4", 272),
    ("error", ("u1", (512,)), 276),
)

# llama_many.h

LLAMA_MANY_VERSION = 2
LLAMA_MAX_SEQUENCES = 1024
LLAMA_MAX_PAGES = 1048576
LLAMA_MAX_ENTRIES = 1048576
LLAMA_NO_TOKEN = 4294967295

LLAMA_MANY_CONFIG = _struct(
    16,
    ("version", "<u4", 0),
    ("sequences", "<u4", 4),
    ("pages", "<u4", 8),
    ("page", "<u4", 12),
)

LLAMA_OUTPUT = _struct(
    40,
    ("random", "<u8", 0),
    ("row", "<u4", 8),
    ("masked", "<u4", 12),
    ("temperature", "<f4", 16),
    ("top_k", "<u4", 20),
    ("top_p", "<f4", 24),
    ("min_p", "<f4", 28),
    ("token", "<u4", 32),
    ("reserved", "<u4", 36),
)

LLAMA_PIECE = _struct(
    12,
    ("first", "<u4", 0),
    ("count", "<u4", 4),
    ("shared", "<u4", 8),
)

LLAMA_MANY = _struct(
    672,
    ("version", "<u4", 0),
    ("size", "<u4", 4),
    ("config", LLAMA_MANY_CONFIG, 8),
    ("device", LLAMA_DEVICE, 24),
    ("set", "<u4", 36),
    ("follows", "<u4", 40),
    ("rows", "<u4", 44),
    ("outputs", "<u4", 48),
    ("pieces", "<u4", 52),
    ("entries", "<u4", 56),
    ("keep_logits", "<u4", 60),
    ("only_hidden", "<u4", 64),
    ("set_bytes", "<u4", 68),
    ("tokens", "<u4", 72),
    ("positions", "<u4", 76),
    ("places", "<u4", 80),
    ("spans", "<u4", 84),
    ("piece", "<u4", 88),
    ("output", "<u4", 92),
    ("tables", "<u4", 96),
    ("pages_each", "<u4", 100),
    ("entry", "<u4", 104),
    ("mask", "<u4", 108),
    ("mask_words", "<u4", 112),
    ("most_entries", "<u4", 116),
    ("rests", "<u4", 120),
    ("logits", "<u4", 124),
    ("hidden", "<u4", 128),
    ("cache", "<u4", 132),
    ("cache_layer_bytes", "<u8", 136),
    ("cache_bytes", "<u8", 144),
    ("error_size", "<u4", 152),
    ("error", ("u1", (512,)), 156),
)

# bert.h

BERT_VERSION = 2
BERT_MAX_LAYERS = 1024
BERT_MAX_DIM = 65536
BERT_MAX_HEADS = 1024
BERT_MAX_FF = 262144
BERT_MAX_VOCAB = 16777216
BERT_MAX_POSITIONS = 1048576
BERT_MAX_TYPES = 65536
BERT_MAX_BATCH_TOKENS = 1048576
BERT_MAX_ROPES = 2
BERT_MAX_STEPS = 16
BERT_NORM_POST = 0
BERT_NORM_PRE = 1
BERT_FF_GELU = 0
BERT_FF_GELU_TANH = 1
BERT_FF_GATED_SILU = 2
BERT_FF_GATED_GELU = 3
BERT_POOLING_MEAN = 0
BERT_POOLING_CLS = 1
BERT_POOLING_LAST = 2
BERT_POOLING_MAX = 3
BERT_ACTIVATION_NONE = 0
BERT_ACTIVATION_TANH = 1
BERT_ACTIVATION_GELU = 2
BERT_ACTIVATION_GELU_TANH = 3

BERT_CONFIG = _struct(
    76,
    ("version", "<u4", 0),
    ("layers", "<u4", 4),
    ("dim", "<u4", 8),
    ("heads", "<u4", 12),
    ("ff", "<u4", 16),
    ("vocab", "<u4", 20),
    ("positions", "<u4", 24),
    ("types", "<u4", 28),
    ("most_tokens", "<u4", 32),
    ("batch_tokens", "<u4", 36),
    ("norms", "<u4", 40),
    ("feed_forward", "<u4", 44),
    ("window", "<u4", 48),
    ("ropes", "<u4", 52),
    ("pooling", "<u4", 56),
    ("steps", "<u4", 60),
    ("outputs", "<u4", 64),
    ("normalize", "<u4", 68),
    ("norm_epsilon", "<f4", 72),
)

BERT_LAYER = _struct(
    8,
    ("local", "<u4", 0),
    ("rope", "<u4", 4),
)

BERT_STEP = _struct(
    8,
    ("rows", "<u4", 0),
    ("activation", "<u4", 4),
)

BERT_STATE = _struct(
    628,
    ("version", "<u4", 0),
    ("size", "<u4", 4),
    ("config", BERT_CONFIG, 8),
    ("texts", "<u4", 84),
    ("tokens", "<u4", 88),
    ("ids", "<u4", 92),
    ("types", "<u4", 96),
    ("lengths", "<u4", 100),
    ("output", "<u4", 104),
    ("submissions", "<u4", 108),
    ("error_size", "<u4", 112),
    ("error", ("u1", (512,)), 116),
)

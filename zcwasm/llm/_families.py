"""What differs between families of decoders: one row of FAMILIES for each, by general.architecture.

Everybody who must know it reads it here: the numbers (_config.py), the check of a file's tensors (_known.py),
the names in Hugging Face's folders (_models/hf_names.py), the tests, and the table in docs/reference/llm.md,
which buildtools/families.py makes. A family that needs nothing new is one row, one in tests/test_families.py
and, if folders are to be read, one of KINDS in _models/hf_kinds.py. When it brings something new: a field
here, the field of Config that it becomes, the field of the same name in guests/llama.h, and what llama.c does
with it.

Values that a file may leave out are those that llama.cpp takes then, whose converters write most files.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from zcwasm.guests import layouts

PRE, POST, LAYER = layouts.LLAMA_NORM_PRE, layouts.LLAMA_NORM_POST, layouts.LLAMA_NORM_LAYER

# Which matrices may have biases, by the names that Family.biases and may_have_biases use.
QKV = ("attn_q", "attn_k", "attn_v")
ATTENTION = (*QKV, "attn_output")
GATED = ("ffn_gate", "ffn_up", "ffn_down")
ROUTER = ("ffn_gate_inp",)
EXPERTS = ("ffn_gate_exps", "ffn_up_exps", "ffn_down_exps")
PLAIN = ("ffn_up", "ffn_down")


@dataclass(frozen=True)
class Family:
    """One family's graph. What is not said is as in Llama."""

    #: Models of the family, for people.
    models: str
    #: Norms of a layer: flags LLAMA_NORM_*.
    norms: int = PRE
    #: Whether layer norms have biases.
    norm_biases: bool = True
    #: Norm of queries and keys: LLAMA_QK_*.
    qk_norm: int = layouts.LLAMA_QK_NONE
    #: Each head has a number that its softmax counts as one more score, which no value goes with.
    sinks: bool = False
    #: LLAMA_FF_*.
    feed_forward: int = layouts.LLAMA_FF_SILU
    #: Attention and feed-forward side by side: "no"; "key": as use_parallel_residual says, else yes; "alone":
    #: where there is no norm in front of the feed-forward; "shared": always, and there is none.
    parallel: str = "no"
    #: Matrices that have biases, and those that may.
    biases: tuple[str, ...] = ()
    may_have_biases: tuple[str, ...] = ()
    #: Whether halves of a head are rotated (x[i], x[i + n/2]), or pairs (x[2i], x[2i + 1]): the order in
    #: which GGUF files have the rows of q and k. None: nothing is rotated.
    rope_halves: bool | None = True
    #: Whether the ramp of YaRN begins and ends at whole pairs, where the file does not say.
    yarn_truncates: bool = True
    #: Whether a file with factors for long contexts need not say that it scales by them.
    long_factors: bool = False
    #: Whether rope.scaling.finetuned says if anything is rotated.
    rope_finetuned: bool = False
    #: Whether only layers with a window are rotated.
    rotates_windows: bool = False
    #: Of so many layers the last one is not rotated; 0: all are.
    unrotated_every: int = 0
    #: Rows of position_embd.weight are added to the embeddings.
    learned_positions: bool = False
    #: Whether queries may be scaled by their positions, which makes no difference within the context of YaRN:
    #: the model's context ends there.
    scales_far_queries: bool = False
    #: Scales that are numbers of the file, of attention, embedding, residual, logit.
    scales: tuple[str, ...] = ()
    #: Whether logits are divided by the file's logit_scale, else multiplied.
    divides_logits: bool = False
    #: Embeddings are multiplied by the square root of their columns.
    root_embedding_scale: bool = False
    #: Models of so many layers scale attention by the columns for each head, where others do by the head's
    #: size.
    scaled_by_columns: int = 0
    #: tanh caps that the file's number sets, and what they are without one; None: there is none.
    attention_softcap: float | None = None
    logit_softcap: float | None = None
    #: Keys that a row sees in layers with a window, where the file does not say; 0: all.
    window: int = 0
    #: Of so many layers all but the last have the window; 0: all have it. The file may say otherwise.
    window_period: int = 0
    #: Layers with a window have a rope base of their own, and no scaling: what it is where the file does not
    #: say.
    window_rope_base: float | None = None
    #: Layers with a window are rotated without scaling; by the same base, where the file does not say.
    window_unscaled: bool = False
    #: What files have as one matrix: "attn_qkv", q, k and v; "ffn_gate_up", gate and up.
    fused: tuple[str, ...] = ()
    #: What GGUF files call by the name of something else: that name to the one that guests have for it.
    renamed: Mapping[str, str] = field(default_factory=dict)
    #: Folders have the norms' weights minus 1.
    norms_less_one: bool = False
    #: Whether feed-forwards may be mixtures of experts, or always are.
    may_have_experts: bool = False
    has_experts: bool = False

    @property
    def gated(self) -> bool:
        return self.feed_forward not in (
            layouts.LLAMA_FF_PLAIN_GELU,
            layouts.LLAMA_FF_PLAIN_GELU_TANH,
        )


_ALL = (*ATTENTION, *GATED)
_GELU = layouts.LLAMA_FF_GELU_TANH

FAMILIES = {
    "llama": Family(
        "Llama 2, 3.x, Mistral, Mixtral, SmolLM2",
        rope_halves=False,
        may_have_biases=_ALL,
        may_have_experts=True,
    ),
    "mistral3": Family("Ministral 3", rope_halves=False, scales_far_queries=True),
    "qwen2": Family("Qwen 2, 2.5", may_have_biases=QKV),
    "qwen3": Family("Qwen 3", qk_norm=layouts.LLAMA_QK_HEAD, may_have_biases=ATTENTION),
    "qwen3moe": Family(
        "Qwen 3 with experts",
        qk_norm=layouts.LLAMA_QK_HEAD,
        may_have_biases=ATTENTION,
        has_experts=True,
    ),
    "gpt-oss": Family(
        "gpt-oss",
        sinks=True,
        feed_forward=layouts.LLAMA_FF_SILU_CLAMPED,
        biases=(*ATTENTION, *ROUTER, *EXPERTS),
        yarn_truncates=False,
        window=128,
        window_period=2,
        renamed={"post_attention_norm": "ffn_norm"},
        has_experts=True,
    ),
    "gemma": Family(
        "Gemma",
        feed_forward=_GELU,
        may_have_biases=ATTENTION,
        root_embedding_scale=True,
        norms_less_one=True,
    ),
    "gemma2": Family(
        "Gemma 2",
        norms=PRE | POST,
        feed_forward=_GELU,
        may_have_biases=ATTENTION,
        scales=("attention",),
        root_embedding_scale=True,
        scaled_by_columns=46,
        attention_softcap=50.0,
        logit_softcap=30.0,
        window=4096,
        window_period=2,
        norms_less_one=True,
    ),
    "gemma3": Family(
        "Gemma 3 (text)",
        norms=PRE | POST,
        qk_norm=layouts.LLAMA_QK_HEAD,
        feed_forward=_GELU,
        may_have_biases=ATTENTION,
        scales=("attention",),
        root_embedding_scale=True,
        scaled_by_columns=62,
        logit_softcap=0.0,
        window_period=6,
        window_rope_base=10000.0,
        norms_less_one=True,
    ),
    "phi3": Family("Phi-3, Phi-4", long_factors=True, fused=("attn_qkv", "ffn_gate_up")),
    "smollm3": Family("SmolLM3", rope_halves=False, unrotated_every=4, may_have_biases=_ALL),
    "olmo2": Family(
        "OLMo 2, 3",
        norms=POST,
        qk_norm=layouts.LLAMA_QK_ROW,
        may_have_biases=ATTENTION,
        window_period=4,
        window_unscaled=True,
    ),
    "granite": Family(
        "Granite 3",
        rope_halves=False,
        rope_finetuned=True,
        may_have_biases=_ALL,
        scales=("attention", "embedding", "residual", "logit"),
        divides_logits=True,
    ),
    "glm4": Family(
        "GLM-4 (0414)",
        norms=PRE | POST,
        may_have_biases=QKV,
        rope_halves=False,
        fused=("ffn_gate_up",),
    ),
    "stablelm": Family("StableLM", norms=PRE | LAYER, parallel="alone", may_have_biases=QKV),
    "command-r": Family(
        "Command R, Aya",
        norms=PRE | LAYER,
        norm_biases=False,
        parallel="shared",
        may_have_biases=ATTENTION,
        rope_halves=False,
        scales=("logit",),
    ),
    "cohere2": Family(
        "Command R7B, Command A",
        norms=PRE | LAYER,
        norm_biases=False,
        parallel="shared",
        may_have_biases=ATTENTION,
        rope_halves=False,
        rotates_windows=True,
        scales=("logit",),
        window_period=4,
    ),
    "starcoder2": Family(
        "StarCoder2",
        norms=PRE | LAYER,
        feed_forward=layouts.LLAMA_FF_PLAIN_GELU_TANH,
        biases=(*ATTENTION, *PLAIN),
    ),
    "gptneox": Family(
        "GPT-NeoX, Pythia",
        norms=PRE | LAYER,
        feed_forward=layouts.LLAMA_FF_PLAIN_GELU,
        parallel="key",
        biases=(*ATTENTION, *PLAIN),
        fused=("attn_qkv",),
    ),
    "gpt2": Family(
        "GPT-2",
        norms=PRE | LAYER,
        feed_forward=layouts.LLAMA_FF_PLAIN_GELU_TANH,
        biases=(*ATTENTION, *PLAIN),
        rope_halves=None,
        learned_positions=True,
        fused=("attn_qkv",),
    ),
}

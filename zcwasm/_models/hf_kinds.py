"""What hf_config.py knows of config.json: its kinds by model_type, and keys that change nothing.

A kind says which family of zcwasm/llm/_families.py it is, and what transformers takes where a key is not
there.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from zcwasm.llm._families import ATTENTION, EXPERTS, GATED, PLAIN, QKV, ROUTER

_SILU = ("silu", "swish")
_GELU_TANH = ("gelu_pytorch_tanh", "gelu_new", "gelu_fast")


@dataclass(frozen=True)
class Kind:
    """One model_type."""

    architecture: str
    activations: tuple[str, ...] = _SILU
    activation: str = "hidden_act"  # the key
    #: The key of the norms' epsilon, and what it is where the file does not say.
    epsilon: tuple[str, float] = ("rms_norm_eps", 1e-6)
    #: Whether the output's matrix is the embedding's, where the file does not say.
    tied: bool = False
    #: Which flag says that which matrices have biases; those of "" always have.
    biases: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    #: What transformers takes for numbers that the file leaves out.
    defaults: Mapping[str, Any] = field(default_factory=dict)
    #: Base of the angles, and that of layers with a window where angles are said for each kind of layers.
    theta: float = 10000.0
    window_theta: float | None = None
    #: How angles are scaled where the file does not say.
    rope: Mapping[str, Any] = field(default_factory=dict)
    #: Whether pairs of a head are rotated, where others have halves.
    rotates_pairs: bool = False
    #: The part of a head that is rotated, where that may be one: what it is where the file does not say.
    rotated: float | None = None
    #: Which layers have a window: "none"; "all"; "some": those that layer_types says, else all but the last
    #: of every `period`; "asked": the same, if use_sliding_window says so, and else those from
    #: max_window_layers on, or the unrotated ones.
    windows: str = "none"
    period: int = 0
    #: Numbers of this kind alone: the name here to GGUF's, and what it is where the file does not say.
    own: Mapping[str, tuple[str, float | None]] = field(default_factory=dict)
    #: Whether feed-forwards are mixtures of experts; the key of an expert's columns.
    experts: str = ""
    #: Keys that this kind has for those of the others.
    names: Mapping[str, str] = field(default_factory=dict)
    #: A key that goes before max_position_embeddings where it is there.
    context: str = ""
    #: As WITHOUT_EFFECT and NEUTRAL, of keys that mean something in others, or that only this kind has.
    without_effect: frozenset[str] = frozenset()
    neutral: Mapping[str, tuple[object, ...]] = field(default_factory=dict)
    #: The quant_method that is this kind's own way to have its weights, which their tensors say.
    quantized: str = ""


_LLAMA_BIASES = {"attention_bias": ATTENTION, "mlp_bias": GATED}
_ATTENTION_BIASES = {"attention_bias": ATTENTION}
_GEMMA2 = {"head_dim": 256, "num_attention_heads": 8, "num_key_value_heads": 4, "sliding_window": 4096}
_QWEN = {"num_key_value_heads": 32, "sliding_window": 4096}
_OF_ROUTERS = frozenset(("output_router_logits", "router_aux_loss_coef", "router_jitter_noise"))

KINDS = {
    "llama": Kind("llama", biases=_LLAMA_BIASES),
    "mistral": Kind("llama", windows="all", defaults={"sliding_window": 4096, "num_key_value_heads": 8}),
    "ministral3": Kind(
        "mistral3",
        epsilon=("rms_norm_eps", 1e-5),
        windows="all",
        defaults={"num_key_value_heads": 8, "head_dim": 128},
    ),
    "qwen2": Kind("qwen2", biases={"": QKV}, windows="asked", defaults=_QWEN),
    "qwen3": Kind(
        "qwen3",
        biases=_ATTENTION_BIASES,
        windows="asked",
        defaults=_QWEN | {"head_dim": 128},
    ),
    "gemma": Kind(
        "gemma",
        ("gelu", *_GELU_TANH),  # the first of them means the second there
        tied=True,
        biases=_ATTENTION_BIASES,
        defaults={"head_dim": 256, "num_key_value_heads": 16},
    ),
    "gemma2": Kind(
        "gemma2",
        _GELU_TANH,
        "hidden_activation",
        tied=True,
        biases=_ATTENTION_BIASES,
        defaults=_GEMMA2,
        windows="some",
        period=2,
        own={
            "attn_logit_softcapping": ("attn_logit_softcapping", 50.0),
            "final_logit_softcapping": ("final_logit_softcapping", 30.0),
        },
    ),
    "gemma3_text": Kind(
        "gemma3",
        _GELU_TANH,
        "hidden_activation",
        tied=True,
        biases=_ATTENTION_BIASES,
        defaults=_GEMMA2 | {"vocab_size": 262208, "max_position_embeddings": 131072},
        theta=1e6,
        window_theta=10000.0,
        windows="some",
        period=6,
        own={"final_logit_softcapping": ("final_logit_softcapping", 0.0)},
    ),
    "phi3": Kind(
        "phi3",
        epsilon=("rms_norm_eps", 1e-5),
        rotated=1.0,
        windows="all",
        defaults={"original_max_position_embeddings": 4096},
    ),
    "smollm3": Kind(
        "smollm3",
        tied=True,
        biases=_LLAMA_BIASES,
        theta=2e6,
        windows="asked",
        defaults={"num_key_value_heads": 4},
    ),
    "olmo2": Kind("olmo2", biases=_ATTENTION_BIASES, epsilon=("rms_norm_eps", 1e-5)),
    "olmo3": Kind(
        "olmo2",
        biases=_ATTENTION_BIASES,
        epsilon=("rms_norm_eps", 1e-5),
        defaults={"sliding_window": 4096},
        theta=500000.0,
        window_theta=500000.0,
        windows="some",
        period=4,
    ),
    "granite": Kind(
        "granite",
        biases=_LLAMA_BIASES,
        own={
            "attention_multiplier": ("attention.scale", 1.0),
            "embedding_multiplier": ("embedding_scale", 1.0),
            "residual_multiplier": ("residual_scale", 1.0),
            "logits_scaling": ("logit_scale", 1.0),
        },
    ),
    "glm4": Kind(
        "glm4",
        epsilon=("rms_norm_eps", 1.5625e-7),
        biases={"attention_bias": QKV},
        rotates_pairs=True,
        rotated=0.5,
        defaults={"num_key_value_heads": 2, "head_dim": 128, "attention_bias": True},
    ),
    "cohere": Kind(
        "command-r",
        epsilon=("layer_norm_eps", 1e-5),
        tied=True,
        biases=_ATTENTION_BIASES,
        theta=500000.0,
        rotates_pairs=True,
        own={"logit_scale": ("logit_scale", 0.0625)},
        context="model_max_length",
    ),
    "cohere2": Kind(
        "cohere2",
        epsilon=("layer_norm_eps", 1e-5),
        tied=True,
        biases=_ATTENTION_BIASES,
        rotates_pairs=True,
        windows="some",
        period=4,
        defaults={"sliding_window": 4096},
        own={"logit_scale": ("logit_scale", 0.0625)},
        # Cohere's own, which transformers does not read.
        without_effect=frozenset(("layer_switch", "model_max_length", "use_parallel_embedding")),
        neutral={
            "order_of_interleaved_layers": ("local_attn_first",),
            "position_embedding_type": ("rope_gptj",),
            "rotary_pct": (1,),
            "use_embedding_sharing": (True,),
            "use_gated_activation": (True,),
            "use_parallel_block": (True,),
        },
    ),
    "starcoder2": Kind(
        "starcoder2",
        _GELU_TANH,
        epsilon=("norm_epsilon", 1e-5),
        tied=True,
        biases={"use_bias": (*ATTENTION, *PLAIN)},
        windows="all",
        defaults={"num_key_value_heads": 2, "use_bias": True},
    ),
    "stablelm": Kind(
        "stablelm",
        epsilon=("layer_norm_eps", 1e-5),
        biases={"use_qkv_bias": QKV},
        rotated=0.25,
        defaults={"num_key_value_heads": 32},
    ),
    "mixtral": Kind(
        "llama",
        epsilon=("rms_norm_eps", 1e-5),
        windows="all",
        theta=1e6,
        experts="intermediate_size",
        defaults={"num_key_value_heads": 8, "num_local_experts": 8, "num_experts_per_tok": 2},
        without_effect=_OF_ROUTERS,
    ),
    "qwen3_moe": Kind(
        "qwen3moe",
        biases=_ATTENTION_BIASES,
        experts="moe_intermediate_size",
        defaults=_QWEN
        | {"num_key_value_heads": 4, "num_experts": 128, "num_experts_per_tok": 8}
        | {"intermediate_size": 6144, "moe_intermediate_size": 768},
        # Without use_sliding_window, which has to be false.
        without_effect=_OF_ROUTERS | {"sliding_window", "max_window_layers"},
        neutral={"decoder_sparse_step": (1,), "mlp_only_layers": ([],)},
    ),
    "gpt_oss": Kind(
        "gpt-oss",
        epsilon=("rms_norm_eps", 1e-5),
        biases={"attention_bias": ATTENTION, "": (*ROUTER, *EXPERTS)},
        experts="intermediate_size",
        defaults={
            "attention_bias": True,
            "head_dim": 64,
            "max_position_embeddings": 131072,
            "num_experts_per_tok": 4,
            "num_key_value_heads": 8,
            "num_local_experts": 128,
            "sliding_window": 128,
        },
        theta=150000.0,
        rope={
            "rope_type": "yarn",
            "factor": 32.0,
            "original_max_position_embeddings": 4096,
            "truncate": False,
        },
        windows="some",
        period=2,
        # Names of others' code, beside those that count.
        without_effect=_OF_ROUTERS | {"experts_per_token", "initial_context_length"},
        neutral={"swiglu_alpha": (1.702,), "swiglu_limit": (7,)},
        quantized="mxfp4",
    ),
    "gpt_neox": Kind(
        "gptneox",
        ("gelu",),
        epsilon=("layer_norm_eps", 1e-5),
        biases={"": (*ATTENTION, *PLAIN)},
        rotated=0.25,
        names={"partial_rotary_factor": "rotary_pct", "rope_theta": "rotary_emb_base"},
        defaults={"use_parallel_residual": True},
        neutral={"attention_bias": (True,)},
    ),
    "gpt2": Kind(
        "gpt2",
        _GELU_TANH,
        "activation_function",
        epsilon=("layer_norm_epsilon", 1e-5),
        tied=True,
        biases={"": (*ATTENTION, *PLAIN)},
        names={
            "hidden_size": "n_embd",
            "num_hidden_layers": "n_layer",
            "num_attention_heads": "n_head",
            "max_position_embeddings": "n_positions",
            "intermediate_size": "n_inner",
        },
        # n_ctx is an old name of n_positions, beside it; upcasting is what is done here anyway.
        without_effect=frozenset(("n_ctx", "reorder_and_upcast_attn"))
        | {"summary_activation", "summary_first_dropout", "summary_proj_to_labels"}
        | {"summary_type", "summary_use_proj"},
        neutral={"scale_attn_weights": (True,), "scale_attn_by_inverse_layer_idx": (False,)},
    ),
}

_BOOKKEEPING = {
    *(
        "_name_or_path",
        "architectures",
        "auto_map",
        "dtype",
        "model_type",
        "torch_dtype",
        "transformers_version",
    ),
    *("id2label", "label2id", "name_or_path", "problem_type", "task_specific_params", "tokenizer_class"),
    *("is_llama_config", "transformers.js_config", "unsloth_fixed", "unsloth_version"),
    "max_sequence_length",  # beside max_position_embeddings, which counts
    "sliding_window_size",  # Gemma 2's, the old name, beside the new one
    # Which of them; they compute the same.
    *("_attn_implementation", "_attn_implementation_autoset", "attn_implementation", "cache_implementation"),
    *("pretraining_tp", "use_cache", "torchscript", "use_bfloat16", "chunk_size_feed_forward"),
    *("return_dict", "return_dict_in_generate", "output_attentions", "output_hidden_states", "output_scores"),
}
# Of tokens, which the tokenizer's files say, and of how they are drawn.
_TOKENS = {f"{name}_token_id" for name in ("bos", "eos", "pad", "sep", "unk", "decoder_start")}
_TOKENS |= {"forced_bos_token_id", "forced_eos_token_id", "bad_words_ids", "suppress_tokens"}
_TOKENS |= {"begin_suppress_tokens", "do_sample", "early_stopping", "num_beams", "num_beam_groups"}
_TOKENS |= {"max_length", "min_length", "prefix", "temperature", "top_k", "top_p", "typical_p"}
_TOKENS |= {"diversity_penalty", "length_penalty", "repetition_penalty", "exponential_decay_length_penalty"}
_TOKENS |= {"no_repeat_ngram_size", "encoder_no_repeat_ngram_size", "num_return_sequences"}
_TOKENS |= {"remove_invalid_values"}
_TRAINING = {"initializer_range", "attention_dropout", "hidden_dropout"}
_TRAINING |= {"attn_pdrop", "embd_pdrop", "resid_pdrop"}
_TRAINING |= {"classifier_dropout", "embedding_dropout", "finetuning_task", "residual_dropout"}
WITHOUT_EFFECT = _BOOKKEEPING | _TOKENS | _TRAINING
# Values with which a key that is not read makes no difference; None makes none for any.
NEUTRAL: dict[str, tuple[object, ...]] = {
    "add_cross_attention": (False,),
    "attention_bias": (False,),
    "full_attn_mod": (1,),  # Phi-4's, which transformers does not read
    "hidden_act": _GELU_TANH,  # where it is hidden_activation that counts
    "hidden_activation": _GELU_TANH,  # and Gemma 1's, beside it
    "interpolate_factor": (1,),
    "is_decoder": (False, True),
    "is_encoder_decoder": (False,),
    "lm_head_bias": (False,),
    "mlp_bias": (False,),
    "partial_rotary_factor": (1,),
    "pruned_heads": ({},),
    "qk_layernorm": (False,),
    "rope_interleaved": (False,),
    "tie_encoder_decoder": (False,),
    "use_bidirectional_attention": (False,),
    "use_mrope": (False,),
    "use_qk_norm": (False,),
    # StarCoder2's, which transformers does not read.
    "attention_softmax_in_fp32": (True,),
    "mlp_type": ("default",),
    "norm_type": ("layer_norm",),
    "scale_attention_softmax_in_fp32": (True,),
    "use_sliding_window": (False,),
}
# Models that see, whose text models these are: the first where text_config does not say which.
VISION = {"gemma3": ("gemma3_text",), "mistral3": ("mistral", "ministral3")}
BESIDE_TEXT = {
    "vision_config",
    "mm_tokens_per_image",
    "boi_token_index",
    "eoi_token_index",
    "image_token_index",
}
BESIDE_TEXT |= {"multimodal_projector_bias", "projector_hidden_act", "spatial_merge_size"}
BESIDE_TEXT |= {"vision_feature_layer", "tie_word_embeddings", "quantization_config"}

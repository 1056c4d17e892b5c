"""What differs between encoders: one row of FAMILIES for each graph, by GGUF's general.architecture, and one
of KINDS for each model_type of folders.

Everybody who must know it reads it here: the numbers (encoder_config.py), the tensors (encoder_tensors.py),
the tests, and docs/reference/llm.md says the same. The guest (guests/bert.c) computes any graph that a Config
describes.
"""

from __future__ import annotations

from collections.abc import Container, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Literal

from zcwasm.guests import layouts

#: What of a text's rows is its vector.
Pooling = Literal["mean", "cls", "last", "max"]
POOLINGS: Mapping[str, int] = {
    "mean": layouts.BERT_POOLING_MEAN,
    "cls": layouts.BERT_POOLING_CLS,
    "last": layouts.BERT_POOLING_LAST,
    "max": layouts.BERT_POOLING_MAX,
}

GGUF_RANK = 4  # pooling_type of what scores pairs

QKV = ("attn_q", "attn_k", "attn_v")
ATTENTION = (*QKV, "attn_output")
PLAIN = ("ffn_up", "ffn_down")
_GATED = (layouts.BERT_FF_GATED_SILU, layouts.BERT_FF_GATED_GELU)


@dataclass(frozen=True)
class Step:
    """What is done with vectors: a matrix, an activation, a layer norm."""

    rows: int
    activation: int = layouts.BERT_ACTIVATION_NONE
    bias: bool = True
    norm: bool = False
    norm_bias: bool = False


@dataclass(frozen=True)
class Config:
    """A model's numbers."""

    family: str  # a row of FAMILIES
    layers: int
    dim: int
    heads: int
    ff: int
    vocab: int
    positions: int  # rows of learned positions; 0: there are none
    types: int  # rows of the table of token types; 0: there is none
    most_tokens: int  # of a text; what is behind them is cut off
    norm_epsilon: float
    feed_forward: int  # BERT_FF_*
    biases: tuple[str, ...]  # which matrices of a layer have one
    norm_biases: bool = True
    window: int = 0  # rows on each side that a row of a local layer attends to
    local: tuple[bool, ...] = ()  # which layers are local; empty: none
    bases: tuple[
        float, ...
    ] = ()  # of angles: of all layers, or of those that are not local and of those that are
    position_offset: int = 0  # rows of the file's table that are no position
    pooling: Pooling = "mean"
    steps: tuple[Step, ...] = ()
    normalize: bool = True  # whether vectors get length 1
    lower_case: bool = False  # whether texts are made lower case before anything else

    @property
    def norms(self) -> int:
        """BERT_NORM_*"""
        return FAMILIES[self.family].norms

    @property
    def gated(self) -> bool:
        return self.feed_forward in _GATED

    @property
    def outputs(self) -> int:
        """Columns of a vector, or labels."""
        return self.steps[-1].rows if self.steps else self.dim


@dataclass(frozen=True)
class Head:
    """A step of what scores pairs."""

    matrix: str  # in the folder or the GGUF file
    rows: str  # "dim" or "labels"
    activation: str = ""  # or the key of config.json that names it
    norm: str = ""


@dataclass(frozen=True)
class Family:
    """One graph."""

    #: Models, for people.
    models: str
    #: What the feed-forward is, by the name of its activation: BERT_FF_*. The first where none is said.
    activations: Mapping[str, int]
    norms: int = layouts.BERT_NORM_POST
    #: Learned positions are added, or else queries and keys are rotated.
    learned_positions: bool = False
    types: bool = True
    #: Some layers are local, and there is no norm in front of the first one's attention.
    local: bool = False
    #: What scores pairs in a GGUF file; empty: not supported.
    heads: tuple[Head, ...] = ()
    #: What of a pair's rows the scores are of, where a GGUF file does not say.
    scored: Pooling = "cls"


_GELU_TANH = ("gelu_new", "gelu_pytorch_tanh", "gelu_fast")
_PLAIN = {"gelu": layouts.BERT_FF_GELU, **dict.fromkeys(_GELU_TANH, layouts.BERT_FF_GELU_TANH)}

FAMILIES: Mapping[str, Family] = {
    "bert": Family(
        "BERT, RoBERTa, XLM-RoBERTa, DistilBERT",
        _PLAIN,
        learned_positions=True,
        heads=(Head("cls", "dim", "tanh"), Head("cls.output", "labels")),
    ),
    "nomic-bert": Family(
        "nomic-embed-text",
        {"swiglu": layouts.BERT_FF_GATED_SILU, "silu": layouts.BERT_FF_GATED_SILU},
    ),
    "modern-bert": Family(
        "ModernBERT",
        {"gelu": layouts.BERT_FF_GATED_GELU, "silu": layouts.BERT_FF_GATED_SILU},
        layouts.BERT_NORM_PRE,
        types=False,
        local=True,
        heads=(Head("cls", "dim", "gelu", "cls.norm"), Head("cls.output", "labels")),
        scored="mean",
    ),
}


def is_encoder(metadata: Mapping[str, Any]) -> bool:
    """Whether a GGUF file with this metadata is one."""
    name = metadata.get("general.architecture")
    return isinstance(name, str) and name in FAMILIES


def scores(metadata: Mapping[str, Any], tensors: Container[str]) -> bool:
    """Whether the GGUF file of an encoder with this metadata and these tensors scores pairs. Labels alone are
    no sign: the converter writes those of config.json, which many embedding models have."""
    said = metadata.get(f"{metadata.get('general.architecture')}.pooling_type")
    return (type(said) is int and said == GGUF_RANK) or "cls.output.weight" in tensors


@dataclass(frozen=True)
class Kind:
    """One model_type of folders."""

    family: str
    #: In front of the encoder's names where there are heads beside it.
    prefix: str
    #: Canonical names to the folder's, {} for the layer.
    names: Mapping[str, str]
    #: Matrices that lie one behind the other, by the folder's name.
    fused: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    #: Keys of config.json that have other names there.
    keys: Mapping[str, str] = field(default_factory=dict)
    epsilon: float = 1e-12
    #: What transformers takes for numbers that the file leaves out.
    defaults: Mapping[str, Any] = field(default_factory=dict)
    #: Which flag says that which matrices have biases; those of "" always have.
    biases: Mapping[str, tuple[str, ...]] = field(default_factory=lambda: {"": (*ATTENTION, *PLAIN)})
    #: Learned positions begin behind the row of the padding token.
    offset: bool = False
    #: What scores pairs; empty: not supported.
    heads: tuple[Head, ...] = ()
    #: Keys that must have these values where they are there.
    must: Mapping[str, tuple[object, ...]] = field(default_factory=dict)
    #: Keys of this kind alone that change nothing.
    without_effect: frozenset[str] = frozenset()

    def key(self, name: str) -> str:
        return self.keys.get(name, name)


_BERT_NAMES = {
    "token_embd": "embeddings.word_embeddings",
    "position_embd": "embeddings.position_embeddings",
    "token_types": "embeddings.token_type_embeddings",
    "token_embd_norm": "embeddings.LayerNorm",
    "attn_q": "encoder.layer.{}.attention.self.query",
    "attn_k": "encoder.layer.{}.attention.self.key",
    "attn_v": "encoder.layer.{}.attention.self.value",
    "attn_output": "encoder.layer.{}.attention.output.dense",
    "attn_output_norm": "encoder.layer.{}.attention.output.LayerNorm",
    "ffn_up": "encoder.layer.{}.intermediate.dense",
    "ffn_down": "encoder.layer.{}.output.dense",
    "layer_output_norm": "encoder.layer.{}.output.LayerNorm",
}
_DISTILBERT_NAMES = {
    "token_embd": "embeddings.word_embeddings",
    "position_embd": "embeddings.position_embeddings",
    "token_embd_norm": "embeddings.LayerNorm",
    "attn_q": "transformer.layer.{}.attention.q_lin",
    "attn_k": "transformer.layer.{}.attention.k_lin",
    "attn_v": "transformer.layer.{}.attention.v_lin",
    "attn_output": "transformer.layer.{}.attention.out_lin",
    "attn_output_norm": "transformer.layer.{}.sa_layer_norm",
    "ffn_up": "transformer.layer.{}.ffn.lin1",
    "ffn_down": "transformer.layer.{}.ffn.lin2",
    "layer_output_norm": "transformer.layer.{}.output_layer_norm",
}
_NOMIC_NAMES = {
    "token_embd": "embeddings.word_embeddings",
    "token_types": "embeddings.token_type_embeddings",
    "token_embd_norm": "emb_ln",
    "attn_output": "encoder.layers.{}.attn.out_proj",
    "attn_output_norm": "encoder.layers.{}.norm1",
    "ffn_up": "encoder.layers.{}.mlp.fc11",
    "ffn_gate": "encoder.layers.{}.mlp.fc12",
    "ffn_down": "encoder.layers.{}.mlp.fc2",
    "layer_output_norm": "encoder.layers.{}.norm2",
}
_MODERN_NAMES = {
    "token_embd": "embeddings.tok_embeddings",
    "token_embd_norm": "embeddings.norm",
    "attn_norm": "layers.{}.attn_norm",
    "attn_output": "layers.{}.attn.Wo",
    "ffn_norm": "layers.{}.mlp_norm",
    "ffn_down": "layers.{}.mlp.Wo",
    "output_norm": "final_norm",
}
_ABSOLUTE = {"position_embedding_type": ("absolute",)}
_ROBERTA_HEADS = (
    Head("classifier.dense", "dim", "tanh"),
    Head("classifier.out_proj", "labels"),
)
_ROBERTA = Kind(
    "bert",
    "roberta.",
    _BERT_NAMES,
    defaults={"type_vocab_size": 2, "pad_token_id": 1},
    offset=True,
    heads=_ROBERTA_HEADS,
    must=_ABSOLUTE,
)

KINDS: Mapping[str, Kind] = {
    "bert": Kind(
        "bert",
        "bert.",
        _BERT_NAMES,
        defaults={"type_vocab_size": 2},
        heads=(Head("bert.pooler.dense", "dim", "tanh"), Head("classifier", "labels")),
        must=_ABSOLUTE,
    ),
    "roberta": _ROBERTA,
    "xlm-roberta": _ROBERTA,
    "camembert": _ROBERTA,
    "distilbert": Kind(
        "bert",
        "distilbert.",
        _DISTILBERT_NAMES,
        keys={
            "hidden_size": "dim",
            "num_attention_heads": "n_heads",
            "num_hidden_layers": "n_layers",
            "intermediate_size": "hidden_dim",
            "hidden_act": "activation",
        },
        defaults={"type_vocab_size": 0},
        # Read from the file as they are, even where they were computed.
        without_effect=frozenset(
            ("sinusoidal_pos_embds", "tie_weights_", "dropout", "qa_dropout", "seq_classif_dropout")
        ),
    ),
    "nomic_bert": Kind(
        "nomic-bert",
        "bert.",
        _NOMIC_NAMES,
        {"encoder.layers.{}.attn.Wqkv": QKV},
        keys={
            "hidden_size": "n_embd",
            "num_attention_heads": "n_head",
            "num_hidden_layers": "n_layer",
            "intermediate_size": "n_inner",
            "max_position_embeddings": "n_positions",
            "layer_norm_eps": "layer_norm_epsilon",
            "hidden_act": "activation_function",
        },
        biases={},
        defaults={"type_vocab_size": 2},
        must={
            "prenorm": (False,),
            "causal": (False,),
            "parallel_block": (False,),
            "qkv_proj_bias": (False,),
            "mlp_fc1_bias": (False,),
            "mlp_fc2_bias": (False,),
            "rotary_emb_fraction": (1,),
            "rotary_emb_interleaved": (False,),
            "rotary_emb_scale_base": (None,),
            "moe_every_n_layers": (0, -1, None),
            "use_rms_norm": (False, None),
            "scale_attn_weights": (True,),
            "scale_attn_by_inverse_layer_idx": (False,),
        },
        without_effect=frozenset(
            {
                *("attn_pdrop", "dense_seq_output", "fused_bias_fc", "fused_dropout_add_ln"),
                *("last_layer_subset", "layer_norm_training", "max_trained_positions"),
                *("mlp_checkpoint_lvl", "pad_vocab_size_multiple", "pad_vocab_to_multiple_of"),
                *("reorder_and_upcast_attn", "sequence_parallel", "shared_head", "use_flash_attn"),
                *("parallel_block_tied_norm", "use_xentropy", "masked_lm_loss"),
                *("summary_activation", "summary_first_dropout", "summary_proj_to_labels"),
                *("summary_type", "summary_use_proj"),
            }
        ),
    ),
    "modernbert": Kind(
        "modern-bert",
        "model.",
        _MODERN_NAMES,
        {"layers.{}.attn.Wqkv": QKV, "layers.{}.mlp.Wi": ("ffn_gate", "ffn_up")},
        keys={"hidden_act": "hidden_activation", "layer_norm_eps": "norm_eps"},
        epsilon=1e-5,
        biases={"attention_bias": ATTENTION, "mlp_bias": ("ffn_gate", *PLAIN)},
        defaults={"type_vocab_size": 0},
        heads=(
            Head("head.dense", "dim", "classifier_activation", "head.norm"),
            Head("classifier", "labels"),
        ),
        without_effect=frozenset(
            {
                *("decoder_bias", "deterministic_flash_attn", "embedding_dropout", "mlp_dropout"),
                *("initializer_cutoff_factor", "reference_compile", "repad_logits_with_grad"),
                *("sparse_pred_ignore_index", "sparse_prediction", "compile"),
                "layer_norm_eps",  # beside norm_eps, which counts
                "position_embedding_type",  # which transformers does not read
            }
        ),
    ),
}

#: transformers' own config of these; tensors have the same names.
NOMIC_OF_TRANSFORMERS = replace(
    KINDS["nomic_bert"], keys={}, must=_ABSOLUTE, without_effect=frozenset(("pad_token_id",))
)

"""What a session is between two generations, as a snapshot has it: a note beside the guest's memory, which is
enough to compute the rest again, and what of that memory has to be kept.

Both come from files, which may be anyone's: Note.read and check_state are where what they say is checked.
What a guest does with a memory that lies is the sandbox's business, as ever.

Threads: a session's own.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
import numpy.typing as npt

import zcwasm
from zcwasm import _arguments
from zcwasm.guests import layouts
from zcwasm.llm._config import row_bytes
from zcwasm.llm._sampling import OPTIONS, Sampling

if TYPE_CHECKING:
    from zcwasm._guest import Guest
    from zcwasm.llm._config import Config

KvDtype = Literal["f16", "f32", "q8_0"]

KV_TYPES: dict[KvDtype, int] = {
    "f16": layouts.ZC_CACHE_F16,
    "f32": layouts.ZC_CACHE_F32,
    "q8_0": layouts.ZC_CACHE_Q8_0,
}
#: Names of notes begin so that are this package's own.
OWN = "zcwasm."
_SESSION, _TOKENS = "zcwasm.session", "zcwasm.tokens"
_VERSION = 1  # of the note

Tokens = npt.NDArray[np.uint32]


@dataclass(frozen=True)
class Form:
    """What a session is made with, and the layout of its memory follows from."""

    context: int
    kv_dtype: KvDtype
    exact: bool
    chunk: int

    @classmethod
    def check(cls, config: Config, context: object, kv_dtype: object, exact: object, chunk: object) -> Form:
        """Raises TypeError and ValueError."""
        most = min(config.context, layouts.LLAMA_MAX_CONTEXT)
        room = _arguments.whole("context", context, 1, most)
        if kv_dtype != "f16" and kv_dtype != "f32" and kv_dtype != "q8_0":
            raise ValueError(f"kv_dtype is {kv_dtype!r}, must be 'f16', 'f32' or 'q8_0'")
        if kv_dtype == "q8_0" and (config.head_size % 32 or config.kv_heads * config.head_size % 64):
            raise ValueError(
                f"kv_dtype is 'q8_0': this model's heads have {config.head_size} elements and there are "
                f"{config.kv_heads} of keys, must be a multiple of 32, and of 64 together"
            )
        rows = _arguments.whole("chunk", chunk, 1, layouts.LLAMA_MAX_CHUNK)
        return cls(room, kv_dtype, _arguments.flag("exact", exact), min(rows, room))

    def numbers(self) -> dict[str, int]:
        """Of the guest's config."""
        return {
            "context": self.context,
            "chunk": self.chunk,
            "kv_type": KV_TYPES[self.kv_dtype],
            "exact": self.exact,
        }


def sampling_of(state: np.void) -> Sampling:
    """How a guest chooses tokens. Raises ValueError where that is none of what it takes."""
    values = {name: state["sampling"][name].item() for name in OPTIONS}
    return Sampling(**values | {"repetition_window": values["repetition_window"] or None})


@dataclass(frozen=True)
class Note:
    """What a session's snapshot says in words."""

    form: Form
    weights: str  # their SHA-256
    config: str  # Config.digest of the model
    tokens: Tokens  # whose keys and values are cached
    token: int | None  # that was chosen behind them
    random: int  # state of the generator
    sampling: Sampling

    @classmethod
    def of(cls, form: Form, guest: Guest, config: Config, weights: str) -> Note:
        state = guest.state
        return cls(
            form,
            weights,
            config.digest,
            guest.array("history", int(state["cached"]), np.uint32).copy(),
            int(state["token"]) if state["chosen"] else None,
            int(state["random"]),
            sampling_of(state),
        )

    def write(self) -> dict[str, bytes]:
        """The notes."""
        words = {
            "version": _VERSION,
            **vars(self.form),
            "weights": self.weights,
            "config": self.config,
            "token": self.token,
            "random": self.random,
            "sampling": vars(self.sampling),
        }
        return {_SESSION: json.dumps(words).encode(), _TOKENS: self.tokens.astype("<u4").tobytes()}

    @classmethod
    def read(cls, info: Mapping[str, Any], config: Config, weights: str) -> Note:
        """info: of snapshot_info. Of a model with these numbers, whose weights have this SHA-256. Raises
        SnapshotError for what is missing, odd or another model's."""
        notes = info["notes"]
        if _SESSION not in notes or _TOKENS not in notes:
            raise zcwasm.SnapshotError(
                info["damaged"] or "the snapshot is none of a language model's session"
            )
        try:
            words = json.loads(notes[_SESSION])
            return cls._of(words, notes[_TOKENS], config, weights)
        except KeyError as error:
            raise zcwasm.SnapshotError(f"the snapshot's note about the session has no {error}") from None
        except (ValueError, TypeError, RecursionError) as error:
            raise zcwasm.SnapshotError(f"the snapshot's note about the session: {error!s:.400}") from None

    @classmethod
    def _of(cls, words: Any, tokens: bytes, config: Config, weights: str) -> Note:
        if not isinstance(words, dict):
            raise TypeError(f"must be a mapping, not {type(words).__name__}")
        _arguments.whole("version", words["version"], _VERSION, _VERSION)
        if _arguments.text("weights", words["weights"]) != weights:  # before numbers of another model
            raise ValueError(f"it is of other weights, with the SHA-256 {words['weights']}, not {weights}")
        numbers = _arguments.text("config", words["config"])
        if numbers != config.digest:
            raise ValueError("it is of a model of the same weights with other numbers in its config.json")
        form = Form.check(config, *(words[name] for name in ("context", "kv_dtype", "exact", "chunk")))
        if len(tokens) % 4 or len(tokens) > 4 * form.context:
            raise ValueError(f"tokens of {len(tokens)} bytes, the context has room for {form.context}")
        ids = np.frombuffer(tokens, "<u4").astype(np.uint32)
        _check_ids(ids, config.vocab)
        token = words["token"]
        return cls(
            form,
            weights,
            numbers,
            ids,
            None if token is None else _arguments.whole("token", token, 0, config.vocab - 1),
            _arguments.whole("random", words["random"], 0, 2**64 - 1),
            Sampling(**words["sampling"]),
        )


def _check_ids(ids: Tokens, vocab: int) -> None:
    if len(ids) and ids.max() >= vocab:
        raise ValueError(f"token id {ids.max()} is not in the vocabulary, which has 0 to {vocab - 1}")


def check_state(guest: Guest, config: bytes) -> None:
    """Of a guest that was restored, before anything of its state is used: what the host goes by is such as
    the guest leaves it, with this config. Raises SnapshotError."""
    try:
        _check_state(guest, config)
    except ValueError as error:  # also of memory.array, for what does not lie in the memory
        raise zcwasm.SnapshotError(f"the session's state in the snapshot: {error}") from None


def _check_state(guest: Guest, config: bytes) -> None:
    state, size = guest.state, guest.instance.memory.size
    expected = (guest.program.version, guest.program.state.itemsize)
    if (int(state["version"]), int(state["size"])) != expected:
        raise ValueError(f"version {state['version']} and {state['size']} bytes, must be {expected}")
    if state["config"].tobytes() != config:
        raise ValueError("its config is another one's")
    numbers = np.frombuffer(config, guest.program.config)[0]
    context, vocab = int(numbers["context"]), int(numbers["vocab"])
    cached, history, cache = (int(state[name]) for name in ("cached", "history", "cache"))
    kv_dtype = next(name for name, kind in KV_TYPES.items() if kind == numbers["kv_type"])
    layer = 2 * context * row_bytes(int(numbers["kv_heads"]) * int(numbers["head_size"]), kv_dtype)
    if int(state["cache_layer_bytes"]) != layer or int(state["cache_bytes"]) != layer * int(
        numbers["layers"]
    ):
        raise ValueError(f"a cache of {state['cache_bytes']} bytes, {state['cache_layer_bytes']} a layer")
    if cached > context:
        raise ValueError(f"{cached} tokens cached, the context has room for {context}")
    end = cache + layer * int(numbers["layers"])
    if not history + 4 * context <= cache <= end <= int(state["transient"]) <= size:
        raise ValueError(f"a history at {history} and a cache at {cache}, in a memory of {size} bytes")
    if state["chosen"] > 1 or (state["chosen"] and state["token"] >= vocab):
        raise ValueError(f"token {state['token']} comes next, the vocabulary has 0 to {vocab - 1}")
    _check_ids(guest.array("history", cached, np.uint32), vocab)
    sampling_of(state)


def dead_ranges(guest: Guest, form: Form, layers: int, end: str) -> list[tuple[int, int]]:
    """Ranges (start, stop) of the memory that hold nothing worth keeping: rows that are not cached, and what
    lies behind `end`: "transient" for who attaches, else "activations"."""
    state = guest.state
    cached, history, cache = (int(state[name]) for name in ("cached", "history", "cache"))
    half = int(state["cache_layer_bytes"]) // 2
    used = half // form.context * cached
    ranges = [(history + 4 * cached, history + 4 * form.context)]
    ranges += [(start + used, start + half) for start in range(cache, cache + 2 * layers * half, half)]
    ranges.append((int(state[end]), guest.instance.memory.size))
    return [(start, stop) for start, stop in ranges if start < stop]


def cache_rows(guest: Guest, context: int, layers: int) -> npt.NDArray[np.uint8]:
    """A view of the cache: (keys and values of every layer, context, bytes of a row)."""
    half = int(guest.state["cache_layer_bytes"]) // 2
    return guest.array("cache", (2 * layers, context, half // context), np.uint8)


def common(one: Tokens, other: Tokens) -> int:
    """How many tokens they begin with that are the same."""
    length = min(len(one), len(other))
    differing = np.flatnonzero(one[:length] != other[:length])
    return int(differing[0]) if len(differing) else length

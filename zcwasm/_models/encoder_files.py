"""An encoder's files: a folder with those of the modules behind it, or GGUF; under the names that the guest
looks for."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from zcwasm._models import encoder_tensors, parts, shards, weights_files
from zcwasm._models.encoders import Config, Kind
from zcwasm._models.model_file import Entry, Header, Path, model_error, naming


class Folder:
    """dense: the folders of what follows the encoder. steps: matrices and norms of config.steps, by their
    names; of Dense modules dense.N.linear. heads: whether what is beside the encoder counts."""

    def __init__(
        self,
        folder: Path,
        kind: Kind,
        config: Config,
        *,
        dense: Sequence[Path] = (),
        steps: Sequence[tuple[str, str]] = (),
        heads: bool = False,
    ) -> None:
        self._folder, self._kind, self._config, self._heads = folder, kind, config, heads
        self._encoder = shards.find(folder)
        self._dense = [shards.find(each) for each in dense]
        self._steps = [*steps, *((f"dense.{at}.linear", "") for at in range(len(dense)))]

    @property
    def paths(self) -> Sequence[Path]:
        return [path for each in (self._encoder, *self._dense) for path in each.paths]

    def read(self, views: Sequence[memoryview]) -> Header:
        at = len(self._encoder.paths)
        header = self._encoder.read(views[:at])
        for number, each in enumerate(self._dense):
            behind = at + len(each.paths)
            header = _beside(header, each.read(views[at:behind]), at, f"dense.{number}.")
            at = behind
        with naming(self._folder):
            planned = encoder_tensors.folder_parts(
                header, self._kind, self._config, self._steps, heads=self._heads
            )
            return parts.make(header, planned, views)


def _beside(header: Header, other: Header, file: int, prefix: str) -> Header:
    """Both; the other's tensors have the prefix, and lie in files from that number on."""

    def moved(entry: Entry) -> Entry:
        return entry._replace(name=prefix + entry.name, file=file + entry.file)

    unusable = {prefix + name: why for name, why in other.unusable.items()}
    others = {prefix + name: moved(entry) for name, entry in other.others.items()}
    return replace(
        header,
        tensors=[*header.tensors, *map(moved, other.tensors)],
        unusable={**header.unusable, **unusable},
        others={**header.others, **others},
    )


class Gguf:
    """config: what the file says, when it has been read. scorer: whether it is to score pairs."""

    config: Config

    def __init__(self, path: Path, *, scorer: bool = False) -> None:
        self._files = weights_files.find(path)
        self._scorer = scorer

    @property
    def paths(self) -> Sequence[Path]:
        return self._files.paths

    def read(self, views: Sequence[memoryview]) -> Header:
        from zcwasm._models import encoder_config

        header = self._files.read(views)
        with naming(self.paths[0]):
            if header.format != "gguf":
                raise model_error(
                    f"is a {header.format} file: an encoder is a folder with it, config.json and "
                    "tokenizer.json, or a GGUF file",
                    None,
                )
            header = encoder_tensors.with_rows(header)
            self.config = encoder_config.read_gguf(header.metadata, header, scorer=self._scorer)
            return parts.show(header, encoder_tensors.gguf_parts(header, self.config))

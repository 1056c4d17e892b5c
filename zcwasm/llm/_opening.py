"""How sessions come to be: anew, or from what Session.save wrote.

Threads: any."""

from __future__ import annotations

import io
import os
from typing import IO, TYPE_CHECKING

import zcwasm
from zcwasm import _guest
from zcwasm.llm import _kept, _placement
from zcwasm.llm._generation import Usage
from zcwasm.llm._kept import Form, Note
from zcwasm.llm._prefixes import PrefixCache
from zcwasm.llm._session import PROGRAM, File, Session, restore_guest

if TYPE_CHECKING:
    from zcwasm.llm._model import Model


def _check_cache(prefix_cache: object) -> None:
    if prefix_cache is not None and not isinstance(prefix_cache, PrefixCache):
        raise TypeError(f"prefix_cache must be a zcwasm.llm.PrefixCache, not {type(prefix_cache).__name__}")


def start(model: Model, form: Form, mirror: bool | None, prefix_cache: PrefixCache | None) -> Session:
    """Model.session."""
    mirrored, config = _placement.is_mirrored(model, mirror), model.config
    _check_cache(prefix_cache)
    guest = PROGRAM.start(
        model.device,
        model.weights,
        PROGRAM.config_bytes(config, form.numbers()),
        limits=_placement.scratch_limit(config.cache_bytes(form.context, form.kv_dtype)),
        layers=model._layer_bytes(),
        rope=model._rope_bytes(form.context),
    )
    _guest.fill(guest.state["device"], _placement.device_of(model, mirrored))
    guest.begin("init")
    return Session(model, form, guest, mirrored, prefix_cache)


def _read(file: IO[bytes]) -> bytes:
    read = getattr(file, "read", None)
    data = read() if callable(read) else None
    if not isinstance(data, bytes):
        raise TypeError(f"file must be a path or a binary file object, not {type(file).__name__}")
    return data


def load(
    model: Model,
    file: File,
    recompute: bool,
    mapped: bool,
    mirror: bool | None,
    prefix_cache: PrefixCache | None,
) -> Session:
    """Model.load_session."""
    mirrored = _placement.is_mirrored(model, mirror)
    _check_cache(prefix_cache)
    data = None if isinstance(file, (str, os.PathLike)) else _read(file)
    info = zcwasm.snapshot_info(file if data is None else io.BytesIO(data))
    note = Note.read(info, model.config, model.weights.sha256)
    try:
        guest = restore_guest(model, note.form, file if data is None else io.BytesIO(data), mapped)
    except zcwasm.SnapshotError:
        if not recompute:
            raise
        session = _recomputed(model, note, mirror, prefix_cache)
    else:
        _guest.fill(guest.state["device"], _placement.device_of(model, mirrored))
        guest.check(guest.exports.attach())
        session = Session(model, note.form, guest, mirrored, prefix_cache)
    session.notes = {name: each for name, each in info["notes"].items() if not name.startswith(_kept.OWN)}
    return session


def _recomputed(model: Model, note: Note, mirror: bool | None, prefix_cache: PrefixCache | None) -> Session:
    """What the note describes."""
    session = start(model, note.form, mirror, prefix_cache)
    if len(note.tokens):
        session._configure(note.sampling._settings(note.form.context))
        session._begin_with(note.tokens)
        session._prefill(note.tokens, Usage())
        state = session._guest.state
        state["random"] = note.random
        state["chosen"] = note.token is not None
        if note.token is not None:  # what has come out, whatever would come now
            state["token"] = note.token
    return session

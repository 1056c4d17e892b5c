"""Guests on a Ray cluster: a class for Ray Data's map_batches, snapshots and sessions in Ray's object store.

Needs zcwasm[ray]. Modules, Limits and Wasi pickle by themselves, so tasks and actors of one's own can be
given them; a process compiles a module once. What belongs to a process (devices, weights, instances) each
worker opens for itself.

    kwargs = dict(module=module, work="score")
    data.map_batches(zcwasm.ray.Worker, fn_constructor_kwargs=kwargs,
                     compute=ray.data.ActorPoolStrategy(size=4))
"""

from __future__ import annotations

import io
import os
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

import zcwasm
from zcwasm._extras import needed_for
from zcwasm._types import EngineKind

if TYPE_CHECKING:
    from typing_extensions import Buffer

    from zcwasm.llm import Model, Session

__all__ = ["Worker", "load_session", "put_session", "put_snapshot", "restore"]


class Worker:
    """A guest that works on batches: what Dataset.map_batches makes one of in each of its workers.

    module: a Module, a path that the worker has, or bytes.
    work: a callable that is given the worker's Instance and a batch, and returns a batch; or the name of an
        export, which is called for each row with the row's columns as its arguments, in their order. Its
        results become the column "result".
    device: the name of a kind ("cpu"), or a callable that gives a Device; None: the best that the worker has.
    weights: the path of a model file. imports: as Instance's, or a callable that gives them.
    wasi, inputs, limits, engine: as Instance's.
    snapshot: an instance to go on from, as put_snapshot gives it, in place of a new one.
    prepare: an export's name, or a callable that is given each new instance.

    Module, device and weights are opened once. After a batch that fails the next one gets a new instance,
    prepared as the first one was.
    """

    def __init__(
        self,
        module: zcwasm.Module | str | os.PathLike[str] | bytes,
        work: str | Callable[[zcwasm.Instance, Any], Any],
        *,
        device: str | Callable[[], zcwasm.Device] | None = None,
        imports: Mapping[str, Mapping[str, Any]]
        | Callable[[], Mapping[str, Mapping[str, Any]]]
        | None = None,
        wasi: zcwasm.Wasi | None = None,
        weights: str | os.PathLike[str] | None = None,
        inputs: Mapping[str, Buffer] | None = None,
        limits: zcwasm.Limits | None = None,
        engine: EngineKind | Literal["auto"] | None = None,
        snapshot: Any = None,
        prepare: str | Callable[[zcwasm.Instance], object] | None = None,
    ) -> None:
        if not (isinstance(work, str) or callable(work)):
            raise TypeError(f"work must be the name of an export or a callable, not {type(work).__name__}")
        self._module = module if isinstance(module, zcwasm.Module) else zcwasm.Module(module)
        self._work = work
        self._prepare = prepare
        self._imports = imports
        self._snapshot = None if snapshot is None else _bytes_of(snapshot)
        self._options: dict[str, Any] = {
            "device": device() if callable(device) else zcwasm.Device(device),  # type: ignore[arg-type]
            "weights": None if weights is None else zcwasm.Weights(weights),
            "wasi": wasi,
            "inputs": inputs,
            "limits": limits,
            "engine": engine,
        }
        self._instance: zcwasm.Instance | None = None
        self.instance  # noqa: B018 what cannot be made shall fail here, not with the first batch

    @property
    def instance(self) -> zcwasm.Instance:
        """The instance that the next batch gets."""
        if self._instance is None:
            imports = self._imports() if callable(self._imports) else self._imports
            options = {**self._options, "imports": imports}
            if self._snapshot is None:
                made = zcwasm.Instance(self._module, **options)
            else:
                made = zcwasm.Instance.restore(self._module, io.BytesIO(self._snapshot), **options)
            if isinstance(self._prepare, str):
                made.exports[self._prepare]()
            elif self._prepare is not None:
                self._prepare(made)
            self._instance = made
        return self._instance

    def __call__(self, batch: Any) -> Any:
        """The batch, worked on."""
        instance = self.instance
        try:
            if isinstance(self._work, str):
                return _each_row(instance.exports[self._work], batch)
            return self._work(instance, batch)
        except BaseException:
            self._instance = None  # what it was doing may be half done; views of its memory keep their bytes
            with instance:
                raise


def _each_row(export: Callable[..., Any], batch: Any) -> dict[str, Any]:
    if not isinstance(batch, Mapping):
        raise TypeError(
            f"an export as work needs batches of the format 'numpy', this one is a {type(batch).__name__}"
        )
    columns = [
        np.asarray(column).tolist() for column in batch.values()
    ]  # Python's numbers, as exports take them
    return {**batch, "result": np.asarray([export(*row) for row in zip(*columns, strict=True)])}


def put_snapshot(
    instance: zcwasm.Instance, *, compress: Literal["zstd"] | None = None, **options: Any
) -> Any:
    """A snapshot of an instance as an object in Ray's store: an ObjectRef, for Worker and restore.

    options: Instance.snapshot's (device_state, notes, dead). What the guest held is in it, secrets included.
    """
    with needed_for("zcwasm.ray"):
        import ray
    file = io.BytesIO()
    instance.snapshot(file, compress=compress, **options)
    return ray.put(np.frombuffer(file.getbuffer(), np.uint8))


def restore(module: zcwasm.Module, snapshot: Any, **options: Any) -> zcwasm.Instance:
    """An instance that goes on from there, on any node. options: Instance.restore's.

    snapshot: what put_snapshot gave, or the array that Ray makes of it where it is an argument of a task.
    """
    return zcwasm.Instance.restore(module, io.BytesIO(_bytes_of(snapshot)), **options)


def put_session(session: Session, *, compress: Literal["zstd"] | None = None, **options: Any) -> Any:
    """A language model's session, with all that it has computed, as an object in Ray's store: an ObjectRef.

    options: Session.save's (notes). Prefill a prompt once, and have many workers go on from it.
    """
    with needed_for("zcwasm.ray"):
        import ray
    file = io.BytesIO()
    session.save(file, compress=compress, **options)
    return ray.put(np.frombuffer(file.getbuffer(), np.uint8))


def load_session(model: Model, session: Any, **options: Any) -> Session:
    """A session that goes on from there; the model is the worker's own. options: Model.load_session's.

    session: what put_session gave, or the array that Ray makes of it where it is an argument of a task.
    """
    return model.load_session(io.BytesIO(_bytes_of(session)), **options)


def _bytes_of(stored: Any) -> bytes:
    """Of an object in the store, or what Ray makes of a reference: a read-only array over shared memory."""
    if not isinstance(stored, (bytes, bytearray, memoryview, np.ndarray)):
        with needed_for("zcwasm.ray"):
            import ray
        stored = ray.get(stored)
    return bytes(memoryview(stored))

"""A guest that ships with the package and that Python drives: llm/_session.py and embed.py share this.

Such a guest takes its numbers as the input "config" and exports address(), where its state lies. Its header
says what both look like; layouts.py, which is made of the header, says it here. The state begins with the
version and the size of its struct, which the first call sets, and ends with why the last call failed.

Threads: as of an Instance.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping
from functools import cached_property
from importlib.resources import files
from typing import IO, Any

import numpy as np
import numpy.typing as npt

import zcwasm


class Program:
    """guests/NAME.wasm, compiled once, and the layouts of guests/NAME.h."""

    def __init__(
        self,
        name: str,
        version: int,
        config: np.dtype[np.void],
        state: np.dtype[np.void],
        address: str = "address",
    ) -> None:
        """address: what the guest exports, which says where the state lies."""
        self.name = name
        self.address = address
        self.version = version
        self.config = config
        self.state = state

    @cached_property
    def module(self) -> zcwasm.Module:
        return zcwasm.Module(str(files("zcwasm") / "guests" / f"{self.name}.wasm"))

    def config_bytes(self, model: object, numbers: Mapping[str, Any]) -> bytes:
        """The input "config": the model's numbers by their names, and `numbers`, which go before."""
        config = np.zeros((), self.config)
        of_model = {name: getattr(model, name) for name in self.config.names or () if hasattr(model, name)}
        fill(config, {"version": self.version, **of_model, **numbers})
        return config.tobytes()

    def start(
        self,
        device: zcwasm.Device,
        weights: zcwasm.Weights,
        config: bytes,
        limits: zcwasm.Limits | None = None,
        **inputs: bytes,
    ) -> Guest:
        """An instance."""
        instance = zcwasm.Instance(
            self.module,
            device=device,
            weights=weights,
            inputs={"config": config, **inputs},
            limits=limits,
        )
        return Guest(self, instance)

    def restore(
        self,
        file: str | os.PathLike[str] | IO[bytes],
        device: zcwasm.Device,
        weights: zcwasm.Weights,
        config: bytes,
        limits: zcwasm.Limits | None = None,
        *,
        mapped: bool = False,
        **inputs: bytes,
    ) -> Guest:
        """What another one was when a snapshot of it was written to the file."""
        instance = zcwasm.Instance.restore(
            self.module,
            file,
            device=device,
            weights=weights,
            inputs={"config": config, **inputs},
            limits=limits,
            mapped=mapped,
        )
        return Guest(self, instance)


def fill(record: npt.NDArray[Any] | np.void, values: Mapping[str, Any]) -> None:
    """Set each field of a struct to the value of its name; one for each, and no other. What is above 0 and
    would be 0 as float32 becomes the smallest number."""
    names = record.dtype.names or ()
    if set(names) != set(values):
        raise TypeError(f"fields {sorted(set(names) ^ set(values))} are in the struct or in the values only")
    for name in names:
        record[name] = values[name]
        if values[name] > 0 and record[name] == 0:
            record[name] = np.finfo(np.float32).tiny


class Guest:
    """An instance of a Program."""

    def __init__(self, program: Program, instance: zcwasm.Instance, address: int | None = None) -> None:
        """address: of the state, where that is known."""
        self.program = program
        self.instance = instance
        self.exports = instance.exports
        self._address: int = instance.exports[program.address]() if address is None else address
        self._state: np.void | None = None

    @property
    def state(self) -> np.void:
        """The guest's state, a view. The guest is in use while it lives: release() lets go of the one that is
        kept here."""
        if self._state is None:
            self._state = self.instance.memory.array(self._address, 1, self.program.state)[0]
        return self._state

    def release(self) -> None:
        self._state = None

    def fork(self, count: int, dead: Iterable[tuple[int, int]] = ()) -> list[Guest]:
        """As many that go on from here. dead: what of the memory nobody needs."""
        return [Guest(self.program, each, self._address) for each in self.instance.fork(count, dead=dead)]

    def begin(self, name: str, *arguments: int) -> None:
        """The first call, which sets up the state."""
        self.check(self.exports[name](*arguments))
        found, expected = (
            (int(self.state["version"]), int(self.state["size"])),
            (self.program.version, self.program.state.itemsize),
        )
        if found != expected:
            raise zcwasm.Error(
                f"{self.program.name}.wasm has a state of version {found[0]} and {found[1]} bytes, "
                f"layouts.py of version {expected[0]} and {expected[1]}"
            )

    def check(self, result: int) -> int:
        """A result of the guest that is not an error."""
        if result >= 0:
            return result
        state = self.state
        text = state["error"][: state["error_size"]].tobytes().decode("utf-8", "replace")
        raise zcwasm.Error(text or f"the guest failed with code {result}")

    def array(self, name: str, shape: int | tuple[int, ...], dtype: npt.DTypeLike) -> npt.NDArray[Any]:
        """What a pointer of the state points to, a view."""
        return self.instance.memory.array(int(self.state[name]), shape, dtype)

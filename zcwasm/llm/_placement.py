"""Where a model's guest keeps what the device reads: for sessions and batchers alike.

Pure functions, any thread."""

from __future__ import annotations

from typing import TYPE_CHECKING

import zcwasm
from zcwasm import _arguments

if TYPE_CHECKING:
    from zcwasm.llm._model import Model


def apart(device: zcwasm.Device) -> bool:
    """Whether the device has memory of its own, where lies what it reads over and over: guest memory is
    across a bus."""
    return not device.unified_memory


def scratch_limit(cache_bytes: int) -> zcwasm.Limits:
    """The guest is this package's own: it may have what it needs, a mirror and activations, whatever the
    context asks for. Activations never take more than 1 GiB of scratch: the guest gives them addresses from
    3 GiB on (SCRATCH_START), and leaves them in its memory where these are too few."""
    return zcwasm.Limits(scratch=cache_bytes + (1 << 30))


def steps_ahead(device: zcwasm.Device) -> bool:
    """Whether the next step waits on the device already when one ends. On the CPU there is nothing to hide,
    and the step behind a generation's last one, which is for nothing, costs as much as any."""
    return device.kind != "cpu" and not device.info["software"]


def device_of(model: Model, mirrored: bool) -> dict[str, bool]:
    """The guest's llama_device."""
    device = model.device
    return {"scratch": apart(device), "mirror": mirrored, "submit_ahead": steps_ahead(device)}


def is_mirrored(model: Model, mirror: bool | None) -> bool:
    return apart(model.device) if mirror is None else _arguments.flag("mirror", mirror)

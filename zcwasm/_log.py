"""The logger "zcwasm": what was decided, for those who wonder; never per call. It prints nothing by itself.

The core calls `device_opened`, and only where the program has imported logging: else nobody could see it.
"""

from __future__ import annotations

import logging

from . import _core

LOG = logging.getLogger("zcwasm")
LOG.addHandler(logging.NullHandler())


def device_opened(device: _core.Device, asked: str | None) -> None:
    if not LOG.isEnabledFor(logging.INFO):
        return
    if asked is not None:
        LOG.info("device %s: %s, as asked for", device.kind, device.name)
        return
    better = []
    for each in _core.devices():
        if each["kind"] == device.kind:
            break
        software = "is emulated on the CPU" if each["software"] else "was not taken"
        better.append(f"{each['kind']}: {each['reason'] if not each['available'] else software}")
    LOG.info(
        "device %s: %s, the best one here%s",
        device.kind,
        device.name,
        f" ({'; '.join(better)})" if better else "",
    )

"""Numbers for Prometheus: of requests, which the server counts, and of batchers, which count themselves.

An application has a registry of its own, so that several in one process do not mix.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import fields
from typing import TYPE_CHECKING

from prometheus_client import (
    CONTENT_TYPE_LATEST,
    CollectorRegistry,
    Counter,
    Gauge,
    Histogram,
    generate_latest,
)
from prometheus_client.metrics_core import CounterMetricFamily, GaugeMetricFamily, Metric

if TYPE_CHECKING:
    from zcwasm.llm._batcher import Batcher

CONTENT_TYPE = CONTENT_TYPE_LATEST
_SECONDS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 120, 300, 600)
_COUNTERS = {
    "prompt_tokens": "Tokens of prompts, those that were cached included.",
    "generated_tokens": "Tokens that were generated.",
    "reused_tokens": "Tokens of prompts that the cache had.",
    "steps": "Steps of the batch.",
    "preempted": "Sequences whose pages were taken for others and whose tokens were computed again.",
}
_GAUGES = {
    "waiting": "Requests that wait for a place.",
    "running": "Sequences in progress.",
    "rows_per_step": "Rows of a step, the mean of the last ones.",
    "tokens_per_second": "Tokens generated in a second, the mean of the last ones.",
    "pages": "Pages of the cache.",
    "pages_used": "Pages of the cache that are in use.",
}


class Metrics:
    """Of one application."""

    def __init__(self, batchers: Mapping[str, Batcher]) -> None:
        self.registry = CollectorRegistry(auto_describe=False)
        self.registry.register(_Batchers(batchers))
        self.requests = Counter(
            "zcwasm_requests", "Requests that were answered.", ["path", "status"], registry=self.registry
        )
        self.running = Gauge("zcwasm_requests_running", "Requests in progress.", registry=self.registry)
        self.seconds = Histogram(
            "zcwasm_request_seconds",
            "From a request's head to the end of its answer.",
            ["path"],
            buckets=_SECONDS,
            registry=self.registry,
        )
        self.first = Histogram(
            "zcwasm_first_token_seconds",
            "Of streamed answers: from the request's head to the first token.",
            ["model"],
            buckets=_SECONDS,
            registry=self.registry,
        )
        self.gone = Counter(
            "zcwasm_requests_gone", "Requests whose client went away.", registry=self.registry
        )

    def text(self) -> bytes:
        return generate_latest(self.registry)


class _Batchers:
    """Asked when somebody looks."""

    def __init__(self, batchers: Mapping[str, Batcher]) -> None:
        self._batchers = batchers

    def collect(self) -> Iterator[Metric]:
        stats = {name: batcher.stats() for name, batcher in self._batchers.items()}
        known = {each.name for one in stats.values() for each in fields(one)}
        for name, about in {**_COUNTERS, **_GAUGES}.items():
            if name not in known:
                continue
            make = CounterMetricFamily if name in _COUNTERS else GaugeMetricFamily
            family = make(f"zcwasm_batch_{name}", about, labels=["model"])
            for model, one in stats.items():
                family.add_metric([model], getattr(one, name))
            yield family

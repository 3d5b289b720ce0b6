"""Counts and durations for Prometheus, where `prometheus-client` is installed.

It is an extra (``pip install prometheus-client``): without it nothing is counted, and
``/metrics`` says so. With several workers, each writes into a folder that all share, named by
``PROMETHEUS_MULTIPROC_DIR``; `server.gunicorn_conf` makes one.
"""

import importlib.util
import logging
import os
import time
from collections.abc import Callable
from functools import wraps
from typing import ParamSpec

from flask import Flask, Response, g, request

from server.pipeline import Prediction
from server.problems import Problem
from server.recognizer import Reading

P = ParamSpec("P")

logger = logging.getLogger(__name__)

AVAILABLE = importlib.util.find_spec("prometheus_client") is not None
SECONDS = (0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10)
METHODS = frozenset(("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"))
WITH_PICTURES = frozenset(("/predict", "/read", "/explain"))


def whatever_happens(count: Callable[P, None]) -> Callable[P, None]:
    """Let a count be lost, and not the answer: on a full disk, the files of counts cannot grow.

    The library is then left in a state in which it raises anything. The first fault is logged.
    """
    said = False

    @wraps(count)
    def lose_if_need_be(*args: P.args, **kwargs: P.kwargs) -> None:
        nonlocal said
        try:
            count(*args, **kwargs)
        except Exception:
            if not said:
                logger.exception("requests are answered, but not counted any more")
            said = True

    return lose_if_need_be


class Metrics:
    """What is counted: nothing, without `prometheus-client`."""

    def answered(self, method: str, route: str, status: int, seconds: float) -> None:
        """Count a request."""

    def predicted(self, prediction: Prediction) -> None:
        """Count what the network read, and the time that each part took."""

    def refused(self, code: str) -> None:
        """Count a request with pictures that was refused, by the problem's code."""

    def exposition(self) -> Response:
        """Write all numbers, of all workers."""
        detail = "metrics need the extra `metrics` of this project: pip install prometheus-client"
        raise Problem("not_found", detail)


class PrometheusMetrics(Metrics):
    """Counts, in the names that the field uses."""

    def __init__(self) -> None:
        # Imported here: it takes 30 ms, and need not be there.
        from prometheus_client import CollectorRegistry, Counter, Histogram

        count_in_files_by_slot()
        kept = self.registry = CollectorRegistry()
        self.requests = Counter(
            "http_requests", "Requests answered", ["method", "route", "status"], registry=kept
        )
        self.durations = Histogram(
            "http_request_duration_seconds",
            "Time from having the whole request to having the answer",
            ["method", "route"],
            buckets=SECONDS,
            registry=kept,
        )
        self.successes = Counter(
            "model_infer_request_success", "Requests that the network answered", registry=kept
        )
        self.predictions = Counter(
            "predictions",
            "Inputs read, by the likeliest digit or other class and whether it was recognised",
            ["digit", "verdict"],
            registry=kept,
        )
        self.stages = Histogram(
            "prediction_stage_duration_seconds",
            "Time spent in each part of a prediction",
            ["stage"],
            buckets=SECONDS,
            registry=kept,
        )
        self.refusals = Counter(
            "pictures_refused", "Requests with pictures refused", ["reason"], registry=kept
        )

    @whatever_happens
    def answered(self, method: str, route: str, status: int, seconds: float) -> None:
        """Count a request; methods that nobody knows are taken together."""
        method = method if method in METHODS else "other"
        self.requests.labels(method, route, status).inc()
        self.durations.labels(method, route).observe(seconds)

    @whatever_happens
    def predicted(self, prediction: Prediction) -> None:
        """Count what the network read, and the time that each part took."""
        self.successes.inc()
        for reading in prediction.readings:
            label = reading.classes.labels[reading.likeliest]
            self.predictions.labels(label, verdict(reading)).inc()
        for stage, milliseconds in prediction.time.milliseconds.items():
            self.stages.labels(stage).observe(milliseconds / 1000)

    @whatever_happens
    def refused(self, code: str) -> None:
        """Count a request with pictures that was refused, by the problem's code."""
        self.refusals.labels(code).inc()

    def exposition(self) -> Response:
        """Write all numbers, of all workers, in Prometheus' text format."""
        from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, generate_latest
        from prometheus_client.multiprocess import MultiProcessCollector

        registry = self.registry
        if os.environ.get("PROMETHEUS_MULTIPROC_DIR"):
            registry = CollectorRegistry()
            MultiProcessCollector(registry)  # type: ignore[no-untyped-call]
        return Response(generate_latest(registry), content_type=CONTENT_TYPE_LATEST)


def verdict(reading: Reading) -> str:
    """Say what was recognised: a digit, another class, or nothing."""
    if reading.best is None:
        return "none"
    return "digit" if reading.is_digit else "class"


def make() -> Metrics:
    """Make what counts, if the library for it is installed."""
    return PrometheusMetrics() if AVAILABLE else Metrics()


def count_in_files_by_slot() -> None:
    """Where processes count into files, name these so that they do not become more and more."""
    folder = os.environ.get("PROMETHEUS_MULTIPROC_DIR")
    if folder:
        from prometheus_client import values

        # Unix alone has it, as it has workers.
        from server.middleware.process_slot import ProcessSlot

        by_slot = values.MultiProcessValue(ProcessSlot(folder))  # type: ignore[no-untyped-call]
        values.ValueClass = by_slot


def register(app: Flask, metrics: Metrics) -> None:
    """Count every request of `app`."""

    def count(response: Response) -> Response:
        route = request.url_rule.rule if request.url_rule else "none"
        seconds = time.perf_counter() - g.started
        metrics.answered(request.method, route, response.status_code, seconds)
        if "problem" in g and route in WITH_PICTURES:
            metrics.refused(g.problem)
        return response

    app.after_request(count)

"""Time training steps and predictions beside the peers, which must compute the same."""

from __future__ import annotations

from statistics import median
from typing import Any

from scripts.benchmarks import agreement
from scripts.benchmarks.bench import TRAIN_BATCH, Bench, Call, Seconds
from scripts.benchmarks.clock import ratio
from scripts.benchmarks.peers.blueprint import Blueprint
from scripts.benchmarks.peers.process import PeerProcess
from scripts.benchmarks.table import milliseconds, share, table, times

PREDICT_BATCHES = (1, 256)
# PyTorch's kernel gradients move away from its own float64 ones as batches grow: digits' conv2
# reaches 1e-4 at 128 images.
CHECKED = 32
STEPS = 10

Record = dict[str, Any]


def measure(bench: Bench) -> Record:
    """Return the peers, the peak, and one record for each network and kind of work."""
    with bench.peers("convnet", "pytorch", "onnxruntime") as peers:
        peak = peers[0].call("sgemm_flops", 2 * bench.effort.seconds)
        records = []
        for network in bench.networks:
            plan, agreed = _open(bench, network, peers)
            records.append(_train(bench, plan, peers[:2]))
            records += [_predict(bench, plan, batch, peers) for batch in PREDICT_BATCHES]
            for record in records[-len(PREDICT_BATCHES) - 1 :]:
                record["agree_to"] = agreed
                record["share_of_peak"] = record.pop("flops") / record["seconds"]["convnet"] / peak
        about = {peer.name: peer.call("about") for peer in peers}
    return {"peers": about, "sgemm_gflops": peak / 1e9, "work": records}


def _open(bench: Bench, network: str, peers: list[PeerProcess]) -> tuple[Blueprint, float]:
    """Build a network everywhere from the same weights; return it, and how well all agree."""
    ours, torch, onnx = peers
    plan: Blueprint = ours.call("create", network)
    for peer in (torch, onnx):
        peer.call("open", plan)
    images, labels = bench.batches(CHECKED)
    agreed = max(
        agreement.check_predictions(ours, torch, images),
        agreement.check_predictions(ours, onnx, images),
        agreement.check_training(ours, torch, images, labels),
    )
    for peer in (ours, torch):  # the check has moved BatchNorm's statistics
        peer.call("open", plan)
    return plan, agreed


def _train(bench: Bench, plan: Blueprint, peers: list[PeerProcess]) -> Record:
    call = ("time_train", *bench.batches(STEPS * TRAIN_BATCH), TRAIN_BATCH)
    seconds = bench.alternate({peer.name: (peer, call) for peer in peers})
    # The outputs, the gradient of the weights and the gradient of the input take the same number of
    # multiplications each, but training does not need the gradient of the first layer's input.
    return _record("train", plan, TRAIN_BATCH, seconds, 3 * plan.multiply_adds - plan.first_layer)


def _predict(bench: Bench, plan: Blueprint, batch: int, peers: list[PeerProcess]) -> Record:
    images = bench.images(batch)
    calls: dict[str, Call] = {peer.name: (peer, ("time_predict", images)) for peer in peers}
    calls["network.predict"] = (peers[0], ("time_natural_predict", images))
    return _record("predict", plan, batch, bench.alternate(calls), plan.multiply_adds)


def _record(work: str, plan: Blueprint, batch: int, seconds: Seconds, products: int) -> Record:
    medians = {name: median(rounds) for name, rounds in seconds.items()}
    others = [name for name in seconds if name != "convnet"]
    return {
        "network": plan.name,
        "work": work,
        "batch": batch,
        "seconds": medians,
        "images_per_second": {name: batch / value for name, value in medians.items()},
        "times_faster_than": {name: ratio(seconds["convnet"], seconds[name]) for name in others},
        "flops": 2 * products * batch,
    }


def show(result: Record) -> str:
    """Lay the records out as a table."""
    rows = [_row(record) for record in result["work"]]
    header = (
        *("network", "work", "batch", "convnet ms", "images/s", "of peak"),
        *("PyTorch ms", "ratio", "ONNX Runtime ms", "ratio", "network.predict ms"),
    )
    peers = result["peers"]
    title = (
        f"Speed beside PyTorch {peers['pytorch']['version']}"
        f" ({peers['pytorch']['instructions']}) and ONNX Runtime {peers['onnxruntime']['version']};"
        f" peak: {result['sgemm_gflops']:.0f} GFLOP/s of sgemm in NumPy"
    )
    return table(title, header, rows, left=2)


def _row(record: Record) -> list[str]:
    seconds, ratios = record["seconds"], record["times_faster_than"]
    row = [record["network"], record["work"], str(record["batch"])]
    row += [milliseconds(seconds["convnet"]), f"{record['images_per_second']['convnet']:,.0f}"]
    row.append(share(record["share_of_peak"]))
    for peer in ("pytorch", "onnxruntime"):
        known = peer in seconds
        row += [milliseconds(seconds[peer]), times(ratios[peer])] if known else ["", ""]
    plain = seconds.get("network.predict")
    return [*row, "" if plain is None else milliseconds(plain)]

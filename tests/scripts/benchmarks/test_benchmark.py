"""The benchmark compares like with like: same weights, same answers, each peer in its turn."""

import json
import mmap
import platform
import subprocess
import sys
from dataclasses import replace
from importlib.util import find_spec
from pathlib import Path

import numpy as np
import pytest

import convnet
from convnet import reference
from convnet.correlation import winograd
from convnet.inference import served_network
from scripts import benchmark
from scripts.benchmarks import ablation, agreement, bulk, clock, machine, memory, scaling, speed
from scripts.benchmarks.agreement import Disagreement
from scripts.benchmarks.bench import Bench
from scripts.benchmarks.clock import Effort
from scripts.benchmarks.peers import im2col_rows
from scripts.benchmarks.peers.alternatives import Alternatives, Case
from scripts.benchmarks.peers.blueprint import (
    channels_first,
    channels_last,
    named_arrays,
    pictures_last,
)
from scripts.benchmarks.peers.callers import share
from scripts.benchmarks.peers.ours import Ours, blueprint
from scripts.benchmarks.peers.passes import Pass
from scripts.benchmarks.peers.peer import Peer
from scripts.benchmarks.peers.process import PeerError, PeerProcess, environment
from scripts.benchmarks.table import milliseconds, table
from tests.support.tiny_digits import tiny_digits, write_idx

PEERS = ("torch", "onnx", "onnxruntime")
needs_peers = pytest.mark.skipif(
    not all(find_spec(package) for package in PEERS),
    reason="the peers are not installed: pip install -e '.[bench]'",
)
AT_ONCE = Effort(rounds=1, seconds=0.0)


@pytest.fixture(scope="module")
def data():
    return tiny_digits(train=160).train


@pytest.fixture(scope="module")
def bench(data):
    return Bench(data, threads=2, effort=AT_ONCE, networks=("live-app",))


@pytest.fixture
def ours():
    threads = convnet.get_threads()
    yield Ours(threads=2)
    convnet.set_threads(threads)


# -- timing ---------------------------------------------------------------------------------


def test_peers_take_turns_and_nobody_always_comes_first():
    asked = []

    def burst(name, seconds):
        return lambda: asked.append(name) or seconds

    found = clock.alternate({"a": burst("a", [3.0, 1.0, 2.0]), "b": burst("b", [4.0])}, rounds=2)
    assert asked == ["a", "b", "b", "a"]
    assert found == {"a": [2.0, 2.0], "b": [4.0, 4.0]}


def test_a_ratio_compares_round_by_round():
    """A machine that is three times slower in one round says nothing about who is faster."""
    assert clock.ratio([1.0, 3.0, 1.0], [2.0, 6.0, 2.0]) == 2.0


def test_the_stopwatch_does_not_count_the_first_calls():
    calls = []
    times = clock.stopwatch(lambda: calls.append(1), seconds=0.0, least=4)
    assert len(times) == 4
    assert len(calls) == 4 + clock.WARM_UP
    assert min(times) > 0


# -- processes ------------------------------------------------------------------------------


def test_a_peer_answers_from_its_own_process():
    with PeerProcess("convnet", threads=1) as peer:
        assert peer.call("about")["threads"] == 1
        with pytest.raises(PeerError, match="no-such-network"):
            peer.call("create", "no-such-network")
        assert peer.call("create", "live-app").name == "live-app"  # it lives on


def test_a_peer_that_cannot_start_is_an_error():
    with PeerProcess("nobody", threads=1) as peer, pytest.raises(PeerError, match="ended"):
        peer.call("about")


def test_numbers_of_threads_in_the_environment_reach_no_peer(monkeypatch):
    monkeypatch.setenv("OMP_NUM_THREADS", "1")
    monkeypatch.setenv("OPENBLAS_CORETYPE", "Haswell")
    assert "OMP_NUM_THREADS" not in environment()
    assert machine.describe()["environment"]["OPENBLAS_CORETYPE"] == "Haswell"
    assert "as OPENBLAS_CORETYPE says" in machine.show(machine.describe())


def test_memory_remembers_its_peak():
    peer = Peer()
    before = peer.memory()
    # More than this process, whatever tests it ran before, has ever held; and mapped anew, as an
    # array may lie in memory that was freed and kept.
    room = int(before["peak"] - before["now"]) + 40
    with mmap.mmap(-1, room << 20) as held:
        np.frombuffer(held, np.uint8)[:] = 1
        peak = peer.memory()["peak"]
    assert peak > before["now"] + room - 5  # the kernel counts pages a little late
    assert peer.memory()["peak"] > peak - 5


# -- networks on their way ------------------------------------------------------------------


@pytest.mark.parametrize("name", ["live-app", "digits"])
def test_arrays_come_back_from_channels_first(name, rng):
    plan = blueprint(convnet.build(name, rng=rng))
    for layer, key, array in named_arrays(plan.layers):
        there = channels_first(layer, key, array)
        np.testing.assert_array_equal(channels_last(layer, key, there), array)


def test_a_dense_layer_sees_the_same_picture_flattened_either_way(rng):
    plan = blueprint(convnet.build("live-app", rng=rng))
    (dense,) = (layer for layer in plan.layers if layer.feature_map)
    height, width, channels = dense.feature_map
    picture = rng.random((2, channels, height, width), np.float32)
    first = picture.reshape(2, -1) @ channels_first(dense, "w", dense.arrays["w"]).T
    last = picture.transpose(0, 2, 3, 1).reshape(2, -1) @ dense.arrays["w"]
    np.testing.assert_allclose(first, last, rtol=1e-4)
    flat = pictures_last(dense, picture.reshape(2, -1))
    np.testing.assert_array_equal(flat, picture.transpose(0, 2, 3, 1).reshape(2, -1))


# -- agreement ------------------------------------------------------------------------------


def test_small_differences_agree_and_larger_ones_do_not():
    exact = {"w": np.array([2.0, -4.0])}
    assert agreement.compare({"w": np.array([2.0, -4.0002])}, exact) == pytest.approx(5e-5)
    with pytest.raises(Disagreement, match=r"w differs by 5\.0e-04"):
        agreement.compare({"w": np.array([2.0, -4.002])}, exact)


@pytest.mark.parametrize(
    "other",
    [{"w": np.array([np.nan, -4.0])}, {"v": np.array([2.0, -4.0])}, {"w": np.array([2.0])}],
    ids=["nan", "other name", "other shape"],
)
def test_what_cannot_be_compared_does_not_agree(other):
    with pytest.raises(Disagreement):
        agreement.compare(other, {"w": np.array([2.0, -4.0])})


def test_a_gradient_that_points_elsewhere_does_not_agree(rng):
    gradient = rng.standard_normal(100)
    result = Pass(np.ones((1, 10)), 1.0, {"conv1.w": gradient, "norm1.mean": np.ones(3)})
    assert agreement.compare_passes(result, result) == 0
    for wrong in (
        replace(result, arrays=result.arrays | {"conv1.w": gradient[::-1]}),
        replace(result, arrays=result.arrays | {"norm1.mean": np.full(3, 1.1)}),
        replace(result, loss=1.1),
    ):
        with pytest.raises(Disagreement):
            agreement.compare_passes(wrong, result)


@needs_peers
@pytest.mark.parametrize("name", ["live-app", "digits"])
def test_a_layer_with_other_weights_is_found(name, data):
    with PeerProcess("convnet", 1) as ours, PeerProcess("pytorch", 1) as torch:
        plan = ours.call("create", name)
        torch.call("open", plan)
        batch = data.images[:32], data.labels[:32]
        assert agreement.check_training(ours, torch, *batch) < 1e-4
        plan.layers[-1].arrays["w"][3, 3] += 0.01
        torch.call("open", plan)
        with pytest.raises(Disagreement):
            agreement.check_predictions(ours, torch, data.images[:32])
        with pytest.raises(Disagreement):
            agreement.check_training(ours, torch, *batch)


@needs_peers
def test_speed_compares_every_peer(bench):
    result = speed.measure(bench)
    train, one, many = result["work"]
    assert set(train["seconds"]) == {"convnet", "pytorch"}
    assert set(one["seconds"]) == {"convnet", "pytorch", "onnxruntime", "network.predict"}
    assert many["batch"] == 256
    assert train["images_per_second"]["convnet"] == 128 / train["seconds"]["convnet"]
    assert train["agree_to"] < 1e-4
    assert speed.show(result).count("live-app") == 3
    json.dumps(result, allow_nan=False)


@needs_peers
def test_memory_is_that_of_training(bench, monkeypatch):
    monkeypatch.setattr(memory, "SECONDS", 0.1)
    (record,) = memory.measure(bench)
    for library in ("convnet", "pytorch"):
        assert record[library]["peak"] > record[library]["imported"] > 10
    assert "live-app" in memory.show([record])


# -- the engine alone -----------------------------------------------------------------------


def test_the_cost_of_an_image_is_by_batch_size(bench, monkeypatch):
    monkeypatch.setattr(scaling, "SIZES", (4, 8))
    records = scaling.measure(bench)
    assert [record["work"] for record in records] == ["train", "predict"]
    assert all(set(record["seconds_per_image"]) == {"4", "8"} for record in records)
    assert "live-app, predict" in scaling.show(records)


def test_callers_are_told_apart_by_their_answers(rng):
    parts = np.split(rng.random((8, 3), np.float32), 4)
    good = share(lambda x: x * 2, parts, seconds=0.01)
    assert good.same
    assert good.images_per_second > 0
    calls = iter(range(10**9))
    assert not share(lambda x: x + next(calls), parts, seconds=0.01).same


def test_rows_of_im2col_agree_with_the_loops(rng):
    x, kernel = rng.random((3, 7, 6, 2)), rng.random((3, 2, 2, 4))
    out = im2col_rows.correlate(np.ascontiguousarray(x.transpose(1, 3, 2, 0)), kernel, block=2)
    expected = reference.convolution(x, kernel)
    np.testing.assert_allclose(out.transpose(3, 0, 2, 1), expected)


def test_our_points_round_best_and_the_engine_is_left_as_it_was():
    before = winograd.B_T.copy(), winograd.POINTS
    errors = Alternatives(threads=1).rounding(Case(14, 32, 32, 3), batch=32)
    assert min(list(errors)[1:], key=errors.get) == "0, ±√½, ±√2, ∞"
    np.testing.assert_array_equal(winograd.B_T, before[0])
    assert before[1] == winograd.POINTS


def test_alternatives_leave_the_engine_as_it_was(data, ours):
    engine = Alternatives(threads=2)
    engine.create("live-app")
    order, block = engine.network.order, served_network.BLOCK
    batch = (data.images, data.labels, 32, 0.0)
    for times in (
        engine.time_order(True, *batch),
        engine.time_all_gradients(*batch),
        engine.time_threads(1, 2, *batch),
        engine.time_blocks(16, data.images, 0.0),
        engine.time_unprepared(data.images[:1], 0.0),
        engine.time_unfolded(data.images[:1], 0.0),
    ):
        assert min(times) > 0
    assert (engine.network.order, served_network.BLOCK) == (order, block)
    assert convnet.get_threads() == 2
    assert engine.network.backward.__func__ is convnet.Sequential.backward


def test_every_alternative_is_shown(bench, monkeypatch):
    monkeypatch.setattr(ablation, "CASES", (Case(12, 1, 4, 5), Case(12, 4, 4, 3)))
    monkeypatch.setattr(ablation, "ROUNDING", Case(10, 4, 4, 3))
    result = ablation.measure(bench)
    shown = ablation.show(result)
    assert [set(record["gflops"]) for record in result["correlate"]] == [
        {"im2col", "im2col by rows", "overlapping windows"},
        {"im2col", "im2col by rows", "overlapping windows", "Winograd"},
    ]
    assert [set(record["gflops"]) for record in result["kernel_gradient"]] == [
        {"im2col", "overlapping windows", "whole rows"},
        {"im2col", "overlapping windows", "whole rows", "Winograd"},
    ]
    assert all(text in shown for text in ("activation before pooling", "no prepared plan", "√½"))


# -- the command ----------------------------------------------------------------------------


def test_tables_are_aligned():
    assert table("T", ("a", "b"), [["x", "10.0"], ["longer", "1"]]).splitlines() == [
        *("T", "------------", "a          b", "------------", "x       10.0", "longer     1"),
    ]
    assert [milliseconds(s) for s in (0.0000621, 0.00462, 0.0995)] == ["0.062", "4.62", "99.5"]


def test_what_is_missing_is_named_before_any_work(monkeypatch, capsys):
    monkeypatch.setattr(benchmark, "find_spec", lambda name: None)
    with pytest.raises(SystemExit):
        benchmark.main(["--only", "speed"])
    said = capsys.readouterr().err
    assert "onnx, onnxruntime, torch missing" in said
    assert ".[bench]" in said


@pytest.mark.parametrize("section", ["import", "sharing", "augmentation", "pictures"])
def test_figures_are_printed_and_written(section, tmp_path, capsys, monkeypatch):
    monkeypatch.setattr(benchmark, "QUICK", AT_ONCE)
    folder, file = write_idx(tmp_path, tiny_digits(train=260)), tmp_path / "figures.json"
    options = ["--quick", "--only", section, "--networks", "live-app", "--data", str(folder)]
    assert benchmark.main([*options, "--json", str(file)]) == 0
    assert list(json.loads(file.read_text())) == ["machine", section]
    assert "NumPy" in capsys.readouterr().out


def test_bulk_reading_is_compared_with_the_network(tmp_path, capsys, monkeypatch):
    monkeypatch.setattr(benchmark, "QUICK", AT_ONCE)
    monkeypatch.setattr(bulk, "COUNT", 4)
    monkeypatch.setattr(bulk, "CHUNKS", 2)
    folder, file = write_idx(tmp_path, tiny_digits(train=20)), tmp_path / "figures.json"
    options = ["--quick", "--only", "bulk", "--threads", "1", "--data", str(folder)]
    assert benchmark.main([*options, "--json", str(file)]) == 0
    record = json.loads(file.read_text())["bulk"]
    assert list(record["rows_per_second"]) == ["network", "IDX", "CSV", "PNG"]
    assert record["by_processes"]["1"] > 0
    assert "of the network" in capsys.readouterr().out


def test_an_unknown_section_is_refused(capsys):
    with pytest.raises(SystemExit):
        benchmark.main(["--only", "speed,weather"])
    assert "got 'weather'" in capsys.readouterr().err


def test_every_library_can_be_kept_from_avx_512(root: Path, tmp_path: Path) -> None:
    data = write_idx(tmp_path, tiny_digits())
    command = [
        sys.executable,
        "scripts/benchmark.py",
        "--avx2",
        "--quick",
        "--only",
        "augmentation",
    ]
    command += ["--networks", "live-app", "--data", str(data), "--json", str(tmp_path / "f.json")]
    subprocess.run(command, cwd=root, check=True, capture_output=True, timeout=60)
    found = json.loads((tmp_path / "f.json").read_text())["machine"]
    assert found["environment"].items() >= benchmark.AVX2.items()
    if found["blas"]["name"] == "scipy-openblas" and platform.machine() == "x86_64":
        assert found["blas"]["kernels"].casefold() == "haswell"

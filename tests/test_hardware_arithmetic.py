"""What processes do together, worked by hand: gather, average, normalise, resume."""

import joint_arithmetic
import joint_training
import pytest
import torch
from joint_arithmetic import fresh_layer, outer_weights, whole_batch
from test_hardware_processes import TIGHT, launch
from torch import nn

from zssbir_lib.training import Execution, joined, processes, read_checkpoint
from zssbir_lib.training.parallel import (
    average_gradients,
    check_divisible,
    from_first,
    gather,
    is_first,
    join_batch_norms,
    own_gpu,
    own_part,
    tensor_from_first,
)

PAIR = (0, 1)


@pytest.fixture(scope="module", autouse=True)
def put_back():
    """Put back what computing in double precision changes."""
    with pytest.MonkeyPatch.context() as patch:
        loop = joint_training.loop
        patch.setattr(loop, "prepare_images", loop.prepare_images)
        yield


@pytest.fixture(scope="module")
def alone(tmp_path_factory):
    """Return a folder with a checkpoint made alone, and the final weights."""
    folder = tmp_path_factory.mktemp("joint")
    weights = joint_arithmetic.train_long(folder / "one.pt")
    (folder / "one-epoch-1.pt").rename(folder / "alone.pt")
    return folder, weights


@pytest.fixture(scope="module")
def pair(alone):
    """Return what each of two processes found."""
    run = launch(joint_arithmetic.__file__, str(alone[0]))
    assert run.returncode == 0, run.stderr[-2000:]
    return [torch.load(alone[0] / f"process-{rank}.pt") for rank in PAIR]


# alone


def test_alone_nothing_is_shared():
    values = torch.arange(6.0).view(3, 2).requires_grad_()
    assert processes() == (0, 1) and is_first()
    assert torch.equal(own_part(values), values)
    assert gather(values) is values
    assert tensor_from_first(values) is values
    assert from_first(value := {"a": 1}) is value
    check_divisible(7)
    with joined("cpu") as device:
        assert device == "cpu" and processes().count == 1


def test_alone_gradients_stay_as_they_are():
    weight = nn.Parameter(torch.zeros(2))
    weight.grad = torch.tensor([1.0, 2.0])
    average_gradients([weight])
    assert weight.grad.tolist() == [1, 2]


def test_a_process_without_a_gpu_is_told_how_many_there_are(monkeypatch):
    monkeypatch.setattr(torch.cuda, "device_count", lambda: 2)
    with pytest.raises(ValueError, match="process 2 has no GPU.*nproc_per_node 2"):
        own_gpu(2)


def test_on_gpus_pytorchs_own_layer_takes_over_the_same_tensors():
    layer = nn.Sequential(fresh_layer(), nn.Conv2d(2, 2, 1)).eval()
    names, tensors = list(layer.state_dict()), list(layer.state_dict().values())
    join_batch_norms(layer, "cuda:0")
    joint = layer[0][0]
    assert type(joint) is nn.SyncBatchNorm and not joint.training
    assert (joint.eps, joint.momentum) == (1e-3, 0.3)
    assert list(layer.state_dict()) == names
    pairs = zip(layer.state_dict().values(), tensors, strict=True)
    assert all(one.data_ptr() == other.data_ptr() for one, other in pairs)


# two processes


def test_every_process_knows_its_number(pair):
    assert [one["processes"] for one in pair] == [(0, 2), (1, 2)]
    assert [one["first"] for one in pair] == [True, False]
    assert all(one["device"] == "cpu" for one in pair)


def test_the_first_process_is_listened_to(pair):
    assert [one["said"] for one in pair] == [{"rank": 0}, {"rank": 0}]
    assert all(one["told"].tolist() == [5.0, 5.0] for one in pair)


def test_rows_go_to_processes_in_turn_and_come_back_in_order(pair):
    whole = torch.arange(12, dtype=torch.float64).view(6, 2)
    for rank in PAIR:
        found = pair[rank]["gathered"]
        assert torch.equal(found["own"], whole[[rank, rank + 2, rank + 4]])
        assert torch.equal(found["joint"], whole)
        assert found["labels"].tolist() == [0, 1, 2, 3, 4, 5]


def test_the_gradient_of_own_rows_counts_once_for_every_process(pair):
    whole = torch.arange(12, dtype=torch.float64).view(6, 2)
    by_hand = 2 * whole * whole.flip(0)  # of the sum of squares times weights
    for rank in PAIR:
        assert torch.equal(pair[rank]["gathered"]["gradient"], 2 * by_hand[rank::2])


@pytest.fixture(scope="module")
def plain():
    """Return PyTorch's own layer after the whole batch, with its gradients."""
    layer = fresh_layer()
    batch = whole_batch().requires_grad_()
    output = layer(batch)
    (output.square() * outer_weights()).sum().backward()
    return layer, batch.grad, output.detach()


def test_joint_normalisation_is_that_of_the_whole_batch(pair, plain):
    for found in (one["normalised"] for one in pair):
        assert found["kind"] == "JointBatchNorm2d"
        torch.testing.assert_close(found["output"], plain[2], rtol=1e-12, atol=1e-12)


def test_gradients_of_joint_normalisation_are_those_of_the_whole_batch(pair, plain):
    layer, gradient, _ = plain
    for rank in PAIR:  # times the number of processes, which DDP divides by
        found = pair[rank]["normalised"]["input_gradient"] / 2
        torch.testing.assert_close(found, gradient[rank::2], rtol=1e-10, atol=1e-12)
    weights = [one["normalised"]["weight_gradient"] for one in pair]
    mean = torch.stack(weights).mean(dim=0)
    torch.testing.assert_close(mean, layer[0].weight.grad, rtol=1e-10, atol=1e-12)


def test_joint_gradients_agree_with_finite_differences(pair):
    assert all(one["gradcheck"] for one in pair)


def test_running_statistics_are_those_of_the_whole_batch(pair, plain):
    layer = plain[0]
    layer(whole_batch() * 2)
    expected = dict(layer[0].named_buffers())
    assert expected["num_batches_tracked"] == 2
    for found in (one["normalised"] for one in pair):
        torch.testing.assert_close(found["statistics"], expected)
    mean = whole_batch().mean(dim=(0, 2, 3))  # worked by hand as well: 0, then 0.3
    by_hand = 0.7 * 0.3 * mean + 0.3 * 2 * mean
    torch.testing.assert_close(expected["running_mean"], by_hand)


def test_in_evaluation_mode_a_process_normalises_alone(pair, plain):
    for rank in PAIR:
        found = pair[rank]["normalised"]
        mean, variance = (
            found["statistics"][name][:, None, None]
            for name in ("running_mean", "running_var")
        )
        scaled = (whole_batch()[rank::2] - mean) / (variance + 1e-3).sqrt()
        weight, bias = (w[:, None, None] for w in plain[0][0].parameters())
        torch.testing.assert_close(found["evaluated"], scaled * weight + bias)
        torch.testing.assert_close(found["still"], found["statistics"])


def test_gradients_are_averaged_in_place_and_missing_ones_left_out(pair):
    for first, second, third, kept in (one["averaged"] for one in pair):
        assert torch.equal(first, torch.full((2, 2), 1.5))
        assert second is None
        assert torch.equal(third, torch.zeros(2, 2))
        assert torch.equal(kept, first)


def test_a_batch_that_cannot_be_shared_names_both_numbers(pair):
    expected = "a batch of 7 images cannot be shared by 2 processes"
    for seven, eight in (one["refusals"] for one in pair):
        assert seven.startswith(expected) and "--set batch_size" in seven
        assert eight == ""


def test_a_run_begun_alone_goes_on_together(pair, alone):
    for one in pair:
        torch.testing.assert_close(one["continued"], alone[1], **TIGHT)


def test_a_run_begun_together_goes_on_alone(pair, alone):
    folder, expected = alone
    torch.testing.assert_close(pair[0]["whole"], expected, **TIGHT)
    start = folder / "joint-epoch-1.pt"
    found = joint_arithmetic.train_long(folder / "again.pt", start)
    torch.testing.assert_close(found, expected, **TIGHT)


def test_processes_agree_to_the_last_bit(pair):
    for key in ("whole", "continued"):
        for name, weight in pair[0][key].items():
            assert torch.equal(weight, pair[1][key][name]), name


@pytest.mark.parametrize("name", joint_arithmetic.IN_PARTS)
def test_parts_are_those_of_the_whole_batch(name, pair):
    """Batches in two parts in two processes: four quarters, and still one batch."""
    expected = joint_training.three_steps(name, Execution())
    found = pair[0]["parts"][name]
    for one, other in zip(expected["losses"], found["losses"], strict=True):
        assert one == pytest.approx(other, rel=1e-6)
    torch.testing.assert_close(expected["weights"], found["weights"], **TIGHT)


def test_processes_train_in_bfloat16_too(pair):
    losses = [one["bfloat16"] for one in pair]
    assert all(isinstance(found, list) for found in losses), losses[0]
    assert losses[0] == losses[1]


def test_ctrl_c_in_one_process_stops_all_after_the_same_step(pair, alone):
    said = [(alone[0] / f"interrupted-{rank}.txt").read_text() for rank in PAIR]
    assert said == ["KeyboardInterrupt: stopped after step 3"] * 2
    assert read_checkpoint(alone[0] / "interrupted.pt")["step"] == 3

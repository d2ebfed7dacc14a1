"""The learning rate over a run, and the optimisers."""

from __future__ import annotations

import math

import pytest
import torch

from LungTumorSegLib.recipe.schema import Optimizer
from LungTumorSegLib.training.optimizing.averaging import Average
from LungTumorSegLib.training.optimizing.schedule import Schedule, make_optimizer
from LungTumorSegLib.training.watching.pace import Pace


def schedule(**settings) -> Schedule:
    return Schedule(Optimizer(learning_rate=1.0, **settings), steps=100, steps_per_epoch=10)


@pytest.mark.parametrize(
    ("decay", "middle", "last"),
    [
        ("constant", 1.0, 1.0),
        ("polynomial", 0.5**0.9, 0.01**0.9),
        ("cosine", 0.5, 0.5 * (1 - math.cos(math.pi * 0.01))),
        ("exponential", 0.985**5, 0.985**9),
        ("plateau", 1.0, 1.0),
    ],
)
def test_decay_begins_at_the_full_rate(decay, middle, last):
    rates = schedule(decay=decay)
    assert rates.rate(0) == 1.0
    assert rates.rate(50) == pytest.approx(middle)
    assert rates.rate(99) == pytest.approx(last)


def test_warm_up_rises_to_the_full_rate_and_the_decay_takes_the_rest_of_the_run():
    rates = schedule(decay="cosine", warmup_steps=20)
    assert [rates.rate(step) for step in (0, 9, 19, 20)] == pytest.approx([0.05, 0.5, 1.0, 1.0])
    assert rates.rate(60) == pytest.approx(0.5)


def test_exponential_decay_changes_with_the_epoch_alone():
    rates = schedule(decay="exponential", exponential_factor=0.5)
    assert [rates.rate(step) for step in (9, 10, 19, 20)] == [1.0, 0.5, 0.5, 0.25]


def test_plateau_waits_then_lowers_and_waits_again():
    rates = schedule(decay="plateau", plateau={"patience": 2, "factor": 0.1, "least_change": 0.1})
    lowered = [rates.observe(cost) for cost in (1.0, 0.95, 0.8, 0.8, 0.75, 0.75, 0.75, 0.75, 0.75)]
    assert lowered == [False, False, False, False, False, True, False, False, True]
    assert rates.rate(0) == pytest.approx(0.01)
    other = schedule(decay="plateau", plateau={"patience": 2})
    other.restore(rates.state())
    assert other.state() == rates.state()


@pytest.mark.parametrize(
    ("name", "kind"), [("adamw", torch.optim.AdamW), ("adam", torch.optim.Adam), ("sgd", torch.optim.SGD)]
)
def test_optimiser_leaves_a_step_out_where_it_is_told_so_on_the_device(name, kind):
    """What the loop does on a GPU, with the same fused optimisers on the CPU."""
    network = torch.nn.Linear(3, 2)
    optimizer = make_optimizer(network, Optimizer(name=name), fused=True)
    assert type(optimizer) is kind
    for found in (0.0, 1.0, 0.0):
        before = network.weight.detach().clone()
        for parameter in network.parameters():
            parameter.grad = torch.full_like(parameter, float("nan") if found else 1.0)
        optimizer.found_inf = torch.tensor(found)
        optimizer.step()
        assert torch.isfinite(network.weight).all()
        assert torch.equal(before, network.weight) == bool(found)


def test_nesterov_momentum_of_sgd():
    optimizer = make_optimizer(torch.nn.Linear(2, 2), Optimizer(name="sgd", momentum=0.9))
    assert optimizer.defaults["nesterov"]
    assert optimizer.defaults["momentum"] == 0.9


def test_average_follows_and_is_the_weights_themselves_where_nothing_is_averaged():
    network = torch.nn.Linear(1, 1, bias=False)
    average, none = Average(network, 0.9), Average(network, 0.0)
    with torch.no_grad():
        network.weight.fill_(1.0)
        average.restore({"weight": torch.zeros(1, 1)})
        average.update(step=1000)
        assert float(average.weights["weight"]) == pytest.approx(0.1)
        average.restore({"weight": torch.zeros(1, 1)})
        average.update(step=0)  # at the start it keeps only a tenth
        assert float(average.weights["weight"]) == pytest.approx(0.9)
    assert torch.equal(none.weights["weight"], network.weight)


def test_pace_is_that_of_the_last_half_minute():
    now = [0.0]
    pace = Pace(clock=lambda: now[0])
    assert pace.seconds_for(10) is None
    for step in range(200):
        pace.mark(step)
        now[0] += 10.0 if step < 50 else 0.5
    assert pace.steps_per_second == pytest.approx(2.0, rel=0.05)
    assert pace.seconds_for(10) == pytest.approx(5.0, rel=0.05)

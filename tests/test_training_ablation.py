"""The ablation: its plan, its paired differences, and that no run is repeated."""

import json
from dataclasses import replace

import numpy as np
import pytest
from scipy import stats

from zssbir_lib.data import ZeroShotSplit
from zssbir_lib.evaluation import mean_interval
from zssbir_lib.evaluation.statistics import paired_interval
from zssbir_lib.training import (
    ABLATIONS,
    StudyRun,
    ablation_differences,
    named_recipe,
    plan_ablation,
    run_study,
    summarise_study,
    with_seen_counts,
)
from zssbir_lib.training.studies.ablation import COMPARED_METRICS

ABLATION_ROWS = ABLATIONS["sbtknet"].rows
COMPARISONS = ABLATIONS["sbtknet"].comparisons
SHORT = dict(epochs=1, steps_per_epoch=2, batch_size=4, embedding_size=8)


def split(name: str, seen: int = 5) -> ZeroShotSplit:
    return ZeroShotSplit(name, tuple(f"s{i}" for i in range(seen)), (), ("u", "v"))


# --- paired intervals ----------------------------------------------------------------


def test_paired_interval_by_hand():
    # differences 1, 2, 3: mean 2, standard error 1/sqrt(3), t(0.975, 2) = 4.302653
    mean, low, high = paired_interval([11, 22, 33], [10, 20, 30])
    assert mean == 2
    assert high - mean == pytest.approx(4.302653 / np.sqrt(3), abs=1e-5)
    assert mean - low == pytest.approx(high - mean)


def test_paired_interval_equals_scipys():
    rng = np.random.default_rng(0)
    one, other = rng.normal(size=7), rng.normal(size=7)
    for confidence in (0.8, 0.95):
        expected = stats.ttest_rel(one, other).confidence_interval(confidence)
        _, low, high = paired_interval(one, other, confidence)
        assert (low, high) == pytest.approx(tuple(expected))


def test_pairs_are_narrower_than_separate_means_where_seeds_matter():
    rng = np.random.default_rng(1)
    seeds = rng.normal(size=6)  # a lucky seed helps both methods
    base = seeds + 0.05 * rng.normal(size=6)
    better = seeds + 0.2 + 0.05 * rng.normal(size=6)
    mean, low, high = paired_interval(better, base)
    assert mean == pytest.approx(better.mean() - base.mean())
    assert low > 0
    for values in (better, base):
        _, own_low, own_high = mean_interval(values)
        assert own_high - own_low > 5 * (high - low)
    shuffled = paired_interval(better, base[::-1].copy())
    assert shuffled[0] == pytest.approx(mean) and shuffled[1] < 0


def test_swapping_the_methods_turns_the_interval_round():
    mean, low, high = paired_interval([1.0, 2.5, 2.0], [0.5, 1.0, 1.5])
    assert paired_interval([0.5, 1.0, 1.5], [1.0, 2.5, 2.0]) == (-mean, -high, -low)


def test_one_pair_has_no_interval():
    assert paired_interval([0.5], [0.25]) == (0.25, None, None)


@pytest.mark.parametrize(
    ("values", "baseline", "options", "message"),
    [
        ([1, 2], [1], {}, "2 values and 1 baselines are no pairs: give both"),
        ([], [], {}, "expected one finite number or more"),
        ([1, float("nan")], [1, 2], {}, "expected one finite number or more"),
        ([1, 2], [1, 2], dict(confidence=0), "confidence must lie between 0 and 1"),
    ],
)
def test_bad_pairs_are_refused(values, baseline, options, message):
    with pytest.raises(ValueError, match=message):
        paired_interval(values, baseline, **options)


# --- the plan ------------------------------------------------------------------------


def test_the_plan_has_every_row_profile_split_and_seed_once():
    splits = [split("one"), split("two")]
    runs = plan_ablation(splits, ["quick", "book"], seeds=3)
    assert len(runs) == 7 * 2 * 2 * 3
    cells = {(run.row, run.split.name, run.seed) for run in runs}
    assert cells == {
        (f"{row}:{profile}", name, seed)
        for row in ABLATION_ROWS
        for profile in ("quick", "book")
        for name in ("one", "two")
        for seed in range(3)
    }
    assert len({run.folder for run in runs}) == len(runs)
    assert all(run.generalised for run in runs)
    profiles = [run.recipe.profile for run in runs]
    assert profiles == ["quick"] * 42 + ["book"] * 42  # in the order given
    assert all(run.row.endswith(f":{run.recipe.profile}") for run in runs)


def test_the_rows_are_those_of_the_papers_table_and_one_more():
    runs = plan_ablation([split("one")], ["quick"], seeds=1)
    recipes = {run.row.removesuffix(":quick"): run.recipe for run in runs}
    assert [(r.losses, r.attention) for r in recipes.values()] == [
        (("triplet",), False),
        (("quadruplet",), False),
        (("quadruplet", "classification"), False),
        (("quadruplet", "knowledge"), False),
        (("quadruplet", "classification", "knowledge"), False),
        (("quadruplet", "classification", "knowledge"), True),
        (("classification",), False),
    ]
    assert {recipe.method for recipe in recipes.values()} == {"sbtknet"}
    sizes = {name: recipe.batch_size for name, recipe in recipes.items()}
    assert sizes.pop("triplet") == 42 and set(sizes.values()) == {32}
    features = {name: recipe.feature for name, recipe in recipes.items()}
    assert features.pop("classification") == "pooled"
    assert set(features.values()) == {"embedding"}


def test_rows_and_settings_may_be_chosen():
    runs = plan_ablation(
        [split("one")], ["smoke"], 1, ["all-three", "triplet"], margin=0.5, epochs=1
    )
    assert [run.row for run in runs] == ["all-three:smoke", "triplet:smoke"]
    assert {(run.recipe.margin, run.recipe.epochs) for run in runs} == {(0.5, 1)}
    large = plan_ablation([split("one")], ["quick"], 1, backbone="mobilenet_v2")
    assert {run.recipe.backbone for run in large} == {"mobilenet_v2"}


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (dict(rows=["triplet", "five"]), "no row is called 'five'; choose from trip"),
        (dict(seeds=0), "seeds must be 1 or more, got 0"),
        (dict(profiles=["long"]), "profile for the backbone 'small' must be one of"),
        (dict(colour="red"), "no field called 'colour'"),
    ],
)
def test_bad_plans_are_refused(arguments, message):
    arguments = dict(splits=[split("one")], profiles=["quick"], seeds=1) | arguments
    with pytest.raises(ValueError, match=message):
        plan_ablation(**arguments)


def test_rows_choose_the_losses():
    with pytest.raises(ValueError, match="leave losses out"):
        plan_ablation([split("one")], ["smoke"], 1, losses=("quadruplet",))


def test_every_row_is_compared_with_another():
    assert {name for pair in COMPARISONS for name in pair} == set(ABLATION_ROWS)
    assert all(row != base for row, base in COMPARISONS)
    both_ways = {frozenset(pair) for pair in COMPARISONS}
    assert len(both_ways) == len(COMPARISONS)  # no pair twice


def test_records_within_a_recipe_are_put_together():
    rows = ["learned", "scalar", "bid-qua-0.5"]
    runs = plan_ablation(
        [split("one", seen=20)],
        ["quick"],
        1,
        rows,
        method="ramln",
        margins=dict(rate=0.5),
    )
    margins = [(r.recipe.margins.form, r.recipe.margins.rate) for r in runs]
    assert margins == [("memory", 0.5), ("scalar", 0.5), ("fixed", 0.5)]
    assert [run.recipe.margin for run in runs] == [0.3, 0.3, 0.5]
    with pytest.raises(ValueError, match="choose the margins.form: leave margins.form"):
        plan_ablation(
            [split("one")], ["quick"], 1, method="ramln", margins=dict(form="fixed")
        )


def test_a_batch_needs_as_many_classes_as_there_are():
    with pytest.raises(ValueError, match="needs 16 seen classes and there are 5"):
        plan_ablation([split("one")], ["quick"], 1, ["cross"], method="mathm")


# --- fewer seen classes --------------------------------------------------------------


def test_seen_counts_name_the_splits():
    whole = [split("one", 5), split("two", 6)]
    reduced = with_seen_counts(whole, [2, 5])
    assert [(one.name, len(one.seen)) for one in reduced] == [
        ("one-2-seen", 2),
        ("one", 5),
        ("two-2-seen", 2),
        ("two-5-seen", 5),
    ]
    assert reduced[1] is whole[0]  # just as many: nothing to repeat under another name
    for one, source in zip(reduced, [whole[0]] * 2 + [whole[1]] * 2, strict=True):
        assert set(one.seen) <= set(source.seen) and one.unseen == source.unseen


def test_seen_counts_always_keep_the_same_classes():
    first, again = (with_seen_counts([split("one")], [3])[0] for _ in range(2))
    assert first == again


@pytest.mark.parametrize("count", [1, 6])
def test_impossible_seen_counts_are_refused(count):
    with pytest.raises(ValueError, match=f"cannot keep {count} of 5 seen classes"):
        with_seen_counts([split("one")], [count])


# --- differences ---------------------------------------------------------------------


def fake_result(value: float) -> dict:
    """Return a run's metrics in which every metric is a multiple of one value."""
    names = ("map@all", "map@200/min", "map@200/voc", "p@100")
    metrics = {name: value * (i + 1) for i, name in enumerate(names)}
    protocols = ("seen_gallery", "seen_sample")
    return {
        "validation": {"map@all": value / 4},
        "metrics": metrics,
        "generalised": {
            p: {"map@all": value / (i + 2)} for i, p in enumerate(protocols)
        },
    }


def runs_of(rows, splits, seeds=3, profile="quick"):
    recipe = named_recipe("sbtknet", profile=profile)
    return [
        StudyRun(f"{row}:{profile}", recipe, one, seed, generalised=True)
        for one in splits
        for seed in range(seeds)
        for row in rows
    ]


def results_of(runs, values) -> list[dict]:
    """Return a result a run; values by row, split and seed."""
    return [
        fake_result(values[run.row.partition(":")[0], run.split.name][run.seed])
        for run in runs
    ]


TWO_ROWS = {
    ("triplet", "one"): [0.30, 0.40, 0.20],
    ("quadruplet", "one"): [0.32, 0.44, 0.26],
    ("triplet", "two"): [0.50, 0.60, 0.70],
    ("quadruplet", "two"): [0.51, 0.59, 0.70],
}


def find(differences, **wanted):
    found = [d for d in differences if all(d[k] == v for k, v in wanted.items())]
    assert len(found) == 1, found
    return found[0]


def test_differences_by_hand():
    runs = runs_of(["triplet", "quadruplet"], [split("one")])
    differences = ablation_differences(runs, results_of(runs, TWO_ROWS))
    assert [one["metric"] for one in differences] == list(COMPARED_METRICS)
    first = differences[0]
    assert (first["row"], first["minus"]) == ("quadruplet:quick", "triplet:quick")
    assert first["split"] == "one"
    assert first["values"] == [0.02, 0.04, 0.06] and first["mean"] == 0.04
    # standard error 0.02 / sqrt(3), t(0.975, 2) = 4.302653
    half = 4.302653 * 0.02 / 3**0.5
    assert (first["low"], first["high"]) == pytest.approx(
        (0.04 - half, 0.04 + half), abs=1e-5
    )
    assert first["excludes_zero"] is False


def test_differences_take_every_metric_from_its_place():
    runs = runs_of(["triplet", "quadruplet"], [split("one")])
    differences = ablation_differences(runs, results_of(runs, TWO_ROWS))
    factors = (1, 2, 3, 4, 1 / 2, 1 / 3, 1 / 4)
    for one, factor in zip(differences, factors, strict=True):
        assert one["mean"] == pytest.approx(0.04 * factor, abs=1e-5), one["metric"]


def test_without_validation_classes_nothing_is_compared_on_them():
    runs = runs_of(["triplet", "quadruplet"], [split("one")])
    results = results_of(runs, TWO_ROWS)
    for result in results:
        del result["validation"]
    found = [one["metric"] for one in ablation_differences(runs, results)]
    assert found == list(COMPARED_METRICS)[:-1]


def test_splits_of_one_seen_count_are_joined_too():
    runs = runs_of(["triplet", "quadruplet"], [split("one"), split("two")])
    differences = ablation_differences(runs, results_of(runs, TWO_ROWS))
    of_map = [one for one in differences if one["metric"] == "map@all"]
    assert [one["split"] for one in of_map] == ["one", "two", "every split, 5 seen"]
    joined = of_map[-1]
    assert joined["values"] == [0.02, 0.04, 0.06, 0.01, -0.01, 0.0]
    ends = paired_interval(
        TWO_ROWS["quadruplet", "one"] + TWO_ROWS["quadruplet", "two"],
        TWO_ROWS["triplet", "one"] + TWO_ROWS["triplet", "two"],
    )
    measured = (joined["mean"], joined["low"], joined["high"])
    assert measured == pytest.approx(ends, abs=6e-6)


def test_splits_of_different_seen_counts_are_not_joined():
    runs = runs_of(["triplet", "quadruplet"], [split("one", 5), split("two", 4)])
    differences = ablation_differences(runs, results_of(runs, TWO_ROWS))
    assert {one["split"] for one in differences} == {"one", "two"}


def test_whether_an_interval_excludes_zero():
    values = {
        ("triplet", "one"): [0.3, 0.4, 0.5],
        ("quadruplet", "one"): [0.31, 0.415, 0.512],
        ("triplet", "two"): [0.31, 0.415, 0.512],
        ("quadruplet", "two"): [0.3, 0.4, 0.5],
    }
    splits = [split("one", 5), split("two", 4)]
    runs = runs_of(["triplet", "quadruplet"], splits)
    differences = ablation_differences(runs, results_of(runs, values))
    above = find(differences, split="one", metric="map@all")
    assert above["low"] > 0 and above["excludes_zero"] is True
    below = find(differences, split="two", metric="map@all")
    assert below["high"] < 0 and below["excludes_zero"] is True


def test_one_seed_has_no_interval_and_proves_nothing():
    runs = runs_of(["triplet", "quadruplet"], [split("one")], seeds=1)
    one = ablation_differences(runs, results_of(runs, TWO_ROWS))[0]
    assert (one["mean"], one["low"], one["high"]) == (0.02, None, None)
    assert one["excludes_zero"] is False


def test_only_rows_that_were_run_are_compared():
    names = ["quadruplet", "all-three"]
    values = {(name, "one"): [0.1 * i] * 3 for i, name in enumerate(names)}
    runs = runs_of(names, [split("one")])
    assert ablation_differences(runs, results_of(runs, values)) == []


def test_all_rows_give_all_comparisons_of_each_profile():
    names = list(ABLATION_ROWS)
    values = {(n, "one"): [0.1 * i, 0.2 * i, 0.1] for i, n in enumerate(names)}
    runs = [
        run
        for profile in ("quick", "book")
        for run in runs_of(names, [split("one")], profile=profile)
    ]
    differences = ablation_differences(runs, results_of(runs, values))
    assert len(differences) == 2 * len(COMPARISONS) * len(COMPARED_METRICS)
    pairs = {
        tuple(one[end].split(":")[0] for end in ("row", "minus")) for one in differences
    }
    assert pairs == set(COMPARISONS)
    for one in differences:  # never across lengths
        assert one["row"].split(":")[1] == one["minus"].split(":")[1]
    assert json.loads(json.dumps(differences)) == differences


def test_pairs_share_seed_and_split_whatever_the_order_of_the_runs():
    runs = runs_of(["triplet", "quadruplet"], [split("one"), split("two")])
    shuffled = [runs[i] for i in np.random.default_rng(0).permutation(len(runs))]
    first, other = (
        ablation_differences(order, results_of(order, TWO_ROWS))
        for order in (runs, shuffled)
    )
    for one in first:
        same = find(other, **{k: one[k] for k in ("split", "metric")})
        assert sorted(same["values"]) == sorted(one["values"])
        assert same["low"] == pytest.approx(one["low"], abs=1e-5)


def test_a_seed_that_only_one_row_has_is_left_out():
    runs = runs_of(["triplet", "quadruplet"], [split("one")])
    runs = [run for run in runs if (run.row, run.seed) != ("triplet:quick", 1)]
    one = ablation_differences(runs, results_of(runs, TWO_ROWS))[0]
    assert one["values"] == [0.02, 0.06]


# --- running -------------------------------------------------------------------------


@pytest.fixture(scope="module")
def done(tiny_data, tiny_split, tmp_path_factory):
    """Run a tiny ablation once: two rows, two seeds."""
    runs = plan_ablation(
        [tiny_split], ["smoke"], 2, ["triplet", "quadruplet+knowledge"], **SHORT
    )
    folder, loads = tmp_path_factory.mktemp("ablation"), []

    def load(one, image_size):
        loads.append((one.name, image_size))
        return tiny_data

    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("ZSSBIR_CACHE", str(tmp_path_factory.mktemp("cache")))
        results = run_study(runs, load, folder)
    return runs, results, folder, loads


def never(*_):
    raise AssertionError("a finished run was repeated")


def test_every_run_is_done_once_and_never_again(done):
    runs, results, folder, loads = done
    assert loads == [("tiny", 32)] * 4
    assert run_study(runs, never, folder) == results


def test_a_longer_ablation_repeats_nothing_of_a_shorter_one(
    done, tiny_data, tiny_split, tmp_path, monkeypatch
):
    import shutil

    runs, results, folder, _ = done
    shutil.copytree(folder, tmp_path / "runs")
    monkeypatch.setenv("ZSSBIR_CACHE", str(tmp_path / "cache"))
    rows = ["triplet", "quadruplet", "quadruplet+knowledge"]
    longer = plan_ablation([tiny_split], ["smoke"], 2, rows, **SHORT)
    loads = []
    both = run_study(longer, lambda *_: loads.append(1) or tiny_data, tmp_path / "runs")
    assert len(both) == 6 and len(loads) == 2
    assert [both[0], both[2], both[3], both[5]] == results


def test_runs_are_scored_generalised_and_summarised(done):
    runs, results, _, _ = done
    for result in results:
        assert set(result["generalised"]) == {"seen_gallery", "seen_sample"}
    summary = summarise_study(runs, results, "cpu")
    names = [row["row"] for row in summary["rows"]]
    assert names == ["triplet:smoke", "quadruplet+knowledge:smoke"]
    for number, row in enumerate(summary["rows"]):
        own = results[number::2]
        assert row["seeds"] == [0, 1] and row["seen_classes"] == 2
        for protocol in ("seen_gallery", "seen_sample"):
            expected = [r["generalised"][protocol]["map@all"] for r in own]
            value = row[f"generalised/{protocol}"]["map@all"]
            assert value["values"] == pytest.approx(expected, abs=1e-5)
        for feature in ("embedding", "pooled"):
            expected = [r["metrics_by_feature"][feature]["map@all"] for r in own]
            value = row[f"{feature}_map@all"]
            assert value["mean"] == pytest.approx(sum(expected) / 2, abs=1e-5)


def test_runs_without_the_generalised_protocols_are_refused(done, tmp_path):
    runs, results, _, _ = done
    path = tmp_path / runs[0].folder / "metrics.json"
    path.parent.mkdir(parents=True)
    old = {name: value for name, value in results[0].items() if name != "generalised"}
    path.write_text(json.dumps(old))
    with pytest.raises(ValueError, match="lacks the generalised protocols; choose an"):
        run_study(runs[:1], never, tmp_path)
    plain = replace(runs[0], generalised=False)
    assert run_study([plain], never, tmp_path) == [json.loads(json.dumps(old))]


def test_runs_of_another_recipe_are_refused(done):
    runs, _, folder, _ = done
    other = replace(runs[0], recipe=replace(runs[0].recipe, margin=0.9))
    with pytest.raises(ValueError, match="was made with another recipe"):
        run_study([other], never, folder)


def test_runs_on_other_classes_under_the_same_name_are_refused(done):
    runs, _, folder, _ = done
    own = runs[0].split
    fewer = replace(own, seen=(*own.seen, *own.validation), validation=())
    with pytest.raises(ValueError, match="was made on another split .*choose another"):
        run_study([replace(runs[0], split=fewer)], never, folder)


def test_a_summary_names_no_folder_of_this_machine(done):
    runs, results, _, _ = done
    result = json.loads(json.dumps(results[0]))
    result["recipe"]["weights"] = "/home/someone/start.pth"
    result["recipe"]["teacher"] = "squeezenet1_1:/home/someone/teacher.pth"
    summary = summarise_study(runs[:1], [result], "cpu")
    recipe = summary["rows"][0]["recipe"]
    assert recipe["weights"] == "start.pth"
    assert recipe["teacher"] == "squeezenet1_1:teacher.pth"
    assert "someone" not in json.dumps(summary)
    assert result["recipe"]["weights"] == "/home/someone/start.pth"  # a copy is cut

"""Independent pieces of work, here or in several processes."""

from pathlib import Path

import pytest

from zssbir_lib.training.studies.jobs import run_jobs


@pytest.mark.parametrize("jobs", [1, 2])
def test_everything_is_done_once(jobs, tmp_path):
    items = [tmp_path / name for name in "abc"]
    assert list(run_jobs(Path.mkdir, items, jobs)) == [None] * 3
    assert sorted(tmp_path.iterdir()) == items


def test_alone_it_is_done_in_order_and_one_at_a_time():
    done = []
    steps = run_jobs(done.append, "abc", jobs=1)
    next(steps)
    assert done == ["a"]
    assert len(list(steps)) == 2 and done == ["a", "b", "c"]


@pytest.mark.parametrize("jobs", [1, 2])
def test_what_goes_wrong_is_told(jobs, tmp_path):
    with pytest.raises(FileNotFoundError):
        list(run_jobs(Path.rmdir, [tmp_path / "missing"], jobs))

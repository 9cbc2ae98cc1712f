"""Zero-shot splits: disjointness, application, held-out classes, names and files."""

import json
from pathlib import Path

import pytest
import torch

from zssbir_lib.data import (
    ImageSet,
    SketchPhotoData,
    ZeroShotSplit,
    compare_splits,
    load_split,
    public_split,
    public_split_names,
    split_names,
)
from zssbir_lib.world.groups import WORLD_SPLITS

PUBLIC = (
    "sketchy-25",
    "sketchy-21",
    "tuberlin-30",
    "quickdraw-30",
    "sketchy-25-sempcyc",
    "tuberlin-30-sempcyc",
)


def data_of(*class_names: str) -> SketchPhotoData:
    """Make a data set with one sketch and two photos a class."""
    count = len(class_names)
    paper = torch.zeros(count, 3, 2, 2, dtype=torch.uint8)
    colour = torch.zeros(2 * count, 3, 2, 2, dtype=torch.uint8)
    return SketchPhotoData(
        "tiny",
        class_names,
        ImageSet(paper, torch.arange(count), 0),
        ImageSet(colour, torch.arange(count).repeat(2), 1),
        2,
    )


def split_of(
    seen: str, unseen: str, validation: str = "", pretraining: str = ""
) -> ZeroShotSplit:
    """Make a split from words."""
    groups = (seen, validation, unseen, pretraining)
    return ZeroShotSplit("words", *(tuple(group.split()) for group in groups))


# the split itself


@pytest.mark.parametrize(
    ("groups", "message"),
    [
        (("ant bus", "cup bus"), "bus in both seen and unseen.*remove it from one"),
        (("ant bus", "cup", "cup"), "cup in both validation and unseen"),
        (("ant bus cup", "owl", "bus ant"), "ant, bus in both seen and validation"),
        (("ant bus", "cup", "", "ant"), "ant in both seen and pretraining"),
        (("ant ant", "cup"), "seen lists ant twice"),
        (("", "cup"), "seen has no classes"),
        (("ant", ""), "unseen has no classes"),
    ],
)
def test_groups_must_be_disjoint(groups, message):
    with pytest.raises(ValueError, match=message):
        split_of(*groups)


def test_apply_cuts_and_renumbers():
    parts = split_of("owl ant", "cup", "bus").apply(
        data_of("ant", "bus", "cup", "dog", "owl")
    )
    assert parts.seen.class_names == ("owl", "ant")
    assert parts.seen.sketches.labels.tolist() == [1, 0]  # ant comes first in the data
    assert parts.validation.class_names == ("bus",)
    assert parts.unseen.photos.labels.tolist() == [0, 0]
    assert parts.unused == ("dog",)


def test_apply_without_validation():
    assert split_of("ant", "bus").apply(data_of("ant", "bus")).validation is None


def test_parts_share_no_image():
    data = data_of("ant", "bus", "cup")
    parts = split_of("cup ant", "bus").apply(data)
    seen = parts.seen.photos.images.indices.tolist()
    unseen = parts.unseen.photos.images.indices.tolist()
    assert sorted(seen + unseen) == list(range(6))


def test_apply_names_every_missing_class():
    split = split_of("ant hot_air_balloon", "zebra")
    with pytest.raises(
        ValueError,
        match="data set 'tiny' .split 'words'. lacks 2 of the 3 classes.*"
        "'hot_air_balloon' .did you mean 'hot-air_balloon'.., 'zebra'",
    ):
        split.apply(data_of("ant", "hot-air_balloon"))


# held-out classes

MANY = " ".join(f"class{number:02d}" for number in range(20))


def test_held_out_classes_move_to_validation():
    before = split_of(MANY, "owl", "bus")
    after = before.with_held_out(5, seed=1)
    assert len(after.seen) == 15 and len(after.validation) == 6
    assert after.validation[0] == "bus" and after.unseen == ("owl",)
    assert set(after.seen) | set(after.validation) == set(before.seen) | {"bus"}
    assert list(after.seen) == sorted(after.seen)  # the order is kept


def test_held_out_draw_depends_on_the_seed_only():
    forward = split_of(MANY, "owl")
    backward = ZeroShotSplit("words", forward.seen[::-1], (), ("owl",))
    draws = [split.with_held_out(4, 7).validation for split in (forward, backward)]
    assert set(draws[0]) == set(draws[1])
    assert set(draws[0]) != set(forward.with_held_out(4, 8).validation)


def test_held_out_draw_is_the_same_on_every_machine():
    drawn = split_of(MANY, "owl").with_held_out(3, seed=0).validation
    assert drawn == ("class01", "class12", "class13")


def test_held_out_nothing():
    split = split_of(MANY, "owl")
    assert split.with_held_out(0, seed=0) == split


@pytest.mark.parametrize("count", [-1, 19, 20])
def test_held_out_count_is_checked(count):
    with pytest.raises(ValueError, match=f"hold out {count} of 20 .*choose 0 to 18"):
        split_of(MANY, "owl").with_held_out(count, seed=0)


# published splits


def test_public_names():
    assert public_split_names() == PUBLIC


@pytest.mark.parametrize(
    ("name", "seen", "unseen"),
    [
        ("sketchy-25", 100, 25),
        ("sketchy-21", 104, 21),
        ("tuberlin-30", 220, 30),
        ("quickdraw-30", 80, 30),
        ("sketchy-25-sempcyc", 100, 25),
        ("tuberlin-30-sempcyc", 220, 30),
    ],
)
def test_public_split_sizes(name, seen, unseen):
    split = load_split(name)
    assert split.name == name and split.validation == ()
    assert (len(split.seen), len(split.unseen)) == (seen, unseen)


@pytest.mark.parametrize("name", PUBLIC)
def test_public_counts_add_up(name):
    facts = public_split(name)
    for modality, by_class in (
        ("sketches", facts.sketches_per_class),
        ("photos", facts.photos_per_class),
    ):
        if by_class:
            assert set(by_class) == set(facts.split.unseen)
            assert sum(by_class.values()) == facts.counts[f"unseen {modality}"]


def test_public_splits_of_one_data_set_have_the_same_classes():
    every = {
        name: {*load_split(name).seen, *load_split(name).unseen} for name in PUBLIC
    }
    assert every["sketchy-25"] == every["sketchy-21"] == every["sketchy-25-sempcyc"]
    assert every["tuberlin-30"] == every["tuberlin-30-sempcyc"]


def test_sketchy_photos_counted_twice():
    counts = public_split("sketchy-25").counts
    listed = counts["seen photos"] + counts["unseen photos"]
    once = counts["seen photos, each once"] + counts["unseen photos, each once"]
    assert (listed, once, listed - once) == (85_502, 73_002, 12_500)
    assert "twice" in public_split("sketchy-25").notes[0]


def test_public_splits_equal_the_reference_lists(shared):
    reference = json.loads((shared / "spec" / "splits.json").read_text())
    keys = ("sketchy_sh25", "sketchy_ye21", "tuberlin_sh30", "quickdraw_de30")
    keys += ("sketchy_sempcyc25", "tuberlin_sempcyc30")
    for name, key in zip(PUBLIC, keys, strict=True):
        split = load_split(name)
        assert set(split.seen) == set(reference[key]["seen"])
        assert set(split.unseen) == set(reference[key]["unseen"])


def test_unknown_public_split():
    with pytest.raises(ValueError, match="did you mean 'sketchy-25'.*there are: s"):
        public_split("sketchy25")


# names of every kind


def test_every_name_loads():
    names = split_names()
    assert names[:3] == ("world-a", "world-b", "world-c") and names[-6:] == PUBLIC
    for name in names:
        assert load_split(name).name == name


def test_world_split_has_four_groups():
    split = load_split("world-a")
    groups = WORLD_SPLITS["world-a"]
    assert split.seen == groups.seen and split.unseen == groups.unseen
    assert split.validation == groups.validation and len(split.validation) > 0
    assert split.pretraining == groups.pretraining and len(split.pretraining) > 0


def test_a_name_wins_over_a_file(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    Path("world-a").write_text('{"seen": ["ant"], "unseen": ["bus"]}')
    assert load_split("world-a").seen != ("ant",)


def test_unknown_name_or_file():
    with pytest.raises(
        FileNotFoundError,
        match="no split or file 'wrld-a' .did you mean 'world-a'.*sketchy-21",
    ):
        load_split("wrld-a")


# comparison


def test_compare_two_splits_of_one_name():
    compared = compare_splits(
        load_split("sketchy-25"), load_split("sketchy-25-sempcyc")
    )
    assert compared.shared_unseen == ("bell", "squirrel", "tank", "wheelchair")
    assert len(compared.first_tests_second_trains) == 21
    assert len(compared.second_tests_first_trains) == 21


def test_compare_by_hand():
    compared = compare_splits(split_of("a b", "c d"), split_of("c e", "d a"))
    assert compared.shared_unseen == ("d",)
    assert compared.first_tests_second_trains == ("c",)
    assert compared.second_tests_first_trains == ("a",)


# files


def write(folder: Path, content: object) -> Path:
    path = folder / "mine.json"
    path.write_text(content if isinstance(content, str) else json.dumps(content))
    return path


def test_split_file(tmp_path):
    path = write(tmp_path, {"seen": ["ant"], "unseen": ["bus"], "validation": ["cup"]})
    split = load_split(path)
    assert split == ZeroShotSplit("mine", ("ant",), ("cup",), ("bus",))
    assert load_split(str(path)) == split


def test_split_file_with_a_name(tmp_path):
    content = {"seen": ["ant"], "unseen": ["bus"], "name": "other", "notes": "why"}
    assert load_split(write(tmp_path, content)).name == "other"


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ('{"seen": [', "mine.json is not valid JSON"),
        (["ant"], "holds a list, expected an object"),
        ({"seen": ["ant"]}, "key 'unseen' is missing"),
        ({"seen": "ant", "unseen": ["bus"]}, "'seen' must be a list of class names"),
        ({"seen": ["ant"], "unseen": [3]}, "'unseen' must be a list of class names"),
        (
            {"seen": ["a"], "unseen": ["b"], "validaton": []},
            "unknown key 'validaton' .did you mean 'validation'",
        ),
        ({"seen": ["ant"], "unseen": ["ant"]}, "ant in both seen and unseen"),
    ],
)
def test_split_file_says_what_is_wrong(tmp_path, content, message):
    with pytest.raises(ValueError, match=message):
        load_split(write(tmp_path, content))


def test_fewer_seen_classes_leave_the_other_groups_alone():
    split = load_split("world-a")
    fewer = split.with_fewer_seen(20, seed=0)
    assert len(fewer.seen) == 20 and set(fewer.seen) < set(split.seen)
    assert (fewer.validation, fewer.unseen) == (split.validation, split.unseen)
    assert fewer == split.with_fewer_seen(20, seed=0)
    assert fewer.seen != split.with_fewer_seen(20, seed=1).seen


@pytest.mark.parametrize("count", [1, 46])
def test_a_wrong_number_of_seen_classes_is_refused(count):
    with pytest.raises(ValueError, match=f"cannot keep {count} of 45 seen classes"):
        load_split("world-a").with_fewer_seen(count, seed=0)

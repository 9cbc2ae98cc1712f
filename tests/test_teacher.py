"""The shipped teacher: loads, is small, and scores what its report claims."""

from dataclasses import asdict, replace
from importlib import resources

import numpy as np
import pytest
import teacher as script
import torch
from teacher import Pretraining, make_teacher, teacher_accuracy

from zssbir_lib.data import Augmentation, ImageSet, load_split
from zssbir_lib.modality import PHOTO
from zssbir_lib.models import Teacher, load_teacher, save_teacher, teacher_report
from zssbir_lib.training.forgetting import photos_in_range
from zssbir_lib.world import define, image_rng, render_photo


def held_out_photos(names, recipe):
    """Draw the photos that the accuracy was measured on, and only those."""
    numbers = range(recipe.photos, recipe.photos + recipe.held_out)
    photos = [
        render_photo(define(name), image_rng(0, name, PHOTO, i), recipe.image_size)
        for name in names
        for i in numbers
    ]
    labels = torch.arange(len(names)).repeat_interleave(recipe.held_out)
    return ImageSet(torch.from_numpy(np.stack(photos)), labels, PHOTO)


def test_the_shipped_teacher_scores_what_its_report_claims():
    report, recipe = teacher_report(), Pretraining()
    trained = replace(
        recipe, augmentation=Augmentation(**report.settings["augmentation"])
    )
    assert trained == recipe  # settings that came later have no effect by default
    others = report.settings | {"augmentation": asdict(recipe.augmentation)}
    assert others == asdict(recipe)
    teacher = load_teacher()
    photos = held_out_photos(teacher.class_names, recipe)
    assert len(photos) == report.held_out_photos
    measured = teacher_accuracy(teacher, photos)
    assert measured == pytest.approx(report.accuracy, abs=0.01)


def test_the_shipped_teacher_knows_only_pretraining_classes():
    assert load_teacher().class_names == load_split("world-a").pretraining


def test_the_shipped_teacher_is_under_a_megabyte():
    file = resources.files("zssbir_lib.models").joinpath("teacher_small.pt")
    assert len(file.read_bytes()) < 1_000_000


def test_a_teacher_survives_saving(tmp_path):
    teacher = Teacher(("a", "b")).eval()
    save_teacher(teacher, tmp_path / "teacher.pt")
    again = load_teacher(tmp_path / "teacher.pt")
    images = torch.randn(4, 3, 32, 32)
    assert again.class_names == ("a", "b")
    with torch.no_grad():  # half precision on disk
        torch.testing.assert_close(again(images), teacher(images), atol=0.01, rtol=0)
    assert list(tmp_path.iterdir()) == [tmp_path / "teacher.pt"]


def test_a_missing_teacher_says_how_to_make_one(tmp_path):
    with pytest.raises(FileNotFoundError, match="python studies/teacher.py --out"):
        load_teacher(tmp_path / "absent.pt")


def test_making_a_teacher_writes_weights_and_report(tmp_path, monkeypatch):
    generator = torch.Generator().manual_seed(0)
    images = torch.randint(0, 256, (132, 3, 32, 32), generator=generator)
    labels = torch.arange(66).repeat_interleave(2)
    photos = ImageSet(images.to(torch.uint8), labels, PHOTO)
    monkeypatch.setattr(script, "load_pretraining_photos", lambda *_: photos)
    recipe = Pretraining(steps=2, photos=1, held_out=1, batch_size=4)
    report = make_teacher(recipe, tmp_path / "t.pt")
    assert (report.classes, report.held_out_photos) == (66, 66)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["t.json", "t.pt"]
    assert report.command == "python studies/teacher.py --steps 2 --seed 0 --out t.pt"


def test_the_script_reads_its_options(tmp_path, monkeypatch, capsys):
    asked = []

    def make(recipe, path):
        asked.append((recipe, path))
        return teacher_report()

    monkeypatch.setattr(script, "make_teacher", make)
    out = tmp_path / "new.pt"
    assert script.main(["--steps", "3", "--seed", "5", "--out", str(out)]) == 0
    assert asked == [(Pretraining(steps=3, seed=5), out)]
    assert f"of 66 classes; written: {out}" in capsys.readouterr().out


def test_training_and_held_out_photos_do_not_overlap():
    images = torch.arange(12).view(12, 1, 1, 1).expand(12, 3, 1, 1).to(torch.uint8)
    labels = torch.arange(3).repeat_interleave(4)
    photos = ImageSet(images, labels, PHOTO)
    every = torch.arange(2)
    held_out = photos_in_range(photos, 4, 3, 4)
    assert held_out.labels.tolist() == [0, 1, 2]
    assert held_out.images[torch.arange(3)][:, 0, 0, 0].tolist() == [3, 7, 11]
    known = photos_in_range(photos, 4, 0, 3)
    assert len(known) == 9 and known.images[every][:, 0, 0, 0].tolist() == [0, 1]

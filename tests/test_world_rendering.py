"""The drawn world: photos, sketches and what their knobs do, by measurement."""

from dataclasses import replace

import numpy as np
import pytest

from zssbir_lib.modality import PHOTO, SKETCH
from zssbir_lib.world import (
    PHOTO_PRESETS,
    Drawing,
    PhotoOptions,
    SketchOptions,
    class_names,
    define,
    difficulty,
    image_rng,
    photo_and_mask,
    render_class,
    render_photo,
    render_sketch,
)
from zssbir_lib.world.drawing import luminance
from zssbir_lib.world.photo import blur_matrix, texture_bank
from zssbir_lib.world.pose import pose_parts
from zssbir_lib.world.scene import (
    LUMINANCES,
    separated_luminances,
    surrounding_luminances,
)
from zssbir_lib.world.sketch import fitting_pen, pick_hand
from zssbir_lib.world.strokes import cut_outline, narrowest_gap, pieces, sharp_corners

SOME = ("mug", "cat", "bicycle", "tree", "snake", "bookshelf")


def disc(draw: Drawing) -> None:
    draw.ellipse(0.5, 0.5, 0.45, colour=(0.5, 0.5, 0.5))


def comb(draw: Drawing) -> None:
    for x in np.linspace(0.1, 0.9, 21).tolist():
        draw.line([(x, 0.1), (x, 0.9)], 0.02)


def photos(names=SOME, count: int = 8, **options) -> np.ndarray:
    chosen = PhotoOptions(**options)
    return np.stack([render_class(name, PHOTO, count, 32, 0, chosen) for name in names])


def sketches(names=SOME, count: int = 8, **options) -> np.ndarray:
    chosen = SketchOptions(**options)
    drawn = [render_class(name, SKETCH, count, 32, 0, chosen) for name in names]
    return 255 - np.stack(drawn).astype(float)


def steps(images: np.ndarray) -> float:
    """Return the mean difference between neighbouring pixels."""
    return float(np.abs(np.diff(images.astype(float), axis=-1)).mean())


# ------------------------------------------------------------------- all classes


@pytest.mark.parametrize("name", class_names())
def test_every_class_renders_and_shows_its_object(name):
    shares, inks = [], []
    for index in range(3):
        rng = image_rng(0, name, PHOTO, index)
        photo, mask = photo_and_mask(define(name), rng, 32)
        assert photo.shape == (3, 32, 32) and photo.dtype == np.uint8
        shares.append(mask.mean())
        sketch = render_sketch(define(name), image_rng(0, name, SKETCH, index), 32)
        assert sketch.shape == (32, 32) and sketch.dtype == np.uint8
        inks.append((255 - sketch.astype(float)).mean() / 255)
    assert np.mean(shares) > 0.04, "the object is too small to be recognised"
    assert 0.015 < np.mean(inks) < 0.2, "hardly any lines, or a blot"


def test_unknown_class_names_similar_ones():
    with pytest.raises(ValueError, match=r"no class 'bicicle'; did you mean bicycle"):
        define("bicicle")
    with pytest.raises(ValueError, match=r"no class 'qqq' \(class_names"):
        render_class("qqq", PHOTO, 1)


# ------------------------------------------------------------------- determinism


@pytest.mark.parametrize("modality", [PHOTO, SKETCH])
def test_an_image_does_not_depend_on_its_neighbours(modality):
    together = render_class("cat", modality, 10)
    render = render_photo if modality == PHOTO else render_sketch
    for index in (7, 3):
        alone = render(define("cat"), image_rng(0, "cat", modality, index))
        np.testing.assert_array_equal(alone, together[index])
    np.testing.assert_array_equal(render_class("cat", modality, 4), together[:4])


def test_seed_class_modality_and_index_all_matter():
    first = image_rng(0, "cat", PHOTO, 0).random()
    others = [(1, "cat", PHOTO, 0), (0, "dog", PHOTO, 0), (0, "cat", SKETCH, 0)]
    for arguments in [*others, (0, "cat", PHOTO, 1)]:
        assert image_rng(*arguments).random() != first
    assert image_rng(0, "cat", PHOTO, 0).random() == first


def test_images_of_one_class_differ():
    for images in (render_class("mug", PHOTO, 6), render_class("mug", SKETCH, 6)):
        assert len({image.tobytes() for image in images}) == 6


# ---------------------------------------------------------------------- contrast


def contrast(photo: np.ndarray, mask: np.ndarray) -> float:
    """Return the mean luminance difference of object pixels and what is around."""
    light = luminance(photo.astype(np.float32) / 255)
    blur = blur_matrix(len(mask), 0.1 * len(mask))
    outside = (mask < 0.05).astype(np.float32)
    around = blur @ (light * outside) @ blur.T / (blur @ outside @ blur.T + 1e-6)
    return float(np.abs(light - around)[mask > 0.6].mean())


@pytest.mark.parametrize("name", class_names())
def test_objects_stand_out_from_their_background(name):
    values = [
        contrast(*photo_and_mask(define(name), image_rng(5, name, PHOTO, index), 32))
        for index in range(8)
    ]
    assert np.nanmean(values) > 0.15


def test_separated_luminances_by_hand():
    allowed = separated_luminances(((0.5, 0.5, 0.5),), np.array([10]))
    np.testing.assert_array_equal(allowed, np.abs(LUMINANCES - 0.5) >= 0.2)
    # a bright half cannot make up for a half that vanishes
    halves = ((0.5, 0.5, 0.5), (1.0, 1.0, 1.0))
    allowed = separated_luminances(halves, np.array([1, 1]))
    assert not allowed[np.abs(LUMINANCES - 0.5).argmin()]
    assert allowed[0]


def test_separated_luminances_never_empty():
    rng = np.random.default_rng(0)
    for _ in range(200):
        colours = tuple(map(tuple, rng.random((5, 3)).tolist()))
        assert separated_luminances(colours, rng.random(5)).any()
    assert separated_luminances(((0.5, 0.5, 0.5),), np.array([0])).any()


def test_backgrounds_do_not_pass_through_the_objects_luminance():
    allowed = np.abs(LUMINANCES - 0.5) >= 0.2
    for seed in range(50):
        chosen = surrounding_luminances(allowed, 4, np.random.default_rng(seed))
        assert len(chosen) == 6
        assert (chosen[0] < 0.5) == (chosen[1] < 0.5)
        assert np.abs(chosen[:2] - 0.5).min() >= 0.2 - 1e-9


# ------------------------------------------------------------------- photo knobs


def test_realism_zero_is_flat_colours():
    options = PhotoOptions(realism=0.0, clutter=0.0, occlusion=0.0)
    photo = render_photo(disc, np.random.default_rng(0), 64, options)
    _, counts = np.unique(photo.reshape(3, -1), axis=1, return_counts=True)
    assert len(counts) > 1
    assert np.sort(counts)[-2:].sum() > 0.9 * 64 * 64, "two colours fill the photo"


@pytest.mark.parametrize(
    ("knob", "values", "others", "factor"),
    [
        ("realism", (0.0, 0.5, 1.0), {"clutter": 0.0}, 1.15),
        ("clutter", (0.0, 0.5, 1.0, 2.0), {"realism": 0.0}, 1.3),
    ],
)
def test_realism_and_clutter_add_structure(knob, values, others, factor):
    found = [steps(photos(**{knob: value}, **others)) for value in values]
    assert found == sorted(found) and found[-1] > factor * found[0]


def test_occlusion_hides_more_of_the_object():
    def visible(occlusion: float) -> float:
        options = PhotoOptions(occlusion=occlusion)
        masks = [
            photo_and_mask(disc, image_rng(0, "disc", PHOTO, i), 32, options)[1].mean()
            for i in range(40)
        ]
        return float(np.mean(masks))

    values = [visible(0.0), visible(0.5), visible(1.0)]
    assert values[0] > values[1] > values[2] and values[2] < 0.95 * values[0]


def test_pose_makes_objects_of_a_class_differ_more():
    def spread(pose: float) -> float:
        options = PhotoOptions(pose=pose, scale=(0.9, 0.9), occlusion=0.0)
        pairs = [
            photo_and_mask(define("tree"), image_rng(0, "tree", PHOTO, i), 32, options)
            for i in range(30)
        ]
        return float(np.stack([mask for _, mask in pairs]).std(axis=0).mean())

    assert spread(0.0) < spread(1.0) < spread(2.0)


def test_pose_makes_sketches_of_a_class_differ_more():
    def spread(pose: float) -> float:
        drawn = sketches(("heart", "star"), 30, pose=pose, scale=(0.9, 0.9))
        blur = blur_matrix(32, 2.0)
        return float((blur @ drawn @ blur.T).std(axis=1).mean())

    assert spread(0.0) < spread(2.0)


def test_scale_sets_the_size_of_the_object():
    def width(scale: tuple[float, float]) -> float:
        options = PhotoOptions(scale=scale, pose=0.0, occlusion=0.0)
        mask = photo_and_mask(disc, np.random.default_rng(0), 64, options)[1]
        return float((mask.max(axis=0) > 0.5).sum())

    assert width((0.5, 0.5)) == pytest.approx(32, abs=2)
    assert width((0.9, 0.9)) == pytest.approx(58, abs=2)


def test_thin_strokes_survive_at_32_pixels():
    def hair(draw: Drawing) -> None:
        draw.line([(0.1, 0.1), (0.9, 0.9)], 0.005)

    options = PhotoOptions(occlusion=0.0)
    for seed in range(5):
        mask = photo_and_mask(hair, np.random.default_rng(seed), 32, options)[1]
        assert mask.max() > 0.9 and mask.sum() > 20


def test_texture_bank_has_more_contrast_in_coarse_structure():
    bank = texture_bank(32)
    assert bank.shape == (24, 3, 64, 64)
    np.testing.assert_allclose(bank.std(axis=(1, 2, 3)), 1, atol=1e-3)
    power = np.abs(np.fft.rfft(bank, axis=-1)).mean(axis=(0, 1, 2))
    assert power[2] > 2 * power[8] > 4 * power[30]


def test_blur_matrix_keeps_flat_regions():
    np.testing.assert_allclose(blur_matrix(16, 2.0).sum(axis=1), 1, rtol=1e-5)


# ------------------------------------------------------------------ sketch knobs


def test_abstraction_leaves_out_ink_and_a_wider_pen_leaves_more():
    values = [sketches(abstraction=a, count=16).mean() for a in (0.0, 0.5, 1.0)]
    assert values[0] > values[1] > values[2]
    values = [sketches(("heart", "mug"), pen=(p, p)).mean() for p in (1.0, 2.0, 3.0)]
    assert values == sorted(values) and values[2] > 1.5 * values[0]


def test_abstraction_lowers_detail_and_shakes_the_hand():
    def hands(abstraction: float) -> list:
        options = SketchOptions(abstraction=abstraction)
        return [pick_hand(options, np.random.default_rng(seed)) for seed in range(200)]

    careful, usual, rough = hands(0.0), hands(0.5), hands(1.0)
    for measure in ("tremor", "missing", "overshoots", "gap"):
        means = [
            np.mean([getattr(hand, measure) for hand in hands_])
            for hands_ in (careful, usual, rough)
        ]
        assert means == sorted(means) and means[2] > means[0], measure
    details = [
        np.mean([hand.detail for hand in hands_]) for hands_ in (careful, usual, rough)
    ]
    assert details[0] > details[1] > details[2]
    assert {hand.detail for hand in usual} == {0, 1, 2}


def test_pen_gets_thin_for_dense_drawings():
    def pen(definition) -> float:
        draw = Drawing(np.random.default_rng(0))
        definition(draw)
        posed = pose_parts(draw.parts, np.random.default_rng(0), 0.0)
        closed = np.array([part.closed for part in draw.parts])
        return 64 * fitting_pen(3.0, posed, closed, 0.9)

    assert pen(disc) > 2.4
    assert pen(comb) < 1.8


def test_gap_of_parallel_lines_is_about_their_distance():
    draw = Drawing(np.random.default_rng(0))
    comb(draw)
    posed = pose_parts(draw.parts, np.random.default_rng(0), 0.0)
    lengths = np.full(21, 1.0)
    assert narrowest_gap(posed, lengths) == pytest.approx(1 / 20, rel=0.5)


@pytest.mark.parametrize("name", ["fork", "giraffe", "bookshelf", "bicycle", "trumpet"])
def test_thick_pens_do_not_fill_dense_classes(name):
    options = SketchOptions(pen=(6.0, 6.0), abstraction=0.2)
    images = render_class(name, SKETCH, 12, 64, 0, options)
    blur = blur_matrix(64, 2.5)  # a blot stays dark, lines with paper between do not
    darkest = [(blur @ ((255 - image) / 255) @ blur.T).max() for image in images]
    assert np.mean(darkest) < 0.85


def test_details_smaller_than_the_pen_are_left_out():
    def speck(draw: Drawing) -> None:
        draw.ellipse(0.5, 0.5, 0.45)
        draw.ellipse(0.5, 0.5, 0.01, detail=1)

    options = SketchOptions(abstraction=0.0, pen=(3.0, 3.0), pose=0.0)
    for seed in range(8):
        sketch = render_sketch(speck, np.random.default_rng(seed), 64, options)
        assert sketch[28:36, 28:36].min() == 255


def test_cut_outline_and_pieces_by_hand():
    outline = np.array([(0, 0), (1, 0), (1, 1), (0, 1), (0, 0)], float)
    opened = cut_outline(outline, start=0.5, gap=0.0)
    np.testing.assert_array_equal(opened, [(1, 1), (0, 1), (0, 0), (1, 0), (1, 1)])
    assert len(cut_outline(outline, start=0.5, gap=0.4)) == 3
    first, second = pieces(opened, 2)
    np.testing.assert_array_equal(first[-1], second[0])
    assert len(first) + len(second) == 6
    assert len(pieces(opened[:2], 3)) == 1


def test_sharp_corners_of_a_square_and_of_a_circle():
    outline = np.array([(0, 0), (1, 0), (1, 1), (2, 1)], float)
    np.testing.assert_array_equal(sharp_corners(outline), [(1, 0), (1, 1)])
    turns = np.linspace(0, 2 * np.pi, 30)
    assert len(sharp_corners(np.stack([np.cos(turns), np.sin(turns)], 1))) == 0


# ----------------------------------------------------------------- bad arguments


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: PhotoOptions(clutter=3), r"PhotoOptions.clutter is 3; .* 0 to 2"),
        (lambda: PhotoOptions(occlusion=-0.1), "occlusion is -0.1"),
        (lambda: PhotoOptions(realism="full"), "realism is 'full'; expected a number"),
        (lambda: PhotoOptions(pose=2.5), "pose is 2.5"),
        (lambda: PhotoOptions(scale=(0.9, 0.5)), "the smallest must come first"),
        (lambda: PhotoOptions(scale=0.5), r"scale is 0.5; expected two numbers"),
        (lambda: SketchOptions(abstraction=1.5), "abstraction is 1.5"),
        (lambda: SketchOptions(pen=(0.1, 2)), "pen is 0.1; .* 0.5 to 6"),
        (lambda: difficulty("extreme"), "unknown difficulty 'extreme'.*hard"),
        (lambda: render_class("mug", 2, 1), "modality is 2; expected 0 .* or 1"),
        (lambda: render_class("mug", PHOTO, 0), "count is 0; expected a whole number"),
        (lambda: render_class("mug", PHOTO, 1, 8), "size is 8; .* from 16 to 512"),
        (
            lambda: render_class("mug", PHOTO, 1, options=SketchOptions()),
            "options is a SketchOptions; a photo needs PhotoOptions",
        ),
        (
            lambda: render_sketch(lambda draw: None, np.random.default_rng(0)),
            "at least one essential part",
        ),
    ],
)
def test_bad_arguments_are_named(make, message):
    with pytest.raises(ValueError, match=message):
        make()


def test_too_many_parts_are_refused():
    def crowd(draw: Drawing) -> None:
        for _ in range(240):
            draw.ellipse(0.5, 0.5, 0.1)

    with pytest.raises(ValueError, match="240 parts in one drawing; at most 230"):
        render_photo(crowd, np.random.default_rng(0))


def test_presets_get_harder():
    easy, usual, hard = (PHOTO_PRESETS[name] for name in ("easy", "default", "hard"))
    assert easy.clutter < usual.clutter < hard.clutter
    assert easy.occlusion < usual.occlusion < hard.occlusion
    assert difficulty("default") == (PhotoOptions(), SketchOptions())
    assert replace(usual, clutter=0.3) != usual

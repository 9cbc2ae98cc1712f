"""What the notes on public splits say agrees with the judgement that ships."""

from zssbir_lib.data import public_split
from zssbir_lib.data.audit.pretraining_overlap import pretraining_overlap


def test_the_note_on_the_21_classes_says_what_the_judgement_says():
    overlap = pretraining_overlap(public_split("sketchy-21").split.unseen)
    (note,) = (n for n in public_split("sketchy-21").notes if "judgement" in n)
    assert f"for {len(overlap.seen)} of them ({', '.join(overlap.seen)})" in note
    assert overlap.total == 21

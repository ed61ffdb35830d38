"""The parts of a class's docstring."""

from __future__ import annotations

from compose.registry.docstring import ClassDoc, class_doc, doc_entries, sections
from compose.registry.registry import registry


class Told:
    """Do a thing
    well.

    It does so.

    Reference: A paper, section 1,
    eq. 2.

    Deviates: the text adds; here it is
    the mean.

    And more.

    Args:
        size: how large.
    """


class Short:
    """Do a thing."""


class Departs:
    """Do a thing.

    Deviates: nothing is added.
    """


def test_parts() -> None:
    told = ClassDoc(
        "Do a thing well.",
        "It does so.\n\nAnd more.",
        "A paper, section 1, eq. 2.",
        "the text adds; here it is the mean.",
    )
    assert class_doc(Told) == told


def test_parts_may_lack() -> None:
    assert class_doc(Short) == ClassDoc("Do a thing.", "", "", "")
    assert class_doc(Departs) == ClassDoc("Do a thing.", "", "", "nothing is added.")


def test_arguments() -> None:
    text = "Do.\n\nArgs:\n    a: first\n        and more.\n    b (int): second.\n\nReturns:\n    nothing."
    assert doc_entries(sections(text)["Args"]) == {"a": "first and more.", "b": "second."}


def test_what_departs_from_its_paper_says_so_in_the_index() -> None:
    deviates = {d.name: d.deviates for d in registry().all() if d.deviates}
    assert deviates["target_mse"] == "the text takes the sum; unknown targets are left out here."
    assert len(deviates) >= 15
    references = {d.name: d.reference for d in registry().all() if d.deviates}
    assert all(references.values()), "what departs says from where"


def test_no_block_hides_a_departure_in_its_prose() -> None:
    words = ("the text ", "the paper ", "not described", "is ours", "authors")
    told = [d for d in registry().all() if d.kind in ("block", "loss")]
    hidden = {d.name: word for d in told for word in words if word in f"{d.doc} {d.reference}" and not d.deviates}
    assert hidden == {}

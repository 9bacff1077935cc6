"""Categories by how often they come, and marks by which the rare ones are known again."""

from __future__ import annotations

import hashlib
from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from otelml.stats.categories import MOST_OTHERS, mark_of, marks_of, most_frequent

counted = st.dictionaries(st.text(max_size=4), st.integers(1, 9), max_size=40)


@given(counted, st.integers(0, 40))
def test_the_most_frequent_are_those_of_a_counter(counts: dict[str, int], most: int) -> None:
    """They are a counter's own, and of those equally frequent the first in the alphabet."""
    found = most_frequent(counts, most)
    alphabetical = Counter({name: counts[name] for name in sorted(counts)})
    assert list(found) == [name for name, _ in alphabetical.most_common(most)]


@given(counted, st.randoms(use_true_random=False))
def test_the_order_of_rows_is_no_matter(counts: dict[str, int], random: st.DrawFn) -> None:
    """Counts that were gathered in another order give the same names and the same marks."""
    names = list(counts)
    random.shuffle(names)
    shuffled = {name: counts[name] for name in names}
    found = most_frequent(counts, 5)
    assert most_frequent(shuffled, 5) == found
    assert marks_of(shuffled, found) == marks_of(counts, found)


@given(st.text())
def test_a_mark_is_eight_hex_digits_of_blake2(name: str) -> None:
    """Everybody can compute a mark, and it does not depend on the process."""
    assert mark_of(name) == hashlib.blake2b(name.encode(), digest_size=4).hexdigest()
    assert len(mark_of(name)) == 8


def test_half_a_character_has_a_mark() -> None:
    """Texts that are no valid Unicode are categories like others."""
    assert mark_of("a\ud800") == mark_of("a?")


@given(counted)
def test_marks_are_of_those_without_a_name(counts: dict[str, int]) -> None:
    """Each category has its name or its mark, not both; marks are in order."""
    names = most_frequent(counts, 20)
    marks = marks_of(counts, names)
    assert marks == tuple(sorted(mark_of(name) for name in counts if name not in names))


@pytest.mark.parametrize(("others", "known"), [(0, True), (MOST_OTHERS, True), (MOST_OTHERS + 1, False)])
def test_too_many_others_are_not_told_apart(others: int, known: bool) -> None:  # noqa: FBT001 -- a parameter
    """Up to a hundred have marks; of more nobody could say which are new."""
    counts = {str(at): 1 for at in range(others)} | {"named": 9}
    marks = marks_of(counts, ("named",))
    assert (marks is not None) == known
    assert marks is None or len(marks) == others

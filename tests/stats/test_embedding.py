"""Embeddings against scikit-learn's principal components and cosine similarity."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest
from sklearn.decomposition import PCA
from sklearn.metrics.pairwise import cosine_similarity

from otelml.stats.embedding import COMPONENTS, MOST_ROWS, Embedding

if TYPE_CHECKING:
    from stats.strategies import Array

ROUNDED = 1e-4  # five digits are kept


def vectors(n_rows: int = 1_500, dimensions: int = 16, seed: int = 0) -> Array:
    """Draw vectors whose directions differ in variance, around a point that is not the origin."""
    generator = np.random.default_rng(seed)
    turned, _ = np.linalg.qr(generator.normal(size=(dimensions, dimensions)))
    scales = 3.0 / 1.5 ** np.arange(dimensions)
    return generator.normal(size=(n_rows, dimensions)) * scales @ turned + generator.normal(size=dimensions)


@pytest.mark.parametrize("dimensions", [2, 3, 16, 384])
def test_components_are_those_of_scikit_learn(dimensions: int) -> None:
    """Components are scikit-learn's up to their sign, and the largest loading of each is positive."""
    rows = vectors(dimensions=dimensions)
    found, expected = Embedding.learn(rows), PCA(min(COMPONENTS, dimensions), svd_solver="full").fit(rows)
    np.testing.assert_allclose(found.centroid, expected.mean_, rtol=ROUNDED)
    assert found.components.shape == expected.components_.shape
    aligned = np.sum(found.components * expected.components_, axis=1)
    np.testing.assert_allclose(np.abs(aligned), 1, atol=ROUNDED)
    assert (found.components[np.arange(len(found.components)), np.abs(found.components).argmax(axis=1)] > 0).all()


def test_parts_are_those_of_scikit_learn() -> None:
    """Places along the components are scikit-learn's projections, the cosine is scikit-learn's similarity."""
    rows, later = vectors(), vectors(seed=1)
    embedding, reference = Embedding.learn(rows), PCA(COMPONENTS, svd_solver="full").fit(rows)
    parts = embedding.parts(later)
    assert tuple(parts) == embedding.names == ("cosine", "pc1", "pc2", "pc3")
    similarity = cosine_similarity(later, embedding.centroid[None, :])[:, 0]
    np.testing.assert_allclose(parts["cosine"], similarity, atol=1e-12)
    for at, name in enumerate(embedding.names[1:]):
        sign = np.sign(embedding.components[at] @ reference.components_[at])
        np.testing.assert_allclose(parts[name], sign * reference.transform(later)[:, at], atol=1e-2)


def test_many_rows_are_seen_through_some_of_them() -> None:
    """Components of more rows than are looked at are near scikit-learn's of all; the centroid is of all."""
    rows = vectors(n_rows=7 * MOST_ROWS)
    found, expected = Embedding.learn(rows), PCA(COMPONENTS, svd_solver="full").fit(rows)
    np.testing.assert_allclose(found.centroid, rows.mean(axis=0), rtol=ROUNDED)
    assert (np.abs(np.sum(found.components * expected.components_, axis=1)) > 0.99).all()


def test_the_same_rows_give_the_same_embedding() -> None:
    """What is learned is deterministic, and of five digits at most."""
    first, second = Embedding.learn(vectors()), Embedding.learn(vectors())
    assert first.centroid.tolist() == second.centroid.tolist()
    assert first.components.tolist() == second.components.tolist()
    assert all(float(f"{number:.5g}") == number for number in [*first.centroid, *first.components.ravel()])


def test_components_do_not_point_at_a_rounded_centroid() -> None:
    """Vectors far from the origin for their spread have the components of their spread."""
    rows = vectors() * 1e-4 + 1000.0031
    expected = PCA(COMPONENTS, svd_solver="full").fit(rows)
    aligned = np.sum(Embedding.learn(rows).components * expected.components_, axis=1)
    np.testing.assert_allclose(np.abs(aligned), 1, atol=1e-3)


@pytest.mark.parametrize("value", [0.0, 1.0, 0.123456789, 1e6 + 0.1])
def test_vectors_that_do_not_vary_have_no_components(value: float) -> None:
    """Rounding is no direction."""
    embedding = Embedding.learn(np.full((300, 5), value))
    assert embedding.names == ("cosine",)
    cosine = embedding.parts(np.full((2, 5), 2.0))["cosine"]
    assert np.isnan(cosine).all() if value == 0 else cosine == pytest.approx([1, 1])


def test_vectors_on_a_line_have_one_component() -> None:
    """There are no more components than directions in which rows differ."""
    rows = np.arange(50.0)[:, None] * [3.0, 4.0, 0.0] + [1.0, 1.0, 1.0]
    embedding = Embedding.learn(rows)
    assert embedding.components.tolist() == [[0.6, 0.8, 0.0]]
    assert embedding.names == ("cosine", "pc1")


@pytest.mark.parametrize("n_rows", [0, 1])
def test_too_few_rows_have_no_components(n_rows: int) -> None:
    """Of nothing there is no direction either; the shapes are right all the same."""
    embedding = Embedding.learn(np.ones((n_rows, 4)))
    assert embedding.components.shape == (0, 4)
    assert np.isnan(embedding.parts(np.ones((3, 4)))["cosine"]).all() == (n_rows == 0)


def test_rows_with_a_gap_are_left_out() -> None:
    """A row with a NaN or an infinity changes nothing that is learned, and is NaN in its cosine."""
    rows = vectors()
    gaps = np.insert(rows, 700, [np.nan, *[1.0] * 15], axis=0)
    gaps = np.insert(gaps, 3, [*[1.0] * 15, np.inf], axis=0)
    found, expected = Embedding.learn(gaps), Embedding.learn(rows)
    assert found.centroid.tolist() == expected.centroid.tolist()
    assert found.components.tolist() == expected.components.tolist()
    parts = expected.parts(gaps[[700, 701, 0]])
    assert all(np.isnan(parts[name]).tolist() == [False, True, False] for name in parts)


def test_infinities_of_a_service_are_quiet() -> None:
    """Vectors that hold infinities, or overflow, raise no warning and leave the others as they are."""
    embedding = Embedding.learn(vectors())
    odd = np.array([[np.inf, -np.inf, *[0.0] * 14], [1e308] * 16, [0.0] * 16, [1.0] * 16])
    parts = embedding.parts(odd)
    assert np.isnan(parts["cosine"][[0, 2]]).all()
    for name, numbers in embedding.parts(odd[3:]).items():
        assert parts[name][3] == pytest.approx(numbers[0])


def test_one_vector_is_read_as_it_is_among_others() -> None:
    """Parts of a row do not depend on the rows beside it."""
    embedding, rows = Embedding.learn(vectors()), vectors(seed=2)
    together = embedding.parts(rows)
    alone = embedding.parts(rows[7:8])
    for name, numbers in together.items():
        assert alone[name][0] == pytest.approx(numbers[7], rel=1e-9)

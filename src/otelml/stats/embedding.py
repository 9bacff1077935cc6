"""Embeddings as a few numbers that can be binned: closeness to the centroid, and the first principal components."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from otelml.stats.confusion import ratio

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]

COMPONENTS = 3
MOST_ROWS = 2_000  # of the sample that the components are found in
DIGITS = 5


@dataclass(frozen=True)
class Embedding:
    """Where the vectors of a column lie.

    Attributes
    ----------
    centroid : (n_dimensions,) their mean.
    components : (n_components, n_dimensions) directions of greatest variance, unit length.

    >>> near = Embedding.learn(np.array([[1.0, 0.0], [3.0, 0.0], [5.0, 0.0]]))
    >>> {name: part.tolist() for name, part in near.parts(np.array([[3.0, 4.0]])).items()}
    {'cosine': [0.6], 'pc1': [0.0]}
    """

    centroid: Floats
    components: Floats

    @classmethod
    def learn(cls, vectors: Floats) -> Embedding:
        """Find centroid and components of `(n_rows, n_dimensions)`; rows with a NaN are left out.

        Deterministic: of many rows, every n-th is looked at, and the largest loading of a component is positive.
        """
        known = vectors[np.isfinite(vectors).all(axis=1)]
        sample = known[:: -(-len(known) // MOST_ROWS) or 1]
        centroid = _rounded(known.mean(axis=0)) if len(known) else np.zeros(vectors.shape[1])
        if len(sample) < 2:
            return cls(centroid, np.zeros((0, vectors.shape[1])))
        _, weights, directions = np.linalg.svd(sample - sample.mean(axis=0), full_matrices=False)
        found = directions[:COMPONENTS][weights[:COMPONENTS] > 1e-9 * np.linalg.norm(sample)]
        largest = np.abs(found).argmax(axis=1)
        return cls(centroid, _rounded(found * np.sign(found[np.arange(len(found)), largest])[:, None]))

    @property
    def names(self) -> tuple[str, ...]:
        """Names of the parts."""
        return "cosine", *(f"pc{at + 1}" for at in range(len(self.components)))

    def parts(self, vectors: Floats) -> dict[str, Floats]:
        """Cosine to the centroid, and place along each component, of `(n_rows, n_dimensions)`; `(n_rows,)` each.

        A row with a NaN, and the cosine of a vector of length 0, are NaN.
        """
        with np.errstate(invalid="ignore", over="ignore"):  # a service may be handed infinities
            lengths = np.linalg.norm(vectors, axis=1) * np.linalg.norm(self.centroid)
            # Not by BLAS, whose threads go on spinning beside those of the host's model.
            places: Floats = np.einsum("kj,ij->ki", self.components, vectors - self.centroid)
            cosine: Floats = ratio(np.einsum("ij,j->i", vectors, self.centroid), lengths)
        return dict(zip(self.names, [cosine, *places], strict=True))


def _rounded(numbers: Floats) -> Floats:
    """Numbers of few digits: they go into a file that people read, and a service has to have the very same."""
    return np.array([float(f"{number:.{DIGITS}g}") for number in numbers.ravel()]).reshape(numbers.shape)

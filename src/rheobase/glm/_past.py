r"""What a model keeps of rows it will not see again: for each neuron, the parabola that touches their loss.

.. math:: Q(\theta) = c + q^\top \delta + \tfrac12 \delta^\top A \delta, \qquad \delta = \theta - \theta_0

For Gaussian responses with the identity link the parabola is the loss. For others it is the loss up to terms of third
order around the estimate at the time, which is where the estimate stays once it knows anything.

Parameters stand in coordinates in which the features seen so far have mean 0 and variance 1; as more rows arrive these
coordinates move, and the parabola is carried along exactly.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from .._types import BoolArray, FloatArray
from ..design._core import AbstractStandardized

__all__ = ["Frame", "Moments", "Parabola"]


@dataclass(frozen=True)
class Frame:
    """Coordinates of parameters: those of features minus `center`, over `scale`; both of shape (feature,)."""

    center: FloatArray
    scale: FloatArray

    def to(self, other: Frame) -> Change:
        """How parameters in these coordinates are written in `other`."""
        return Change(other.scale / self.scale, (other.center - self.center) / self.scale)

    def restore(self, params: FloatArray) -> tuple[FloatArray, FloatArray]:
        """Coefficients (feature, neuron) and intercepts (neuron,) in the user's units."""
        coef = params[:-1] / self.scale[:, None]
        return coef, params[-1] - self.center @ coef

    def convert(self, coef: FloatArray, intercept: FloatArray) -> FloatArray:
        """Inverse of `restore`, shape (feature + 1, neuron)."""
        return np.vstack([coef * self.scale[:, None], intercept + self.center @ coef])


@dataclass(frozen=True)
class Change:
    """A change of coordinates: coefficients times `ratio`, and `shift` times the old coefficients on the intercept."""

    ratio: FloatArray
    shift: FloatArray

    def carry(self, params: FloatArray) -> FloatArray:
        """Parameters in the new coordinates, shape (feature + 1, neuron)."""
        return np.vstack([params[:-1] * self.ratio[:, None], params[-1] + self.shift @ params[:-1]])

    def pull_gradient(self, gradient: FloatArray) -> FloatArray:
        """Gradient in the old coordinates from that in the new ones, shape (feature + 1, neuron)."""
        return np.vstack([gradient[:-1] * self.ratio[:, None] + self.shift[:, None] * gradient[-1], gradient[-1:]])

    def pull_hessian(self, hessian: FloatArray) -> FloatArray:
        """Second derivatives in the old coordinates from those in the new, shape (neuron, feature + 1, feature + 1)."""
        out = np.empty_like(hessian)
        side, corner = hessian[:, -1, :-1] * self.ratio, hessian[:, -1, -1]
        mixed = side[:, :, None] * self.shift
        out[:, :-1, :-1] = hessian[:, :-1, :-1] * np.outer(self.ratio, self.ratio) + mixed + mixed.transpose(0, 2, 1)
        out[:, :-1, :-1] += corner[:, None, None] * np.outer(self.shift, self.shift)
        out[:, -1, :-1] = out[:, :-1, -1] = side + corner[:, None] * self.shift
        out[:, -1, -1] = corner
        return out


@dataclass
class Moments:
    """Means and sums of squares of the features of all rows so far, shape (feature,)."""

    count: float
    mean: FloatArray
    squares: FloatArray

    @classmethod
    def none(cls, n_features: int) -> Moments:
        """Of no rows."""
        return cls(0.0, np.zeros(n_features), np.zeros(n_features))

    def add(self, standard: AbstractStandardized) -> None:
        """Add the rows of a standardised design (Chan, Golub & LeVeque 1983, equation 2.1)."""
        new, total = standard.n_valid, self.count + standard.n_valid
        away = standard.center - self.mean
        self.squares = self.squares + new * _variances(standard) + away**2 * (self.count * new / total)
        self.mean = self.mean + away * (new / total)
        self.count = float(total)

    @property
    def varied(self) -> BoolArray:
        """Which features are not constant, shape (feature,)."""
        return np.sqrt(self.squares / max(self.count, 1.0)) > 1e-13 * np.abs(self.mean)

    @property
    def frame(self) -> Frame:
        """Coordinates in which these rows have mean 0 and variance 1; a constant feature keeps its unit."""
        return Frame(self.mean, np.where(self.varied, np.sqrt(self.squares / max(self.count, 1.0)), 1.0))


def _variances(standard: AbstractStandardized) -> FloatArray:
    """Variance of each feature; a scale of one may also stand for a constant feature."""
    out = standard.scale**2
    doubtful = np.flatnonzero(standard.scale == 1.0)
    if doubtful.size:
        rows = standard.row_mask[:, None].astype(np.float64)
        out[doubtful] = np.diagonal(standard.gram_of(rows, doubtful)) / max(standard.n_valid, 1)
    return out


class Parabola:
    """The formula above for every neuron.

    Attributes
    ----------
    anchor, slope
        Where it touches and its gradient there, shape (n, neuron).
    hessian
        Shape (neuron, n, n).
    height
        Value at the anchor, shape (neuron,).
    """

    def __init__(self, n: int, n_neurons: int):
        self.anchor, self.slope = np.zeros((n, n_neurons)), np.zeros((n, n_neurons))
        self.hessian, self.height = np.zeros((n_neurons, n, n)), np.zeros(n_neurons)

    def gradient(self, params: FloatArray, columns) -> FloatArray:
        """At the parameters of some neurons, shape (n, some)."""
        return self.slope[:, columns] + self.bend(params - self.anchor[:, columns], columns)

    def bend(self, direction: FloatArray, columns) -> FloatArray:
        """Second derivatives times a direction, shape (n, some)."""
        return np.matmul(self.hessian[columns], direction.T[:, :, None])[:, :, 0].T

    def value(self, params: FloatArray, columns) -> FloatArray:
        """At the parameters of some neurons, shape (some,)."""
        away = params - self.anchor[:, columns]
        half = self.slope[:, columns] + 0.5 * self.bend(away, columns)
        return self.height[columns] + np.sum(away * half, axis=0)

    def add(self, params: FloatArray, columns, value: FloatArray, gradient: FloatArray, hessian: FloatArray) -> None:
        """Add a loss that has this value and these derivatives at `params`, and touch there from now on."""
        height, slope = self.value(params, columns), self.gradient(params, columns)
        self.height[columns], self.slope[:, columns] = height + value, slope + gradient
        self.hessian[columns] += hessian
        self.anchor[:, columns] = params

    def gather(self, columns, moments: FloatArray) -> None:
        """Keep second moments of rows, shape (some, n, n), in place of a parabola that is drawn later."""
        self.hessian[columns] += moments

    def draw(self, columns, params: FloatArray, value: FloatArray, slope: FloatArray, bend: FloatArray) -> None:
        """Draw the parabolas of rows of which only moments were kept, all with the same loss (and derivatives in the
        predictor) of a row at `params`, which has no coefficients.
        """
        moments = self.hessian[columns]
        self.height[columns] = moments[:, -1, -1] * value
        self.slope[:, columns] = slope * moments[:, -1, :].T
        self.hessian[columns] = bend[:, None, None] * moments
        self.anchor[:, columns] = params

    def rewrite(self, old: Frame, new: Frame) -> None:
        """Carry it from one frame to another."""
        back = new.to(old)
        self.slope, self.hessian = back.pull_gradient(self.slope), back.pull_hessian(self.hessian)
        self.anchor = old.to(new).carry(self.anchor)

    def fade(self, factor: FloatArray) -> None:
        """Let it count less, shape (neuron,)."""
        self.height, self.slope = self.height * factor, self.slope * factor
        self.hessian *= factor[:, None, None]

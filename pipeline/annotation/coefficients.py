"""Coefficients of agreement for nominal codings by any number of annotators, codings may be missing.

Everything is computed from counts: how many annotators gave each value to each unit. Each coefficient is a ratio of
sums over units, so a bootstrap weighs the terms of units (or of clusters of units) and computes no term anew.

- Krippendorff's alpha: Krippendorff 2011, "Computing Krippendorff's alpha-reliability", nominal metric; of label sets
  also with MASI as distance (Passonneau 2006, "Measuring agreement on set-valued items (MASI)").
- Fleiss' kappa: Fleiss 1971; for missing codings as in Gwet 2014, "Handbook of inter-rater reliability", ch. 2.
- Gwet's AC1: Gwet 2008, "Computing inter-rater reliability and its variance in the presence of high agreement".
- Cohen's kappa: Cohen 1960; two annotators, units that both coded.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
PAIR = 2  # codings of a unit from which there is something to compare


@dataclass(frozen=True, slots=True)
class AgreementTerms:
    """Terms of the coefficients, one row a unit; rows may be summed or weighted before they are used.

    Attributes:
        paired: 1 where a unit has two codings or more, shape (n,).
        agreeing: share of agreeing pairs of codings in a unit, 0 where there is no pair, shape (n,).
        coded: 1 where a unit has a coding at all, shape (n,).
        shares: share of codings with each value in a unit, shape (n, q).
        values: codings with each value in units with a pair, shape (n, q).
        concordant: codings in a unit that find the same value in the other codings, each pair weighted by
            1 / (m - 1), shape (n,).
        both: 1 where both of two annotators coded a unit, shape (n,); zeros for other numbers of annotators.
        same: 1 where both gave the same value, shape (n,).
        first: value of the first annotator where both coded, as 0/1, shape (n, q).
        second: the same of the second.
    """

    paired: Floats
    agreeing: Floats
    coded: Floats
    shares: Floats
    values: Floats
    concordant: Floats
    both: Floats
    same: Floats
    first: Floats
    second: Floats

    def weigh(self, weights: Floats) -> "AgreementTerms":
        """Terms under weights (b, n): row r holds the sums for the weights of row r."""
        return AgreementTerms(*(weights @ getattr(self, name) for name in self.__slots__))


@dataclass(frozen=True, slots=True)
class Coefficients:
    """One value for each row of terms, shape (b,); NaN where it is not defined."""

    alpha: Floats
    cohen: Floats
    fleiss: Floats
    ac1: Floats
    percent: Floats


def agreement_terms(codes: NDArray[np.int64], n_values: int) -> AgreementTerms:
    """Terms of each unit.

    Args:
        codes: value of each unit by each annotator, 0 to n_values - 1, -1 where missing; shape (n, annotators).
        n_values: how many values there are.
    """
    given = np.stack([(codes == value).sum(axis=1) for value in range(n_values)], axis=1).astype(float)
    m = given.sum(axis=1)
    has_pair = m >= PAIR
    pairs = (given * (given - 1)).sum(axis=1)
    values = np.where(has_pair[:, None], given, 0.0)
    is_pair = codes.shape[1] == PAIR
    both: NDArray[np.bool_] = np.asarray((codes >= 0).all(axis=1) & is_pair, bool)
    first, second = codes[:, 0], codes[:, -1]
    eye = np.eye(n_values)
    return AgreementTerms(
        paired=has_pair.astype(float),
        agreeing=np.divide(pairs, m * (m - 1), out=np.zeros(len(m)), where=has_pair),
        coded=(m > 0).astype(float),
        shares=given / np.maximum(m, 1)[:, None],
        values=values,
        concordant=np.divide(pairs, m - 1, out=np.zeros(len(m)), where=has_pair),
        both=both.astype(float),
        same=(both & (first == second)).astype(float),
        first=eye[np.maximum(first, 0)] * both[:, None],
        second=eye[np.maximum(second, 0)] * both[:, None],
    )


def add_terms(parts: list[AgreementTerms]) -> AgreementTerms:
    """Terms of several frames over the same units, pooled: all decisions count alike."""
    return AgreementTerms(*(sum(getattr(part, name) for part in parts) for name in AgreementTerms.__slots__))


def masi_distances(sets: Sequence[frozenset[str]]) -> Floats:
    """MASI distance of each set to each, shape (q, q): 1 - overlap / union * m.

    m is 1 for equal sets, 2/3 where one holds the other, 1/3 where they share something, 0 where nothing.
    """
    return np.array([[1 - _masi(a, b) for b in sets] for a in sets])


def _masi(a: frozenset[str], b: frozenset[str]) -> float:
    if a == b:
        return 1.0
    shared = len(a & b)
    return shared / len(a | b) * (2 / 3 if a <= b or b <= a else 1 / 3)


def concordance(codes: NDArray[np.int64], distances: Floats) -> Floats:
    """Like `AgreementTerms.concordant`, but for a distance of values: nearly equal codings agree in part.

    Args:
        codes: as in `agreement_terms`.
        distances: of values, shape (q, q), from 0 to 1.

    Returns:
        Shape (n,).
    """
    given = np.stack([(codes == value).sum(axis=1) for value in range(len(distances))], axis=1).astype(float)
    m = given.sum(axis=1)
    pairs = np.einsum("nq,qr,nr->n", given, 1 - distances, given) - m
    return np.asarray(np.divide(pairs, m - 1, out=np.zeros(len(m)), where=m >= PAIR))


def distance_alpha(values: Floats, concordant: Floats, distances: Floats) -> Floats:
    """Alpha of sums over units for a distance of values, shape (b,).

    Args:
        values: as in `AgreementTerms`, summed, shape (b, q).
        concordant: see `concordance`, summed, shape (b,).
        distances: of values, shape (q, q).
    """
    n = values.sum(axis=1)
    apart = np.einsum("bq,qr,br->b", values, distances, values)
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.where(apart > 0, 1 - (n - concordant) * (n - 1) / apart, np.nan)


def coefficients(sums: AgreementTerms, n_values: int) -> Coefficients:
    """Coefficients of each row of summed terms."""
    with np.errstate(divide="ignore", invalid="ignore"):
        percent = sums.agreeing / sums.paired
        proportions = sums.shares / sums.coded[:, None]
        by_chance = (proportions**2).sum(axis=1)
        by_gwet = (proportions * (1 - proportions)).sum(axis=1) / max(n_values - 1, 1)
        return Coefficients(
            alpha=_alpha(sums),
            cohen=_cohen(sums),
            fleiss=_corrected(percent, by_chance),
            ac1=_corrected(percent, by_gwet),
            percent=percent,
        )


def _alpha(sums: AgreementTerms) -> Floats:
    """1 - D_o / D_e; not defined where a single value was given, as nothing could disagree."""
    n = sums.values.sum(axis=1)
    observed = n - sums.concordant
    expected = (n**2 - (sums.values**2).sum(axis=1)) / (n - 1)
    return np.where(expected > 0, 1 - observed / expected, np.nan)


def _cohen(sums: AgreementTerms) -> Floats:
    by_chance = (sums.first * sums.second).sum(axis=1) / sums.both**2
    return _corrected(sums.same / sums.both, by_chance)


def _corrected(observed: Floats, by_chance: Floats) -> Floats:
    """(p_o - p_e) / (1 - p_e), not defined where chance alone agrees always."""
    return np.where(by_chance < 1, (observed - by_chance) / (1 - by_chance), np.nan)

"""Two evaluations of one target on the same rows and folds, compared row by row."""

from cryokit.errors import InputError
from cryokit.validation.evaluation import Evaluation, mean_errors
from cryokit.validation.gate import paired_difference

_FOLDS = ["row", "repeat", "fold", "measured"]


def paired_comparison(first: Evaluation, second: Evaluation, seed: int = 0) -> dict[str, float | int]:
    """
    How much smaller the absolute error of the first model is than that of the second.

    Parameters
    ----------
    first, second : Evaluation
        Of the same target, rows and folds.
    seed : int
        Fixes the resampling.

    Returns
    -------
    dict
        ``difference`` (second minus first; positive if the first is better), ``lower`` and ``upper`` (95 % bootstrap
        interval over groups), ``n`` rows that both predict, ``n_groups``.

    Raises
    ------
    InputError
        If target, rows or folds differ.

    References
    ----------
    .. [1] Efron, B. and Tibshirani, R. (1993). An Introduction to the Bootstrap. ISBN 9780412042317
    """
    if first.target != second.target:
        msg = f"the evaluations are of {first.target} and {second.target}; compare two of one target"
        raise InputError(msg)
    ordered = [item.rows[_FOLDS].sort_values(_FOLDS[:3], ignore_index=True) for item in (first, second)]
    if not ordered[0].equals(ordered[1]):
        msg = "the evaluations are not of the same rows and folds; evaluate both with the same split"
        raise InputError(msg)
    errors, others = (mean_errors(item.rows) for item in (first, second))
    return paired_difference(errors.to_numpy(), others.to_numpy(), first.group[errors.index.to_numpy()], seed)

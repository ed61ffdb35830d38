from __future__ import annotations

import numpy as np

from compose.data.vectors.sparse_rows import SparseRows


def matrix(seed: int = 0) -> tuple[np.ndarray, SparseRows]:
    """Six rows of seven columns, one row and one column empty, and the same as sparse rows, given in random order."""
    random = np.random.default_rng(seed)
    dense = random.integers(1, 9, (6, 7)) * (random.random((6, 7)) < 0.4)
    dense[2] = dense[:, 3] = 0
    rows, columns = dense.nonzero()
    order = random.permutation(len(rows))
    values = dense[rows, columns].astype(np.float32)
    return dense, SparseRows.of(rows[order], columns[order], values[order], shape=(6, 7))


def test_there_and_back() -> None:
    dense, sparse = matrix()
    assert np.array_equal(sparse.dense(), dense)
    assert sparse.counts.tolist() == (dense > 0).sum(1).tolist()
    assert sparse.row_of.tolist() == dense.nonzero()[0].tolist()
    assert sparse.columns.tolist() == dense.nonzero()[1].tolist()
    filled = sparse.dense(rest=-1, dtype=np.int8)
    assert filled.dtype == np.int8
    assert np.array_equal(filled, np.where(dense > 0, dense, -1))


def test_rows_in_any_order_and_as_often_as_named() -> None:
    dense, sparse = matrix()
    for rows in ([5, 2, 0, 5], [2], []):
        assert np.array_equal(sparse.take(np.array(rows, np.int64)).dense(), dense[rows])


def test_other_columns() -> None:
    dense, sparse = matrix()
    found = sparse.renumbered(np.array([-1, 3, 0, -1, 1, -1, 2]), 4)
    assert np.array_equal(found.dense(), dense[:, [2, 4, 6, 1]])
    assert all((np.diff(row) > 0).all() for row in np.split(found.columns, found.starts[1:-1]))


def test_some_entries() -> None:
    dense, sparse = matrix()
    assert np.array_equal(sparse.where(sparse.values > 4).dense(), dense * (dense > 4))


def test_rows_one_after_another() -> None:
    (one, first), (other, second) = matrix(0), matrix(1)
    assert np.array_equal(SparseRows.stack([first, second]).dense(), np.concatenate([one, other]))


def test_keys_tell_rows_apart() -> None:
    rows, columns, values = np.array([[0, 1, 1], [1, 1, 2], [1, 0, 1], [2, 1, 1], [4, 1, 1]]).T
    found = SparseRows.of(rows, columns, values.astype(np.int8), shape=(5, 2)).keys()
    assert [found.index(key) for key in found] == [0, 1, 0, 3, 0]

"""Results beside one another: rows are models, columns are metrics measured by one protocol.

Nothing here reads a file or imports torch before it must: the runs are given as
:class:`~compose.evaluation.comparison.measured_run.MeasuredRun`.
"""

"""Evaluation: metrics, the protocol that a result carries, the baselines beside it, and the report.

:mod:`~compose.evaluation.result_protocol` and :mod:`~compose.evaluation.result` import no torch, so that results are
compared and printed for nothing.
"""

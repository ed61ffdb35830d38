"""Evaluation: metrics, the protocol that a result carries, the baselines beside it, and the report.

:mod:`protocol` and :mod:`result` import no torch, so that results are compared and printed for nothing.
"""

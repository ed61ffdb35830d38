"""Training: the kinds a spec names under ``train:`` and the one loop that runs them.

Optimizers, schedules and stages import no torch of their own, so that reading a spec stays cheap. What runs a stage
(:mod:`compose.training.trainer` and what it imports) is loaded when training starts.
"""

"""Evaluation on episodes: the mean over many small tasks."""

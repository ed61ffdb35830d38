"""Weights that adapt to an episode: inner loops and their rates."""

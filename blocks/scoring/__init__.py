"""Scores of labels and of classes."""

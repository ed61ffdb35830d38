"""Layers with weights, and those that convolve or pool maps."""

"""The label space: which labels are in use, and what a model is given of them."""

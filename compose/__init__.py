"""compose: declarative YAML specs for composing PyTorch models."""

"""The reusable blocks, one nn.Module family a file."""

"""What a run leaves on the disk: checkpoints, weights, its folder, its lock."""

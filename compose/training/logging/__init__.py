"""What a run tells of itself as it goes."""

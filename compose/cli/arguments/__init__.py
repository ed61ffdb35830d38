"""What a command line offers to complete."""

"""What a trained model says: to labels, to episodes, to the user's own classes and labels."""

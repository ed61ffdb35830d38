"""The user's own pictures, with their files of labels and boxes."""

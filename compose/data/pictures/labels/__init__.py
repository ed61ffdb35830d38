"""Which labels pictures have: files of labels in the forms that people have, and folders of classes."""

"""Several processes that train or evaluate one model together, as torchrun starts them."""

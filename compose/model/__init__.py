"""From a plan to a ``torch.fx.GraphModule``: shapes first, weights after."""

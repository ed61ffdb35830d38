"""The kinds of stages that a spec names under ``train:``."""

"""Checks READMEs, demos and program output; runs tests under stress."""

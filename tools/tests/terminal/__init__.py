"""Tests of tools/terminal/."""

"""Tests of tools/tour/."""

"""Tests of tools/house/."""

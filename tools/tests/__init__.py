"""Tests of ./tour and its tools: python3 -m unittest discover -s tests -t . (in tools/)."""

"""Tests of ./tour and the other tools. In tools/: python3 -m unittest discover -t . -s tests"""

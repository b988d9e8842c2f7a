"""The harness for tests of whole programs, and the tests that several programs share."""

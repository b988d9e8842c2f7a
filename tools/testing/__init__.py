"""What the tests of whole programs are written with."""

"""./tour bench."""

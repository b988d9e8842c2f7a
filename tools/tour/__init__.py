"""./tour: its words, except those of the classroom and the bench."""

"""./tour, without the classroom and the bench."""

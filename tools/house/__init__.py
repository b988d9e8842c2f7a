"""What keeps the pages and the tests true: READMEs are typed, outputs compared, tests stressed."""

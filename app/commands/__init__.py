"""What the command `stemma` starts: the studio, the web server, backup and restore."""

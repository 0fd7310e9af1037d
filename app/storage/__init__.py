"""Where everything is kept: the database, the store of bytes, the queue."""

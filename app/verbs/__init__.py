"""What an artist can ask an engine to do, and where."""

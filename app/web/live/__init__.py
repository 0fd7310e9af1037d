"""What happens to generations right now, told to those who listen."""

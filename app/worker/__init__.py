"""The worker: a process that owns one device and runs generations."""

"""Sets that are published behind an account or a pointer."""

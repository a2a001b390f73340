"""The outside world as data: where pictures and weights come from."""

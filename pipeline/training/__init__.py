"""What Lightning does not give: an exact resume, its key, and progress in plain lines."""

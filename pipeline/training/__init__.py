"""What Lightning does not give: an exact resume, and progress in plain lines."""

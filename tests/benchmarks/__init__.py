"""Speed, as ratios measured inside one run: the machine may be shared and noisy."""

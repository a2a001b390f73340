"""From scores to what people read: tables, model cards, and one page over all networks."""

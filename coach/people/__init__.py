"""Who uses this installation and what opens to whom."""

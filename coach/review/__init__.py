"""The coach's look at what was suggested: the decisions there are, their reasons, and what stands afterwards."""

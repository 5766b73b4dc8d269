"""What carries work: one shot of a job, run in this process; one file a kind of work."""

"""What carries work: one shot of a job, run in this process."""

"""The words of the job path: what a job is, its states, problems and results as bytes."""

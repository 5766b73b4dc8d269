"""Local search over the decisions of nonlinear models, which dwave-optimization evaluates."""

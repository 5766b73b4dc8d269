"""Quantum circuits: OpenQASM in, counts out."""

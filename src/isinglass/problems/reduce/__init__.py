"""Smaller problems with the same minimum, and the way back to full states."""

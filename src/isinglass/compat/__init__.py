"""Rooms at the edge, one a client that people already have: each translates its words to ours and back."""

"""Rooms at the edge, one a peer: they translate words and hold no logic of their own."""

"""Talks to a service: ``connect``, sessions, handles."""

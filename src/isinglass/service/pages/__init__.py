"""The dashboard, in the service's own port: FastAPI routes, Jinja2 templates, one htmx file, one style sheet.

Every page works without scripts; htmx only fetches a page anew where something changed, and swaps that part.
"""

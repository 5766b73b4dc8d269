"""The Python blocks of documents that peers published, as strings, each written here once.

The same strings run with our names for theirs (test_dynex_documents.py, test_dwave_documents.py,
test_backends_guide.py) and, in peers' own environments, with the real packages against a running service.
These modules import nothing that is installed, so that the scripts there can import them.
"""

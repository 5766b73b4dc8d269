"""The wire of D-Wave's cloud clients (SAPI, resource version 3): words in, jobs of the service out.

| file | what it is |
|---|---|
| ``room.py`` | where it is mounted |
| ``door.py``, ``media_types.py`` | tokens, bodies, errors; versioned media types |
| ``solver_routes.py``, ``solver_filter.py`` | solvers and their caching; ``filter=`` |
| ``problem_routes.py``, ``submission.py``, ``statuses.py`` | problems: what was asked, what is said |
| ``upload_routes.py``, ``uploads.py`` | multipart uploads; their parts on disk |
| ``region_routes.py`` | regions |
| ``catalogue.py``, ``qpu_solvers.py``, ``hybrid_solvers.py``, ``software_solvers.py`` | the solvers |
| ``qp.py`` | problems and answers of solvers with a graph, as bytes |

Where the original is undocumented or wrong this room does what ``docs/dwave.md`` says.
"""

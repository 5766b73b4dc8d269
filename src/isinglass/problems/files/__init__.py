"""Problem files: read by content whatever they are called, written as text.

    problem = read_file("G1.txt.gz")
    problem = read_file("spins.txt", kind="ising")
    write_file(problem, "copy.qubo.xz", format="qubo")

``FORMATS`` lists what is read and how it is recognised; each format has a file of its own in this folder,
whose first lines say what its numbers mean.
"""

from isinglass.problems.files.formats import FORMATS, Format
from isinglass.problems.files.reading import read_file
from isinglass.problems.files.writing import write_file

__all__ = ["FORMATS", "Format", "read_file", "write_file"]

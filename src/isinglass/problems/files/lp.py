"""LP files, as CPLEX and others write them, through ``dimod.lp``.

Sections: Minimize or Maximize, Subject To, Bounds, Binary, General, End. The model is always to be minimised:
dimod turns the signs of an objective that is to be maximised. What its parser would misread is found before,
in ``lp_words.py``.

Source: the CPLEX LP file format (IBM, CPLEX file formats reference); dimod's parser is that of HiGHS.
"""

from __future__ import annotations

import io

import dimod
import numpy as np

from isinglass.problems.files import lp_words
from isinglass.problems.files.edges import only_kinds
from isinglass.problems.files.text import Text
from isinglass.problems.given import Kind


def read(text: Text, kind: Kind | None) -> dimod.ConstrainedQuadraticModel:
    """The model in the file. Variables that no section calls binary or general are real.

    Raises FileFormatError, naming the line where it is known, for whatever breaks the format or is read by
    dimod in another sense, and ParameterError for any ``kind``.
    """
    only_kinds(text.path, kind, (), "an LP file is a constrained model and none of the three kinds")
    lp_words.check(text)
    try:
        # dimod copies it to a temporary file, which its parser opens.
        cqm = dimod.lp.load(io.BytesIO(text.data))
    except ValueError as error:
        detail = "" if "illegal file format" in str(error) else f" ({error})"
        raise text.error(
            f"dimod's parser of LP files does not accept it{detail}: it wants Minimize or Maximize, "
            "Subject To with one comparison (<=, >= or =) and a number on its right for each constraint, "
            "Bounds, Binary, General, End"
        ) from None
    except OSError as error:
        raise text.error(f"cannot be copied for dimod's parser of LP files: {error.strerror}") from None
    for expression in (cqm.objective, *(constraint.lhs for constraint in cqm.constraints.values())):
        biases = [*(bias for _, bias in expression.iter_linear()), expression.offset]
        biases += [bias for _, _, bias in expression.iter_quadratic()]
        if not np.isfinite(biases).all():
            raise text.error("the terms of one variable or pair add up to more than float64 holds")
    return cqm

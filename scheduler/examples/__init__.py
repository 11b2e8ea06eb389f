"""Examples of program files: each runs through a book of its own, from landing to settlement, and is compared.

`rebated program test` and the tests of the cookbook use it. Nothing of the configured book is read or changed.
"""

from scheduler.examples.outcome import Document, Earned, Outcome
from scheduler.examples.running import Beside, Result, beside, run_example, run_examples
from scheduler.examples.stage import Stage

__all__ = [
    "Beside",
    "Document",
    "Earned",
    "Outcome",
    "Result",
    "Stage",
    "beside",
    "run_example",
    "run_examples",
]

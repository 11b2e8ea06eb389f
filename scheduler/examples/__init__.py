"""Examples of program files: each runs through a book of its own, from landing to settlement, and is compared.

`rebated program test` and the tests of the cookbook use it. Nothing of the configured book is read or changed.
"""

from scheduler.examples.outcome import Document, Earned, Outcome
from scheduler.examples.running import Result, programs_beside, run_example, run_examples
from scheduler.examples.stage import Stage

__all__ = [
    "Document",
    "Earned",
    "Outcome",
    "Result",
    "Stage",
    "programs_beside",
    "run_example",
    "run_examples",
]

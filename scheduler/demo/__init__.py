"""Made-up data for `rebated demo`: Nordwerk, a distributor of workshop supplies that does not exist.

summary = generate(Path("demo-out"))
"""

from scheduler.demo.generate import SEED, DemoSummary, generate
from scheduler.demo.trade import BadDocument

__all__ = ["SEED", "BadDocument", "DemoSummary", "generate"]

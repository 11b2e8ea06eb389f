"""Tiers looked up one day after another from the definition: slow, and nothing of it is taken from the product."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from typing import Any

DAY = timedelta(days=1)
NEVER = date(9000, 1, 1)

Bought = Sequence[tuple[date, int]]


@dataclass(frozen=True)
class State:
    level: int
    since: date
    until: date


@dataclass(frozen=True)
class TierByDay:
    """A tier program as its file states it, `bounds` in the unit of what is bought, and one account's years."""

    status: Mapping[str, Any]
    bounds: Sequence[int]
    valid_from: date
    fiscal_start: int = 1
    enrolled: date | None = None

    def levels(self, bought: Bought, last: date) -> Iterator[tuple[date, int]]:
        """The level at the start of each day from the first one that counts."""
        counted = [(day, amount) for day, amount in bought if day >= self.valid_from]
        begin = self._begin(counted)
        if begin is None:
            return iter(())
        counted = [(day, amount) for day, amount in counted if day >= begin]
        return (self._recomputing if self._recomputes else self._protecting)(counted, max(begin, self.valid_from), last)

    @property
    def _recomputes(self) -> bool:
        return bool(self.status.get("returns") == "recompute" and self.status["window"] != "rolling")

    def _begin(self, counted: Bought) -> date | None:
        if self.status["window"] != "anniversary":
            return self.valid_from
        if self.enrolled is not None:
            return self.enrolled
        days = sorted({day for day, _ in counted})
        return next((day for day in days if sum(amount for when, amount in counted if when == day) > 0), None)

    def _protecting(self, counted: Bought, first: date, last: date) -> Iterator[tuple[date, int]]:
        """One state, every day: up to what is earned, down when it ends."""
        state, day = State(0, first, NEVER), first
        begin = self._begin(counted) or first
        while day <= last:
            state = self._next(state, day, self._earned(counted, begin, day), begin)
            yield day, state.level
            day += DAY

    def _recomputing(self, counted: Bought, first: date, last: date) -> Iterator[tuple[date, int]]:
        """What is held without the present window goes on beside it: to that a return takes back."""
        begin = self._begin(counted) or first
        without, level, since, day = State(0, first, NEVER), 0, first, first
        while day <= last:
            own_first, own_last = self._window(begin, day)
            others = [(when, amount) for when, amount in counted if not own_first <= when <= own_last]
            without = self._next(without, day, self._earned(others, begin, day), begin)
            here = self._reached(counted, (own_first, own_last), day)
            if max(without.level, here) != level:
                level, since = max(without.level, here), day
            yield day, level
            if day == own_last:
                left = min(here, self._reached(counted, (own_first, own_last), day + DAY))
                if left and left >= without.level:
                    began, kept = since if left == level else day + DAY, self._kept(begin, (own_first, own_last))
                    until = max(kept, self._stay(began)) if began <= kept else kept
                    if left == without.level:
                        until = max(until, without.until)
                    without = State(left, began, until)
            day += DAY

    def _next(self, state: State, day: date, earned: tuple[int, date], begin: date) -> State:
        level, until = earned
        if level > state.level:
            return State(level, day, max(until, self._stay(day)))
        if level == state.level:
            return replace(state, until=max(state.until, until))
        if day <= state.until:
            return state
        if self.status.get("soft_landing") and state.level - 1 > level:
            return State(state.level - 1, day, max(self._landed(begin, day), self._stay(day)))
        return State(level, day, max(until, self._stay(day)) if level else NEVER)

    def _earned(self, counted: Bought, begin: date, day: date) -> tuple[int, date]:
        """The best level that what was bought gives on a day, and until when."""
        found = [(0, NEVER)]
        if self.status["window"] == "rolling":
            months = self.status.get("months", 12)
            first = self.valid_from.replace(day=1)
            for back in range(14):  # grace is at most 366 days
                month = _months(day.replace(day=1), -back)
                end = _months(month, 1) - DAY + self._grace
                bought = sum(amount for when, amount in counted if max(_months(month, -months), first) <= when < month)
                if end >= day:
                    found.append((self._level(bought), end))
            return max(found, key=lambda pair: (pair[0], pair[1] if pair[0] else NEVER))
        windows = {self._window(begin, when) for when, _ in counted if when < day}
        if self.status["upgrade"] == "retroactive":
            windows |= {self._window(begin, when) for when, _ in counted if self._window(begin, when)[0] <= day}
        for window in windows:
            kept = self._kept(begin, window)
            if day <= kept:
                level = self._reached(counted, window, day)
                if day > window[1] and self._keep == "window_end":
                    level = min(
                        self._reached(counted, window, window[1]), self._reached(counted, window, window[1] + DAY)
                    )
                if level:
                    found.append((level, kept))
        best = max(level for level, _ in found)
        return best, max(until for level, until in found if level == best)

    def _reached(self, counted: Bought, window: tuple[date, date], day: date) -> int:
        """The level that the documents of one window give at the start of a day."""
        own = [(when, amount) for when, amount in counted if window[0] <= when <= window[1]]

        def level(before: date) -> int:
            return self._level(sum(amount for when, amount in own if when < before))

        ends = [when + DAY for when, _ in own]
        if self.status["upgrade"] == "retroactive":
            if self._recomputes:
                return level(NEVER)
            return max([0, *map(level, ends)])
        if self.status["upgrade"] == "at_once":
            if self._recomputes:
                return level(day)
            return max([0, *(level(end) for end in ends if end <= day)])
        if not self._recomputes:
            return max([0, *(level(look) for look in (_months(end - DAY, 1) for end in ends) if look <= day)])
        look = day.replace(day=1)
        return min([level(look), *(level(end) for end in ends if look < end <= day)])

    def _level(self, measure: int) -> int:
        return max([0, *(i for i, bound in enumerate(self.bounds) if measure >= bound)])

    def _window(self, begin: date, day: date) -> tuple[date, date]:
        if self.status["window"] == "lifetime":
            return self.valid_from, NEVER
        first = date(day.year, self.fiscal_start, 1) if self.status["window"] == "calendar" else _year(begin, day.year)
        if first > day:
            first = _year(begin if self.status["window"] != "calendar" else first, first.year - 1)
        following = _year(begin if self.status["window"] != "calendar" else first, first.year + 1)
        return first, following - DAY

    def _kept(self, begin: date, window: tuple[date, date]) -> date:
        if window[1] == NEVER:
            return NEVER
        end = window[1] if self._keep == "window_end" else self._window(begin, window[1] + DAY)[1]
        return end + self._grace

    def _landed(self, begin: date, day: date) -> date:
        if self.status["window"] == "rolling":
            return _months(day, self.status.get("months", 12)) - DAY + self._grace
        return self._window(begin, day)[1] + self._grace

    def _stay(self, day: date) -> date:
        months = self.status.get("minimum_stay", 0)
        first = _months(day, months)
        return min(first + timedelta(days=day.day - 1), _months(day, months + 1)) - DAY

    @property
    def _keep(self) -> str:
        return str(self.status.get("keep", "next_window_end"))

    @property
    def _grace(self) -> timedelta:
        return timedelta(days=self.status.get("grace_days", 0))


def _months(day: date, months: int) -> date:
    """The first day of the month some months after that of a day."""
    number = day.year * 12 + day.month - 1 + months
    return date(number // 12, number % 12 + 1, 1)


def _year(begin: date, year: int) -> date:
    """The day of a year that has the day and month of another day; 1 March for 29 February where there is none."""
    try:
        return begin.replace(year=year)
    except ValueError:
        return date(year, 3, 1)

"""How figures are written on the page, and the axes that fit them. Everything here is pure."""
import math


def short(value):
    """A figure with as many digits as can be told apart: 1,234,567, 45.6, 0.95."""
    if value >= 100:
        return "{:,.0f}".format(value)
    return "{:.1f}".format(value) if value >= 10 else "{:.2f}".format(value)


def times(ratio):
    """A ratio: 0.95×, 18.3×, 1,200×."""
    return short(ratio) + "×"


def brief(value):
    """For axes, where room is short: 5k, 20M, 0.5."""
    for size, letter in ((1e9, "G"), (1e6, "M"), (1e3, "k")):
        if value >= size:
            return "{:.3g}{}".format(value / size, letter)
    return "{:.3g}".format(value)


def size(kib):
    """A size in KiB: 64 KB, 16 MB, 1 GB."""
    for unit, factor in (("GB", 1 << 20), ("MB", 1 << 10)):
        if kib >= factor:
            return "%g %s" % (kib / factor, unit)
    return "%g KB" % kib


class Logarithmic:
    """Positions from 0 to 1 of values on a logarithmic axis that holds all of them; what is not above zero stands at the left."""

    def __init__(self, values, padding=0.04):
        positive = [v for v in values if v > 0] or [1]
        self.low, self.high = math.log10(min(positive)), math.log10(max(positive))
        if self.high - self.low < 0.3:
            middle = (self.high + self.low) / 2
            self.low, self.high = middle - 0.15, middle + 0.15
        room = (self.high - self.low) * padding
        self.low, self.high = self.low - room, self.high + room

    def at(self, value):
        if value <= 0:
            return 0.0
        return min(1.0, max(0.0, (math.log10(value) - self.low) / (self.high - self.low)))

    def ticks(self, most=6):
        """Round values on the axis: powers of ten, with 2 and 5 between them where there is room."""
        for steps in ((1, 2, 5), (1, 3), (1,)):
            found = [m * 10.0 ** e for e in range(math.floor(self.low) - 1, math.ceil(self.high) + 1) for m in steps]
            found = [v for v in found if self.low <= math.log10(v) <= self.high]
            if len(found) <= most and len(found) > 1:
                return found
        if len(found) > most:
            return found[::math.ceil(len(found) / most)]
        low, high = 10 ** self.low, 10 ** self.high
        return Linear([low, high], zero=False).ticks()


class Linear:
    """Positions from 0 to 1 on an axis that begins at zero, or at the least value where `zero` is false."""

    def __init__(self, values, zero=True):
        self.low = 0.0 if zero else min(values, default=0.0)
        self.high = max(values, default=1.0)
        if self.high <= self.low:
            self.high = self.low + 1.0
        self.high += (self.high - self.low) * 0.06

    def at(self, value):
        return min(1.0, max(0.0, (value - self.low) / (self.high - self.low)))

    def ticks(self, most=5):
        rough = (self.high - self.low) / most
        power = 10.0 ** math.floor(math.log10(rough))
        step = next(power * m for m in (1, 2, 5, 10) if power * m >= rough)
        first = math.ceil(self.low / step)
        return [i * step for i in range(first, first + most + 2) if self.low <= i * step <= self.high]

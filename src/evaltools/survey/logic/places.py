"""Functions of form logic on places: ``lat lon [altitude [accuracy]]``, several of them joined by ``;``.

The earth is a ball of the equator's radius; altitude does not count. What is no place gives NaN.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from itertools import pairwise
from typing import Final

from evaltools.survey.logic.signatures import Function, of_texts

EARTH_RADIUS_M: Final = 6_378_100.0

Place = tuple[float, float]


def _places(text: str) -> list[Place] | None:
    """Return (latitude, longitude) in degrees of each point; None where one of them is no point of the earth."""
    found = []
    for point in text.rstrip("; ").split(";"):
        try:
            numbers = [float(part) for part in point.split()]
        except ValueError:
            return None
        if not 2 <= len(numbers) <= 4 or not all(map(math.isfinite, numbers)):
            return None
        if abs(numbers[0]) > 90 or abs(numbers[1]) > 180:
            return None
        found.append((numbers[0], numbers[1]))
    return found


def _distance(*texts: str) -> float:
    """Return metres along points, by the spherical law of cosines."""
    places = _places(";".join(texts))
    if places is None:
        return math.nan
    return sum(_between(one, two) for one, two in pairwise(places))


def _between(one: Place, two: Place) -> float:
    (lat, lon), (other_lat, other_lon) = ([math.radians(degrees) for degrees in place] for place in (one, two))
    cosine = math.sin(lat) * math.sin(other_lat) + math.cos(lat) * math.cos(other_lat) * math.cos(lon - other_lon)
    return math.acos(min(1.0, max(-1.0, cosine))) * EARTH_RADIUS_M


def _area(text: str) -> float:
    """Return square metres inside a closed line; 0 for fewer than three points.

    Source: Chamberlain and Duquette (2007), Some algorithms for polygons on a sphere, JPL 07-03, equation for the area
    from pairs of points.
    """
    places = _places(text)
    if places is None:
        return math.nan
    if len(places) < 3:
        return 0.0
    doubled = sum(
        math.radians(two[1] - one[1]) * (2 + math.sin(math.radians(one[0])) + math.sin(math.radians(two[0])))
        for one, two in _sides(places)
    )
    return abs(doubled) * EARTH_RADIUS_M**2 / 2


def _is_inside(point: str, shape: str) -> bool:
    """Say whether a place lies inside a closed line: a ray from it crosses the line an odd number of times."""
    places, corners = _places(point), _places(shape)
    if places is None or corners is None:
        return False
    return sum(_crosses(places[0], one, two) for one, two in _sides(corners)) % 2 == 1


def _sides(corners: Sequence[Place]) -> Iterable[tuple[Place, Place]]:
    return pairwise([*corners, corners[0]])


def _crosses(place: Place, one: Place, two: Place) -> bool:
    (lat, lon), (lat_one, lon_one), (lat_two, lon_two) = place, one, two
    if (lat_one > lat) == (lat_two > lat):
        return False
    return lon < (lon_two - lon_one) * (lat - lat_one) / (lat_two - lat_one) + lon_one


# clients round distances differently, and take different formulas for areas
PLACE_FUNCTIONS: Final[Mapping[str, Function]] = {
    "distance": Function(1, None, of_texts(_distance, "number"), settled=False),
    "area": Function(1, 1, of_texts(_area, "number"), settled=False),
    "geofence": Function(2, 2, of_texts(_is_inside, "boolean")),
}

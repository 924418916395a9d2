"""Owns small algorithms whose fast versions are the longer ones: tables and windows against short brute force."""

from typing import Final

from codefavor.synthesis.fault_injection.efficiency.algorithm import Algorithm, Version

ALGORITHMS: Final[tuple[Algorithm, ...]] = (
    Algorithm(
        "highest-in-window",
        (
            "Write `{name}(levels, size)`, which returns the highest level of each `size` neighbouring ones; "
            "size is at "
            "least 1.",
            "Implement `{name}(levels, size)`: the maximum of every window of the given width, from left to right.",
        ),
        ("window_highs", "highest_in_windows", "rolling_max"),
        (
            Version(1, "keeps only the levels that can still become the highest, each entering and leaving once", """
from collections import deque
def window_highs(levels, size):
    highs = []
    candidates = deque()
    for i, level in enumerate(levels):
        while candidates and levels[candidates[-1]] <= level:
            candidates.pop()
        candidates.append(i)
        if candidates[0] <= i - size:
            candidates.popleft()
        if i >= size - 1:
            highs.append(levels[candidates[0]])
    return highs
"""),
            Version(2, "takes the maximum of a fresh slice for every window", """
def window_highs(levels, size):
    return [max(levels[i:i + size]) for i in range(len(levels) - size + 1)]
"""),
            Version(3, "sorts every window to read its last element", """
def window_highs(levels, size):
    return [sorted(levels[i:i + size], key=int)[-1] for i in range(len(levels) - size + 1)]
"""),
        ),
    ),
    Algorithm(
        "edits-between",
        (
            "Write `{name}(first, second)`, which returns the least number of letters to insert or delete to turn the "
            "first text into the second.",
            "Implement `{name}(first, second)`: minimal count of single-character insertions and deletions between two "
            "strings.",
        ),
        ("edits_between", "edit_steps", "changes_needed"),
        (
            Version(1, "fills a table row by row, so each pair of prefixes is solved once", """
def edits_between(first, second):
    row = list(range(len(second) + 1))
    for i, a in enumerate(first, 1):
        above, row = row, [i]
        for j, b in enumerate(second, 1):
            if a == b:
                row.append(above[j - 1])
            else:
                row.append(1 + min(above[j], row[j - 1]))
    return row[-1]
"""),
            Version(2, "remembers pairs of rests, but cuts both texts anew in every call", """
def edits_between(first, second, known=None):
    known = {} if known is None else known
    if (first, second) not in known:
        if not first or not second:
            steps = len(first) + len(second)
        elif first[0] == second[0]:
            steps = edits_between(first[1:], second[1:], known)
        else:
            steps = 1 + min(edits_between(first[1:], second, known), edits_between(first, second[1:], known))
        known[first, second] = steps
    return known[first, second]
"""),
            Version(3, "solves the same pairs of rests over and over by plain recursion", """
def edits_between(first, second):
    if not first or not second:
        return len(first) + len(second)
    if first[0] == second[0]:
        return edits_between(first[1:], second[1:])
    return 1 + min(edits_between(first[1:], second), edits_between(first, second[1:]))
"""),
        ),
    ),
    Algorithm(
        "reachable-weight",
        (
            "Write `{name}(stones, weight)`, which says whether some of the stones weigh exactly that much "
            "together; each "
            "is used at most once.",
            "Implement `{name}(stones, weight)`: can a subset of the positive integers add up to the given total?",
        ),
        ("can_weigh", "reachable", "subset_fits"),
        (
            Version(1, "keeps all reachable weights as the bits of one number", """
def can_weigh(stones, weight):
    reachable = 1
    for stone in stones:
        reachable |= reachable << stone
    return bool(reachable >> weight & 1)
"""),
            Version(2, "keeps a set of reachable weights and leaves out what is too heavy", """
def can_weigh(stones, weight):
    reachable = {0}
    for stone in stones:
        larger = set()
        for known in reachable:
            if known + stone <= weight:
                larger.add(known + stone)
        reachable = reachable | larger
    return weight in reachable
"""),
            Version(3, "tries every selection of stones", """
from itertools import combinations
def can_weigh(stones, weight):
    sizes = range(len(stones) + 1)
    return weight in [sum(chosen) for size in sizes for chosen in combinations(stones, size)]
"""),
        ),
    ),
    Algorithm(
        "longest-climb",
        (
            "Write `{name}(heights)`, which returns how many heights can be kept, in their order, so that each "
            "is greater "
            "than the one before.",
            "Implement `{name}(heights)`: length of the longest strictly increasing subsequence.",
        ),
        ("longest_climb", "rising_length", "climb_length"),
        (
            Version(1, "keeps the lowest end for each length and finds places by bisection", """
from bisect import bisect_left
def longest_climb(heights):
    ends = []
    for height in heights:
        place = bisect_left(ends, height)
        if place == len(ends):
            ends.append(height)
        else:
            ends[place] = height
    return len(ends)
"""),
            Version(2, "looks at all earlier heights for each height", """
def longest_climb(heights):
    best = []
    for i, height in enumerate(heights):
        best.append(1 + max((best[j] for j in range(i) if heights[j] < height), default=0))
    return max(best, default=0)
"""),
            Version(3, "follows every possible continuation by recursion", """
def longest_climb(heights, last=None):
    best = 0
    for i, height in enumerate(heights):
        if last is None or height > last:
            best = max(best, 1 + longest_climb(heights[i + 1:], height))
    return best
"""),
        ),
    ),
    Algorithm(
        "paths-through-park",
        (
            "Write `{name}(park)`, which counts the ways from the top left to the bottom right cell, going right "
            "or down "
            "through cells that are True; park is a non-empty list of equally long rows.",
            "Implement `{name}(park)`: number of monotone lattice paths over the free (True) cells of a grid.",
        ),
        ("park_paths", "count_paths", "ways_through"),
        (
            Version(1, "adds up the ways row by row in one list", """
def park_paths(park):
    ways = [1] + [0] * (len(park[0]) - 1)
    for row in park:
        left = 0
        for j, free in enumerate(row):
            left = ways[j] + left if free else 0
            ways[j] = left
    return ways[-1]
"""),
            Version(2, "keeps a dict of cells and builds a tuple for every look at it", """
def park_paths(park):
    ways = {(0, -1): 1}
    for i in range(len(park)):
        for j in range(len(park[0])):
            if park[i][j]:
                ways[i, j] = ways.get((i - 1, j), 0) + ways.get((i, j - 1), 0)
    return ways.get((len(park) - 1, len(park[0]) - 1), 0)
"""),
            Version(3, "walks every single path by recursion", """
def park_paths(park, i=0, j=0):
    if i == len(park) or j == len(park[0]) or not park[i][j]:
        return 0
    if i == len(park) - 1 and j == len(park[0]) - 1:
        return 1
    return park_paths(park, i + 1, j) + park_paths(park, i, j + 1)
"""),
        ),
    ),
    Algorithm(
        "names-with-start",
        (
            "Write `{name}(names, starts)`, which returns for each start how many of the names begin with it.",
            "Implement `{name}(names, starts)`: answer prefix-count queries over a list of strings.",
        ),
        ("count_starts", "names_per_start", "prefix_counts"),
        (
            Version(1, "sorts the names once and bounds each answer by two bisections", """
from bisect import bisect_left
def count_starts(names, starts):
    ordered = sorted(names)
    counts = []
    for start in starts:
        low = bisect_left(ordered, start)
        high = bisect_left(ordered, start + chr(0x10FFFF), low)
        counts.append(high - low)
    return counts
"""),
            Version(2, "goes through all names for each start", """
def count_starts(names, starts):
    return [sum(name.startswith(start) for name in names) for start in starts]
"""),
            Version(3, "makes lists of all names and all their beginnings for each start", """
def count_starts(names, starts):
    return [[name[:i] for name in names for i in range(len(name) + 1)].count(start) for start in starts]
"""),
        ),
    ),
    Algorithm(
        "meetings-at-once",
        (
            "Write `{name}(meetings)`, which returns how many of the (start, end) meetings run at the same time "
            "at most; "
            "one that ends when another starts does not overlap with it, and every meeting lasts.",
            "Implement `{name}(meetings)`: the peak number of overlapping half-open intervals (0 for none).",
        ),
        ("most_at_once", "rooms_needed", "peak_meetings"),
        (
            Version(1, "sorts starts and ends once and counts up and down", """
def most_at_once(meetings):
    ends = sorted(end for _, end in meetings)
    most = over = 0
    for begun, start in enumerate(sorted(start for start, _ in meetings), 1):
        while ends[over] <= start:
            over += 1
        if begun - over > most:
            most = begun - over
    return most
"""),
            Version(2, "counts the running meetings anew at each start", """
def most_at_once(meetings):
    return max((sum(a <= start < b for a, b in meetings) for start, _ in meetings), default=0)
"""),
            Version(3, "counts the running meetings at every moment of every meeting", """
def most_at_once(meetings):
    return max([len([1 for a, b in meetings if a <= t < b]) for c, d in meetings for t in range(c, d)], default=0)
"""),
        ),
    ),
    Algorithm(
        "smallest-of-many",
        (
            "Write `{name}(offers, count)`, which returns the `count` lowest offers, ascending.",
            "Implement `{name}(offers, count)`: the given number of smallest elements in order.",
        ),
        ("lowest_offers", "cheapest", "lowest"),
        (
            Version(1, "sorts once in C and cuts", """
def lowest_offers(offers, count):
    ordered = sorted(offers)
    return ordered[:count]
"""),
            Version(2, "searches and removes the minimum for each of them", """
def lowest_offers(offers, count):
    rest = list(offers)
    found = []
    while rest and len(found) < count:
        found.append(min(rest))
        rest.remove(found[-1])
    return found
"""),
            Version(3, "sorts what is left for each of them", """
def lowest_offers(offers, count):
    found = []
    rest = list(offers)
    while rest and len(found) < count:
        rest = sorted(rest, key=lambda offer: -offer)
        found.append(rest.pop())
        rest = rest[::-1]
    return found
"""),
        ),
    ),
    Algorithm(
        "islands-on-map",
        (
            "Write `{name}(rows)`, which counts the islands on a map of strings, where '#' is land; pieces that "
            "touch along "
            "an edge are one island.",
            "Implement `{name}(rows)`: number of 4-connected groups of '#' in a list of equally long strings.",
        ),
        ("count_islands", "islands", "land_groups"),
        (
            Version(1, "takes the land cells out of a set, island by island", """
def count_islands(rows):
    land = {(i, j) for i, row in enumerate(rows) for j, cell in enumerate(row) if cell == '#'}
    islands = 0
    while land:
        islands += 1
        waiting = [land.pop()]
        while waiting:
            i, j = waiting.pop()
            for near in ((i + 1, j), (i - 1, j), (i, j + 1), (i, j - 1)):
                if near in land:
                    land.remove(near)
                    waiting.append(near)
    return islands
"""),
            Version(2, "keeps the land cells in a list and searches it for every neighbour", """
def count_islands(rows):
    land = [(i, j) for i, row in enumerate(rows) for j, cell in enumerate(row) if cell == '#']
    islands = 0
    while len(land) > 0:
        islands += 1
        waiting = [land.pop(0)]
        while len(waiting) > 0:
            i, j = waiting.pop(0)
            for near in [(i + 1, j), (i - 1, j), (i, j + 1), (i, j - 1)]:
                if near in land:
                    land.remove(near)
                    waiting.append(near)
    return islands
"""),
            Version(3, "merges groups of cells by comparing every cell with every cell of every group", """
def count_islands(rows):
    groups = []
    for i, row in enumerate(rows):
        for j, cell in enumerate(row):
            if cell == '#':
                near = [g for g in groups if any(abs(i - a) + abs(j - b) == 1 for a, b in g)]
                groups = [g for g in groups if g not in near] + [[(i, j)] + [c for g in near for c in g]]
    return len(groups)
"""),
        ),
    ),
    Algorithm(
        "winner-of-votes",
        (
            "Write `{name}(votes)`, which returns the candidate with more than half of all votes, or None.",
            "Implement `{name}(votes)`: the strict majority element of a list, None where there is none.",
        ),
        ("winner", "majority", "absolute_winner"),
        (
            Version(1, "counts all votes in one pass", """
def winner(votes):
    counts = {}
    for vote in votes:
        counts[vote] = counts.get(vote, 0) + 1
    for vote, count in counts.items():
        if count > len(votes) / 2:
            return vote
    return None
"""),
            Version(2, "counts through the whole list for each vote until one has enough", """
def winner(votes):
    return next((vote for vote in votes if votes.count(vote) > len(votes) / 2), None)
"""),
            Version(3, "builds a list of equal votes for each vote in Python", """
def winner(votes):
    return next((v for v in votes if len([w for w in votes if w == v]) > len(votes) / 2), None)
"""),
        ),
    ),
    Algorithm(
        "nearest-shop",
        (
            "Write `{name}(shops, houses)`, which returns for each house the distance to the nearest shop, all of them "
            "positions on one road; there is a shop.",
            "Implement `{name}(shops, houses)`: per house the smallest absolute difference to a shop position.",
        ),
        ("shop_distances", "nearest_shops", "ways_to_shop"),
        (
            Version(1, "sorts the shops once and looks only at the two around each house", """
from bisect import bisect_left
def shop_distances(shops, houses):
    ordered = sorted(shops)
    distances = []
    for house in houses:
        place = bisect_left(ordered, house)
        around = ordered[max(place - 1, 0):place + 1]
        distances.append(min(abs(shop - house) for shop in around))
    return distances
"""),
            Version(2, "measures the distance of each house to every shop", """
def shop_distances(shops, houses):
    return [min(abs(shop - house) for shop in shops) for house in houses]
"""),
            Version(3, "sorts all shops by distance for each house", """
def shop_distances(shops, houses):
    return [abs(sorted(list(shops), key=lambda shop: abs(shop - house))[0] - house) for house in houses]
"""),
        ),
    ),
    Algorithm(
        "teams-of-three",
        (
            "Write `{name}(skills, total)`, which counts the teams of three people, by position, whose skills "
            "add up to the "
            "total.",
            "Implement `{name}(skills, total)`: number of index triples i < j < k with the given sum.",
        ),
        ("teams", "count_teams", "triples"),
        (
            Version(1, "counts the sums of pairs before each person in a dict", """
def teams(skills, total):
    found = 0
    pairs = {}
    for k, skill in enumerate(skills):
        found += pairs.get(total - skill, 0)
        for earlier in skills[:k]:
            both = earlier + skill
            pairs[both] = pairs.get(both, 0) + 1
    return found
"""),
            Version(2, "counts the third skill in a slice for each pair", """
def teams(skills, total):
    found = 0
    for i in range(len(skills)):
        for j in range(i + 1, len(skills)):
            found += skills[j + 1:].count(total - skills[i] - skills[j])
    return found
"""),
            Version(3, "adds up every team of three", """
from itertools import combinations
def teams(skills, total):
    return len([team for team in combinations(skills, 3) if sum(team) == total])
"""),
        ),
    ),
)  # fmt: skip

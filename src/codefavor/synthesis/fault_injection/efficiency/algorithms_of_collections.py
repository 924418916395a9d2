"""Owns small algorithms about what a collection holds, each in several versions of different cost."""

from typing import Final

from codefavor.synthesis.fault_injection.efficiency.algorithm import Algorithm, Version

ALGORITHMS: Final[tuple[Algorithm, ...]] = (
    Algorithm(
        "pairs-that-fit",
        (
            "Write `{name}(lengths, target)`, which counts the pairs of planks, given by position, whose lengths "
            "add up "
            "to the target.",
            "Implement `{name}(lengths, target)`: number of index pairs i < j with `lengths[i] + lengths[j] == "
            "target`.",
        ),
        ("fitting_pairs", "pairs_with_sum", "count_fits"),
        (
            Version(1, "counts in one pass with a dict of the lengths before", """
def fitting_pairs(lengths, target):
    before = {}
    pairs = 0
    for length in lengths:
        pairs += before.get(target - length, 0)
        before[length] = before.get(length, 0) + 1
    return pairs
"""),
            Version(2, "counts the missing length in a slice of the list for each plank", """
def fitting_pairs(lengths, target):
    pairs = 0
    for i, length in enumerate(lengths):
        pairs += lengths[i + 1:].count(target - length)
    return pairs
"""),
            Version(3, "tests every pair of positions", """
def fitting_pairs(lengths, target):
    pairs = 0
    for i in range(len(lengths)):
        for j in range(i + 1, len(lengths)):
            if lengths[i] + lengths[j] == target:
                pairs += 1
    return pairs
"""),
        ),
    ),
    Algorithm(
        "merged-schedules",
        (
            "Write `{name}(left, right)`, which merges two ascending lists of times into one ascending list.",
            "Implement `{name}(left, right)`: one sorted list of all elements of two sorted lists.",
        ),
        ("merged", "merge_times", "joined_schedule"),
        (
            Version(1, "lets the built-in sort join the two ordered runs", """
def merged(left, right):
    return sorted(left + right)
"""),
            Version(2, "moves two indices through the lists in Python", """
def merged(left, right):
    times = []
    i = j = 0
    while i < len(left) or j < len(right):
        if j == len(right) or (i < len(left) and left[i] <= right[j]):
            times.append(left[i])
            i += 1
        else:
            times.append(right[j])
            j += 1
    return times
"""),
            Version(3, "searches the place of each element from the front and shifts the rest", """
def merged(left, right):
    times = list(left)
    for time in right:
        place = 0
        while place < len(times) and times[place] <= time:
            place += 1
        times.insert(place, time)
    return times
"""),
        ),
    ),
    Algorithm(
        "places-by-score",
        (
            "Write `{name}(scores)`, which returns for each score how many scores are higher, plus one.",
            "Implement `{name}(scores)`: the rank of every score, best first, equal scores sharing the better rank.",
        ),
        ("ranks", "places", "rank_scores"),
        (
            Version(1, "sorts once and looks ranks up in a dict", """
def ranks(scores):
    place = {}
    for i, score in enumerate(sorted(scores, reverse=True), 1):
        place.setdefault(score, i)
    return [place[score] for score in scores]
"""),
            Version(2, "sorts once, but searches the sorted list for each score", """
def ranks(scores):
    ordered = sorted(scores, reverse=True)
    return [ordered.index(score) + 1 for score in scores]
"""),
            Version(3, "compares each score with all others in Python", """
def ranks(scores):
    places = []
    for score in scores:
        higher = 0
        for other in scores:
            if other > score:
                higher += 1
        places.append(higher + 1)
    return places
"""),
            Version(4, "sorts all scores again for every single one", """
def ranks(scores):
    places = []
    for score in scores:
        ordered = sorted([other for other in scores], key=lambda other: -other)
        places = places + [ordered.index(score) + 1]
    return places
"""),
        ),
    ),
    Algorithm(
        "favourite-dish",
        (
            "Write `{name}(orders)`, which returns the dish ordered most often, the earliest ordered on ties; "
            "orders is "
            "not empty.",
            "Implement `{name}(orders)`: the most frequent element of a non-empty list, first come first on "
            "equal counts.",
        ),
        ("favourite", "most_ordered", "top_dish"),
        (
            Version(1, "counts all dishes in one pass in C with `Counter`", """
from collections import Counter
def favourite(orders):
    counts = Counter(orders)
    return max(counts, key=counts.get)
"""),
            Version(2, "counts in a dict with a Python loop and compares after each order in a second one", """
def favourite(orders):
    counts = {}
    for order in orders:
        if order in counts.keys():
            counts[order] = counts[order] + 1
        else:
            counts[order] = 1
    best = None
    for order in orders:
        if best is None or counts[order] > counts[best]:
            best = order
    return best
"""),
            Version(3, "counts through the whole list for each order", """
def favourite(orders):
    return max(orders, key=orders.count)
"""),
            Version(4, "counts in nested Python loops, by index", """
def favourite(orders):
    best, most = None, 0
    for order in orders:
        count = 0
        for i in range(len(orders)):
            if orders[i] == order:
                count = count + 1
        if count > most:
            best, most = order, count
    return best
"""),
        ),
    ),
    Algorithm(
        "covered-seconds",
        (
            "Write `{name}(spans)`, which returns how many whole seconds at least one of the spans (start, end) "
            "covers; "
            "the end does not belong to a span.",
            "Implement `{name}(spans)`: total length of the union of half-open integer intervals.",
        ),
        ("covered", "total_cover", "busy_seconds"),
        (
            Version(1, "sorts the spans and adds up what each adds to the last", """
def covered(spans):
    total, reach = 0, None
    for start, end in sorted(spans):
        if reach is None or start > reach:
            reach = start
        if end > reach:
            total += end - reach
            reach = end
    return total
"""),
            Version(2, "puts every single second into a set", """
def covered(spans):
    seconds = set()
    for start, end in spans:
        seconds.update(range(start, end))
    return len(seconds)
"""),
            Version(3, "tests for each second between the first and the last whether some span holds it", """
def covered(spans):
    if not spans:
        return 0
    first = min([start for start, _ in spans])
    last = max([end for _, end in spans])
    count = 0
    for second in range(first, last):
        holding = [span for span in spans if span[0] <= second < span[1]]
        if len(holding) > 0:
            count += 1
    return count
"""),
        ),
    ),
    Algorithm(
        "missing-tickets",
        (
            "Write `{name}(tickets, last)`, which returns the numbers from 1 to last that are not among the "
            "tickets, ascending.",
            "Implement `{name}(tickets, last)`: which of 1..last is absent from the list?",
        ),
        ("missing_tickets", "absent", "not_handed_in"),
        (
            Version(1, "asks a set of the tickets for each number", """
def missing_tickets(tickets, last):
    present = set(tickets)
    return [number for number in range(1, last + 1) if number not in present]
"""),
            Version(2, "removes the tickets one by one from a list of all numbers", """
def missing_tickets(tickets, last):
    numbers = list(range(1, last + 1))
    for ticket in tickets:
        if ticket in numbers:
            numbers.remove(ticket)
    return numbers
"""),
            Version(3, "walks through all tickets in Python for each number", """
def missing_tickets(tickets, last):
    missing = []
    for number in range(1, last + 1):
        count = 0
        for ticket in tickets:
            if ticket == number:
                count += 1
        if count == 0:
            missing.append(number)
    return missing
"""),
        ),
    ),
    Algorithm(
        "out-of-order-pairs",
        (
            "Write `{name}(numbers)`, which counts the pairs of positions where the earlier number is greater.",
            "Implement `{name}(numbers)`: how many inversions has the list?",
        ),
        ("disorder", "inversions", "pairs_out_of_order"),
        (
            Version(1, "keeps the numbers before in order and finds each place by bisection", """
from bisect import bisect_right, insort
def disorder(numbers):
    before = []
    count = 0
    for number in numbers:
        count += len(before) - bisect_right(before, number)
        insort(before, number)
    return count
"""),
            Version(2, "compares every number with all later ones in a generator", """
def disorder(numbers):
    return sum(1 for i, number in enumerate(numbers) for other in numbers[i + 1:] if other < number)
"""),
            Version(3, "lists all pairs of positions before it compares them", """
def disorder(numbers):
    pairs = []
    for i in range(len(numbers)):
        for j in range(len(numbers)):
            if i < j:
                pairs.append((numbers[i], numbers[j]))
    inverted = [pair for pair in pairs if pair[0] > pair[1]]
    return len(inverted)
"""),
        ),
    ),
    Algorithm(
        "without-repeats",
        (
            "Write `{name}(stations)`, which returns the stations in their order, each one only the first time.",
            "Implement `{name}(stations)`: drop repeated elements and keep the order of first appearance.",
        ),
        ("first_visits", "without_repeats", "each_once"),
        (
            Version(1, "removes repeats with `dict.fromkeys` in one pass in C", """
def first_visits(stations):
    return list(dict.fromkeys(stations))
"""),
            Version(2, "searches the whole list for the first place of each different station", """
def first_visits(stations):
    return sorted(set(stations), key=stations.index)
"""),
            Version(3, "searches the result so far for each station", """
def first_visits(stations):
    visits = []
    for station in stations:
        if station not in visits:
            visits.append(station)
    return visits
"""),
            Version(4, "searches a slice of all earlier stations by a loop in Python for each one", """
def first_visits(stations):
    visits = []
    for i in range(len(stations)):
        repeated = False
        for earlier in stations[:i]:
            if earlier == stations[i]:
                repeated = True
        if not repeated:
            visits = visits + [stations[i]]
    return visits
"""),
        ),
    ),
    Algorithm(
        "stock-by-shelf",
        (
            "Write `{name}(deliveries)`, which adds up the pieces of (shelf, pieces) deliveries and returns a dict.",
            "Implement `{name}(deliveries)`: total pieces per shelf, shelves in order of first delivery.",
        ),
        ("stock", "pieces_per_shelf", "shelf_totals"),
        (
            Version(1, "adds each delivery to its shelf in one pass", """
def stock(deliveries):
    totals = {}
    for shelf, pieces in deliveries:
        totals[shelf] = totals.get(shelf, 0) + pieces
    return totals
"""),
            Version(2, "walks through all deliveries again for each different shelf", """
def stock(deliveries):
    shelves = []
    for shelf, _ in deliveries:
        if shelf not in shelves:
            shelves.append(shelf)
    return {shelf: sum(pieces for other, pieces in deliveries if other == shelf) for shelf in shelves}
"""),
            Version(3, "walks through all deliveries again for each delivery", """
def stock(deliveries):
    totals = {}
    for shelf, _ in deliveries:
        matching = []
        for other, pieces in deliveries:
            if other == shelf:
                matching.append(pieces)
        totals[shelf] = sum(matching)
    return totals
"""),
        ),
    ),
    Algorithm(
        "middle-value",
        (
            "Write `{name}(values)`, which returns the middle one of an odd number of values in ascending order.",
            "Implement `{name}(values)`: the median of a list of odd length.",
        ),
        ("middle_value", "middle_of", "median_of"),
        (
            Version(1, "sorts once with the built-in sort", """
def middle_value(values):
    return sorted(values)[len(values) // 2]
"""),
            Version(2, "removes the smallest value again and again", """
def middle_value(values):
    rest = list(values)
    for _ in range(len(values) // 2):
        rest.remove(min(rest))
    return min(rest)
"""),
            Version(3, "counts the smaller values for each value in Python", """
def middle_value(values):
    middle = len(values) // 2
    for value in values:
        smaller = equal = 0
        for other in values:
            if other < value:
                smaller += 1
            elif other == value:
                equal += 1
        if smaller <= middle < smaller + equal:
            answer = value
    return answer
"""),
        ),
    ),
    Algorithm(
        "friends-reached",
        (
            "Write `{name}(friends, start)`, which counts the people a message reaches from the start, who counts too; "
            "`friends` maps each person to a list of people.",
            "Implement `{name}(friends, start)`: number of nodes reachable in a graph of adjacency lists.",
        ),
        ("reached", "count_reached", "people_reached"),
        (
            Version(1, "remembers people in a set and takes the next from the end of a list", """
def reached(friends, start):
    known = {start}
    waiting = [start]
    while waiting:
        for friend in friends.get(waiting.pop(), ()):
            if friend not in known:
                known.add(friend)
                waiting.append(friend)
    return len(known)
"""),
            Version(2, "remembers people in a list, which it searches for each friend", """
def reached(friends, start):
    known = [start]
    waiting = [start]
    while waiting:
        person = waiting.pop(0)
        for friend in friends.get(person, []):
            if friend not in known:
                known.append(friend)
                waiting.append(friend)
    return len(known)
"""),
            Version(3, "goes through everybody again until nobody new is found", """
def reached(friends, start):
    known = [start]
    growing = True
    while growing:
        growing = False
        for person in list(known):
            for friend in friends.get(person, []):
                if known.count(friend) == 0:
                    known = known + [friend]
                    growing = True
    return len(known)
"""),
        ),
    ),
)  # fmt: skip

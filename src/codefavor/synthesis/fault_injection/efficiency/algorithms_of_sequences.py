"""Owns small algorithms that walk through a sequence, each in several versions of different cost."""

from typing import Final

from codefavor.synthesis.fault_injection.efficiency.algorithm import Algorithm, Version

ALGORITHMS: Final[tuple[Algorithm, ...]] = (
    Algorithm(
        "window-totals",
        (
            "Write `{name}(readings, size)`, which returns the sums of all `size` neighbouring readings, from "
            "left to right.",
            "Implement `{name}(readings, size)`: totals of every window of the given width over a list of integers.",
        ),
        ("window_totals", "sliding_sums", "moving_totals"),
        (
            Version(1, "updates the last total by the reading that enters and the one that leaves", """
def window_totals(readings, size):
    if size > len(readings):
        return []
    total = sum(readings[:size])
    totals = [total]
    for new, old in zip(readings[size:], readings):
        total += new - old
        totals.append(total)
    return totals
"""),
            Version(2, "adds up a fresh slice for every window", """
def window_totals(readings, size):
    return [sum(readings[i:i + size]) for i in range(len(readings) - size + 1)]
"""),
            Version(3, "adds up every window number by number in a nested Python loop", """
def window_totals(readings, size):
    totals = []
    for i in range(len(readings) - size + 1):
        total = 0
        for j in range(size):
            total = total + readings[i + j]
        totals.append(total)
    return totals
"""),
        ),
    ),
    Algorithm(
        "best-later-sale",
        (
            "Write `{name}(prices)`, which returns the greatest gain from buying at one price and selling at a "
            "later one, "
            "at least 0.",
            "Implement `{name}(prices)`: the best difference between a later and an earlier price, 0 if prices "
            "only fall.",
        ),
        ("best_gain", "largest_gain", "best_sale"),
        (
            Version(1, "remembers the lowest price in a single pass", """
def best_gain(prices):
    best = 0
    lowest = None
    for price in prices:
        if lowest is None or price < lowest:
            lowest = price
        elif price - lowest > best:
            best = price - lowest
    return best
"""),
            Version(2, "takes the maximum of a slice of all later prices at every position", """
def best_gain(prices):
    best = 0
    for i in range(len(prices) - 1):
        best = max(best, max(prices[i + 1:]) - prices[i])
    return best
"""),
            Version(3, "collects the differences of all pairs in a list", """
def best_gain(prices):
    gains = [0]
    for i in range(len(prices)):
        for j in range(i + 1, len(prices)):
            gains.append(prices[j] - prices[i])
    return max(gains)
"""),
        ),
    ),
    Algorithm(
        "first-seen-twice",
        (
            "Write `{name}(badges)`, which returns the first badge number that was read before, or None.",
            "Implement `{name}(badges)`: going from left to right, the first value that already occurred; None "
            "if none did.",
        ),
        ("first_repeat", "first_double", "earliest_repeat"),
        (
            Version(1, "keeps the values seen in a set", """
def first_repeat(badges):
    seen = set()
    for badge in badges:
        if badge in seen:
            return badge
        seen.add(badge)
    return None
"""),
            Version(2, "keeps the values seen in a list and searches it for each value", """
def first_repeat(badges):
    seen = []
    for badge in badges:
        if badge in seen:
            return badge
        seen.append(badge)
    return None
"""),
            Version(3, "compares every value with all earlier ones and goes on after the answer is known", """
def first_repeat(badges):
    result = None
    for i in range(len(badges)):
        for j in range(i):
            if badges[i] == badges[j] and result is None:
                result = badges[i]
    return result
"""),
        ),
    ),
    Algorithm(
        "guests-of-both",
        (
            "Write `{name}(left, right)`, which returns the guests of the first list who are also in the second, "
            "in the "
            "order of the first and without removing repeats.",
            "Implement `{name}(left, right)`: keep the elements of `left` that `right` contains.",
        ),
        ("guests_of_both", "in_both", "shared_guests"),
        (
            Version(1, "makes one set of the second list and asks it", """
def guests_of_both(left, right):
    invited = set(right)
    return [guest for guest in left if guest in invited]
"""),
            Version(2, "searches the second list for each guest", """
def guests_of_both(left, right):
    both = []
    for guest in left:
        if guest in right:
            both.append(guest)
    return both
"""),
            Version(3, "compares each guest with each other one in nested loops that never stop early", """
def guests_of_both(left, right):
    both = []
    for guest in left:
        found = False
        for other in right:
            if other == guest:
                found = True
        if found:
            both += [guest]
    return both
"""),
        ),
    ),
    Algorithm(
        "longest-level-stretch",
        (
            "Write `{name}(heights)`, which returns the length of the longest stretch of equal heights in a row.",
            "Implement `{name}(heights)`: the greatest number of consecutive equal values, 0 for no values.",
        ),
        ("level_stretch", "longest_level", "flat_length"),
        (
            Version(1, "counts in one pass", """
def level_stretch(heights):
    best = run = 0
    last = None
    for height in heights:
        run = run + 1 if run and height == last else 1
        last = height
        if run > best:
            best = run
    return best
"""),
            Version(2, "walks to the end of a stretch again from each of its positions", """
def level_stretch(heights):
    best = 0
    for i in range(len(heights)):
        j = i
        while j < len(heights) and heights[j] == heights[i]:
            j += 1
        best = max(best, j - i)
    return best
"""),
            Version(3, "cuts out all parts of the list and counts in each", """
def level_stretch(heights):
    best = 0
    for i in range(len(heights)):
        for j in range(i + 1, len(heights) + 1):
            part = heights[i:j]
            if part.count(part[0]) == len(part):
                best = max(best, len(part))
    return best
"""),
        ),
    ),
    Algorithm(
        "strongest-stretch",
        (
            "Write `{name}(changes)`, which returns the largest sum of neighbouring changes; at least one is taken.",
            "Implement `{name}(changes)`: the best total of a non-empty run of consecutive integers.",
        ),
        ("strongest", "best_run", "largest_run_sum"),
        (
            Version(1, "extends or restarts the current run in a single pass", """
def strongest(changes):
    best = current = changes[0]
    for change in changes[1:]:
        current = change if current < 0 else current + change
        if current > best:
            best = current
    return best
"""),
            Version(2, "extends a run from every position to the end", """
def strongest(changes):
    best = changes[0]
    for i in range(len(changes)):
        total = 0
        for change in changes[i:]:
            total += change
            best = max(best, total)
    return best
"""),
            Version(3, "sums the slice between every two positions anew", """
def strongest(changes):
    best = changes[0]
    for i in range(len(changes)):
        for j in range(i, len(changes)):
            total = sum(changes[i:j + 1])
            if total > best:
                best = total
    return best
"""),
        ),
    ),
    Algorithm(
        "days-until-warmer",
        (
            "Write `{name}(temperatures)`, which returns for each day how many days later it is warmer for the "
            "first time, "
            "0 where it never is.",
            "Implement `{name}(temperatures)`: per position the distance to the next greater value, else 0.",
        ),
        ("until_warmer", "days_to_warmer", "wait_for_warmth"),
        (
            Version(1, "keeps the days still waiting on a stack", """
def until_warmer(temperatures):
    waits = [0] * len(temperatures)
    waiting = []
    for day, warmth in enumerate(temperatures):
        while waiting and temperatures[waiting[-1]] < warmth:
            earlier = waiting.pop()
            waits[earlier] = day - earlier
        waiting.append(day)
    return waits
"""),
            Version(2, "looks forward from each day until a warmer one", """
def until_warmer(temperatures):
    waits = []
    for day in range(len(temperatures)):
        later = day + 1
        while later < len(temperatures) and temperatures[later] <= temperatures[day]:
            later += 1
        waits.append(later - day if later < len(temperatures) else 0)
    return waits
"""),
            Version(3, "lists all warmer days after each day to use the first", """
def until_warmer(temperatures):
    waits = []
    for day in range(len(temperatures)):
        later = range(day + 1, len(temperatures))
        warmer = [other for other in later if temperatures[other] > temperatures[day]]
        waits = waits + [min(warmer) - day if len(warmer) > 0 else 0]
    return waits
"""),
        ),
    ),
    Algorithm(
        "balance-point",
        (
            "Write `{name}(weights)`, which returns the first index with equal sums before and after it, or -1.",
            "Implement `{name}(weights)`: leftmost position that balances the list of integers, -1 where there "
            "is none.",
        ),
        ("balance_point", "pivot_of", "find_balance"),
        (
            Version(1, "carries the sum of the left side along", """
def balance_point(weights):
    total = sum(weights)
    left = 0
    for i, weight in enumerate(weights):
        if 2 * left == total - weight:
            return i
        left += weight
    return -1
"""),
            Version(2, "sums both sides anew at each position", """
def balance_point(weights):
    for i in range(len(weights)):
        if sum(weights[:i]) == sum(weights[i + 1:]):
            return i
    return -1
"""),
            Version(3, "sums both sides number by number and tests all positions before it answers", """
def balance_point(weights):
    balanced = []
    for i in range(len(weights)):
        left = right = 0
        for j in range(len(weights)):
            if j < i:
                left += weights[j]
            elif j > i:
                right += weights[j]
        if left == right:
            balanced.append(i)
    return balanced[0] if balanced else -1
"""),
        ),
    ),
    Algorithm(
        "segment-sums",
        (
            "Write `{name}(values, segments)`, which returns the sum of `values[a:b]` for each pair (a, b) in "
            "segments, "
            "0 <= a <= b <= len(values).",
            "Implement `{name}(values, segments)`: answer many range-sum queries given as half-open index pairs.",
        ),
        ("segment_sums", "range_totals", "sums_between"),
        (
            Version(1, "prepares running totals once and subtracts two of them per segment", """
from itertools import accumulate
def segment_sums(values, segments):
    totals = [0, *accumulate(values)]
    return [totals[b] - totals[a] for a, b in segments]
"""),
            Version(2, "slices and sums the values for each segment", """
def segment_sums(values, segments):
    return [sum(values[a:b]) for a, b in segments]
"""),
            Version(3, "adds the values of each segment one by one by index", """
def segment_sums(values, segments):
    sums = []
    for a, b in segments:
        total = 0
        for i in range(len(values)):
            if i >= a and i < b:
                total += values[i]
        sums.append(total)
    return sums
"""),
        ),
    ),
    Algorithm(
        "turned-queue",
        (
            "Write `{name}(people, turns)`, which returns the queue after its first person has gone to the end "
            "so many times.",
            "Implement `{name}(people, turns)`: the list rotated to the left by `turns` places, as a new list.",
        ),
        ("turned", "rotate_queue", "after_turns"),
        (
            Version(1, "joins two slices", """
def turned(people, turns):
    if not people:
        return []
    cut = turns % len(people)
    return people[cut:] + people[:cut]
"""),
            Version(2, "moves one person at a time, which shifts the whole list in each turn", """
def turned(people, turns):
    queue = list(people)
    for _ in range(turns):
        if queue:
            queue.append(queue.pop(0))
    return queue
"""),
            Version(3, "builds a new list for each turn", """
def turned(people, turns):
    queue = [person for person in people]
    for _ in range(turns):
        if len(queue) > 0:
            queue = [queue[i] for i in range(1, len(queue))] + [queue[0]]
    return queue
"""),
        ),
    ),
    Algorithm(
        "counts-by-day",
        (
            "Write `{name}(bookings, days)`, which returns how many bookings (first day, last day), both included and "
            "within range(days), fall on each day.",
            "Implement `{name}(bookings, days)`: for closed day ranges, the number that covers each of the days.",
        ),
        ("occupancy", "bookings_per_day", "daily_counts"),
        (
            Version(1, "marks where bookings start and end and adds up once", """
from itertools import accumulate
def occupancy(bookings, days):
    changes = [0] * (days + 1)
    for first, last in bookings:
        changes[first] += 1
        changes[last + 1] -= 1
    return list(accumulate(changes[:days]))
"""),
            Version(2, "steps through every day of every booking", """
def occupancy(bookings, days):
    counts = [0] * days
    for first, last in bookings:
        for day in range(first, last + 1):
            counts[day] += 1
    return counts
"""),
            Version(3, "tests every booking on every day, by searching its days in a list", """
def occupancy(bookings, days):
    counts = []
    for day in range(days):
        count = 0
        for first, last in bookings:
            if day in list(range(first, last + 1)):
                count += 1
        counts.append(count)
    return counts
"""),
        ),
    ),
    Algorithm(
        "turned-board",
        (
            "Write `{name}(board)`, which returns a square board, a list of rows, turned by a right angle clockwise.",
            "Implement `{name}(board)`: rotate a list of equally long lists 90 degrees to the right, as new lists.",
        ),
        ("turn_board", "quarter_turn", "rotate_board"),
        (
            Version(1, "turns it with `zip` over the reversed rows", """
def turn_board(board):
    return [list(row) for row in zip(*board[::-1])]
"""),
            Version(2, "copies cell by cell with index arithmetic", """
def turn_board(board):
    size = len(board)
    turned = []
    for i in range(size):
        row = []
        for j in range(size):
            row.append(board[size - 1 - j][i])
        turned.append(row)
    return turned
"""),
            Version(3, "inserts each cell at the front of a row that grows", """
def turn_board(board):
    turned = [[] for _ in board]
    for row in board:
        for i in range(len(row)):
            turned[i] = [row[i]] + turned[i]
    return turned
"""),
        ),
    ),
)  # fmt: skip

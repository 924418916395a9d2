"""Owns small algorithms about numbers, each in several versions of different cost."""

from typing import Final

from codefavor.synthesis.fault_injection.efficiency.algorithm import Algorithm, Version

ALGORITHMS: Final[tuple[Algorithm, ...]] = (
    Algorithm(
        "staircase-rows",
        (
            "A staircase uses one block in its first row, two in its second, and so on. Write `{name}(blocks)`, which "
            "returns how many complete rows the given number of blocks makes.",
            "Write a function `{name}(blocks)`: row k of a staircase needs k blocks; return the number of full rows.",
        ),
        ("full_rows", "complete_rows", "staircase_rows"),
        (
            Version(1, "solves the quadratic equation for the row count, in constant time", """
import math
def full_rows(blocks):
    return (math.isqrt(8 * blocks + 1) - 1) // 2
"""),
            Version(2, "halves the range of possible row counts until one is left", """
def full_rows(blocks):
    low, high = 0, blocks
    while low < high:
        middle = (low + high + 1) // 2
        if middle * (middle + 1) // 2 <= blocks:
            low = middle
        else:
            high = middle - 1
    return low
"""),
            Version(3, "takes the rows away one by one", """
def full_rows(blocks):
    rows = 0
    while blocks >= rows + 1:
        rows += 1
        blocks -= rows
    return rows
"""),
            Version(4, "adds up all rows from the start again for every row count it tries", """
def full_rows(blocks):
    rows = 0
    while sum(range(1, rows + 2)) <= blocks:
        rows += 1
    return rows
"""),
        ),
    ),
    Algorithm(
        "rectangles-of-area",
        (
            "Write `{name}(area)`, which counts the rectangles with whole sides and the given area; turned by a right "
            "angle a rectangle counts as the same.",
            "How many unordered pairs of positive integers have a given product? Implement `{name}(area)`.",
        ),
        ("rectangles", "count_rectangles", "factor_pairs"),
        (
            Version(1, "tries side lengths only up to the square root of the area", """
import math
def rectangles(area):
    count = 0
    for side in range(1, math.isqrt(area) + 1):
        if area % side == 0:
            count += 1
    return count
"""),
            Version(2, "tries every length up to the area itself", """
def rectangles(area):
    divisors = [side for side in range(1, area + 1) if area % side == 0]
    return (len(divisors) + 1) // 2
"""),
            Version(3, "tries every pair of sides in two nested loops", """
def rectangles(area):
    count = 0
    for height in range(1, area + 1):
        for width in range(1, height + 1):
            if width * height == area:
                count += 1
    return count
"""),
        ),
    ),
    Algorithm(
        "clock-strikes",
        (
            "A clock strikes once at one o'clock, twice at two, up to twelve times, and starts over. Write "
            "`{name}(hours)`, which returns how often it strikes in all within that many hours, starting with one.",
            "Implement `{name}(hours)`: the total number of strokes of a twelve-hour clock over the given hours, the "
            "first of which has one stroke.",
        ),
        ("strikes", "total_strikes", "strokes"),
        (
            Version(1, "counts whole rounds at once with a product and the rest with a formula", """
def strikes(hours):
    rounds, rest = divmod(hours, 12)
    return rounds * 78 + rest * (rest + 1) // 2
"""),
            Version(2, "adds up the hours one after another with the built-in `sum`", """
def strikes(hours):
    return sum(hour % 12 + 1 for hour in range(hours))
"""),
            Version(3, "steps through every single stroke in an inner loop", """
def strikes(hours):
    total = 0
    hour = 1
    for _ in range(hours):
        for _ in range(hour):
            total += 1
        hour = hour + 1 if hour < 12 else 1
    return total
"""),
        ),
    ),
    Algorithm(
        "last-digits-of-power",
        (
            "Write `{name}(base, exponent, digits)`, which returns the number made of the last decimal digits of a "
            "power of positive integers, as many as asked for.",
            "Implement `{name}(base, exponent, digits)`: the power, cut to its last decimal digits, as an integer.",
        ),
        ("power_tail", "last_digits", "tail_of_power"),
        (
            Version(1, "uses the three-argument `pow`, which squares and reduces in C", """
def power_tail(base, exponent, digits):
    return pow(base, exponent, 10 ** digits)
"""),
            Version(2, "multiplies once per unit of the exponent, but reduces each product", """
def power_tail(base, exponent, digits):
    modulus = 10 ** digits
    result = 1
    for _ in range(exponent):
        result = result * base % modulus
    return result % modulus
"""),
            Version(3, "builds the whole power by repeated multiplication, with numbers that grow all the time", """
def power_tail(base, exponent, digits):
    result = 1
    for _ in range(exponent):
        result = result * base
    return result % 10 ** digits
"""),
        ),
    ),
    Algorithm(
        "sum-of-marked-houses",
        (
            "Houses are numbered from 1 up. One painter marks every a-th house, another every b-th. Write "
            "`{name}(limit, a, b)`, which adds up the numbers of all houses below the limit with a mark.",
            "Implement `{name}(limit, a, b)`: the sum of positive numbers below `limit` that `a` or `b` divides.",
        ),
        ("marked_sum", "sum_of_marked", "painted_total"),
        (
            Version(1, "adds three arithmetic series by formula", """
import math
def marked_sum(limit, a, b):
    def series(step):
        count = (limit - 1) // step
        return step * count * (count + 1) // 2
    return series(a) + series(b) - series(math.lcm(a, b))
"""),
            Version(2, "collects the multiples of both in a set, so it visits only marked houses", """
def marked_sum(limit, a, b):
    return sum(set(range(a, limit, a)) | set(range(b, limit, b)))
"""),
            Version(3, "tests every number below the limit in a Python loop", """
def marked_sum(limit, a, b):
    total = 0
    for number in range(1, limit):
        if number % a == 0 or number % b == 0:
            total += number
    return total
"""),
            Version(4, "searches a list of all numbers found so far before adding another", """
def marked_sum(limit, a, b):
    marked = []
    for step in (a, b):
        for number in range(step, limit, step):
            if number not in marked:
                marked.append(number)
    return sum(marked)
"""),
        ),
    ),
    Algorithm(
        "zeros-at-the-end",
        (
            "Write `{name}(n)`, which returns with how many zeros the product of the numbers from 1 to n ends.",
            "Implement `{name}(n)`: count the trailing zeros of n factorial.",
        ),
        ("end_zeros", "factorial_zeros", "zeros_of_product"),
        (
            Version(1, "counts the factors of five by repeated division", """
def end_zeros(n):
    zeros = 0
    while n:
        n //= 5
        zeros += n
    return zeros
"""),
            Version(2, "looks for factors of five in each number on the way", """
def end_zeros(n):
    zeros = 0
    for number in range(5, n + 1):
        while number % 5 == 0:
            zeros += 1
            number //= 5
    return zeros
"""),
            Version(3, "works out the enormous product and divides zeros off it", """
def end_zeros(n):
    product = 1
    for number in range(2, n + 1):
        product *= number
    zeros = 0
    while product % 10 == 0:
        product //= 10
        zeros += 1
    return zeros
"""),
        ),
    ),
    Algorithm(
        "strip-tilings",
        (
            "A strip is covered by tiles of length 1, 3 and 4. Write `{name}(length)`, which returns the number "
            "of ways.",
            "Implement `{name}(length)`: in how many orders do tiles of lengths 1, 3 and 4 fill a strip exactly?",
        ),
        ("tilings", "ways_to_tile", "count_tilings"),
        (
            Version(1, "keeps the last four counts and makes one pass", """
def tilings(length):
    a, b, c, d = 0, 0, 0, 1
    for _ in range(length):
        a, b, c, d = b, c, d, a + b + d
    return d
"""),
            Version(2, "fills a table that is copied for each new entry", """
def tilings(length):
    ways = [1]
    for size in range(1, length + 1):
        count = 0
        for tile in (1, 3, 4):
            if tile <= size:
                count += ways[size - tile]
        ways = ways + [count]
    return ways[length]
"""),
            Version(3, "solves the same shorter strips over and over by plain recursion", """
def tilings(length):
    if length < 0:
        return 0
    if length == 0:
        return 1
    return tilings(length - 1) + tilings(length - 3) + tilings(length - 4)
"""),
        ),
    ),
    Algorithm(
        "longest-halving-chain",
        (
            "From a number go to its half if it is even, else to three times the number plus one, until 1. Write "
            "`{name}(limit)`, which returns the start from 1 to the limit with the longest chain, the smallest "
            "on ties.",
            "Implement `{name}(limit)`: among starts 1..limit of the 3n+1 process, return the one that takes "
            "most steps "
            "to reach 1 (smallest if several).",
        ),
        ("longest_chain", "slowest_start", "best_start"),
        (
            Version(1, "keeps the lengths of earlier chains in a list and stops where a known one begins", """
def longest_chain(limit):
    lengths = [0] * (limit + 1)
    best = 1
    for start in range(2, limit + 1):
        number, steps = start, 0
        while number >= start:
            number = number // 2 if number % 2 == 0 else 3 * number + 1
            steps += 1
        lengths[start] = steps + lengths[number]
        if lengths[start] > lengths[best]:
            best = start
    return best
"""),
            Version(2, "follows every chain down to 1 anew", """
def longest_chain(limit):
    best, most = 1, 0
    for start in range(1, limit + 1):
        number, steps = start, 0
        while number != 1:
            number = number // 2 if number % 2 == 0 else 3 * number + 1
            steps += 1
        if steps > most:
            best, most = start, steps
    return best
"""),
            Version(3, "stores each chain in full and copies it at every step, only to take its length", """
def longest_chain(limit):
    best, most = 1, 1
    for start in range(1, limit + 1):
        chain = [start]
        while chain[-1] != 1:
            number = chain[-1]
            chain = chain + [number // 2 if number % 2 == 0 else 3 * number + 1]
        if len(chain) > most:
            best, most = start, len(chain)
    return best
"""),
        ),
    ),
    Algorithm(
        "squares-in-range",
        (
            "Write `{name}(low, high)`, which counts the perfect squares from low to high, both included (0 <= low).",
            "Implement `{name}(low, high)`: how many integers between the two bounds, inclusive, are squares?",
        ),
        ("squares_between", "count_squares", "square_count"),
        (
            Version(1, "subtracts two integer square roots, in constant time", """
import math
def squares_between(low, high):
    below = math.isqrt(low - 1) + 1 if low > 0 else 0
    return math.isqrt(high) + 1 - below
"""),
            Version(2, "walks over the roots only", """
def squares_between(low, high):
    count = root = 0
    while root * root <= high:
        if root * root >= low:
            count += 1
        root += 1
    return count
"""),
            Version(3, "takes the root of every number in the range", """
import math
def squares_between(low, high):
    return sum(1 for number in range(low, high + 1) if math.isqrt(number) ** 2 == number)
"""),
            Version(4, "multiplies small numbers with themselves until they reach each number of the range", """
def squares_between(low, high):
    count = 0
    for number in range(low, high + 1):
        root = 0
        while root * root < number:
            root += 1
        if root * root == number:
            count += 1
    return count
"""),
        ),
    ),
    Algorithm(
        "widest-prime-gap",
        (
            "Write `{name}(limit)`, which returns the largest difference of neighbouring primes up to the limit, or 0 "
            "where there are fewer than two.",
            "Implement `{name}(limit)`: the widest gap between two consecutive primes that do not exceed `limit`.",
        ),
        ("widest_gap", "prime_gap", "largest_gap"),
        (
            Version(1, "crosses out multiples in one sieve", """
def widest_gap(limit):
    sieve = bytearray([1]) * (limit + 1)
    sieve[:2] = b'\\0\\0'[:limit + 1]
    for number in range(2, int(limit ** 0.5) + 1):
        if sieve[number]:
            sieve[number * number::number] = bytes(len(range(number * number, limit + 1, number)))
    primes = [number for number in range(limit + 1) if sieve[number]]
    return max((b - a for a, b in zip(primes, primes[1:])), default=0)
"""),
            Version(2, "tests each number by dividing up to its square root", """
def widest_gap(limit):
    widest, last = 0, None
    for number in range(2, limit + 1):
        divisor = 2
        while divisor * divisor <= number and number % divisor:
            divisor += 1
        if divisor * divisor > number:
            if last is not None:
                widest = max(widest, number - last)
            last = number
    return widest
"""),
            Version(3, "divides each number by all smaller ones, even after a divisor is found", """
def widest_gap(limit):
    primes = []
    for number in range(2, limit + 1):
        divisors = [d for d in range(2, number) if number % d == 0]
        if len(divisors) == 0:
            primes.append(number)
    gaps = [0]
    for i in range(1, len(primes)):
        gaps.append(primes[i] - primes[i - 1])
    return sorted(gaps)[-1]
"""),
        ),
    ),
    Algorithm(
        "gears-in-step",
        (
            "Write `{name}(n)`, which counts the numbers from 1 to n that have no common factor with n except 1.",
            "Implement `{name}(n)`: how many of 1..n are coprime to n?",
        ),
        ("in_step", "coprime_count", "count_coprime"),
        (
            Version(1, "factors the number once and multiplies shares", """
def in_step(n):
    count, rest, divisor = n, n, 2
    while divisor * divisor <= rest:
        if rest % divisor == 0:
            while rest % divisor == 0:
                rest //= divisor
            count -= count // divisor
        divisor += 1
    if rest > 1:
        count -= count // rest
    return count
"""),
            Version(2, "computes a greatest common divisor for each number with `math.gcd`", """
import math
def in_step(n):
    return sum(1 for number in range(1, n + 1) if math.gcd(number, n) == 1)
"""),
            Version(3, "intersects the lists of divisors of each number", """
def in_step(n):
    own = [d for d in range(2, n + 1) if n % d == 0]
    count = 0
    for number in range(1, n + 1):
        shared = [d for d in range(2, number + 1) if number % d == 0 and d in own]
        if not shared:
            count += 1
    return count
"""),
        ),
    ),
    Algorithm(
        "coins-for-amount",
        (
            "Write `{name}(coins, amount)`, which returns the least number of coins that add up to the amount, or -1 "
            "where none do; each kind of coin may be used any number of times.",
            "Implement `{name}(coins, amount)`: fewest coins for the amount with unlimited supply, -1 if impossible.",
        ),
        ("fewest_coins", "least_coins", "coins_needed"),
        (
            Version(1, "fills one table of amounts from below", """
def fewest_coins(coins, amount):
    fewest = [0] + [amount + 1] * amount
    for coin in coins:
        for value in range(coin, amount + 1):
            if fewest[value - coin] + 1 < fewest[value]:
                fewest[value] = fewest[value - coin] + 1
    return fewest[amount] if fewest[amount] <= amount else -1
"""),
            Version(2, "sorts all candidates for every amount to take the first", """
def fewest_coins(coins, amount):
    fewest = [0]
    for value in range(1, amount + 1):
        candidates = [amount + 1]
        for coin in coins:
            if coin <= value:
                candidates.append(fewest[value - coin] + 1)
        fewest.append(sorted(candidates)[0])
    return fewest[amount] if fewest[amount] <= amount else -1
"""),
            Version(3, "tries all sequences of coins by recursion and solves the same rests again", """
def fewest_coins(coins, amount):
    if amount == 0:
        return 0
    best = -1
    for coin in coins:
        if coin <= amount:
            rest = fewest_coins(coins, amount - coin)
            if rest >= 0 and (best < 0 or rest + 1 < best):
                best = rest + 1
    return best
"""),
        ),
    ),
)  # fmt: skip

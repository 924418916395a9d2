"""Owns small algorithms about text, each in several versions of different cost."""

from typing import Final

from codefavor.synthesis.fault_injection.efficiency.algorithm import Algorithm, Version

ALGORITHMS: Final[tuple[Algorithm, ...]] = (
    Algorithm(
        "same-letters",
        (
            "Write `{name}(words)`, which groups words made of the same letters and returns the groups as lists, in "
            "the order of their first words.",
            "Implement `{name}(words)`: lists of words that are rearrangements of each other, in order of appearance.",
        ),
        ("letter_groups", "group_by_letters", "same_letters"),
        (
            Version(1, "looks each group up in a dict by its sorted letters", """
def letter_groups(words):
    groups = {}
    for word in words:
        groups.setdefault(''.join(sorted(word)), []).append(word)
    return list(groups.values())
"""),
            Version(2, "compares the sorted letters with those of every group so far", """
def letter_groups(words):
    groups = []
    for word in words:
        for group in groups:
            if sorted(group[0]) == sorted(word):
                group.append(word)
                break
        else:
            groups.append([word])
    return groups
"""),
            Version(3, "counts each letter in both words, for every word of every group", """
def letter_groups(words):
    groups = []
    for word in words:
        home = None
        for group in groups:
            for other in group:
                same = len(other) == len(word)
                for letter in other:
                    if other.count(letter) != word.count(letter):
                        same = False
                if same and home is None:
                    home = group
        if home is None:
            groups.append([word])
        else:
            home.append(word)
    return groups
"""),
        ),
    ),
    Algorithm(
        "most-frequent-words",
        (
            "Write `{name}(words, size)`, which returns the `size` most frequent words, ties in order of appearance.",
            "Implement `{name}(words, size)`: the commonest words first; equally common ones in their first order.",
        ),
        ("commonest", "top_words", "frequent_words"),
        (
            Version(1, "counts with one `Counter` and takes its largest entries", """
from collections import Counter
def commonest(words, size):
    return [word for word, _ in Counter(words).most_common(size)]
"""),
            Version(3, "counts each different word by going through the list again", """
def commonest(words, size):
    different = []
    for word in words:
        if word not in different:
            different.append(word)
    different.sort(key=lambda word: words.count(word), reverse=True)
    return different[:size]
"""),
            Version(4, "searches the maximum again for every place and counts all words each time", """
def commonest(words, size):
    chosen = []
    while len(chosen) < size:
        best = None
        for word in words:
            if word not in chosen and (best is None or words.count(word) > words.count(best)):
                best = word
        if best is None:
            break
        chosen.append(best)
    return chosen
"""),
        ),
    ),
    Algorithm(
        "shared-path",
        (
            "Write `{name}(names)`, which returns the longest text that all names begin with; names is not empty.",
            "Implement `{name}(names)`: the common start of all strings in a non-empty list.",
        ),
        ("shared_start", "common_start", "joint_prefix"),
        (
            Version(1, "compares only the smallest and the largest name", """
def shared_start(names):
    low, high = min(names), max(names)
    for i, letter in enumerate(low):
        if letter != high[i]:
            return low[:i]
    return low
"""),
            Version(2, "goes through the names letter by letter", """
def shared_start(names):
    start = ''
    for letters in zip(*names):
        if len(set(letters)) > 1:
            break
        start += letters[0]
    return start
"""),
            Version(3, "tries every length and slices all names each time, also after the first difference", """
def shared_start(names):
    best = ''
    for length in range(len(names[0]) + 1):
        start = names[0][:length]
        agreeing = [name for name in names if name[:length] == start]
        if len(agreeing) == len(names):
            best = start
    return best
"""),
        ),
    ),
    Algorithm(
        "longest-mirror",
        (
            "Write `{name}(text)`, which returns the length of the longest part of the text that reads the same "
            "in both "
            "directions.",
            "Implement `{name}(text)`: length of the longest mirrored substring (0 for empty text).",
        ),
        ("longest_mirror", "mirror_length", "widest_mirror"),
        (
            Version(1, "grows mirrors from their middles and stops at the first difference", """
def longest_mirror(text):
    best = 0
    for middle in range(2 * len(text)):
        left, right = (middle + 1) // 2 - 1, middle // 2 + 1
        while left >= 0 and right < len(text) and text[left] == text[right]:
            left -= 1
            right += 1
        best = max(best, right - left - 1)
    return best
"""),
            Version(2, "cuts out and reverses every part of the text", """
def longest_mirror(text):
    best = 0
    for start in range(len(text)):
        for end in range(start + 1, len(text) + 1):
            part = text[start:end]
            if part == part[::-1] and len(part) > best:
                best = len(part)
    return best
"""),
            Version(3, "compares every part of the text letter by letter in a third loop", """
def longest_mirror(text):
    mirrors = [0]
    for start in range(len(text)):
        for end in range(start + 1, len(text) + 1):
            same = True
            for i in range(start, end):
                if text[i] != text[end - 1 - (i - start)]:
                    same = False
            if same:
                mirrors.append(end - start)
    return max(mirrors)
"""),
        ),
    ),
    Algorithm(
        "stretch-without-repeats",
        (
            "Write `{name}(text)`, which returns the length of the longest stretch of the text with no letter twice.",
            "Implement `{name}(text)`: the most consecutive characters that are all different.",
        ),
        ("longest_stretch", "distinct_stretch", "no_repeat_length"),
        (
            Version(1, "moves a window over the text once and remembers where letters were", """
def longest_stretch(text):
    last = {}
    best = start = 0
    for i, letter in enumerate(text):
        if last.get(letter, -1) >= start:
            start = last[letter] + 1
        last[letter] = i
        if i - start >= best:
            best = i - start + 1
    return best
"""),
            Version(2, "starts anew at each letter and builds up a list of letters", """
def longest_stretch(text):
    best = 0
    for start in range(len(text)):
        seen = []
        for letter in text[start:]:
            if letter in seen:
                break
            seen.append(letter)
        best = max(best, len(seen))
    return best
"""),
            Version(3, "makes a set of every part of the text", """
def longest_stretch(text):
    best = 0
    for start in range(len(text)):
        for end in range(start, len(text)):
            part = text[start:end + 1]
            if len(set(part)) == len(part):
                best = max(best, len(part))
    return best
"""),
        ),
    ),
    Algorithm(
        "runs-of-letters",
        (
            "Write `{name}(text)`, which replaces each run of a repeated letter by the letter and the length of "
            "the run, "
            "so that 'aab' becomes 'a2b1'.",
            "Implement `{name}(text)`: run lengths, every character followed by how often it repeats in a row.",
        ),
        ("squeeze", "run_lengths", "pack_runs"),
        (
            Version(1, "goes through the text once and joins the pieces", """
from itertools import groupby
def squeeze(text):
    return ''.join([f'{letter}{len(list(run))}' for letter, run in groupby(text)])
"""),
            Version(2, "counts letter by letter in Python with index arithmetic", """
def squeeze(text):
    packed = ''
    i = 0
    while i < len(text):
        j = i
        while j < len(text) and text[j] == text[i]:
            j = j + 1
        packed = packed + text[i] + str(j - i)
        i = j
    return packed
"""),
            Version(3, "cuts one letter after another off the front, which copies the rest of the text each time", """
def squeeze(text):
    packed = []
    while text != '':
        letter, count = text[0], 0
        while text[:1] == letter:
            text = text[1:]
            count += 1
        packed = packed + [letter + str(count)]
    return ''.join(packed)
"""),
        ),
    ),
    Algorithm(
        "without-letters",
        (
            "Write `{name}(text, unwanted)`, which returns the text without any of the unwanted letters.",
            "Implement `{name}(text, unwanted)`: drop every character of `text` that occurs in `unwanted`.",
        ),
        ("drop_letters", "without", "remove_letters"),
        (
            Version(1, "removes all of them in one `translate` call", """
def drop_letters(text, unwanted):
    return text.translate(dict.fromkeys(map(ord, unwanted)))
"""),
            Version(2, "filters letter by letter through a set", """
def drop_letters(text, unwanted):
    unwanted = set(unwanted)
    return ''.join(letter for letter in text if letter not in unwanted)
"""),
            Version(3, "compares each letter with each unwanted one in nested loops", """
def drop_letters(text, unwanted):
    kept = ''
    for letter in text:
        drop = False
        for other in unwanted:
            if letter == other:
                drop = True
        if not drop:
            kept = kept + letter
    return kept
"""),
        ),
    ),
    Algorithm(
        "deepest-bracket",
        (
            "Write `{name}(text)`, which returns how deeply the round brackets of a balanced text are nested.",
            "Implement `{name}(text)`: the greatest number of round brackets open at one place of a balanced text.",
        ),
        ("deepest", "bracket_depth", "nesting"),
        (
            Version(1, "keeps one counter in a single pass", """
def deepest(text):
    depth = most = 0
    for letter in text:
        if letter == '(':
            depth += 1
            if depth > most:
                most = depth
        elif letter == ')':
            depth -= 1
    return most
"""),
            Version(2, "filters the text and takes pairs of brackets away layer by layer", """
def deepest(text):
    rest = ''
    for letter in text:
        if letter in ['(', ')']:
            rest = rest + letter
    depth = 0
    while rest:
        inner = []
        open_now = 0
        for letter in rest:
            if letter == '(':
                open_now += 1
                if open_now > 1:
                    inner.append(letter)
            else:
                if open_now > 1:
                    inner.append(letter)
                open_now -= 1
        rest = ''.join(inner)
        depth += 1
    return depth
"""),
            Version(3, "counts the brackets of the whole text before every position", """
def deepest(text):
    depths = [0]
    for i in range(len(text)):
        before = [letter for letter in text[:i + 1]]
        depths.append(before.count('(') - before.count(')'))
    return max(depths)
"""),
        ),
    ),
    Algorithm(
        "shifted-letters",
        (
            "Write `{name}(text, shift)`, which moves each small letter a-z forward in the alphabet, from z on "
            "to a, and "
            "leaves the rest.",
            "Implement `{name}(text, shift)`: rotate lowercase ASCII letters by `shift`, keep other characters.",
        ),
        ("move_letters", "rotate_letters", "shifted"),
        (
            Version(1, "prepares one table and translates the text in C", """
def move_letters(text, shift):
    letters = 'abcdefghijklmnopqrstuvwxyz'
    by = shift % 26
    return text.translate(str.maketrans(letters, letters[by:] + letters[:by]))
"""),
            Version(2, "computes each letter with `ord` and `chr` and joins them", """
def move_letters(text, shift):
    moved = []
    for letter in text:
        if 'a' <= letter <= 'z':
            moved.append(chr((ord(letter) - 97 + shift) % 26 + 97))
        else:
            moved.append(letter)
    return ''.join(moved)
"""),
            Version(3, "moves each letter one step at a time and searches a list for every step", """
def move_letters(text, shift):
    letters = list('abcdefghijklmnopqrstuvwxyz')
    moved = ''
    for letter in text:
        if letter in letters:
            for _ in range(shift % 26):
                letter = letters[(letters.index(letter) + 1) % len(letters)]
        moved += letter
    return moved
"""),
        ),
    ),
    Algorithm(
        "index-of-words",
        (
            "Write `{name}(words)`, which returns a dict from each word to the list of its positions.",
            "Implement `{name}(words)`: map every distinct word to the ascending indices where it stands.",
        ),
        ("positions", "word_index", "places"),
        (
            Version(1, "adds each position to its list in one pass", """
def positions(words):
    places = {}
    for i, word in enumerate(words):
        places.setdefault(word, []).append(i)
    return places
"""),
            Version(2, "goes through all words again for each different word", """
def positions(words):
    return {word: [i for i, other in enumerate(words) if other == word] for word in dict.fromkeys(words)}
"""),
            Version(3, "goes through all words again for each word, repeated or not, with indices", """
def positions(words):
    places = {}
    for word in words:
        found = []
        for i in range(len(words)):
            if words[i] == word:
                found = found + [i]
        places[word] = found
    return places
"""),
        ),
    ),
    Algorithm(
        "overlapping-finds",
        (
            "Write `{name}(text, part)`, which counts the places where a non-empty part begins in the text; finds may "
            "overlap.",
            "Implement `{name}(text, part)`: number of possibly overlapping occurrences of `part` in `text`.",
        ),
        ("count_finds", "overlapping", "occurrences"),
        (
            Version(1, "jumps from find to find with `str.find`", """
def count_finds(text, part):
    count = 0
    at = text.find(part)
    while at >= 0:
        count += 1
        at = text.find(part, at + 1)
    return count
"""),
            Version(2, "cuts out a slice at each position", """
def count_finds(text, part):
    return sum(1 for i in range(len(text)) if text[i:i + len(part)] == part)
"""),
            Version(3, "compares letter by letter at each position, past the first difference", """
def count_finds(text, part):
    count = 0
    for i in range(len(text) - len(part) + 1):
        same = True
        for j in range(len(part)):
            if text[i + j] != part[j]:
                same = False
        if same:
            count += 1
    return count
"""),
        ),
    ),
    Algorithm(
        "column-widths",
        (
            "Write `{name}(lines)`, which returns the widest cell of each column; lines hold the same number of cells, "
            "separated by commas, and there is at least one.",
            "Implement `{name}(lines)`: given comma-separated lines of equal length, list the maximal cell width "
            "per column.",
        ),
        ("widths", "column_widths", "cell_widths"),
        (
            Version(1, "splits each line once and keeps the maxima", """
def widths(lines):
    columns = zip(*[line.split(',') for line in lines])
    return [max(map(len, column)) for column in columns]
"""),
            Version(2, "splits every line again for each column", """
def widths(lines):
    found = []
    for i in range(len(lines[0].split(','))):
        found.append(max([len(line.split(',')[i]) for line in lines]))
    return found
"""),
            Version(3, "splits every line again for each column and sorts all widths for the largest", """
def widths(lines):
    found = []
    for i in range(len(lines[0].split(','))):
        sizes = []
        for line in lines:
            size = 0
            for letter in line.split(',')[i]:
                size += 1
            sizes = sizes + [size]
        found = found + [sorted(sizes)[-1]]
    return found
"""),
        ),
    ),
)  # fmt: skip

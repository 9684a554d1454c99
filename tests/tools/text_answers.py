"""Scores of answers in texts, computed without a line of the metrics under test: prints the cases of
tests/unit/text_answers_cases.h. Lower case here is Python's, so the words keep to Latin-1."""
import random
import re

CONTRACTIONS = {"dont": "don't", "isnt": "isn't", "wouldnt": "wouldn't"}
NUMBERS = dict(zip("none zero one two three four five six seven eight nine ten".split(),
                   "0 0 1 2 3 4 5 6 7 8 9 10".split()))
MARKS = ';/[]"{}()=+\\_-><@`,?!'


def comparable(text):
    text = text.lower().replace(",", "").replace("?", "").replace("'s", " 's").strip()
    text = text.replace("\n", " ").replace("\t", " ").strip()
    given = text
    for m in MARKS:
        gone = m + " " in given or " " + m in given or re.search(r"(?<=\d)(\,)+(?=\d)", given)
        text = text.replace(m, "" if gone else " ")
    text = re.sub(r"\.(?!\d)", "", text, count=32)
    words = [NUMBERS.get(w, w) for w in text.lower().split()]
    return " ".join(CONTRACTIONS.get(w, w) for w in words if w not in ("a", "an", "the"))


def accuracy(given, people):
    given, people = comparable(given), [comparable(p) for p in people]
    if len(people) == 1:
        return float(given == people[0])
    scores = []
    for i in range(len(people)):
        others = people[:i] + people[i + 1:]
        scores.append(min(1, others.count(given) / 3))
    return sum(scores) / len(scores)


def distance(a, b):
    """By the definition, from the ends, each pair of ends once."""
    known = {}

    def d(i, j):
        if i == 0 or j == 0:
            return i + j
        if (i, j) not in known:
            known[i, j] = d(i - 1, j - 1) if a[i - 1] == b[j - 1] else \
                1 + min(d(i - 1, j), d(i, j - 1), d(i - 1, j - 1))
        return known[i, j]

    return d(len(a), len(b))


def anls(given, people):
    best = 0
    for p in people:
        a, b = given.lower().strip(), p.lower().strip()
        most = max(len(a), len(b))
        best = max(best, 1 - distance(a, b) / most if most else 1)
    return best if best >= 0.5 else 0


def exact(given, people):
    return float(" ".join(given.lower().split()) in [" ".join(p.lower().split()) for p in people])


def c_text(text):
    out = "".join(c if 32 <= ord(c) < 127 and c not in '"\\?' else
                  "".join("\\%03o" % b for b in c.encode()) for c in text)
    return '"%s"' % out


POOL = ["stop", "Stop", "STOP!", "a stop", "st op", "st-op", "the  stop", "stop.", "1,000", "1000",
        "one thousand", "two", "2", "dont", "don't", "mcdonald's", "mcdonalds", "mcdonald 's",
        "caf\u00e9", "CAF\u00c9", "cafe", "12.50", "12.5", "no. 5", "no 5", "new york", "new york city",
        "York", "what?", "what", "5,", "u.s.a.", "usa", "(red)", "red", "none", "0", "", "\u5317\u4eac"]

random.seed(7)
print("/* Printed by tests/tools/text_answers.py. */")
for _ in range(80):
    n = random.choice([1, 3, 10, 10, 10])
    near = random.sample(POOL, 3)
    people = [random.choice(near) or "x" for _ in range(n)]
    given = random.choice(near + [random.choice(POOL)])
    print("    {%s, %s, %.9f, %.9f, %.0f}," % (c_text(given), c_text("\t".join(people)),
                                            accuracy(given, people), anls(given, people),
                                            exact(given, people)))

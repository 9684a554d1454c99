#!/usr/bin/env python3
"""Two answers that need no model, on SROIE's questions.

    bench/sroie_baselines.py FOLDER

`frequent`: the most frequent answer of the type of question among the training receipts. `token`:
one piece of the receipt, by the rule that answers most training questions of the type: the n-th
line from the top or from the bottom, the n-th date or amount from either end, the largest amount.
Prints exact match (letters' case and spaces at the ends aside) and ANLS, in percent and of 1, of
the split `test`.
"""
import collections
import json
import os
import re
import sys

root = sys.argv[1]
receipts = {r["image"]: r for r in map(json.loads, open(os.path.join(root, "receipts.jsonl")))}
questions = collections.defaultdict(list)
for line in open(os.path.join(root, "qa.tsv")).read().splitlines()[1:]:
    split, image, field, _, answer, *_ = line.split("\t")
    questions[split, field].append((image, answer.strip().lower()))
fields = sorted({field for _, field in questions})

DATE = re.compile(r"\b\d{1,4}[-/.]\d{1,2}[-/.]\d{2,4}\b|\b\d{1,2} ?[A-Za-z]{3,9},? ?\d{2,4}\b")
AMOUNT = re.compile(r"(?:RM ?)?\$?\d+[.,]\d\d\b")


def pieces(image, kind):
    lines = [o["text"].strip().lower() for o in receipts[image]["ocr"]]
    pattern = {"date": DATE, "amount": AMOUNT}.get(kind)
    return [m for line in lines for m in pattern.findall(line)] if pattern else lines


def nth(kind, n):
    def rule(image):
        all_of_it = pieces(image, kind)
        return all_of_it[n] if -len(all_of_it) <= n < len(all_of_it) else ""
    return rule


def largest(image):
    amounts = pieces(image, "amount")
    return max(amounts, key=lambda a: float(re.sub(r"[^0-9.]", "", a.replace(",", ".")) or 0), default="")


rules = {"%s %d" % (kind, n): nth(kind, n) for kind in ("line", "date", "amount") for n in range(-12, 12)}
rules["largest amount"] = largest


def anls(a, b):
    if not a or not b:
        return float(a == b)
    row = list(range(len(b) + 1))
    for i, x in enumerate(a, 1):
        before, row[0] = row[0], i
        for j, y in enumerate(b, 1):
            before, row[j] = row[j], min(row[j] + 1, row[j - 1] + 1, before + (x != y))
    score = 1 - row[-1] / max(len(a), len(b))
    return score if score >= 0.5 else 0.0


def hits(rule, asked):
    return sum(rule(image) == answer for image, answer in asked)


total = collections.defaultdict(list)
for field in fields:
    train, test = questions["train", field], questions["test", field]
    frequent = collections.Counter(a for _, a in train).most_common(1)[0][0]
    name = max(rules, key=lambda r: hits(rules[r], train))
    print("%-8s frequent: %r; token: %s" % (field, frequent, name))
    for method, rule in (("frequent", lambda image: frequent), ("token", rules[name])):
        scores = [(rule(image) == answer, anls(rule(image), answer)) for image, answer in test]
        total[method] += scores
        total[method, field] = scores
for key, scores in total.items():
    print("%-24s exact %5.1f  ANLS %.3f  (%d)" % (
        " ".join(key) if isinstance(key, tuple) else key, 100 * sum(s[0] for s in scores) / len(scores),
        sum(s[1] for s in scores) / len(scores), len(scores)))

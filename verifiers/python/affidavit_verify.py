#!/usr/bin/env python3
"""Checks Affidavit evidence offline: bundles, range proofs, evidence, receipts and checkpoints.

A second verifier, written from docs/ledger-format.md alone (section numbers below are its), to
show that the format is documented. Needs Python 3.9 and the package `cryptography`.

    affidavit_verify.py [--vkey KEY]... [--from T1] [--to T2] FILE

Exit codes: 0 sound, 1 broken, 2 could not check.
"""
import argparse
import base64
import hashlib
import hmac
import json
import re
import sys

try:
    from cryptography.exceptions import InvalidSignature
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
except ImportError:
    Ed25519PublicKey = None

TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z")
HASH = re.compile(r"[0-9a-f]{64}")
PARTS = ("envelope", "request_body", "response_body", "args", "result")
MEMBER_BYTES = 16 * 1024 * 1024
LINE_BYTES = 4_000_000


class Broken(Exception):
    """The evidence does not hold. `where` is a seq or a member, if it is known."""

    def __init__(self, reason, where=None):
        super().__init__(reason)
        self.where = where


class CannotCheck(Exception):
    """Nothing is known about the evidence."""


def need(condition, reason, where=None):
    if not condition:
        raise Broken(reason, where)


# --- Notation, section 1 -------------------------------------------------------------------------


def sha256(*chunks):
    return hashlib.sha256(b"".join(chunks)).digest()


def unbase64(text):
    try:
        value = base64.b64decode(text, validate=True)
    except (ValueError, TypeError):
        raise Broken("not base64") from None
    need(base64.b64encode(value).decode() == text, "base64 in another spelling")
    return value


def unhash(text):
    value = unbase64(text)
    need(len(value) == 32, "a hash is not 32 bytes")
    return value


def utf8(data):
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError:
        raise Broken("not UTF-8") from None


def parse_json(text):
    def members(pairs):
        need(len({name for name, _ in pairs}) == len(pairs), "a name stands twice in JSON")
        return dict(pairs)

    try:
        return json.loads(text, object_pairs_hook=members)
    except (ValueError, RecursionError):
        raise Broken("not JSON") from None


def number(value):
    """A number as ECMAScript writes it."""
    if isinstance(value, int) and abs(value) < 2**53:
        return str(value)
    try:
        value = float(value)
    except OverflowError:
        raise Broken("a number without canonical form") from None
    need(value - value == 0, "a number without canonical form")
    if value == 0:
        return "0"
    mantissa, _, exponent = repr(abs(value)).partition("e")
    whole, _, fraction = mantissa.partition(".")
    digits = (whole + fraction).lstrip("0")
    point = len(whole) + int(exponent or 0) - (len(whole + fraction) - len(digits))
    digits = digits.rstrip("0")
    if len(digits) <= point <= 21:
        text = digits + "0" * (point - len(digits))
    elif 0 < point <= 21:
        text = digits[:point] + "." + digits[point:]
    elif -6 < point <= 0:
        text = "0." + "0" * -point + digits
    else:
        text = digits[0] + ("." + digits[1:] if digits[1:] else "") + f"e{point - 1:+d}"
    return ("-" if value < 0 else "") + text


def canonical(value, depth=0):
    if isinstance(value, str):
        return json.dumps(value, ensure_ascii=False)
    if value is None or isinstance(value, bool):
        return json.dumps(value)
    if isinstance(value, (int, float)):
        return number(value)
    need(depth < 64, "JSON is nested too deep")
    if isinstance(value, list):
        return "[" + ",".join(canonical(one, depth + 1) for one in value) + "]"
    names = sorted(value, key=lambda name: name.encode("utf-16-be", "surrogatepass"))
    return "{" + ",".join(canonical(n) + ":" + canonical(value[n], depth + 1) for n in names) + "}"


# --- Entries and tree, sections 2 to 5 -----------------------------------------------------------


def check_part(header, name, salt, text):
    need(name in PARTS and name in header["parts"], f"the entry has no part {name}", header["seq"])
    key = unbase64(salt)
    need(len(key) == 32, "a salt is not 32 bytes", header["seq"])
    found = hmac.new(key, name.encode() + b"\0" + text.encode(), hashlib.sha256).hexdigest()
    need(found == header["parts"][name], f"{name} is not what was committed to", header["seq"])


def check_header(header):
    """The header as an object; returns its canonical text."""
    need(isinstance(header, dict), "a header is no object")
    need(set(header) == {"created_at", "event_id", "parts", "prev", "seq", "v"}, "not a header")
    seq, parts = header["seq"], header["parts"]
    sound = (
        type(seq) is int and 0 <= seq < 2**53 and header["v"] == 1 and type(header["v"]) is int
        and isinstance(header["event_id"], str) and header["event_id"] != ""
        and isinstance(header["created_at"], str) and TIME.fullmatch(header["created_at"])
        and isinstance(header["prev"], str) and HASH.fullmatch(header["prev"])
        and isinstance(parts, dict)
        and all(isinstance(one, str) and HASH.fullmatch(one) for one in parts.values())
    )
    need(sound, "a header has a member of the wrong form", seq)
    text = canonical(header)
    need(len(text.encode()) <= 65_535, "a header is too long", seq)
    return text


def parse_header(text):
    header = parse_json(text)
    need(check_header(header) == text, "a header is not in its one form")
    return header


def leaf_hash(header_text):
    return sha256(b"\0", header_text.encode())


def node_hash(left, right):
    return sha256(b"\1", left, right)


def split_point(count):
    return 1 << (count - 1).bit_length() - 1


def range_nodes(begin, end):
    """[level, index] of the compact range of [begin, end)."""
    while begin < end:
        level = 0
        while begin % (2 << level) == 0 and begin + (2 << level) <= end:
            level += 1
        yield level, begin >> level
        begin += 1 << level


class Tree:
    """Grows from 0 to the right, by leaves and by compact ranges."""

    def __init__(self):
        self.size = 0
        self.nodes = []

    def push(self, level, index, node):
        self.size = (index + 1) << level
        while index % 2 == 1:
            node = node_hash(self.nodes.pop(), node)
            level, index = level + 1, index // 2
        self.nodes.append(node)

    def add_range(self, end, hashes):
        places = list(range_nodes(self.size, end))
        need(len(places) == len(hashes), "a compact range has the wrong number of hashes")
        for (level, index), text in zip(places, hashes):
            self.push(level, index, unhash(text))

    def root(self):
        if not self.nodes:
            return sha256()
        root = self.nodes[-1]
        for node in reversed(self.nodes[:-1]):
            root = node_hash(node, root)
        return root


def path_siblings(index, begin, end):
    """The subtrees whose hashes lead from the leaf up to the top of [begin, end)."""
    path = []
    while end - begin > 1:
        middle = begin + split_point(end - begin)
        path.append((middle, end) if index < middle else (begin, middle))
        begin, end = (begin, middle) if index < middle else (middle, end)
    return path[::-1]


class Paths:
    """Entries of one tree, each proved by its path without what is known already (section 15)."""

    def __init__(self, size, root):
        self.size = size
        self.known = [(0, size, root)]
        self.last = -1

    def add(self, index, leaf, path):
        need(self.last < index < self.size, "the entry is not in its order", index)
        self.last = index
        begin, end, known = self.known.pop()
        while end <= index:
            begin, end, known = self.known.pop()
        siblings = path_siblings(index, begin, end)
        need(len(siblings) == len(path), "the path has the wrong length", index)
        right = []
        for (begin, end), text in zip(siblings, path):
            node = unhash(text)
            leaf = node_hash(leaf, node) if begin > index else node_hash(node, leaf)
            if begin > index:
                right.append((begin, end, node))
        need(leaf == known, "the entry is not in the tree that was signed", index)
        self.known += reversed(right)


# --- Notes, checkpoints and proofs, sections 6 to 13 ---------------------------------------------


def parse_vkey(vkey):
    name, _, rest = vkey.partition("+")
    key_id, _, encoded = rest.partition("+")
    data = unbase64(encoded)
    need(len(data) == 33 and data[0] in (1, 4) and name != "", "not a verifier key")
    need(sha256(name.encode(), b"\n", data)[:4].hex() == key_id, "the key id is of another key")
    return name, bytes.fromhex(key_id), data[0], data[1:]


def signed_by(note, vkeys):
    """The text of a note, and the given keys that have signed it."""
    need(not re.search(r"[\x00-\x09\x0b-\x1f]", note), "a note holds a control character")
    text, blank, lines = note.rpartition("\n\n")
    need(blank and lines.endswith("\n"), "not a signed note")
    text += "\n"
    keys = {parse_vkey(vkey)[:2]: (parse_vkey(vkey), vkey) for vkey in vkeys}
    signers = []
    for line in lines[:-1].split("\n"):
        match = re.fullmatch("\u2014 ([^ +]+) ([A-Za-z0-9+/=]+)", line)
        need(match, "a line of the note is not a signature")
        data = unbase64(match[2])
        if (match[1], data[:4]) not in keys:
            continue
        (name, _, kind, public), vkey = keys[match[1], data[:4]]
        message, signature = text, data[4:]
        if kind == 4:
            time, signature = int.from_bytes(signature[:8], "big"), signature[8:]
            message = f"cosignature/v1\ntime {time}\n{text}"
        try:
            Ed25519PublicKey.from_public_bytes(public).verify(signature, message.encode())
        except (InvalidSignature, ValueError):
            raise Broken(f"the signature of {name} is wrong") from None
        signers.append((name, kind, vkey))
    return text, signers


def open_checkpoint(note, vkeys):
    text, signers = signed_by(note, vkeys)
    lines = text.split("\n")
    need(len(lines) >= 4 and "" not in lines[:-1], "not a checkpoint")
    need(re.fullmatch(r"0|[1-9]\d{0,15}", lines[1]), "not a checkpoint: its size")
    need((lines[0], 1) in [one[:2] for one in signers], "the log has not signed the checkpoint")
    return {"origin": lines[0], "size": int(lines[1]), "root": unhash(lines[2])}


def check_inclusion(seq, leaf, proof, vkeys):
    head, blank, note = proof.partition("\n\n")
    lines = head.split("\n")
    need(blank and lines.pop(0) == "c2sp.org/tlog-proof@v1", "not a tlog-proof")
    if lines and lines[0].startswith("extra "):
        lines.pop(0)
    need(lines and lines.pop(0) == f"index {seq}", "the proof is for another position", seq)
    checkpoint = open_checkpoint(note, vkeys)
    need(seq < checkpoint["size"], "the entry is beyond the checkpoint", seq)
    Paths(checkpoint["size"], checkpoint["root"]).add(seq, leaf, lines)
    return checkpoint


def check_evidence(evidence, vkeys):
    header = parse_header(evidence["header"])
    seq = header["seq"]
    checkpoint = check_inclusion(seq, leaf_hash(evidence["header"]), evidence["proof"], vkeys)
    carried = evidence["proof"].partition("\n\n")[2]
    need(evidence.get("checkpoint", carried) == carried, "two checkpoints", seq)
    shown = {}
    gone = evidence.get("code") == "gone"
    for part in evidence.get("parts", []) if gone else evidence["parts"]:
        need(part["name"] not in shown, "a part stands twice", seq)
        text = part["canonical"] if "canonical" in part else canonical(part["value"])
        shown[part["name"]] = parse_json(text)
        need(canonical(shown[part["name"]]) == text, "a part is not canonical JSON", seq)
        check_part(header, part["name"], part["salt"], text)
    return header, checkpoint, shown


class Chain:
    """Headers one after another: gapless, chained, times never going back."""

    def __init__(self, first_seq):
        self.seq, self.leaf, self.time = first_seq, None, ""

    def add(self, header, leaf):
        need(header["seq"] == self.seq, "another entry stands here", self.seq)
        before = "0" * 64 if self.seq == 0 else self.leaf and self.leaf.hex()
        need(before in (None, header["prev"]), "the chain is broken here", self.seq)
        need(header["created_at"] >= self.time, "time goes back", self.seq)
        self.seq, self.leaf, self.time = self.seq + 1, leaf, header["created_at"]


def check_range(proof, headers, vkeys, start=None, end=None):
    """`headers` are texts. Without start and end: whatever range is shown."""
    checkpoint = open_checkpoint(proof["checkpoint"], vkeys)
    need(proof["origin"] == checkpoint["origin"], "the checkpoint is of another log")
    first, last, size = proof["first_seq"], proof["last_seq"], checkpoint["size"]
    need(type(first) is int and type(last) is int and 0 <= first <= last + 1 <= size, "bad range")
    tree, chain, times = Tree(), Chain(first), []
    tree.add_range(first, proof["left"])
    for text in headers:
        need(tree.size <= last, "there are more headers than the proof says")
        try:
            header = parse_header(text)
        except Broken as error:
            raise Broken(str(error), tree.size) from None
        leaf = leaf_hash(text)
        chain.add(header, leaf)
        tree.push(0, tree.size, leaf)
        times = [times[0] if times else header["created_at"], header["created_at"]]
    need(tree.size == last + 1, "there are fewer headers than the proof says", tree.size)
    tree.add_range(size, proof["right"])
    need(tree.root() == checkpoint["root"], "these are not the entries that were signed")
    need(times or size == 0, "it shows nothing of the log")
    if start is not None or end is not None:
        check_complete(first, last, size, times, start, end)
    return checkpoint, times


def check_complete(first, last, size, times, start, end):
    begins = first == 0 or (start is not None and times[0] < start)
    need(begins, "is needed to show where the range begins", first - 1)
    ends = last == size - 1 or (end is not None and times[1] >= end)
    need(ends, "is needed to show where the range ends", last + 1)


# --- Keys and bundles, sections 14 and 15 --------------------------------------------------------


def follow_keys(keys, vkeys):
    """The given keys, and those that they have handed the log on to."""
    listed = [key["vkey"] for key in keys]
    known = [i for i, vkey in enumerate(listed) if vkey in vkeys]
    if not known:
        return vkeys
    trusted = listed[known[0]]
    for key in keys[known[0] + 1 :]:
        _, checkpoint, parts = check_evidence(key["change"], [trusted])
        args, old, new = parts["args"], trusted, key["vkey"]
        origin = checkpoint["origin"]
        text, signers = signed_by(args["note"], [old, new])
        need(args["vkey"] == new and args["replaces"] == old, "a change to another key")
        need(parse_vkey(new)[0] == origin and parse_vkey(new)[2] == 1, "a key of another log")
        expected = f"affidavit.dev/key-change@v1\n{origin}\n{old}\n{new}\n"
        need(text == expected, "a change with another text")
        need({one[2] for one in signers} == {old, new}, "a change that is not signed by both keys")
        vkeys, trusted = [*vkeys, new], new
    return vkeys


def tar_header(name, size):
    block = bytearray(512)
    for at, text in ((0, name), (100, "0000644"), (108, "0000000"), (116, "0000000"),
                     (124, f"{size:011o}"), (136, "07033241600"), (148, " " * 8), (156, "0"),
                     (257, "ustar\x0000")):
        block[at : at + len(text.encode())] = text.encode()
    block[148:156] = f"{sum(block):06o}\0 ".encode()
    return bytes(block)


def tar_members(file):
    def take(count):
        data = file.read(count)
        need(len(data) == count, "it is cut off")
        return data

    while (block := take(512)) != bytes(512):
        name, digits = utf8(block[:100].rstrip(b"\0")), utf8(block[124:135])
        size = int(digits, 8) if re.fullmatch("[0-7]{11}", digits) else -1
        need(0 <= size <= MEMBER_BYTES and name, "not the header of a member")
        need(tar_header(name, size) == block, "the header of a member is not in its one form")
        yield name, take(size)
        need(not any(take(-size % 512)), "there is something between members")
    need(take(512) == bytes(512) and not file.read(1), "there is something behind the end")


class Bundle:
    """The entries of a bundle, line by line."""

    def __init__(self, checkpoint):
        self.paths = Paths(checkpoint["size"], checkpoint["root"])
        self.size, self.lines, self.gap, self.leaf = checkpoint["size"], [], None, None
        self.found, self.borders = [], []
        self.counts = {"entries": 0, "parts": 0, "missing_parts": 0}

    def add(self, line):
        entry = parse_json(line)
        header = entry["header"]
        text, seq = check_header(header), header["seq"]
        # The value of a part is three levels down.
        need(canonical(entry, -3) == line, "a line is not in its one form", seq)
        need(set(entry) - {"parts"} == {"header", "path"}, "a line is no entry", seq)
        leaf = leaf_hash(text)
        self.paths.add(seq, leaf, entry["path"])
        if self.lines:
            last = self.lines[-1]
            need(header["created_at"] >= last["created_at"], "time goes back", seq)
            if seq == last["seq"] + 1:
                need(header["prev"] == self.leaf, "the chain is broken here", seq)
            elif self.gap is None:
                self.gap = last["seq"] + 1
        self.lines, self.leaf = [*self.lines[:1], header], leaf.hex()
        if "parts" not in entry:
            self.borders.append(header)
            return need(len(self.borders) <= 2, "a border too many", seq)
        names = [part["name"] for part in entry["parts"]]
        need(names == sorted(set(names)), "parts are not in their order", seq)
        for part in entry["parts"]:
            need(set(part) == {"name", "salt", "value"}, "not a part", seq)
            check_part(header, part["name"], part["salt"], canonical(part["value"]))
        self.found = [*self.found[:1], header]
        self.counts["entries"] += 1
        self.counts["parts"] += len(names)
        self.counts["missing_parts"] += len(header["parts"]) - len(names)

    def finish(self, manifest):
        start, end = manifest.get("from"), manifest.get("to")
        if manifest["scope"] == "range":
            need(self.gap is None, "is left out", self.gap)
            need(self.lines, "nothing shows where the range is")
            first, last = self.lines[0], self.lines[-1]
            times = [first["created_at"], last["created_at"]]
            check_complete(first["seq"], last["seq"], self.size, times, start, end)
        said = {name: manifest[name] for name in self.counts}
        need(said == self.counts, "the manifest counts other entries")
        ends = (self.found[0]["seq"], self.found[-1]["seq"]) if self.found else (None, None)
        need((manifest["first_seq"], manifest["last_seq"]) == ends, "the manifest has other ends")
        for header, inside in [(one, True) for one in self.found] + [(b, False) for b in self.borders]:
            time = header["created_at"]
            is_inside = (start is None or time >= start) and (end is None or time < end)
            need(is_inside == inside, "is on the wrong side of the range", header["seq"])


def check_bundle(file, vkeys):
    members, sums = tar_members(file), []

    def take(expected=None):
        name, data = next(members, (None, b""))
        need(expected in (None, name), f"{expected} is not where it belongs")
        sums.append(f"{hashlib.sha256(data).hexdigest()}  {name}\n")
        return name, utf8(data)

    keys = parse_json(take("keys.json")[1])
    vkeys = follow_keys(keys, vkeys) if vkeys else [key["vkey"] for key in keys]
    checkpoint = open_checkpoint(take("checkpoint")[1], vkeys)
    bundle, count = Bundle(checkpoint), 0
    name, text = take()
    while name == f"entries/{count:06d}.ndjson":
        need(text.endswith("\n") or text == "", "a line has no end", name)
        for line in text.split("\n")[:-1]:
            bundle.add(line)
        count, (name, text) = count + 1, take()
    need(name == "README.html", "README.html is not where it belongs")
    expected = "".join(sums)
    written = take("SHA256SUMS")[1]
    need(written == expected, "a digest in SHA256SUMS is not that of its member")
    note = take("manifest")[1]
    text, signers = signed_by(note, vkeys)
    origin = checkpoint["origin"]
    need([one[:2] for one in signers] == [(origin, 1)], "the log has not signed the manifest")
    need(note.rpartition("\n\n")[2].count("\n") == 1, "the manifest has a signature too many")
    version, _, line = text.partition("\n")
    manifest = parse_json(line)
    need(version == "affidavit.dev/bundle@v1" and canonical(manifest) + "\n" == line, "bad manifest")
    need(manifest["v"] == 1 and manifest["origin"] == origin, "the manifest is of another log")
    need(manifest["scope"] in ("range", "filter"), "the manifest has another scope")
    digest = hashlib.sha256(written.encode()).hexdigest()
    need(manifest["sha256sums"] == digest, "the manifest is of other contents")
    bundle.finish(manifest)
    need(next(members, None) is None, "there is a member too many")
    return checkpoint, manifest


# --- The program, section 16 ---------------------------------------------------------------------


def lines_of(file):
    while line := file.readline(LINE_BYTES):
        need(line.endswith(b"\n"), "a line is cut off or too long")
        yield utf8(line[:-1])


def check_range_lines(file, vkeys, start, end):
    lines = lines_of(file)
    proof = parse_json(next(lines))
    count = proof["last_seq"] - proof["first_seq"] + 1
    headers = (next(lines, "") for _ in range(count))
    result = check_range(proof, headers, vkeys, start, end)
    need(parse_json(next(lines, "")) == {"complete": True, "headers": count}, "it is cut off")
    need(next(lines, None) is None, "there is something behind the end")
    return result


def say_range(checkpoint, times, proof, start, end):
    first, last, size = proof["first_seq"], proof["last_seq"], checkpoint["size"]
    if start is None and end is None:
        after = "the beginning" if first == 0 else f"after {times[0]}"
        before = "the end" if last == size - 1 else f"before {times[1]}"
        return f"entries {first} to {last} are unchanged, and all there are from {after} to {before}"
    return f"entries {first} to {last} are unchanged, and all there are in [{start}, {end})"


def check_file(path, vkeys, start, end):
    """Checks whatever it is; returns the checkpoint and what was proved."""
    with open(path, "rb") as file:
        beginning = file.read(512)
        file.seek(0)
        if beginning[257:262] == b"ustar" or path.endswith(".tar"):
            if start or end:
                raise CannotCheck("--from and --to are for range proofs")
            checkpoint, manifest = check_bundle(file, vkeys)
            complete = "and all there are" if manifest["scope"] == "range" else "of those that exist"
            return checkpoint, f"{manifest['entries']} entries are as recorded, {complete}"
        if not vkeys:
            raise CannotCheck("this file carries no key: give the log's with --vkey")
        first = file.readline(LINE_BYTES)
        file.seek(0)
        frame = parse_json(utf8(first)) if first[:1] == b"{" and first[-2:] == b"}\n" else {}
        if "left" in frame and "headers" not in frame:
            result = check_range_lines(file, vkeys, start, end)
            return result[0], say_range(*result, frame, start, end)
        text = utf8(file.read())
    if text.lstrip()[:1] != "{":
        checkpoint = open_checkpoint(text, vkeys)
        return checkpoint, "the log has signed this checkpoint"
    value = parse_json(text)
    if "headers" in value:
        result = check_range(value, value["headers"], vkeys, start, end)
        return result[0], say_range(*result, value, start, end)
    if "header" in value:
        header, checkpoint, shown = check_evidence(value, vkeys)
        missing = [name for name in header["parts"] if name not in shown]
        gone = f"; not shown: {', '.join(missing)}" if missing else ""
        proved = f"with its {', '.join(shown)}" if shown else "what it said is not shown"
        return checkpoint, f"entry {header['seq']} is in the log, {proved}{gone}"
    need(value["events"], "a receipt of nothing")
    for event in value["events"]:
        leaf = bytes.fromhex(event["leaf_hash"])
        checkpoint = check_inclusion(event["seq"], leaf, event["proof"], vkeys)
    return checkpoint, f"{len(value['events'])} leaf hashes are in the log where the receipt says"


def main():
    parser = argparse.ArgumentParser(description="Checks Affidavit evidence offline.")
    parser.add_argument("file")
    parser.add_argument("--vkey", action="append", default=[], help="verifier key that is trusted")
    parser.add_argument("--from", dest="start", help="a range proof must begin here")
    parser.add_argument("--to", dest="end", help="and end before this time")
    options = parser.parse_args()
    times = [one for one in (options.start, options.end) if one is not None]
    try:
        if Ed25519PublicKey is None:
            raise CannotCheck("the Python package `cryptography` is not installed")
        if not all(TIME.fullmatch(one) for one in times):
            raise CannotCheck("a time is written as 2026-11-21T08:30:00.000Z")
        try:
            list(map(parse_vkey, options.vkey))
        except Broken as error:
            raise CannotCheck(f"--vkey: {error}") from None
        checkpoint, proved = check_file(options.file, options.vkey, options.start, options.end)
    except Broken as error:
        where = "" if error.where is None else f"entry {error.where}: "
        print(f"BROKEN: {where}{error}")
        return 1
    except (KeyError, TypeError, AttributeError, ValueError, IndexError) as error:
        print(f"BROKEN: not in the form of the format ({error!r})")
        return 1
    except (CannotCheck, OSError) as error:
        print(f"could not check: {error}", file=sys.stderr)
        return 2
    print(f"sound: {proved}")
    print(f"under the checkpoint of {checkpoint['size']} entries of {checkpoint['origin']}")
    if not options.vkey:
        print("the key is the one in the file itself: give --vkey to know whose it is")
    return 0


if __name__ == "__main__":
    sys.exit(main())

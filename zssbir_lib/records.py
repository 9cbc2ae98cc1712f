"""Records: frozen dataclasses whose annotations say what each field may hold.

A field's type is its documentation, its check and its option of the command line:
`Literal` names the choices, `AtLeast` and `Above` the least number, `Unit` the unit. A
record checks itself by `check_fields(self)` in `__post_init__`.
"""

import difflib
import re
import types
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, fields, is_dataclass, replace
from numbers import Integral, Real
from typing import (
    Annotated,
    Any,
    Literal,
    TypeVar,
    Union,
    get_args,
    get_origin,
    get_type_hints,
)

Record = TypeVar("Record")
KINDS = {int: Integral, float: Real, bool: bool, str: str}
NAMES = {int: "a whole number", float: "a number", bool: "true or false", str: "text"}


@dataclass(frozen=True)
class AtLeast:
    """The least value of a number."""

    least: float


@dataclass(frozen=True)
class Above:
    """A number's bound, which it must not touch."""

    bound: float


@dataclass(frozen=True)
class Unit:
    """What a number counts or measures."""

    name: str


Count = Annotated[int, AtLeast(1)]
Whole = Annotated[int, AtLeast(0)]
NotNegative = Annotated[float, AtLeast(0)]
Positive = Annotated[float, Above(0)]
Distance = Annotated[float, AtLeast(0), Unit("Euclidean distance")]
SquaredDistance = Annotated[float, AtLeast(0), Unit("squared Euclidean distance")]


def hints_of(record: type) -> dict[str, Any]:
    """Return the annotations of a record's fields, by name, in order."""
    hints = get_type_hints(record, include_extras=True)
    return {field.name: hints[field.name] for field in fields(record)}


def parts_of(hint: Any) -> tuple[Any, tuple[Any, ...]]:
    """Return the bare type of an annotation, and what `Annotated` adds to it."""
    if get_origin(hint) is Annotated:
        bare, *extras = get_args(hint)
        return bare, tuple(extras)
    return hint, ()


def check_fields(record: Any, prefix: str = "") -> None:
    """Raise unless every field, named after the prefix, holds what its type says."""
    for name, hint in hints_of(type(record)).items():
        check_value(prefix + name, getattr(record, name), hint)


def check_value(name: str, value: Any, hint: Any) -> None:
    """Raise unless a value fits an annotation."""
    bare, extras = parts_of(hint)
    origin = get_origin(bare)
    if origin in (Union, types.UnionType):
        if value is not None:
            check_value(name, value, get_args(bare)[0])
        return
    if origin is Literal:
        check_choice(name, value, get_args(bare))
    elif origin is tuple:
        check_names(name, value, get_args(get_args(bare)[0]))
    elif bare in KINDS:
        flag = isinstance(value, bool) and bare is not bool
        if flag or not isinstance(value, KINDS[bare]):
            raise ValueError(f"{name} must be {NAMES[bare]}, got {value!r}")
    for limit in extras:
        if isinstance(limit, AtLeast) and not value >= limit.least:
            raise ValueError(f"{name} must be {limit.least} or more, got {value}")
        if isinstance(limit, Above) and not limit.bound < value < float("inf"):
            raise ValueError(f"{name} must be above {limit.bound}, got {value}")


def check_choice(name: str, value: Any, choices: Iterable[Any]) -> None:
    """Raise unless a value is one of the choices; a misspelt one gets a hint."""
    choices = tuple(choices)
    if value not in choices:
        raise ValueError(
            f"{name} must be one of {', '.join(map(str, choices))}; got {value!r}"
            f"{meant(value, choices)}"
        )


def check_names(field: str, names: Any, known: tuple[str, ...]) -> None:
    """Raise unless a field is a tuple of known names, at least one, each once."""
    if not isinstance(names, tuple):
        raise ValueError(f"{field} must be a tuple of names, got {names!r}")
    for name in names if known else ():
        check_choice(f"each of {field}", name, known)
    if not names or len(set(names)) < len(names):
        raise ValueError(
            f"{field} must name one or several of {', '.join(known)}, each once; "
            f"got {', '.join(map(str, names)) or 'none'}"
        )


def meant(name: Any, known: Iterable[Any]) -> str:
    """Return " (did you mean ...?)" for a misspelt name, else nothing."""
    close = difflib.get_close_matches(str(name), [str(one) for one in known], n=1)
    return f" (did you mean {close[0]!r}?)" if close else ""


def check_known(what: str, names: Iterable[str], known: Iterable[str]) -> None:
    """Raise if something has no field of a name."""
    known = list(known)
    for name in names:
        if name not in known:
            raise ValueError(
                f"{what} has no field called {name!r}{meant(name, known)}; it has: "
                f"{', '.join(known)}"
            )


def changed(record: Record, **changes: Any) -> Record:
    """Return a record with fields changed; a dictionary changes a record within."""
    check_known(type(record).__name__, changes, hints_of(type(record)))
    for name, value in changes.items():
        within = getattr(record, name)
        if is_dataclass(within) and isinstance(value, Mapping):
            check_known(name, value, hints_of(type(within)))
            changes[name] = changed(within, **value)
    return replace(record, **changes)


def record_from(kind: type[Record], values: Mapping[str, Any]) -> Record:
    """Rebuild a record from the plain values of `dataclasses.asdict`, or from JSON."""
    content, hints = dict(values), hints_of(kind)
    check_known(kind.__name__, content, hints)
    for name, value in content.items():
        if isinstance(value, list):
            content[name] = tuple(value)
        within, _ = parts_of(hints[name])
        if is_dataclass(within) and isinstance(value, dict):
            content[name] = record_from(within, value)
    return kind(**content)


def plain(record: Any) -> dict[str, Any]:
    """Return a record as plain values, as JSON gives them back: no tuples."""

    def simple(value: Any) -> Any:
        if isinstance(value, dict):
            return {name: simple(one) for name, one in value.items()}
        return [simple(one) for one in value] if isinstance(value, tuple) else value

    return simple(asdict(record))


def read_changes(texts: Iterable[str], hints: Mapping[str, Any]) -> dict[str, Any]:
    """Return the changes that words such as "margin=0.5" or "inner.rate=2" ask for.

    They are values in the types of the fields, by the hints of `hints_of`, and those of
    records within dictionaries. Lists are joined by commas, and "none" is nothing.
    """
    changes: dict[str, Any] = {}
    for text in texts:
        name, equals, value = text.partition("=")
        record, dot, inner = name.partition(".")
        if not equals:
            raise ValueError(f"--set takes NAME=VALUE, got {text!r}")
        if dot and is_dataclass(hints.get(record)):
            within = hints_of(hints[record])
            check_known(record, [inner], within)
            found = read_value(name, value, within[inner])
            changes.setdefault(record, {})[inner] = found
        else:
            check_known("the recipe", [name], hints)
            changes[name] = read_value(name, value, hints[name])
    return changes


def read_value(name: str, text: str, hint: Any) -> Any:
    """Return the value that a text stands for."""
    bare, _ = parts_of(hint)
    origin = get_origin(bare)
    if origin in (Union, types.UnionType):
        return None if text == "none" else read_value(name, text, get_args(bare)[0])
    if origin is tuple:
        return tuple(text.split(","))
    if is_dataclass(bare):
        inner = ", ".join(field.name for field in fields(bare))
        raise ValueError(
            f"{name} is a record: set one of its fields, {name}.{{{inner}}}"
        )
    if bare not in (int, float, bool):
        return text
    try:
        if bare is bool:
            return {"true": True, "false": False}[text.lower()]
        return bare(text)
    except (ValueError, KeyError) as error:
        raise ValueError(
            f"--set {name} needs a value of type {bare.__name__}, got {text!r}"
        ) from error


def describe_fields(
    record: Any, prefix: str = "", leave_out: Iterable[str] = ()
) -> list[str]:
    """Return a line for every field: name, value, what it may be, what it means."""
    meanings, lines = attribute_texts(type(record)), []
    for name, hint in hints_of(type(record)).items():
        value = getattr(record, name)
        if is_dataclass(value) and name not in leave_out:
            lines += describe_fields(value, f"{prefix}{name}.")
        elif name not in leave_out:
            shown = ",".join(value) if isinstance(value, tuple) else value
            told = "; ".join(filter(None, (allowed(hint), meanings.get(name, ""))))
            lines.append(f"  {prefix + name:<26} {shown!s:<22} {told}")
    return lines


def allowed(hint: Any) -> str:
    """Return in words what a field may hold, where its value does not show that."""
    bare, extras = parts_of(hint)
    if get_origin(bare) is tuple:
        bare = get_args(bare)[0]
    words = [one.name for one in extras if isinstance(one, Unit)]
    if get_origin(bare) is Literal:
        words.append(" | ".join(map(str, get_args(bare))))
    return ", ".join(words)


def attribute_texts(record: type) -> dict[str, str]:
    """Return what the docstrings of a record and of its bases say of its fields."""
    found: dict[str, str] = {}
    for kind in reversed(record.__mro__):
        listed = re.split(r"Attributes:|Args:", kind.__doc__ or "")[-1]
        for name, text in re.findall(
            r"^ {8}(\w+): ((?:.|\n(?= {12}))*)", listed, flags=re.MULTILINE
        ):
            found[name] = " ".join(text.split()).rstrip(".")
    return found

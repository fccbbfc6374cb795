// Updates times such as "3 min ago", in the wording of `Localizer.span` in localizer.py.
const UNITS = [[86_400, "day"], [3_600, "hour"], [60, "minute"]];
const texts = JSON.parse(document.body.dataset.moving);

function span(seconds) {
  const [length, unit] = UNITS.find(([length]) => seconds >= length) ?? [0, "moment"];
  return texts[`span.${unit}`].replace("{n}", Math.floor(seconds / length));
}

function move() {
  for (const time of document.querySelectorAll("time[data-moving]")) {
    const left = (Date.parse(time.dateTime) - Date.now()) / 1_000;
    const ago = time.dataset.moving === "ago";
    const key = ago ? "ago" : left >= 0 ? "left" : "overdue";
    const text = texts[key].replace("{span}", span(Math.abs(ago ? Math.min(left, 0) : left)));
    if (time.textContent !== text) time.textContent = text;
    if (!ago) time.parentElement.classList.toggle("late", left < 0);
  }
}

export function moveTimes() {
  setInterval(move, 15_000);
}

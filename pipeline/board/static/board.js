// The board works without scripts; they keep it current and save a page load per button.
import { pressing } from "./actions.js";
import { keyboard } from "./keys.js";
import { follow } from "./live.js";
import { moveTimes } from "./moving.js";

document.documentElement.classList.add("by-script");
moveTimes();
pressing();

const list = document.querySelector("[data-stream]");
if (list) {
  follow(list);
  keyboard(list);
}

// A filter takes effect when it is chosen.
document.querySelector("form.filters")?.addEventListener("change", (event) => {
  const form = event.currentTarget;
  for (const one of form.elements) one.disabled = one.value === "";
  form.requestSubmit();
});

// Refreshes the numbers of the health page while it is visible.
const fresh = document.querySelector("[data-fresh]");
if (fresh) {
  setInterval(async () => {
    if (document.hidden || fresh.contains(document.activeElement)) return;
    const answer = await fetch(location.pathname).catch(() => null);
    if (answer?.redirected) location.reload();
    if (!answer?.ok) return;
    const page = new DOMParser().parseFromString(await answer.text(), "text/html");
    fresh.replaceChildren(...page.getElementById(fresh.id).children);
  }, 3_000);
}

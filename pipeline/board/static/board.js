// The board works without scripts; these keep it current, and save a page load at each button.
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

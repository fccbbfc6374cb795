// Sends the buttons of alerts without loading a page; the stream brings the result.
import { say } from "./say.js";

function close(sheet) {
  if (sheet.contains(document.activeElement)) sheet.querySelector("summary").focus();
  sheet.open = false;
}

async function press(form, button) {
  const card = form.closest(".card");
  const body = new URLSearchParams(new FormData(form, button));
  card.setAttribute("aria-busy", "true");
  try {
    const answer = await fetch(form.action, {
      method: "POST",
      body,
      headers: { "X-CSRF-Token": document.body.dataset.csrf, "X-Board": "1" },
    });
    if (answer.redirected || answer.status === 401) return location.reload();
    const { said, seen, detail } = await answer.json();
    if (seen) form.elements.seen.value = seen;
    say(said ?? detail);
    if (answer.ok) for (const one of form.querySelectorAll("details[open]")) close(one);
  } catch {
    say(document.querySelector("[data-failed]").dataset.failed);
  } finally {
    card.removeAttribute("aria-busy");
  }
}

export function pressing() {
  document.addEventListener("submit", (event) => {
    const form = event.target.closest("form.actions");
    if (!form) return;
    event.preventDefault();
    if (form.closest(".card").getAttribute("aria-busy") !== "true") press(form, event.submitter);
  });
  // At most one sheet is open; a click elsewhere or Escape closes it.
  document.addEventListener("click", (event) => {
    for (const one of document.querySelectorAll(".actions details[open]")) {
      if (!one.contains(event.target)) close(one);
    }
  });
  document.addEventListener("keydown", (event) => {
    const open = event.key === "Escape" && event.target.closest?.("details[open]");
    if (open) close(open);
  });
}

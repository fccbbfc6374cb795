// Keyboard shortcuts, active while the focus is on the list or on nothing in particular.
const MOVES = { j: 1, ArrowDown: 1, k: -1, ArrowUp: -1 };

export function keyboard(list) {
  const help = document.getElementById("keys");
  document.getElementById("keys-open")?.addEventListener("click", () => help.showModal());

  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || event.defaultPrevented) return;
    const at = document.activeElement;
    if (at.closest("input, select, textarea, dialog, .sheet")) return;
    const card = at.closest(".card");
    if (at !== document.body && at.id !== "main" && !card) return;
    if (event.key === "?") help?.showModal();
    else if (event.key in MOVES) move(card, MOVES[event.key]);
    else if (event.key === "o" && card) card.querySelector("h2 a")?.click();
    else if (card && /^[a-z]$/.test(event.key)) use(card, event.key);
    else return;
    event.preventDefault();
  });

  function move(card, step) {
    const cards = [...list.querySelectorAll(".card")];
    const next = card ? cards[cards.indexOf(card) + step] : cards[0];
    next?.focus();
    next?.scrollIntoView({ block: "nearest" });
  }

  function use(card, key) {
    const target = card.querySelector(`[data-key="${key}"]`);
    target?.click();
    if (target?.matches("summary")) target.parentElement.querySelector(".sheet :is(select, button)").focus();
  }
}

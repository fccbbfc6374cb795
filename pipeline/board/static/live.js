// Follows the stream of the page: changed cards, their order, and the counts.
import { say } from "./say.js";

const SETTLE = 350; // ms in which a click may be meant for what was there before
const NEAR = 8; // pixels that a card may move without harm

export function follow(list) {
  const link = document.getElementById("link");
  const waiting = new Map(); // cards that arrived while somebody was writing in the one shown
  let moved = new Set(); // cards that the last change moved on the screen
  let movedAt = -SETTLE;

  const address = new URL(list.dataset.stream, location.href);
  address.searchParams.set("after", list.dataset.after);
  const stream = new EventSource(address);
  stream.addEventListener("ready", () => show(true));
  stream.addEventListener("change", (event) => apply(JSON.parse(event.data)));
  stream.addEventListener("login", () => location.reload());
  stream.addEventListener("error", () => {
    show(false);
    if (stream.readyState === EventSource.CLOSED) setTimeout(() => location.reload(), 10_000);
  });
  addEventListener("pagehide", () => stream.close());
  addEventListener("pageshow", (event) => event.persisted && location.reload());

  list.addEventListener("click", (event) => {
    const card = event.target.closest(".card");
    if (event.detail && moved.has(card?.dataset.id) && performance.now() - movedAt < SETTLE) {
      event.preventDefault();
      event.stopPropagation();
      say(list.dataset.moved);
    }
  }, true);
  list.addEventListener("toggle", (event) => {
    const card = event.target.closest(".card");
    if (!event.target.open && waiting.has(card.dataset.id)) {
      put(card.parentElement, waiting.get(card.dataset.id));
      waiting.delete(card.dataset.id);
    }
  }, true);

  function show(on) {
    if (!link) return;
    link.className = `link ${on ? "on" : "off"}`;
    link.textContent = on ? link.dataset.on : link.dataset.off;
  }

  function apply({ order, cards, parts }) {
    const places = new Map([...list.children].map((one) => [one.firstElementChild.dataset.id, one]));
    const before = [...places.keys()].filter((id) => order.includes(id));
    const tops = new Map(before.map((id) => [id, top(places.get(id))]));
    const focused = focus();
    const arrived = [];
    for (const [id, html] of Object.entries(cards)) {
      const place = places.get(id);
      if (place?.querySelector("details[open]")) {
        waiting.set(id, html);
      } else if (place) {
        put(place, html);
      } else {
        const fresh = document.createElement(list.tagName === "OL" ? "li" : "div");
        put(fresh, html);
        places.set(id, fresh);
        arrived.push(fresh.firstElementChild);
      }
    }
    for (const [id, place] of places) if (!order.includes(id)) place.remove();
    let next = list.firstElementChild;
    for (const id of order) {
      const place = places.get(id);
      if (place === next) next = next.nextElementSibling;
      else if (place) list.insertBefore(place, next);
    }
    const elsewhere = before.filter((id) => Math.abs(top(places.get(id)) - tops.get(id)) > NEAR);
    if (elsewhere.length) {
      moved = new Set(elsewhere);
      movedAt = performance.now();
    }
    for (const [id, html] of Object.entries(parts)) document.getElementById(id).innerHTML = html;
    refocus(focused);
    if (before.length || arrived.length === 1) announce(arrived);
  }

  function top(place) {
    return place.getBoundingClientRect().top;
  }

  function put(place, html) {
    place.innerHTML = html;
  }

  function announce(arrived) {
    for (const card of arrived) card.classList.add("arrived");
    const first = arrived[0]?.querySelector("h2");
    if (first && list.dataset.arrived) say(list.dataset.arrived.replace("{title}", first.textContent));
  }

  // The card and the element with the focus: both may be replaced or removed.
  function focus() {
    const card = document.activeElement?.closest?.(".card");
    if (!card || !list.contains(card)) return null;
    const following = card.parentElement.nextElementSibling ?? card.parentElement.previousElementSibling;
    return {
      id: card.dataset.id,
      key: document.activeElement.dataset.key,
      link: document.activeElement.matches("h2 a"),
      then: following?.firstElementChild.dataset.id,
    };
  }

  function refocus(was) {
    if (!was || list.contains(document.activeElement)) return;
    const card = byId(was.id) ?? byId(was.then);
    const same = card?.dataset.id === was.id;
    const target = same && (was.key ? card.querySelector(`[data-key="${was.key}"]`) : was.link && card.querySelector("h2 a"));
    (target || card)?.focus({ preventScroll: same });
  }

  function byId(id) {
    return id && document.getElementById(`case-${id}`);
  }
}

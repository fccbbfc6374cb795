// One line at the foot of the page, which screen readers say aloud.
let fading;

export function say(text) {
  const toast = document.getElementById("toast");
  clearTimeout(fading);
  toast.textContent = text;
  fading = setTimeout(() => { toast.textContent = ""; }, 8_000);
}
